"""The one timer of check, bench and demo: rounds of all ways in turn, so that what drifts, drifts for all."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Mapping
from timeit import timeit
from typing import TypeVar

Way = TypeVar("Way", bound=Hashable)


def rounds_ns(
    ways: Mapping[Way, Callable[[], object]], *, number: int = 1, units: int = 1, rounds: int = 1, seconds: float = 0.0
) -> dict[Way, list[float]]:
    """Nanoseconds per unit, in each round, of each of `ways`.

    A round calls every way `number` times, without garbage collection; a call is worth `units`. There are `rounds` of
    them, and more until `seconds` have passed.
    """
    times: dict[Way, list[float]] = {name: [] for name in ways}
    ends = time.perf_counter() + seconds
    while rounds > 0 or time.perf_counter() < ends:
        rounds -= 1
        for name, way in ways.items():
            times[name].append(timeit(way, number=number) / (number * units) * 1e9)
    return times
