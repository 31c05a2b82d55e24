"""`AsyncGateway`: orders from any task on an asyncio or uvloop event loop.

The loop reports a readable socket, and the gateway reads it: an order needs no transport, no task and no timer. Threads
open the connections, since a TLS handshake occupies the loop for a millisecond that an order may need.
"""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from collections.abc import Mapping
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NoReturn

from .base import GatewayBase
from .connection import BUSY, CLOSED, IDLE, NO_WAIT, Connection
from .connector import Connector
from .errors import describe
from .events import Observer
from .keeper import Keeper
from .limits import SECOND
from .options import REQUEST_DOC
from .parser import ResponseError
from .placement import Placement, Placing
from .pool import Pool

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._types import Body, Params
    from .response import Response


class AsyncGateway(GatewayBase):
    __doc__ = GatewayBase.__doc__

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
        loop = get_running_loop()
        if isinstance(loop, getattr(asyncio, "ProactorEventLoop", ())):  # Windows' default
            raise RuntimeError(
                "AsyncGateway needs an event loop that watches sockets (add_reader), got asyncio.ProactorEventLoop; "
                "run it on asyncio.SelectorEventLoop"
            )
        self._loop = self._loop or loop
        await self._open()
        return self

    async def close(self) -> None:
        """Wait up to `timeout_s` for the due responses, and close all connections. A closed gateway stays closed."""
        await self._close()

    async def request(
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
    ) -> Response:
        sent: list[Any] = []
        try:
            if self._refusal or get_running_loop() is not self._loop:
                self._refuse()
            await self._request(sent, method, path, body, json, params, timeout_s, send_within_s, priority)
            response: Response = sent[1]
            return response
        except BaseException as error:  # an interrupt outside the generator
            outcome = self._outcome(error, None, sent)
            raise outcome from outcome.__cause__

    request.__doc__ = REQUEST_DOC

    def _refuse(self) -> NoReturn:
        self._check_open()
        raise RuntimeError("the request was not sent: the gateway belongs to another event loop than the running loop")

    async def place(
        self,
        order: Mapping[str, Any],
        *,
        timeout_s: float | None = None,
        send_within_s: float | None = None,
        arrival_window_s: float | None = None,
    ) -> Placement:
        """Send an order once, and ask for it by its clientOrderId until its fate is known. See `Gateway.place`."""
        placing = Placing(self, order, timeout_s, send_within_s, arrival_window_s)
        if self._refusal or get_running_loop() is not self._loop:
            self._refuse()
        try:
            return await placing.run()
        except BaseException as error:
            outcome = placing.settle(error)
            raise outcome from outcome.__cause__

    def _new_keeper(self) -> LoopKeeper:
        return LoopKeeper(self._pool, self._connector, self._observer, get_running_loop())

    def _new_waiter(self, urgent: bool, by_ns: int) -> _Waiter:
        return _Waiter(urgent, by_ns, get_running_loop())

    async def _pause(self, seconds: float) -> None:
        await asyncio.sleep(seconds)

    def _receive(self, connection: Connection, timeout_ns: int) -> asyncio.Future[Response | None]:
        """Return a future of the response, or of None at the deadline."""
        due: asyncio.Future[Response | None] = self._loop.create_future()
        connection.due = due
        keeper = self._keeper
        if connection.unsent is not None:
            keeper.send_rest(connection)
        if connection.deadline_ns < keeper.due_ns:
            keeper.wake()
        return due


