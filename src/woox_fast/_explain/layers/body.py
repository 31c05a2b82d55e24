"""What people sign for the body other than the bytes that they send: other notations, encodings, hashes, or none."""

from __future__ import annotations

import base64
import hashlib
import json
import unicodedata
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import quote, unquote_plus

from .. import rewrites
from ..changes import COMMON, LIKELY, RARE, UNCOMMON, Change, Table
from ..rewrites import of_json, of_object, of_value
from ..signing import Sent, to_bytes, to_text
from .json_text import ESCAPES, FIELDS, MARKS, ORDER, PERMUTATIONS, QUOTES, SAME_BYTES, SCALARS, STYLES, row


def _none(name: str, cost: int, text: str) -> Change:
    return Change(
        f"no-body-{name}",
        cost,
        f"{text} was signed for a body, but none was sent. Sign nothing where there is no body.",
        lambda body, sent: () if sent.body or body else (text.encode(),),
    )


def _dumps(**options: Any) -> Callable[[bytes], bytes]:
    return of_value(lambda value: json.dumps(value, **options))


def _node(node: Any, opening: str, closing: str, pair: str, item: str, text: Callable[[str], str]) -> str:
    if isinstance(node, list):
        members = [f"{text(key)}{pair}{_node(one, opening, closing, pair, item, text)}" for key, one in node]
        return opening + item.join(members) + closing
    if isinstance(node, tuple):
        return "[" + item.join([_node(one, opening, closing, pair, item, text) for one in node]) + "]"
    return text(node)


def _notation(
    opening: str, closing: str, pair: str, item: str, text: Callable[[str], str], *, ordered: bool = False
) -> Callable[[bytes], bytes]:
    """Another language's way to print a map."""

    def make(body: bytes) -> bytes:
        node = rewrites.tree(body.decode())
        if ordered:
            node = rewrites.sorted_by(lambda name: name)(node)
        return to_bytes(_node(node, opening, closing, pair, item, text))

    return make


def _bare(token: str) -> str:
    return json.loads(token) if token[0] == '"' else token


