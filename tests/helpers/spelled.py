"""How people write a digest: each spelling made with the standard library alone, right ones and wrong ones."""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable
from urllib.parse import quote


def _digest(fits: Callable[[bytes], bool]) -> bytes:
    made = (hashlib.sha256(str(n).encode()).digest() for n in range(1_000_000))
    return next(digest for digest in made if fits(digest))


# Of 32 bytes: one with bytes below 16, above 127 and url-safe base64, one that begins with zeros, one with a sign.
EVEN = _digest(lambda d: 16 <= d[0] < 128 and min(d) < 16 and {"+", "/"} <= set(base64.b64encode(d).decode()))
ZEROS = _digest(lambda d: d[0] == 0 and d[1] < 16)
NEGATIVE = _digest(lambda d: d[0] > 127 and min(d) >= 16)
SMALL = _digest(lambda d: d[0] < 8)
DIGESTS = {
    "even": EVEN,
    "zeros": ZEROS,
    "negative": NEGATIVE,
    "small": SMALL,
    "another end": EVEN[:-1] + bytes([EVEN[-1] ^ 1]),
    "another beginning": bytes([EVEN[0] ^ 1]) + EVEN[1:],
    "another middle": EVEN[:16] + bytes([EVEN[16] ^ 1]) + EVEN[17:],
    "sign bytes": bytes([0xFF] * 3 + [1]) * 8,
    **{
        name: hashlib.new(name, b"", usedforsecurity=False).digest()
        for name in ("md5", "sha1", "sha224", "sha384", "sha512")
    },
}
_64 = base64.b64encode(EVEN).decode()
_HEX = EVEN.hex()


def _pairs(digest: bytes, write: str, before: str = "") -> str:
    return "".join((before if byte > 127 else "") + write.format(byte) for byte in digest)


