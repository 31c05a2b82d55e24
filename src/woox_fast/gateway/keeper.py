"""Housekeeping: open, warm, drain and close connections, in rounds.

A thread runs the rounds, or has the event loop run them. Python runs signal handlers in the main thread only, so that
their exceptions cannot end the thread: an interrupted round is repeated.
"""

from __future__ import annotations

import socket
import threading
import time
from collections import deque
from collections.abc import Collection
from time import perf_counter_ns
from typing import Any

from .connection import AWAITING, BACKGROUND, CLOSED, SENDING, WARMING, Connection, wait_for
from .connector import Connector
from .errors import NoReplyError, is_from_call
from .events import Event, Kind, Observer
from .limits import SECOND
from .pool import TICK_NS, Pool
from .response import Response

_PAUSE_S = 0.05  # after a failure
_CLOSING_LOOK_NS = SECOND // 100
_ROUND, _TIME = b"r", b"t"


class Keeper:
    """The housekeeping of both gateways. It does not refer to the gateway, so a dropped gateway can close."""

    def __init__(self, pool: Pool, connector: Connector, observer: Observer | None) -> None:
        self.pool = pool
        self.connector = connector
        self.observer = observer
        self.failure: BaseException | None = None  # ended the last round
        self.due_ns = 0  # starts the next round
        self._openings: deque[None] = deque()  # an item per opening to start
        self.is_over = self.is_forked = False
        self._close_by = 0  # the time at which to give up due responses
        self._is_awake = False
        self._inbox, self._outbox = socket.socketpair()
        self._inbox.setblocking(False)
        self._outbox.setblocking(False)
        self.thread = threading.Thread(target=self._run, name="woox-fast gateway keep", daemon=True)

    # For the thread.

    def _run(self) -> None:
        while not self.is_over:
            try:
                is_woken = self._watch(max(self.due_ns - perf_counter_ns(), 0) / SECOND)
                now = perf_counter_ns()
                if is_woken or now >= self.due_ns:
                    self.due_ns = now + TICK_NS  # an interrupted round is repeated then
                    self.begin_round()
                while self._openings:  # here, since an interrupted Thread.start leaves a lost thread
                    self.connector.start(self.wake)
                    self._openings.popleft()
            except BaseException as error:
                self.failure = error
                time.sleep(_PAUSE_S)
        self.close_sockets()

    def _watch(self, timeout_s: float) -> bool:
        """Wait until the next round is due. Return True if `wake` was called."""
        return self.wait_for(timeout_s)[0]

    def wait_for(
        self, timeout_s: float, reading: Collection[socket.socket] = (), closing: Collection[socket.socket] = ()
    ) -> tuple[bool, set[int]]:
        """Wait for sockets and for `wake`. Return True if it was called, and the descriptors of the ready sockets."""
        ready = wait_for([self._inbox, *reading], [], timeout_s, closing)
        is_woken = self._inbox.fileno() in ready and _ROUND in self._inbox.recv(4096)
        self._is_awake = False  # not before recv, which may receive the message of a later wake()
        return is_woken, ready

    def begin_round(self) -> None:
        """Run `tick` in the thread that owns the connections."""
        raise NotImplementedError

    # For any thread, and for signal handlers.

    @property
    def _opening(self) -> int:
        return len(self._openings) + self.connector.opening

    @property
    def is_hopeless(self) -> bool:
        """Return True if no connection is open, and the last opening failed."""
        return self.pool.last_error is not None and not self._opening and not self.pool.live()

    def wake(self) -> None:
        """Start a round soon."""
        if not self._is_awake:
            self._is_awake = True
            self.notify(_ROUND)

    def notify(self, message: bytes = _TIME) -> None:
        """Have the thread look at `due_ns` again."""
        try:
            self._outbox.send(message)
        except OSError as error:
            if not is_from_call(error):
                raise

    def close(self, timeout_ns: int) -> None:
        """Have the rounds close all connections, with at most `timeout_ns` for the due responses."""
        close_by = perf_counter_ns() + timeout_ns
        self._close_by = min(self._close_by or close_by, close_by)
        self.pool.close()
        self.connector.stop()
        self.wake()

    def end(self) -> None:
        """Close everything at once."""
        self.pool.close()
        self.connector.stop()
        for connection in self.pool.busy():
            self.record_lost(connection, "the gateway was closed")
        self.pool.close_all(hang_up=True)
        self.is_over = True
        self.wake()

    def close_sockets(self) -> None:
        self._inbox.close()
        self._outbox.close()

    def drop(self, connection: Connection, reason: str) -> None:
        """Close a connection; the next round opens a replacement."""
        if connection.state is CLOSED:
            return
        self.record_lost(connection, reason)
        connection.close()
        self.pool.count()
        self.pool.judge(connection, perf_counter_ns())
        self.wake()
        self.emit("dropped", connection, reason)

    def record(self, sent: list[Any], reason: str, number: int, cause: BaseException | None = None) -> NoReplyError:
        """Note once that the fate of a request is unknown. Return its error. `unknown` gets a copy without traceback.

        `sent` has the request, then the error, its copy, and True once `unknown` has the copy.
        """
        if len(sent) < 4:
            if len(sent) < 3:
                error = NoReplyError.from_request(sent[0], reason, cause)
                error.__cause__ = cause if isinstance(cause, Exception) else None
                sent[1:] = [error, NoReplyError.from_request(sent[0], reason)]
            _, error, copy = sent
            if not any(one is copy for one in list(self.pool.unknown)):
                self.pool.unknown.append(copy)
            sent.append(True)
            if self.observer is not None:
                self.observer(Event("unknown", number, error.method, error.path, reason=reason))
        found: NoReplyError = sent[1]
        return found

    def record_lost(self, connection: Connection, reason: str, cause: BaseException | None = None) -> None:
        """Record a request whose connection closes before its response."""
        if connection.request and connection.state in (SENDING, AWAITING):
            self.record(connection.request, reason, connection.number, cause)

    def finish(self, connection: Connection) -> None:
        """End a request whose response is complete."""
        if connection.finish():
            self.pool.release(connection)
        else:
            self.drop(connection, "the server closes it")

    def emit(self, kind: Kind, connection: Connection, reason: str = "") -> None:
        if self.observer is not None:
            self.observer(Event(kind, connection.number, reason=reason))

    # For the thread that owns the connections.

    def attach(self, connection: Connection) -> None:
        """Prepare a new connection for its requests."""
        raise NotImplementedError

    def end_overdue(self, connection: Connection, now: int) -> None:
        """Wake an overdue request. Later, close its connection."""
        raise NotImplementedError

    def tick(self) -> None:
        try:
            now = perf_counter_ns()
            self.due_ns = now + self._round(now)
            self.failure = None
        except BaseException as error:
            self.failure = error
            raise

    def _round(self, now: int) -> int:
        """Do all due work. Return the nanoseconds until the next round."""
        pool = self.pool
        for connection in pool.overdue(now):
            if connection.state in BACKGROUND:
                self.drop(connection, "no response in time")
            else:
                self.end_overdue(connection, now)
        if self._close_by:
            return self._close_unused(now)
        self._add_opened(now)
        pool.refresh(now)
        self._openings.extend([None] * pool.to_open(now, self._opening))
        cold = pool.to_warm(now)
        if cold is not None:
            if not cold.send(self.connector.warming, "GET", pool.timeout_ns, due=WARMING):
                self.drop(cold, "closed before a public GET")
            pool.count()
        for connection in pool.to_close(now):
            self.drop(connection, "too old, surplus or lost")
        return pool.next_ns(now)

    def _add_opened(self, now: int) -> None:
        results = self.connector.results
        while results:
            opened = results.popleft()
            if not isinstance(opened, Connection):
                self.pool.fail(opened, now)
                continue
            try:
                self.attach(opened)
                self.pool.add(opened)
            except BaseException:
                self.drop(opened, "interrupted while it was added")
                raise
            self.emit("opened", opened)

    def _close_unused(self, now: int) -> int:
        """Close all connections without a due response, and after the deadline every connection."""
        while self.pool.idle:
            self.drop(self.pool.idle.pop(), "the gateway is closed")
        if self.pool.busy() and now < self._close_by:
            return _CLOSING_LOOK_NS
        self.end()
        return 0

    def end_background(self, connection: Connection, response: Response) -> None:
        """Return a connection to the pool after a response that is due to no caller."""
        if connection.state is WARMING:
            self.connector.pace.heed(response, perf_counter_ns())
        if connection.finish():
            self.pool.insert(connection)
        else:
            self.drop(connection, "the server closes it")
