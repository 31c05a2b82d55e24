"""What people compute of secret and message in place of HMAC-SHA256 with the secret as key."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Iterator
from urllib.parse import quote, quote_plus

from ..changes import COMMON, EXOTIC, FAMILY, LIKELY, RARE, UNCOMMON, Change, Table
from ..signing import Sent
from .digest_ways import (
    Digest,
    UnderKey,
    after,
    again,
    each,
    hash_of,
    hmac_sha256,
    joined,
    keyed,
    little_endian,
    mixed,
    named,
    nibbles_swapped,
    of,
    plain,
    sha256,
    to_hex,
    to_hex_upper,
    written_hash,
)

_HEX = "WOO X wants HMAC-SHA256 with the secret as key, in hex."

# Name: cost, size, what was done, and the function. The first is right; layouts name others as part of a rule.
_ROWS: dict[str, tuple[int, int, str, UnderKey]] = {
    "hmac-sha256": (0, 32, "", hmac_sha256),
    "hmac-sha1": (LIKELY, 20, "HMAC-SHA1 was used", keyed("sha1")),
    "hmac-sha512": (LIKELY, 64, "HMAC-SHA512 was used", keyed("sha512")),
    "hmac-sha512-of-sha256": (
        RARE,
        64,
        "HMAC-SHA512 was used, over the SHA-256 of the message",
        each(lambda s, m: hmac.new(s, sha256(m), "sha512").hexdigest()),
    ),
    "hmac-sha384": (COMMON, 48, "HMAC-SHA384 was used", keyed("sha384")),
    "hmac-sha224": (COMMON, 28, "HMAC-SHA224 was used", keyed("sha224")),
    "hmac-md5": (COMMON, 16, "HMAC-MD5 was used", keyed("md5")),
    "hmac-sha3-256": (COMMON, 32, "HMAC-SHA3-256 was used", keyed("sha3_256")),
    "hmac-sha3-512": (UNCOMMON, 64, "HMAC-SHA3-512 was used", keyed("sha3_512")),
    "hmac-blake2s": (RARE, 32, "HMAC-BLAKE2s was used", keyed("blake2s")),
    "hmac-blake2b": (RARE, 64, "HMAC-BLAKE2b was used", keyed("blake2b")),
    "sha256": (LIKELY, 32, "plain SHA-256 was used, without the secret", plain("sha256")),
    "sha256-secret-message": (
        LIKELY,
        32,
        "plain SHA-256 was used, over the secret and the message",
        mixed("sha256", lambda s, m: s + m),
    ),
    "sha256-message-secret": (
        LIKELY,
        32,
        "plain SHA-256 was used, over the message and the secret",
        mixed("sha256", lambda s, m: m + s),
    ),
    "sha256-secret-both": (
        RARE,
        32,
        "plain SHA-256 was used, over the message between two secrets",
        mixed("sha256", lambda s, m: s + m + s),
    ),
    "sha256-twice": (UNCOMMON, 32, "plain SHA-256 was used twice", each(lambda s, m: sha256(sha256(m)).hex())),
    "sha512": (COMMON, 64, "plain SHA-512 was used, without the secret", plain("sha512")),
    "sha512-secret-message": (
        UNCOMMON,
        64,
        "plain SHA-512 was used, over the secret and the message",
        mixed("sha512", lambda s, m: s + m),
    ),
    "sha512-message-secret": (
        UNCOMMON,
        64,
        "plain SHA-512 was used, over the message and the secret",
        mixed("sha512", lambda s, m: m + s),
    ),
    "sha1": (COMMON, 20, "plain SHA-1 was used, without the secret", plain("sha1")),
    "sha1-secret-message": (
        RARE,
        20,
        "plain SHA-1 was used, over the secret and the message",
        mixed("sha1", lambda s, m: s + m),
    ),
    "sha1-message-secret": (
        RARE,
        20,
        "plain SHA-1 was used, over the message and the secret",
        mixed("sha1", lambda s, m: m + s),
    ),
    "md5": (COMMON, 16, "plain MD5 was used, without the secret", plain("md5")),
    "md5-secret-message": (
        UNCOMMON,
        16,
        "plain MD5 was used, over the secret and the message",
        mixed("md5", lambda s, m: s + m),
    ),
    "md5-message-secret": (
        UNCOMMON,
        16,
        "plain MD5 was used, over the message and the secret",
        mixed("md5", lambda s, m: m + s),
    ),
    **{
        f"{algorithm}-{name}": (FAMILY, hashlib.new(algorithm, usedforsecurity=False).digest_size, what, under)
        for algorithm in ("sha256", "md5", "sha1", "sha512")
        for name, what, under in joined(algorithm)
    },
    **{
        f"hmac-of-{name}": (FAMILY, 32, what.replace("plain HMAC", "HMAC-SHA256"), under)
        for name, what, under in joined("")
    },
    **{
        f"of-{algorithm}-{name}": (
            EXOTIC,
            32,
            f"the {algorithm.upper()} of the message, {what}, was signed",
            of(written_hash(algorithm, write)),
        )
        for algorithm in ("md5", "sha1", "sha384", "sha512")
        for name, what, write in (
            ("raw", "as raw bytes", bytes),
            ("hex", "in hex", to_hex),
            ("hex-upper", "in upper-case hex", to_hex_upper),
            ("base64", "in base64", base64.b64encode),
        )
    },
    **{
        f"{algorithm}-of-hmac-{name}": (
            EXOTIC,
            hashlib.new(algorithm, usedforsecurity=False).digest_size,
            f"the HMAC, {what}, was put through {algorithm.upper()} once more",
            after(hash_of(algorithm, write)),
        )
        for algorithm in ("md5", "sha1", "sha512")
        for name, what, write in (("raw", "as raw bytes", bytes), ("hex", "in hex", to_hex))
    },
    "hmac-of-hmac-base64": (
        EXOTIC,
        32,
        "the HMAC's base64 was put through HMAC once more",
        again(base64.b64encode),
    ),
    "hmac-three-times": (
        EXOTIC,
        32,
        "the HMAC's hex was put through HMAC twice more",
        again(to_hex, times=2),
    ),
    "hmac-ripemd160": (EXOTIC, 20, "HMAC-RIPEMD160 was used", named("ripemd160")),
    "blake2b-keyed": (
        RARE,
        32,
        "BLAKE2b with a key was used",
        each(lambda s, m: hashlib.blake2b(m, key=s[:64], digest_size=32).hexdigest()),
    ),
    "blake2b-256": (
        EXOTIC,
        32,
        "plain BLAKE2b was used, without the secret",
        each(lambda s, m: hashlib.blake2b(m, digest_size=32).hexdigest()),
    ),
    "blake2s-keyed": (
        EXOTIC,
        32,
        "BLAKE2s with a key was used",
        each(lambda s, m: hashlib.blake2s(m, key=s[:32]).hexdigest()),
    ),
    "sha512-256": (RARE, 32, "HMAC-SHA512/256 was used", named("sha512_256")),
    "hmac-sha3-384": (EXOTIC, 48, "HMAC-SHA3-384 was used", keyed("sha3_384")),
    "hmac-sm3": (EXOTIC, 32, "HMAC-SM3 was used", named("sm3")),
    "pbkdf2": (EXOTIC, 32, "PBKDF2 was used", each(lambda s, m: hashlib.pbkdf2_hmac("sha256", m, s, 1).hex())),
    "pbkdf2-swapped": (EXOTIC, 32, "PBKDF2 was used", each(lambda s, m: hashlib.pbkdf2_hmac("sha256", s, m, 1).hex())),
    "sha384": (UNCOMMON, 48, "plain SHA-384 was used, without the secret", plain("sha384")),
    "sha3-256": (UNCOMMON, 32, "plain SHA3-256 was used, without the secret", plain("sha3_256")),
    "blake2s": (EXOTIC, 32, "plain BLAKE2s was used, without the secret", plain("blake2s")),
    "swapped": (LIKELY, 32, "key and message were swapped", each(lambda s, m: hmac.new(m, s, "sha256").hexdigest())),
    "swapped-sha512": (
        RARE,
        64,
        "HMAC-SHA512 was used with key and message swapped",
        each(lambda s, m: hmac.new(m, s, "sha512").hexdigest()),
    ),
    "of-sha256-hex": (
        COMMON,
        32,
        "the SHA-256 of the message, in hex, was signed",
        of(lambda m: sha256(m).hex().encode()),
    ),
    "of-sha256": (COMMON, 32, "the SHA-256 of the message was signed", of(sha256)),
    "of-sha256-base64": (
        RARE,
        32,
        "the SHA-256 of the message, in base64, was signed",
        of(lambda m: base64.b64encode(sha256(m))),
    ),
    "of-base64": (COMMON, 32, "the base64 of the message was signed", of(base64.b64encode)),
    "of-base64-url-safe": (RARE, 32, "the url-safe base64 of the message was signed", of(base64.urlsafe_b64encode)),
    "of-hex": (UNCOMMON, 32, "the hex of the message was signed", of(lambda m: m.hex().encode())),
    "of-lower-case": (UNCOMMON, 32, "the message was signed in lower case", of(bytes.lower)),
    "of-upper-case": (UNCOMMON, 32, "the message was signed in upper case", of(bytes.upper)),
    "of-utf-16": (
        UNCOMMON,
        32,
        "the message was signed in UTF-16",
        of(lambda m: m.decode("utf-8", "replace").encode("utf-16-le")),
    ),
    "of-bytes-repr": (
        UNCOMMON,
        32,
        "the message was signed as the repr of a bytes object",
        of(lambda m: repr(m).encode()),
    ),
    "of-percent-encoded": (
        UNCOMMON,
        32,
        "the message was signed percent-encoded",
        of(lambda m: quote(m, safe="").encode()),
    ),
    "of-percent-encoded-path": (RARE, 32, "the message was signed percent-encoded", of(lambda m: quote(m).encode())),
    "of-percent-encoded-plus": (
        RARE,
        32,
        "the message was signed percent-encoded",
        of(lambda m: quote_plus(m).encode()),
    ),
    "of-json-string": (
        UNCOMMON,
        32,
        "the message was signed as a JSON string",
        of(lambda m: json.dumps(m.decode("utf-8", "surrogateescape")).encode()),
    ),
    "of-json-string-not-ascii": (
        RARE,
        32,
        "the message was signed as a JSON string",
        of(lambda m: b'"' + m.replace(b"\\", b"\\\\").replace(b'"', b'\\"').replace(b"\n", b"\\n") + b'"'),
    ),
    "of-utf-16-be": (
        RARE,
        32,
        "the message was signed in UTF-16",
        of(lambda m: m.decode("utf-8", "replace").encode("utf-16-be")),
    ),
    "of-utf-32": (
        RARE,
        32,
        "the message was signed in UTF-32",
        of(lambda m: m.decode("utf-8", "replace").encode("utf-32-le")),
    ),
    "of-sha256-hex-upper": (
        RARE,
        32,
        "the SHA-256 of the message, in upper-case hex, was signed",
        of(lambda m: sha256(m).hex().upper().encode()),
    ),
    "of-message-secret": (
        RARE,
        32,
        "HMAC-SHA256 was used over the message and the secret",
        each(lambda s, m: hmac.new(s, m + s, "sha256").hexdigest()),
    ),
    "of-secret-message": (
        RARE,
        32,
        "HMAC-SHA256 was used over the secret and the message",
        each(lambda s, m: hmac.new(s, s + m, "sha256").hexdigest()),
    ),
    "of-reversed": (EXOTIC, 32, "the message was signed in reverse", of(lambda m: m[::-1])),
    "of-doubled": (RARE, 32, "the message was signed twice over", of(lambda m: m * 2)),
    "of-stripped": (UNCOMMON, 32, "the message was signed without white space at its ends", of(bytes.strip)),
    "of-no-spaces": (UNCOMMON, 32, "the message was signed without spaces", of(lambda m: m.replace(b" ", b""))),
    "hmac-of-hmac-hex": (
        COMMON,
        32,
        "the HMAC's hex was put through HMAC once more",
        again(to_hex),
    ),
    "hmac-of-hmac": (
        COMMON,
        32,
        "the HMAC was put through HMAC once more",
        again(bytes),
    ),
    "sha256-of-hmac": (UNCOMMON, 32, "the HMAC was put through SHA-256 once more", after(sha256)),
    "sha256-of-hmac-hex": (
        UNCOMMON,
        32,
        "the HMAC's hex was put through SHA-256 once more",
        after(lambda d: sha256(to_hex(d))),
    ),
    "words-reversed": (EXOTIC, 32, "the digest's words of four bytes were in reverse", after(little_endian)),
    "nibbles-swapped": (EXOTIC, 32, "the two digits of each byte were exchanged", after(nibbles_swapped)),
    "digits-reversed": (EXOTIC, 32, "the digest's digits were in reverse", after(lambda d: nibbles_swapped(d[::-1]))),
    "hmac-of-hmac-hex-upper": (
        EXOTIC,
        32,
        "the HMAC's upper-case hex was put through HMAC once more",
        again(to_hex_upper),
    ),
    "bytes-reversed": (EXOTIC, 32, "the digest's bytes were in reverse", after(lambda d: d[::-1])),
    "hmac-key-updated": (
        UNCOMMON,
        32,
        "the HMAC was of nothing: the message was never put in",
        each(lambda s, m: hmac.new(s, b"", "sha256").hexdigest()),
    ),
    "empty-key": (
        RARE,
        32,
        "HMAC-SHA256 with an empty key was used over secret and message",
        each(lambda s, m: hmac.new(b"", s + m, "sha256").hexdigest()),
    ),
}

DIGESTS = {name: Digest(size, make) for name, (_, size, _, make) in _ROWS.items()}


def _row(name: str, cost: int, what: str) -> Change:
    def values(_: str, sent: Sent) -> Iterator[str]:
        yield name

    light = name.startswith(("hmac-", "sha256", "swapped"))  # no copy of the message is made
    return Change(f"algorithm-{name}", cost, f"{what[0].upper()}{what[1:]}. {_HEX}", values, light=light)


DIGEST = Table(tuple(_row(name, cost, what) for name, (cost, _, what, _) in _ROWS.items() if cost), most=1)
