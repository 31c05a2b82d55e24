"""How people write the signature that they send: a digest is read out of it, with what is wrong with its spelling."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple

from ..changes import Finding
from .written_peels import BASE64, FIX, HEX, LONGEST, PEELS, SIZES, finding

_LOWER = "WOO X wants it as 64 lower-case hex characters."
SHORTEST = 16  # hex digits: fewer could match by accident


class Reading(NamedTuple):
    """What a signature may be: `fits` tells whether it is that of a hex digest; `sizes` are those of such digests.

    `hex` is the whole digest if it is known, and then `fits` is equality with it.
    """

    hex: str
    sizes: frozenset[int]
    fits: Callable[[str], bool]
    findings: tuple[Finding, ...]


_UPPER = finding("upper-case", "in upper-case hex", _LOWER)
_MIXED = finding("mixed-case", "in hex of mixed case", _LOWER)
_BASE_64 = finding("base64", "in base64", _LOWER)
_BASE_64_URL = finding("base64-url-safe", "in url-safe base64", _LOWER)
_BASE_64_HEX = finding("base64-of-hex", "as the base64 of its hex", _LOWER)
_BASE_64_TWICE = finding("base64-twice", "in base64 of base64", _LOWER)
_HEX_HEX = finding("hex-of-hex", "as the hex of its hex", _LOWER)
_HEX_BASE_64 = finding("hex-of-base64", "as the hex of its base64", _LOWER)
_BASE_32 = finding("base32", "in base32", _LOWER)
_RAW = finding("raw", "as raw bytes", _LOWER)
_RAW_LATIN_1 = finding("raw-latin-1", "as raw bytes, each a character", _LOWER)
_RAW_UTF_8 = finding("raw-utf-8", "as raw bytes, decoded as UTF-8", _LOWER)
_RAW_ASCII = finding("raw-ascii", "as raw bytes, decoded as ASCII with a ? for each that is none", _LOWER)
_RAW_TWICE = finding("raw-twice", "in UTF-8 of its raw bytes, each taken for a character", _LOWER)
_MESSAGE_IN_FRONT = finding(
    "message-in-front",
    "with the message itself in front, as Go's Sum(message) gives it",
    "Write the message into the HMAC, then call Sum(nil).",
)
_CUT = finding("cut", "without its end", _LOWER)
_CUT_FRONT = finding("cut-front", "without its beginning", _LOWER)
_ZERO = finding(
    "zeros-lost", "without the zeros in front: a BigInteger drops them", "Pad it with zeros to 64 characters."
)
_UNPADDED = finding("unpadded", "with one digit for each byte below 16", "Write two digits for each byte.")
_SIGN_EXTENDED = finding("sign-extended", "with ffffff before each byte above 127", "Write two digits for each byte.")
_SIGN_EXTENDED_UNPADDED = finding(
    "sign-extended-unpadded",
    "with ffffff before each byte above 127, and one digit below 16",
    "Write two digits for each byte.",
)
_LEADING_ZERO = finding("leading-zeros", "with 00 in front: a BigInteger's sign byte", _LOWER)
_REPEATED = finding("repeated", "twice, one after the other", FIX)

# All that can be said of a signature's spelling.
FINDINGS = (
    *(one for one, _ in PEELS),
    _UPPER,
    _MIXED,
    _BASE_64,
    _BASE_64_URL,
    _BASE_64_HEX,
    _BASE_64_TWICE,
    _HEX_HEX,
    _HEX_BASE_64,
    _BASE_32,
    _RAW,
    _RAW_LATIN_1,
    _RAW_UTF_8,
    _RAW_ASCII,
    _RAW_TWICE,
    _MESSAGE_IN_FRONT,
    _CUT,
    _CUT_FRONT,
    _ZERO,
    _UNPADDED,
    _SIGN_EXTENDED,
    _SIGN_EXTENDED_UNPADDED,
    _LEADING_ZERO,
    _REPEATED,
)


def readings(signature: str) -> list[Reading]:
    """What digests this signature may be, the likeliest first; none if it is no digest."""
    if len(signature) > LONGEST:
        return []
    found: list[Reading] = []
    raw = signature.encode("latin-1", "ignore")
    if len(raw) == len(signature) in SIZES and not (signature.isascii() and signature.isprintable()):
        found.append(_whole(raw.hex(), (_RAW_LATIN_1,)))
    if "\ufffd" in signature:
        found.append(Reading("", frozenset(SIZES), lambda digest: _as_utf8(digest) == signature, (_RAW_UTF_8,)))
    if len(signature) in SIZES and len(signature) // 8 <= sum(map(signature.count, "?\ufffd")):
        found.append(Reading("", frozenset((len(signature),)), lambda d: signature in _as_ascii(d), (_RAW_ASCII,)))
    text, wrong = _peeled(signature)
    if isinstance(text, bytes):
        if len(text) in SIZES:
            found.append(_whole(text.hex(), (*wrong[:-1], _RAW)))
        return found
    found.extend(_of_text(text, wrong))
    return found


def _as_utf8(digest: str) -> str:
    return bytes.fromhex(digest).decode("utf-8", "replace")


def _as_ascii(digest: str) -> tuple[str, str]:
    text = bytes.fromhex(digest).decode("ascii", "replace")
    return text, text.replace("\ufffd", "?")


def _peeled(signature: str) -> tuple[str | bytes, tuple[Finding, ...]]:
    text: str = signature
    wrong: list[Finding] = []
    for _ in range(4):
        before = text
        for one, peel in PEELS:
            if HEX.fullmatch(text) and 2 * len(text) // 4 in SIZES:
                return text, tuple(wrong)
            try:
                peeled = peel(text)
            except ValueError:
                continue
            if peeled == text or not peeled:
                continue
            wrong.append(one)
            if isinstance(peeled, bytes):
                if len(peeled) in SIZES and not (peeled.isascii() and HEX.fullmatch(peeled.decode())):
                    return peeled, tuple(wrong)
                peeled = peeled.decode("latin-1")
            text = peeled
        if text == before:
            break
    return text, tuple(dict.fromkeys(wrong))


def _whole(digest: str, findings: tuple[Finding, ...]) -> Reading:
    return Reading(digest, frozenset((len(digest) // 2,)), digest.__eq__, findings)


def _of_text(text: str, wrong: tuple[Finding, ...]) -> Iterator[Reading]:
    if HEX.fullmatch(text):
        yield from _of_hex(text, wrong)
    if BASE64.fullmatch(text):
        url_safe = "-" in text or "_" in text
        raw = _base64(text)
        plain = raw.isascii() and HEX.fullmatch(raw.decode())
        if len(raw) in SIZES and not plain:
            yield _whole(raw.hex(), (*wrong, _BASE_64_URL if url_safe else _BASE_64))
        elif plain and len(raw) // 2 in SIZES:
            yield _whole(raw.decode().lower(), (*wrong, _BASE_64_HEX))
        elif raw.isascii() and BASE64.fullmatch(raw.decode()) and len(inner := _base64(raw.decode())) in SIZES:
            yield _whole(inner.hex(), (*wrong, _BASE_64_TWICE))
        yield from _of_raw(raw, wrong)
    if re.fullmatch("[A-Z2-7]{26,}={0,6}|[a-z2-7]{26,}={0,6}", text):
        try:
            raw = base64.b32decode(text.upper().rstrip("=") + "=" * (-len(text.rstrip("=")) % 8))
        except binascii.Error:
            return
        if len(raw) in SIZES:
            yield _whole(raw.hex(), (*wrong, _BASE_32))


def _of_raw(raw: bytes, wrong: tuple[Finding, ...]) -> Iterator[Reading]:
    """Of bytes that hold more than a digest's: their characters are its bytes, or the message stands before it."""
    with suppress(UnicodeError):
        inner = raw.decode().encode("latin-1")
        if inner != raw and len(inner) in SIZES:
            yield _whole(inner.hex(), (*wrong, _RAW_TWICE))
    with suppress(UnicodeError):
        if len(raw) > 48 and raw[:-32].decode().isprintable():
            yield _whole(raw[-32:].hex(), (*wrong, _MESSAGE_IN_FRONT))


