"""The thread of a `ServerClock` on a made-up machine, and what it leaves open: exact, and without waiting."""

from __future__ import annotations

from queue import SimpleQueue
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.machine import HOUR, Machine, S, started

from woox_fast._server_time import ServerTime, _Connection
from woox_fast.clock import MS, ServerClock


class Waits:
    """In the place of the event that stops the thread: each wait takes its time on the machine."""

    def __init__(self, machine: Machine, seconds: float, drift_ns: int = 0) -> None:
        self._machine, self._ends = machine, machine.true + int(seconds * S)
        self._drift_ns = drift_ns  # of the wall clock, in each wait

    def wait(self, seconds: float) -> bool:
        self._machine.go(int(seconds * S))
        self._machine.wall_error += self._drift_ns
        return self._machine.true > self._ends


def test_it_asks_as_often_as_it_should(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    clock.update()
    begun, asked_at = machine.true, []

    def fetch() -> int:
        asked_at.append((machine.true - begun) // MS)
        return machine.fetch()

    clock._fetch = fetch
    clock._stop = Waits(machine, 70)
    clock._run()
    assert asked_at == [30_000, 60_000]


def test_without_an_answer_it_asks_each_second(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    asked_at = []

    def fetch() -> int:
        asked_at.append(machine.true)
        raise ConnectionError("no answer")

    clock._fetch = fetch
    begun = machine.true
    clock._stop = Waits(machine, 3.5)
    clock._run()
    assert [at - begun for at in asked_at] == [1 * S, 2 * S, 3 * S]
    assert str(clock.error) == "no answer"


@pytest.mark.parametrize("drift_ns", [150_000, -150_000])
def test_between_two_answers_it_follows_a_local_clock_that_is_slow_or_fast(monkeypatch, drift_ns):
    machine = Machine(wall_error=-HOUR)
    clock, signer = started(machine, monkeypatch)
    clock.update()
    clock._stop = Waits(machine, 29, drift_ns)
    clock._run()
    assert abs(machine.wall_error + HOUR) > 20 * MS
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS


def test_a_clock_that_was_set_before_it_is_asked_costs_no_request(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    clock.update()
    machine.wall_error = HOUR
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == 6


def test_stop_waits_for_the_thread():
    waited = []
    clock = ServerClock(SimpleNamespace(clock_offset_ms=0), fetch=lambda: 0)
    clock._thread = SimpleNamespace(join=lambda: waited.append(True))
    clock.stop()
    assert waited
    assert clock._thread is None


class Http:
    """In the place of an http.client.HTTPConnection: says what was done with it."""

    sock: Any = None

    def __init__(self, error: Exception) -> None:
        self.done: list[str] = []
        self._error = error

    def request(self, method: str, path: str) -> None:
        self.done.append(f"{method} {path}")
        raise self._error

    def close(self) -> None:
        self.done.append("close")


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("given_up", [False, True])
def test_what_failed_is_closed(kept, given_up):
    """And once more if it was given up meanwhile: what was opened just then."""
    connection = _Connection("http://127.0.0.1:1", 1)
    connection._http = http = Http(ConnectionResetError("reset"))
    http.sock = object() if kept else None
    connection._given_up = given_up
    answer: SimpleQueue[int | Exception] = SimpleQueue()
    connection.ask(answer)
    assert str(answer.get_nowait()) == "reset"
    once = ["GET /v3/public/systemInfo", "close"]
    assert http.done == (once * 2 if kept and not given_up else once) + ["close"] * given_up


def test_what_was_given_up_is_closed():
    server = ServerTime("http://127.0.0.1:1", 1)
    connection = server._connection
    connection._http = http = Http(OSError())
    server.close()
    assert http.done == ["close"]
    assert connection._given_up
    assert server._connection is not connection
