"""What people sign with in place of their secret. No function here holds the secret's bytes in a variable."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Callable
from urllib.parse import quote

from ..changes import COMMON, EXOTIC, LIKELY, RARE, UNCOMMON, Change, Table, change
from ..signing import Secret, Sent, to_bytes
from .secret_typed import READ, TYPED

_COPY = "Take the secret exactly as the console shows it."
_HEX_DIGITS = b"0123456789abcdefABCDEF"
_AS_IT_IS = "The secret's characters are the key as they are: encode them in UTF-8 and nothing else."


def _row(name: str, cost: int, what: str, fix: str, make: Callable[..., bytes]) -> Change:
    return change(f"secret-{name}", cost, f"{what}. {fix}", lambda s: Secret(make(s)))


def _around(name: str, cost: int, what: str, before: bytes, after: bytes) -> Change:
    return _row(name, cost, f"The secret had {what}", _COPY, lambda s: before + s + after)


def _hash(algorithm: str) -> Callable[[Secret], bytes]:
    make = getattr(hashlib, algorithm)
    return lambda s: make(s, usedforsecurity=False).digest()


def _text(name: str, cost: int, text: str) -> Change:
    return _row(name, cost, f"The secret was the text {text}", READ, lambda s: text.encode())


def _cut(s: Secret, start: int, end: int) -> bytes:
    if len(s) < 8:
        raise ValueError("too short to be cut and still be a secret")
    return s[start : len(s) - end]


def _with_key(join: Callable[[bytes, Secret], bytes]) -> Callable[[Secret, Sent], tuple[Secret, ...]]:
    return lambda s, sent: (Secret(join(to_bytes(sent.api_key), s)),) if sent.api_key else ()


_AROUND = (
    _around("newline", LIKELY, "a newline at its end", b"", b"\n"),
    _around("crlf", LIKELY, "CR LF at its end", b"", b"\r\n"),
    _around("trailing-space", LIKELY, "a space at its end", b"", b" "),
    _around("leading-space", COMMON, "a space in front", b" ", b""),
    _around("cr", COMMON, "a carriage return at its end", b"", b"\r"),
    _around("double-quotes", LIKELY, "double quotes round it", b'"', b'"'),
    _around("single-quotes", LIKELY, "single quotes round it", b"'", b"'"),
    _around("first-double-quote", COMMON, "a double quote in front", b'"', b""),
    _around("last-double-quote", COMMON, "a double quote at its end", b"", b'"'),
    _around("first-single-quote", COMMON, "a single quote in front", b"'", b""),
    _around("last-single-quote", COMMON, "a single quote at its end", b"", b"'"),
    _around("backquotes", UNCOMMON, "backquotes round it", b"`", b"`"),
    _around("tab", COMMON, "a tab at its end", b"", b"\t"),
    _around("leading-tab", UNCOMMON, "a tab in front", b"\t", b""),
    _around("leading-newline", UNCOMMON, "a newline in front", b"\n", b""),
    _around("spaces", UNCOMMON, "a space on each side", b" ", b" "),
    _around("two-newlines", UNCOMMON, "two newlines at its end", b"", b"\n\n"),
    _around("semicolon", COMMON, "a semicolon at its end", b"", b";"),
    _around("comma", COMMON, "a comma at its end", b"", b","),
    _around("quote-semicolon", UNCOMMON, "quotes round it and a semicolon at its end", b'"', b'";'),
    _around("quote-comma", UNCOMMON, "quotes round it and a comma at its end", b'"', b'",'),
    _around("escaped-newline", UNCOMMON, "a backslash and an n at its end", b"", b"\\n"),
    _around("backslash", RARE, "a backslash at its end", b"", b"\\"),
    _around("full-stop", RARE, "a full stop at its end", b"", b"."),
    _around("equals", UNCOMMON, "an equals sign in front", b"=", b""),
    _around("trailing-equals", RARE, "an equals sign at its end", b"", b"="),
    _around("colon", RARE, "a colon in front", b":", b""),
    _around("bom", COMMON, "a byte order mark in front", b"\xef\xbb\xbf", b""),
    _around("nbsp", COMMON, "a no-break space (U+00A0) at its end", b"", b"\xc2\xa0"),
    _around("leading-nbsp", UNCOMMON, "a no-break space (U+00A0) in front", b"\xc2\xa0", b""),
    _around("nbsp-latin-1", RARE, "a no-break space (byte A0) at its end", b"", b"\xa0"),
    _around("zero-width-space", COMMON, "a zero-width space (U+200B) at its end", b"", b"\xe2\x80\x8b"),
    _around("leading-zero-width-space", UNCOMMON, "a zero-width space (U+200B) in front", b"\xe2\x80\x8b", b""),
    _around("zero-width-no-break-space", UNCOMMON, "a U+FEFF at its end", b"", b"\xef\xbb\xbf"),
    _around("word-joiner", RARE, "a word joiner (U+2060) at its end", b"", b"\xe2\x81\xa0"),
    _around("left-to-right-mark", RARE, "a left-to-right mark (U+200E) at its end", b"", b"\xe2\x80\x8e"),
    _around("typographic-quotes", UNCOMMON, "typographic quotes round it", "“".encode(), "”".encode()),
    _around("angle-brackets", UNCOMMON, "angle brackets round it", b"<", b">"),
    _around("braces", RARE, "braces round it", b"{", b"}"),
    _around("brackets", RARE, "brackets round it", b"[", b"]"),
    _around("nul", RARE, "a NUL byte at its end", b"", b"\0"),
    _around("ampersand", UNCOMMON, "an & at its end (as OAuth 1 has it)", b"", b"&"),
    _around("crlf-and-quotes", RARE, "double quotes round it and a newline at its end", b'"', b'"\n'),
)

# Another text than the secret, or a part of it.
_OTHER = (
    _row("lower-case", COMMON, "The secret was in lower case", _COPY, lambda s: s.lower()),
    _row("upper-case", COMMON, "The secret was in upper case", _COPY, lambda s: s.upper()),
    _row("last-lost", LIKELY, "The last character of the secret was missing", _COPY, lambda s: s[:-1]),
    _row("first-lost", LIKELY, "The first character of the secret was missing", _COPY, lambda s: s[1:]),
    _row("last-two-lost", COMMON, "The last two characters of the secret were missing", _COPY, lambda s: _cut(s, 0, 2)),
    _row(
        "first-two-lost", COMMON, "The first two characters of the secret were missing", _COPY, lambda s: _cut(s, 2, 0)
    ),
    _row(
        "ends-lost", UNCOMMON, "The first and last character of the secret were missing", _COPY, lambda s: _cut(s, 1, 1)
    ),
    *(
        _row(f"first-{n}", RARE, f"Only the first {n} bytes of the secret were used", _COPY, lambda s, n=n: _head(s, n))
        for n in (16, 20, 24, 32, 64)
    ),
    _row("doubled", COMMON, "The secret was there twice", "Paste it once.", lambda s: s * 2),
    _row("tripled", RARE, "The secret was there three times", "Paste it once.", lambda s: s * 3),
    _row(
        "doubled-lines",
        UNCOMMON,
        "The secret was there twice, on two lines",
        "Paste it once.",
        lambda s: s + b"\n" + s,
    ),
    _row("reversed", EXOTIC, "The secret was reversed", _COPY, lambda s: s[::-1]),
    Change(
        "secret-api-key",
        LIKELY,
        "The API key was used as the secret. Sign with the secret; the key goes into x-api-key only.",
        lambda s, sent: (Secret(to_bytes(sent.api_key)),) if sent.api_key else (),
    ),
    *(
        Change(f"secret-{name}", cost, f"{what} was used as the secret. Sign with the secret alone.", _with_key(join))
        for name, cost, what, join in (
            ("key-and-secret", COMMON, "The API key with the secret after it", lambda k, s: k + s),
            ("secret-and-key", COMMON, "The secret with the API key after it", lambda k, s: s + k),
            ("key-colon-secret", UNCOMMON, "The text 'key:secret'", lambda k, s: k + b":" + s),
            ("secret-colon-key", RARE, "The text 'secret:key'", lambda k, s: s + b":" + k),
            ("key-base64-decoded", UNCOMMON, "The API key, base64-decoded,", lambda k, s: base64.b64decode(k)),
            ("key-base64-encoded", RARE, "The API key, base64-encoded,", lambda k, s: base64.b64encode(k)),
            ("key-percent-encoded", RARE, "The API key, percent-encoded,", lambda k, s: quote(k, safe="").encode()),
            ("key-lower-case", RARE, "The API key in lower case", lambda k, s: k.lower()),
            ("key-ampersand-secret", RARE, "The text 'key&secret'", lambda k, s: k + b"&" + s),
        )
    ),
    _row("empty", LIKELY, "The secret was empty", READ, lambda s: b""),
    _text("none", LIKELY, "None"),
    _text("undefined", LIKELY, "undefined"),
    _text("null", LIKELY, "null"),
    _text("nil", COMMON, "nil"),
    _text("object", COMMON, "[object Object]"),
    _text("nan", RARE, "NaN"),
    _text("bytes", RARE, "b''"),
    _text("true", RARE, "true"),
    _text("system-byte", UNCOMMON, "System.Byte[]"),
    Change(
        "secret-timestamp",
        RARE,
        "The timestamp was used as the secret. Sign with the secret.",
        lambda s, sent: (Secret(to_bytes(sent.timestamp)),),
    ),
    *TYPED,
)

_ENCODED = (
    _row("base64-decoded", LIKELY, "The secret was base64-decoded", _AS_IT_IS, lambda s: _base64_decoded(s)),
    _row("hex-decoded", LIKELY, "The secret was hex-decoded", _AS_IT_IS, lambda s: binascii.unhexlify(s)),
    _row(
        "hex-decoded-part",
        UNCOMMON,
        "The secret was hex-decoded as far as it is hex (Node's Buffer, PHP's pack)",
        _AS_IT_IS,
        lambda s: binascii.unhexlify(s[: (len(s) - len(s.lstrip(_HEX_DIGITS))) // 2 * 2]),
    ),
    _row(
        "hex-decoded-zeros",
        RARE,
        "The secret was hex-decoded, with zero for what is no hex (CryptoJS)",
        _AS_IT_IS,
        lambda s: bytes(_first_hex(s[at : at + 2]) for at in range(0, len(s), 2)),
    ),
    _row(
        "hex-decoded-nibbles",
        RARE,
        "The secret was hex-decoded, with other letters taken for digits too (pack in PHP, Perl and Ruby)",
        _AS_IT_IS,
        lambda s: bytes(
            _nibble(s[at]) << 4 | (_nibble(s[at + 1]) if at + 1 < len(s) else 0) for at in range(0, len(s), 2)
        ),
    ),
    _row(
        "base64-decoded-part",
        UNCOMMON,
        "The secret was base64-decoded as far as its length goes",
        _AS_IT_IS,
        lambda s: base64.b64decode(s[: len(s) // 4 * 4]),
    ),
    _row("base64-encoded", LIKELY, "The secret was base64-encoded", _AS_IT_IS, lambda s: base64.b64encode(s)),
    _row(
        "base64-newline",
        COMMON,
        "The secret was base64-encoded together with a newline (echo without -n)",
        _AS_IT_IS,
        lambda s: base64.b64encode(s + b"\n"),
    ),
    _row(
        "base64-url-safe",
        UNCOMMON,
        "The secret was base64-encoded, url-safe",
        _AS_IT_IS,
        lambda s: base64.urlsafe_b64encode(s),
    ),
    _row(
        "base64-unpadded",
        UNCOMMON,
        "The secret was base64-encoded without padding",
        _AS_IT_IS,
        lambda s: base64.b64encode(s).rstrip(b"="),
    ),
    _row("hex-encoded", COMMON, "The secret was hex-encoded", _AS_IT_IS, lambda s: s.hex().encode()),
    _row(
        "hex-encoded-upper",
        UNCOMMON,
        "The secret was hex-encoded, in upper case",
        _AS_IT_IS,
        lambda s: s.hex().upper().encode(),
    ),
    _row(
        "hex-newline",
        RARE,
        "The secret was hex-encoded together with a newline",
        _AS_IT_IS,
        lambda s: (s + b"\n").hex().encode(),
    ),
    _row(
        "base64-twice",
        RARE,
        "The secret was base64-encoded twice",
        _AS_IT_IS,
        lambda s: base64.b64encode(Secret(base64.b64encode(s))),
    ),
    _row(
        "hex-base64",
        RARE,
        "The base64 of the secret's hex was the key",
        _AS_IT_IS,
        lambda s: base64.b64encode(Secret(s.hex().encode())),
    ),
    _row(
        "base64-hex",
        RARE,
        "The hex of the secret's base64 was the key",
        _AS_IT_IS,
        lambda s: Secret(base64.b64encode(s)).hex().encode(),
    ),
    _row("base32-decoded", RARE, "The secret was base32-decoded", _AS_IT_IS, lambda s: base64.b32decode(s)),
    _row(
        "bytes-repr",
        COMMON,
        "The secret was the repr of a bytes object, b'...'",
        _AS_IT_IS,
        lambda s: bytes.__repr__(s).encode(),
    ),
    _row("utf-16", UNCOMMON, "The secret was encoded in UTF-16", _AS_IT_IS, lambda s: s.decode().encode("utf-16-le")),
    _row(
        "utf-16-bom",
        RARE,
        "The secret was encoded in UTF-16 with a byte order mark",
        _AS_IT_IS,
        lambda s: b"\xff\xfe" + s.decode().encode("utf-16-le"),
    ),
    _row(
        "utf-16-be",
        RARE,
        "The secret was encoded in UTF-16, big-endian",
        _AS_IT_IS,
        lambda s: s.decode().encode("utf-16-be"),
    ),
    _row("utf-32", RARE, "The secret was encoded in UTF-32", _AS_IT_IS, lambda s: s.decode().encode("utf-32-le")),
    *(
        row
        for algorithm, cost in (
            ("sha256", COMMON),
            ("md5", UNCOMMON),
            ("sha1", UNCOMMON),
            ("sha512", UNCOMMON),
            ("sha384", RARE),
        )
        for row in (
            _row(
                f"{algorithm}-hex",
                cost,
                f"The {algorithm.upper()} of the secret, in hex, was the key",
                _AS_IT_IS,
                lambda s, a=algorithm: _hash(a)(s).hex().encode(),
            ),
            _row(
                f"{algorithm}-hex-upper",
                cost + 2,
                f"The {algorithm.upper()} of the secret, in upper-case hex, was the key",
                _AS_IT_IS,
                lambda s, a=algorithm: _hash(a)(s).hex().upper().encode(),
            ),
            _row(
                f"{algorithm}-raw",
                cost + 1,
                f"The {algorithm.upper()} of the secret, as raw bytes, was the key",
                _AS_IT_IS,
                lambda s, a=algorithm: _hash(a)(s),
            ),
            _row(
                f"{algorithm}-base64",
                cost + 2,
                f"The {algorithm.upper()} of the secret, in base64, was the key",
                _AS_IT_IS,
                lambda s, a=algorithm: base64.b64encode(_hash(a)(s)),
            ),
        )
    ),
)


def _first_hex(pair: bytes) -> int:
    """JavaScript's parseInt(pair, 16), and 0 for what is no number."""
    digits = pair[: len(pair) - len(pair.lstrip(_HEX_DIGITS))]
    return int(digits or b"0", 16)


def _nibble(character: int) -> int:
    return (character & 15) + 9 & 15 if character | 32 in range(0x61, 0x7B) else character & 15


def _head(s: Secret, size: int) -> bytes:
    return s[:size]


def _base64_decoded(s: Secret) -> bytes:
    return base64.b64decode(Secret(s.translate(_URL_SAFE) + b"=" * (-len(s) % 4)), validate=True)


_URL_SAFE = bytes.maketrans(b"-_", b"+/")

# What stands round a secret got there before it was encoded, or after.
SECRET = Table(_OTHER, _AROUND, _ENCODED, _AROUND)
