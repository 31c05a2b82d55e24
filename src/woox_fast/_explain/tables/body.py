"""Mistakes in the body."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote, quote_plus, unquote_plus

from .. import json_edits, notations
from ..json_edits import edit_members, indent, map_one, map_scalars
from ..rows import COMMON, LIKELY, MANY, RARE, UNCOMMON, WIDE, WIDEST, Apply, Entry, Row, Table, build_rows, if_present
from ..signing import RULE, SignedParts, to_bytes, to_text

SAME_BYTES = "Serialize the body once, then sign and send the same bytes (`Signer.prepare` does)."
AS_JSON = "Send the signed string as the body (data=text in requests) with Content-Type application/json."
_BOM = b"\xef\xbb\xbf"
_CAUSE = "The body was signed {}, but sent otherwise."


def _encode(made: str | Iterable[str]) -> Iterator[bytes]:
    return map(to_bytes, [made] if isinstance(made, str) else made)


def _adapt_json_edit(function: Callable[[Any], Any]) -> Apply:
    def apply(body: bytes, request: SignedParts) -> Iterator[bytes]:
        text = body.decode()
        json_edits.tokenize(text)
        return _encode(function(text))

    return apply


_build_rows = partial(build_rows, "body-", _CAUSE, SAME_BYTES, adapt=if_present)


def _build_json_rows(*entries: Entry, cause: str = _CAUSE) -> tuple[Row, ...]:
    return build_rows("json-", cause, SAME_BYTES, *entries, adapt=_adapt_json_edit)


def _sort_all(text: str) -> str:
    """Sort the keys at every depth. Raises ValueError if json.dumps would change more than that."""
    marks = {", ": (", ", ": "), ",": (",", ":")}[", " if '": ' in text else ","]
    plain = json.dumps(json.loads(text), separators=marks, ensure_ascii=text.isascii())
    if plain != text:
        raise ValueError("json.dumps writes this text in another way")
    return json.dumps(json.loads(text), separators=marks, ensure_ascii=text.isascii(), sort_keys=True)


def _drop_values(*values: str) -> Callable[[str], Iterator[str]]:
    return edit_members(lambda items: [[item for item in items if json_edits.get_value(item) not in values]])


_OPTIONAL = (
    *("price", "quantity", "amount", "visibleQuantity", "clientOrderId", "reduceOnly", "orderTag", "positionSide"),
    *("broker_id", "triggerPrice", "marginMode", "bidAskLevel", "postOnlyAdjusted", "algoType", "client_order_id"),
    *("order_price", "order_quantity", "order_amount", "order_tag", "reduce_only", "visible_quantity", "brokerId"),
)


def _list_absent(items: list[str], values: Iterable[str]) -> list[str]:
    colon = ": " if '": ' in items[0] else ":"
    present = set(map(json_edits.get_name, items))
    return [f'"{name}"{colon}{value}' for value in values for name in _OPTIONAL if name not in present]


def _add_optional_fields(*values: str, names: int = 99) -> Callable[[str], Iterator[str]]:
    return edit_members(lambda items: json_edits.insert_one(_list_absent(items, values)[:names])(items))


def _add_two_fields(items: list[str]) -> Iterator[Any]:
    for value in ("null", "0", '""'):
        added = _list_absent(items, (value,))
        for item in added:
            for longer in json_edits.insert_one((item,))(items):
                yield from json_edits.insert_one(other for other in added if other > item)(list(longer))


def _parse(body: bytes) -> bytes | None:
    content = json.loads(body)
    return to_bytes(content) if isinstance(content, str) else None


def _read_form(body: bytes) -> Iterator[bytes]:
    return _encode(notations.read_form(to_text(body)))


_LEFT_OUT = Row(
    "body-left-out", LIKELY, "The body was sent but not signed.", SAME_BYTES, lambda b, r: b"" if b and r.body else None
)
_NOT_JSON = build_rows(
    "body-",
    "{}.",
    AS_JSON,
    ("json-string-sent", LIKELY, "The signed string was serialized once more (json=string) and sent", _parse),
    ("form-sent", LIKELY, "JSON was signed, but a form was sent (data=dict)", _read_form),
    adapt=lambda function: lambda body, request: None if request.scheme == "v1" else function(body),
)
_JSON_SIGNED = Row(
    "v1-json-signed",
    LIKELY,
    "JSON was signed, but V1 signs the form's parameters.",
    RULE,
    lambda body, request: _read_form(body) if request.scheme == "v1" else None,
)
_EMPTY = ("null", '""', "0", "false", '"0"', "0.0", "[]")
_DROPPED = "The body was signed with {}, but sent without."
_OBJECTS = ("body", "data", "params", "order")
_RAW = _build_rows(
    ("no-newline", LIKELY, "without its trailing newline", lambda b: b.rstrip(b"\r\n")),
    ("stripped", LIKELY, "without the white space or BOM at its ends", lambda b: b.removeprefix(_BOM).strip()),
    ("lines-lf", LIKELY, "with newlines for CR LF", lambda b: b.replace(b"\r\n", b"\n")),
    ("lines-crlf", LIKELY, "with CR LF for newlines", lambda b: b.replace(b"\n", b"\r\n")),
)
_FIELDS = (
    *_build_json_rows(
        ("no-nulls", LIKELY, "its null fields", _drop_values("null")),
        ("no-empty", COMMON, "its empty fields", _drop_values("null", '""', "[]")),
        cause="The body was signed without {}, but sent with them.",
    ),
    *_build_json_rows(
        ("field-added", LIKELY, "a field that was sent", edit_members(json_edits.drop_one)),
        ("two-fields-added", RARE, "two fields that were sent", edit_members(json_edits.drop_two)),
        cause="The body was signed without {}; was it added after signing?",
    ),
    *_build_json_rows(
        ("null-dropped", UNCOMMON, "a field that was null", _add_optional_fields("null", names=8)),
        ("empty-dropped", MANY, "a field that was null, zero or empty", _add_optional_fields(*_EMPTY)),
        ("nulls-dropped", WIDEST, "two fields that were null, zero or empty", edit_members(_add_two_fields)),
        cause=_DROPPED,
    ),
    *_build_json_rows(
        ("in-list", UNCOMMON, "wrapped in a list", lambda t: f"[{t}]"),
        ("in-object", RARE, "wrapped in an object", lambda t: (f'{{"{name}":{t}}}' for name in _OBJECTS)),
    ),
)


def _add_timestamp(body: bytes, request: SignedParts) -> Iterator[bytes]:
    added = [f'"{name}":{mark}{request.timestamp}{mark}' for name in ("timestamp", "ts", "nonce") for mark in ("", '"')]
    return _encode(edit_members(lambda items: ([*items, item] for item in added))(body.decode()))


_TIMED = Row("json-timed", UNCOMMON, _DROPPED.replace("{}", "a timestamp field"), SAME_BYTES, _add_timestamp)


def _find_place(member: str) -> int:
    names = ("symbol", "side", "type", *_OPTIONAL)
    name = json_edits.get_name(member)
    return names.index(name) if name in names else len(names)


_ORDER = _build_json_rows(
    ("sorted", LIKELY, "with its keys sorted", edit_members(lambda items: [sorted(items, key=json_edits.get_name)])),
    ("sorted-deep", COMMON, "with its keys sorted at every depth", _sort_all),
    ("reversed", UNCOMMON, "with its keys in reverse order", edit_members(lambda items: [items[::-1]])),
    ("usual", COMMON, "in the documentation's order", edit_members(lambda items: [sorted(items, key=_find_place)])),
    ("moved", UNCOMMON, "with one field in another place", edit_members(json_edits.move_one)),
    ("order", MANY, "with its keys in another order", edit_members(json_edits.permute)),
)


def _to_8_decimals(number: str) -> str:
    return f"{float(number):.8f}" if "." in number else number


_NUMBERS = (
    ("float", COMMON, "as Python writes floats (9000.0, 1e-05)", json_edits.to_float),
    ("javascript", COMMON, "as JavaScript writes them (9000, 1e-7, rounded above 2**53)", json_edits.to_javascript),
    ("plain", COMMON, "without exponent (0.00001)", json_edits.write_plain),
    ("eight-decimals", UNCOMMON, "with eight decimals", lambda n: f"{float(n):.8f}"),
    ("two-decimals", UNCOMMON, "with two decimals", lambda n: f"{float(n):.2f}"),
)


def _quote_words(text: str) -> list[str]:
    words = {"true", "false", "null"}
    return [map_scalars(lambda t, w=w: f'"{w(t)}"' if t in words else t)(text) for w in (str, str.title)]


_quote_decimals = map_scalars(lambda t: json_edits.quote_number(t) if "." in t else t)
_AS_NUMBERS = {"true": "1", "false": "0"}
_QUOTED = {f'"{word}"': word.lower() for word in ("true", "false", "null", "True", "False")}
_SCALARS = _build_json_rows(
    *((f"numbers-{n}", c, f"with its numbers {w}", map_scalars(json_edits.map_number(f))) for n, c, w, f in _NUMBERS),
    ("words-quoted", UNCOMMON, "with true and false in quotes", _quote_words),
    ("words-numbers", UNCOMMON, "with 1 and 0 for true and false", map_scalars(lambda t: _AS_NUMBERS.get(t, t))),
    ("floats-quoted", COMMON, "with its decimals as strings", _quote_decimals),
    ("floats-eight-decimals", UNCOMMON, "with eight decimals", map_scalars(json_edits.map_number(_to_8_decimals))),
    ("words-unquoted", UNCOMMON, "with true and false without quotes", map_scalars(lambda t: _QUOTED.get(t, t))),
    ("value-typed", UNCOMMON, 'with a value of another type ("1" for 1)', map_one(json_edits.retype)),
    ("number-spelled", UNCOMMON, "with a number in another form (1.50, 1e-05)", map_one(json_edits.respell_number)),
    ("text-spelled", UNCOMMON, "with a text in another form (buy, BTC-USDT)", map_one(json_edits.respell_text)),
    ("keys-camel-case", COMMON, "with its keys in camelCase", json_edits.map_keys(json_edits.to_camel_case)),
    ("keys-snake-case", COMMON, "with its keys in snake_case", json_edits.map_keys(json_edits.to_snake_case)),
    ("keys-pascal-case", COMMON, "with its keys in PascalCase", json_edits.map_keys(lambda k: k[:1].upper() + k[1:])),
) + _build_json_rows(
    ("value-rounded", WIDE, "", map_one(json_edits.unround)),
    cause="A number in the body was rounded or changed after signing.",
)
_QUOTES = _build_json_rows(
    ("numbers", LIKELY, "with numbers, where strings were sent", map_scalars(json_edits.unquote_number)),
    ("strings", LIKELY, "with strings, where numbers were sent", map_scalars(json_edits.quote_number)),
    cause="The body was signed {}.",
)


def _write_repr_in_double_quotes(text: str) -> list[str]:
    written = str(json.loads(text)).replace("'", '"')
    return [written, written.replace(" ", "")]


def to_compact_json(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


_STYLES = _build_json_rows(
    ("compact", LIKELY, "compact, without spaces", json_edits.write_compact),
    ("spaced", LIKELY, "with spaces (json.dumps does so by default)", json_edits.write_spaced),
    ("comma-space", COMMON, "with a space after each comma only", json_edits.separate(", ", ":")),
    ("colon-space", COMMON, "with a space after each colon only", json_edits.separate(",", ": ")),
    ("indent-2", LIKELY, "indented by 2", indent("  ", "\n")),
    ("indent-4", LIKELY, "indented by 4", indent("    ", "\n")),
    ("indent-tab", COMMON, "indented by a tab", indent("\t", "\n")),
    *((f"indent-{n}", UNCOMMON, f"indented by {n}", indent(" " * n, "\n")) for n in (0, 1, 3, 8)),
    *((f"indent-{n}-crlf", UNCOMMON, f"indented by {n} with CR LF", indent(" " * n, "\r\n")) for n in (2, 4)),
    ("dumps", COMMON, "as json.dumps writes it", lambda t: json.dumps(json.loads(t))),
    ("dumps-compact", COMMON, "as another JSON library writes it", lambda t: to_compact_json(json.loads(t))),
    ("repr", LIKELY, "as Python's str(dict) ('single quotes', True, None)", lambda t: str(json.loads(t))),
    ("repr-double-quotes", COMMON, "as Python's str(dict) with its quotes replaced", _write_repr_in_double_quotes),
    ("printed", UNCOMMON, "as a printed object, such as a dataclass", notations.print_object),
    ("single-quotes", UNCOMMON, "in single quotes", lambda t: t.replace('"', "'")),
)
_FORMS = build_rows(
    "body-",
    "The body was signed {}, but sent as JSON.",
    SAME_BYTES,
    ("form", LIKELY, "as a form (a=1&b=x)", notations.to_form),
    ("form-plus", COMMON, "as a form with + for spaces", lambda t: notations.to_form(t, plus=True)),
    ("form-python", COMMON, "as Python's urlencode writes it", notations.to_python_form),
    ("form-python-plus", COMMON, "as urlencode writes it", lambda t: notations.to_python_form(t).replace("%20", "+")),
    ("form-raw", COMMON, "as a form without percent-encoding", notations.to_raw_form),
    ("form-sorted", COMMON, "as a sorted form", lambda t: "&".join(sorted(notations.to_form(t).split("&")))),
    adapt=lambda function: lambda body, _: to_bytes(function(body.decode())),
)
_ESCAPES = _build_json_rows(
    ("ascii", LIKELY, "with \\u escapes (ensure_ascii=True)", json_edits.escape_non_ascii),
    ("not-ascii", LIKELY, "without \\u escapes (ensure_ascii=False)", json_edits.unescape_non_ascii),
    ("slashes-escaped", COMMON, "with \\/ for / (PHP's json_encode)", lambda t: t.replace("/", "\\/")),
    ("html-escaped", COMMON, "with <, > and & as \\u escapes (Go, .NET)", lambda t: [_escape(t, "x"), _escape(t, "X")]),
)


def _escape(text: str, form: str) -> str:
    characters = "<>&" if form == "x" else "<>&+'"
    return text.translate({ord(c): f"\\u{ord(c):04{form}}" for c in characters})


def _hash_body(algorithm: str, body: bytes) -> bytes:
    return hashlib.new(algorithm, body, usedforsecurity=False).hexdigest().encode()


_HASHES = _build_rows(
    *((n, COMMON, f"as its {n.upper()}", lambda b, n=n: _hash_body(n, b)) for n in ("sha256", "sha512", "md5", "sha1"))
)


def _sort_form(body: bytes) -> bytes:
    return body if body[:1] in b"{[" else b"&".join(sorted(body.split(b"&")))


_ENDS = _build_rows(
    ("newline", LIKELY, "with a trailing newline", lambda b: b + b"\n"),
    ("space", COMMON, "with white space around it", lambda b: [b + b"\r\n", b + b" ", b" " + b]),
    ("bom", COMMON, "with a byte order mark before it", lambda b: _BOM + b),
)
_ENCODING = _build_rows(
    ("bytes-repr", LIKELY, "as the repr of a bytes object (b'...')", lambda b: repr(b).encode()),
    ("dumped-twice", LIKELY, "through json.dumps twice", lambda b: to_bytes(json.dumps(b.decode()))),
    ("as-json-string", COMMON, "as a JSON string", lambda b: to_bytes(to_compact_json(b.decode()))),
    ("base64", COMMON, "in base64", base64.b64encode),
    ("no-white-space", COMMON, "without any white space", lambda b: b"".join(b.split())),
    ("latin-1", COMMON, "in Latin-1, not UTF-8", lambda b: b.decode().encode("latin-1")),
    ("utf-16", COMMON, "in UTF-16, not UTF-8", lambda b: b.decode().encode("utf-16-le")),
    ("percent-encoded", UNCOMMON, "percent-encoded", lambda b: [quote(b, safe="").encode(), quote_plus(b).encode()]),
    ("percent-decoded", UNCOMMON, "before percent-encoding", lambda b: to_bytes(unquote_plus(to_text(b)))),
    ("quotes-escaped", UNCOMMON, "with a backslash before each quote", lambda b: b.replace(b'"', b'\\"')),
    ("quoted", UNCOMMON, "in quotes", lambda b: [b'"' + b + b'"', b"'" + b + b"'"]),
    ("sorted-form", COMMON, "as a sorted form", _sort_form),
)
# Texts for a missing value: name, text, cost with a body, cost without a body.
_TEXTS = (
    ("object", "[object Object]", LIKELY, COMMON),
    ("undefined", "undefined", COMMON, LIKELY),
    ("null", "null", COMMON, LIKELY),
    ("none", "None", COMMON, LIKELY),
    ("empty-object", "{}", LIKELY, LIKELY),
    ("empty-list", "[]", UNCOMMON, COMMON),
    ("empty-string", '""', UNCOMMON, COMMON),
    ("bytes", "b''", RARE, COMMON),
    ("array", "Array", UNCOMMON, UNCOMMON),
    ("template", "{body}", UNCOMMON, UNCOMMON),
    ("newline-only", "\n", UNCOMMON, UNCOMMON),
)


def _adapt_if_absent(function: Callable[[Any], Any]) -> Apply:
    return lambda body, request: None if body or request.body else function(body)


_INSTEAD = _build_rows(*((n, cost, f"as the text {text}", lambda b, t=text: t.encode()) for n, text, cost, _ in _TEXTS))
_NO_BODY = build_rows(
    "no-body-",
    "{} was signed as the body, but no body was sent.",
    "Sign nothing for an absent body.",
    *((n, cost, text.strip() or "A newline", lambda _, t=text: t.encode()) for n, text, _, cost in _TEXTS),
    ("hash", COMMON, "A hash", lambda _: hashlib.sha256().hexdigest().encode()),
    adapt=_adapt_if_absent,
)

_FIRST = (_LEFT_OUT, *_NOT_JSON, _JSON_SIGNED, *_NO_BODY, *_RAW)
_WRITTEN, _ENCODED = (*_STYLES, *_FORMS, *_INSTEAD), (*_ENCODING, *_HASHES)
TABLE = Table(_FIRST, (*_FIELDS, _TIMED), _ORDER, _SCALARS, _QUOTES, _WRITTEN, _ESCAPES, _ENDS, _ENCODED, _ENDS)
