"""The one timer of check, bench and demo: rounds of all ways in turn, so that a slower machine is slower for each."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import contextmanager
from timeit import Timer
from typing import TypeVar

ROUND_S = 0.0005  # short, so that few rounds are disturbed

Way = TypeVar("Way", bound=Hashable)


def rounds_ns(
    ways: Mapping[Way, Callable[[], object] | Timer],
    *,
    number: int | None = None,
    units: int = 1,
    rounds: int = 1,
    most: int | None = None,
    seconds: float = 0.0,
) -> dict[Way, list[float]]:
    """Nanoseconds per unit of each of `ways`, functions or timers, in each round.

    A round calls every way `number` times, in an order drawn at random, without garbage collection; a call is worth
    `units`. `number` None is as many as take half a millisecond, found for each way before the first round. There are
    `rounds`, and more until `seconds` have passed, but not more than `most`.
    """
    timers = {name: way if isinstance(way, Timer) else Timer(way) for name, way in ways.items()}
    calls = {name: number or _calls(timer) for name, timer in timers.items()}
    times: dict[Way, list[float]] = {name: [] for name in timers}
    order = list(timers)
    done = 0
    ends = time.perf_counter() + seconds
    while done < rounds or (time.perf_counter() < ends and done != most):
        done += 1
        random.shuffle(order)
        for name in order:
            times[name].append(timers[name].timeit(calls[name]) / (calls[name] * units) * 1e9)
    return times


def _calls(timer: Timer) -> int:
    """How many calls take `ROUND_S`."""
    calls = 1
    for _ in range(3):  # the first look is at cold code, the last at code that CPython has specialised
        calls = max(1, round(calls * ROUND_S / max(timer.timeit(calls), calls * 1e-8)))
    return calls


@contextmanager
def one_core(wanted: bool = True) -> Iterator[None]:
    """Keep this process, and what it starts, on one core; the last one, since interrupts favour the first."""
    if not (wanted and hasattr(os, "sched_setaffinity")):
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, {max(before)})
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
