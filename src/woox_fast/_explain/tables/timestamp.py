"""Mistakes in the timestamp."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from math import nextafter
from typing import Any

from ..rows import COMMON, LIKELY, MANY, UNCOMMON, WIDE, WIDEST, Apply, Row, Table, build_rows
from ..signing import format_iso

_REMEDY = "Sign the same 13 digits of milliseconds that x-api-timestamp contains."
_ONCE = "Read the clock once per request, then sign and send the same value."


def _adapt_to_time(function: Callable[[int], Any]) -> Apply:
    """Apply a function to the time in milliseconds."""
    return lambda _, request: None if request.milliseconds is None else function(request.milliseconds)


_build_rows = partial(build_rows, "timestamp-", "The timestamp was signed {}.", _REMEDY)


def _write_exponent(ms: int, mark: str) -> str:
    digits = str(ms)
    return f"{digits[0]}.{digits[1:].rstrip('0')}{mark}{len(digits) - 1}"


def _list_iso_forms(ms: int) -> list[str]:
    whole = format_iso(ms)[:-5]
    fractions = ("", f".{ms % 1000:03}", f".{ms % 1000:03}000")
    return [whole + fraction + zone for fraction in fractions for zone in ("", "Z", "+00:00")]


_UNITS = _build_rows(
    ("milliseconds", LIKELY, "in milliseconds, but sent in another unit", str),
    ("seconds", LIKELY, "in seconds", lambda t: str(t // 1000)),
    ("float-seconds", LIKELY, "as a float of seconds", lambda t: repr(t / 1000)),
    ("float-milliseconds", LIKELY, "as a float", lambda t: f"{t}.0"),
    ("microseconds", COMMON, "in microseconds", lambda t: str(t * 1000)),
    ("nanoseconds", COMMON, "in nanoseconds", lambda t: str(t * 1_000_000)),
    ("fixed-seconds", COMMON, "as seconds with decimals", lambda t: [f"{t / 1000:.3f}", f"{t / 1000:.3f}000"]),
    ("whole-seconds", COMMON, "rounded down to the second", lambda t: [str(t // 1000 * 1000), f"{t // 1000}.0"]),
    ("seconds-rounded", UNCOMMON, "in seconds, rounded", lambda t: str((t + 500) // 1000)),
    ("exponent", UNCOMMON, "with an exponent", lambda t: [_write_exponent(t, mark) for mark in ("E", "e+", "E+")]),
    ("int32", UNCOMMON, "as a 32-bit integer", lambda t: [str((t + 2**31) % 2**32 - 2**31), str(t % 2**32)]),
    ("iso", LIKELY, "as an ISO 8601 time", format_iso),
    ("iso-other", COMMON, "as an ISO 8601 time", _list_iso_forms),
    ("datetime", UNCOMMON, "as str(datetime) writes it", lambda t: [f.replace("T", " ") for f in _list_iso_forms(t)]),
    adapt=_adapt_to_time,
)
_PLACEHOLDERS = ("0", "timestamp", "{timestamp}", "${timestamp}", "{{timestamp}}", "{{$timestamp}}")
_TEXTS = build_rows(
    "timestamp-",
    "{} was signed in place of the timestamp.",
    _REMEDY,
    ("none", COMMON, "None, undefined, null or NaN", lambda v: ["None", "undefined", "null", "NaN"]),
    ("template", UNCOMMON, "A placeholder", lambda v: _PLACEHOLDERS),
)
_WRAPPED = _build_rows(
    ("quoted", COMMON, "in quotes", lambda v: [f'"{v}"', f"'{v}'", f"b'{v}'"]),
    ("space", UNCOMMON, "with white space around it", lambda v: [v + "\n", v + " ", " " + v]),
)

_ROUND_S = (0.5, 1, 1.5, 2, 3, 5, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 600, 900, 1800, 86400)
_ZONES_S = tuple(int(hours * 3600) for hours in (*range(1, 15), 3.5, 4.5, 5.5, 5.75, 6.5, 9.5))


def _shift(ms: int, steps: tuple[float, ...]) -> Iterator[str]:
    for step in steps:
        yield from (str(ms + round(step * 1000)), str(ms - round(step * 1000)))
        yield from (str(ms // 1000 + int(step)), str(ms // 1000 - int(step)))


def _list_drift(ms: int, first: int, last: int) -> Iterator[str]:
    for distance in range(first, last + 1):
        yield from (str(ms - distance), str(ms + distance))


def _list_doubles(ms: int, unit: int) -> Iterator[str]:
    """Yield every double of seconds (`unit` 1000) or milliseconds (1) that truncates or rounds to `ms`."""
    value, end = (ms - 0.5) / unit, (ms + 1) / unit
    while value < end:
        yield repr(value)
        value = nextafter(value, end)


_TWICE = "Another timestamp was signed than sent: the clock was read twice."
_OLD = "The signature belongs to another timestamp, up to a minute away: an old signature was sent again."
_MOMENTS = build_rows(
    "timestamp-",
    "{}",
    _ONCE,
    ("taken-twice", COMMON, _TWICE, lambda t: _list_drift(t, 1, 5)),
    ("taken-twice", MANY, _TWICE, lambda t: _list_drift(t, 6, 100)),
    ("taken-twice", WIDE, _TWICE, lambda t: _list_drift(t, 101, 2000)),
    ("old", WIDEST, _OLD, lambda t: _list_drift(t, 2001, 60_500)),
    ("round-away", UNCOMMON, "The signed timestamp is off by whole seconds.", lambda t: _shift(t, _ROUND_S)),
    adapt=_adapt_to_time,
)
_UTC = "Read Unix time (time.time_ns() // 1_000_000), which has no time zone."
_OFF = "The signed timestamp is off by whole hours, like a time zone."
_ZONE = Row("timestamp-zone", UNCOMMON, _OFF, _UTC, _adapt_to_time(lambda t: _shift(t, _ZONES_S)))
_EXACT = _build_rows(
    ("exact-milliseconds", MANY, "in milliseconds", lambda t: (str(t + i) for i in range(0 if t % 1000 else 1000))),
    ("exact-microseconds", WIDE, "in microseconds", lambda t: (f"{t}{i:03}" for i in range(1000))),
    ("exact-float", WIDE, "as a float", lambda t: (*_list_doubles(t, 1000), *_list_doubles(t, 1))),
    adapt=_adapt_to_time,
)

TABLE = Table((*_UNITS, *_TEXTS, *_EXACT, *_MOMENTS, _ZONE), _WRAPPED)
