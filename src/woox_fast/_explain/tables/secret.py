"""Mistakes in the secret. Every value is a `Secret`, so that no traceback can show it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any
from urllib.parse import quote

from ..rows import COMMON, LIKELY, RARE, UNCOMMON, WIDE, Apply, Function, Row, Table, rows
from ..signing import Request, Secret, to_bytes

_COPY = "Copy the secret exactly as the console shows it."
_LOAD = "Check that its environment variable is set, and read before use."
_ENCODE = "Encode the secret's characters in UTF-8, and use them as the key without decoding them."
_ALONE = "Sign with the secret alone."


def _as_secret(function: Function) -> Apply:
    return lambda s, _: Secret(function(s))


_copied = partial(rows, "secret-", "The secret {}.", _COPY, adapt=_as_secret)
_encoded = partial(rows, "secret-", "The secret was {}.", _ENCODE, adapt=_as_secret)
_loaded = partial(rows, "secret-", "The secret was {}.", _LOAD, adapt=_as_secret)


def _with_key(name: str, cost: int, words: str, join: Callable[[bytes, Any], bytes], remedy: str = _ALONE) -> Row:
    def apply(s: Secret, request: Request) -> Secret | None:
        return Secret(join(to_bytes(request.api_key), s)) if request.api_key else None

    return Row(f"secret-{name}", cost, f"{words} was used as the secret.", remedy, apply)


def _cut(s: Secret, start: int, end: int) -> bytes:
    if len(s) < 8:
        raise ValueError("too short to be cut")
    return s[start : len(s) - end]


# Text around the secret: name, cost, words, and pairs of text before and after it.
_MARKS: tuple[tuple[str, int, str, tuple[tuple[bytes, bytes], ...]], ...] = (
    ("newline", LIKELY, "a newline after it", ((b"", b"\n"),)),
    ("line-break", LIKELY, "a line break (CR LF or CR) after it", ((b"", b"\r\n"), (b"", b"\r"))),
    ("trailing-space", LIKELY, "a space after it", ((b"", b" "),)),
    ("leading-space", COMMON, "a space before it", ((b" ", b""),)),
    (
        "white-space",
        COMMON,
        "white space around it",
        ((b" ", b" "), (b"", b"\t"), (b"\t", b""), (b"\n", b""), (b"", b"\n\n")),
    ),
    ("escaped-newline", UNCOMMON, "a backslash and an n after it", ((b"", b"\\n"),)),
    ("double-quotes", LIKELY, "double quotes around it", ((b'"', b'"'),)),
    ("single-quotes", LIKELY, "single quotes around it", ((b"'", b"'"),)),
    ("one-quote", COMMON, "a quote at one end", ((b'"', b""), (b"", b'"'), (b"'", b""), (b"", b"'"))),
    ("other-quotes", UNCOMMON, "other quotes around it", ((b"`", b"`"), ("“".encode(), "”".encode()))),
    ("quote-mark", UNCOMMON, "quotes around it and a mark after it", ((b'"', b'";'), (b'"', b'",'), (b"'", b"',"))),
    ("semicolon", COMMON, "a semicolon or comma after it", ((b"", b";"), (b"", b","))),
    ("mark", RARE, "a mark at one end", ((b"=", b""), (b"", b"="), (b":", b""), (b"", b"."), (b"", b"&"))),
    ("brackets", UNCOMMON, "brackets around it", ((b"<", b">"), (b"{", b"}"), (b"[", b"]"), (b"(", b")"))),
    ("bom", COMMON, "a byte order mark (U+FEFF) at one end", ((b"\xef\xbb\xbf", b""), (b"", b"\xef\xbb\xbf"))),
    ("nbsp", COMMON, "a no-break space (U+00A0) at one end", ((b"", b"\xc2\xa0"), (b"\xc2\xa0", b""))),
    ("zero-width", COMMON, "a zero-width space (U+200B) at one end", ((b"", b"\xe2\x80\x8b"), (b"\xe2\x80\x8b", b""))),
    (
        "invisible",
        RARE,
        "an invisible character after it",
        ((b"", b"\0"), (b"", b"\xe2\x80\x8c"), (b"", b"\xe2\x80\x8d")),
    ),
)
_SURROUNDED = Row(
    "secret-surrounded",
    LIKELY,
    "The secret was used together with the white space or quotes around it.",
    _COPY,
    lambda s, request: request.given_secret,
)


def _between(pairs: tuple[tuple[bytes, bytes], ...]) -> Apply:
    return lambda s, _: [Secret(before + s + after) for before, after in pairs]


_AROUND = tuple(
    Row(f"secret-{name}", cost, f"The secret had {words}.", _COPY, _between(pairs))
    for name, cost, words, pairs in _MARKS
)
_PARTS = _copied(
    ("lower-case", COMMON, "was in lower case", lambda s: s.lower()),
    ("upper-case", COMMON, "was in upper case", lambda s: s.upper()),
    ("last-lost", LIKELY, "lacked its last character", lambda s: s[:-1]),
    ("first-lost", LIKELY, "lacked its first character", lambda s: s[1:]),
    ("last-two-lost", COMMON, "lacked its last two characters", lambda s: _cut(s, 0, 2)),
    ("first-two-lost", COMMON, "lacked its first two characters", lambda s: _cut(s, 2, 0)),
    ("ends-lost", UNCOMMON, "lacked its first and last characters", lambda s: _cut(s, 1, 1)),
    *((f"first-{n}", RARE, f"was cut to {n} bytes", lambda s, n=n: s[:n]) for n in (16, 20, 24, 32)),
    ("doubled", COMMON, "was repeated", lambda s: s * 2),
    ("doubled-lines", UNCOMMON, "was repeated on two lines", lambda s: s + b"\n" + s),
)
_KEYS = (
    _with_key("api-key", LIKELY, "The API key", lambda k, s: k, "Sign with the secret; send the key as x-api-key."),
    _with_key("key-and-secret", COMMON, "The API key followed by the secret", lambda k, s: k + s),
    _with_key("secret-and-key", COMMON, "The secret followed by the API key", lambda k, s: s + k),
    _with_key("key-colon-secret", UNCOMMON, "The text 'key:secret'", lambda k, s: k + b":" + s),
    _with_key("key-comma-secret", UNCOMMON, "The text 'key,secret'", lambda k, s: k + b"," + s),
    _with_key("secret-colon-key", RARE, "The text 'secret:key'", lambda k, s: s + b":" + k),
    _with_key("key-base64-decoded", UNCOMMON, "The base64-decoded API key", lambda k, s: base64.b64decode(k)),
    _with_key("key-percent-encoded", RARE, "The percent-encoded API key", lambda k, s: quote(k, safe="").encode()),
)
_TEXTS = _loaded(
    *(
        (text.lower(), LIKELY, f"the text {text}", lambda s, t=text: t.encode())
        for text in ("None", "undefined", "null")
    ),
    ("object", COMMON, "the text [object Object]", lambda s: b"[object Object]"),
    ("bytes", RARE, "the text b''", lambda s: b"b''"),
    ("empty", LIKELY, "empty", lambda s: b""),
)
_NAMES = [
    prefix + name for prefix in ("", "WOOX_", "WOO_", "WOO_X_") for name in ("API_SECRET", "SECRET", "SECRET_KEY")
]
_FORMS = ("{}", "${}", "${{{}}}", "%{}%", "{{{{{}}}}}", "<{}>", "YOUR_{}", "<YOUR_{}>", "MY_{}", "os.environ['{}']")
_OTHERS = ("False", "True", "false", "nil", "NaN", "...", "xxx", "secret", "test", "***", "********", "**********")


def _variables(_: Secret, request: Request) -> Iterator[Secret]:
    for name in _NAMES:
        camel = "apiSecret" if name == "API_SECRET" else name.lower()
        for form in _FORMS:
            for text in (form.format(name), form.format(name).lower(), form.format(camel)):
                yield Secret(text.encode())
    yield from (Secret(text.encode()) for text in _OTHERS)


def _prefixed(s: Secret, request: Request) -> Iterator[Secret]:
    for name in (*_NAMES, "apiSecret", "secret"):
        for text in dict.fromkeys((name, name.lower(), f"export {name}")):
            for before, after in (("=", b""), (": ", b""), (" = ", b""), ('="', b'"'), ("='", b"'"), ('": "', b'"')):
                yield Secret((text + before).encode() + s + after)
    yield from (Secret(prefix + s) for prefix in (b"Bearer ", b"sha256=", b"0x"))


_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _mistyped(s: Secret, request: Request) -> Iterator[Secret]:
    """Yield the secret with one character lost or replaced, two exchanged, or a few lost at an end."""
    for at in range(min(len(s), 64)):
        yield Secret(s[:at] + s[at + 1 :])
        yield Secret(s[:at] + s[at : at + 2][::-1] + s[at + 2 :])
        yield from (Secret(s[:at] + bytes((other,)) + s[at + 1 :]) for other in _CHARACTERS)
    yield from (Secret(part) for n in range(3, len(s) - 8) for part in (s[n:], s[:-n]))


_FAMILIES = (
    Row("secret-mistyped", WIDE, "The secret was mistyped or cut.", _COPY, _mistyped),
    Row("secret-variable", WIDE, "A variable's name or a placeholder was used as the secret.", _LOAD, _variables),
    Row("secret-prefixed", WIDE, "The secret was used with its name before it, as in a file.", _COPY, _prefixed),
)

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _decode_hex(s: Secret) -> bytes:
    return binascii.unhexlify(s[: (len(s) - len(s.lstrip(_HEX_DIGITS))) // 2 * 2])


def _parse_hex(s: Secret) -> bytes:
    """Decode each pair as JavaScript's parseInt(pair, 16) | 0."""
    pairs = (s[at : at + 2] for at in range(0, len(s), 2))
    return bytes(int(pair[: len(pair) - len(pair.lstrip(_HEX_DIGITS))] or b"0", 16) for pair in pairs)


