"""The timer of check, bench and the benchmarks: interleaved rounds, so that a slow moment slows every candidate."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from timeit import Timer
from typing import TypeVar

ROUND_S = 0.0005  # short, so that interrupts disturb few rounds

Name = TypeVar("Name", bound=Hashable)


def measure_rounds(
    candidates: Mapping[Name, Callable[[], object] | Timer],
    *,
    number: int | None = None,
    units: int = 1,
    rounds: int = 1,
    most: int | None = None,
    seconds: float = 0.0,
) -> dict[Name, list[float]]:
    """Time functions in rounds, and return the nanoseconds per unit of work by candidate and round.

    A round calls the candidates in random order, without garbage collection.

    Args:
        candidates: functions or timers by name.
        number: calls per round; by default half a millisecond's worth.
        units: units of work per call.
        rounds: the minimum number of rounds.
        most: the maximum number of rounds; unlimited by default.
        seconds: continue after the minimum until this time has passed.
    """
    timers = {name: each if isinstance(each, Timer) else Timer(each) for name, each in candidates.items()}
    calls = {name: number or _calibrate_calls(timer) for name, timer in timers.items()}
    times: dict[Name, list[float]] = {name: [] for name in timers}
    order = list(timers)
    done = 0
    ends = time.perf_counter() + seconds
    while done < rounds or (time.perf_counter() < ends and done != most):
        done += 1
        random.shuffle(order)
        for name in order:
            times[name].append(timers[name].timeit(calls[name]) / (calls[name] * units) * 1e9)
    return times


def _calibrate_calls(timer: Timer) -> int:
    calls = 1
    for _ in range(3):  # CPython specializes the code during the first two
        calls = max(1, round(calls * ROUND_S / max(timer.timeit(calls), calls * 1e-8)))
    return calls


@contextmanager
def pin_to_one_core(wanted: bool = True) -> Iterator[None]:
    """Pin this process and its children to the last core: interrupts prefer the first."""
    if not (wanted and hasattr(os, "sched_setaffinity")):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