class LoopKeeper(Keeper):
    """Housekeeping for `AsyncGateway`. The rounds run on the event loop, which also receives all responses."""

    def __init__(
        self, pool: Pool, connector: Connector, observer: Observer | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(pool, connector, observer)
        self.loop = loop

    def begin_round(self) -> None:
        if self.loop.is_closed():
            self.end()
        elif self.loop.is_running():  # else the rounds would queue up
            self.loop.call_soon_threadsafe(self.tick)

    def tick(self) -> None:
        super().tick()
        self.notify()

    def attach(self, connection: Connection) -> None:
        self.loop.add_reader(connection.fd, self._on_readable, connection)

    def end_overdue(self, connection: Connection, now: int) -> None:
        if connection.arrived(0):  # the loop was busy
            self._on_readable(connection)
        due = connection.due
        if due is not None and not due.done():
            due.set_result(None)  # the request raises NoReplyError
        elif connection.state in BUSY and now - connection.deadline_ns > SECOND:
            self.drop(connection, "its request was interrupted")

    def send_rest(self, connection: Connection) -> None:
        self.loop.add_writer(connection.fd, self._on_writable, connection)

    def _on_readable(self, connection: Connection) -> None:
        """Receive a response, or look at an idle connection."""
        try:
            due = connection.due
            if due is None and connection.state in (IDLE, CLOSED):
                if connection.state is IDLE and not connection.is_quiet():
                    self.pool.remove_idle(connection)
                    self.drop(connection, describe(connection.last_error))
                return
            while (response := connection.receive(NO_WAIT)) is None:
                if not connection.arrived(0):  # uvloop reports a reset once, even with data before it
                    return
            if due is None:
                self.end_background(connection, response)
                return
            if not due.done():
                due.set_result(response)
            connection.due = None  # only now: an interrupt before this line must not lose the response
            self.finish(connection)
        except BaseException as error:
            if not self._absorb(connection, error):
                raise

    def _on_writable(self, connection: Connection) -> None:
        """Send the rest."""
        try:
            if connection.state is CLOSED:
                return
            connection.send_rest()
            if connection.unsent is None:
                self.loop.remove_writer(connection.fd)
        except BaseException as error:
            if not self._absorb(connection, error):
                raise

    def _absorb(self, connection: Connection, error: BaseException) -> bool:
        """Close a connection after `error`. Return False if the event loop must raise the error."""
        has_request = connection.due is not None and not connection.due.done()
        self._fail(connection, error)
        is_own = isinstance(error, ResponseError) or (isinstance(error, OSError) and connection.is_own(error))
        return is_own or (has_request and isinstance(error, Exception))

    def _fail(self, connection: Connection, error: BaseException) -> None:
        """Close a connection, and raise `error` in the request that awaits its response."""
        due = connection.due
        self.record_lost(connection, describe(error), error)
        if due is not None and not due.done():
            due.set_exception(error if isinstance(error, Exception) else ConnectionAbortedError(describe(error)))
        connection.due = None  # only now: an interrupt before this line must not lose the request
        if isinstance(error, OSError | ResponseError):
            connection.last_error = error
        self.drop(connection, describe(error))

    def drop(self, connection: Connection, reason: str) -> None:
        if connection.state is CLOSED:
            return  # its descriptor may be another connection's
        if not self.is_forked and not self.loop.is_closed():  # a child shares the parent's selector
            self.loop.remove_reader(connection.fd)
            self.loop.remove_writer(connection.fd)
        super().drop(connection, reason)

    def close(self, timeout_ns: int) -> None:
        super().close(timeout_ns)
        if not self.loop.is_running():
            self.end()

    def end(self) -> None:
        for connection in () if self.loop.is_closed() else self.pool.live():
            self._fail(connection, ConnectionAbortedError("the gateway was closed"))
        super().end()


class _Waiter:
    """A task in the queue."""

    def __init__(self, urgent: bool, by_ns: int, loop: asyncio.AbstractEventLoop) -> None:
        self.urgent = urgent
        self.by_ns = by_ns
        self.seen_ns = perf_counter_ns()
        self._loop = loop
        self._wakeup: asyncio.Future[None] | None = None

    def wake(self) -> None:
        if self._wakeup is not None and not self._wakeup.done() and not self._loop.is_closed():
            self._wakeup.set_result(None)

    async def wait(self, timeout_s: float) -> None:
        """Wait until woken, at most `timeout_s`. If an interrupt ends the timer, housekeeping wakes the request."""
        self._wakeup = self._loop.create_future()
        timer = self._loop.call_later(timeout_s, self.wake)
        try:
            await self._wakeup
        finally:
            timer.cancel()
