"""What people put together in place of the rule: which parts, in which order, with what between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from ..changes import COMMON, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import JOINT, Layout, Sent
from .exchanges import EXCHANGES
from .exchanges_more import MORE_EXCHANGES
from .layout_families import LAYOUT_FAMILIES
from .rules import RULE, replaced, row
from .schemes import CONTENTS, SCHEMES
from .separators import ENDS, SEPARATORS

_PARTS = ("{t}", "{m}", "{p}{q}", "{b}")


def _other_permutations(layout: Layout, sent: Sent) -> Iterator[Layout]:
    for parts in permutations(_PARTS):
        yield replaced(layout, JOINT.join(parts))


def _fewer_parts(layout: Layout, sent: Sent) -> Iterator[Layout]:
    for count in (3, 2, 1):
        for parts in permutations(_PARTS, count):
            yield replaced(layout, JOINT.join(parts))


def _with_key(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """The API key in any place of the rule and of what is left of it, and with a receive window after it."""
    if sent.api_key:
        for parts in (
            _PARTS,
            ("{t}", "{p}{q}", "{b}"),
            ("{t}", "{m}", "{p}{q}"),
            ("{t}", "{b}"),
            ("{t}", "{q:bare}", "{b}"),
            ("{t}",),
        ):
            for at in range(len(parts) + 1):
                yield replaced(layout, JOINT.join((*parts[:at], "{k}", *parts[at:])))


def _with_window(layout: Layout, sent: Sent) -> Iterator[Layout]:
    for window in WINDOWS:
        for before in ("{t}", "{t}" + JOINT + "{k}"):
            if sent.api_key or "{k}" not in before:
                yield replaced(layout, JOINT.join((before, window, "{q:bare}{b}")))
                yield replaced(layout, JOINT.join((before, window, "{m}", "{p}{q}", "{b}")))


def _named(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """Parts with their names before them."""
    for names in (
        ("timestamp", "method", "path", "body"),
        ("timestamp", "method", "requestPath", "body"),
        ("ts", "method", "path", "body"),
        ("timestamp", "request_method", "request_path", "request_body"),
        ("t", "m", "p", "b"),
    ):
        parts = list(zip(names, _PARTS, strict=True))
        for equals, between in (("=", "&"), (":", ","), (":", "\n"), ("=", "\n"), (": ", "\n"), (":", ""), ("=", "")):
            named = [f"{name}{equals}{part}" for name, part in parts]
            yield replaced(layout, JOINT.join(named), between)
            yield replaced(layout, JOINT.join(sorted(named)), between)


def _as_json(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """The parts as a JSON object or list, or as a language prints a list of them."""
    for colon, comma in ((":", ","), (": ", ", ")):
        for names in (("timestamp", "method", "path", "body"), ("timestamp", "method", "requestPath", "body")):
            for stamp in ("{t}", '"{t}"'):
                for body in ("{b}", '"{b}"', "{b:json}"):
                    parts = (stamp, '"{m}"', '"{p}{q}"', body)
                    members = zip(names, parts, strict=True)
                    yield replaced(layout, "{{" + comma.join(f'"{name}"{colon}{part}' for name, part in members) + "}}")
    for opening, closing in (("[", "]"), ("(", ")"), ("", "")):
        for comma in (", ", ","):
            for stamp in ("{t}", "'{t}'", '"{t}"'):
                for mark in ("'", '"'):
                    for body in (f"{mark}{{b}}{mark}", "{b}", "{b:json}", "b'{b}'"):
                        parts = (stamp, f"{mark}{{m}}{mark}", f"{mark}{{p}}{{q}}{mark}", body)
                        yield replaced(layout, opening + comma.join(parts) + closing)


def _with_more(layout: Layout, sent: Sent) -> Iterator[Layout]:
    """Headers' values, the host or lengths among the parts."""
    more = ["application/json", "application/x-www-form-urlencoded", "{o}", "https://{o}", "{b:length}", "v3", "V3"]
    more += [
        "application/json; charset=utf-8",
        "HTTP/1.1",
        "HMAC-SHA256",
        "hmac-sha256",
        "{b:sha256}",
        "2",
        "{t:seconds}",
    ]
    for one in more:
        for at in range(len(_PARTS) + 1):
            yield replaced(layout, JOINT.join((*_PARTS[:at], one, *_PARTS[at:])))


WINDOWS = (
    "5000",
    "10000",
    "20000",
    "60000",
    "3000",
    "1000",
    "30000",
    "6000",
    "2000",
    "50000",
    "15000",
    "0",
    "recvWindow=5000",
)

