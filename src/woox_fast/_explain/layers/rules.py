"""The right rules as layouts, what counts as query and body in a layout, and how a row of the tables is made."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import parse_qsl, unquote_plus

from ... import prehash
from .. import rewrites
from ..changes import Change
from ..signing import JOINT, Layout, Sent, to_bytes, to_text

RULES = {
    "v3": "V3 signs timestamp + method + path?query + body, with nothing between them.",
    "v1": "V1 and V2 sign their parameters sorted by name, joined by '&', then '|' and the timestamp.",
    "ws": "The websocket's auth event signs '|' and the timestamp.",
}


# What counts as query and body in a layout: of a request as it was sent, the query and the body that are signed.


def _v1(sent: Sent) -> str:
    return to_text(
        prehash.unchecked("v1", b"", b"", to_bytes("?" + sent.query.removeprefix("?")), _form(sent.body))[:-1]
    )


def _form(body: bytes) -> bytes:
    """A body as the form that V1 takes it for."""
    try:
        return to_bytes(rewrites.python_form(body)) if body[:1] == b"{" else body
    except (ValueError, RecursionError):
        return body


def _as_sent(sent: Sent) -> str:
    pairs = [pair.partition("=") for pair in f"{sent.query.removeprefix('?')}&{to_text(_form(sent.body))}".split("&")]
    return "&".join(f"{name}={value}" for name, equals, value in pairs if name or equals)


def _form_as_sent(sent: Sent) -> str:
    """The parameters as they were sent, if they were not sent as JSON."""
    if sent.body[:1] in (b"{", b"[") or not (sent.query[1:] or sent.body):
        raise ValueError("JSON was sent, or nothing")
    return _as_sent(sent)


def _only_query(write: Callable[[str], bytes], keep: bool) -> Callable[[Sent], tuple[str, bytes]]:
    def contents(sent: Sent) -> tuple[str, bytes]:
        if len(sent.query) < 2 or sent.body:
            raise ValueError("no query that could be taken for a body")
        return (sent.query if keep else ""), write(sent.query[1:])

    return contents


def _form_of_body(sent: Sent, write: Callable[[bytes], str] = rewrites.python_form) -> str:
    if sent.query or not sent.body:
        raise ValueError("no body that could be taken for a query")
    form = write(sent.body) if sent.body[:1] == b"{" else to_text(sent.body)
    if form[:1] == "[":
        raise ValueError("no parameters")
    return form


def _parameters(query: str) -> dict[str, str]:
    return dict(parse_qsl(query, keep_blank_values=True, errors="surrogateescape"))


def _typed(query: str) -> dict[str, Any]:
    """The parameters with their numbers and booleans as such."""
    words = {"true": True, "false": False, "null": None}
    found: dict[str, Any] = {}
    for name, value in _parameters(query).items():
        found[name] = (
            int(value) if value.isdecimal() and value.isascii() and len(value) < 40 else words.get(value, value)
        )
    return found


def _with_parameters(key: str, stamp: str) -> Callable[[Sent], tuple[str, bytes]]:
    """The parameters sorted with the API key and the time among them."""

    def contents(sent: Sent) -> tuple[str, bytes]:
        more = f"&{stamp}={sent.timestamp}" + (f"&{key}={sent.api_key}" if key else "")
        return _v1(sent._replace(query=f"?{sent.query.removeprefix('?')}{more}")), b""

    return contents


def _with_words(sent: Sent) -> str:
    """The parameters sorted, with true and false as JSON has them."""
    if sent.query or sent.body[:1] != b"{":
        raise ValueError("no JSON")
    return "&".join(sorted(unquote_plus(rewrites.form(sent.body), errors="surrogateescape").split("&")))


def _json_with(
    before: tuple[str, ...], after: tuple[str, ...], write: Callable[[Any], bytes]
) -> Callable[[Sent], tuple[str, bytes]]:
    """The body's JSON with the request's own fields before and after those that it has."""

    def contents(sent: Sent) -> tuple[str, bytes]:
        value = json.loads(sent.body or b"{}")
        if not isinstance(value, dict):
            raise ValueError("no object")
        own = {
            "request": sent.path,
            "nonce": sent.timestamp,
            "access_token": sent.api_key,
            "apiKey": sent.api_key,
            "timestamp": int(sent.timestamp)
            if sent.timestamp.isdecimal() and len(sent.timestamp) < 40
            else sent.timestamp,
        }
        made = {**{name: own[name] for name in before}, **value, **{name: own[name] for name in after}}
        return "", write(made)

    return contents


def _spaced(value: Any) -> bytes:
    return to_bytes(json.dumps(value))


def _compact(value: Any) -> bytes:
    return to_bytes(json.dumps(value, separators=(",", ":"), ensure_ascii=False))


def _split_v1(sent: Sent) -> list[tuple[str, str]]:
    return [(name, value) for name, _, value in (pair.partition("=") for pair in _v1(sent).split("&"))]


SOURCES: dict[str, Callable[[Sent], tuple[str, bytes]]] = {
    "sent": lambda s: (s.query, s.body),
    "v1": lambda s: (_v1(s), b""),
    "v1-decoded": lambda s: (unquote_plus(_v1(s), errors="surrogateescape"), b""),
    "v1-as-sent": lambda s: (_as_sent(s), b""),
    "v1-json": lambda s: ("", _compact(dict(_split_v1(s)))),
    "v1-concatenated": lambda s: ("".join(name + value for name, value in _split_v1(s)), b""),
    "v1-concatenated-decoded": lambda s: (
        "".join(unquote_plus(name + value, errors="surrogateescape") for name, value in _split_v1(s)),
        b"",
    ),
    "v1-values": lambda s: ("".join(value for _, value in _split_v1(s)), b""),
    **{
        f"v1-with-{key}-{stamp}": _with_parameters(key, stamp)
        for key in ("", "api_key", "apiKey", "apikey", "access_key")
        for stamp in ("timestamp", "nonce", "ts", "tonce", "signTimestamp")
    },
    "v1-words": lambda s: (_with_words(s), b""),
    **{
        f"json-with-{name}-{style}": _json_with(before, after, write)
        for name, before, after in (
            ("request", ("request", "nonce"), ()),
            ("request-last", (), ("request", "nonce")),
            ("token", (), ("access_token", "nonce")),
            ("token-first", ("access_token", "nonce"), ()),
            ("nonce", (), ("nonce",)),
            ("timestamp", (), ("timestamp",)),
            ("key", (), ("apiKey", "timestamp")),
        )
        for style, write in (("compact", _compact), ("spaced", _spaced))
    },
    "query-in-body": _only_query(to_bytes, keep=False),
    "query-in-body-json": _only_query(lambda q: to_bytes(json.dumps(_parameters(q))), keep=False),
    "query-in-body-compact": _only_query(lambda q: _compact(_parameters(q)), keep=False),
    "query-in-body-repr": _only_query(lambda q: to_bytes(str(_parameters(q))), keep=False),
    "query-in-body-typed": _only_query(lambda q: to_bytes(json.dumps(_typed(q))), keep=False),
    "query-in-body-typed-compact": _only_query(lambda q: _compact(_typed(q)), keep=False),
    "query-in-body-typed-repr": _only_query(lambda q: to_bytes(str(_typed(q))), keep=False),
    "query-in-body-items": _only_query(lambda q: to_bytes(str(list(_parameters(q).items()))), keep=False),
    "query-in-body-typed-items": _only_query(lambda q: to_bytes(str(list(_typed(q).items()))), keep=False),
    "v1-as-sent-json": lambda s: ("", _compact(_parameters(_form_as_sent(s)))),
    "v1-as-sent-json-spaced": lambda s: ("", to_bytes(json.dumps(_parameters(_form_as_sent(s))))),
    "v1-as-sent-repr": lambda s: ("", to_bytes(str(_parameters(_form_as_sent(s))))),
    "v1-json-spaced": lambda s: ("", to_bytes(json.dumps(dict(sorted(_parameters(_form_as_sent(s)).items()))))),
    "v1-json-typed": lambda s: ("", _compact(_typed(_form_as_sent(s)))),
    "query-also-in-body": _only_query(to_bytes, keep=True),
    "query-also-in-body-json": _only_query(lambda q: to_bytes(json.dumps(_parameters(q))), keep=True),
    "query-also-in-body-compact": _only_query(lambda q: _compact(_parameters(q)), keep=True),
    "body-in-query": lambda s: ("?" + _form_of_body(s), b""),
    "body-in-query-sorted": lambda s: ("?" + "&".join(sorted(_form_of_body(s).split("&"))), b""),
    "body-in-query-json": lambda s: ("?" + _form_of_body(s, rewrites.form), b""),
    "body-also-in-query-json": lambda s: ("?" + _form_of_body(s, rewrites.form), s.body),
    "body-also-in-query": lambda s: ("?" + _form_of_body(s), s.body),
}


# Each scheme's right layout: what the rule of `payload` makes of slots in the place of parts.
def _slots(scheme: str, *parts: str) -> str:
    return to_text(prehash.unchecked(scheme, *map(to_bytes, parts)))


BASES = {
    "v3": Layout(_slots("v3", "{t}" + JOINT, "{m}" + JOINT, "{p}{q}" + JOINT, "{b}")),
    "v1": Layout(_slots("v1", "{t}", "", "?{q}", "").replace("=|", JOINT), "|", "v1"),
    "ws": Layout(_slots("ws", "{t}", "", "", "").replace("|", JOINT), "|"),
}

RULE = "{rule}"  # the sentence of the scheme, that explain puts in


def replaced(
    layout: Layout, template: str, separator: str = "", source: str = "sent", digest: str = "hmac-sha256"
) -> Layout:
    """Another layout in the place of one, over the query and body that this has moved into each other."""
    moved = source == "sent" and layout.source.startswith(("query-", "body-"))
    return Layout(template, separator, layout.source if moved else source, digest)


def row(
    name: str,
    cost: int,
    sentence: str,
    *parts: str,
    separator: str = "",
    source: str = "sent",
    digest: str = "hmac-sha256",
) -> Change:
    template = JOINT.join(parts)

    def values(layout: Layout, sent: Sent) -> Iterator[Layout]:
        if sent.api_key or "{k" not in template:
            yield replaced(layout, template, separator, source, digest)

    return Change(name, cost, f"{sentence} {RULE}", values)


def rule_row(
    name: str,
    cost: int,
    whose: str,
    template: str,
    *,
    digest: str = "hmac-sha256",
    source: str = "sent",
    separator: str = "",
) -> Change:
    """A rule of others: `whose` is "Gate's", and may go on in brackets."""
    owner, bracket, more = whose.partition(" (")
    return row(
        f"rule-{name}",
        cost,
        f"{owner} rule was used{bracket}{more}.",
        *template.split(JOINT),
        digest=digest,
        source=source,
        separator=separator,
    )
