"""Mistakes in the message's layout: the parts, their order, and the marks between them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from itertools import permutations
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ... import prehash
from .. import json_edits, notations
from ..rows import COMMON, LIKELY, UNCOMMON, Apply, Row, Table
from ..signing import JOINT, RULE, Layout, SignedParts, Source, as_sent, to_bytes, to_text
from .body import SAME_BYTES, to_compact_json
from .query import AS_SENT


def _write_form(body: bytes) -> bytes:
    try:
        return to_bytes(notations.to_python_form(to_text(body))) if body[:1] == b"{" else body
    except (ValueError, RecursionError):
        return body


def _sort_v1(request: SignedParts) -> tuple[str, bytes]:
    query = to_bytes("?" + request.query.removeprefix("?"))
    return to_text(prehash.build_unchecked("v1", b"", b"", query, _write_form(request.body))[:-1]), b""


def _decode_v1(request: SignedParts) -> tuple[str, bytes]:
    written = _sort_v1(request)[0]
    if (decoded := unquote_plus(written, errors="surrogateescape")) == written:
        raise ValueError("nothing is percent-encoded")
    return decoded, b""


def _join_unsorted(request: SignedParts) -> tuple[str, bytes]:
    return "&".join(part for part in (request.query.removeprefix("?"), to_text(_write_form(request.body))) if part), b""


def _sort_v1_words(request: SignedParts) -> tuple[str, bytes]:
    if request.query or request.body[:1] != b"{":
        raise ValueError("not JSON")
    return "&".join(sorted(unquote_plus(notations.to_form(to_text(request.body))).split("&"))), b""


def _move(to_body: bool, write: Callable[[str], str], keep: bool) -> Source:
    def content(request: SignedParts) -> tuple[str, bytes]:
        text = request.query[1:] if to_body else to_text(request.body)
        if not text or (request.body if to_body else request.query):
            raise ValueError("there is no part to move")
        if to_body:
            return (request.query if keep else ""), to_bytes(write(text))
        return "?" + (write(text) if text[0] == "{" else text), request.body if keep else b""

    return content


def _read_strings(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))


_WORDS = {"true": True, "false": False, "True": True, "False": False, "None": None, "null": None}


def _read_numbers(query: str) -> dict[str, Any]:
    pairs = _read_strings(query).items()
    return {n: json.loads(v) if json_edits.NUMBER.fullmatch(v) and len(v) < 40 else _WORDS.get(v, v) for n, v in pairs}


_READS = (_read_strings, _read_numbers)
_JSON = [lambda q, w=w, r=r, m=m: m + w(r(q)) for w in (json.dumps, to_compact_json) for r in _READS for m in ("", "?")]
_REPR = [lambda q, r=r, m=m: f"{m}{r(q)}" for r in _READS for m in ("", "?")]
_FORMS = [notations.to_python_form, notations.to_form]


def _write_sorted_form(text: str) -> str:
    return "&".join(sorted(notations.to_python_form(text).split("&")))


def _build_content_row(to_body: bool, name: str, cost: int, words: str, *writes: Callable[[str], str]) -> Row:
    part = "query" if to_body else "body"
    sources = [_move(to_body, write, "also" in name) for write in writes]

    def apply(_: Layout, request: SignedParts) -> list[Layout]:
        return [BASES["v3"]._replace(source=source) for source in sources]

    remedy = AS_SENT if to_body else SAME_BYTES
    return Row(f"{part}-{name}", cost, f"The {part} was signed {words}.", remedy, apply)


_CONTENTS = (
    _build_content_row(True, "in-body", LIKELY, "as the body, but sent in the path", str),
    _build_content_row(True, "in-body-json", LIKELY, "as a JSON body, but sent as a query in the path", *_JSON),
    _build_content_row(True, "in-body-repr", COMMON, "as Python's str(dict), but sent as a query in the path", *_REPR),
    _build_content_row(True, "also-in-body", COMMON, "twice, in the path and as a body", str),
    _build_content_row(True, "also-in-body-json", COMMON, "twice, in the path and as a JSON body", *_JSON),
    _build_content_row(False, "in-query", LIKELY, "as a query in the path, but sent as the body", *_FORMS),
    _build_content_row(False, "in-query-sorted", COMMON, "as a sorted query, but sent as the body", _write_sorted_form),
    _build_content_row(False, "also-in-query", COMMON, "twice, as a query and as a body", *_FORMS),
)


def _fill_slots(scheme: str, *parts: str) -> str:
    """Apply a rule of `prehash` to slots, so that no rule is written twice."""
    return to_text(prehash.build_unchecked(scheme, *map(to_bytes, parts)))


BASES = {
    "v3": Layout(_fill_slots("v3", "{t}" + JOINT, "{m}" + JOINT, "{p}{q}" + JOINT, "{b}")),
    "v1": Layout(_fill_slots("v1", "{t}", "", "?{q}", "").replace("=|", JOINT), "|", _sort_v1),
    "ws": Layout(_fill_slots("ws", "{t}", "", "", "").replace("|", JOINT), "|"),
}
RULES = {
    "v3": "Sign timestamp + method + path?query + body, without separators (the V3 rule).",
    "v1": "Sign the parameters sorted by name and joined with '&', then '|' and the timestamp (the V1 rule).",
    "ws": "Sign '|' and the timestamp (the websocket's rule).",
}
_WINDOWS = ("", 5000, 10000, 20000, 60000)
_WINDOW_SIGNED = [form.replace("W", str(w)) for w in _WINDOWS[1:] for form in ("{t}W{m}{p}{q}{b}", "{t}{m}{p}{q}{b}W")]
_BINANCE = (
    *(f"{before}timestamp={{t}}" for before in ("", "{q}&", *(f"{{q}}&recvWindow={w}&" for w in _WINDOWS[1:]))),
    *(f"{before}timestamp={{t}}&recvWindow={w}" for before in ("", "{q}&") for w in _WINDOWS[1:]),
)
_GATE = "{m}\n{p}\n{q:bare}\n{b:sha512}\n{t:seconds}"
_PRO = "WOO X Pro's rule was used (timestamp#memo#body)."
_MEMOS = ("{n}", "", "undefined", "None", "null", "{k}")
# Wrong rules: name, cost, cause, template, source.
_TEMPLATES: tuple[tuple[Any, ...], ...] = (
    ("rule-v1", LIKELY, "The V1 rule was used.", "{q}¦{t}", _sort_v1),
    ("rule-v1", LIKELY, "The V1 rule was used.", "{q}¦{t}", _sort_v1_words),
    ("rule-v1-unsorted", LIKELY, "The V1 rule was used without sorting the parameters.", "{q}¦{t}", _join_unsorted),
    ("rule-v1-decoded", COMMON, "The V1 rule was used before percent-encoding.", "{q}¦{t}", _decode_v1),
    ("rule-v1-no-timestamp", COMMON, "Only the sorted parameters were signed.", "{q}", _sort_v1),
    ("rule-v1-body", UNCOMMON, "The V1 rule was used over the body as sent.", "{b}|{t}"),
    ("rule-v3-parameters", COMMON, "Sorted parameters were signed for query and body.", "{t}¦{m}¦{p}¦{q}", _sort_v1),
    ("rule-v3-parameters", UNCOMMON, "The sorted parameters were signed as the query.", "{t}¦{m}¦{p}?{q}", _sort_v1),
    ("rule-websocket", COMMON, "The websocket's rule was used ('|' and the timestamp).", "|{t}"),
    ("nothing", LIKELY, "The signed message was empty.", ""),
    ("only-timestamp", LIKELY, "Only the timestamp was signed.", "{t}"),
    ("only-body", COMMON, "Only the body was signed.", "{b}"),
    ("only-path", COMMON, "Only path and query were signed.", "{p}{q}"),
    ("only-query", COMMON, "Only the query was signed.", "{q:bare}"),
    ("timestamp-left-out", LIKELY, "The timestamp was not signed.", "{m}¦{p}{q}¦{b}"),
    ("timestamp-last", LIKELY, "The timestamp was signed last, not first.", "{m}¦{p}{q}¦{b}¦{t}"),
    ("timestamp-after-method", LIKELY, "The timestamp was signed after the method, not first.", "{m}¦{t}¦{p}{q}¦{b}"),
    ("timestamp-after-path", COMMON, "The timestamp was signed after the path, not first.", "{m}¦{p}{q}¦{t}¦{b}"),
    ("path-before-method", LIKELY, "The path was signed before the method.", "{t}¦{p}{q}¦{m}¦{b}"),
    ("body-before-path", LIKELY, "The body was signed before the path.", "{t}¦{m}¦{b}¦{p}{q}"),
    ("path-left-out", LIKELY, "The path was not signed.", "{t}¦{m}¦{b}"),
    ("method-and-path-left-out", COMMON, "Only timestamp and body were signed.", "{t}¦{b}"),
    ("path-for-query", COMMON, "The path was signed as its query alone.", "{t}¦{m}¦{q:bare}¦{b}"),
    ("query-apart", COMMON, "Path and query were signed as separate parts.", "{t}¦{m}¦{p}¦{q:bare}¦{b}"),
    ("timestamp-and-query", COMMON, "Only timestamp, query and body were signed.", "{t}¦{q:bare}¦{b}"),
    ("template", UNCOMMON, "The template was signed, not its values.", "{{timestamp}}{{method}}{{path}}{{body}}"),
    ("template", UNCOMMON, "The template was signed, not its values.", "${{timestamp}}${{method}}${{path}}${{body}}"),
    ("api-key-first", COMMON, "The API key was signed too, before the timestamp.", "{k}¦{t}¦{m}¦{p}{q}¦{b}"),
    ("api-key-second", COMMON, "The API key was signed too, after the timestamp.", "{t}¦{k}¦{m}¦{p}{q}¦{b}"),
    ("api-key-last", COMMON, "The API key was signed too, at the end.", "{t}¦{m}¦{p}{q}¦{b}¦{k}"),
    ("api-key-for-method-and-path", COMMON, "The API key was signed, without method and path.", "{t}¦{k}¦{b}"),
    *(("window-signed", UNCOMMON, "The receive window was signed too.", t) for t in _WINDOW_SIGNED),
    # Rules of further exchanges, from their documentation.
    *(("rule-woox-pro", LIKELY, _PRO, f"{{t}}#{memo}#{{q:bare}}{{b}}") for memo in _MEMOS),
    ("rule-okx", LIKELY, "OKX's rule was used (an ISO 8601 time).", "{t:iso}{m}{p}{q}{b}"),
    *(("rule-bybit", COMMON, "Bybit's rule was used.", f"{{t}}{{k}}{w}{{q:bare}}{{b}}") for w in _WINDOWS),
    *(("rule-binance", COMMON, "Binance's rule was used (timestamp=).", t, _join_unsorted) for t in _BINANCE),
    ("rule-mexc", COMMON, "MEXC's rule was used (API key, timestamp, parameters).", "{k}{t}{q:bare}{b}"),
    ("rule-coinbase", COMMON, "Seconds were signed, without the query (Coinbase's rule).", "{t:seconds}{m}{p}{b}"),
    ("rule-no-query", COMMON, "The query was sent but not signed.", "{t}{m}{p}{b}"),
    ("rule-bitmex", COMMON, "BitMEX's rule was used (seconds after the path).", "{m}{p}{q}{t:seconds}{b}"),
    ("rule-gate", COMMON, "Gate's rule was used.", _GATE, as_sent, "hmac-sha512"),
    ("rule-gate", COMMON, "Gate's rule was used, with HMAC-SHA256.", _GATE),
)


def _replace(template: str, source: Source = as_sent, digest: str = "hmac-sha256") -> Apply:
    layout = Layout(template, "|" if template == "{q}¦{t}" else "", source, digest)

    def apply(_: Layout, request: SignedParts) -> Layout | None:
        known = (request.api_key or "{k" not in template) and (request.memo is not None or "{n" not in template)
        return layout if known else None

    return apply


def _insert_key(_: Layout, request: SignedParts) -> Iterator[Layout]:
    parts = ("{t}", "{m}", "{p}{q}", "{b}")
    for rest in (parts, parts[:3], ("{t}", "{p}{q}", "{b}")) if request.api_key else ():
        yield from (Layout(JOINT.join((*rest[:at], "{k}", *rest[at:]))) for at in range(len(rest) + 1))


_PARTS = (("timestamp", "{t}"), ("method", "{m}"), ("path", "{p}{q}"), ("body", "{b}"))
_OTHER_VERSION = "The V3 rule was used for a request of another version."
_RULES = (
    Row("rule-v3", LIKELY, _OTHER_VERSION, RULE, lambda _, request: BASES["v3"] if request.path else None),
    *(Row(name, cost, cause, RULE, _replace(*how)) for name, cost, cause, *how in _TEMPLATES),
    *(
        Row("other-order", UNCOMMON, f"The signed message was {' + '.join(names)}.", RULE, _replace("¦".join(slots)))
        for count in (4, 3, 2, 1)
        for names, slots in (zip(*some, strict=True) for some in permutations(_PARTS, count))
    ),
    Row("api-key-signed", UNCOMMON, "The API key was signed too.", RULE, _insert_key),
)
_MARKS = (
    ("newline", LIKELY, "newlines", "\n"),
    ("none", LIKELY, "no separator", ""),
    *(("mark", COMMON, f"{mark!r}", mark) for mark in " |&,:"),
    ("escaped-newline", UNCOMMON, "a backslash and an n", "\\n"),
    ("crlf", UNCOMMON, "CR LF", "\r\n"),
    *(("mark", UNCOMMON, f"{mark!r}", mark) for mark in "+-._;/#"),
)


def _separate(mark: str) -> Apply:
    return lambda layout, _: layout._replace(separator=mark) if JOINT in layout.template else None


def _surround(before: str, after: str) -> Apply:
    return lambda layout, _: layout._replace(template=before + layout.template + after)


_SEPARATORS = tuple(
    Row(f"separator-{name}", cost, f"The parts were joined with {words}.", RULE, _separate(mark))
    for name, cost, words, mark in _MARKS
)
_END_TEXTS = (" ", "|", "null", "undefined", "None")
_ENDS = tuple(
    Row(f"message-{name}", cost, f"The message was signed with {words}.", RULE, _surround(before, after))
    for name, cost, words, before, after in (
        ("newline", COMMON, "a newline after it (echo without -n)", "", "\n"),
        *(("text", UNCOMMON, f"{end!r} after it", "", end) for end in _END_TEXTS),
    )
)

TABLE = Table((*_CONTENTS, *_RULES), _SEPARATORS, _ENDS)
