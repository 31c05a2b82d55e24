"""Mistakes in the digest, which must be HMAC-SHA256 with the secret as key."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable
from typing import NamedTuple

from ..._backend import Signer
from ..rows import COMMON, LIKELY, UNCOMMON, Table, build_rows
from ..signing import Secret

Keyed = Callable[[Secret], Callable[[bytes], str]]


class Digest(NamedTuple):
    """A digest: its `size` in bytes, and a function that binds a secret and returns the hex of messages."""

    size: int
    keyed: Keyed


def _bind_hmac_sha256(secret: Secret) -> Callable[[bytes], str]:
    if secret:
        return Signer("-", secret).hexdigest
    return lambda message: hmac.new(b"", message, "sha256").hexdigest()  # Signer refuses an empty secret


def _bind_hmac(algorithm: str) -> Keyed:
    return lambda s: lambda message: hmac.new(s, message, algorithm).hexdigest()


def _bind_hash(algorithm: str, mix: Callable[[Secret, bytes], bytes] = lambda s, m: m) -> Keyed:
    return lambda s: lambda message: hashlib.new(algorithm, mix(s, message), usedforsecurity=False).hexdigest()


def _bind_after(write: Callable[[bytes], bytes]) -> Keyed:
    return lambda s: lambda message: hmac.new(s, write(message), "sha256").hexdigest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _bind_hmac_twice(s: Secret) -> Callable[[bytes], str]:
    return lambda message: hmac.new(s, _to_hex(hmac.digest(s, message, "sha256")), "sha256").hexdigest()


def _to_utf_16(message: bytes) -> bytes:
    return message.decode("utf-8", "replace").encode("utf-16-le")


_SIZES = {"sha256": 32, "sha512": 64, "sha384": 48, "sha1": 20, "md5": 16, "sha3_256": 32, "sha224": 28}


def _to_hex(data: bytes) -> bytes:
    return data.hex().encode()


_Mix = Callable[[Secret, bytes], bytes]
_MIXES: tuple[tuple[str, str, _Mix], ...] = (
    ("", "without the secret", lambda s, m: m),
    ("-secret-message", "over secret and message", lambda s, m: s + m),
    ("-message-secret", "over message and secret", lambda s, m: m + s),
)
# Name: cost, size, cause, function. The first entry is right.
_ENTRIES: dict[str, tuple[int, int, str, Keyed]] = {
    "hmac-sha256": (0, 32, "", _bind_hmac_sha256),
    **{
        f"hmac-{name}": (
            LIKELY if name in ("sha512", "sha1") else COMMON,
            size,
            f"HMAC-{name.upper()} was used.",
            _bind_hmac(name),
        )
        for name, size in _SIZES.items()
        if name != "sha256"
    },
    **{
        f"{name}{kind}": (cost, _SIZES[name], f"Plain {name.upper()} was used, not HMAC, {how}.", _bind_hash(name, mix))
        for name, cost in (("sha256", LIKELY), ("sha512", COMMON), ("md5", COMMON), ("sha1", COMMON))
        for kind, how, mix in _MIXES
    },
    "swapped": (LIKELY, 32, "Key and message were swapped.", lambda s: lambda m: hmac.new(m, s, "sha256").hexdigest()),
    "of-sha256": (COMMON, 32, "The hex SHA-256 of the message was signed.", _bind_after(lambda m: _to_hex(_sha256(m)))),
    "of-sha256-raw": (COMMON, 32, "The raw SHA-256 of the message was signed.", _bind_after(_sha256)),
    "of-utf-16": (UNCOMMON, 32, "The message was signed in UTF-16.", _bind_after(_to_utf_16)),
    "again": (COMMON, 32, "The HMAC's hex was signed again.", _bind_hmac_twice),
}
DIGESTS = {name: Digest(size, keyed) for name, (_, size, _, keyed) in _ENTRIES.items()}
TABLE = Table(
    build_rows(
        "algorithm-",
        "{}",
        "Use HMAC-SHA256 with the secret as key and the message as data, in hex.",
        *((name, cost, cause, lambda _, name=name: name) for name, (cost, _, cause, _) in _ENTRIES.items() if cost),
    )
)
