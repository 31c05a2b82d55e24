"""Encodings of digests: read a digest from the signature as sent, and name the wrong encoding."""

from __future__ import annotations

import ast
import base64
import binascii
import re
from collections.abc import Callable, Iterator
from typing import NamedTuple
from urllib.parse import unquote

from .rows import Finding

MAX_LENGTH = 4096
SIZES = (16, 20, 28, 32, 48, 64)  # bytes of the digests in `tables.digest`
MIN_DIGITS = 16  # fewer hex digits could match by accident
HEX = re.compile("[0-9a-fA-F]+")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")


class Reading(NamedTuple):
    """An interpretation of the signature: `fits` tests a hex digest, whose size in bytes must be in `sizes`."""

    sizes: frozenset[int]
    fits: Callable[[str], bool]
    findings: tuple[Finding, ...]


_HEX = "Send it as 64 lower-case hex characters (hexdigest)."
_ALONE = "Send the 64 hex characters alone."


def _build_finding(name: str, how: str, remedy: str) -> Finding:
    return Finding(f"signature-{name}", f"The signature was sent {how}.", remedy)


_KINDS = {
    name: _build_finding(name, how, _HEX)
    for name, how in (
        ("base64", "in base64"),
        ("encoded-twice", "in hex and base64, one within the other"),
        ("raw", "as raw bytes"),
        ("cut", "without its end or its beginning"),
        ("zeros-lost", "without leading zeros, which number conversions drop"),
    )
}


def _extract_digest(text: str) -> str:
    """Return the only hex digest in `key:digest`, `{"sign":"digest"}` or `digest  -`."""
    found = _DIGESTS.findall(text)
    return found[0] if len(set(found)) == 1 else text


_DIGESTS = re.compile(
    rf"(?<![0-9A-Za-z])(?:{'|'.join(f'[0-9a-fA-F]{{{2 * size}}}' for size in reversed(SIZES))})(?![0-9A-Za-z])"
)
_LABEL = re.compile(
    r"\A(?![0-9a-fA-F]{2}:)[A-Za-z0-9_-]{0,20}(?:\([A-Za-z0-9._-]{0,20}\))?(?:\s?[=:]|(?<=[A-Za-z]{3})\s|(?<=\d{3})\s)\s*(?=\S)"
)


def _read_literal(text: str) -> str | bytes:
    found = re.fullmatch(r"""(?:bytearray\()?(b'.*'|b".*")\)?""", text, re.DOTALL)
    try:
        value = ast.literal_eval(found[1]) if found else text
    except (SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, bytes) else text


def _remove_separators(text: str) -> str:
    r"""Return `abcdef` for `AB-CD-EF`, `ab:cd:ef`, `ab cd ef` and `\xab\xcd\xef`."""
    if re.fullmatch(r"(?:(?:\\x|0x|%)[0-9a-fA-F]{2}[, ]*){16,64}", text):
        return "".join(re.findall(r"(?:x|%)(..)", text))
    found = re.fullmatch(r"[0-9a-fA-F]{2}([^0-9a-zA-Z\\%]{1,3})[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2})*", text)
    return text.replace(found[1], "") if found else text


_PAIRS = ('""', "''", "``", "[]", "()", "<>")
# Every function removes a wrapping, or returns the text unchanged.
_PEELS: tuple[tuple[Finding, Callable[[str], str | bytes]], ...] = tuple(
    (_build_finding(name, how, _ALONE), peel)
    for name, how, peel in (
        ("space", "with white space", lambda t: "".join(t.split())),
        ("bytes-repr", "as the repr of a bytes object (b'...')", _read_literal),
        ("quotes", "in quotes or brackets", lambda t: t[1:-1] if t[:1] + t[-1:] in _PAIRS else t),
        ("0x", "with 0x before it", lambda t: t[2:] if t[:2] in ("0x", "0X") and HEX.fullmatch(t[2:]) else t),
        ("percent-encoded", "percent-encoded", lambda t: unquote(t, errors="strict")),
        ("label", "with a label before it, such as sha256=", lambda t: _LABEL.sub("", t, count=1)),
        ("dashes", "with marks between its bytes, such as AB-CD", _remove_separators),
        ("end-mark", "with a mark after it", lambda t: t.rstrip(";,.&?|\\")),
        ("text", "with other text", _extract_digest),
    )
)


