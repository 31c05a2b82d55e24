"""Every row of explain's tables is as tests/vectors/explain holds it.

A row that is lost, or a text of a row's list, is a mistake that is never named again, and nothing else would show it. A
new row is a line of the files' difference, read before it is committed: `python tools/explain_rows.py` writes them.
What the files hold is true by the standard library: here of digests and signatures, in test_explain_rows_signed of the
rest.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable
from urllib.parse import quote, quote_plus

import pytest
from helpers.explain_rows import FOLDER, PARTS, REQUESTS, held, rows
from helpers.spelled import EVEN, NEGATIVE, SMALL, ZEROS

from woox_fast import _explain
from woox_fast._explain.layers.digest import DIGESTS


def _is_missing(algorithm: str) -> bool:
    """Not every OpenSSL has it."""
    try:
        return not hmac.new(b"", b"", algorithm)
    except ValueError:
        return True


OF_OPENSSL = {
    "algorithm-hmac-ripemd160": "ripemd160",
    "algorithm-hmac-sm3": "sm3",
    "algorithm-sha512-256": "sha512_256",
}
MISSING = {name for name, algorithm in OF_OPENSSL.items() if _is_missing(algorithm)}


@pytest.mark.parametrize("part", [*PARTS, "signature"])
def test_the_rows_are_those_that_are_held(part: str) -> None:
    now, before = (
        [json.dumps(row) for row in lines if row.get("name") not in MISSING] for lines in (rows(part), held(part))
    )
    lost, new = ([row for row in one if row not in other] for one, other in ((before, now), (now, before)))
    assert now == before, "\n".join(
        (
            f"{FOLDER.name}/{part}.json holds what the code does not make:",
            *lost,
            "the code makes what it does not hold:",
            *new,
            "the same rows, in another order" if not (lost or new) else "",
            "if that is what was meant: python tools/explain_rows.py",
        )
    )


@pytest.mark.parametrize("part", PARTS)
def test_each_row_makes_something_else_of_a_request(part: str) -> None:
    assert not [row["name"] for row in held(part)[1:] if not row["makes"]]


def test_all_that_is_listed_is_held() -> None:
    """`explain --mistakes` lists what the files hold, and the one mistake that is of no table."""
    listed = {(one.name, one.layer) for one in _explain.all_mistakes()}
    lines = {(row["name"], part) for part in (*PARTS, "signature") for row in held(part) if "name" in row}
    assert listed == lines | {("secret-surrounded", "secret")}


# The digests, by hand: secret and message to bytes.

Digest = Callable[[bytes, bytes], bytes]
NAMES = {"sha3-256": "sha3_256", "sha3-384": "sha3_384", "sha3-512": "sha3_512"}


def hashed(algorithm: str, data: bytes) -> bytes:
    return hashlib.new(NAMES.get(algorithm, algorithm), data, usedforsecurity=False).digest()


def keyed(secret: bytes, message: bytes, algorithm: str = "sha256") -> bytes:
    return hmac.new(secret, message, NAMES.get(algorithm, algorithm)).digest()


OF_DIGESTS = {row["name"]: row for row in held("digest")[1:]}
PLAIN = ("sha256", "sha512", "sha1", "md5", "sha384", "sha3-256", "blake2s")
KEYED = ("sha1", "sha512", "sha384", "sha224", "md5", "sha3-256", "sha3-384", "sha3-512", "blake2s", "blake2b")
WRITTEN: dict[str, Callable[[bytes], bytes]] = {
    "raw": bytes,
    "hex": lambda d: d.hex().encode(),
    "hex-upper": lambda d: d.hex().upper().encode(),
    "base64": base64.b64encode,
}
OF: dict[str, Callable[[bytes], bytes]] = {
    **{
        f"{a}-{name}": lambda m, a=a, w=w: w(hashed(a, m))
        for a in ("md5", "sha1", "sha384", "sha512")
        for name, w in WRITTEN.items()
    },
    **{f"sha256-{name}": lambda m, w=w: w(hashed("sha256", m)) for name, w in WRITTEN.items() if name != "raw"},
    "sha256": lambda m: hashed("sha256", m),
    "base64": base64.b64encode,
    "base64-url-safe": base64.urlsafe_b64encode,
    "hex": lambda m: m.hex().encode(),
    "lower-case": bytes.lower,
    "upper-case": bytes.upper,
    "utf-16": lambda m: m.decode().encode("utf-16-le"),
    "utf-16-be": lambda m: m.decode().encode("utf-16-be"),
    "utf-32": lambda m: m.decode().encode("utf-32-le"),
    "bytes-repr": lambda m: str(m).encode(),
    "percent-encoded": lambda m: quote(m, safe="").encode(),
    "percent-encoded-path": lambda m: quote(m).encode(),
    "percent-encoded-plus": lambda m: quote_plus(m).encode(),
    "json-string": lambda m: json.dumps(m.decode()).encode(),
    "json-string-not-ascii": lambda m: json.dumps(m.decode(), ensure_ascii=False).encode(),
    "reversed": lambda m: bytes(reversed(m)),
    "doubled": lambda m: m + m,
    "stripped": lambda m: m.decode().strip().encode(),
    "no-spaces": lambda m: b"".join(m.split(b" ")),
}
BY_HAND: dict[str, Digest] = {
    **{a: lambda s, m, a=a: hashed(a, m) for a in PLAIN},
    **{f"hmac-{a}": lambda s, m, a=a: keyed(s, m, a) for a in (*KEYED, "ripemd160", "sm3")},
    **{f"{a}-secret-message": lambda s, m, a=a: hashed(a, s + m) for a in ("sha256", "sha512", "sha1", "md5")},
    **{f"{a}-message-secret": lambda s, m, a=a: hashed(a, m + s) for a in ("sha256", "sha512", "sha1", "md5")},
    **{
        f"{a}-message-{name}-secret": lambda s, m, a=a, mark=mark: hashed(a, m + mark + s)
        for a in ("sha256", "md5", "sha1")
        for name, mark in (("colon", b":"), ("bar", b"|"), ("name", b"&secretKey="))
    },
    **{
        f"{a}-of-hmac-{name}": lambda s, m, a=a, w=WRITTEN[name]: hashed(a, w(keyed(s, m)))
        for a in ("md5", "sha1", "sha512")
        for name in ("raw", "hex")
    },
    **{f"of-{name}": lambda s, m, w=w: keyed(s, w(m)) for name, w in OF.items()},
    "sha512-256": lambda s, m: keyed(s, m, "sha512_256"),
    "sha256-secret-both": lambda s, m: hashed("sha256", s + m + s),
    "sha256-message-ampersand-secret": lambda s, m: hashed("sha256", m + b"&" + s),
    "sha256-message-secret-parameter": lambda s, m: hashed("sha256", m + b"&secret=" + s),
    "md5-message-secret-parameter": lambda s, m: hashed("md5", m + b"&secret_key=" + s),
    "sha256-twice": lambda s, m: hashed("sha256", hashed("sha256", m)),
    "hmac-of-hmac": lambda s, m: keyed(s, keyed(s, m)),
    "hmac-of-hmac-hex": lambda s, m: keyed(s, keyed(s, m).hex().encode()),
    "hmac-of-hmac-base64": lambda s, m: keyed(s, base64.b64encode(keyed(s, m))),
    "hmac-three-times": lambda s, m: keyed(s, keyed(s, keyed(s, m).hex().encode()).hex().encode()),
    "sha256-of-hmac": lambda s, m: hashed("sha256", keyed(s, m)),
    "sha256-of-hmac-hex": lambda s, m: hashed("sha256", keyed(s, m).hex().encode()),
    "blake2b-keyed": lambda s, m: hashlib.blake2b(m, key=s, digest_size=32).digest(),
    "blake2b-256": lambda s, m: hashlib.blake2b(m, digest_size=32).digest(),
    "blake2s-keyed": lambda s, m: hashlib.blake2s(m, key=s).digest(),
    # PBKDF2's one round is HMAC over the salt and a 1.
    "pbkdf2": lambda s, m: keyed(m, s + b"\0\0\0\1"),
    "pbkdf2-swapped": lambda s, m: keyed(s, m + b"\0\0\0\1"),
    "swapped": lambda s, m: keyed(m, s),
    "swapped-sha512": lambda s, m: keyed(m, s, "sha512"),
    "of-message-secret": lambda s, m: keyed(s, m + s),
    "of-secret-message": lambda s, m: keyed(s, s + m),
    "bytes-reversed": lambda s, m: bytes(reversed(keyed(s, m))),
    "hmac-key-updated": lambda s, m: keyed(s, b""),
    "empty-key": lambda s, m: keyed(b"", s + m),
}


@pytest.mark.parametrize("name", [name for name in BY_HAND if f"algorithm-{name}" in OF_DIGESTS])
def test_a_digest_is_that_of_the_standard_library(name: str) -> None:
    row = OF_DIGESTS[f"algorithm-{name}"]
    if row["name"] in MISSING:
        return
    sent, secret = REQUESTS[row["of"]]
    message = (sent.timestamp + sent.method + sent.path + sent.query).encode() + sent.body
    digest = BY_HAND[name](secret.encode(), message)
    assert row["makes"] == [digest.hex()]
    assert DIGESTS[name].size == len(digest)


def test_what_is_spelled_is_read() -> None:
    """A digest of 32 bytes, however it is spelled."""
    tried = 0
    for line in held("signature"):
        for name, digest in (("even", EVEN), ("zeros", ZEROS), ("negative", NEGATIVE), ("small", SMALL)):
            if line.get("spelled", "").endswith((f" of {name}", f", {name}")):
                tried += 1
                assert any(one["hex"] == digest.hex() or name in one["fits"] for one in line["readings"]), line
    assert tried == 4 * 15