_RUBY = {"null": "nil"}
_NOTATIONS = (
    row("json-dumps", COMMON, "as json.dumps writes the value that it holds", _dumps()),
    row(
        "json-dumps-compact",
        COMMON,
        "as a JSON library writes the value that it holds",
        _dumps(separators=(",", ":"), ensure_ascii=False),
    ),
    row(
        "json-dumps-compact-ascii",
        UNCOMMON,
        "as a JSON library writes the value that it holds",
        _dumps(separators=(",", ":")),
    ),
    row("json-repr", LIKELY, "as Python's repr of a dict ('single quotes', True, None), not JSON", of_value(str)),
    row(
        "json-repr-double-quotes",
        COMMON,
        "as Python's str(dict) with the quotes replaced",
        of_value(lambda v: str(v).replace("'", '"')),
    ),
    row(
        "json-repr-lower",
        RARE,
        "as Python's str(dict) with quotes, True and None replaced",
        of_value(
            lambda v: str(v).replace("'", '"').replace("True", "true").replace("False", "false").replace("None", "null")
        ),
    ),
    row("json-repr-compact", RARE, "as Python's str(dict) without spaces", of_value(lambda v: str(v).replace(" ", ""))),
    row(
        "json-repr-double-quotes-compact",
        UNCOMMON,
        "as Python's str(dict) with the quotes replaced and without spaces",
        of_value(lambda v: str(v).replace("'", '"').replace(" ", "")),
    ),
    row(
        "json-single-quotes",
        UNCOMMON,
        "in single quotes",
        of_json(lambda t: "".join([p.replace('"', "'") for p in rewrites.tokens(t)])),
    ),
    row("json-items-repr", RARE, "as the repr of a list of pairs", of_object(lambda v: str(list(v.items())))),
    row("json-dict-items", RARE, "as dict_items([...])", of_object(lambda v: str(v.items()))),
    row("body-form", LIKELY, "as a form (a=1&b=x) in place of JSON", lambda b: to_bytes(rewrites.form(b))),
    row(
        "body-form-plus",
        COMMON,
        "as a form with + for spaces, in place of JSON",
        lambda b: to_bytes(rewrites.form(b, plus=True)),
    ),
    row(
        "body-form-python",
        COMMON,
        "as Python's urlencode writes it, in place of JSON",
        lambda b: to_bytes(rewrites.python_form(b)),
    ),
    row(
        "body-form-sorted",
        COMMON,
        "as a sorted form, in place of JSON",
        lambda b: to_bytes("&".join(sorted(rewrites.form(b).split("&")))),
    ),
    row(
        "body-form-raw",
        UNCOMMON,
        "as name=value pairs that are not encoded, in place of JSON",
        _notation("", "", "=", "&", _bare),
    ),
    row(
        "body-form-raw-sorted",
        UNCOMMON,
        "as sorted name=value pairs that are not encoded, in place of JSON",
        _notation("", "", "=", "&", _bare, ordered=True),
    ),
    row(
        "body-names-and-values",
        UNCOMMON,
        "as its names and values with nothing between them",
        _notation("", "", "", "", _bare),
    ),
    row(
        "body-names-and-values-sorted",
        UNCOMMON,
        "as its names and values, sorted, with nothing between them",
        _notation("", "", "", "", _bare, ordered=True),
    ),
    row(
        "body-values",
        UNCOMMON,
        "as its values with nothing between them",
        of_object(lambda v: "".join(map(str, v.values()))),
    ),
    row("body-java-map", UNCOMMON, "as Java prints a map, {a=1, b=x}", _notation("{", "}", "=", ", ", _bare)),
    row(
        "body-go-map",
        UNCOMMON,
        "as Go prints a map, map[a:1 b:x]",
        _notation(
            "map[",
            "]",
            ":",
            " ",
            lambda t: _bare(t).replace("null", "<nil>") if t == "null" else _bare(t),
            ordered=True,
        ),
    ),
    row(
        "body-ruby-hash",
        UNCOMMON,
        'as Ruby prints a hash, {"a"=>1}',
        _notation("{", "}", "=>", ", ", lambda t: _RUBY.get(t, t)),
    ),
    row(
        "body-ruby-hash-spaced",
        RARE,
        'as Ruby prints a hash, {"a" => 1}',
        _notation("{", "}", " => ", ", ", lambda t: _RUBY.get(t, t)),
    ),
    row("body-keys-unquoted", RARE, "with its keys out of their quotes", _notation("{", "}", ":", ",", lambda t: t)),
    *(
        row(f"body-{name}", cost, f"as the text {text}", lambda b, text=text: text.encode())
        for name, cost, text in (
            ("object", LIKELY, "[object Object]"),
            ("undefined", COMMON, "undefined"),
            ("null", COMMON, "null"),
            ("none", COMMON, "None"),
            ("nil", UNCOMMON, "nil"),
            ("empty-object", LIKELY, "{}"),
            ("empty-list", UNCOMMON, "[]"),
            ("empty-string", UNCOMMON, '""'),
            ("array", COMMON, "Array"),
            ("promise", UNCOMMON, "[object Promise]"),
            ("form-data", RARE, "[object FormData]"),
            ("dictionary", UNCOMMON, "System.Collections.Generic.Dictionary`2[System.String,System.Object]"),
            ("dictionary-strings", UNCOMMON, "System.Collections.Generic.Dictionary`2[System.String,System.String]"),
            ("string-content", UNCOMMON, "System.Net.Http.StringContent"),
            ("bytes-empty", RARE, "b''"),
            ("template", RARE, "{body}"),
        )
    ),
)

_HASHES = tuple(
    row(f"body-{name}", cost, f"as its {what}", make)
    for algorithm, cost in (("sha256", LIKELY), ("sha512", COMMON), ("md5", COMMON), ("sha1", UNCOMMON))
    for name, what, make, cost in (
        (algorithm, f"{algorithm.upper()} in hex", lambda b, a=algorithm: _digest(a, b).hex().encode(), cost),
        (
            f"{algorithm}-upper",
            f"{algorithm.upper()} in upper-case hex",
            lambda b, a=algorithm: _digest(a, b).hex().upper().encode(),
            UNCOMMON,
        ),
        (
            f"{algorithm}-base64",
            f"{algorithm.upper()} in base64",
            lambda b, a=algorithm: base64.b64encode(_digest(a, b)),
            UNCOMMON,
        ),
        (f"{algorithm}-raw", f"{algorithm.upper()} as raw bytes", lambda b, a=algorithm: _digest(a, b), RARE),
    )
)


