"""The timer: the order and the number of its calls, and the unit of its results."""

from __future__ import annotations

import os
from contextlib import suppress
from itertools import groupby
from timeit import Timer
from types import SimpleNamespace

import pytest

from woox_fast import _timing
from woox_fast._timing import measure_rounds, pin_to_one_core


class Clock:
    """A clock that only the timed functions advance, so that every result is exact."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = 0.0  # seconds
        self.calls: list[str] = []
        monkeypatch.setattr(_timing, "time", SimpleNamespace(perf_counter=lambda: self.now))

    def timer(self, name: str, duration_s: float) -> Timer:
        def call() -> None:
            self.calls.append(name)
            self.now += duration_s

        return Timer(call, timer=lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def test_functions_alternate_in_rounds(clock: Clock) -> None:
    times = measure_rounds({name: clock.timer(name, 1) for name in "abc"}, number=2, rounds=60)
    rounds = [clock.calls[at : at + 6] for at in range(0, len(clock.calls), 6)]
    assert len(rounds) == 60
    assert all(sorted(calls) == list("aabbcc") for calls in rounds)
    assert all([len(list(turn)) for _, turn in groupby(calls)] == [2, 2, 2] for calls in rounds)
    assert len(set(map(tuple, rounds))) == 6  # every order occurs
    assert {name: len(values) for name, values in times.items()} == dict.fromkeys("abc", 60)


def test_result_is_nanoseconds_per_unit(clock: Clock) -> None:
    timers = {"a": clock.timer("a", 0.25), "b": clock.timer("b", 0.5)}
    assert measure_rounds(timers, number=4, units=10, rounds=2) == {"a": [25e6, 25e6], "b": [50e6, 50e6]}
    assert measure_rounds({"a": timers["a"]}, number=2) == {"a": [250e6]}


@pytest.mark.parametrize(
    ("options", "rounds"),
    [
        ({}, 1),
        ({"rounds": 3}, 3),
        ({"seconds": 2}, 2),
        ({"rounds": 3, "seconds": 5.5}, 6),
        ({"rounds": 3, "seconds": 100, "most": 4}, 4),
        ({"rounds": 3, "seconds": 1, "most": 4}, 3),
    ],
)
def test_options_limit_rounds(clock: Clock, options: dict[str, float], rounds: int) -> None:
    assert len(measure_rounds({"a": clock.timer("a", 1)}, number=1, **options)["a"]) == rounds


def test_number_suits_each_function(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(_timing, "ROUND_S", 2**-11)
    measure_rounds({"quick": clock.timer("quick", 2**-17), "slow": clock.timer("slow", 1)})
    assert clock.calls.count("quick") == 1 + 64 + 64 + 64  # three trials and the round
    assert clock.calls.count("slow") == 1 + 1 + 1 + 1


def test_instant_function_ends(clock: Clock) -> None:
    assert measure_rounds({"a": clock.timer("a", 0)}) == {"a": [0]}
    assert len(clock.calls) < 200_000


def test_plain_function_is_timed() -> None:
    calls: list[int] = []
    assert measure_rounds({"a": lambda: calls.append(1)}, number=2)["a"][0] > 0
    assert len(calls) == 2


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="this system does not let a process choose its cores")
def test_last_core_is_chosen() -> None:
    before = os.sched_getaffinity(0)
    with pin_to_one_core(False):
        assert os.sched_getaffinity(0) == before
    with suppress(KeyError), pin_to_one_core():
        assert os.sched_getaffinity(0) == {max(before)}
        raise KeyError
    assert os.sched_getaffinity(0) == before
    try:
        os.sched_setaffinity(0, {min(before)})  # the only allowed core
        with pin_to_one_core():
            assert os.sched_getaffinity(0) == {min(before)}
    finally:
        os.sched_setaffinity(0, before)
