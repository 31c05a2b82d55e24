"""What the twins written in Python share: the whole `Signer` but its hashing. It is the typed surface of every twin."""

from __future__ import annotations

import time
from _operator import _compare_digest  # hmac.compare_digest, without the milliseconds that it takes to load OpenSSL
from collections.abc import Iterable
from typing import TYPE_CHECKING, ClassVar, NoReturn

from . import _checks, _http

if TYPE_CHECKING:
    from typing import Any

    from typing_extensions import Self

    from ._prepare import SignedRequest
    from ._types import Body, Buffer, Params, Request, Timestamp


class SignerBase:
    """Signs WOO X requests with one API key and secret. Threads may share it: nothing changes but `clock_offset_ms`.

    `api_key` is a str of printable ASCII; it is sent as `x-api-key`. `api_secret` is a str (UTF-8) or bytes of any
    length; it is turned into two SHA-256 states and is not kept. `clock_offset_ms` is an int of milliseconds that is
    added to the local clock where a timestamp is left out. `recv_window_ms` is an int from 1 to 60,000 or None; it is
    sent as `x-api-recvwindow`, is not signed, and is for VIP accounts.
    Raises TypeError or ValueError for an argument that cannot be used.
    """

    # A twin adds `_set_key`, `_hmac_hex` and what it can do faster. What it overrides needs no docstring of its own.

    __slots__ = ("_api_key", "_clock_offset_ms", "_recv_window")

    _api_key: str
    _backend: ClassVar[str]
    _clock_offset_ms: int
    _recv_window: str | None  # as it is sent

    # __new__ and not __init__: a second call of __init__ must not change the key of a Signer in use.
    def __new__(
        cls, api_key: str, api_secret: str | bytes, *, clock_offset_ms: int = 0, recv_window_ms: int | None = None
    ) -> Self:
        try:
            api_key = _checks.api_key_text(api_key)
            self = super().__new__(cls)
            self._api_key = api_key  # at once: a traceback that shows locals shows the repr of `self`
            self._set_key(_checks.secret_bytes(api_secret), api_secret)
            self._clock_offset_ms = _checks.clock_offset(clock_offset_ms)
            self._recv_window = _checks.recv_window(recv_window_ms)
            del api_secret  # a traceback that shows locals must not show it
        except BaseException as error:
            api_secret = ""  # noqa: F841
            _checks.clear_frames(error)  # an interrupt leaves the secret in the functions that it ended
            raise
        return self

    def __init_subclass__(cls) -> None:
        if SignerBase not in cls.__bases__:
            twin = cls.__bases__[0]
            raise TypeError(f"type '{twin.__module__}.{twin.__name__}' is not an acceptable base type")

    @property
    def api_key(self) -> str:
        """The API key, as it is sent in `x-api-key`."""
        return self._api_key

    @property
    def clock_offset_ms(self) -> int:
        """Milliseconds that are added to the local clock where a timestamp is left out. May be set at any time."""
        return self._clock_offset_ms

    @clock_offset_ms.setter
    def clock_offset_ms(self, value: int) -> None:
        self._clock_offset_ms = _checks.clock_offset(value)

    @property
    def recv_window_ms(self) -> int | None:
        """The receive window in milliseconds, as it is sent in `x-api-recvwindow`; None sends no such header."""
        return None if self._recv_window is None else int(self._recv_window)

    def sign(self, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> str:
        """The `x-api-signature`: HMAC-SHA256(timestamp + method + path + body) as 64 lower-case hex characters.

        `timestamp` is Unix epoch milliseconds: an int, or a str of 13 digits. `method` is a str of the letters A to Z.
        `path` is a str that begins with '/' and includes the query as it is sent. `body` is a str (UTF-8), bytes, any
        other contiguous buffer, or None for an empty one.
        Raises TypeError, ValueError, BufferError or UnicodeEncodeError; the message says what was got, what was
        expected and what to do. Source: WOO X integration guide, "Authentication".
        """
        return self._hmac_hex(_checks.request_head(timestamp, method, path), copied(_checks.body_bytes(body)))

    def sign_many(self, requests: Iterable[Request]) -> list[str]:
        """The signature of each `(timestamp, method, path, body)`, in the order given.

        `requests` is any iterable; a list is signed as it is at the call. Faster than `sign` one by one.
        Raises as `sign` does, with the index of the bad request in front of the message, such as `requests[3]:`.
        """
        signatures = []
        for index, request in enumerate(requests.copy() if type(requests) is list else requests):
            try:
                signatures.append(self.sign(*_checks.request_fields(request)))  # type: ignore[arg-type]
            except Exception as error:
                _checks.raise_at(index, error)
        return signatures

    def hexdigest(self, message: str | Buffer) -> str:
        """HMAC-SHA256 of `message` as 64 lower-case hex characters: `hmac.new(secret, message, "sha256").hexdigest()`.

        `message` is a str (UTF-8), bytes, or any other contiguous buffer. Raises as `sign` does for a body.
        """
        return self._hmac_hex(copied(_checks.text_or_buffer("message", message)))

    def verify(self, signature: str, timestamp: Timestamp, method: str, path: str, body: Body = b"") -> bool:
        """Whether `signature` is what `sign` returns for the other arguments. Compares in constant time.

        `signature` is a str of hex characters, upper or lower case. Raises as `sign` does, and TypeError for a
        signature that is not a str; one of another length or with other characters is False.
        """
        given = _checks.signature_text(signature)
        expected = self.sign(timestamp, method, path, body)
        return given.isascii() and _compare_digest(given, expected)

    def headers(
        self, method: str, path: str, body: Body = b"", *, timestamp: Timestamp | None = None
    ) -> dict[str, str]:
        """The headers of a signed request, as a new dict.

        They are `x-api-key`, `x-api-timestamp`, `x-api-signature`, `x-api-recvwindow` if the Signer has a receive
        window, and `Content-Type`. The arguments are those of `sign`; `timestamp` None is the local clock plus
        `clock_offset_ms`. Raises as `sign` does.
        """
        stamp = _checks.timestamp_text(self._now_ms() if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.path_bytes(path)
        return self._headers(stamp, verb, target, copied(_checks.body_bytes(body)))

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

        The arguments are those of `sign`. `host` is the name or address that the connection goes to, and maybe a port.
        `timestamp` None is the local clock plus `clock_offset_ms`. Raises as `sign` does, and ValueError for a path or
        host with a space, a control character or anything but ASCII, so that no argument can add a header.
        """
        stamp = _checks.timestamp_text(self._now_ms() if timestamp is None else timestamp)
        verb = _checks.method_text(method)
        target = _checks.target_text(path)
        host = _checks.host_text(host)
        data = copied(_checks.body_bytes(body))  # one copy is both signed and sent
        return _http.request_of(f"{verb} {target}", host, self._headers(stamp, verb, target.encode(), data), data)

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
        """A `SignedRequest(method, url, headers, body)` whose url and body are, to the byte, what was signed.

        `params` is a mapping or pairs for the query of a GET or DELETE. `json` is written as compact JSON; `body` is
        signed and sent as it is given. `timestamp` None is the local clock plus `clock_offset_ms`. `base_url` is scheme
        and host. Raises as `sign` does, and ValueError for arguments that exclude each other, as `json` and `body` do.
        """
        from ._prepare import prepare  # not at the top: it loads urllib and json, which signing does not need

        return prepare(
            self.headers, method, path, params=params, json=json, body=body, timestamp=timestamp, base_url=base_url
        )

    def _headers(self, stamp: str, method: str, path: bytes, body: bytes) -> dict[str, str]:
        """The headers of a request that was checked."""
        signature = self._hmac_hex(f"{stamp}{method}".encode() + path, body)
        content_type = _http.content_type(method, len(body))
        return _http.headers_of(self._api_key, stamp, signature, self._recv_window, content_type)

    def _set_key(self, secret: bytes, given: str | bytes) -> None:
        """Turn the checked secret into the key's two SHA-256 states; `given` is what it was made of."""
        raise NotImplementedError

    def _hmac_hex(self, *parts: bytes) -> str:
        """HMAC-SHA256 of one or two parts as hex."""
        raise NotImplementedError

    def _now_ms(self) -> int:
        return time.time_ns() // 1_000_000 + self._clock_offset_ms

    def __repr__(self) -> str:
        return f"<woox_fast.Signer {self._backend} api_key={getattr(self, '_api_key', '')[:4]!r}...>"

    def __reduce__(self) -> NoReturn:
        _checks.refuse_pickling()


def copied(data: bytes | memoryview) -> bytes:
    """Both hashlib and cffi release the GIL: another thread must not write into what is being signed."""
    if isinstance(data, bytes):
        return data
    with data:  # PyPy would hold the buffer until it collects garbage
        return data.tobytes()