def _digest(algorithm: str, body: bytes) -> bytes:
    return hashlib.new(algorithm, body, usedforsecurity=False).digest()


def _empty_hashes(body: bytes, sent: Sent) -> Iterator[bytes]:
    if not body:
        for algorithm in ("sha256", "sha512", "md5", "sha1"):
            yield _digest(algorithm, b"").hex().encode()
            yield base64.b64encode(_digest(algorithm, b""))


_ENDS = (
    row("body-newline", LIKELY, "with a trailing newline", lambda b: b + b"\n", light=True),
    row("body-crlf", COMMON, "with a trailing CR LF", lambda b: b + b"\r\n", light=True),
    row(
        "body-no-newline", LIKELY, "without the trailing newline that is sent", lambda b: b.rstrip(b"\r\n"), light=True
    ),
    row("body-stripped", COMMON, "without the white space round it that is sent", bytes.strip, light=True),
    row("body-trailing-space", COMMON, "with a trailing space", lambda b: b + b" ", light=True),
    row("body-leading-space", UNCOMMON, "with a space in front", lambda b: b" " + b),
    row("body-leading-newline", UNCOMMON, "with a newline in front", lambda b: b"\n" + b),
    row("body-two-newlines", RARE, "with two trailing newlines", lambda b: b + b"\n\n"),
    row("body-nul", RARE, "with a NUL byte at its end", lambda b: b + b"\0"),
    row("body-bom", COMMON, "with a byte order mark in front", lambda b: b"\xef\xbb\xbf" + b, light=True),
    row(
        "body-no-bom",
        COMMON,
        "without the byte order mark that is sent",
        lambda b: b.removeprefix(b"\xef\xbb\xbf"),
        light=True,
    ),
    row("body-lines-lf", COMMON, "with newlines where CR LF is sent", lambda b: b.replace(b"\r\n", b"\n"), light=True),
    row(
        "body-lines-crlf",
        COMMON,
        "with CR LF where newlines are sent",
        lambda b: b.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n"),
        light=True,
    ),
    row(
        "body-one-line",
        RARE,
        "without the line ends that are sent",
        lambda b: b.replace(b"\r", b"").replace(b"\n", b""),
        light=True,
    ),
)

