"""What people sign for a timestamp other than the 13 digits that they send."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta, timezone
from math import nextafter

from ..changes import (
    COMMON,
    EXOTIC,
    FAMILY,
    HUGE_FAMILY,
    LARGE_FAMILY,
    LIKELY,
    RARE,
    UNCOMMON,
    Change,
    Table,
    change,
)
from ..signing import Sent

_FIX = "Sign the same 13 digits of milliseconds that x-api-timestamp holds."
_TWICE = "Another timestamp was signed than was sent: read the clock once a request. "


def _row(name: str, cost: int, what: str, write: Callable[..., str]) -> Change:
    return _family(name, cost, f"The timestamp was signed {what}.", lambda ms: (write(ms),), last=False)


def _family(name: str, cost: int, sentence: str, write: Callable[..., Iterable[str]], *, last: bool = True) -> Change:
    def values(_: str, sent: Sent) -> Iterable[str]:
        return () if sent.milliseconds is None else write(sent.milliseconds)

    return Change(f"timestamp-{name}", cost, f"{sentence} {_FIX}", values, last)


def _date(ms: int) -> datetime:
    return datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)


def _text(name: str, cost: int, text: str) -> Change:
    return Change(
        f"timestamp-{name}",
        cost,
        f"{text or 'Nothing'} was signed where the timestamp belongs. {_FIX}",
        lambda v, sent: (text,),
    )


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


def _double_products(ms: int, unit: int) -> Iterator[str]:
    """Whole numbers that `int(time.time() * unit)` gives: a double's steps apart."""
    value, end = ms * (unit / 1000), (ms + 1) * (unit / 1000)
    while value < end:
        yield str(int(value))
        value = nextafter(value, end)


def _shifts(ms: int, steps_s: Iterable[float]) -> Iterator[str]:
    for step in steps_s:
        for distance in (round(step * 1000), -round(step * 1000)):
            yield str(ms + distance)


