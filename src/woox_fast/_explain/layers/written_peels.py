"""What stands round a digest in a signature: each peel takes one thing away and leaves any other text as it is."""

from __future__ import annotations

import ast
import base64
import json
import re
from collections.abc import Callable
from contextlib import suppress
from urllib.parse import unquote, unquote_to_bytes

from ..changes import Finding

FIX = "Send the 64 hex characters alone."
LONGEST = 4096
SIZES = (16, 20, 28, 32, 48, 64)  # bytes of a digest that `layers.digest` knows
HEX = re.compile("[0-9a-fA-F]+")
BASE64 = re.compile(r"[A-Za-z0-9+/_-]{22,}={0,2}")


def finding(name: str, what: str, fix: str = FIX) -> Finding:
    return Finding(f"signature-{name}", f"The signature was sent {what}. {fix}")


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
    if len(text) > LONGEST or text[:2] not in ("b'", 'b"') or text[-1] != text[1]:
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
    whole = HEX.fullmatch(bare) and len(bare) // 2 in SIZES
    return bare if whole or ("\n" in text and BASE64.fullmatch(bare)) else text


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


def _space_padded(text: str) -> str:
    """` 1ab` as `01ab`: C's %2x, that lacks its zero."""
    padded = " " in text and len(text) // 2 in SIZES and re.fullmatch("(?:[0-9a-fA-F]{2}| [0-9a-fA-F])+", text)
    return text.replace(" ", "0") if padded else text


def _indexed(text: str) -> str:
    """JSON.stringify of a Uint8Array: `{"0":18,"1":171}`."""
    if text[:1] != "{" or '"0"' not in text[:8]:
        return text
    value = json.loads(text)
    whole = len(value) in SIZES and list(value) == [str(at) for at in range(len(value))]
    return bytes(value.values()).hex() if whole and all(type(one) is int for one in value.values()) else text


def _percent_decoded(text: str) -> str | bytes:
    try:
        return unquote(text, errors="strict")
    except UnicodeDecodeError:
        return unquote_to_bytes(text)


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
    if len(bare) == 40 and not BASE64.fullmatch(bare):
        for decode in (base64.b85decode, base64.a85decode):
            with suppress(ValueError):
                return decode(bare.encode()).hex()
    return text


PEELS: tuple[tuple[Finding, Callable[[str], str | bytes]], ...] = (
    (finding("space-padded", "with a space for the zero of each byte below 16"), _space_padded),
    (finding("space", "with white space round it"), lambda t: t.strip(" \t\r\n\xa0\u200b\ufeff")),
    (finding("base85", "in base85"), _base85),
    (finding("bytes-repr", "as the repr of a bytes object, b'...'"), _literal),
    (finding("quotes", "in quotes"), _unquoted),
    (finding("0x", "with 0x in front"), lambda t: t[2:] if t[:2] in ("0x", "0X") and HEX.fullmatch(t[2:]) else t),
    (finding("joined", "with spaces or line ends within it"), _joined),
    (finding("byte-prefixes", "with a prefix before each byte, such as \\x12 or 0x12"), _without_prefixes),
    (finding("percent-encoded", "percent-encoded"), _percent_decoded),
    (finding("label", "with a label in front, such as sha256= or (stdin)="), _labelled),
    (finding("dashes", "with something between its bytes, such as AB-CD or ab:cd"), _without_dashes),
    (finding("buffer", "as Node prints a Buffer"), _buffer),
    (finding("indexed", "as JSON of a Uint8Array, a number for each index"), _indexed),
    (finding("words", "as CryptoJS's words, not as text"), _words),
    (finding("listed", "as a program prints a list of bytes"), _listed),
    (finding("hex-list", "as a list of its bytes in hex"), _hex_list),
    (finding("decimals", "as a list of its bytes as decimal numbers"), _decimals),
    (finding("negative", "as a negative number: a signed BigInteger"), _big_integer),
    (finding("decimal", "as one decimal number"), _decimal),
    (
        finding("brackets", "in brackets"),
        lambda t: t[1:-1] if len(t) > 2 and t[0] + t[-1] in ("[]", "()", "{}", "<>") else t,
    ),
    (finding("end-mark", "with a mark at its end"), lambda t: t.rstrip(";,.&?|\\")),
    (finding("bits", "as its bits"), _bits),
    (finding("surrounded", "with another text round it"), _surrounded),
)
