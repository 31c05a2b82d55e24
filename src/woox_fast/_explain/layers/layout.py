"""What people put together in place of the rule: which parts, in which order, with what between them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import JOINT, Layout, Sent
from .exchanges import EXCHANGES
from .json_text import SAME_BYTES
from .query import AS_SENT
from .rules import BASES, RULE, replaced, row

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
                    members = zip(names, (stamp, '"{m}"', '"{p}{q}"', body), strict=True)
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


def _contents(name: str, cost: int, sentence: str, source: str | None = None) -> Change:
    return Change(name, cost, sentence, lambda layout, sent: (BASES["v3"]._replace(source=source or name),))


_CONTENTS = (
    _contents("query-in-body", LIKELY, f"The query was signed as if it were the body, but sent in the path. {AS_SENT}"),
    _contents("query-in-body-json", LIKELY, f"The query was signed as a JSON body, but sent in the path. {AS_SENT}"),
    _contents(
        "query-in-body-json",
        COMMON,
        f"The query was signed as a JSON body, but sent in the path. {AS_SENT}",
        "query-in-body-compact",
    ),
    _contents(
        "query-in-body-repr",
        COMMON,
        f"The query was signed as Python's repr of a dict, but sent in the path. {AS_SENT}",
    ),
    *(
        _contents(
            name,
            COMMON,
            f"The query was signed as {what}, but sent in the path. {AS_SENT}",
            source,
        )
        for name, what, source in (
            ("query-in-body-json", "a JSON body", "query-in-body-typed"),
            ("query-in-body-json", "a JSON body", "query-in-body-typed-compact"),
            ("query-in-body-repr", "Python's repr of a dict", "query-in-body-typed-repr"),
            ("query-in-body-items", "Python's repr of a list", "query-in-body-items"),
            ("query-in-body-items", "Python's repr of a list", "query-in-body-typed-items"),
        )
    ),
    _contents("query-also-in-body", COMMON, f"The query was signed twice, in the path and as a body. {AS_SENT}"),
    _contents("query-also-in-body-json", COMMON, f"The query was signed twice, as JSON the second time. {AS_SENT}"),
    _contents(
        "query-also-in-body-json",
        UNCOMMON,
        f"The query was signed twice, as JSON the second time. {AS_SENT}",
        "query-also-in-body-compact",
    ),
    _contents(
        "body-in-query", LIKELY, f"The body was signed as a query in the path, but sent as the body. {SAME_BYTES}"
    ),
    _contents(
        "body-in-query",
        COMMON,
        f"The body was signed as a query in the path, but sent as the body. {SAME_BYTES}",
        "body-in-query-json",
    ),
    _contents(
        "body-also-in-query",
        UNCOMMON,
        f"The body was signed as it is and as a query too, but sent once. {SAME_BYTES}",
        "body-also-in-query-json",
    ),
    _contents(
        "body-in-query-sorted",
        COMMON,
        f"The body was signed as a sorted query in the path, but sent as the body. {SAME_BYTES}",
    ),
    _contents(
        "body-also-in-query", COMMON, f"The body was signed as it is and as a query too, but sent once. {SAME_BYTES}"
    ),
)

_SCHEMES = (
    Change(
        "rule-v3",
        LIKELY,
        f"The V3 rule was used for a request that is not V3. {RULE}",
        lambda layout, sent: (BASES["v3"],) if sent.path else (),
    ),
    Change(
        "rule-v1",
        LIKELY,
        f"The V1 rule was used (sorted parameters, '|', timestamp). {RULE}",
        lambda layout, sent: (BASES["v1"],),
    ),
    Change(
        "rule-websocket",
        COMMON,
        f"The websocket's rule was used ('|', timestamp). {RULE}",
        lambda layout, sent: (BASES["ws"],),
    ),
    Change(
        "rule-v1-decoded",
        COMMON,
        f"The V1 rule was used, over parameters before percent-encoding. {RULE}",
        lambda layout, sent: (BASES["v1"]._replace(source="v1-decoded"),),
    ),
    Change(
        "rule-v1-unsorted",
        LIKELY,
        f"The V1 rule was used, over parameters that were not sorted. {RULE}",
        lambda layout, sent: (BASES["v1"]._replace(source="v1-as-sent"),),
    ),
    row("rule-v1-no-timestamp", COMMON, "Only the sorted parameters were signed.", "{q}", source="v1"),
    row("rule-v1-body", UNCOMMON, "The body as it is, '|' and the timestamp were signed.", "{b}", "{t}", separator="|"),
    row("rule-v1-path", UNCOMMON, "Path, query, '|' and the timestamp were signed.", "{p}{q}{b}", "{t}", separator="|"),
    row(
        "rule-v1-timestamp-first",
        UNCOMMON,
        "Timestamp, '|' and the sorted parameters were signed.",
        "{t}",
        "{q}",
        separator="|",
        source="v1",
    ),
    row(
        "rule-v1-timestamp-parameter",
        UNCOMMON,
        "The V1 rule was used with the timestamp as a parameter.",
        "{q}&timestamp={t}",
        source="v1",
    ),
    row("rule-v1-ampersand", UNCOMMON, "The V1 rule was used with & before the timestamp.", "{q}&{t}", source="v1"),
    row(
        "rule-v3-sorted-parameters",
        COMMON,
        "The parameters were signed in sorted form in the place of query and body.",
        "{t}",
        "{m}",
        "{p}",
        "{q}",
        source="v1",
    ),
    row(
        "rule-v3-sorted-query",
        UNCOMMON,
        "The parameters were signed in sorted form after a ? in the path.",
        "{t}",
        "{m}",
        "{p}?{q}",
        source="v1",
    ),
    row(
        "rule-v3-json",
        UNCOMMON,
        "The parameters were signed as sorted JSON.",
        "{t}",
        "{m}",
        "{p}",
        "{b}",
        source="v1-json",
    ),
    *(
        row(name, UNCOMMON, sentence, *parts, separator=separator, source=source)
        for name, sentence, parts, separator in (
            ("rule-v3-json", "The V3 rule was used, over the parameters as JSON.", ("{t}", "{m}", "{p}", "{b}"), ""),
            ("rule-v1-json", "JSON, '|' and the timestamp were signed.", ("{b}", "{t}"), "|"),
            ("only-json", "Only the parameters as JSON were signed.", ("{b}",), ""),
        )
        for source in (
            "v1-as-sent-json",
            "v1-as-sent-json-spaced",
            "v1-json-spaced",
            "v1-json-typed",
            "v1-as-sent-repr",
        )
    ),
    row(
        "rule-v1-concatenated",
        UNCOMMON,
        "Sorted names and values with nothing between them were signed.",
        "{q}",
        "{t}",
        source="v1-concatenated",
    ),
    row(
        "rule-v1-values",
        RARE,
        "The sorted parameters' values with nothing between them were signed.",
        "{q}",
        "{t}",
        source="v1-values",
    ),
)


def _separator(name: str, cost: int, what: str, separator: str) -> Change:
    def values(layout: Layout, sent: Sent) -> Iterator[Layout]:
        if JOINT in layout.template:
            yield layout._replace(separator=separator)

    return Change(f"separator-{name}", cost, f"The parts were joined with {what}. {RULE}", values)


def _end(name: str, cost: int, what: str, before: str, after: str) -> Change:
    return Change(
        f"message-{name}",
        cost,
        f"The message was signed with {what}. {RULE}",
        lambda layout, sent: (layout._replace(template=before + layout.template + after),),
    )


_SEPARATORS = (
    _separator("newline", LIKELY, "newlines", "\n"),
    _separator("space", COMMON, "spaces", " "),
    _separator("bar", COMMON, "'|'", "|"),
    _separator("ampersand", COMMON, "'&'", "&"),
    _separator("comma", COMMON, "commas", ","),
    _separator("colon", COMMON, "colons", ":"),
    _separator("none", LIKELY, "nothing", ""),
    *(
        _separator(name, cost, what, text)
        for name, cost, what, text in (
            ("plus", UNCOMMON, "'+'", "+"),
            ("dash", UNCOMMON, "'-'", "-"),
            ("dot", UNCOMMON, "'.'", "."),
            ("underscore", UNCOMMON, "'_'", "_"),
            ("semicolon", UNCOMMON, "';'", ";"),
            ("slash", UNCOMMON, "'/'", "/"),
            ("hash", UNCOMMON, "'#'", "#"),
            ("crlf", UNCOMMON, "CR LF", "\r\n"),
            ("tab", UNCOMMON, "tabs", "\t"),
            ("comma-space", UNCOMMON, "commas and spaces", ", "),
            ("escaped-newline", UNCOMMON, "the two characters \\n", "\\n"),
            ("spaced-plus", RARE, "' + '", " + "),
            ("two-newlines", RARE, "two newlines", "\n\n"),
            ("two-bars", RARE, "'||'", "||"),
            ("two-colons", RARE, "'::'", "::"),
            ("at", EXOTIC, "'@'", "@"),
            ("star", EXOTIC, "'*'", "*"),
            ("nul", EXOTIC, "NUL bytes", "\0"),
            ("undefined", EXOTIC, "the text undefined", "undefined"),
            ("arrow", EXOTIC, "'->'", "->"),
            ("tilde", EXOTIC, "'~'", "~"),
            ("equals", EXOTIC, "'='", "="),
            ("question-mark", EXOTIC, "'?'", "?"),
            ("percent", EXOTIC, "'%'", "%"),
            ("quote", EXOTIC, "double quotes", '"'),
            ("spaced-bar", EXOTIC, "' | '", " | "),
            ("spaced-dash", EXOTIC, "' - '", " - "),
            ("null", EXOTIC, "the text null", "null"),
            ("none", EXOTIC, "the text None", "None"),
            ("two-spaces", EXOTIC, "two spaces", "  "),
            ("two-ampersands", EXOTIC, "'&&'", "&&"),
            ("colon-space", EXOTIC, "': '", ": "),
            ("escaped-tab", EXOTIC, "the two characters \\t", "\\t"),
            ("encoded-newline", EXOTIC, "'%0A'", "%0A"),
            ("cr", EXOTIC, "CR", "\r"),
            ("unit-separator", EXOTIC, "the byte 1F", "\x1f"),
            ("start-of-heading", EXOTIC, "the byte 01", "\x01"),
        )
    ),
)

_ENDS = (
    _end("newline", COMMON, "a newline at its end", "", "\n"),
    _end("crlf", UNCOMMON, "CR LF at its end", "", "\r\n"),
    _end("trailing-space", UNCOMMON, "a space at its end", "", " "),
    _end("leading-space", RARE, "a space in front", " ", ""),
    _end("quoted", UNCOMMON, "double quotes round it", '"', '"'),
    _end("single-quoted", UNCOMMON, "single quotes round it", "'", "'"),
    _end("bytes-repr", UNCOMMON, "b'...' round it", "b'", "'"),
    _end("bar", UNCOMMON, "'|' at its end", "", "|"),
    _end("ampersand", UNCOMMON, "'&' at its end", "", "&"),
    _end("colon", RARE, "':' at its end", "", ":"),
    _end("leading-bar", UNCOMMON, "'|' in front", "|", ""),
    _end("leading-newline", RARE, "a newline in front", "\n", ""),
    _end("timestamp-doubled", RARE, "the timestamp once more in front", "{t}", ""),
    _end("null", UNCOMMON, "the text null at its end", "", "null"),
    _end("undefined", UNCOMMON, "the text undefined at its end", "", "undefined"),
    _end("none", UNCOMMON, "the text None at its end", "", "None"),
    _end("bom", UNCOMMON, "a byte order mark in front", "\ufeff", ""),
    _end("undefined-first", RARE, "the text undefined in front", "undefined", ""),
    _end("window", UNCOMMON, "a receive window at its end", "", "5000"),
)

LAYOUT = Table(_CONTENTS, (*_SCHEMES, *_PLACES, *EXCHANGES), _SEPARATORS, _ENDS, most=3)