def _second_shifts(ms: int, steps_s: Iterable[float]) -> Iterator[str]:
    for step in steps_s:
        for distance in (int(step), -int(step)):
            yield str(ms // 1000 + distance)


def _zones() -> list[float]:
    """Every offset of a time zone in seconds, to the quarter of an hour."""
    return [900 * quarters for quarters in range(1, 14 * 4 + 1)]


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


def _iso(ms: int, sep: str, digits: int, zone: str) -> str:
    at = _date(ms)
    fraction = f".{at.microsecond:06}"[: digits + 1] if digits else ""
    return f"{at:%Y-%m-%d}{sep}{at:%H:%M:%S}{fraction}{zone}"


def _exponent(ms: int, sign: str, letter: str) -> str:
    digits = str(ms)
    return f"{digits[0]}.{digits[1:].rstrip('0')}{letter}{sign}{len(digits) - 1}"


_UNITS = (
    _row("seconds", LIKELY, "in seconds", lambda t: str(t // 1000)),
    _row("microseconds", COMMON, "in microseconds", lambda t: str(t * 1000)),
    _row("nanoseconds", COMMON, "in nanoseconds", lambda t: str(t * 1_000_000)),
    _row("float-seconds", LIKELY, "as a float of seconds", lambda t: repr(t / 1000)),
    _row("float-milliseconds", LIKELY, "as a float", lambda t: f"{t}.0"),
    _row("fixed-seconds", COMMON, "as seconds with three decimals", lambda t: f"{t // 1000}.{t % 1000:03}"),
    _row("fixed-seconds-6", UNCOMMON, "as seconds with six decimals", lambda t: f"{t // 1000}.{t % 1000:03}000"),
    _row("fixed-seconds-comma", RARE, "as seconds with a decimal comma", lambda t: f"{t // 1000},{t % 1000:03}"),
    _row("whole-seconds-float", UNCOMMON, "as a float of whole seconds", lambda t: f"{t // 1000}.0"),
    _row("whole-seconds", COMMON, "rounded down to the second", lambda t: str(t // 1000 * 1000)),
    _row("seconds-rounded", UNCOMMON, "in seconds, rounded", lambda t: str((t + 500) // 1000)),
    _row("seconds-rounded-up", RARE, "in seconds, rounded up", lambda t: str(-(-t // 1000))),
    _row("minutes", EXOTIC, "in minutes", lambda t: str(t // 60_000)),
    _row("exponent", UNCOMMON, "with an exponent", lambda t: _exponent(t, "", "E")),
    _row("exponent-plus", UNCOMMON, "with an exponent", lambda t: _exponent(t, "+", "e")),
    _row("exponent-plus-upper", UNCOMMON, "with an exponent", lambda t: _exponent(t, "+", "E")),
    _row("exponent-lower", RARE, "with an exponent", lambda t: _exponent(t, "", "e")),
    _row("exponent-short", UNCOMMON, "with an exponent and six digits", lambda t: f"{t:g}"),
    _row("exponent-short-upper", UNCOMMON, "with an exponent and six digits", lambda t: f"{t:G}"),
    _row("exponent-six", RARE, "with an exponent and seven digits", lambda t: f"{t:e}"),
    _row("int32", UNCOMMON, "as it overflows in 32 bits", lambda t: str((t + 2**31) % 2**32 - 2**31)),
    _row("uint32", UNCOMMON, "as it overflows in 32 bits", lambda t: str(t % 2**32)),
    _row("int32-most", RARE, "as the largest number of 32 bits", lambda t: str(2**31 - 1)),
    _row("float32", RARE, "as a 32-bit float holds it", lambda t: str(t // 131072 * 131072)),
    _row("hex", RARE, "in hex", lambda t: f"{t:x}"),
    _row("0x", RARE, "in hex", lambda t: f"{t:#x}"),
    _row("long", RARE, "with Python 2's L at its end", lambda t: f"{t}L"),
    _row("bigint", RARE, "with a BigInt's n at its end", lambda t: f"{t}n"),
    _row("negative", EXOTIC, "negative", lambda t: f"-{t}"),
    _row("thousands", RARE, "with commas between thousands", lambda t: f"{t:,}"),
    _row("thousands-dots", RARE, "with dots between thousands", lambda t: f"{t:,}".replace(",", ".")),
    _row("thousands-spaces", EXOTIC, "with spaces between thousands", lambda t: f"{t:,}".replace(",", " ")),
    *(
        _row(
            f"iso-{name}",
            cost,
            "as an ISO 8601 date",
            lambda t, sep=sep, digits=digits, zone=zone: _iso(t, sep, digits, zone),
        )
        for name, cost, sep, digits, zone in (
            ("milliseconds-z", LIKELY, "T", 3, "Z"),
            ("z", COMMON, "T", 0, "Z"),
            ("seconds", COMMON, "T", 0, ""),
            ("milliseconds", COMMON, "T", 3, ""),
            ("microseconds", COMMON, "T", 6, ""),
            ("microseconds-z", COMMON, "T", 6, "Z"),
            ("offset", UNCOMMON, "T", 0, "+00:00"),
            ("milliseconds-offset", UNCOMMON, "T", 3, "+00:00"),
            ("microseconds-offset", COMMON, "T", 6, "+00:00"),
            ("space", UNCOMMON, " ", 0, ""),
            ("space-milliseconds", UNCOMMON, " ", 3, ""),
            ("space-microseconds", UNCOMMON, " ", 6, ""),
            ("space-offset", RARE, " ", 0, "+00:00"),
            ("space-microseconds-offset", UNCOMMON, " ", 6, "+00:00"),
            ("short-offset", RARE, "T", 0, "+0000"),
        )
    ),
    _row(
        "iso-encoded",
        UNCOMMON,
        "as an ISO 8601 date, percent-encoded",
        lambda t: _iso(t, "T", 0, "").replace(":", "%3A"),
    ),
    _row("http-date", RARE, "as an HTTP date", lambda t: f"{_date(t):%a, %d %b %Y %H:%M:%S GMT}"),
    _row(
        "javascript-date",
        RARE,
        "as JavaScript's Date prints it",
        lambda t: f"{_date(t):%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
    ),
    _row("compact-date", RARE, "as a date without separators", lambda t: f"{_date(t):%Y%m%dT%H%M%SZ}"),
    _row("digits-date", EXOTIC, "as a date without separators", lambda t: f"{_date(t):%Y%m%d%H%M%S}"),
    _row("csharp-ticks", EXOTIC, "in .NET ticks", lambda t: str(t * 10_000 + 621_355_968_000_000_000)),
    _row("tens-of-milliseconds", EXOTIC, "rounded down to 10 ms", lambda t: str(t // 10 * 10)),
    _row("first-12", RARE, "without its last digit", lambda t: str(t)[:-1]),
    _row("zeros", RARE, "in seconds with three zeros after a point", lambda t: f"{t // 1000}.000"),
    _text("none", COMMON, "None"),
    _text("undefined", COMMON, "undefined"),
    _text("null", COMMON, "null"),
    _text("nan", COMMON, "NaN"),
    _text("zero", UNCOMMON, "0"),
    _text("name", UNCOMMON, "timestamp"),
    _text("header-name", RARE, "x-api-timestamp"),
    _text("template", UNCOMMON, "{timestamp}"),
    _text("template-dollar", RARE, "${timestamp}"),
    _text("function", RARE, "Date.now()"),
    _text("bound-function", RARE, "function now() { [native code] }"),
)

_WRAPPED = tuple(
    change(f"timestamp-{name}", cost, f"The timestamp was signed {what}. {_FIX}", make)
    for name, cost, what, make in (
        ("quoted", COMMON, "in double quotes", lambda v: f'"{v}"'),
        ("single-quoted", RARE, "in single quotes", lambda v: f"'{v}'"),
        ("bytes-repr", UNCOMMON, "as the repr of a bytes object, b'...'", lambda v: f"b'{v}'"),
        ("newline", UNCOMMON, "with a newline at its end", lambda v: v + "\n"),
        ("crlf", RARE, "with CR LF at its end", lambda v: v + "\r\n"),
        ("trailing-space", UNCOMMON, "with a space at its end", lambda v: v + " "),
        ("leading-space", UNCOMMON, "with a space in front", lambda v: " " + v),
        ("doubled", RARE, "twice", lambda v: v * 2),
    )
)

_FAMILIES = (
    _family("taken-twice", COMMON, _TWICE, lambda t: _drift(t, 1, 100)),
    _family("taken-twice", FAMILY, _TWICE, lambda t: _drift(t, 101, 5000)),
    _family(
        "another-request",
        LARGE_FAMILY,
        "A timestamp was signed that is seconds away, as another request's is, "
        "or one that was kept. Take a new one for each request.",
        lambda t: _drift(t, 5001, 60_000),
    ),
    _family(
        "zone",
        UNCOMMON,
        "A timestamp was signed that is a time zone's offset away, as when local time is taken for UTC.",
        lambda t: _shifts(t, _zones()),
    ),
    _family(
        "zone-seconds",
        RARE,
        "A timestamp in seconds was signed that is a time zone's offset away, as when local time is taken for UTC.",
        lambda t: _second_shifts(t, _zones()),
    ),
    _family(
        "zone-iso",
        FAMILY,
        "A local date was signed, in ISO 8601.",
        lambda t: (
            _iso(t + sign * round(zone * 1000), sep, digits, end)
            for zone in _zones()
            for sign in (1, -1)
            for sep, digits, end in (("T", 0, ""), ("T", 3, ""), ("T", 3, "Z"), ("T", 0, "Z"), (" ", 0, ""))
        ),
    ),
    _family(
        "round-away",
        UNCOMMON,
        "A timestamp was signed that is a round amount away, as an expiry or an offset is.",
        lambda t: _shifts(t, _ROUND_S),
    ),
    _family(
        "round-away-seconds",
        UNCOMMON,
        "A timestamp in seconds was signed that is a round amount away, as an expiry or an offset is.",
        lambda t: _second_shifts(t, _ROUND_S),
    ),
    _family(
        "microseconds",
        FAMILY,
        "The timestamp was signed in microseconds.",
        lambda t: (f"{t}{i:03}" for i in range(1000)),
    ),
    _family(
        "fixed-seconds-6",
        FAMILY,
        "The timestamp was signed as seconds with six decimals.",
        lambda t: (f"{t // 1000}.{t % 1000:03}{i:03}" for i in range(1000)),
    ),
    _family(
        "iso-microseconds",
        FAMILY,
        "The timestamp was signed as an ISO 8601 date with microseconds.",
        lambda t: (
            f"{_iso(t, sep, 3, '')}{i:03}{zone}"
            for i in range(1000)
            for sep, zone in (("T", ""), ("T", "Z"), ("T", "+00:00"), (" ", ""))
        ),
    ),
    _family("float-milliseconds", FAMILY, "The timestamp was signed as a float.", lambda t: _doubles(t, 1)),
    _family("float-seconds", FAMILY, "The timestamp was signed as a float of seconds.", lambda t: _doubles(t, 1000)),
    _family("nanoseconds", FAMILY, "The timestamp was signed in nanoseconds.", lambda t: _double_products(t, 10**9)),
    _family(
        "nanoseconds",
        FAMILY,
        "The timestamp was signed in nanoseconds.",
        lambda t: (f"{t}{i:04}00" for i in range(10_000)),
    ),
    _family(
        "nanoseconds",
        HUGE_FAMILY,
        "The timestamp was signed in nanoseconds.",
        lambda t: (f"{t}{i:06}" for i in range(1_000_000)),
    ),
    _family(
        "ticks",
        FAMILY,
        "The timestamp was signed in .NET ticks.",
        lambda t: (str(t * 10_000 + 621_355_968_000_000_000 + i) for i in range(10_000)),
    ),
    Change(
        "timestamp-milliseconds",
        RARE,
        f"The timestamp was signed in milliseconds, but sent in another unit. {_FIX}",
        lambda v, sent: (str(sent.milliseconds + i) for i in range(1000)) if sent.milliseconds and len(v) < 13 else (),
        last=True,
    ),
)

TIMESTAMP = Table(_UNITS, _WRAPPED, _FAMILIES)