_Q = "{q:bare}"
_PLACES = (
    row("only-body", COMMON, "Only the body was signed.", "{b}"),
    row("only-timestamp", LIKELY, "Only the timestamp was signed.", "{t}"),
    row("only-path", COMMON, "Only path and query were signed.", "{p}{q}"),
    row("only-query", COMMON, "Only the query was signed.", _Q),
    row("only-query-and-body", COMMON, "Only query and body were signed.", _Q, "{b}"),
    row("nothing", LIKELY, "Nothing was signed: the message was empty.", ""),
    row("timestamp-left-out", LIKELY, "The timestamp was not signed.", "{m}", "{p}{q}", "{b}"),
    row("timestamp-last", LIKELY, "The timestamp was signed last, not first.", "{m}", "{p}{q}", "{b}", "{t}"),
    row(
        "timestamp-after-method",
        LIKELY,
        "The timestamp was signed after the method, not first.",
        "{m}",
        "{t}",
        "{p}{q}",
        "{b}",
    ),
    row(
        "timestamp-after-path",
        COMMON,
        "The timestamp was signed after the path, not first.",
        "{m}",
        "{p}{q}",
        "{t}",
        "{b}",
    ),
    row("timestamp-twice", UNCOMMON, "The timestamp was signed first and last.", "{t}", "{m}", "{p}{q}", "{b}", "{t}"),
    row("path-before-method", LIKELY, "Path and method were signed in the wrong order.", "{t}", "{p}{q}", "{m}", "{b}"),
    row("body-before-path", LIKELY, "Path and body were signed in the wrong order.", "{t}", "{m}", "{b}", "{p}{q}"),
    row("path-left-out", LIKELY, "The path was not signed.", "{t}", "{m}", "{b}"),
    row("method-and-path-left-out", COMMON, "Only timestamp and body were signed.", "{t}", "{b}"),
    row("path-for-query", COMMON, "Of the path only its query was signed.", "{t}", "{m}", _Q, "{b}"),
    row("query-apart", COMMON, "Path and query were signed apart.", "{t}", "{m}", "{p}", _Q, "{b}"),
    row("timestamp-and-query", COMMON, "Only timestamp, query and body were signed.", "{t}", _Q, "{b}"),
    row("api-key-first", COMMON, "The API key was signed too, in front.", "{k}", "{t}", "{m}", "{p}{q}", "{b}"),
    row(
        "api-key-second",
        COMMON,
        "The API key was signed too, after the timestamp.",
        "{t}",
        "{k}",
        "{m}",
        "{p}{q}",
        "{b}",
    ),
    row("api-key-last", COMMON, "The API key was signed too, at the end.", "{t}", "{m}", "{p}{q}", "{b}", "{k}"),
    row(
        "api-key-for-method-and-path",
        COMMON,
        "The API key was signed in place of method and path.",
        "{t}",
        "{k}",
        "{b}",
    ),
    row("only-api-key", UNCOMMON, "Only the API key was signed.", "{k}"),
    row("key-and-timestamp", UNCOMMON, "Only API key and timestamp were signed.", "{k}", "{t}"),
    row("timestamp-and-key", UNCOMMON, "Only timestamp and API key were signed.", "{t}", "{k}"),
    row("key-in-query", UNCOMMON, "The API key was signed too, in the query.", "apiKey={k}&" + _Q + "&timestamp={t}"),
    row("request-line", UNCOMMON, "The request line was signed as HTTP/1.1 writes it.", "{t}{m} {p}{q} HTTP/1.1{b}"),
    row("path-with-fields", RARE, "The body's fields were signed as a query too.", "{t}", "{m}", "{p}?{b}"),
    row("method-before-url", RARE, "Method and URL were signed with a space between them.", "{t}{m} {p}{q}{b}"),
    *(
        row("message-text", UNCOMMON, f"The text {text} was signed in place of the message.", text)
        for text in ("undefined", "null", "None", "[object Object]", "NaN")
    ),
    Change("other-order", UNCOMMON, f"The parts were signed in another order. {RULE}", _other_permutations),
    Change("parts-left-out", UNCOMMON, f"Not all parts were signed, or not in their order. {RULE}", _fewer_parts),
    Change("api-key-signed", UNCOMMON, f"The API key was signed too. {RULE}", _with_key),
    Change("receive-window-signed", UNCOMMON, f"A receive window was signed too (Bybit's rule). {RULE}", _with_window),
    Change("names-signed", RARE, f"The parts were signed with their names. {RULE}", _named),
    Change(
        "signed-as-json", FAMILY, f"The parts were signed as JSON or as a list that a language prints. {RULE}", _as_json
    ),
    Change("more-signed", FAMILY, f"More than the rule's parts was signed. {RULE}", _with_more),
)

LAYOUT = Table(CONTENTS, (*SCHEMES, *_PLACES, *EXCHANGES, *LAYOUT_FAMILIES, *MORE_EXCHANGES), SEPARATORS, ENDS, most=3)
