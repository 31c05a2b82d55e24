"""The common part of both gateways: options, errors, decisions after a failure, and fork."""

from __future__ import annotations

import os
import ssl
from asyncio import CancelledError
from collections import deque
from collections.abc import Generator, Iterable, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .._prepare import SignedRequest, prepare
from .._urls import PRODUCTION_URL
from .connection import Connection
from .connector import Connector, SocketOptions
from .errors import NoReplyError, NotSentError, text
from .events import Event, Kind, Observer, observer_of
from .limits import Limit, Limiter
from .parser import ResponseError
from .pool import POLL_S, SECOND, Pool, Waiter
from .states import AWAITING, DRAINING, IDLE

if TYPE_CHECKING:
    from .. import Signer
    from .._types import Body, Params
    from .response import Response

NOT_OPEN = "the gateway is not open; open it with `with Gateway(...) as gateway:` or gateway.open()"
OPEN = ""
CLOSED = "the gateway is closed"
FORKED = "the process was forked after the gateway was opened; create a gateway in this process"
_MAX_UNKNOWN = 1000
_ORIGIN = "http://h"

_all: WeakSet[GatewayBase] = WeakSet()


class GatewayBase:
    """Send signed requests to `url` over open, warm connections.

    Args:
        signer: A `woox_fast.Signer`.
        url: Scheme, host and optional port.
        connections: The number of requests at once. More requests wait, first come, first served.
        reserved: Additional connections for DELETE requests and requests with `priority=True`.
        timeout_s: Seconds from the call of `request` to the response, and for `open` and `close`.
        warm_s: Seconds after which an idle connection gets a public GET.
        limits: Rate limits, such as `WOO_X_LIMITS`.
        on_event: A function that accepts an `Event`. It runs in the event's thread, so it must be fast.
        tls: An SSLContext instead of the default context.
        source_address: The local (host, port) of the sockets.
        socket_options: (level, option, value) for `socket.setsockopt`.
        max_connection_age_s: Seconds after which the gateway replaces an idle connection and resolves the name again.

    Raises:
        TypeError, ValueError: An invalid argument.
    """

    _refusal = NOT_OPEN  # class attributes serve a gateway whose constructor raised
    _keeper: Any = None

    def __init__(
        self,
        signer: Signer,
        url: str = PRODUCTION_URL,
        *,
        connections: int = 4,
        reserved: int = 0,
        timeout_s: float = 10.0,
        warm_s: float = 20.0,
        limits: Iterable[Limit] | None = None,
        on_event: Observer | None = None,
        tls: ssl.SSLContext | None = None,
        source_address: tuple[str, int] | None = None,
        socket_options: Sequence[tuple[int, int, int | bytes]] = (),
        max_connection_age_s: float | None = None,
    ) -> None:
        self._host = "nowhere yet"
        self._encode, self._signer = _encoder(signer, url), signer
        _check_count("connections", connections, 1)
        _check_count("reserved", reserved, 0)
        age_ns = 0 if max_connection_age_s is None else seconds_ns("max_connection_age_s", max_connection_age_s)
        self._timeout_ns, self._timeout_s = seconds_ns("timeout_s", timeout_s), timeout_s
        self._limiter = None if limits is None else Limiter(limits)
        self._connector = Connector(
            url, timeout_s=timeout_s, tls=tls, socket_options=SocketOptions(source_address, tuple(socket_options)),
            limiter=self._limiter,
        )  # fmt: skip
        self._pool = Pool(
            connections, reserved, timeout_ns=self._timeout_ns, warm_ns=seconds_ns("warm_s", warm_s), max_age_ns=age_ns,
            pace=self._connector.pace,
        )  # fmt: skip
        self._reserved = reserved
        self._on_event = on_event
        self._observer: Observer | None = None
        self._is_plain = True  # without limits and observer
        self._host = self._connector.host
        self.unknown: deque[NoReplyError] = deque(maxlen=_MAX_UNKNOWN)
        """The requests of unknown fate, the last 1,000 since you emptied it, however their calls ended."""
        _all.add(self)

    @property
    def _failure(self) -> BaseException | None:
        """The failure of housekeeping."""
        return self._keeper.failure if self._keeper is not None else None

    def _begin(self) -> None:
        """Check that the gateway may be opened."""
        if self._refusal != NOT_OPEN:
            reason = self._refusal or "the gateway is already open"
            raise RuntimeError(f"this gateway cannot be opened: {reason}. Create another gateway")
        self._observer = observer_of(self._on_event)
        self._is_plain = self._limiter is None and self._observer is None

    def _check_open(self) -> None:
        if self._refusal:
            raise RuntimeError(f"the request to {self._host} was not sent: {self._refusal}")

    def _queue(
        self, waiter: Waiter, started_ns: int, by_ns: int, send_at: int = 0, *, first: bool = False
    ) -> Generator[float, bool | None, Connection]:
        """Wait for the moment `send_at` and for a connection. Yield the seconds to wait; receive whether it was rung.

        The wait has a separate deadline, and relies on a wake-up for `POLL_S` at most.
        """
        while (left_ns := send_at - perf_counter_ns()) > 0 and not self._refusal:
            yield min(left_ns / SECOND, POLL_S)
        connection = None if first else self._pool.take(urgent=waiter.urgent)
        if connection is not None:
            return connection
        has_polled: bool = False
        self._pool.enter(waiter, first=first)
        try:
            while True:
                connection = self._pool.grant(waiter, has_polled=has_polled)
                if connection is not None:
                    return connection
                now = perf_counter_ns()
                if self._refusal:
                    raise NotSentError(f"the request to {self._host} was not sent: {self._refusal}")
                if now >= by_ns:
                    raise self._not_sent(now - started_ns)
                has_polled = not (yield min((by_ns - now) / SECOND, POLL_S))
        finally:
            self._pool.leave(waiter)

    def _send_by(self, started_ns: int, deadline_ns: int, within_s: float | None) -> int:
        """Return when to give up the wait before the request is sent."""
        return (
            deadline_ns if within_s is None else min(deadline_ns, started_ns + seconds_ns("send_within_s", within_s, 0))
        )

    def _is_urgent(self, method: str, priority: bool) -> bool:
        return priority or (method == "DELETE" and self._reserved > 0)

    def _reserve(self, method: str, path: str, body: Any, now: int, until: int) -> int:
        """Return the moment that the rate limits allow. Raises NotSentError if it is after `until`."""
        self._check_open()
        if self._limiter is None:
            return 0
        slot = self._limiter.reserve(method, path, body, now, until)
        if slot is None:
            raise NotSentError(f"the request to {self._host} was not sent: the rate limit allows no request in time")
        return slot

    def _observe(self, connection: Connection, method: str, path: str, body: Body, response: Response) -> None:
        """Report a request and its response to the limiter and the observer."""
        if self._limiter is not None:
            self._limiter.observe(method, path, body, response, perf_counter_ns())
        if self._observer is not None:
            self._observer(
                Event(
                    "response",
                    connection.number,
                    method,
                    path,
                    response.status,
                    response.queued_ns,
                    response.latency_ns,
                )
            )

    def _emit(self, kind: Kind, connection: Connection | None, method: str, path: str, reason: str = "") -> None:
        if self._observer is not None:
            self._observer(Event(kind, connection.number if connection else 0, method, path, reason=reason))

    def _not_sent(self, waited_ns: int) -> NotSentError:
        """Return the error for too long a wait."""
        pool = self._pool
        cause = self._failure or pool.last_error
        reason = f"no connection was free for {max(waited_ns, 0) / SECOND:.3g} s"
        if self._failure is not None:
            reason += f", and housekeeping failed: {text(cause)}"
        elif cause is not None:
            reason += f", and the last opening failed: {text(cause)}"
        else:
            reason += f"; all {pool.size} were in use"
        error = NotSentError(f"the request to {self._host} was not sent: {reason}")
        error.__cause__ = cause
        return error

    def _not_opened(self) -> NotSentError:
        pool = self._pool
        cause = self._failure or pool.last_error
        what = "a connection" if pool.is_hopeless(self._connector.opening) else f"all {pool.target} connections"
        reason = text(cause) if cause else f"not ready within {self._timeout_s:g} s"
        error = NotSentError(f"cannot open {what} to {self._host}: {reason}; nothing was sent")
        error.__cause__ = cause
        return error

    def _unknown(
        self, request: bytes, reason: str, cause: BaseException | None, connection: Connection | None
    ) -> NoReplyError:
        """Record and return the error for a possibly sent request."""
        error = NoReplyError.from_request(request, reason, cause)
        error._request_id = id(request)
        error.__cause__ = cause if isinstance(cause, Exception) else None
        self.unknown.append(error)
        self._emit("unknown", connection, error.method, error.path, reason)
        return error

    def _outcome(self, error: BaseException, connection: Connection | None, request: bytes | None) -> BaseException:
        """Return the exception to raise for a request that ended with `error`, and part with its connection.

        `request` is None if no byte went out. A second call with the result, without a connection, returns it.
        """
        if request is None:
            if connection is not None and connection.state is IDLE:
                self._pool.release(connection)
            return error
        if NoReplyError.is_about(error, request):
            return error
        is_cancelled = isinstance(error, CancelledError)
        if connection is not None and connection.request is request and is_cancelled:
            self._drain(connection, request)
        elif connection is not None and connection.request is request:
            if isinstance(error, ResponseError) or (isinstance(error, OSError) and connection.is_own(error)):
                connection.last_error = error
            self._keeper.drop(connection, text(error))
        elif connection is not None and self._pool.is_withheld(connection):
            self._keeper.drop(connection, "interrupted before the send")
        if isinstance(error, Exception):
            reason = "the process was forked while a response was due" if self._refusal == FORKED else text(error)
            return self._unknown(request, reason, error, connection)
        if isinstance(error, GeneratorExit):
            return self._unknown(request, "its coroutine was closed while the response was due", error, connection)
        reason = "cancelled while its response was due" if is_cancelled else f"interrupted by {type(error).__name__}"
        unknown = self._unknown(request, reason, error, connection)
        unknown.__cause__ = error.__cause__  # the NoReplyError of a signal handler's request
        error.__cause__ = unknown
        return error

    def _give_up(self, connection: Connection, request: bytes, timeout_ns: int) -> NoReplyError:
        """Return the error for an overdue response."""
        self._drain(connection, request)
        return self._unknown(request, f"no whole response came within {timeout_ns / SECOND:.4g} s", None, connection)

    def _drain(self, connection: Connection, request: bytes) -> None:
        """Let the connection receive the response to `request` in the background, or close it."""
        if connection.request is not request:
            return  # the response arrived at the last moment
        connection.request = None
        if connection.state is AWAITING and connection.unsent is None and not connection.overdue_ns:
            connection.deadline_ns = perf_counter_ns() + self._timeout_ns
            connection.lane = None  # so that the standby connection replaces it now
            connection.move(DRAINING)
            self._pool.background.append(connection)
            self._keeper.wake()
        else:
            self._keeper.drop(connection, "its request was given up before it was sent whole")

    def _forked(self) -> None:
        """Close the copies of the parent's sockets in the child, without reading or writing."""
        if self._refusal not in (NOT_OPEN, CLOSED):
            self._refusal = FORKED
        if self._keeper is not None:
            self._keeper.is_forked = True
        self._connector.abandon()
        self._pool.close_all(hang_up=False)
        self._pool.pop_idle()
        self._pool.close()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} to {self._host}: {self._refusal or f'{len(self._pool.live())} connections open'}>"
        )