_ENCODING = (
    row("body-base64", COMMON, "in base64", base64.b64encode),
    row("body-bytes-repr", LIKELY, "as the repr of a bytes object, b'...'", lambda b: repr(b).encode()),
    row("json-twice", LIKELY, "put through json.dumps twice", lambda b: to_bytes(json.dumps(b.decode()))),
    row(
        "json-twice-not-ascii",
        COMMON,
        "as a JSON string that holds JSON",
        lambda b: to_bytes(json.dumps(b.decode(), ensure_ascii=False)),
    ),
    row("body-no-white-space", COMMON, "without any white space", lambda b: b"".join(b.split())),
    row("body-no-spaces", UNCOMMON, "without any space", lambda b: b.replace(b" ", b"")),
    row("body-latin-1", COMMON, "in Latin-1, not UTF-8", lambda b: b.decode().encode("latin-1")),
    row("body-utf-16", COMMON, "in UTF-16, not UTF-8", lambda b: b.decode().encode("utf-16-le")),
    row(
        "body-utf-16-bom",
        RARE,
        "in UTF-16 with a byte order mark, not UTF-8",
        lambda b: b"\xff\xfe" + b.decode().encode("utf-16-le"),
    ),
    row(
        "body-utf-8-twice",
        UNCOMMON,
        "encoded in UTF-8 twice",
        lambda b: b.decode("latin-1").encode() if not b.isascii() else b,
    ),
    row(
        "body-question-marks",
        RARE,
        "with ? for each character that is not ASCII",
        lambda b: b.decode().encode("ascii", "replace"),
    ),
    row("body-windows-1252", RARE, "in Windows-1252, not UTF-8", lambda b: b.decode().encode("cp1252")),
    row("body-gbk", RARE, "in GBK, not UTF-8", lambda b: b.decode().encode("gbk") if not b.isascii() else b),
    row(
        "body-nfc",
        RARE,
        "in Unicode's composed form (NFC)",
        lambda b: unicodedata.normalize("NFC", b.decode()).encode(),
    ),
    row(
        "body-nfd",
        RARE,
        "in Unicode's decomposed form (NFD)",
        lambda b: unicodedata.normalize("NFD", b.decode()).encode(),
    ),
    row("body-percent-encoded", UNCOMMON, "percent-encoded", lambda b: quote(b, safe="").encode()),
    row(
        "body-percent-encoded-form", UNCOMMON, "percent-encoded but for = and &", lambda b: quote(b, safe="=&").encode()
    ),
    row(
        "body-percent-decoded",
        UNCOMMON,
        "before it was percent-encoded",
        lambda b: to_bytes(unquote_plus(to_text(b), errors="surrogateescape")),
    ),
    row("body-hex", RARE, "in hex", lambda b: b.hex().encode()),
    row("body-lower-case", UNCOMMON, "in lower case", bytes.lower),
    row("body-upper-case", RARE, "in upper case", bytes.upper),
    row(
        "body-sorted-form",
        COMMON,
        "with the parameters of its form sorted",
        lambda b: b"&".join(sorted(b.split(b"&"))) if b"=" in b and b[:1] not in b"{[" else b,
    ),
    row("body-quoted", RARE, "in double quotes", lambda b: b'"' + b + b'"'),
    row("body-single-quoted", UNCOMMON, "in single quotes, as a shell is given it", lambda b: b"'" + b + b"'"),
    row("body-quotes-escaped", UNCOMMON, "with a backslash before each quote", lambda b: b.replace(b'"', b'\\"')),
    row("body-last-lost", RARE, "without its last byte", lambda b: b[:-1], light=True),
    row("body-doubled", RARE, "twice", lambda b: b * 2),
    row("body-question-mark", RARE, "with a ? in front", lambda b: b"?" + b),
    *_HASHES,
)

_LEFT_OUT = (
    Change(
        "body-left-out",
        LIKELY,
        f"The body was sent but not signed. {SAME_BYTES}",
        lambda body, sent: (b"",) if sent.body and body else (),
        light=True,
    ),
    _none("null", LIKELY, "null"),
    _none("empty-object", LIKELY, "{}"),
    _none("none", LIKELY, "None"),
    _none("empty-string", COMMON, '""'),
    _none("undefined", LIKELY, "undefined"),
    _none("empty-list", COMMON, "[]"),
    _none("object", COMMON, "[object Object]"),
    _none("quoted-null", UNCOMMON, '"null"'),
    _none("nil", UNCOMMON, "nil"),
    _none("go-nil", RARE, "<nil>"),
    _none("bytes", COMMON, "b''"),
    _none("nan", RARE, "NaN"),
    _none("false", RARE, "false"),
    _none("zero", RARE, "0"),
    _none("single-quotes", UNCOMMON, "''"),
    _none("array", UNCOMMON, "Array"),
    _none("go-map", RARE, "map[]"),
    _none("spaced-object", RARE, "{ }"),
    _none("newline", UNCOMMON, "\n"),
    _none("space", UNCOMMON, " "),
    _none("crlf", RARE, "\r\n"),
    _none("body", RARE, "body"),
    _none("template", RARE, "{body}"),
    Change(
        "no-body-hash",
        COMMON,
        "The hash of an empty body was signed, but no body was sent. Sign nothing where there is no body.",
        _empty_hashes,
    ),
)

BODY = Table(
    (*_LEFT_OUT, *FIELDS),
    ORDER,
    SCALARS,
    QUOTES,
    (*STYLES, *_NOTATIONS),
    ESCAPES,
    MARKS,
    _ENDS,
    (*_ENCODING, *PERMUTATIONS),
    _ENDS,
    most=3,
)
