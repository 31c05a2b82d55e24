"""The timer: what it calls, how often, and what it divides by."""

from __future__ import annotations

import os
import time
from contextlib import suppress
from itertools import groupby
from timeit import Timer
from types import SimpleNamespace

import pytest

from woox_fast import _timing
from woox_fast._timing import one_core, rounds_ns


class Clock:
    """Time that goes on only when a way takes some: in seconds, so that every figure is exact."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0
        self.called: list[str] = []
        monkeypatch.setattr(_timing, "time", SimpleNamespace(perf_counter=lambda: self.now))

    def way(self, name: str, takes_s: float) -> Timer:
        def call() -> None:
            self.called.append(name)
            self.now += takes_s

        return Timer(call, timer=lambda: self.now)


def test_every_way_has_its_turn_in_each_round(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    times = rounds_ns({name: clock.way(name, 1) for name in "abc"}, number=2, rounds=60)
    rounds = [clock.called[at : at + 6] for at in range(0, len(clock.called), 6)]
    assert len(rounds) == 60
    assert all(sorted(one) == list("aabbcc") for one in rounds)
    assert all([len(list(turn)) for _, turn in groupby(one)] == [2, 2, 2] for one in rounds)  # each way in one go
    assert len({tuple(one) for one in rounds}) == 6  # no way is always the first, or after the same other
    assert {name: len(values) for name, values in times.items()} == dict.fromkeys("abc", 60)


def test_nanoseconds_per_unit(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    ways = {"a": clock.way("a", 0.25), "b": clock.way("b", 0.5)}
    assert rounds_ns(ways, number=4, units=10, rounds=2) == {"a": [25e6, 25e6], "b": [50e6, 50e6]}
    assert rounds_ns({"a": ways["a"]}, number=2) == {"a": [250e6]}


@pytest.mark.parametrize(
    ("options", "rounds"),
    [
        ({}, 1),
        ({"rounds": 3}, 3),
        ({"rounds": 3, "seconds": 1}, 3),
        ({"seconds": 2}, 2),
        ({"rounds": 3, "seconds": 5.5}, 6),
        ({"rounds": 3, "seconds": 100, "most": 4}, 4),
        ({"rounds": 3, "most": 4}, 3),
    ],
)
def test_how_many_rounds(monkeypatch: pytest.MonkeyPatch, options: dict[str, float], rounds: int) -> None:
    clock = Clock(monkeypatch)
    assert len(rounds_ns({"a": clock.way("a", 1)}, number=1, **options)["a"]) == rounds


def test_the_number_of_calls_is_found_for_each_way(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    monkeypatch.setattr(_timing, "ROUND_S", 2**-11)
    rounds_ns({"quick": clock.way("quick", 2**-17), "slow": clock.way("slow", 1)})
    found = {name: [one for one in clock.called if one == name] for name in ("quick", "slow")}
    assert len(found["quick"]) == 1 + 64 + 64 + 64  # three looks, and the round
    assert len(found["slow"]) == 1 + 1 + 1 + 1


def test_what_takes_no_time_is_not_called_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    assert rounds_ns({"a": clock.way("a", 0)}) == {"a": [0]}
    assert len(clock.called) < 200_000


def test_functions_are_timed_with_the_real_clock() -> None:
    times = rounds_ns({"a": lambda: time.sleep(0.01)}, number=2, units=10)["a"]
    assert times[0] >= 1e6  # 10 ms in 10 units; a busy machine takes longer, never shorter


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not let a process choose its cores")
def test_one_core() -> None:
    before = os.sched_getaffinity(0)
    with one_core(False):
        assert os.sched_getaffinity(0) == before
    with one_core():
        assert os.sched_getaffinity(0) == {max(before)}
    assert os.sched_getaffinity(0) == before
    with suppress(KeyError), one_core():
        raise KeyError
    assert os.sched_getaffinity(0) == before


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not let a process choose its cores")
def test_one_core_of_those_that_this_process_may_use() -> None:
    before = os.sched_getaffinity(0)
    try:
        os.sched_setaffinity(0, {min(before)})
        with one_core():
            assert os.sched_getaffinity(0) == {min(before)}
        assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)
