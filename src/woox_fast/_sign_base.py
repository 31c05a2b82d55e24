"""`SignerBase`: the `Signer` of both Python backends without the hashing, and the typed surface of every backend."""

from __future__ import annotations

import time
from _operator import _compare_digest  # hmac.compare_digest, but importing hmac loads OpenSSL
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NoReturn

from . import _checks, _http

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

    from ._prepare import SignedRequest
    from ._types import Body, Buffer, Params, Request, Timestamp


class SignerBase:
    """Sign WOO X requests with an API key and secret. Threads can share a Signer.

    Args:
        api_key: printable ASCII, sent as `x-api-key`.
        api_secret: a str (UTF-8) without white space or quotes at its ends, or bytes, which are used unchanged. The
            Signer stores two SHA-256 states and no secret.
        clock_offset_ms: milliseconds that the Signer adds to the local clock for a request without a timestamp.
        recv_window_ms: 1 to 60,000 milliseconds, sent as `x-api-recvwindow` and not signed, or None for no header.
            The receive window is for VIP accounts.

    Raises:
        TypeError: for a value with the wrong type.
        ValueError: for an invalid value, for example a secret in quotes, or the API key as secret.
    """

    # A backend adds `_set_key` and `_hmac_hex`, and overrides the methods that it can run faster.

    __slots__ = ("_api_key", "_clock_offset_ms", "_recv_window")

    _api_key: str
    _backend: ClassVar[str]
    _clock_offset_ms: int
    _recv_window: str | None  # the header's digits

    # __new__ and not __init__: a second call of __init__ must not change a Signer's key.
    def __new__(
        cls, api_key: str, api_secret: str | bytes, *, clock_offset_ms: int = 0, recv_window_ms: int | None = None
    ) -> Self:
        try:
            api_key = _checks.check_api_key(api_key)
            self = super().__new__(cls)
            self._api_key = api_key  # at once: a traceback that shows locals shows the repr of `self`
            api_key = ""  # it may be the secret, given twice
            _checks.check_secret(api_secret, self._api_key)
            self._set_key(_checks.encode_secret(api_secret), api_secret)
            self._clock_offset_ms = _checks.check_clock_offset(clock_offset_ms)
            self._recv_window = _checks.check_recv_window(recv_window_ms)
            del api_secret  # a traceback that shows locals must not show it
        except BaseException as error:
            api_secret = ""  # noqa: F841
            _checks.clear_frames(error)  # an interrupt leaves the secret in the functions that it ended
            raise
        return self

    def __init_subclass__(cls) -> None:
        if SignerBase not in cls.__bases__:
            signer = cls.__bases__[0]
            raise TypeError(f"type '{signer.__module__}.{signer.__name__}' is not an acceptable base type")

    @property
    def api_key(self) -> str:
        """The API key, sent in `x-api-key`."""
        return self._api_key

    @property
    def clock_offset_ms(self) -> int:
        """Milliseconds added to the local clock for a request without a timestamp. Can be set at any time."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value: int) -> None:
        self._clock_offset_ms = _checks.check_clock_offset(value)

    @property
    def recv_window_ms(self) -> int | None:
        """The receive window in milliseconds, sent in `x-api-recvwindow`, or None for no header."""
        return None if self._recv_window is None else int(self._recv_window)

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        """Return a request's `x-api-signature`: HMAC-SHA256(timestamp + method + path + body).

        Args:
            timestamp: Unix epoch milliseconds, an int or a str of 13 digits.
            method: upper-case letters, for example "GET".
            path: begins with "/" and includes the query.
            body: str (UTF-8), bytes, a contiguous buffer, or None for an empty body.

        Returns:
            64 lower-case hex characters.

        Raises:
            TypeError, ValueError: for an invalid argument. The message names the value, the expected form and a remedy.
            BufferError: for a buffer that is not contiguous.
            UnicodeEncodeError: for a str with a lone surrogate.
        """
        return self._hmac_hex(_checks.encode_head(timestamp, method, path), copy_buffer(_checks.check_body(body)))

    def sign_many(self, requests: Iterable[Request]) -> list[str]:
        """Return the requests' signatures. Faster than a loop over `sign`.

        Args:
            requests: an iterable of `(timestamp, method, path, body)`, as the arguments of `sign`. Changes to a list
                during the call have no effect.

        Returns:
            The signatures, in the order of the requests.

        Raises:
            TypeError, ValueError, BufferError, UnicodeEncodeError: as `sign`. The message begins with the index of the
                invalid request: `requests[3]:`.
        """
        signatures = []
        for index, request in enumerate(requests.copy() if type(requests) is list else requests):
            try:
                signatures.append(self.sign(*_checks.unpack_request(request)))  # type: ignore[arg-type]
            except Exception as error:
                _checks.raise_at(index, error)
        return signatures

    def hexdigest(self, message: str | Buffer) -> str:
        """Return a message's HMAC-SHA256 as hex, like `hmac.new(secret, message, "sha256").hexdigest()`.

        Args:
            message: str (UTF-8), bytes, or a contiguous buffer.

        Raises:
            TypeError, BufferError, UnicodeEncodeError: as `sign`.
        """
        return self._hmac_hex(copy_buffer(_checks.check_text_or_buffer("message", message)))

    def verify(self, signature: str, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bool:
        """Compare a signature with a request's signature, in constant time.

        Args:
            signature: hex characters, in upper or lower case.
            timestamp, method, path, body: as the arguments of `sign`.

        Returns:
            True if the signatures are equal. False for a different str.

        Raises:
            TypeError, ValueError, BufferError, UnicodeEncodeError: as `sign`; TypeError if `signature` is not a str.
        """
        given = _checks.lower_signature(signature)
        expected = self.sign(timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(
        self, method: str, path: str, body: Body = b"", *, timestamp: Timestamp | None = None
    ) -> dict[str, str]:
        """Return a signed request's headers in a new dict.

        Args:
            method, path, body: as the arguments of `sign`.
            timestamp: Unix epoch milliseconds, or None for the local clock plus `clock_offset_ms`.

        Returns:
            x-api-key, x-api-timestamp, x-api-signature, x-api-recvwindow for a receive window, and Content-Type.

        Raises:
            TypeError, ValueError, BufferError, UnicodeEncodeError: as `sign`.
        """
        stamp = _checks.check_timestamp(self._now_ms() if timestamp is None else timestamp)
        name = _checks.check_method(method)
        target = _checks.check_path(path).encode()
        return self._headers(stamp, name, target, copy_buffer(_checks.check_body(body)))

    def encode_request(
        self,
        method: str,
        path: str,
        body: Body = b"",
        *,
        host: str = "api.woox.io",
        timestamp: Timestamp | None = None,
    ) -> bytes:
        """Return a signed HTTP/1.1 request, ready for a socket: request line, headers and body.

        Args:
            method, path, body: as the arguments of `sign`.
            host: the host name or address of the connection, and optionally a port.
            timestamp: Unix epoch milliseconds, or None for the local clock plus `clock_offset_ms`.

        Raises:
            TypeError, ValueError, BufferError, UnicodeEncodeError: as `sign`. No argument can add a header: ValueError
                for an invalid host, and for a path with a space, "#", or a character outside printable ASCII.
        """
        stamp = _checks.check_timestamp(self._now_ms() if timestamp is None else timestamp)
        name = _checks.check_method(method)
        target = _checks.check_target(path)
        host = _checks.check_host(host)
        data = copy_buffer(_checks.check_body(body))  # the same copy is signed and sent
        return _http.build_request(f"{name} {target}", host, self._headers(stamp, name, target.encode(), data), data)

    def prepare(
        self,
        method: str,
        path: str,
        *,
        params: Params | None = None,
        json: Any = None,
        body: Body = None,
        timestamp: Timestamp | None = None,
        base_url: str = "https://api.woox.io",
    ) -> SignedRequest:
        """Build a request's query and JSON once, sign them, and return the request.

        Args:
            method, path: as the arguments of `sign`.
            params: a mapping, or pairs if a name repeats, for the query of GET and DELETE.
            json: a value for the body, written as compact JSON.
            body: a body to send unchanged: str (UTF-8), bytes, or a contiguous buffer.
            timestamp: Unix epoch milliseconds, or None for the local clock plus `clock_offset_ms`.
            base_url: scheme, host and optionally a port.

        Floats and Decimals are plain decimals: `0.0000001`, not `1e-07`. In JSON a float is a number and a Decimal is a
        string, since WOO X documents the string type for prices and quantities.

        Returns:
            A `SignedRequest(method, url, headers, body)`. Send its url and body unchanged.

        Raises:
            TypeError, ValueError, BufferError, UnicodeEncodeError: as `sign`; ValueError for a path that HTTP clients
                would change, and for `json` together with `body` or `params`.
        """
        from ._prepare import prepare  # not at the top: it loads urllib and json, which signing does not need

        return prepare(
            self.headers, method, path, params=params, json=json, body=body, timestamp=timestamp, base_url=base_url
        )

    def _headers(self, stamp: str, method: str, path: bytes, body: bytes) -> dict[str, str]:
        signature = self._hmac_hex(f"{stamp}{method}".encode() + path, body)
        content_type = _http.choose_content_type(method, len(body))
        return _http.build_headers(self._api_key, stamp, signature, self._recv_window, content_type)

    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        """Store the two SHA-256 states of `secret`, which was created from the caller's object `given`."""
        raise NotImplementedError

    def _hmac_hex(self, *parts: bytes) -> str:
        """Return HMAC-SHA256 of the joined parts as hex."""
        raise NotImplementedError

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._clock_offset_ms

    def __repr__(self) -> str:
        return f"<woox_fast.Signer {self._backend} api_key={getattr(self, '_api_key', '')[:4]!r}...>"

    def __reduce__(self) -> NoReturn:
        _checks.refuse_pickling()


def copy_buffer(data: bytes | memoryview) -> bytes:
    """Return `data` as bytes. hashlib and cffi release the GIL, so a second thread could write into a buffer."""
    if isinstance(data, bytes):
        return data
    with data:  # PyPy would not release the buffer until its next garbage collection
        return data.tobytes()
