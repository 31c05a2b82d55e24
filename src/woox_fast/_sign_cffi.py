"""cffi backend, for PyPy: signs with the C core. It behaves like the pure Python backend, `woox_fast._sign_py`."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

from . import _checks, _http
from ._sign_base import SignerBase, copy_buffer
from ._sign_cffi_lib import ffi, lib

if TYPE_CHECKING:
    from collections.abc import Iterable
    from typing import Any, NoReturn

    from ._types import Body, Request, Timestamp

backend = "cffi"
sha256_implementation: str

# Buffers for a signature, and for a chunk's timestamps, sizes, messages and signatures. A thread pops a buffer and
# appends it afterwards: both operations are atomic, and on PyPy they cost three times less than an allocation.
_hex_buffers: list[Any] = []
_chunks: list[tuple[Any, Any, Any, Any]] = []

# Sign a chunk when it has this many bytes. Sign a body of this size alone, without copying it.
_LONG = 16384

# PyPy's bytes may share their memory with a str, and its garbage collector may have copied them.
_CAN_CLEANSE = sys.implementation.name == "cpython"


class Signer(SignerBase):
    __doc__ = SignerBase.__doc__

    __slots__ = ("_guard", "_key")

    _backend = backend
    _guard: Any  # cleanses the key when this Signer dies, in C, which no signal handler can interrupt
    _key: Any

    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        self._key = ffi.new("hmac_sha256_key *")
        self._guard = ffi.gc(self._key, lib.key_cleanse)
        try:
            lib.key_init(self._key, secret, len(secret))
        finally:
            if _CAN_CLEANSE and secret is not given and len(secret) > 1:  # all bytes objects of length 1 are shared
                lib.cleanse_bytes(secret, len(secret))
            del secret, given

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        if not _is_common(timestamp, method, path):
            return SignerBase.sign(self, timestamp, method, path, body)
        method_bytes, path_bytes = method.encode(), path.encode()
        data = body if type(body) is bytes else copy_buffer(_checks.check_body(body))
        out = _pop_hex_buffer()
        size = len(method_bytes)
        if not lib.sign(self._key, timestamp, method_bytes, size, path_bytes, len(path_bytes), data, len(data), out):
            _refuse_cleansed_key()
        return _unpack_hex(out)

    def sign_many(self, requests: Iterable[Request]) -> list[str]:
        signatures: list[str] = []
        pieces: list[bytes] = []
        chunk = timestamps, sizes, _, _ = _pop_chunk()
        pending = 0  # bytes
        for index, request in enumerate(requests.copy() if type(requests) is list else requests):
            piece = _join_common(request)
            if piece is None:
                self._sign_chunk(chunk, pieces, signatures)
                pending = 0
                try:
                    signatures.append(self.sign(*_checks.unpack_request(request)))  # type: ignore[arg-type]
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

    def _sign_chunk(self, chunk: tuple[Any, Any, Any, Any], pieces: list[bytes], signatures: list[str]) -> None:
        """Append the pieces' signatures to `signatures`, and clear `pieces`."""
        if pieces:
            timestamps, sizes, messages, out = chunk
            if not lib.sign_chunk(self._key, len(pieces), timestamps, sizes, b"".join(pieces), messages, out):
                _refuse_cleansed_key()
            text = ffi.unpack(out, len(pieces) * lib.HEX_SIZE).decode()
            for at in range(0, len(text), lib.HEX_SIZE):
                signatures.append(text[at : at + lib.HEX_SIZE])
            pieces.clear()

    def _hmac_hex(self, *parts: bytes) -> str:
        head, body = parts if len(parts) == 2 else (b"", parts[0])
        out = _pop_hex_buffer()
        if not lib.hmac_hex(self._key, head, len(head), body, len(body), out):
            _refuse_cleansed_key()
        return _unpack_hex(out)


def _is_common(timestamp: Timestamp, method: str, path: str) -> bool:
    """Return whether this is the common case, which needs no further checks."""
    return (
        type(timestamp) is int
        and 10**12 <= timestamp < 10**13
        and type(method) is type(path) is str
        and method in _http.CONTENT_TYPES
        and path[:1] == "/"
        and path.isascii()
    )


def _join_common(request: Request) -> bytes | None:
    """Return the text after a request's timestamp, or None if the request is long or not the common case."""
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


def _refuse_cleansed_key() -> NoReturn:
    raise RuntimeError("this Signer's key has been cleansed: it was finalized before the object that signs with it")


def _pop_hex_buffer() -> Any:
    try:
        return _hex_buffers.pop()
    except IndexError:
        return ffi.new("char[]", lib.HEX_SIZE)


def _pop_chunk() -> tuple[Any, Any, Any, Any]:
    try:
        return _chunks.pop()
    except IndexError:
        numbers, messages = "uint64_t[]", "hmac_sha256_message[]"
        signatures = ffi.new("char[]", lib.CHUNK * lib.HEX_SIZE)
        return ffi.new(numbers, lib.CHUNK), ffi.new(numbers, lib.CHUNK), ffi.new(messages, lib.CHUNK), signatures


def _unpack_hex(out: Any) -> str:
    text: str = ffi.unpack(out, lib.HEX_SIZE).decode()
    _hex_buffers.append(out)
    return text


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
    """Return the implementations that this processor supports, the fastest first."""
    names = []
    index = 0
    while name := lib.sha256_name(index):
        if lib.sha256_supported(index):
            names.append(ffi.string(name).decode())
        index += 1
    return names


def _choose_sha256(name: str | None = None) -> None:
    """Choose the implementation called `name`, or the fastest. All use the same states, so Signers remain valid."""
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
