"""How people write the signature that they send: a digest is read out of it, with what is wrong with its spelling."""

from __future__ import annotations

import ast
import base64
import binascii
import re
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import NamedTuple
from urllib.parse import unquote

from ..changes import Finding

_FIX = "Send the 64 hex characters alone."
_LOWER = "WOO X wants it as 64 lower-case hex characters."
SHORTEST = 16  # hex digits: fewer could match by accident
_LONGEST = 4096
SIZES = (16, 20, 28, 32, 48, 64)  # bytes of a digest that `layers.digest` knows
_HEX = re.compile("[0-9a-fA-F]+")
_BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")


class Reading(NamedTuple):
    """What a signature may be: `fits` tells whether it is that of a hex digest; `sizes` are those of such digests.

    `hex` is the whole digest if it is known, and then `fits` is equality with it.
    """

    hex: str
    sizes: frozenset[int]
    fits: Callable[[str], bool]
    findings: tuple[Finding, ...]


def _finding(name: str, what: str, fix: str = _FIX) -> Finding:
    return Finding(f"signature-{name}", f"The signature was sent {what}. {fix}")


# What stands round a digest, peeled off layer by layer.


def _labelled(text: str) -> str:
    """Without `sha256=`, `(stdin)= `, `SHA2-256(stdin)= `, `hmac-sha256 `, `signature=`."""
    return _LABEL.sub("", text, count=1)


_LABEL = re.compile(
    r"\A(?![0-9a-fA-F]{2}:)[A-Za-z0-9_-]{0,20}(?:\([A-Za-z0-9._-]{0,20}\))?(?:\s?[=:]|(?<=[A-Za-z]{3})\s|(?<=\d{3})\s)\s*(?=\S)"
)


def _surrounded(text: str) -> str:
    """The one digest in hex that a text holds: of `key:digest`, `{"sign":"digest"}`, `digest  -`."""
    found = _DIGESTS.findall(text)
    return found[0] if len(set(found)) == 1 else text


_DIGESTS = re.compile(
    rf"(?<![0-9A-Za-z])(?:{'|'.join(f'[0-9a-fA-F]{{{2 * size}}}' for size in (32, 64, 48, 28, 20, 16))})(?![0-9A-Za-z])"
)


def _literal(text: str) -> str | bytes:
    """What the repr of a bytes object holds."""
    if text[:10] in ("bytearray(", "memoryview") and text[-1] == ")":
        text = text[text.index("(") + 1 : -1]
    if len(text) > _LONGEST or text[:2] not in ("b'", 'b"') or text[-1] != text[1]:
        return text
    try:
        value = ast.literal_eval(text)
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return text
    return value if isinstance(value, bytes) else text


def _unquoted(text: str) -> str:
    return text[1:-1] if len(text) > 2 and text[0] == text[-1] and text[0] in "\"'`" else text


def _without_dashes(text: str) -> str:
    """`AB-CD-EF`, `ab:cd:ef`, `ab cd ef` as `ABCDEF`."""
    found = re.fullmatch(r"[0-9a-fA-F]{2}([^0-9a-zA-Z\\%]{1,3})[0-9a-fA-F]{2}(?:\1[0-9a-fA-F]{2})*", text)
    return text.replace(found[1], "") if found else text


def _joined(text: str) -> str:
    """Without the spaces and line ends within it."""
    bare = "".join(text.split())
    return bare if _HEX.fullmatch(bare) and len(bare) // 2 in SIZES else text


def _hex_list(text: str) -> str:
    """A list of the bytes in hex, one digit or two: Rust's `{:x?}`."""
    numbers = re.findall(r"(?<![0-9a-zA-Z])[0-9a-fA-F]{1,2}(?![0-9a-zA-Z])", text)
    inner = re.fullmatch(r"[\[({]?\s*[0-9a-fA-F]{1,2}(?:[,\s]{1,3}[0-9a-fA-F]{1,2}){15,63}\s*[\])}]?", text)
    return (
        "".join(one.zfill(2) for one in numbers) if inner and len(numbers) in SIZES and _LETTER.search(text) else text
    )


_LETTER = re.compile("[a-fA-F]")


def _words(text: str) -> str:
    """CryptoJS's words: the digest as whole numbers of 32 bits, signed."""
    numbers = [int(one) for one in re.findall(r"(?<![\w.])-?\d{1,10}(?![\w.])", text)]
    if len(numbers) - 1 in (8, 5, 16, 4, 7, 12) and numbers[-1] in SIZES:  # sigBytes
        numbers.pop()
    if 4 * len(numbers) not in SIZES or not all(-(2**31) <= one < 2**32 for one in numbers) or max(numbers) < 256:
        return text
    return "".join(f"{one % 2**32:08x}" for one in numbers)


def _listed(text: str) -> str:
    """The one list of numbers that a text holds: Node's JSON of a Buffer, `Uint8Array(32) [...]`."""
    found = re.findall(r"[\[({]\s*(-?\d{1,3}(?:\s*,?\s+-?\d{1,3}|,-?\d{1,3}){15,63})\s*,?\s*[\])}]", text)
    return found[0] if len(found) == 1 and found[0] != text else text


