"""The pure twin: the specification of `Signer`, on the standard library alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from . import _wire
from ._sign_base import SignerBase

if TYPE_CHECKING:
    from ._types import Body, Timestamp

backend: str = "python"
sha256_implementation: str = "hashlib"

_IPAD = bytes(byte ^ 0x36 for byte in range(256))
_OPAD = bytes(byte ^ 0x5C for byte in range(256))


class Signer(SignerBase):
    """Signs WOO X requests with one API key and secret. Immutable but for `clock_offset_ms`; safe to share by threads.

    `api_key` is sent as it is; `api_secret` (str as UTF-8, or bytes, of any length) is turned into two SHA-256 states
    and kept nowhere else. `clock_offset_ms` is added to the local clock wherever a timestamp is left out.
    """

    __slots__ = ("_inner", "_outer")

    _backend = backend
    _inner: hashlib._Hash
    _outer: hashlib._Hash

    # RFC 2104 by hand: to copy one keyed object of `hmac` for each message takes twice as long as these two.
    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        block = (secret if len(secret) <= 64 else hashlib.sha256(secret).digest()).ljust(64, b"\0")
        self._inner = hashlib.sha256(block.translate(_IPAD))
        self._outer = hashlib.sha256(block.translate(_OPAD))

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        """The `x-api-signature`: 64 lower-case hex characters of HMAC-SHA256(timestamp + method + path + body).

        `timestamp` is Unix epoch milliseconds, an int or a str of 13 digits; `method` is upper case; `path` begins
        with '/' and holds the query string as it is sent; `body` is str (UTF-8), bytes, any contiguous buffer or None.
        Raises TypeError, ValueError, BufferError or UnicodeEncodeError, each saying what was got and what to do.
        Source: WOO X integration guide, "Authentication".
        """
        if (
            type(timestamp) is int
            and 10**12 <= timestamp < 10**13
            and type(method) is type(path) is str
            and method in _wire.CONTENT_TYPES
            and path[:1] == "/"
        ):
            if type(body) is str:
                return self._hmac_hex(f"{timestamp}{method}{path}{body}".encode())
            if type(body) is bytes:
                return self._hmac_hex(f"{timestamp}{method}{path}".encode(), body)
        return SignerBase.sign(self, timestamp, method, path, body)

    def _hmac_hex(self, *parts: bytes) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.hexdigest()


def sign(api_secret: str | bytes, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
    """`Signer.sign` for one message under one secret. No secret is cached: a loop wants a `Signer`."""
    try:
        signer = Signer("-", api_secret)
    finally:
        del api_secret
    return signer.sign(timestamp, method, path, body)
