"""The cffi twin, for PyPy: the C core through cffi. It behaves as `woox_fast._sign_py`, the specification."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from . import _checks
from ._sign_base import SignerBase, copied
from ._sign_cffi_lib import ffi, lib

if TYPE_CHECKING:
    from typing import Any, NoReturn

    from ._sign_base import Body, Timestamp

backend = "cffi"
sha256_implementation: str

# Where the core writes a signature. A thread takes one from here and puts it back: a list's pop and append are atomic,
# and PyPy has these at a third of the cost of new memory.
_hex_buffers: list[Any] = []


class Signer(SignerBase):
    """Signs WOO X requests with one API key and secret; see `woox_fast._sign_py.Signer`, which behaves the same."""

    __slots__ = ("_key",)

    _backend = backend
    _key: Any

    def _set_key(self, secret: bytes) -> None:
        self._key = lib.key_new(secret, len(secret))
        if not self._key:
            raise MemoryError

    # Not ffi.gc: when a cycle dies, that may free the key before the last of the cycle's finalizers has signed with it.
    def __del__(self) -> None:
        key, self._key = getattr(self, "_key", None), None
        if key:
            lib.key_free(key)

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        """The `x-api-signature`: HMAC-SHA256(timestamp + method + path + body) as 64 lower-case hex characters."""
        if not (
            type(timestamp) is int
            and 10**12 <= timestamp < 10**13
            and type(method) is type(path) is str
            and len(method) <= lib.METHOD_ROOM
            and method.isascii()
            and method.isalpha()
            and method.isupper()
            and path[:1] == "/"
            and path.isascii()
        ):
            return SignerBase.sign(self, timestamp, method, path, body)
        method_bytes, path_bytes = method.encode(), path.encode()
        data = body if type(body) is bytes else copied(_checks.body_bytes(body))
        key = self._key or _finalized()
        out = _hex_buffer()
        lib.sign(key, timestamp, method_bytes, len(method_bytes), path_bytes, len(path_bytes), data, len(data), out)
        return _hex_text(out)

    def _hmac_hex(self, *parts: bytes) -> str:
        head, body = parts if len(parts) == 2 else (b"", parts[0])
        key = self._key or _finalized()
        out = _hex_buffer()
        lib.hmac_hex(key, head, len(head), body, len(body), out)
        return _hex_text(out)


def _finalized() -> NoReturn:
    raise RuntimeError("this Signer's key is wiped: it was finalized before the object that signs with it")


def _hex_buffer() -> Any:
    try:
        return _hex_buffers.pop()
    except IndexError:
        return ffi.new("char[]", lib.HEX_SIZE)


def _hex_text(out: Any) -> str:
    text: str = ffi.unpack(out, lib.HEX_SIZE).decode()
    _hex_buffers.append(out)
    return text


def sign(api_secret: str | bytes, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
    """`Signer.sign` for one message under one secret. No secret is cached: a loop wants a `Signer`."""
    try:
        signer = Signer("-", api_secret)
    finally:
        del api_secret
    return signer.sign(timestamp, method, path, body)


def _sha256_names() -> list[str]:
    """The implementations that this processor has, the fastest first."""
    names = []
    index = 0
    while name := lib.sha256_name(index):
        if lib.sha256_supported(index):
            names.append(ffi.string(name).decode())
        index += 1
    return names


def _choose_sha256(name: str | None = None) -> None:
    """Take the implementation called `name`, or the fastest; states are the same under each, so a Signer lives on."""
    global sha256_implementation
    refused = ffi.new("const char **")
    chosen = lib.sha256_choose((name or "").encode(), refused)
    if refused[0]:
        _checks.warn_wrong_sha256(ffi.string(refused[0]).decode())
    if not chosen:
        _checks.refuse_sha256(name, _sha256_names())
    sha256_implementation = ffi.string(chosen).decode()


_choose_sha256(os.environ.get("WOOX_FAST_SHA256"))
