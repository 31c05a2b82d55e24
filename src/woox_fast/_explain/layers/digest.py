"""What people compute of secret and message in place of HMAC-SHA256 with the secret as key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Iterator
from typing import NamedTuple, TypeAlias
from urllib.parse import quote, quote_plus

from ..._backend import Signer
from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import Secret, Sent

_HEX = "WOO X wants HMAC-SHA256 with the secret as key, in hex."

# Of a secret, what digests messages under it: so the work on the key is done once for all of them.
UnderKey: TypeAlias = Callable[[Secret], Callable[[bytes], str]]


class Digest(NamedTuple):
    """A way to digest: `size` in bytes, and what gives the hex of messages under a secret."""

    size: int
    under: UnderKey


def _hmac_sha256(secret: Secret) -> Callable[[bytes], str]:
    """By the core, that keeps the key's context."""
    if secret:
        return Signer("-", secret).hexdigest
    return lambda message: hmac.new(b"", message, "sha256").hexdigest()  # a Signer refuses an empty secret


def _keyed(algorithm: str) -> UnderKey:
    return lambda s: lambda message: hmac.new(s, message, algorithm).hexdigest()


def _plain(algorithm: str) -> UnderKey:
    make = getattr(hashlib, algorithm)
    return lambda s: lambda message: make(message, usedforsecurity=False).hexdigest()


def _mixed(algorithm: str, mix: Callable[[Secret, bytes], bytes]) -> UnderKey:
    """A plain hash of secret and message together."""
    make = getattr(hashlib, algorithm)
    return lambda s: lambda message: make(mix(s, message), usedforsecurity=False).hexdigest()


def _of(write: Callable[[bytes], bytes]) -> UnderKey:
    """HMAC-SHA256 of what `write` makes of the message."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = _hmac_sha256(s)
        return lambda message: digest(write(message))

    return under


def _after(finish: Callable[[bytes], bytes]) -> UnderKey:
    """What `finish` makes of the HMAC-SHA256."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = _hmac_sha256(s)
        return lambda message: finish(bytes.fromhex(digest(message))).hex()

    return under


def _again(write: Callable[[bytes], bytes], *, times: int = 1) -> UnderKey:
    """HMAC-SHA256 of what `write` makes of the HMAC-SHA256."""

    def under(s: Secret) -> Callable[[bytes], str]:
        digest = _hmac_sha256(s)

        def make(message: bytes) -> str:
            hexed = digest(message)
            for _ in range(times):
                hexed = digest(write(bytes.fromhex(hexed)))
            return hexed

        return make

    return under


def _each(make: Callable[[Secret, bytes], str]) -> UnderKey:
    """What keeps nothing of the secret."""
    return lambda s: lambda message: make(s, message)


def _named(algorithm: str) -> UnderKey:
    """HMAC by an algorithm that not every OpenSSL has."""

    def make(s: Secret, message: bytes) -> str:
        try:
            return hmac.new(s, message, algorithm).hexdigest()
        except ValueError:
            return ""

    return _each(make)


def _hex(data: bytes) -> bytes:
    return data.hex().encode()


def _hex_upper(data: bytes) -> bytes:
    return data.hex().upper().encode()