def _without_prefixes(text: str) -> str:
    r"""`\x12\xab`, `0x12,0xab`, `%12%ab`, `\022\253` as `12ab`."""
    if re.fullmatch(r"(?:\\[0-3][0-7]{2}){16,64}", text):
        return "".join(f"{int(one, 8):02x}" for one in text[1:].split("\\"))
    found = re.fullmatch(r"[\[({]?(?:(?:\\x|0x|%|\\u00)[0-9a-fA-F]{2}[, ]{0,2})+[\])}]?", text)
    return "".join(re.findall(r"(?:\\x|0x|%|\\u00)([0-9a-fA-F]{2})", text)) if found and len(text) > 8 else text


def _buffer(text: str) -> str:
    """Node's `<Buffer 12 ab ...>`."""
    return text[8:-1] if text[:8] == "<Buffer " and text[-1] == ">" else text


def _decimals(text: str) -> str:
    """A list of the bytes as decimal numbers."""
    if not re.fullmatch(r"[\[({]?\s*-?\d{1,3}(?:\s?[, ]\s?-?\d{1,3}){15,64}\s*[\])}]?", text):
        return text
    numbers = [int(number) % 256 for number in re.findall(r"-?\d+", text)]
    return bytes(numbers).hex() if len(numbers) in SIZES else text


def _big_integer(text: str) -> str:
    """A signed BigInteger's negative hex."""
    if re.fullmatch("-[0-9a-fA-F]{40,64}", text):
        return f"{2**256 - int(text[1:], 16):064x}"
    return text


def _decimal(text: str) -> str:
    """The digest as one decimal number."""
    return f"{int(text):064x}" if re.fullmatch(r"\d{70,78}", text) and int(text) < 2**256 else text


def _bits(text: str) -> str:
    """The digest as zeros and ones."""
    bare = re.sub(r"[\s,_-]", "", text)
    return f"{int(bare, 2):0{len(bare) // 4}x}" if re.fullmatch("[01]+", bare) and len(bare) // 8 in SIZES else text


def _base85(text: str) -> str:
    """A digest of 32 bytes in base85 or Ascii85."""
    bare = text.removeprefix("<~").removesuffix("~>")
    if len(bare) == 40 and not _BASE64.fullmatch(bare):
        for decode in (base64.b85decode, base64.a85decode):
            with suppress(ValueError):
                return decode(bare.encode()).hex()
    return text


_PEELS: tuple[tuple[Finding, Callable[[str], str | bytes]], ...] = (
    (_finding("space", "with white space round it"), lambda t: t.strip(" \t\r\n\xa0\u200b\ufeff")),
    (_finding("base85", "in base85"), _base85),
    (_finding("bytes-repr", "as the repr of a bytes object, b'...'"), _literal),
    (_finding("quotes", "in quotes"), _unquoted),
    (_finding("0x", "with 0x in front"), lambda t: t[2:] if t[:2] in ("0x", "0X") and _HEX.fullmatch(t[2:]) else t),
    (_finding("joined", "with spaces or line ends within it"), _joined),
    (_finding("byte-prefixes", "with a prefix before each byte, such as \\x12 or 0x12"), _without_prefixes),
    (_finding("percent-encoded", "percent-encoded"), lambda t: unquote(t, errors="strict") if "%" in t else t),
    (_finding("label", "with a label in front, such as sha256= or (stdin)="), _labelled),
    (_finding("dashes", "with something between its bytes, such as AB-CD or ab:cd"), _without_dashes),
    (_finding("buffer", "as Node prints a Buffer"), _buffer),
    (_finding("words", "as CryptoJS's words, not as text"), _words),
    (_finding("listed", "as a program prints a list of bytes"), _listed),
    (_finding("hex-list", "as a list of its bytes in hex"), _hex_list),
    (_finding("decimals", "as a list of its bytes as decimal numbers"), _decimals),
    (_finding("negative", "as a negative number: a signed BigInteger"), _big_integer),
    (_finding("decimal", "as one decimal number"), _decimal),
    (
        _finding("brackets", "in brackets"),
        lambda t: t[1:-1] if len(t) > 2 and t[0] + t[-1] in ("[]", "()", "{}", "<>") else t,
    ),
    (_finding("end-mark", "with a mark at its end"), lambda t: t.rstrip(";,.&?|\\")),
    (_finding("bits", "as its bits"), _bits),
    (_finding("surrounded", "with another text round it"), _surrounded),
)

