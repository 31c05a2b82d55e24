"""Pure Python backend: the specification of `Signer`, with the standard library alone."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from . import _checks, _http
from ._sign_base import SignerBase

if TYPE_CHECKING:
    from ._types import Body, Timestamp

backend: str = "python"
sha256_implementation: str = "hashlib"

_IPAD = bytes(byte ^ 0x36 for byte in range(256))
_OPAD = bytes(byte ^ 0x5C for byte in range(256))


class Signer(SignerBase):
    __doc__ = SignerBase.__doc__

    __slots__ = ("_inner", "_outer")

    _backend = backend
    _inner: hashlib._Hash
    _outer: hashlib._Hash

    # RFC 2104 written out: per message, copying two hash objects is twice as fast as copying an `hmac` object.
    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        block = (secret if len(secret) <= 64 else hashlib.sha256(secret).digest()).ljust(64, b"\0")
        self._inner = hashlib.sha256(block.translate(_IPAD))
        self._outer = hashlib.sha256(block.translate(_OPAD))

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        if (
            type(timestamp) is int
            and 10**12 <= timestamp < 10**13
            and type(method) is type(path) is str
            and method in _http.CONTENT_TYPES
            and path[:1] == "/"
        ):
            try:
                if type(body) is str:
                    return self._hmac_hex(f"{timestamp}{method}{path}{body}".encode())
                if type(body) is bytes:
                    return self._hmac_hex(f"{timestamp}{method}{path}".encode(), body)
            except UnicodeEncodeError:
                pass  # its index is within the whole message; SignerBase.sign reports the index within the argument
        return SignerBase.sign(self, timestamp, method, path, body)

    def _hmac_hex(self, *parts: bytes) -> str:
        inner, outer = self._inner.copy(), self._outer.copy()
        for part in parts:
            inner.update(part)
        outer.update(inner.digest())
        return outer.hexdigest()


def sign(api_secret: str | bytes, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
    """Sign one request with a secret, as `Signer.sign`. In a loop use a `Signer`, which computes the key once.

    Args:
        api_secret: str (UTF-8) without white space or quotes at its ends, or bytes, which are used unchanged.
        timestamp, method, path, body: as the arguments of `Signer.sign`.

    Returns:
        64 lower-case hex characters.

    Raises:
        TypeError, ValueError, BufferError, UnicodeEncodeError: as `Signer` and `Signer.sign`.
    """
    try:
        signer = Signer("-", api_secret)
        del api_secret  # a traceback that shows locals must not show it
    except BaseException as error:
        api_secret = ""  # noqa: F841
        _checks.clear_frames(error)
        raise
    return signer.sign(timestamp, method, path, body)


def _sha256_names() -> list[str]:
    """Return the available implementations of SHA-256."""
    return [sha256_implementation]


def _choose_sha256(name: str | None = None) -> None:
    """Accept the name of the only implementation. The compiled backends have several."""
    if name and name not in _sha256_names():
        _checks.refuse_sha256(name, backend, _sha256_names())
