"""Housekeeping on an event loop, and the loop's callbacks."""

from __future__ import annotations

import asyncio
from collections.abc import Generator
from time import perf_counter_ns

from .connection import NO_WAIT, Connection
from .connector import Connector
from .errors import text
from .events import Observer
from .housekeeping import Housekeeping
from .parser import ResponseError
from .pool import SECOND, TICK_NS, Pool
from .states import AWAITING, CLOSED, IDLE


class LoopKeeper(Housekeeping):
    """Two timers end the overdue requests and run the rounds, independently of each other.

    Each timer resumes a generator. A resumed frame is inside its `try` from the first instruction, so an exception of a
    signal handler cannot end the timer, as it can end a callback function before its first statement.
    """

    def __init__(
        self, pool: Pool, connector: Connector, observer: Observer | None, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(pool, connector, observer)
        self.loop = loop
        self.is_shut = self.is_forked = False
        self.due_ns = [0, 0]
        self._timers: list[asyncio.TimerHandle | None] = [None, None]
        self._ticks: list[Generator[None, None, None] | None] = [None, None]

    def start(self) -> None:
        for slot in (0, 1):
            self._revive(slot)

    def wake(self) -> None:
        try:
            if self.loop is _running_loop():
                self.set_timer(0, 0)
            else:  # an opening thread; the loop's queue contains no connection for a closed loop to lose
                self.loop.call_soon_threadsafe(self.set_timer, 0, 0)
        except RuntimeError:
            if not self.loop.is_closed():
                raise
            self.connector.stop()

    def attach(self, connection: Connection) -> None:
        self.loop.add_reader(connection.fd, self.on_readable, connection)

    def set_timer(self, slot: int, delay_ns: int) -> None:
        ticks, before = self._ticks[slot], self._timers[slot]
        if not self.is_shut and ticks is not None:
            self.due_ns[slot] = perf_counter_ns() + delay_ns
            self._timers[slot] = self.loop.call_later(delay_ns / SECOND, ticks.send, None)
            if before is not None:
                before.cancel()

    def _revive(self, slot: int) -> None:
        """Start a timer, or restart a timer that two exceptions in succession ended."""
        ticks = self._tick(slot)
        next(ticks)
        self._ticks[slot] = ticks
        self.set_timer(slot, 0)

    def _tick(self, slot: int) -> Generator[None, None, None]:
        while True:
            try:
                yield
                self.set_timer(slot, TICK_NS)  # first, so that a failure below does not end housekeeping
                now = perf_counter_ns()
                self._end_all_overdue(now)
                if now > self.due_ns[1 - slot] + SECOND // 4:
                    self._revive(1 - slot)
                if not self.is_shut:
                    self.set_timer(slot, self.round(now))
                    self.failure = None
            except GeneratorExit:
                return
            except BaseException as error:
                self.set_timer(slot, TICK_NS)
                self.failure = error
                self.loop.call_soon(_reraise, error)

    def _end_all_overdue(self, now: int) -> None:
        """End the overdue requests without the rest of a round, which may fail."""
        for connection in self.pool.live():
            if connection.state is AWAITING and now >= connection.deadline_ns:
                self.end_overdue(connection, now)

    def end_overdue(self, connection: Connection, now: int) -> None:
        due = connection.due
        if connection.state is AWAITING and due is not None and not due.done():
            due.set_result(None)  # the request raises NoReplyError
        elif now - connection.deadline_ns > SECOND:
            self.drop(connection, "its request was interrupted")

    def prepare(self, connection: Connection) -> None:
        """Watch a request with unsent bytes or a short deadline, and restart a timer that stopped."""
        if connection.unsent is not None:
            self.loop.add_writer(connection.fd, self.on_writable, connection)
        if connection.deadline_ns < self.due_ns[0]:
            self.set_timer(0, connection.deadline_ns - connection.sent_ns)
        if self.due_ns[0] < connection.sent_ns - TICK_NS:
            self._revive(0)

    def on_readable(self, connection: Connection) -> None:
        """Receive a response, or look at an idle connection."""
        try:
            due = connection.due
            if due is None and connection.state in (IDLE, CLOSED):
                if connection.state is IDLE and not connection.is_quiet():
                    self.drop(connection, text(connection.last_error))
                return
            while (response := connection.receive(NO_WAIT)) is None:
                if not connection.arrived(0):  # uvloop reports a reset once, even with data before it
                    return
            if due is None:
                self.end_background(connection, response)
                return
            if not due.done():
                due.set_result(response)
            connection.due = None
            if connection.finish():
                self.pool.release(connection)
            else:
                self.drop(connection, "the server closes it")
        except BaseException as error:
            if not self._is_wait(connection, error):
                raise

    def on_writable(self, connection: Connection) -> None:
        """Send more of a request."""
        try:
            if connection.state is not CLOSED:
                connection.send_rest()
            if connection.unsent is None:
                self.loop.remove_writer(connection.fd)
        except BaseException as error:
            if not self._is_wait(connection, error):
                raise

    def _is_wait(self, connection: Connection, error: BaseException) -> bool:
        """Return True if the socket is not ready, or if the connection failed. Return False for other exceptions."""
        is_own = isinstance(error, ResponseError) or (isinstance(error, OSError) and connection.is_own(error))
        if is_own and isinstance(error, BlockingIOError):
            return True
        due = connection.due
        self.fail(connection, error)
        return is_own or (due is not None and isinstance(error, Exception))

    def fail(self, connection: Connection, error: BaseException) -> None:
        """Close a connection, and raise `error` in the request that awaits its response."""
        due = connection.due
        if due is not None and not due.done():
            due.set_exception(error if isinstance(error, Exception) else ConnectionAbortedError(text(error)))
        connection.due = None  # only now: an interrupt before this line must not lose the request
        if connection.state is not CLOSED:
            if isinstance(error, OSError | ResponseError):
                connection.last_error = error
            self.drop(connection, text(error))

    def drop(self, connection: Connection, reason: str) -> None:
        if not self.is_forked and not self.loop.is_closed():  # a child shares the parent's selector
            self.loop.remove_reader(connection.fd)
            self.loop.remove_writer(connection.fd)
        super().drop(connection, reason)

    def shut(self) -> None:
        """Close everything at once."""
        self.is_shut = True
        self.pool.close()
        self.connector.stop()
        for connection in self.pool.live():
            self.fail(connection, ConnectionAbortedError("the gateway was closed"))
        self.pool.close_all(hang_up=False)
        for timer in self._timers:
            if timer is not None:
                timer.cancel()


def _reraise(error: BaseException) -> None:
    """Raise an exception of a signal handler in the loop, where Ctrl-C belongs."""
    raise error


def _running_loop() -> asyncio.AbstractEventLoop | None:
    return asyncio._get_running_loop()
