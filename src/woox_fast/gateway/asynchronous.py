"""`AsyncGateway`: orders from any task of one event loop, asyncio's or uvloop's.

The loop tells when a socket can be read, and the gateway reads it: an order takes no transport, no task and no timer.
Connections are opened in threads, since a TLS handshake takes the loop a millisecond that an order may need.
"""

from __future__ import annotations

import asyncio
from asyncio import get_running_loop
from time import perf_counter_ns
from typing import TYPE_CHECKING

from .base import FORKED, GatewayBase, check_loop
from .errors import CancelledNoReplyError, NoReplyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._types import Body
    from .connection import Connection
    from .reply import Reply


class AsyncGateway(GatewayBase):
    """`async with AsyncGateway(signer) as gateway: reply = await gateway.request(method, path, body)`, in any task."""

    _loop: asyncio.AbstractEventLoop

    async def __aenter__(self) -> Self:
        """Open all connections. Raises NotSentError where none can be opened, or not all within `timeout_s`."""
        self._check_unopened()
        self._loop = get_running_loop()
        check_loop(self._loop)
        self._refusal = ""
        self._changed = asyncio.Event()
        self._timer = self._loop.call_later(0, self._keep)
        try:
            deadline_ns = perf_counter_ns() + self._pool.timeout_ns  # when the pool's timer is due, at the latest
            while not self._pool.full:
                await self._changed.wait()
                self._changed.clear()
                if self._pool.hopeless or perf_counter_ns() > deadline_ns:
                    raise self._not_opened()
        except BaseException:
            self._shut()
            raise
        return self

    async def __aexit__(self, *_: object) -> None:
        """Wait for the replies that are due, and close all connections. A request without one raises NotSentError."""
        if self._refusal:
            return
        self._refuse()
        for connection in list(self._pool.idle):
            self._drop(connection)
        try:
            while self._pool.live:
                await self._changed.wait()
                self._changed.clear()
        finally:
            self._shut()

    async def request(self, method: str, path: str, body: Body = b"") -> Reply:
        """Sign this request, send it once, and return the reply, whatever its status. From any task of its loop.

        Raises what `Signer.encode_request` does, NotSentError where no byte of it went out, and NoReplyError where one
        did and no whole reply came. A request that is cancelled before it went out never goes out; after that, the
        NoReplyError is its task's CancelledError, too.
        """
        if self._refusal or get_running_loop() is not self._loop:
            raise self._not_sent(self._refusal or "it belongs to another event loop than the one that runs here")
        deadline_ns = 0
        while True:
            connection = self._pool.take()
            if connection is None:
                connection = await self._wait(deadline_ns)
            try:
                request = self._encode(method, path, body, host=self._host)
            except BaseException:
                self._put(connection)
                raise
            due: asyncio.Future[Reply] | None = None
            try:
                if connection.send(request, method):
                    due = connection.due = self._loop.create_future()
                    if connection.unsent:
                        self._loop.add_writer(connection.fd, self._writable, connection)
                    return await due
            except BaseException as error:
                raise self._unknown(connection, due, request, error) from error
            deadline_ns = deadline_ns or connection.sent_ns + self._pool.timeout_ns
            self._drop(connection)

    async def _wait(self, deadline_ns: int) -> Connection:
        """A connection in its turn. `deadline_ns` is of a request whose connection was found closed: it is the next."""
        given: asyncio.Future[Connection | None] = self._loop.create_future()
        waiter = _Waiter(given, deadline_ns or perf_counter_ns() + self._pool.timeout_ns)
        self._pool.wait(waiter, first=deadline_ns != 0)
        try:
            connection = await given
        except BaseException:
            self._pool.leave(waiter)
            if given.done() and not given.cancelled() and (connection := given.result()) is not None:
                self._put(connection)
            raise
        if connection is None:
            raise self._not_sent(self._refusal)
        return connection

    def _unknown(
        self, connection: Connection, due: asyncio.Future[Reply] | None, request: bytes, error: BaseException
    ) -> BaseException:
        """What to raise for a request that may have gone out, and whose reply will not be read."""
        if connection.due is due:
            self._drop(connection)
        elif due is not None and due.done() and not due.cancelled():
            due.exception()  # it has been seen
        if isinstance(error, asyncio.CancelledError):
            return CancelledNoReplyError.of(request, "cancelled while its reply was due")
        if isinstance(error, GeneratorExit):
            return NoReplyError.of(request, "its coroutine was closed while the reply was due")
        return self._no_reply(request, connection, error)

    def _put(self, connection: Connection) -> None:
        if not self._pool.put(connection):
            self._drop(connection)

    def _drop(self, connection: Connection, error: BaseException | None = None) -> None:
        """Close it; `error` is for who awaits its reply."""
        due, connection.due = connection.due, None
        if due is not None and error is not None and not due.done():
            due.set_exception(error)
        if self._pool.drop(connection, perf_counter_ns()):
            self._endpoint.warms = False
        if self._refusal == FORKED:
            return  # what the loop watches is the parent's as well
        if not self._loop.is_closed():
            self._loop.remove_reader(connection.fd)
            self._loop.remove_writer(connection.fd)
            self._keep()
        connection.close()

    def _readable(self, connection: Connection) -> None:
        due = connection.due
        if due is None:
            if self._refusal != FORKED and not connection.is_quiet():
                self._drop(connection)
            return
        try:
            while (reply := connection.receive()) is None:
                if not connection.arrived(
                    0
                ):  # uvloop reports a reset once, even if there was something to read before it
                    return
        except BlockingIOError:
            return
        except Exception as error:
            self._drop(connection, error)
            return
        connection.due = None
        if not due.done():  # else it was cancelled, and its task has not run since
            due.set_result(reply)
        if connection.unsent:
            connection.closing = True
        self._put(connection)

    def _writable(self, connection: Connection) -> None:
        try:
            connection.send_rest()
        except BlockingIOError:
            return
        except OSError as error:
            self._drop(connection, error)
            return
        if not connection.unsent:
            self._loop.remove_writer(connection.fd)

    def _keep(self) -> None:
        """Do all that is due: called by the one timer, and when a connection was opened or dropped."""
        if self._refusal == FORKED:
            return
        now = perf_counter_ns()
        self._pool.expire(now)
        for connection in self._pool.overdue(now):
            connection.hang_up()
        if (to_warm := self._pool.to_warm(now)) is not None:
            self._warm(to_warm)
        for _ in range(self._pool.to_open(now)):
            self._endpoint.open_in_thread(self._opened)
        self._timer.cancel()
        if self._pool.live or not self._pool.closed:
            self._timer = self._loop.call_later(self._pool.next_ns(now) / 1e9, self._keep)
        self._changed.set()

    def _warm(self, connection: Connection) -> None:
        if connection.send(self._endpoint.warming, "GET"):
            connection.due = self._loop.create_future()
            connection.due.add_done_callback(self._warmed)
        else:
            self._pool.warmed()
            self._drop(connection)

    def _warmed(self, due: asyncio.Future[Reply]) -> None:
        if not due.cancelled():
            due.exception()  # the connection was dropped: nothing more is to be done
        self._pool.warmed()
        self._keep()

    def _opened(self) -> None:
        """In the thread that opened it. The loop's queue holds no connection: a loop is closed with what is in it."""
        try:
            self._loop.call_soon_threadsafe(self._take_opened)
        except RuntimeError:  # the loop is closed
            self._endpoint.stop()

    def _take_opened(self) -> None:
        for opened in self._endpoint.opened():
            if isinstance(opened, Exception):
                self._pool.failed(opened, perf_counter_ns())
            elif self._refusal:
                opened.close()
            else:
                opened.sock.setblocking(False)
                self._loop.add_reader(opened.fd, self._readable, opened)
                self._pool.opened(opened)
        self._keep()

    def _shut(self) -> None:
        self._refuse()
        for connection in list(self._pool.live):
            self._drop(connection, ConnectionAbortedError("the gateway was closed"))
        self._endpoint.stop()
        self._timer.cancel()

    def _forked(self) -> None:
        super()._forked()
        for connection in list(self._pool.live):
            self._drop(connection, ConnectionAbortedError("the process was forked"))


class _Waiter:
    """A request that waits for a connection."""

    def __init__(self, given: asyncio.Future[Connection | None], deadline_ns: int) -> None:
        self._given = given
        self.deadline_ns = deadline_ns

    def give(self, connection: Connection | None) -> bool:
        if waits := not self._given.done():
            self._given.set_result(connection)
        return waits
