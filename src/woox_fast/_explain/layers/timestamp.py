"""What people sign for a timestamp other than the 13 digits that they send."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table, change
from ..signing import Sent
from .texts import ABSENT, marked, placeholders, wrapped
from .timestamp_clocks import FAMILIES
from .timestamp_dates import DATE_FAMILIES, DATES
from .timestamp_rows import FIX, family, row

_TEXTS = (
    *placeholders("timestamp", "ts", "nonce", "time", "now", "isoTimestamp", "x-api-timestamp", "t", "milliseconds"),
    # Expressions that a template or a string held, and that were never worked out.
    *placeholders("Date.now()", "new Date().getTime()", "System.currentTimeMillis()", "time.time()", "timenow"),
    *placeholders("$now", "$now.toMillis()", "1.timestamp", "date +%s", "date +%s%3N", "zap_meta_timestamp", "get_ts"),
    *ABSENT,
    "\ufffd",  # Go's string(number)
    *"""
Date.now()
Date.now
new Date().getTime()
time.time()
int(time.time()*1000)
datetime.datetime.now()
Infinity
() => Date.now()
()=>Date.now()
(new Date()).getTime()
formatDate(now; "x")
{{formatDate(now; "x")}}
{{formatDate(now; "X")}}
Date()
NA
character(0)
numeric(0)
Invalid Date
Invalid date
[object Date]
[Function: now]
function now() { [native code] }
<built-in function time>
<built-in method now of type object>
<function time>
System.DateTime
System.DateTimeOffset
java.util.Date
2147483647
4294967295
9223372036854775807
18446744073709551615
-9223372036854775808
-2147483648
-62135596800000
-62135596800
253402300799999
1970-01-01T00:00:00Z
1970-01-01T00:00:00.000Z
1970-01-01T00:00:00
0001-01-01T00:00:00
0001-01-01T00:00:00Z
01/01/0001 00:00:00
0000000000000
%ld
%lld
%i
""".strip().split("\n"),
)


def _text(name: str, cost: int, text: str) -> Change:
    return Change(
        f"timestamp-{name}",
        cost,
        f"{text or 'Nothing'} was signed where the timestamp belongs. {FIX}",
        lambda v, sent: (text,),
    )


def _base_36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = "0123456789abcdefghijklmnopqrstuvwxyz"[rest] + digits
    return digits


def _decimals(ms: int) -> Iterator[str]:
    for digits in range(1, 13):
        yield f"{ms / 1000:.{digits}f}"
        yield f"{ms}.{'0' * digits}"
        yield f"{ms // 1000}.{'0' * digits}"
    yield from (f"{ms // 1000}{mark}{ms % 1000:03}" for mark in (" ", "/", "-", "_", ",", ";", "|"))
    for micro in range(1000):  # PHP's microtime()
        yield f"0.{ms % 1000:03}{micro:03}00 {ms // 1000}"


def _exponents(ms: int) -> Iterator[str]:
    """As a float with an exponent, with more or fewer digits than there are."""
    first, rest = str(ms)[0], str(ms)[1:]
    for more in (1, 2, 3):
        for decimals in range(10**more):
            digits = f"{first}.{rest}{decimals:0{more}}".rstrip("0")
            yield from (f"{digits}{exponent}{len(rest)}" for exponent in ("e+", "E+", "E", "e"))
            if more == 3:  # of seconds with microseconds
                yield from (f"{digits}{exponent}{len(rest) - 3}" for exponent in ("e+0", "e", "E"))
    for value in (ms, ms / 1000):
        for places in range(18):
            text = f"{value:.{places}e}"
            mantissa, _, exponent = text.partition("e")
            power = int(exponent)
            for mark in ("e", "E"):
                yield from (f"{mantissa}{mark}{sign}{power:0{n}}" for sign in ("", "+") for n in (1, 2, 3))


def _grouped(ms: int) -> Iterator[str]:
    """With a mark between thousands, as one locale or another writes numbers."""
    digits = str(ms)
    indian = f"{digits[:2]},{digits[2:4]},{digits[4:6]},{digits[6:8]},{digits[8:10]},{digits[10:]}"
    lakhs = re.sub(r"(?<=\d)(?=(?:\d\d)+\d\Z)", ",", digits)
    for mark in (",", ".", " ", "\xa0", "\u202f", "\u2009", "'", "\u2019", "_", "-"):
        yield f"{ms:,}".replace(",", mark)
        yield from (f"{ms:,}".replace(",", mark) + end for end in (".0", ".00", ",00", ".000"))
    yield from (lakhs, indian)


def _spreadsheet(ms: int) -> Iterator[str]:
    """In days since 1899-12-30, as a spreadsheet counts, or since 1970; in other units, whole or not."""
    for days in (ms / 86_400_000 + 25_569, ms / 86_400_000):
        yield from (repr(days), f"{days:.15g}", *(f"{days:.{digits}f}" for digits in range(16)))
        yield from (f"{days:.{digits}f}".replace(".", ",") for digits in range(1, 12))
        yield repr(days).replace(".", ",")
    for unit in (10, 100, 5000, 10_000, 15_000, 30_000, 60_000, 300_000, 3_600_000, 86_400_000):
        yield from (str(ms // unit), str(ms // unit * unit), str(ms // unit * unit // 1000))
    whole = ms // 1000 * 1000
    yield from (str((whole + 2**31) % 2**32 - 2**31), str(whole % 2**32), str(ms % 2**31), str(whole % 2**31))


def _other_epochs(ms: int) -> Iterator[str]:
    """Since another moment than 1970-01-01, in milliseconds or seconds."""
    for epoch in _EPOCHS:
        other = ms + 1000 * epoch
        yield from (str(other), str(other // 1000), repr(other / 1000), f"{other}.0", f"{other // 1000}.0")
        yield from (f"{other // 1000}.{other % 1000:03}{micro:03}" for micro in range(1000))
    for hours in range(-12, 15):  # VBA's Timer: since midnight
        seconds = (ms + 3_600_000 * hours) % 86_400_000 / 1000
        yield from (str(int(seconds)), *(f"{seconds:.{digits}f}".rstrip("0").rstrip(".") for digits in (1, 2, 3)))


# Seconds from other epochs to 1970: of Apple (2001), the year 2000, GPS; NTP, old Macs, Windows and .NET.
_EPOCHS = (-978_307_200, -946_684_800, -315_964_800, 2_208_988_800, 2_082_844_800, 11_644_473_600, 62_135_596_800)


def _wrapped(v: str, sent: Sent) -> Iterator[str]:
    yield from marked(v)
    yield from wrapped(v)
    if len(v) == 13:
        yield from wrapped(v[:-3])


def _exponent(ms: int, sign: str, letter: str) -> str:
    digits = str(ms)
    return f"{digits[0]}.{digits[1:].rstrip('0')}{letter}{sign}{len(digits) - 1}"


_UNITS = (
    row("seconds", LIKELY, "in seconds", lambda t: str(t // 1000)),
    row("microseconds", COMMON, "in microseconds", lambda t: str(t * 1000)),
    row("nanoseconds", COMMON, "in nanoseconds", lambda t: str(t * 1_000_000)),
    row("hundred-nanoseconds", RARE, "in units of 100 ns", lambda t: str(t * 10_000)),
    row("float-seconds", LIKELY, "as a float of seconds", lambda t: repr(t / 1000)),
    row("float-milliseconds", LIKELY, "as a float", lambda t: f"{t}.0"),
    row("fixed-seconds", COMMON, "as seconds with three decimals", lambda t: f"{t // 1000}.{t % 1000:03}"),
    row("fixed-seconds-6", UNCOMMON, "as seconds with six decimals", lambda t: f"{t // 1000}.{t % 1000:03}000"),
    row("fixed-seconds-comma", RARE, "as seconds with a decimal comma", lambda t: f"{t // 1000},{t % 1000:03}"),
    row("whole-seconds-float", UNCOMMON, "as a float of whole seconds", lambda t: f"{t // 1000}.0"),
    row("whole-seconds", COMMON, "rounded down to the second", lambda t: str(t // 1000 * 1000)),
    row("seconds-rounded", UNCOMMON, "in seconds, rounded", lambda t: str((t + 500) // 1000)),
    row("seconds-rounded-up", RARE, "in seconds, rounded up", lambda t: str(-(-t // 1000))),
    row("minutes", EXOTIC, "in minutes", lambda t: str(t // 60_000)),
    row("exponent", UNCOMMON, "with an exponent", lambda t: _exponent(t, "", "E")),
    row("exponent-plus", UNCOMMON, "with an exponent", lambda t: _exponent(t, "+", "e")),
    row("exponent-plus-upper", UNCOMMON, "with an exponent", lambda t: _exponent(t, "+", "E")),
    row("exponent-lower", RARE, "with an exponent", lambda t: _exponent(t, "", "e")),
    row("exponent-short", UNCOMMON, "with an exponent and six digits", lambda t: f"{t:g}"),
    row("exponent-short-upper", UNCOMMON, "with an exponent and six digits", lambda t: f"{t:G}"),
    row("exponent-six", RARE, "with an exponent and seven digits", lambda t: f"{t:e}"),
    row("int32", UNCOMMON, "as it overflows in 32 bits", lambda t: str((t + 2**31) % 2**32 - 2**31)),
    row("uint32", UNCOMMON, "as it overflows in 32 bits", lambda t: str(t % 2**32)),
    row("int32-most", RARE, "as the largest number of 32 bits", lambda t: str(2**31 - 1)),
    row("float32", RARE, "as a 32-bit float holds it", lambda t: str(t // 131072 * 131072)),
    row("hex", RARE, "in hex", lambda t: f"{t:x}"),
    row("0x", RARE, "in hex", lambda t: f"{t:#x}"),
    row("long", RARE, "with Python 2's L at its end", lambda t: f"{t}L"),
    row("bigint", RARE, "with a BigInt's n at its end", lambda t: f"{t}n"),
    row("base-36", EXOTIC, "in base 36", lambda t: _base_36(t)),
    row("negative", EXOTIC, "negative", lambda t: f"-{t}"),
    row("thousands", RARE, "with commas between thousands", lambda t: f"{t:,}"),
    row("thousands-dots", RARE, "with dots between thousands", lambda t: f"{t:,}".replace(",", ".")),
    row("thousands-spaces", EXOTIC, "with spaces between thousands", lambda t: f"{t:,}".replace(",", " ")),
    *DATES,
    row("csharp-ticks", EXOTIC, "in .NET ticks", lambda t: str(t * 10_000 + 621_355_968_000_000_000)),
    row("tens-of-milliseconds", EXOTIC, "rounded down to 10 ms", lambda t: str(t // 10 * 10)),
    row("leading-zero", RARE, "with a zero in front", lambda t: f"0{t}"),
    row("plus", RARE, "with a + in front", lambda t: f"+{t}"),
    row(
        "seconds-and-milliseconds", RARE, "with a mark before its milliseconds", lambda t: f"{t // 1000}:{t % 1000:03}"
    ),
    family("decimals", FAMILY, "The timestamp was signed in seconds with decimals.", _decimals),
    family(
        "of-macos",
        RARE,
        "The timestamp was signed as macOS's date prints it, which knows no %N and leaves a letter.",
        lambda t: (f"{t // 1000}{end}" for end in ("3N", "N", "%3N", "%N")),
    ),
    family("exponents", FAMILY, "The timestamp was signed as a float with an exponent.", _exponents),
    family("grouped", FAMILY, "The timestamp was signed with marks between its digits.", _grouped),
    family(
        "other-epoch", FAMILY, "The timestamp was signed as the time since another moment than 1970.", _other_epochs
    ),
    family("units", FAMILY, "The timestamp was signed in another unit, or rounded to one.", _spreadsheet),
    row("first-12", RARE, "without its last digit", lambda t: str(t)[:-1]),
    row("first-11", EXOTIC, "without its last two digits", lambda t: str(t)[:-2]),
    row("hex-upper", EXOTIC, "in upper-case hex", lambda t: f"{t:X}"),
    row("underscores", EXOTIC, "with underscores between thousands", lambda t: f"{t:_}"),
    row("filetime", EXOTIC, "as Windows' FILETIME", lambda t: str(t * 10_000 + 116_444_736_000_000_000)),
    row("zeros", RARE, "in seconds with three zeros after a point", lambda t: f"{t // 1000}.000"),
    _text("none", COMMON, "None"),
    _text("undefined", COMMON, "undefined"),
    _text("null", COMMON, "null"),
    _text("nan", COMMON, "NaN"),
    _text("zero", UNCOMMON, "0"),
    _text("name", UNCOMMON, "timestamp"),
    _text("header-name", RARE, "x-api-timestamp"),
    _text("template", UNCOMMON, "{timestamp}"),
    _text("template-dollar", RARE, "${timestamp}"),
    Change("timestamp-text", FAMILY, f"A text was signed where the timestamp belongs. {FIX}", lambda v, sent: _TEXTS),
)

_WRAPPED = (
    *(
        change(f"timestamp-{name}", cost, f"The timestamp was signed {what}. {FIX}", make)
        for name, cost, what, make in (
            ("quoted", COMMON, "in double quotes", lambda v: f'"{v}"'),
            ("single-quoted", RARE, "in single quotes", lambda v: f"'{v}'"),
            ("bytes-repr", UNCOMMON, "as the repr of a bytes object, b'...'", lambda v: f"b'{v}'"),
            ("newline", UNCOMMON, "with a newline at its end", lambda v: v + "\n"),
            ("crlf", RARE, "with CR LF at its end", lambda v: v + "\r\n"),
            ("trailing-space", UNCOMMON, "with a space at its end", lambda v: v + " "),
            ("brackets", RARE, "in brackets", lambda v: f"[{v}]"),
            ("braces", RARE, "in braces", lambda v: f"{{{v}}}"),
            ("leading-space", UNCOMMON, "with a space in front", lambda v: " " + v),
            ("doubled", RARE, "twice", lambda v: v * 2),
            *(
                (f"suffix-{mark.lower()}", EXOTIC, f"with {mark} at its end", lambda v, mark=mark: v + mark)
                for mark in ("u", "UL", "ULL", "LL", "ms", "s", "i64", "d", "f", "m", "Z")
            ),
        )
    ),
    Change(
        "timestamp-marked", FAMILY, f"The timestamp was signed with another text round it. {FIX}", _wrapped, last=True
    ),
)

TIMESTAMP = Table(_UNITS, _WRAPPED, (*FAMILIES, *DATE_FAMILIES))