SPELLED: dict[str, str] = {
    **{f"hex of {name}": digest.hex() for name, digest in DIGESTS.items()},
    **{f"base64 of {name}": base64.b64encode(digest).decode() for name, digest in DIGESTS.items()},
    **{f"upper case of {name}": digest.hex().upper() for name, digest in DIGESTS.items()},
    **{f"without zeros, {name}": f"{int.from_bytes(digest, 'big'):x}" for name, digest in DIGESTS.items()},
    **{f"unpadded, {name}": _pairs(digest, "{:x}") for name, digest in DIGESTS.items()},
    **{f"sign extended, {name}": _pairs(digest, "{:02x}", "ffffff") for name, digest in DIGESTS.items()},
    **{f"sign extended, unpadded, {name}": _pairs(digest, "{:x}", "ffffff") for name, digest in DIGESTS.items()},
    **{f"decimal of {name}": str(int.from_bytes(digest, "big")) for name, digest in DIGESTS.items()},
    **{f"decimals of {name}": str(list(digest)) for name, digest in DIGESTS.items()},
    **{f"bits of {name}": _pairs(digest, "{:08b}") for name, digest in DIGESTS.items()},
    **{
        f"as a signed number, {name}": f"{int.from_bytes(digest, 'big', signed=True):x}"
        for name, digest in DIGESTS.items()
    },
    **{f"Latin-1 of {name}": digest.decode("latin-1") for name, digest in DIGESTS.items()},
    **{f"UTF-8 of {name}": digest.decode("utf-8", "replace") for name, digest in DIGESTS.items()},
    **{f"base32 of {name}": base64.b32encode(digest).decode() for name, digest in DIGESTS.items()},
    **{f"repr of {name}": repr(digest) for name, digest in DIGESTS.items()},
    **{f"first {size} digits": _HEX[:size] for size in (1, 2, 15, 16, 17, 30, 31, 32, 33, 40, 48, 55, 56, 57, 62, 63)},
    **{f"last {size} digits": _HEX[-size:] for size in (15, 16, 31, 33, 40, 56, 62)},
    **{f"first {size} of sha512": DIGESTS["sha512"].hex()[:size] for size in (65, 66, 96, 100, 126, 127)},
    **{
        f"end {mark!a}": _HEX + mark
        for mark in (";", ",", ".", "&", "?", "|", "\\", " ", "\n", "\t", "\r\n", "~", "!", "=")
    },
    **{
        f"front {mark!a}": mark + _HEX
        for mark in (" ", "\xa0", "\u200b", "\ufeff", "\r", "0x", "0X", "00", "01", "#", "-")
    },
    **{
        f"round {mark!a}": mark[0] + _HEX + mark[-1]
        for mark in ("''", '""', "``", "[]", "()", "{}", "<>", "'\"", "[)", "--")
    },
    **{
        f"label {label!a}": label + _HEX
        for label in (
            *(
                "sha256=",
                "(stdin)= ",
                "SHA2-256(stdin)= ",
                "SHA256(a.txt)= ",
                "hmac-sha256 ",
                "signature=",
                "sign:",
                "v1=",
            ),
            *(
                "sha256 = ",
                "HMAC-SHA256:",
                "abc ",
                "ab ",
                "sha512 ",
                "12 ",
                "123 ",
                "=",
                ": ",
                "a_very_long_label_12345=",
                "é=",
            ),
        )
    },
    **{f"between {mark!a}": _HEX[:2] + "".join(mark + _HEX[n : n + 2] for n in range(2, 64, 2)) for mark in "-: ,.;_"},
    "between, upper case": EVEN.hex("-").upper(),
    "between, two marks": EVEN[:4].hex("-") + ":" + EVEN[4:].hex("-"),
    "backslashes": "".join(f"\\x{byte:02x}" for byte in EVEN),
    "0x each": ",".join(f"0x{byte:02x}" for byte in EVEN),
    "0x each, spaced": ", ".join(f"0x{byte:02X}" for byte in EVEN),
    "0x each, wide": ",  ".join(f"0x{byte:02x}" for byte in EVEN),
    "one backslash": "\\x12\\xab",
    "buffer": f"<Buffer {EVEN.hex(' ')}>",
    "buffer, open": f"<Buffer {EVEN.hex(' ')}",
    "buffer, cut": f"<Buffer {EVEN[:24].hex(' ')} ... 8 more bytes>",
    "decimals in braces": "{" + ", ".join(map(str, EVEN)) + "}",
    "decimals in parentheses": "( " + " ".join(map(str, EVEN)) + " )",
    "decimals, signed": str([byte - 256 * (byte > 127) for byte in EVEN]),
    "decimals, too few": str(list(EVEN[:15])),
    "decimals, odd count": str(list(EVEN[:17])),
    "bits, spaced": " ".join(f"{byte:08b}" for byte in EVEN),
    "bits, lost": _pairs(EVEN, "{:08b}")[:-1],
    "bits with marks": "_".join(f"{byte:08b}" for byte in EVEN),
    "decimal, too large": str(2**256 + 7),
    "decimal, short": str(2**220),
    "percent-encoded base64": quote(_64, safe=""),
    "percent-encoded quotes": quote(f'"{_HEX}"'),
    "percent, not UTF-8": "%ff" + _HEX,
    "url-safe base64": base64.urlsafe_b64encode(EVEN).decode(),
    "base64 unpadded": _64.rstrip("="),
    "base64 of hex": base64.b64encode(_HEX.encode()).decode(),
    "base64 of upper-case hex": base64.b64encode(_HEX.upper().encode()).decode(),
    "base64 of base64": base64.b64encode(_64.encode()).decode(),
    "base64 of a text": base64.b64encode(b"no digest at all, as one may see").decode(),
    "base64 of half a hex": base64.b64encode(_HEX[:30].encode()).decode(),
    "base64, one sign lost": _64[:-2],
    "base64, quoted": json.dumps(_64),
    "base64, a mark within": _64[:20] + "*" + _64[21:],
    "base32 lower case": base64.b32encode(EVEN).decode().lower(),
    "base32 unpadded": base64.b32encode(EVEN).decode().rstrip("="),
    "base32, one sign lost": base64.b32encode(EVEN).decode().rstrip("=")[:-1],
    "base32 of a text": base64.b32encode(b"no digest at all").decode() + "A",
    "base85": base64.b85encode(EVEN).decode(),
    "Ascii85": base64.a85encode(EVEN).decode(),
    "Ascii85 in marks": base64.a85encode(EVEN, adobe=True).decode(),
    "base85, one sign lost": base64.b85encode(EVEN).decode()[:-1],
    "hex of hex": _HEX.encode().hex(),
    "hex of upper-case hex": _HEX.upper().encode().hex(),
    "hex of base64": _64.encode().hex(),
    "hex of a text": b"no digest at all, as one may see".hex(),
    "mixed case": _HEX[:32] + _HEX[32:].upper(),
    "twice": _HEX * 2,
    "twice, another": _HEX + ZEROS.hex(),
    "twice, a line each": f"{_HEX}\n{_HEX}",
    "leading zeros": "00" + NEGATIVE.hex(),
    "leading ones": "11" + NEGATIVE.hex(),
    "repr of hex": repr(_HEX.encode()),
    "repr of base64": repr(_64.encode()),
    "repr in double quotes": f'b"{_HEX}"',
    "repr, broken": f"b'{_HEX}\\x'",
    "repr between two marks": f"b'{_HEX}\"",
    "repr of bytes, quoted": f'"{EVEN!r}"',
    "repr of a text": f"b'{'x' * 20}' + 'y'",
    "repr of concatenated": f"b'{_HEX[:32]}' b'{_HEX[32:]}'",
    "repr, then a text": "b'a', 'b'",
    "sum of reprs": repr(_HEX.encode())[:20] + "'",
    "with a file's name": f"{_HEX}  -",
    "in JSON": json.dumps({"sign": _HEX}),
    "in JSON, sha512": json.dumps({"sign": DIGESTS["sha512"].hex()}),
    "after a key": f"AbmyVJGUpN064ks5ELjLfA==:{_HEX}",
    "two digests": f"{_HEX} {ZEROS.hex()}",
    "in a word": f"x{_HEX}x",
    "in three layers": f' "sha256={_HEX}" ',
    "in five layers": f"[\"'({_HEX})'\"];",
    "in six layers": f"[(\"'<[({_HEX})]>'\")];",
    "two quotes": '""',
    "a quote": '"',
    "brackets": "[]",
    "empty": "",
    "spaces": "   ",
    "a word": "signature",
    "None": "None",
    "too long": _HEX * 65,
    "almost too long": _HEX + " " * (4096 - 64),
    "just too long": _HEX + " " * (4097 - 64),
    "long repr": f"b'{'a' * 4000}'",
    "not in Latin-1": "é币" * 16,
    "Latin-1 of 32 letters": "é" * 32,
    "replacement alone": "\ufffd",
}
