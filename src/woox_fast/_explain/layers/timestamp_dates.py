"""Dates that people sign for a timestamp."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON
from .timestamp_rows import date, family, row


def _iso(ms: int, sep: str, digits: int, zone: str) -> str:
    at = date(ms)
    fraction = f".{at.microsecond:06}"[: digits + 1] if digits else ""
    return f"{at:%Y-%m-%d}{sep}{at:%H:%M:%S}{fraction}{zone}"


def zones() -> list[float]:
    """Every offset of a time zone in seconds, to the quarter of an hour."""
    return [900 * quarters for quarters in range(1, 14 * 4 + 1)]


def _printed(ms: int) -> Iterator[str]:
    """As programs print dates: of Greenwich, and of each zone in whole hours."""
    for hours in range(-12, 15):
        at = date(ms + 3_600_000 * hours)
        for form in _FORMS:
            for text in dict.fromkeys((f"{hours:+03}:00", f"{hours:+03}00")):
                yield at.strftime(form).replace("<ms>", f"{ms % 1000:03}").replace("<zone>", text)
        for text in _american(at):
            yield from (text, f"{text} {hours:+03}:00")
        numbers = f"{at.year}, {at.month}, {at.day}, {at.hour}, {at.minute}, {at.second}"
        for micro in ("", f", {at.microsecond}"):
            for end in (")", ", tzinfo=datetime.timezone.utc)", ", tzinfo=<UTC>)", ", tzinfo=tzutc())"):
                yield f"datetime.datetime({numbers}{micro}{end}"


def _named_zones(ms: int) -> Iterator[str]:
    """Local dates with the name of a zone, as JavaScript, Java and `date` print them."""
    for offset, names in _ZONES.items():
        at = date(ms + round(60_000 * offset))
        sign, (hours, minutes) = "-" if offset < 0 else "+", divmod(abs(offset), 60)
        zone = f"{sign}{hours:02}{minutes:02}"
        for name in names.split(", "):
            if "/" in name:  # Java's ZonedDateTime
                colon = f"{zone[:3]}:{zone[3:]}"
                for fraction in ("", f".{ms % 1000:03}"):
                    yield f"{at:%Y-%m-%dT%H:%M:%S}{fraction}{colon if offset else 'Z'}[{name}]"
            elif name.isupper():
                if not offset:
                    yield from (f"{_iso(ms, 'T', digits, 'Z')}[{name}]" for digits in (0, 3))
                for form in ("%a %b %d %H:%M:%S <> %Y", "%a %b %e %H:%M:%S <> %Y", "%a %d %b %Y %I:%M:%S %p <>"):
                    yield at.strftime(form).replace("<>", name)
                for form in ("%a, %d %b %Y %H:%M:%S <>", "%a %d %b %H:%M:%S <> %Y", "%Y-%m-%d %H:%M:%S <>"):
                    yield at.strftime(form).replace("<>", name)
            else:
                yield f"{at:%a %b %d %Y %H:%M:%S} GMT{zone} ({name})"


# Of each offset in minutes: abbreviations, names that browsers write, names of the tz database.
_ZONES = {
    0: "UTC, GMT, WET, Z, Greenwich Mean Time, GMT, Etc/UTC, Europe/London, Coordinated Universal Time",
    60: "CET, BST, WEST, Central European Standard Time, British Summer Time, West Africa Standard Time, "
    "Europe/Berlin, Europe/Paris, Europe/London, Europe/Madrid, Europe/Zurich, Africa/Lagos",
    120: "CEST, EET, SAST, Central European Summer Time, Eastern European Standard Time, South Africa Standard Time, "
    "Europe/Berlin, Europe/Paris, Europe/Madrid, Europe/Zurich, Europe/Rome, Europe/Kiev, Europe/Kyiv",
    180: "EEST, MSK, TRT, Eastern European Summer Time, Moscow Standard Time, GMT+03:00, "
    "Europe/Moscow, Europe/Istanbul, Europe/Kiev, Europe/Kyiv",
    240: "GST, Gulf Standard Time, Asia/Dubai",
    270: "Iran Standard Time",
    300: "PKT, Pakistan Standard Time, Asia/Karachi",
    330: "IST, India Standard Time, Asia/Kolkata, Asia/Calcutta",
    420: "WIB, ICT, Indochina Time, Western Indonesia Time, Asia/Bangkok, Asia/Jakarta, Asia/Ho_Chi_Minh",
    480: "CST, SGT, HKT, PHT, AWST, China Standard Time, Singapore Standard Time, Hong Kong Standard Time, "
    "Taipei Standard Time, Philippine Standard Time, Asia/Shanghai, Asia/Singapore, Asia/Hong_Kong, Asia/Taipei",
    540: "JST, KST, Japan Standard Time, Korean Standard Time, Asia/Tokyo, Asia/Seoul",
    600: "AEST, Australian Eastern Standard Time, Australia/Sydney",
    660: "AEDT, Australian Eastern Daylight Time, Australia/Sydney",
    -180: "BRT, ART, Brasilia Standard Time, Argentina Standard Time, America/Sao_Paulo",
    -240: "EDT, Eastern Daylight Time, America/New_York, America/Toronto",
    -300: "EST, CDT, Eastern Standard Time, Central Daylight Time, America/New_York, America/Chicago, America/Toronto",
    -360: "CST, MDT, Central Standard Time, Mountain Daylight Time, America/Chicago, America/Denver",
    -420: "MST, PDT, Mountain Standard Time, Pacific Daylight Time, America/Los_Angeles, America/Denver",
    -480: "PST, Pacific Standard Time, America/Los_Angeles",
}


def _american(at: datetime) -> Iterator[str]:
    """Without zeros in front, as JavaScript's toLocaleString has it."""
    half = f"{at.hour % 12 or 12}:{at:%M:%S} {at:%p}"
    for day in (f"{at.month}/{at.day}/{at.year}", f"{at.day}/{at.month}/{at.year}"):
        for sep in (", ", " "):
            yield f"{day}{sep}{half}"
            yield f"{day}{sep}{at:%H:%M:%S}"
    for form in (f"%a %b {at.day} %H:%M:%S %Y", f"%a %b {at.day} %H:%M:%S %Y GMT", "%a %b %d %H:%M:%S %Y\n"):
        yield at.strftime(form)
    for sep in (".", "/", "-"):
        yield f"{at.day}{sep}{at.month}{sep}{at.year}, {at:%H:%M:%S}"
        yield f"{at.year}{sep}{at.month}{sep}{at.day} {at:%H:%M:%S}"