def _written_hash(algorithm: str, write: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda data: write(hashlib.new(algorithm, data, usedforsecurity=False).digest())


def _hash_of(algorithm: str, write: Callable[[bytes], bytes]) -> Callable[[bytes], bytes]:
    return lambda digest: hashlib.new(algorithm, write(digest), usedforsecurity=False).digest()


def _sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def _md5(data: bytes) -> bytes:
    return hashlib.md5(data, usedforsecurity=False).digest()


def _hmac_of(mix: Callable[[Secret, bytes], bytes]) -> UnderKey:
    return _each(lambda s, m: hmac.new(s, mix(s, m), "sha256").hexdigest())


def _joined(algorithm: str) -> Iterator[tuple[str, str, UnderKey]]:
    """A plain hash (or HMAC-SHA256, if none is named) of message and secret with a mark or a name between them."""
    for mark in _BETWEEN:
        for first, second, mix in (
            ("message", "secret", lambda s, m, mark=mark: m + mark + s),
            ("secret", "message", lambda s, m, mark=mark: s + mark + m),
        ):
            what = f"plain {algorithm.upper() or 'HMAC'} was used, over the {first}, {mark!r:.20} and the {second}"
            under = _mixed(algorithm, mix) if algorithm else _hmac_of(mix)
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


def _little_endian(digest: bytes) -> bytes:
    return b"".join(digest[at : at + 4][::-1] for at in range(0, len(digest), 4))


def _nibbles_swapped(digest: bytes) -> bytes:
    return bytes((byte & 15) << 4 | byte >> 4 for byte in digest)


# Name: cost, size, what was done, and the function. The first is right; layouts name others as part of a rule.
_ROWS: dict[str, tuple[int, int, str, UnderKey]] = {
    "hmac-sha256": (0, 32, "", _hmac_sha256),
    "hmac-sha1": (LIKELY, 20, "HMAC-SHA1 was used", _keyed("sha1")),
    "hmac-sha512": (LIKELY, 64, "HMAC-SHA512 was used", _keyed("sha512")),
    "hmac-sha512-of-sha256": (
        RARE,
        64,
        "HMAC-SHA512 was used, over the SHA-256 of the message",
        _each(lambda s, m: hmac.new(s, _sha256(m), "sha512").hexdigest()),
    ),
    "hmac-sha384": (COMMON, 48, "HMAC-SHA384 was used", _keyed("sha384")),
    "hmac-sha224": (COMMON, 28, "HMAC-SHA224 was used", _keyed("sha224")),
    "hmac-md5": (COMMON, 16, "HMAC-MD5 was used", _keyed("md5")),
    "hmac-sha3-256": (COMMON, 32, "HMAC-SHA3-256 was used", _keyed("sha3_256")),
    "hmac-sha3-512": (UNCOMMON, 64, "HMAC-SHA3-512 was used", _keyed("sha3_512")),
    "hmac-blake2s": (RARE, 32, "HMAC-BLAKE2s was used", _keyed("blake2s")),
    "hmac-blake2b": (RARE, 64, "HMAC-BLAKE2b was used", _keyed("blake2b")),
    "sha256": (LIKELY, 32, "plain SHA-256 was used, without the secret", _plain("sha256")),
    "sha256-secret-message": (
        LIKELY,
        32,
        "plain SHA-256 was used, over the secret and the message",
        _mixed("sha256", lambda s, m: s + m),
    ),
    "sha256-message-secret": (
        LIKELY,
        32,
        "plain SHA-256 was used, over the message and the secret",
        _mixed("sha256", lambda s, m: m + s),
    ),
    "sha256-secret-both": (
        RARE,
        32,
        "plain SHA-256 was used, over the message between two secrets",
        _mixed("sha256", lambda s, m: s + m + s),
    ),
    "sha256-twice": (UNCOMMON, 32, "plain SHA-256 was used twice", _each(lambda s, m: _sha256(_sha256(m)).hex())),
    "sha512": (COMMON, 64, "plain SHA-512 was used, without the secret", _plain("sha512")),
    "sha512-secret-message": (
        UNCOMMON,
        64,
        "plain SHA-512 was used, over the secret and the message",
        _mixed("sha512", lambda s, m: s + m),
    ),
    "sha512-message-secret": (
        UNCOMMON,
        64,
        "plain SHA-512 was used, over the message and the secret",
        _mixed("sha512", lambda s, m: m + s),
    ),
    "sha1": (COMMON, 20, "plain SHA-1 was used, without the secret", _plain("sha1")),
    "sha1-secret-message": (
        RARE,
        20,
        "plain SHA-1 was used, over the secret and the message",
        _mixed("sha1", lambda s, m: s + m),
    ),
    "sha1-message-secret": (
        RARE,
        20,
        "plain SHA-1 was used, over the message and the secret",
        _mixed("sha1", lambda s, m: m + s),
    ),
    "md5": (COMMON, 16, "plain MD5 was used, without the secret", _plain("md5")),
    "md5-secret-message": (
        UNCOMMON,
        16,
        "plain MD5 was used, over the secret and the message",
        _mixed("md5", lambda s, m: s + m),
    ),
    "md5-message-secret": (
        UNCOMMON,
        16,
        "plain MD5 was used, over the message and the secret",
        _mixed("md5", lambda s, m: m + s),
    ),
    **{
        f"{algorithm}-{name}": (FAMILY, hashlib.new(algorithm, usedforsecurity=False).digest_size, what, under)
        for algorithm in ("sha256", "md5", "sha1", "sha512")
        for name, what, under in _joined(algorithm)
    },
    **{
        f"hmac-of-{name}": (FAMILY, 32, what.replace("plain HMAC", "HMAC-SHA256"), under)
        for name, what, under in _joined("")
    },
    **{
        f"of-{algorithm}-{name}": (
            EXOTIC,
            32,
            f"the {algorithm.upper()} of the message, {what}, was signed",
            _of(_written_hash(algorithm, write)),
        )
        for algorithm in ("md5", "sha1", "sha384", "sha512")
        for name, what, write in (
            ("raw", "as raw bytes", bytes),
            ("hex", "in hex", _hex),
            ("hex-upper", "in upper-case hex", _hex_upper),
            ("base64", "in base64", base64.b64encode),
        )
    },
    **{
        f"{algorithm}-of-hmac-{name}": (
            EXOTIC,
            hashlib.new(algorithm, usedforsecurity=False).digest_size,
            f"the HMAC, {what}, was put through {algorithm.upper()} once more",
            _after(_hash_of(algorithm, write)),
        )
        for algorithm in ("md5", "sha1", "sha512")
        for name, what, write in (("raw", "as raw bytes", bytes), ("hex", "in hex", _hex))
    },
    "hmac-of-hmac-base64": (
        EXOTIC,
        32,
        "the HMAC's base64 was put through HMAC once more",
        _again(base64.b64encode),
    ),
    "hmac-three-times": (
        EXOTIC,
        32,
        "the HMAC's hex was put through HMAC twice more",
        _again(_hex, times=2),
    ),
    "hmac-ripemd160": (EXOTIC, 20, "HMAC-RIPEMD160 was used", _named("ripemd160")),
    "blake2b-keyed": (
        RARE,
        32,
        "BLAKE2b with a key was used",
        _each(lambda s, m: hashlib.blake2b(m, key=s[:64], digest_size=32).hexdigest()),
    ),
    "blake2b-256": (
        EXOTIC,
        32,
        "plain BLAKE2b was used, without the secret",
        _each(lambda s, m: hashlib.blake2b(m, digest_size=32).hexdigest()),
    ),
    "blake2s-keyed": (
        EXOTIC,
        32,
        "BLAKE2s with a key was used",
        _each(lambda s, m: hashlib.blake2s(m, key=s[:32]).hexdigest()),
    ),
    "sha512-256": (RARE, 32, "HMAC-SHA512/256 was used", _named("sha512_256")),
    "hmac-sha3-384": (EXOTIC, 48, "HMAC-SHA3-384 was used", _keyed("sha3_384")),
    "hmac-sm3": (EXOTIC, 32, "HMAC-SM3 was used", _named("sm3")),
    "pbkdf2": (EXOTIC, 32, "PBKDF2 was used", _each(lambda s, m: hashlib.pbkdf2_hmac("sha256", m, s, 1).hex())),
    "pbkdf2-swapped": (EXOTIC, 32, "PBKDF2 was used", _each(lambda s, m: hashlib.pbkdf2_hmac("sha256", s, m, 1).hex())),
    "sha384": (UNCOMMON, 48, "plain SHA-384 was used, without the secret", _plain("sha384")),
    "sha3-256": (UNCOMMON, 32, "plain SHA3-256 was used, without the secret", _plain("sha3_256")),
    "blake2s": (EXOTIC, 32, "plain BLAKE2s was used, without the secret", _plain("blake2s")),
    "swapped": (LIKELY, 32, "key and message were swapped", _each(lambda s, m: hmac.new(m, s, "sha256").hexdigest())),
    "swapped-sha512": (
        RARE,
        64,
        "HMAC-SHA512 was used with key and message swapped",
        _each(lambda s, m: hmac.new(m, s, "sha512").hexdigest()),
    ),
    "of-sha256-hex": (
        COMMON,
        32,
        "the SHA-256 of the message, in hex, was signed",
        _of(lambda m: _sha256(m).hex().encode()),
    ),
    "of-sha256": (COMMON, 32, "the SHA-256 of the message was signed", _of(_sha256)),
    "of-sha256-base64": (
        RARE,
        32,
        "the SHA-256 of the message, in base64, was signed",
        _of(lambda m: base64.b64encode(_sha256(m))),
    ),
    "of-base64": (COMMON, 32, "the base64 of the message was signed", _of(base64.b64encode)),
    "of-base64-url-safe": (RARE, 32, "the url-safe base64 of the message was signed", _of(base64.urlsafe_b64encode)),
    "of-hex": (UNCOMMON, 32, "the hex of the message was signed", _of(lambda m: m.hex().encode())),
    "of-lower-case": (UNCOMMON, 32, "the message was signed in lower case", _of(bytes.lower)),
    "of-upper-case": (UNCOMMON, 32, "the message was signed in upper case", _of(bytes.upper)),
    "of-utf-16": (
        UNCOMMON,
        32,
        "the message was signed in UTF-16",
        _of(lambda m: m.decode("utf-8", "replace").encode("utf-16-le")),
    ),
    "of-bytes-repr": (
        UNCOMMON,
        32,
        "the message was signed as the repr of a bytes object",
        _of(lambda m: repr(m).encode()),
    ),
    "of-percent-encoded": (
        UNCOMMON,
        32,
        "the message was signed percent-encoded",
        _of(lambda m: quote(m, safe="").encode()),
    ),
    "of-percent-encoded-path": (RARE, 32, "the message was signed percent-encoded", _of(lambda m: quote(m).encode())),
    "of-percent-encoded-plus": (
        RARE,
        32,
        "the message was signed percent-encoded",
        _of(lambda m: quote_plus(m).encode()),
    ),
    "of-json-string": (
        UNCOMMON,
        32,
        "the message was signed as a JSON string",
        _of(lambda m: json.dumps(m.decode("utf-8", "surrogateescape")).encode()),
    ),
    "of-json-string-not-ascii": (
        RARE,
        32,
        "the message was signed as a JSON string",
        _of(lambda m: b'"' + m.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'),
    ),
    "of-utf-16-be": (
        RARE,
        32,
        "the message was signed in UTF-16",
        _of(lambda m: m.decode("utf-8", "replace").encode("utf-16-be")),
    ),
    "of-utf-32": (
        RARE,
        32,
        "the message was signed in UTF-32",
        _of(lambda m: m.decode("utf-8", "replace").encode("utf-32-le")),
    ),
    "of-sha256-hex-upper": (
        RARE,
        32,
        "the SHA-256 of the message, in upper-case hex, was signed",
        _of(lambda m: _sha256(m).hex().upper().encode()),
    ),
    "of-message-secret": (
        RARE,
        32,
        "HMAC-SHA256 was used over the message and the secret",
        _each(lambda s, m: hmac.new(s, m + s, "sha256").hexdigest()),
    ),
    "of-secret-message": (
        RARE,
        32,
        "HMAC-SHA256 was used over the secret and the message",
        _each(lambda s, m: hmac.new(s, s + m, "sha256").hexdigest()),
    ),
    "of-reversed": (EXOTIC, 32, "the message was signed in reverse", _of(lambda m: m[::-1])),
    "of-doubled": (RARE, 32, "the message was signed twice over", _of(lambda m: m * 2)),
    "of-stripped": (UNCOMMON, 32, "the message was signed without white space at its ends", _of(bytes.strip)),
    "of-no-spaces": (UNCOMMON, 32, "the message was signed without spaces", _of(lambda m: m.replace(b" ", b""))),
    "hmac-of-hmac-hex": (
        COMMON,
        32,
        "the HMAC's hex was put through HMAC once more",
        _again(_hex),
    ),
    "hmac-of-hmac": (
        COMMON,
        32,
        "the HMAC was put through HMAC once more",
        _again(bytes),
    ),
    "sha256-of-hmac": (UNCOMMON, 32, "the HMAC was put through SHA-256 once more", _after(_sha256)),
    "sha256-of-hmac-hex": (
        UNCOMMON,
        32,
        "the HMAC's hex was put through SHA-256 once more",
        _after(lambda d: _sha256(_hex(d))),
    ),
    "words-reversed": (EXOTIC, 32, "the digest's words of four bytes were in reverse", _after(_little_endian)),
    "nibbles-swapped": (EXOTIC, 32, "the two digits of each byte were exchanged", _after(_nibbles_swapped)),
    "digits-reversed": (EXOTIC, 32, "the digest's digits were in reverse", _after(lambda d: _nibbles_swapped(d[::-1]))),
    "hmac-of-hmac-hex-upper": (
        EXOTIC,
        32,
        "the HMAC's upper-case hex was put through HMAC once more",
        _again(_hex_upper),
    ),
    "bytes-reversed": (EXOTIC, 32, "the digest's bytes were in reverse", _after(lambda d: d[::-1])),
    "hmac-key-updated": (
        UNCOMMON,
        32,
        "the HMAC was of nothing: the message was never put in",
        _each(lambda s, m: hmac.new(s, b"", "sha256").hexdigest()),
    ),
    "empty-key": (
        RARE,
        32,
        "HMAC-SHA256 with an empty key was used over secret and message",
        _each(lambda s, m: hmac.new(b"", s + m, "sha256").hexdigest()),
    ),
}

DIGESTS = {name: Digest(size, make) for name, (_, size, _, make) in _ROWS.items()}


def _row(name: str, cost: int, what: str) -> Change:
    def values(_: str, sent: Sent) -> Iterator[str]:
        yield name

    light = name.startswith(("hmac-", "sha256", "swapped"))  # no copy of the message is made
    return Change(f"algorithm-{name}", cost, f"{what[0].upper()}{what[1:]}. {_HEX}", values, light=light)


DIGEST = Table(tuple(_row(name, cost, what) for name, (cost, _, what, _) in _ROWS.items() if cost), most=1)