def _encoder(signer: Signer, url: object) -> Any:
    """Return the signer's `encode_request`. Raises TypeError, also for swapped arguments."""
    encode = None if isinstance(signer, type) else getattr(signer, "encode_request", None)
    if not callable(encode):
        raise TypeError(f"signer must be a Signer, got {_kind(signer)}: pass Signer(api_key, api_secret), then the url")
    if not isinstance(url, str):
        raise TypeError(f"url must be a str such as {PRODUCTION_URL!r}, got {_kind(url)}; pass the signer first")
    return encode


def build_target(method: str, path: str, body: Any, params: Params | None, json: Any) -> tuple[str, bytes]:
    """Return path and body with `params` and `json`, encoded as `Signer.prepare` does."""
    built = prepare(lambda *_, **__: {}, method, path, params=params, json=json, body=body or None, base_url=_ORIGIN)
    return built.url[len(_ORIGIN) :], built.body


def refuse_signed_request(method: object) -> None:
    if isinstance(method, SignedRequest):
        raise TypeError("got a SignedRequest, which would be signed twice; pass method, path, and body, json or params")


def seconds_ns(name: str, value: float, least: float = 0.001) -> int:
    """Return seconds as nanoseconds. Raises TypeError and ValueError."""
    if not isinstance(value, int | float) or isinstance(value, bool):
        raise TypeError(f"{name} must be a number of seconds, got {type(value).__name__}")
    if not least <= value <= 86400:
        raise ValueError(f"{name} must be from {least} to 86400 seconds, got {value}")
    return round(value * SECOND)


def _check_count(name: str, value: int, least: int) -> None:
    if not isinstance(value, int) or isinstance(value, bool):
        raise TypeError(f"{name} must be an int, got {type(value).__name__}")
    if value < least:
        raise ValueError(f"{name} must be {least} or more, got {value}")


def _kind(value: object) -> str:
    return f"the class {value.__name__}" if isinstance(value, type) else type(value).__name__


def _after_fork() -> None:
    for gateway in list(_all):
        gateway._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
