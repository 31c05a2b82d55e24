"""What the twins written in Python share: the whole `Signer` but its hashing. It is the typed surface of every twin."""

from __future__ import annotations

import time
from _operator import _compare_digest  # hmac.compare_digest, without the milliseconds that loading OpenSSL takes
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NoReturn

from . import _checks, _wire

if TYPE_CHECKING:
    from typing_extensions import Self, Unpack

    from ._prepare import SignedRequest
    from ._types import Body, Buffer, PrepareOptions, Request, Timestamp


class SignerBase:
    """A twin adds `_set_key` and `_hmac_hex`, and what it can do faster."""

    __slots__ = ("_api_key", "_clock_offset_ms")

    _api_key: str
    _backend: ClassVar[str]
    _clock_offset_ms: int

    # __new__ and not __init__: a second call of __init__ must not change the key of a Signer in use.
    def __new__(cls, api_key: str, api_secret: str | bytes, *, clock_offset_ms: int = 0) -> Self:
        try:
            api_key = _checks.api_key_text(api_key)
            self = super().__new__(cls)
            self._api_key = api_key  # a traceback that shows locals shows `self`
            self._set_key(_checks.secret_bytes(api_secret), api_secret)
            self._clock_offset_ms = _checks.clock_offset(clock_offset_ms)
        finally:
            del api_secret  # and must not show this
        return self

    def __init_subclass__(cls) -> None:
        if SignerBase not in cls.__bases__:
            twin = cls.__bases__[0]
            raise TypeError(f"type '{twin.__module__}.{twin.__name__}' is not an acceptable base type")

    @property
    def api_key(self) -> str:
        """The API key, as it goes into `x-api-key`."""
        return self._api_key

    @property
    def clock_offset_ms(self) -> int:
        """Milliseconds added to the local clock wherever a timestamp is left out."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value: int) -> None:
        self._clock_offset_ms = _checks.clock_offset(value)

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        """The `x-api-signature`: 64 lower-case hex characters of HMAC-SHA256(timestamp + method + path + body).

        `timestamp` is Unix epoch milliseconds, an int or a str of 13 digits; `method` is upper case; `path` begins
        with '/' and holds the query string as it is sent; `body` is str (UTF-8), bytes, any contiguous buffer or None.
        Raises TypeError, ValueError, BufferError or UnicodeEncodeError, each saying what was got and what to do.
        Source: WOO X integration guide, "Authentication".
        """
        head = _checks.timestamp_text(timestamp) + _checks.method_text(method) + _checks.path_text(path)
        return self._hmac_hex(head.encode("utf-8"), copied(_checks.body_bytes(body)))

    def sign_many(self, requests: Iterable[Request]) -> list[str]:
        """The signature of each `(timestamp, method, path, body)`, in order; of a list, as it is at the call.

        Raises what `sign` raises, with the index of the bad request in front of the message.
        """
        signatures = []
        for index, request in enumerate(requests.copy() if type(requests) is list else requests):
            try:
                signatures.append(self.sign(*_checks.request_fields(request)))  # type: ignore[arg-type]
            except Exception as error:
                _checks.raise_at(index, error)
        return signatures

    def hexdigest(self, message: str | Buffer) -> str:
        """HMAC-SHA256 of any text (UTF-8) or bytes as hex: the drop-in for `hmac.new(secret, message, "sha256")`."""
        return self._hmac_hex(copied(_checks.text_or_buffer("message", message)))

    def verify(self, signature: str, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bool:
        """Whether `signature` (hex, upper or lower case) signs the rest, in constant time. Raises as `sign` does."""
        given = _checks.signature_text(signature)
        expected = self.sign(timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(
        self, method: str, path: str, body: Body = b"", *, timestamp: Timestamp | None = None
    ) -> dict[str, str]:
        """A new dict of `x-api-key`, `x-api-timestamp`, `x-api-signature` and `Content-Type` for this request.

        `timestamp` None is the local clock plus `clock_offset_ms`. Raises as `sign` does.
        """
        stamp = _checks.timestamp_text(self._now_ms() if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        head = stamp + verb + _checks.path_text(path)
        data = copied(_checks.body_bytes(body))
        signature = self._hmac_hex(head.encode("utf-8"), data)
        return _wire.headers_of(self._api_key, stamp, signature, _wire.content_type(verb, len(data)))

    def encode_request(
        self,
        method: str,
        path: str,
        body: Body = b"",
        *,
        host: str = "api.woox.io",
        timestamp: Timestamp | None = None,
    ) -> bytes:
        """A whole signed HTTP/1.1 request, ready for a socket: request line, headers and body.

        `host` is what the connection goes to, a name or address and maybe a port. `timestamp` None is the local clock
        plus `clock_offset_ms`. Raises as `sign` does, and ValueError for a path or host with spaces, control characters
        or anything beyond ASCII, so that nothing given here can add a header.
        """
        stamp = _checks.timestamp_text(self._now_ms() if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.target_text(path)
        place = _checks.host_text(host)
        data = copied(_checks.body_bytes(body))  # what is signed and what is sent are one copy
        signature = self._hmac_hex(f"{stamp}{verb}{target}".encode(), data)
        headers = _wire.headers_of(self._api_key, stamp, signature, _wire.content_type(verb, len(data)))
        return _wire.request_of(f"{verb} {target}", place, headers, data)

    def prepare(self, method: str, path: str, **options: Unpack[PrepareOptions]) -> SignedRequest:
        """A `SignedRequest(method, url, headers, body)` whose url and body are, to the byte, what was signed.

        Takes `params`, `json`, `body`, `timestamp` and `base_url`, as `woox_fast._prepare.prepare` says.
        """
        from ._prepare import prepare

        return prepare(self.headers, method, path, **options)

    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        """Turn the checked secret into the key's two SHA-256 states; `given` is what it was made of."""
        raise NotImplementedError

    def _hmac_hex(self, *parts: bytes) -> str:
        """HMAC-SHA256 of one or two parts as hex."""
        raise NotImplementedError

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._clock_offset_ms

    def __repr__(self) -> str:
        return f"<woox_fast.Signer {self._backend} api_key={self._api_key[:4]!r}...>"

    def __reduce__(self) -> NoReturn:
        _checks.refuse_pickling()


def copied(data: bytes | memoryview) -> bytes:
    """Both hashlib and cffi let go of the GIL: another thread must not write into what is being signed."""
    if isinstance(data, bytes):
        return data
    with data:  # PyPy would hold the buffer until it collects garbage
        return data.tobytes()
