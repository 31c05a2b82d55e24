"""Threads and forks: a `ServerClock`'s thread on a simulated machine, two updates at once, and child processes."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from types import SimpleNamespace

import pytest
from helpers.fake_clock import HOUR, Machine, S, simulated
from helpers.recorder import CannedResponse, Received, Recorder

from woox_fast.clock import MS, ServerClock

TRUE_MS = 1_700_000_000_000


class Waits:
    """An Event for `_stop`: a wait advances the simulated time, and after `seconds` the event is set."""

    def __init__(self, machine: Machine, seconds: float, drift_ns: int = 0) -> None:
        self._machine, self._ends = machine, machine.true + int(seconds * S)
        self._drift_ns = drift_ns  # added to the wall clock's error in every wait

    def wait(self, seconds: float) -> bool:
        self._machine.go(int(seconds * S))
        self._machine.wall_error += self._drift_ns
        return self._machine.true > self._ends


def run_thread(clock: ServerClock, machine: Machine, seconds: float, drift_ns: int = 0) -> None:
    clock._stop = Waits(machine, seconds, drift_ns)
    clock._run()


def test_thread_asks_every_interval():
    machine, clock, _ = simulated()
    clock.update()
    run_thread(clock, machine, 70)
    assert machine.asked_at[3:] == [30_000, 60_000]


def test_contradiction_shortens_interval():
    machine, clock, _ = simulated()
    clock.update()
    now = machine.wall() // MS
    clock.observe(now, now, now - 60_000)
    run_thread(clock, machine, 20)
    assert machine.asked_at[3:] == [1000]


def test_thread_retries_each_second():
    machine, clock, _ = simulated()

    def fail() -> None:
        raise ConnectionError("no answer")

    machine.meanwhile = [fail] * 3
    run_thread(clock, machine, 3.5)
    assert machine.asked_at == [1000, 2000, 3000]
    assert str(clock.error) == "no answer"
    run_thread(clock, machine, 1.5)
    assert clock.error is None


@pytest.mark.parametrize("drift_ns", [150_000, -150_000])
def test_thread_follows_drift(drift_ns):
    machine, clock, signer = simulated(wall_error=-HOUR)
    clock.update()
    run_thread(clock, machine, 29, drift_ns)
    assert abs(machine.wall_error + HOUR) > 20 * MS
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS


def test_concurrent_updates_take_turns():
    """The threads share a connection."""
    active = []
    overlaps = []
    both = threading.Barrier(2)

    def fetch() -> int:
        active.append(1)
        overlaps.append(len(active) > 1)
        threading.Event().wait(0.01)
        active.pop()
        return TRUE_MS

    def update() -> None:
        both.wait(60)
        clock.update()

    clock = ServerClock(SimpleNamespace(clock_offset_ms=0), fetch=fetch)
    threads = [threading.Thread(target=update) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(overlaps) >= 4
    assert not any(overlaps)


FORK = """
import os, signal, sys, threading, time
from woox_fast import Signer
from woox_fast.clock import ServerClock

signer = Signer("key", "secret")
clock = ServerClock(signer, base_url=sys.argv[1], interval_s=600)
clock.update()
clock.start()
asking = threading.Event()

def fetch():
    asking.set()
    time.sleep(0 if os.getpid() != parent else 600)
    return time.time_ns() // 1_000_000

parent = os.getpid()
busy = ServerClock(signer, fetch=fetch)
threading.Thread(target=busy.update, daemon=True).start()
asking.wait()
child = os.fork()
if child == 0:
    signal.alarm(60)
    clock.start()
    assert "woox-fast clock" in [thread.name for thread in threading.enumerate()]
    clock.update()
    clock.stop()
    busy.update()  # another thread of the parent holds its lock for ever
    os._exit(0)
status = os.waitpid(child, 0)[1]
clock.update()
print(os.waitstatus_to_exitcode(status), flush=True)
os._exit(0)
"""


@pytest.mark.skipif(not hasattr(os, "register_at_fork"), reason="this system has no fork")
def test_forked_child_has_own_clock():
    """The child has a new thread, new locks and a new connection. The parent's connection remains usable."""

    def answer(received: Received) -> CannedResponse:
        return CannedResponse(body=b'{"timestamp": %d}' % TRUE_MS)

    with Recorder(answer) as server:
        command = [sys.executable, "-W", "ignore", "-c", FORK, server.url]
        done = subprocess.run(command, capture_output=True, text=True, timeout=120)
        assert (done.stdout, done.stderr) == ("0\n", "")
        connections = [each.connection for each in server.received]
    first, *others = dict.fromkeys(connections)
    assert len(others) == 1
    assert connections[:3] == [first] * 3
    assert connections[3] == others[0]
    assert connections[-1] == first  # the parent's connection still works
