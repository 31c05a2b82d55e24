"""How a digest of secret and message is computed: what the rows of `digest` are made of."""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias

from ..._backend import Signer
from ..signing import Secret

# Of a secret, what digests messages under it: so the work on the key is done once for all of them.
UnderKey: TypeAlias = Callable[[Secret], Callable[[bytes], str]]


class Digest(NamedTuple):
    """A way to digest: `size` in bytes, and what gives the hex of messages under a secret."""

    size: int
    under: UnderKey


def hmac_sha256(secret: Secret) -> Callable[[bytes], str]:
    """By the core, that keeps the key's context."""
    if secret:
        return Signer("-", secret).hexdigest
    return lambda message: hmac.new(b"", message, "sha256").hexdigest()  # a Signer refuses an empty secret


def keyed(algorithm: str) -> UnderKey:
    return lambda s: lambda message: hmac.new(s, message, algorithm).hexdigest()


def plain(algorithm: str) -> UnderKey:
    make = getattr(hashlib, algorithm)
    return lambda s: lambda message: make(message, usedforsecurity=False).hexdigest()


def mixed(algorithm: str, mix: Callable[[Secret, bytes], bytes]) -> UnderKey:
    """A plain hash of secret and message together."""
    make = getattr(hashlib, algorithm)
    return lambda s: lambda message: make(mix(s, message), usedforsecurity=False).hexdigest()


def of(write: Callable[[bytes], bytes]) -> UnderKey:
    """HMAC-SHA256 of what `write` makes of the message."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = hmac_sha256(s)
        return lambda message: digest(write(message))

    return under


def after(finish: Callable[[bytes], bytes]) -> UnderKey:
    """What `finish` makes of the HMAC-SHA256."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = hmac_sha256(s)
        return lambda message: finish(bytes.fromhex(digest(message))).hex()

    return under


def again(write: Callable[[bytes], bytes], *, times: int = 1) -> UnderKey:
    """HMAC-SHA256 of what `write` makes of the HMAC-SHA256."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = hmac_sha256(s)

        def make(message: bytes) -> str:
            hexed = digest(message)
            for _ in range(times):
                hexed = digest(write(bytes.fromhex(hexed)))
            return hexed

        return make

    return under


def each(make: Callable[[Secret, bytes], str]) -> UnderKey:
    """What keeps nothing of the secret."""
    return lambda s: lambda message: make(s, message)


def named(algorithm: str) -> UnderKey:
    """HMAC by an algorithm that not every OpenSSL has."""

    def make(s: Secret, message: bytes) -> str:
        try:
            return hmac.new(s, message, algorithm).hexdigest()
        except ValueError:
            return ""

    return each(make)


def to_hex(data: bytes) -> bytes:
    return data.hex().encode()


def to_hex_upper(data: bytes) -> bytes:
    return data.hex().upper().encode()


def written_hash(algorithm: str, write: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: write(hashlib.new(algorithm, data, usedforsecurity=False).digest())


def hash_of(algorithm: str, write: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda digest: hashlib.new(algorithm, write(digest), usedforsecurity=False).digest()


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _hmac_of(mix: Callable[[Secret, bytes], bytes]) -> UnderKey:
    return each(lambda s, m: hmac.new(s, mix(s, m), "sha256").hexdigest())


def joined(algorithm: str) -> Iterator[tuple[str, str, UnderKey]]:
    """A plain hash (or HMAC-SHA256, if none is named) of message and secret with a mark or a name between them."""
    for mark in _BETWEEN:
        for first, second, mix in (
            ("message", "secret", lambda s, m, mark=mark: m + mark + s),
            ("secret", "message", lambda s, m, mark=mark: s + mark + m),
        ):
            what = f"plain {algorithm.upper() or 'HMAC'} was used, over the {first}, {mark!r:.20} and the {second}"
            under = mixed(algorithm, mix) if algorithm else _hmac_of(mix)
            yield f"{first}-{_BETWEEN.index(mark)}-{second}", what.replace("b'", "'"), under


_BETWEEN = (
    *(b":", b"|", b"&", b".", b",", b"-", b"_", b"+", b"#", b" ", b"\n", b";"),
    *(
        b"&secret=",
        b"&key=",
        b"&secretKey=",
        b"&secret_key=",
        b"&apiSecret=",
        b"&api_secret=",
        b"&SecretKey=",
        b"&appSecret=",
    ),
)


def little_endian(digest: bytes) -> bytes:
    return b"".join(digest[at : at + 4][::-1] for at in range(0, len(digest), 4))


def nibbles_swapped(digest: bytes) -> bytes:
    return bytes((byte & 15) << 4 | byte >> 4 for byte in digest)