def _base64(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return b""


def _of_hex(text: str, wrong: tuple[Finding, ...]) -> Iterator[Reading]:
    lower, size = text.lower(), len(text)
    if text != lower:
        wrong = (*wrong, _UPPER if text == text.upper() else _MIXED)
    if size % 2 == 0 and size // 2 in SIZES:
        yield _whole(lower, wrong)
    if size % 2 == 0:
        inner = bytes.fromhex(text)
        yield from _of_raw(inner, wrong)
        if inner.isascii():
            plain = inner.decode()
            if HEX.fullmatch(plain) and size // 4 in SIZES:
                yield _whole(plain.lower(), (*wrong, _HEX_HEX))
            elif BASE64.fullmatch(plain) and len(raw := _base64(plain)) in SIZES:
                yield _whole(raw.hex(), (*wrong, _HEX_BASE_64))
    if size == 128 and lower[:64] == lower[64:]:
        yield _whole(lower[:64], (*wrong, _REPEATED))
    if size == 66 and lower[:2] == "00":
        yield _whole(lower[2:], (*wrong, _LEADING_ZERO))
    if 56 <= size < 64:
        yield _whole(lower.rjust(64, "0"), (*wrong, _ZERO))
    if 32 <= size < 64:
        yield Reading(
            "",
            frozenset((32,)),
            lambda digest: digest[-1] == lower[-1] and _pairs(digest, "{:x}") == lower,
            (*wrong, _UNPADDED),
        )
    if size > 64 and "ffffff" in lower:
        yield Reading(
            "",
            frozenset((32,)),
            lambda digest: digest[-1] == lower[-1] and _pairs(digest, "{:02x}", signed=True) == lower,
            (*wrong, _SIGN_EXTENDED),
        )
        yield Reading(
            "",
            frozenset((32,)),
            lambda digest: digest[-1] == lower[-1] and _pairs(digest, "{:x}", signed=True) == lower,
            (*wrong, _SIGN_EXTENDED_UNPADDED),
        )
    if size >= SHORTEST:
        longer = frozenset(one for one in SIZES if 2 * one > size)
        if longer:
            yield Reading("", longer, lambda digest: digest.startswith(lower), (*wrong, _CUT))
            yield Reading("", longer, lambda digest: digest.endswith(lower), (*wrong, _CUT_FRONT))


def _pairs(digest: str, write: str, *, signed: bool = False) -> str:
    return "".join(("ffffff" if signed and byte > 127 else "") + write.format(byte) for byte in bytes.fromhex(digest))