def _decode(s: Secret) -> bytes:
    return base64.b64decode(Secret(s.translate(_URL_SAFE) + b"=" * (-len(s) % 4)), validate=True)


def _hash(name: str, s: Secret) -> bytes:
    return hashlib.new(name, s, usedforsecurity=False).digest()


_ENCODED = _encoded(
    ("base64-decoded", LIKELY, "base64-decoded", _decode),
    (
        "base64-decoded-part",
        UNCOMMON,
        "base64-decoded up to its last whole group",
        lambda s: _decode(s[: -len(s) % -4]),
    ),
    ("hex-decoded", LIKELY, "hex-decoded", lambda s: binascii.unhexlify(s)),
    ("hex-decoded-part", UNCOMMON, "hex-decoded up to the first other character (Node's Buffer)", _decode_hex),
    ("hex-decoded-zeros", RARE, "hex-decoded, with zeros for other characters (CryptoJS)", _parse_hex),
    ("base64-encoded", LIKELY, "base64-encoded", lambda s: base64.b64encode(s)),
    (
        "base64-newline",
        COMMON,
        "base64-encoded with a newline (echo without -n)",
        lambda s: base64.b64encode(s + b"\n"),
    ),
    ("hex-encoded", COMMON, "hex-encoded", lambda s: s.hex().encode()),
    ("hex-encoded-upper", UNCOMMON, "hex-encoded in upper case", lambda s: s.hex().upper().encode()),
    ("bytes-repr", COMMON, "the repr of a bytes object (b'...')", lambda s: bytes.__repr__(s).encode()),
    ("utf-16", UNCOMMON, "encoded in UTF-16", lambda s: s.decode().encode("utf-16-le")),
    ("percent-encoded", RARE, "percent-encoded", lambda s: quote(s, safe="").encode()),
    *(
        (f"{name}-{form}", cost, f"replaced by its {name.upper()}", lambda s, n=name, w=write: w(_hash(n, s)))
        for name, cost in (("sha256", COMMON), ("md5", UNCOMMON), ("sha1", UNCOMMON), ("sha512", UNCOMMON))
        for form, write in (("hex", lambda d: d.hex().encode()), ("raw", bytes))
    ),
)

# Marks get around a secret before it is encoded, or after.
SECRET = Table((_SURROUNDED, *_PARTS, *_KEYS, *_TEXTS, *_FAMILIES), _AROUND, _ENCODED, _AROUND)