_FORMS = (
    *("%a, %d %b %Y %H:%M:%S <zone>", "%a, %d-%b-%y %H:%M:%S GMT", "%A, %d-%b-%y %H:%M:%S GMT", "%a %b %d %H:%M:%S %Y"),
    *("%a %b %e %H:%M:%S %Y", "%a %b %d %H:%M:%S UTC %Y", "%a %b %d %H:%M:%S GMT %Y", "%a, %d %b %Y %H:%M:%S UTC"),
    *("%a %b %d %Y %H:%M:%S GMT<zone>", "%a %b %d %Y", "%Y-%m-%d", "%Y%m%d", "%Y/%m/%d", "%Y/%m/%d %H:%M:%S"),
    *("%Y%m%d%H%M%S", "%Y%m%d%H%M%S<ms>", "%Y%m%dT%H%M%S<ms>Z", "%Y%m%dT%H%M%S", "%Y-%m-%d %H:%M:%S <zone> UTC"),
    *("%Y-%m-%d %H:%M:%S.<ms> <zone> UTC", "%Y-%m-%d %H:%M:%S UTC", "%Y-%m-%d %H:%M:%S <zone>", "%Y-%m-%d %H:%M:%SZ"),
    *("%Y-%m-%dT%H:%M:%S<zone>", "%Y-%m-%dT%H:%M:%S.<ms><zone>", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%MZ", "%Y-%m-%d %H:%M"),
    *("%Y-%m-%dT%H:%M:%S.<ms>0000<zone>", "%Y-%m-%dT%H:%M:%S.<ms>000000Z", "%Y-%m-%dT%H:%M:%S.<ms>0000Z"),
    *("%m/%d/%Y %H:%M:%S", "%d/%m/%Y %H:%M:%S", "%d.%m.%Y %H:%M:%S", "%d-%m-%Y %H:%M:%S", "%m/%d/%Y %I:%M:%S %p"),
    *("%d/%m/%Y, %H:%M:%S", "%m/%d/%Y, %H:%M:%S", "%H:%M:%S", "%Y-%m-%d %H:%M:%S,<ms>", "%Y-%m-%d-%H-%M-%S"),
    *("%Y-%m-%dT%H%%3A%M%%3A%SZ", "%Y-%m-%dT%H%%3A%M%%3A%S.<ms>Z", "%y%m%d%H%M%S", "%y%m%d"),
    *(
        "%Y-%m-%dT%H:%M:%S.<ms>000Z",
        "%Y-%m-%d %H:%M:%S.<ms>000 +0000 UTC",
        "%Y-%m-%d %H:%M:%S.<ms>000+00:00",
        "%m/%d/%y %H:%M",
        "%Y.%m.%d %H:%M",
        "%Y.%m.%d %H:%M:%S",
        "%b %d %H:%M:%S",
        "%b %d %H:%M:%S.<ms>",
    ),
    *(
        "%d-%b-%Y %H:%M:%S",
        "%d %b %Y %H:%M:%S",
        "%b %d, %Y %I:%M:%S %p",
        "%m/%d/%Y %I:%M %p",
        "%d/%m/%Y %H:%M",
        "%m/%d/%Y %H:%M",
    ),
    *(
        "%Y-%m-%dT%H-%M-%S",
        "%Y-%m-%d_%H-%M-%S",
        "%Y-%m-%dT%H:%M:%S.<ms>000<zone>",
        "%Y-%m-%dT%H:%M:%S.<ms>000000<zone>",
    ),
)

DATES = (
    *(
        row(
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
    row(
        "iso-encoded",
        UNCOMMON,
        "as an ISO 8601 date, percent-encoded",
        lambda t: _iso(t, "T", 0, "").replace(":", "%3A"),
    ),
    row("http-date", RARE, "as an HTTP date", lambda t: f"{date(t):%a, %d %b %Y %H:%M:%S GMT}"),
    row(
        "javascript-date",
        RARE,
        "as JavaScript's Date prints it",
        lambda t: f"{date(t):%a %b %d %Y %H:%M:%S} GMT+0000 (Coordinated Universal Time)",
    ),
    row("compact-date", RARE, "as a date without separators", lambda t: f"{date(t):%Y%m%dT%H%M%SZ}"),
    row("digits-date", EXOTIC, "as a date without separators", lambda t: f"{date(t):%Y%m%d%H%M%S}"),
)

DATE_FAMILIES = (
    family(
        "zone-iso",
        FAMILY,
        "A local date was signed, in ISO 8601.",
        lambda t: (
            _iso(t + sign * round(zone * 1000), sep, digits, end)
            for zone in zones()
            for sign in (1, -1)
            for sep, digits, end in (("T", 0, ""), ("T", 3, ""), ("T", 3, "Z"), ("T", 0, "Z"), (" ", 0, ""))
        ),
    ),
    family(
        "iso-microseconds",
        FAMILY,
        "The timestamp was signed as an ISO 8601 date with microseconds.",
        lambda t: (
            f"{start}{i:03}{zone}"
            for sep, zone in (("T", ""), ("T", "Z"), ("T", "+00:00"), (" ", ""))
            for start in (_iso(t, sep, 3, ""),)
            for i in range(1000)
        ),
    ),
    family("date", FAMILY, "The timestamp was signed as a date.", _printed),
    family("date", FAMILY, "The timestamp was signed as a local date with the name of its zone.", _named_zones),
    family(
        "iso-ticks",
        FAMILY,
        "The timestamp was signed as an ISO 8601 date with seven decimals, as .NET writes it.",
        lambda t: (f"{start}{i:04}Z" for start in (_iso(t, "T", 3, ""),) for i in range(10_000)),
    ),
)