_UPPER = _finding("upper-case", "in upper-case hex", _LOWER)
_MIXED = _finding("mixed-case", "in hex of mixed case", _LOWER)
_BASE_64 = _finding("base64", "in base64", _LOWER)
_BASE_64_URL = _finding("base64-url-safe", "in url-safe base64", _LOWER)
_BASE_64_HEX = _finding("base64-of-hex", "as the base64 of its hex", _LOWER)
_BASE_64_TWICE = _finding("base64-twice", "in base64 of base64", _LOWER)
_HEX_HEX = _finding("hex-of-hex", "as the hex of its hex", _LOWER)
_HEX_BASE_64 = _finding("hex-of-base64", "as the hex of its base64", _LOWER)
_BASE_32 = _finding("base32", "in base32", _LOWER)
_RAW = _finding("raw", "as raw bytes", _LOWER)
_RAW_LATIN_1 = _finding("raw-latin-1", "as raw bytes, each a character", _LOWER)
_RAW_UTF_8 = _finding("raw-utf-8", "as raw bytes, decoded as UTF-8", _LOWER)
_CUT = _finding("cut", "without its end", _LOWER)
_CUT_FRONT = _finding("cut-front", "without its beginning", _LOWER)
_ZERO = _finding(
    "zeros-lost", "without the zeros in front: a BigInteger drops them", "Pad it with zeros to 64 characters."
)
_UNPADDED = _finding("unpadded", "with one digit for each byte below 16", "Write two digits for each byte.")
_SIGN_EXTENDED = _finding("sign-extended", "with ffffff before each byte above 127", "Write two digits for each byte.")
_SIGN_EXTENDED_UNPADDED = _finding(
    "sign-extended-unpadded",
    "with ffffff before each byte above 127, and one digit below 16",
    "Write two digits for each byte.",
)
_LEADING_ZERO = _finding("leading-zeros", "with 00 in front: a BigInteger's sign byte", _LOWER)
_REPEATED = _finding("repeated", "twice, one after the other", _FIX)

# All that can be said of a signature's spelling.
FINDINGS = (
    *(finding for finding, _ in _PEELS),
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
    if len(signature) > _LONGEST:
        return []
    found: list[Reading] = []
    raw = signature.encode("latin-1", "ignore")
    if len(raw) == len(signature) in SIZES and not (signature.isascii() and signature.isprintable()):
        found.append(_whole(raw.hex(), (_RAW_LATIN_1,)))
    if "\ufffd" in signature:
        found.append(Reading("", frozenset(SIZES), lambda digest: _as_utf8(digest) == signature, (_RAW_UTF_8,)))
    text, wrong = _peeled(signature)
    if isinstance(text, bytes):
        if len(text) in SIZES:
            found.append(_whole(text.hex(), (*wrong[:-1], _RAW)))
        return found
    found.extend(_of_text(text, wrong))
    return found


def _as_utf8(digest: str) -> str:
    return bytes.fromhex(digest).decode("utf-8", "replace")


def _peeled(signature: str) -> tuple[str | bytes, tuple[Finding, ...]]:
    text: str = signature
    wrong: list[Finding] = []
    for _ in range(4):
        before = text
        for finding, peel in _PEELS:
            if _HEX.fullmatch(text) and 2 * len(text) // 4 in SIZES:
                return text, tuple(wrong)
            try:
                peeled = peel(text)
            except ValueError:
                continue
            if peeled == text or not peeled:
                continue
            wrong.append(finding)
            if isinstance(peeled, bytes):
                if len(peeled) in SIZES and not (peeled.isascii() and _HEX.fullmatch(peeled.decode())):
                    return peeled, tuple(wrong)
                peeled = peeled.decode("latin-1")
            text = peeled
        if text == before:
            break
    return text, tuple(dict.fromkeys(wrong))


def _whole(digest: str, findings: tuple[Finding, ...]) -> Reading:
    return Reading(digest, frozenset((len(digest) // 2,)), digest.__eq__, findings)


def _of_text(text: str, wrong: tuple[Finding, ...]) -> Iterator[Reading]:
    if _HEX.fullmatch(text):
        yield from _of_hex(text, wrong)
    if _BASE64.fullmatch(text):
        url_safe = "-" in text or "_" in text
        raw = _base64(text)
        plain = raw.isascii() and _HEX.fullmatch(raw.decode())
        if len(raw) in SIZES and not plain:
            yield _whole(raw.hex(), (*wrong, _BASE_64_URL if url_safe else _BASE_64))
        elif plain and len(raw) // 2 in SIZES:
            yield _whole(raw.decode().lower(), (*wrong, _BASE_64_HEX))
        elif raw.isascii() and _BASE64.fullmatch(raw.decode()) and len(inner := _base64(raw.decode())) in SIZES:
            yield _whole(inner.hex(), (*wrong, _BASE_64_TWICE))
    if re.fullmatch("[A-Z2-7]{26,}={0,6}|[a-z2-7]{26,}={0,6}", text):
        try:
            raw = base64.b32decode(text.upper().rstrip("=") + "=" * (-len(text.rstrip("=")) % 8))
        except binascii.Error:
            return
        if len(raw) in SIZES:
            yield _whole(raw.hex(), (*wrong, _BASE_32))


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
        if inner.isascii():
            plain = inner.decode()
            if _HEX.fullmatch(plain) and size // 4 in SIZES:
                yield _whole(plain.lower(), (*wrong, _HEX_HEX))
            elif _BASE64.fullmatch(plain) and len(raw := _base64(plain)) in SIZES:
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
