"""The pure twin: the specification of `Signer`, on the standard library's `hmac` alone."""

from __future__ import annotations

import hmac
from typing import TYPE_CHECKING

from ._sign_base import SignerBase

if TYPE_CHECKING:
    from ._sign_base import Body, Timestamp

backend = "python"
sha256_implementation = "hashlib"


class Signer(SignerBase):
    """Signs WOO X requests with one API key and secret. Immutable but for `clock_offset_ms`; safe to share by threads.

    `api_key` is sent as it is; `api_secret` (str as UTF-8, or bytes, of any length) is turned into two SHA-256 states
    and kept nowhere else. `clock_offset_ms` is added to the local clock wherever a timestamp is left out.
    """

    __slots__ = ("_keyed",)

    _backend = backend
    _keyed: hmac.HMAC

    def _set_key(self, secret: bytes) -> None:
        self._keyed = hmac.new(secret, digestmod="sha256")

    def _hmac_hex(self, *parts: bytes) -> str:
        keyed = self._keyed.copy()
        for part in parts:
            keyed.update(part)
        return keyed.hexdigest()


def sign(api_secret: str | bytes, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
    """`Signer.sign` for one message under one secret. No secret is cached: a loop wants a `Signer`."""
    try:
        signer = Signer("-", api_secret)
    finally:
        del api_secret
    return signer.sign(timestamp, method, path, body)
