"""The common part of both gateways: options, requests, errors, and fork.

Both modes share the code that waits. `Gateway` runs a coroutine in one step, because it only waits by blocking calls.
"""

from __future__ import annotations

import os
import ssl
import types
import warnings
from asyncio import CancelledError
from collections import deque
from collections.abc import Awaitable, Callable, Generator, Iterable, Sequence
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any
from weakref import WeakSet

from .._urls import PRODUCTION_URL
from .connection import AWAITING, DRAINING, IDLE, Connection
from .connector import FORK_LOCK, Connector
from .errors import NoReplyError, NotSentError, describe
from .events import Event, Observer, observer_of
from .keeper import Keeper
from .limits import SECOND, Limit, Limiter
from .options import build_target, check_count, encoder_of, seconds_ns, send_by
from .parser import ResponseError
from .pool import POLL_S, Pool

if TYPE_CHECKING:
    from .. import Signer
    from .._types import Body
    from .response import Response

NOT_OPEN = "the gateway is not open; open it with `with Gateway(...) as gateway:` or gateway.open()"
OPEN = ""
CLOSED = "the gateway is closed"
FORKED = "the process was forked after the gateway was opened; create a gateway in this process"
_LOOK_S = 0.005  # between two looks at the progress of opening and closing

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
    _keeper: Any = None  # the Keeper, once the gateway is open
    _loop: Any = None  # the event loop of an AsyncGateway
    # The parts that differ between the modes:
    _new_keeper: Callable[[], Keeper]
    _new_waiter: Callable[[bool, int], Any]
    _pause: Callable[[float], Awaitable[None]]
    _receive: Callable[[Connection, int], Any]

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
        self._encode, self._signer = encoder_of(signer, url), signer
        check_count("connections", connections, 1)
        check_count("reserved", reserved, 0)
        age_ns = 0 if max_connection_age_s is None else seconds_ns("max_connection_age_s", max_connection_age_s)
        self._timeout_ns, self._timeout_s = seconds_ns("timeout_s", timeout_s), timeout_s
        self._limiter = None if limits is None else Limiter(limits)
        self._connector = Connector(
            url, timeout_s=timeout_s, tls=tls, source_address=source_address, socket_options=socket_options,
            limiter=self._limiter,
        )  # fmt: skip
        self._pool = Pool(
            connections, reserved, timeout_ns=self._timeout_ns, warm_ns=seconds_ns("warm_s", warm_s), max_age_ns=age_ns,
            pace=self._connector.pace,
        )  # fmt: skip
        self._on_event = on_event
        self._observer: Observer | None = None
        self._is_plain = True  # without limits and observer
        self._host = self._connector.host
        self.unknown: deque[NoReplyError] = self._pool.unknown
        """The requests of unknown fate, the last 1,000 since you emptied it, however their calls ended."""
        _all.add(self)

    # Opening and closing:

    async def _open(self) -> None:
        if self._refusal != NOT_OPEN:
            reason = self._refusal or "the gateway is already open"
            raise RuntimeError(f"this gateway cannot be opened: {reason}. Create another gateway")
        self._observer = observer_of(self._on_event)
        self._is_plain = self._limiter is None and self._observer is None
        deadline_ns = perf_counter_ns() + self._timeout_ns
        try:
            self._keeper = keeper = self._new_keeper()
            self._refusal = OPEN
            keeper.thread.start()
            while not self._pool.is_full:
                is_late = perf_counter_ns() > deadline_ns
                if is_late or keeper.failure is not None or keeper.is_hopeless:
                    raise self._not_opened()
                await self._pause(_LOOK_S)
        except BaseException as error:
            self._end()
            is_systems = isinstance(error, OSError) and error.errno is not None
            if is_systems or type(error) is RuntimeError:  # no descriptor or no thread is available
                raise NotSentError(f"cannot open the gateway to {self._host}: {error}; nothing was sent") from error
            raise

    async def _close(self) -> None:
        if self._refusal in (NOT_OPEN, OPEN):
            self._refusal = CLOSED
        keeper = self._keeper
        if keeper is None or self._refusal == FORKED:
            return
        try:
            keeper.close(self._timeout_ns)
            await self._wait_while(keeper.thread.is_alive, self._timeout_ns + SECOND // 4)
            self._end()
            await self._wait_while(lambda: bool(self._connector.threads), SECOND // 4)
        finally:
            self._end()

    async def _wait_while(self, condition: Callable[[], bool], within_ns: int) -> None:
        until = perf_counter_ns() + within_ns
        while condition() and perf_counter_ns() < until:
            await self._pause(_LOOK_S)

    def _end(self) -> None:
        """Close everything at once."""
        if self._keeper is not None and self._refusal != FORKED:
            self._refusal = CLOSED
            self._keeper.end()
            if self._keeper.thread.ident is None:
                self._keeper.close_sockets()

    def __del__(self) -> None:
        if self._refusal == OPEN:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        if self._keeper is not None and self._refusal != FORKED:
            self._keeper.close(0)

    # A request:

    @types.coroutine
    def _request(
        self, sent: list[Any], method: str, path: str, body: Any, json: Any, params: Any,
        timeout_s: float | None, send_within_s: float | None, priority: bool,
    ) -> Generator[Any, Any, None]:  # fmt: skip
        """Send a request. `sent` gets it before the socket may accept bytes, then the response or a `Keeper.record`."""
        connection, started_ns, deadline_ns = None, 0, 0
        try:
            if json is not None or params is not None or not path:
                path, body = build_target(method, path, body, params, json)
            timeout_ns = self._timeout_ns if timeout_s is None else seconds_ns("timeout_s", timeout_s)
            urgent = priority or (method == "DELETE" and self._pool.reserved > 0)
            connection = self._pool.take() if self._is_plain and send_within_s is None and not urgent else None
            if connection is None:
                started_ns = perf_counter_ns()
                deadline_ns = started_ns + timeout_ns
                by_ns = send_by(started_ns, deadline_ns, send_within_s)
                connection = yield from self._acquire(method, path, body, by_ns, urgent)
            while True:  # sign after the wait, so that the timestamp is fresh
                connection.request = sent
                sent.append(self._encode(method, path, body, host=self._host))
                if connection.send(sent[0], method, timeout_ns, deadline_ns):
                    break
                sent.clear()
                deadline_ns = deadline_ns or perf_counter_ns() + timeout_ns
                by_ns = send_by(started_ns, deadline_ns, send_within_s)
                connection = yield from self._acquire(method, path, body, by_ns, urgent, connection)
            if self._observer is not None:
                self._observer(Event("sent", connection.number, method, path))
            received = self._receive(connection, timeout_ns)
            response = received if self._loop is None else (yield from received)
            if response is None:
                late = f"no whole response came within {timeout_ns / SECOND:.4g} s"
                raise self._keeper.record(sent, late, connection.number)
            response.queued_ns = connection.sent_ns - started_ns if started_ns else 0
            if not self._is_plain:
                self._observe(connection, method, path, body, response)
            sent[1:] = [response]
        except BaseException as error:
            outcome = self._outcome(error, connection, sent)
            raise outcome from outcome.__cause__

    async def _ask(
        self, sent: list[Any], method: str, path: str, timeout_s: float | None,
        *, json: Any = None, send_within_s: float | None = None,
    ) -> Response:  # fmt: skip
        """Send a request for `place`, which evaluates `sent` as `request` does."""
        await self._request(sent, method, path, b"", json, None, timeout_s, send_within_s, False)
        response: Response = sent[1]
        return response

    def _check_open(self) -> None:
        if self._refusal:
            raise RuntimeError(f"the request to {self._host} was not sent: {self._refusal}")

    async def _acquire(
        self, method: str, path: str, body: Any, by_ns: int, urgent: bool, dead: Connection | None = None
    ) -> Connection:
        """Wait for the rate limits and for a connection, first for a replacement of `dead`.

        Raises NotSentError and RuntimeError.
        """
        limiter, connection, slot = self._limiter, None, None
        if dead is None:
            self._check_open()
        else:
            connection, slot = await self._queue(urgent, by_ns, dead), dead.slot_ns
        while limiter is not None:
            now = perf_counter_ns()
            slot = limiter.reserve(method, path, body, now, by_ns, unused=slot)
            if connection is not None and slot == now:
                connection.slot_ns = slot
                return connection
            if connection is not None:
                self._pool.release(connection)  # the wait for it was long, and the window is full again
            if slot is None:
                raise NotSentError(f"the request to {self._host} was not sent: the rate limit allows it too late")
            while (left_ns := slot - perf_counter_ns()) > 0 and not self._refusal:
                await self._pause(min(left_ns / SECOND, POLL_S))
            connection = self._pool.take(urgent=urgent) or await self._queue(urgent, by_ns)
        return connection or self._pool.take(urgent=urgent) or await self._queue(urgent, by_ns)

    async def _queue(self, urgent: bool, by_ns: int, dead: Connection | None = None) -> Connection:
        """Wait for a connection; look again after a time without a wake-up. A replacement of `dead` comes first."""
        started_ns, is_late = perf_counter_ns(), False
        waiter = self._new_waiter(urgent, by_ns)
        try:
            self._pool.enter(waiter, first=dead is not None)
            if dead is not None:
                self._keeper.drop(dead, describe(dead.last_error))
            while True:
                connection = None if is_late else self._pool.grant(waiter)
                if connection is not None:
                    return connection
                now = perf_counter_ns()
                if self._refusal:
                    raise NotSentError(f"the request to {self._host} was not sent: {self._refusal}")
                if now >= by_ns:
                    raise self._not_sent(now - started_ns)
                poll_s = POLL_S if self._pool.is_next(waiter) else 10 * POLL_S
                await waiter.wait(min((by_ns - now) / SECOND, poll_s))
                is_late = perf_counter_ns() >= by_ns
        finally:
            self._pool.leave(waiter)

    def _observe(self, connection: Connection, method: str, path: str, body: Body, response: Response) -> None:
        """Report a request and its response to the limiter and the observer."""
        if self._limiter is not None:
            self._limiter.observe(method, path, body, response, perf_counter_ns())
        if self._observer is not None:
            times = response.queued_ns, response.latency_ns
            self._observer(Event("response", connection.number, method, path, response.status, *times))

    def _not_sent(self, waited_ns: int) -> NotSentError:
        """Return the error for too long a wait."""
        failure, last_error = self._keeper.failure, self._pool.last_error
        reason = f"no connection was free for {max(waited_ns, 0) / SECOND:.3g} s"
        if failure is not None:
            reason += f", and housekeeping failed: {describe(failure)}"
        elif last_error is not None:
            reason += f", and the last opening failed: {describe(last_error)}"
        else:
            reason += f"; all {self._pool.size} were in use"
        error = NotSentError(f"the request to {self._host} was not sent: {reason}")
        error.__cause__ = failure or last_error
        return error

    def _not_opened(self) -> NotSentError:
        pool = self._pool
        cause = self._keeper.failure or pool.last_error
        what = "a connection" if self._keeper.is_hopeless else f"all {pool.target} connections"
        reason = describe(cause) if cause else f"not ready within {self._timeout_s:g} s"
        error = NotSentError(f"cannot open {what} to {self._host}: {reason}; nothing was sent")
        error.__cause__ = cause
        return error

    def _outcome(self, error: BaseException, connection: Connection | None, sent: list[Any]) -> BaseException:
        """Return the exception to raise for a request that ended with `error`, and part with its connection.

        A second call, after an interrupt of the first call, finds the NoReplyError in `sent`. Housekeeping records the
        request if the second call is interrupted, too.
        """
        if not sent:
            if connection is not None and connection.state is IDLE:
                self._pool.release(connection)
            return error
        if connection is not None and connection.request is sent and connection.state is IDLE:
            sent.clear()
            self._keeper.drop(connection, "interrupted before the send")
            return error
        is_late = len(sent) > 1 and error is sent[1]
        unknown: NoReplyError = self._keeper.record(
            sent, self._reason(error), connection.number if connection else 0, error
        )
        if connection is not None:
            self._part(connection, sent, error, is_late=is_late)
        if isinstance(error, Exception | GeneratorExit):
            return unknown
        if error.__cause__ is not unknown:
            unknown.__cause__ = error.__cause__  # the NoReplyError of a signal handler's request
            error.__cause__ = unknown
        return error

    def _reason(self, error: BaseException) -> str:
        if self._refusal == FORKED:
            return "the process was forked while a response was due"
        if isinstance(error, GeneratorExit):
            return "its coroutine was closed while the response was due"
        if isinstance(error, CancelledError):
            return "cancelled while its response was due"
        return describe(error) if isinstance(error, Exception) else f"interrupted by {type(error).__name__}"

    def _part(self, connection: Connection, sent: list[Any], error: BaseException, *, is_late: bool) -> None:
        """Close the connection of a request that ended with `error`, or let it receive its response in the background.

        The response may have arrived at the last moment, or the connection may have a different request.
        """
        is_ours = connection.request is sent
        is_whole = connection.state is AWAITING and connection.unsent is None and not connection.has_hung_up
        if is_ours and is_whole and (is_late or isinstance(error, CancelledError)):
            connection.deadline_ns = perf_counter_ns() + self._timeout_ns
            connection.due = None
            connection.move(DRAINING)
            self._pool.count()
            self._keeper.wake()
        elif is_ours and connection.state is not DRAINING:
            if isinstance(error, ResponseError) or (isinstance(error, OSError) and connection.is_own(error)):
                connection.last_error = error
            self._keeper.drop(connection, describe(error))
        elif connection.request is None and connection not in self._pool.idle:  # interrupted after its response
            self._keeper.drop(connection, describe(error))

    def _forked(self) -> None:
        """Close the copies of the parent's sockets in the child, without reading or writing."""
        if self._refusal not in (NOT_OPEN, CLOSED):
            self._refusal = FORKED
        if self._keeper is not None:
            self._keeper.is_forked = True
            self._keeper.close_sockets()
        self._connector.abandon()
        self._pool.close_all(hang_up=False)
        self._pool.close()

    def __repr__(self) -> str:
        return (
            f"<{type(self).__name__} to {self._host}: {self._refusal or f'{len(self._pool.live())} connections open'}>"
        )


REQUEST_CODE = GatewayBase._request.__code__


def _after_fork() -> None:
    FORK_LOCK.release()
    for gateway in list(_all):
        gateway._forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=FORK_LOCK.acquire, after_in_parent=FORK_LOCK.release, after_in_child=_after_fork)
