"""What people sign for the body other than the bytes that they send: other notations, encodings, hashes, or none."""

from __future__ import annotations

import base64
import hashlib
import html
import json
import unicodedata
from collections.abc import Iterator
from urllib.parse import quote, quote_plus, unquote_plus

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import Sent, to_bytes, to_text
from .body_families import FIELD_FAMILIES, PRINTED_FAMILIES, WORD_ROWS
from .body_languages import LANGUAGE_FIELDS, LANGUAGE_NOTATIONS
from .body_notations import NOTATIONS
from .body_texts import BODY_TEXTS, NO_BODY
from .json_text import ESCAPES, FIELDS, MARKS, ORDER, PERMUTATIONS, QUOTES, SAME_BYTES, SCALARS, STYLES, row
from .texts import marked, wrapped

_LEFT_OUT = Change(
    "body-left-out",
    LIKELY,
    f"The body was sent but not signed. {SAME_BYTES}",
    lambda body, sent: (b"",) if sent.body and body else (),
    light=True,
)

_HASHES = tuple(
    row(f"body-{name}", cost, f"as its {what}", make)
    for algorithm, cost in (
        ("sha256", LIKELY),
        ("sha512", COMMON),
        ("md5", COMMON),
        ("sha1", UNCOMMON),
        ("sha384", RARE),
    )
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


def _encoded(body: bytes, sent: Sent) -> Iterator[bytes]:
    text = body.decode()
    for encoding in _ENCODINGS:
        for errors in ("strict", "replace", "ignore", "xmlcharrefreplace", "backslashreplace"):
            try:
                yield text.encode(encoding, errors)
            except UnicodeEncodeError:
                continue
            if body.isascii():
                break
    if not body.isascii():
        yield bytes(ord(c) & 0xFF for c in text)
        yield to_bytes("".join(c if c.isascii() else "\ufffd" for c in text))
        for encoding in ("latin-1", "cp1252", "cp437", "cp850"):
            yield body.decode(encoding, "replace").encode()


_ENCODINGS = (
    *("ascii", "latin-1", "cp1252", "cp1251", "cp437", "cp850", "mac_roman", "gbk", "gb18030", "big5", "shift_jis"),
    *("euc_kr", "euc_jp", "iso8859-15", "cp1250", "utf-16", "utf-16-be", "utf-32", "utf-32-le", "utf-7", "utf-8-sig"),
)


def _named(body: bytes, sent: Sent) -> Iterator[bytes]:
    for name in (b"data", b"body", b"json", b"params", b"payload", b"content", b"request", b"order", b"requestBody"):
        yield from (name + b"=" + body, name + b":" + body, name + body)
    if len(body) <= 1 << 16:
        text = to_text(body)
        yield from map(to_bytes, marked(text))
        yield from map(to_bytes, wrapped(text))
        for quoted in (json.dumps(text), json.dumps(text, ensure_ascii=False)):
            yield from (to_bytes(form + quoted + ")") for form in ("Some(", "Ok(", "Optional(", "Just(", "String("))


def _escape(body: bytes) -> str:
    return "".join(
        quote(c, safe="*@-_+./", encoding="latin-1") if c <= "\xff" else f"%u{ord(c):04X}" for c in body.decode()
    )


_URI = "~()*!.'-_;/?:@&=+$,#"

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
    row(
        "body-percent-encoded-uri", RARE, "percent-encoded as encodeURI does it", lambda b: quote(b, safe=_URI).encode()
    ),
    row(
        "body-percent-encoded-component",
        RARE,
        "percent-encoded as encodeURIComponent does it",
        lambda b: quote(b, safe="~()*!.'-_").encode(),
    ),
    row(
        "body-percent-encoded-escape",
        EXOTIC,
        "percent-encoded as JavaScript's escape does it",
        lambda b: _escape(b).encode(),
    ),
    row("body-base64-url-safe", RARE, "in url-safe base64", base64.urlsafe_b64encode),
    row("body-base64-unpadded", RARE, "in base64 without padding", lambda b: base64.b64encode(b).rstrip(b"=")),
    row(
        "body-html",
        RARE,
        "with HTML's &lt; and &amp;",
        lambda b: html.escape(to_text(b), quote=False).encode("utf-8", "surrogateescape"),
    ),
    row(
        "body-html-quotes",
        RARE,
        "with HTML's &quot;",
        lambda b: html.escape(to_text(b)).encode("utf-8", "surrogateescape"),
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
    row("body-percent-encoded-plus", RARE, "percent-encoded, with + for spaces", lambda b: quote_plus(b).encode()),
    Change("body-encoded", FAMILY, f"The body was signed in another encoding than UTF-8. {SAME_BYTES}", _encoded),
    Change(
        "body-named", FAMILY, f"The body was signed with another text round it, such as its name. {SAME_BYTES}", _named
    ),
    row("body-question-mark", RARE, "with a ? in front", lambda b: b"?" + b),
    *_HASHES,
)

BODY = Table(
    (_LEFT_OUT, *NO_BODY, *FIELDS, *FIELD_FAMILIES, *LANGUAGE_FIELDS),
    ORDER,
    (*SCALARS, *WORD_ROWS),
    QUOTES,
    (*STYLES, *NOTATIONS, *PRINTED_FAMILIES, *LANGUAGE_NOTATIONS, *BODY_TEXTS),
    ESCAPES,
    MARKS,
    _ENDS,
    (*_ENCODING, *PERMUTATIONS),
    _ENDS,
    most=3,
)
