"""Timestamps of another moment, and those with more digits than are known: families with many members."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from math import nextafter

from ..changes import COMMON, FAMILY, HUGE_FAMILY, LARGE_FAMILY, RARE, UNCOMMON, Change
from .timestamp_dates import zones
from .timestamp_rows import FIX, family

_TWICE = "Another timestamp was signed than was sent: read the clock once a request."


def _drift(ms: int, first: int, last: int) -> Iterator[str]:
    for distance in range(first, last + 1):
        yield str(ms - distance)
        yield str(ms + distance)


def _doubles(ms: int, unit: int) -> Iterator[str]:
    """Every double of seconds (`unit` 1000) or milliseconds (1) that is cut or rounded to `ms`."""
    value, end = (ms - 0.5) / unit, (ms + 1) / unit
    while value < end:
        yield repr(value)
        value = nextafter(value, end)


def _float_milliseconds(ms: int) -> Iterator[str]:
    """Milliseconds with decimals: as a double, at some count of digits, with a point or a comma."""
    for text in _doubles(ms, 1):
        yield text
        yield text.replace(".", ",")
    for digits in (1, 2, 3):
        for decimals in range(10**digits):
            yield f"{ms}.{decimals:0{digits}}"
            yield f"{ms},{decimals:0{digits}}"
    yield from (f"{ms}.{micro:03}000" for micro in range(1000))


def _double_products(ms: int, unit: int) -> Iterator[str]:
    """Whole numbers that `int(time.time() * unit)` gives: a double's steps apart."""
    value, end = ms * (unit / 1000), (ms + 1) * (unit / 1000)
    while value < end:
        yield str(int(value))
        value = nextafter(value, end)


def _shifts(ms: int, steps_s: Iterable[float]) -> Iterator[str]:
    for start in (ms, ms // 1000 * 1000):
        for step in steps_s:
            for distance in (round(step * 1000), -round(step * 1000)):
                yield str(start + distance)


def _second_shifts(ms: int, steps_s: Iterable[float]) -> Iterator[str]:
    for step in steps_s:
        for distance in (int(step), -int(step)):
            yield str(ms // 1000 + distance)


_ROUND_S = (
    *(
        0.5,
        1,
        1.5,
        2,
        3,
        4,
        5,
        6,
        7,
        8,
        9,
        10,
        15,
        20,
        25,
        30,
        40,
        45,
        50,
        60,
        90,
        100,
        120,
        150,
        180,
        200,
        240,
        250,
        300,
    ),
    *(
        360,
        400,
        420,
        480,
        500,
        540,
        600,
        720,
        900,
        1000,
        1200,
        1500,
        1800,
        3600,
        5000,
        7200,
        10000,
        86400,
        100000,
        604800,
    ),
)

_WHOLE_S = (*range(1, 601), *range(3600, 49 * 3600, 3600), *range(86_400, 367 * 86_400, 86_400))
FAMILIES = (
    family("taken-twice", COMMON, _TWICE, lambda t: _drift(t, 1, 100)),
    family("taken-twice", FAMILY, _TWICE, lambda t: _drift(t, 101, 5000)),
    family(
        "another-request",
        LARGE_FAMILY,
        "A timestamp was signed that is seconds away, as another request's is, "
        "or one that was kept. Take a new one for each request.",
        lambda t: _drift(t, 5001, 60_000),
    ),
    family(
        "zone",
        UNCOMMON,
        "A timestamp was signed that is a time zone's offset away, as when local time is taken for UTC.",
        lambda t: _shifts(t, zones()),
    ),
    family(
        "zone-seconds",
        RARE,
        "A timestamp in seconds was signed that is a time zone's offset away, as when local time is taken for UTC.",
        lambda t: _second_shifts(t, zones()),
    ),
    family(
        "round-away",
        UNCOMMON,
        "A timestamp was signed that is a round amount away, as an expiry or an offset is.",
        lambda t: _shifts(t, _ROUND_S),
    ),
    family(
        "round-away-seconds",
        UNCOMMON,
        "A timestamp in seconds was signed that is a round amount away, as an expiry or an offset is.",
        lambda t: _second_shifts(t, _ROUND_S),
    ),
    family(
        "round-away",
        FAMILY,
        "A timestamp was signed that is a round amount away, as an expiry or an offset is.",
        lambda t: (*_shifts(t, _WHOLE_S), *_second_shifts(t, _WHOLE_S)),
    ),
    family(
        "microseconds",
        FAMILY,
        "The timestamp was signed in microseconds.",
        lambda t: (f"{t}{i:03}" for i in range(1000)),
    ),
    family(
        "more-digits",
        FAMILY,
        "The timestamp was signed with a tenth or hundredth of a millisecond more, as a float without its point.",
        lambda t: (f"{t}{i:0{digits}}" for digits in (1, 2) for i in range(10**digits)),
    ),
    family(
        "fixed-seconds-6",
        FAMILY,
        "The timestamp was signed as seconds with six decimals.",
        lambda t: (f"{t // 1000}.{t % 1000:03}{i:03}" for i in range(1000)),
    ),
    family("float-milliseconds", FAMILY, "The timestamp was signed as a float.", _float_milliseconds),
    family("float-seconds", FAMILY, "The timestamp was signed as a float of seconds.", lambda t: _doubles(t, 1000)),
    family("nanoseconds", FAMILY, "The timestamp was signed in nanoseconds.", lambda t: _double_products(t, 10**9)),
    family(
        "nanoseconds",
        FAMILY,
        "The timestamp was signed in nanoseconds.",
        lambda t: (f"{t}{i:04}00" for i in range(10_000)),
    ),
    family(
        "nanoseconds",
        HUGE_FAMILY,
        "The timestamp was signed in nanoseconds.",
        lambda t: (f"{t}{i:06}" for i in range(1_000_000)),
    ),
    family(
        "ticks",
        FAMILY,
        "The timestamp was signed in .NET ticks.",
        lambda t: (str(t * 10_000 + 621_355_968_000_000_000 + i) for i in range(10_000)),
    ),
    Change(
        "timestamp-milliseconds",
        RARE,
        f"The timestamp was signed in milliseconds, but sent in another unit. {FIX}",
        lambda v, sent: (str(sent.milliseconds + i) for i in range(1000)) if sent.milliseconds and len(v) < 13 else (),
        last=True,
    ),
)
