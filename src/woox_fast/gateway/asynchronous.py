"""`AsyncGateway`: orders from any task on an asyncio or uvloop event loop.

The loop reports a readable socket, and the gateway reads it: an order needs no transport, no task and no timer. Threads
open the connections, since a TLS handshake occupies the loop for a millisecond that an order may need.
"""

from __future__ import annotations

import asyncio
import warnings
from asyncio import get_running_loop
from collections.abc import Coroutine, Generator, Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NoReturn, cast

from .base import CLOSED, FORKED, NOT_OPEN, OPEN, GatewayBase, build_target, refuse_signed_request, seconds_ns
from .connection import Connection
from .errors import text
from .loop_keeper import LoopKeeper
from .placement import Placement, Placing
from .pool import SECOND, TICK_NS

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._types import Body, Params
    from .response import Response

_CLOSING_LOOK_S = 0.005


class AsyncGateway(GatewayBase):
    __doc__ = GatewayBase.__doc__

    _loop: asyncio.AbstractEventLoop
    _keeper: LoopKeeper

    async def __aenter__(self) -> Self:
        return await self.open()

    async def __aexit__(self, *_: object) -> None:
        await self.close()

    async def open(self) -> Self:
        """Open all connections. `async with AsyncGateway(...)` does the same.

        Raises:
            NotSentError: The connections cannot be opened within `timeout_s`.
            RuntimeError: The gateway was opened before, or the loop cannot watch sockets.
        """
        self._begin()
        self._loop = loop = get_running_loop()
        _check_loop(loop)
        try:
            deadline_ns = perf_counter_ns() + self._timeout_ns
            self._refusal = OPEN
            self._keeper = LoopKeeper(self._pool, self._connector, self._observer, loop)
            self._keeper.start()
            while not self._pool.is_full:
                if perf_counter_ns() > deadline_ns or self._pool.is_hopeless(self._connector.opening):
                    raise self._not_opened()
                await asyncio.sleep(_CLOSING_LOOK_S)
            return self
        except BaseException:
            self._shut()
            raise

    def _shut(self) -> None:
        self._refusal = self._refusal if self._refusal == FORKED else CLOSED
        if self._keeper is not None:
            self._keeper.shut()

    async def close(self) -> None:
        """Wait up to `timeout_s` for the due responses, and close all connections. A closed gateway stays closed."""
        if self._refusal == NOT_OPEN:
            self._refusal = CLOSED
        if self._refusal == FORKED or self._keeper is None:
            return
        try:
            self._refusal = CLOSED
            self._pool.close()
            for connection in self._pool.pop_idle():
                self._keeper.drop(connection, CLOSED)
            deadline_ns = perf_counter_ns() + self._timeout_ns
            while self._pool.busy() and perf_counter_ns() < deadline_ns:
                await asyncio.sleep(_CLOSING_LOOK_S)
            self._shut()
            deadline_ns = perf_counter_ns() + SECOND // 2
            while self._connector.threads and perf_counter_ns() < deadline_ns:
                await asyncio.sleep(_CLOSING_LOOK_S)
        finally:
            self._shut()

    def request(
        self,
        method: str,
        path: str = "",
        body: Body = b"",
        *,
        json: Any = None,
        params: Params | None = None,
        timeout_s: float | None = None,
        send_within_s: float | None = None,
        priority: bool = False,
    ) -> Coroutine[Any, Any, Response]:
        """Sign a request, send it once, and return the response, whatever its status. From any task of the loop.

        `GatewayBase` documents the arguments and the exceptions. A request that is cancelled before it went out never
        goes out. After that, the CancelledError has a NoReplyError as `__cause__`.
        """
        if not path:
            refuse_signed_request(method)
        return self._request(method, path, body, json, params, timeout_s, send_within_s, priority)

    async def _request(
        self, method: str, path: str, body: Any, json: Any, params: Any,
        timeout_s: float | None, send_within_s: float | None, priority: bool,
    ) -> Response:  # fmt: skip
        request = connection = None
        started_ns = deadline_ns = 0
        is_unknown = False
        try:
            try:
                if self._refusal or get_running_loop() is not self._loop:
                    self._refuse()
                if json is not None or params is not None:
                    path, body = build_target(method, path, body, params, json)
                timeout_ns = self._timeout_ns if timeout_s is None else seconds_ns("timeout_s", timeout_s)
                if self._is_plain and send_within_s is None and not priority:
                    connection = self._pool.take()
                if connection is None:
                    started_ns = perf_counter_ns()
                    deadline_ns = started_ns + timeout_ns
                    connection = await self._acquire(
                        method, path, body, started_ns, deadline_ns, send_within_s, priority
                    )
                while True:
                    request = self._encode(method, path, body, host=self._host)  # after the wait, so it is fresh
                    is_unknown = True
                    if connection.send(request, method, timeout_ns, deadline_ns):
                        break
                    is_unknown = False
                    deadline_ns = deadline_ns or perf_counter_ns() + timeout_ns
                    by_ns = self._send_by(started_ns, deadline_ns, send_within_s)
                    connection = await self._replace(connection, by_ns, self._is_urgent(method, priority))
                due = connection.due = self._loop.create_future()
                look_ns = self._keeper.due_ns[0]  # the next look at the deadlines is neither too late nor overdue
                if (
                    connection.unsent is not None
                    or not connection.sent_ns - TICK_NS < look_ns <= connection.deadline_ns
                ):
                    self._keeper.prepare(connection)
                if not self._is_plain:
                    self._emit("sent", connection, method, path)
                response: Response | None = await due
                if response is None:
                    raise self._give_up(connection, request, timeout_ns)
                if started_ns:
                    response.queued_ns = connection.sent_ns - started_ns
                if not self._is_plain:
                    self._observe(connection, method, path, body, response)
                return response
            except BaseException as error:
                outcome = self._outcome(error, connection, request if is_unknown else None)
                raise outcome from outcome.__cause__
        except BaseException as error:  # an interrupt in the handler above
            outcome = self._outcome(error, None, request if is_unknown else None)
            raise outcome from outcome.__cause__

    def _refuse(self) -> NoReturn:
        self._check_open()
        raise RuntimeError("the request was not sent: the gateway belongs to another event loop than the running loop")

    async def _acquire(
        self, method: str, path: str, body: Any, started_ns: int, by_ns: int, within_s: float | None, priority: bool
    ) -> Connection:  # fmt: skip
        """Wait for the rate limits and for a connection. Raises NotSentError and RuntimeError."""
        by_ns = self._send_by(started_ns, by_ns, within_s)
        send_at = self._reserve(method, path, body, started_ns, by_ns)
        waiter = _Waiter(self._is_urgent(method, priority), by_ns, self._loop)
        return await self._wait(waiter, self._queue(waiter, started_ns, by_ns, send_at))

    async def _replace(self, dead: Connection, by_ns: int, urgent: bool) -> Connection:
        """Return a connection to replace a closed connection."""
        self._keeper.drop(dead, text(dead.last_error))
        waiter = _Waiter(urgent, by_ns, self._loop)
        steps = self._queue(waiter, perf_counter_ns(), by_ns, first=True)
        return self._pool.replace(dead) or await self._wait(waiter, steps)

    async def _wait(self, waiter: _Waiter, steps: Generator[float, bool | None, Connection]) -> Connection:
        is_rung = None
        try:
            while True:
                is_rung = await waiter.wait(steps.send(is_rung))
        except StopIteration as stop:
            return cast("Connection", stop.value)
        finally:
            steps.close()

    async def place(
        self,
        order: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        send_within_s: float | None = None,
        arrival_window_s: float | None = None,
    ) -> Placement:
        """Send an order once, and ask for it by its clientOrderId until its fate is known. See `Gateway.place`."""
        placing = Placing(order, self._signer, timeout_s or self._timeout_s, arrival_window_s, self.unknown)
        try:
            steps = placing.steps()
            step = next(steps)
            while True:
                try:
                    if step.method:
                        queue = send_within_s if step.is_order else None
                        sent = await self.request(
                            step.method, step.path, json=step.json, timeout_s=timeout_s, send_within_s=queue
                        )
                    else:
                        await asyncio.sleep(step.pause_s)
                        sent = None
                except BaseException as error:
                    step = steps.throw(error)
                else:
                    step = steps.send(sent)
        except StopIteration as stop:
            return cast("Placement", stop.value)
        except BaseException as error:
            outcome = placing.settle(error)
            raise outcome from outcome.__cause__

    def __del__(self) -> None:
        if self._refusal == OPEN:
            warnings.warn(f"unclosed {self!r}", ResourceWarning, source=self, stacklevel=2)
        if self._refusal != FORKED:
            self._shut()


class _Waiter:
    """A task in the queue."""

    def __init__(self, urgent: bool, by_ns: int, loop: asyncio.AbstractEventLoop) -> None:
        self.urgent = urgent
        self.by_ns = by_ns
        self._loop = loop
        self._bell: asyncio.Future[bool] | None = None

    def ring(self, is_rung: bool = True) -> None:
        if self._bell is not None and not self._bell.done():
            self._bell.set_result(is_rung)

    async def wait(self, timeout_s: float) -> bool:
        """Return True if rung within `timeout_s`."""
        self._bell = self._loop.create_future()
        # The second timer is for an exception in the callback of the first timer.
        timers = [self._loop.call_later(timeout_s + delay_s, self.ring, False) for delay_s in (0, 0.5)]
        try:
            return await self._bell
        finally:
            for timer in timers:
                timer.cancel()


def _check_loop(loop: asyncio.AbstractEventLoop) -> None:
    if isinstance(loop, getattr(asyncio, "ProactorEventLoop", ())):  # Windows' default
        raise RuntimeError(
            "AsyncGateway needs an event loop that watches sockets (add_reader), got asyncio.ProactorEventLoop; "
            "run it on asyncio.SelectorEventLoop"
        )
