"""The cffi twin, for PyPy: the C core through cffi. It behaves as `woox_fast._sign_py`, the specification."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import _checks, _http
from ._sign_base import SignerBase, copied
from ._sign_cffi_lib import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from ._types import Body, Request, Timestamp

backend = "cffi"
sha256_implementation: str

# Memory for one signature, and for the timestamps, sizes and signatures of a chunk of a batch. A thread takes one from
# here and puts it back: a list's pop and append are atomic, and on PyPy this takes a third of the time of new memory.
_hex_buffers: list[Any] = []
_chunks: list[tuple[Any, Any, Any]] = []

# A chunk of a batch is signed when it has this many bytes. A body of as many is signed alone, without a copy.
_LONG = 16384

# PyPy's bytes may share their memory with a str, and its garbage collector may have copied them.
_CAN_WIPE = sys.implementation.name == "cpython"


class Signer(SignerBase):
    __doc__ = SignerBase.__doc__

    __slots__ = ("_key",)

    _backend = backend
    _key: Any

    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        self._key = lib.key_new(secret, len(secret))
        if _CAN_WIPE and secret is not given and len(secret) > 1:  # bytes of one character are shared by all
            lib.cleanse_bytes(secret, len(secret))
        del secret, given
        if not self._key:
            raise MemoryError

    # Not ffi.gc: where a cycle of objects dies, that may free the key before a finalizer of the cycle signs with it.
    def __del__(self) -> None:
        key, self._key = getattr(self, "_key", None), None
        if key:
            lib.key_free(key)

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        if not _is_common(timestamp, method, path):
            return SignerBase.sign(self, timestamp, method, path, body)
        method_bytes, path_bytes = method.encode(), path.encode()
        data = body if type(body) is bytes else copied(_checks.body_bytes(body))
        key = self._key or _finalized()
        out = _hex_buffer()
        lib.sign(key, timestamp, method_bytes, len(method_bytes), path_bytes, len(path_bytes), data, len(data), out)
        return _hex_text(out)

    def sign_many(self, requests: Iterable[Request]) -> list[str]:
        signatures: list[str] = []
        pieces: list[bytes] = []
        chunk = timestamps, sizes, _ = _chunk()
        pending = 0  # bytes
        for index, request in enumerate(requests.copy() if type(requests) is list else requests):
            piece = _common_piece(request)
            if piece is None:
                self._sign_chunk(chunk, pieces, signatures)
                pending = 0
                try:
                    signatures.append(self.sign(*_checks.request_fields(request)))  # type: ignore[arg-type]
                except Exception as error:
                    _checks.raise_at(index, error)
                continue
            timestamps[len(pieces)] = request[0]
            sizes[len(pieces)] = len(piece)
            pieces.append(piece)
            pending += len(piece)
            if len(pieces) == lib.CHUNK or pending >= _LONG:
                self._sign_chunk(chunk, pieces, signatures)
                pending = 0
        self._sign_chunk(chunk, pieces, signatures)
        _chunks.append(chunk)
        return signatures

    def _sign_chunk(self, chunk: tuple[Any, Any, Any], pieces: list[bytes], signatures: list[str]) -> None:
        """Append the signature of each piece to `signatures`, and empty `pieces`."""
        if pieces:
            timestamps, sizes, out = chunk
            lib.sign_chunk(self._key or _finalized(), len(pieces), timestamps, sizes, b"".join(pieces), out)
            text = ffi.unpack(out, len(pieces) * lib.HEX_SIZE).decode()
            for at in range(0, len(text), lib.HEX_SIZE):
                signatures.append(text[at : at + lib.HEX_SIZE])
            pieces.clear()

    def _hmac_hex(self, *parts: bytes) -> str:
        head, body = parts if len(parts) == 2 else (b"", parts[0])
        key = self._key or _finalized()
        out = _hex_buffer()
        lib.hmac_hex(key, head, len(head), body, len(body), out)
        return _hex_text(out)


def _is_common(timestamp: Timestamp, method: str, path: str) -> bool:
    """Whether this is the common case, which needs no more checks."""
    return (
        type(timestamp) is int
        and 10**12 <= timestamp < 10**13
        and type(method) is type(path) is str
        and method in _http.CONTENT_TYPES
        and path[:1] == "/"
        and path.isascii()
    )


def _common_piece(request: Request) -> bytes | None:
    """What follows the timestamp in a request of a batch, if it is the common case, and not long."""
    if type(request) is not tuple or len(request) != 4:
        return None
    timestamp, method, path, body = request
    if not _is_common(timestamp, method, path):
        return None
    if type(body) is bytes and len(body) < _LONG:
        return (method + path).encode() + body
    if type(body) is str and len(body) < _LONG:
        try:
            return (method + path + body).encode()
        except UnicodeEncodeError:
            return None
    return None


def _finalized() -> NoReturn:
    raise RuntimeError("this Signer's key is wiped: it was finalized before the object that signs with it")


def _hex_buffer() -> Any:
    try:
        return _hex_buffers.pop()
    except IndexError:
        return ffi.new("char[]", lib.HEX_SIZE)


def _chunk() -> tuple[Any, Any, Any]:
    try:
        return _chunks.pop()
    except IndexError:
        numbers = "uint64_t[]"
        return ffi.new(numbers, lib.CHUNK), ffi.new(numbers, lib.CHUNK), ffi.new("char[]", lib.CHUNK * lib.HEX_SIZE)


def _hex_text(out: Any) -> str:
    text: str = ffi.unpack(out, lib.HEX_SIZE).decode()
    _hex_buffers.append(out)
    return text


def sign(api_secret: str | bytes, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
    """`Signer.sign` for one message under one secret. No secret is cached: in a loop, use a `Signer`."""
    try:
        signer = Signer("-", api_secret)
        del api_secret  # a traceback that shows locals must not show it
    except BaseException as error:
        api_secret = ""
        _checks.clear_frames(error)
        raise
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
    chosen = lib.sha256_choose((name or "").encode("utf-8", "surrogateescape"), refused)
    wrong = ffi.string(refused[0]).decode() if refused[0] else None
    if wrong:
        _checks.warn_wrong_sha256(wrong)
    if not chosen:
        _checks.refuse_sha256(name, backend, [each for each in _sha256_names() if each != wrong])
    sha256_implementation = ffi.string(chosen).decode()


_choose_sha256()
