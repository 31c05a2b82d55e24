"""Mistakes in the secret. Every value is a `Secret`, so that no traceback can show it."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from ..rows import COMMON, LIKELY, UNCOMMON, WIDE, Apply, Function, Row, Table, build_rows
from ..signing import Secret, SignedParts, to_bytes

_COPY = "Copy the secret exactly as the console shows it."
_LOAD = "Check that its environment variable is set, and read before use."
_ENCODE = "Encode the secret's characters in UTF-8, and use them as the key without decoding them."
_ALONE = "Sign with the secret alone."


def _adapt_to_secret(function: Function) -> Apply:
    def apply(s: Secret, _: SignedParts) -> list[Secret]:
        result = function(s)
        return [Secret(one) for one in ([result] if isinstance(result, bytes) else result) if len(s) > 4]

    return apply


_build_copy_rows = partial(build_rows, "secret-", "The secret {}.", _COPY, adapt=_adapt_to_secret)
_build_encode_rows = partial(build_rows, "secret-", "The secret was {}.", _ENCODE, adapt=_adapt_to_secret)
_build_load_rows = partial(build_rows, "secret-", "The secret was {}.", _LOAD, adapt=_adapt_to_secret)


def _key_row(name: str, cost: int, words: str, join: Callable[[bytes, Any], bytes], remedy: str = _ALONE) -> Row:
    def apply(s: Secret, request: SignedParts) -> Secret | None:
        return Secret(join(to_bytes(request.api_key), s)) if request.api_key else None

    return Row(f"secret-{name}", cost, f"{words} was used as the secret.", remedy, apply)


# Text around the secret: name, cost, words, and the forms.
_MARKS: tuple[tuple[Any, ...], ...] = (
    ("newline", LIKELY, "a newline after it", "{}\n"),
    ("line-break", LIKELY, "a line break (CR LF or CR) after it", "{}\r\n", "{}\r"),
    ("trailing-space", LIKELY, "a space after it", "{} "),
    ("leading-space", COMMON, "a space before it", " {}"),
    ("white-space", COMMON, "white space around it", " {} ", "{}\t", "\t{}", "\n{}", "{}\n\n"),
    ("escaped-newline", UNCOMMON, "a backslash and an n after it", "{}\\n"),
    ("double-quotes", LIKELY, "double quotes around it", '"{}"'),
    ("single-quotes", LIKELY, "single quotes around it", "'{}'"),
    ("one-quote", COMMON, "a quote at one end", '"{}', '{}"', "'{}", "{}'"),
    ("other-quotes", UNCOMMON, "other quotes around it", "`{}`", "“{}”"),
    ("quote-mark", UNCOMMON, "quotes around it and a mark after it", '"{}";', '"{}",', "'{}',"),
    ("semicolon", COMMON, "a semicolon or comma after it", "{};", "{},"),
    ("mark", UNCOMMON, "a mark at one end", "={}", "{}=", ":{}", "{}.", "{}&"),
    ("brackets", UNCOMMON, "brackets around it", "<{}>", "[{}]", "({})", "{{}}"),
    ("bom", COMMON, "a byte order mark (U+FEFF) at one end", "\ufeff{}", "{}\ufeff"),
    ("nbsp", COMMON, "a no-break space (U+00A0) at one end", "{}\xa0", "\xa0{}"),
    ("zero-width", COMMON, "a zero-width space (U+200B) at one end", "{}\u200b", "\u200b{}"),
)


def _surround(forms: list[str]) -> Apply:
    pairs = [form.encode().split(b"{}") for form in forms]
    return lambda s, _: [Secret(before + s + after) for before, after in pairs]


_AROUND = tuple(
    Row(f"secret-{name}", cost, f"The secret had {words}.", _COPY, _surround(forms))
    for name, cost, words, *forms in _MARKS
)
_CAUSE = "The secret was used together with the white space or quotes around it."
_SURROUNDED = Row("secret-surrounded", LIKELY, _CAUSE, _COPY, lambda _, request: request.given_secret)
_PARTS = _build_copy_rows(
    ("lower-case", COMMON, "was in lower case", lambda s: s.lower()),
    ("upper-case", COMMON, "was in upper case", lambda s: s.upper()),
    ("last-lost", LIKELY, "lacked its last character", lambda s: s[:-1]),
    ("first-lost", LIKELY, "lacked its first character", lambda s: s[1:]),
    ("two-lost", COMMON, "lacked two characters at its ends", lambda s: [s[:-2], s[2:], s[1:-1]]),
    ("doubled", COMMON, "was repeated", lambda s: s * 2),
)
_KEYS = (
    _key_row("api-key", LIKELY, "The API key", lambda k, s: k, "Sign with the secret; send the key as x-api-key."),
    _key_row("key-and-secret", COMMON, "The API key followed by the secret", lambda k, s: k + s),
    _key_row("secret-and-key", COMMON, "The secret followed by the API key", lambda k, s: s + k),
    _key_row("key-colon-secret", UNCOMMON, "The text 'key:secret'", lambda k, s: k + b":" + s),
    _key_row("key-base64-decoded", UNCOMMON, "The base64-decoded API key", lambda k, s: base64.b64decode(k)),
)
_TEXTS = _build_load_rows(
    ("none", LIKELY, "the text None", lambda s: b"None"),
    ("undefined", LIKELY, "the text undefined", lambda s: b"undefined"),
    ("null", LIKELY, "the text null", lambda s: b"null"),
    ("object", COMMON, "the text [object Object]", lambda s: b"[object Object]"),
    ("empty", LIKELY, "empty", lambda s: b""),
)
_NAMES = [a + b for a in ("", "WOOX_", "WOO_", "WOO_X_") for b in ("API_SECRET", "SECRET", "SECRET_KEY")]
_PLACEHOLDERS = ("NAME", "$NAME", "${NAME}", "%NAME%", "{{NAME}}", "<NAME>", "YOUR_NAME", "<YOUR_NAME>", "MY_NAME")
_ASSIGNED = ("NAME={}", "export NAME={}", "NAME: {}", "NAME = {}", 'NAME="{}"', "NAME='{}'", 'NAME": "{}"')
_OTHERS = ("False", "true", "nil", "NaN", "...", "xxx", "secret", "test", "***", "********", "Bearer {}", "0x{}", "b''")


def _list_named(*forms: str) -> Callable[[Secret, SignedParts], Iterator[Secret]]:
    texts = [form.replace("NAME", name) for form in forms for name in (*_NAMES, "apiSecret", "YOUR_API_SECRET_HERE")]
    encoded = [text.encode() for one in texts for text in (one, one.lower())]
    return lambda s, _: (Secret(text.replace(b"{}", s)) for text in encoded)


_CHARACTERS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"


def _list_typos(s: Secret, request: SignedParts) -> Iterator[Secret]:
    """Yield the secret with a lost, a wrong or two exchanged characters, or with a lost end."""
    for at in range(min(len(s), 64)):
        yield Secret(s[:at] + s[at + 1 :])
        yield Secret(s[:at] + s[at : at + 2][::-1] + s[at + 2 :])
        yield from (Secret(s[:at] + bytes((other,)) + s[at + 1 :]) for other in _CHARACTERS)
    yield from (Secret(part) for n in range(3, len(s) - 8) for part in (s[n:], s[:-n]))


_FAMILIES = (
    Row("secret-mistyped", WIDE, "The secret was mistyped or cut.", _COPY, _list_typos),
    Row("secret-variable", WIDE, "A placeholder was used as the secret.", _LOAD, _list_named(*_PLACEHOLDERS, *_OTHERS)),
    Row("secret-prefixed", WIDE, "The secret was used with NAME= before it.", _COPY, _list_named(*_ASSIGNED)),
)

_HEX_DIGITS = b"0123456789abcdefABCDEF"
_URL_SAFE = bytes.maketrans(b"-_", b"+/")


def _decode_hex(s: Secret) -> bytes:
    return binascii.unhexlify(s[: (len(s) - len(s.lstrip(_HEX_DIGITS))) // 2 * 2])


def _decode(s: Secret) -> bytes:
    return base64.b64decode(Secret(s.translate(_URL_SAFE) + b"=" * (-len(s) % 4)), validate=True)


def _hash_secret(name: str, s: Secret) -> bytes:
    return hashlib.new(name, s, usedforsecurity=False).digest()


_ENCODED = _build_encode_rows(
    ("base64-decoded", LIKELY, "base64-decoded", _decode),
    ("hex-decoded", LIKELY, "hex-decoded", lambda s: binascii.unhexlify(s)),
    ("hex-decoded-part", UNCOMMON, "hex-decoded up to the first other character (Node's Buffer)", _decode_hex),
    ("base64-encoded", LIKELY, "base64-encoded", lambda s: base64.b64encode(s)),
    ("base64-newline", COMMON, "base64-encoded with a newline", lambda s: base64.b64encode(s + b"\n")),
    ("hex-encoded", COMMON, "hex-encoded", lambda s: s.hex().encode()),
    ("bytes-repr", COMMON, "the repr of a bytes object (b'...')", lambda s: bytes.__repr__(s).encode()),
    ("utf-16", UNCOMMON, "encoded in UTF-16", lambda s: s.decode().encode("utf-16-le")),
    *(
        (f"{name}-{form}", cost, f"replaced by its {name.upper()}", lambda s, n=name, w=write: w(_hash_secret(n, s)))
        for name, cost in (("sha256", COMMON), ("md5", UNCOMMON), ("sha1", UNCOMMON), ("sha512", UNCOMMON))
        for form, write in (("hex", lambda d: d.hex().encode()), ("raw", bytes))
    ),
)

# Marks get around a secret before it is encoded, or after.
TABLE = Table((*_PARTS, *_KEYS, *_TEXTS, *_FAMILIES), _AROUND, _ENCODED, (*_AROUND, _SURROUNDED))