def read_signature(signature: str) -> list[Reading]:
    """Return the interpretations of `signature`; an empty list if it cannot be a digest."""
    if len(signature) > MAX_LENGTH:
        return []
    raw = signature.encode("latin-1", "ignore")
    if len(raw) == len(signature) in SIZES and not (signature.isascii() and signature.isprintable()):
        return [_match_exactly(raw.hex(), (_KINDS["raw"],))]
    text, findings = _peel(signature)
    if isinstance(text, bytes):
        return [_match_exactly(text.hex(), (*findings[:-1], _KINDS["raw"]))]
    return list(_read(text, findings))


def _peel(signature: str) -> tuple[str | bytes, tuple[Finding, ...]]:
    text: str = signature.strip(" \t\r\n\xa0\u200b\ufeff")
    findings = [_PEELS[0][0]] if text != signature else []
    for _ in range(4):
        before = text
        for finding, peel in _PEELS[1:]:
            if HEX.fullmatch(text) and len(text) // 2 in SIZES:
                return text, tuple(findings)
            try:
                peeled = peel(text)
            except ValueError:
                continue
            if peeled == text or not peeled:
                continue
            findings.append(finding)
            if isinstance(peeled, bytes):
                if len(peeled) in SIZES and not HEX.fullmatch(peeled.decode("latin-1")):
                    return peeled, tuple(findings)
                peeled = peeled.decode("latin-1")
            text = peeled
        bare = "".join(text.split())
        if bare != text and HEX.fullmatch(bare) and len(bare) // 2 in SIZES:
            text = bare
            findings.append(_PEELS[0][0])
        if text == before:
            break
    return text, tuple(dict.fromkeys(findings))


def _match_exactly(digest: str, findings: tuple[Finding, ...]) -> Reading:
    return Reading(frozenset((len(digest) // 2,)), digest.__eq__, findings)


def _read(text: str, findings: tuple[Finding, ...]) -> Iterator[Reading]:
    if HEX.fullmatch(text):
        yield from _read_hex(text, findings)
    if BASE64.fullmatch(text):
        raw = _decode_base64(text)
        is_hex = raw.isascii() and HEX.fullmatch(raw.decode())
        if len(raw) in SIZES and not is_hex:
            yield _match_exactly(raw.hex(), (*findings, _KINDS["base64"]))
        elif is_hex and len(raw) // 2 in SIZES:
            yield _match_exactly(raw.decode().lower(), (*findings, _KINDS["encoded-twice"]))


def _decode_base64(text: str) -> bytes:
    bare = text.rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4))
    except binascii.Error:
        return b""


def _read_hex(text: str, findings: tuple[Finding, ...]) -> Iterator[Reading]:
    lower, size = text.lower(), len(text)
    if size % 2 == 0 and size // 2 in SIZES:
        yield _match_exactly(lower, findings)
    inner = bytes.fromhex(text).decode("latin-1") if size % 2 == 0 else ""
    if HEX.fullmatch(inner) and size // 4 in SIZES:
        yield _match_exactly(inner.lower(), (*findings, _KINDS["encoded-twice"]))
    elif BASE64.fullmatch(inner) and len(raw := _decode_base64(inner)) in SIZES:
        yield _match_exactly(raw.hex(), (*findings, _KINDS["encoded-twice"]))
    if 32 <= size < 64:
        lost = (*findings, _KINDS["zeros-lost"])
        fits = (
            lambda d: d.lstrip("0") == lower,
            lambda d: d[-1] == lower[-1] and "".join(f"{b:x}" for b in bytes.fromhex(d)) == lower,
        )
        yield from (Reading(frozenset((32,)), fit, lost) for fit in fits)
    longer = frozenset(digest for digest in SIZES if 2 * digest > size)
    if size >= MIN_DIGITS and longer:
        cut = (*findings, _KINDS["cut"])
        yield Reading(longer, lambda digest: digest.startswith(lower) or digest.endswith(lower), cut)


FINDINGS = (*(finding for finding, _ in _PEELS), *_KINDS.values())
