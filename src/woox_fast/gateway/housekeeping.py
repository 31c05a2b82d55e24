"""Housekeeping: open, warm, drain and close connections. A thread or an event loop runs the rounds."""

from __future__ import annotations

import select
import socket
import threading
import time
from time import perf_counter_ns

from .connection import NO_WAIT, Connection
from .connector import Connector
from .errors import is_from_call, text
from .events import Event, Kind, Observer
from .parser import ResponseError
from .pool import SECOND, Pool
from .readiness import wait_for
from .response import Response
from .states import AWAITING, BACKGROUND, IDLE, SENDING, WARMING

_LOOK_S = 0.05  # the time between two looks at idle connections, where the system has no POLLRDHUP
_SLACK_NS = SECOND // 10  # a request times out by itself; the thread helps if signals restart its system call
_CLOSING_LOOK_S = 0.01


class Housekeeping:
    """The common work of both gateways. It does not refer to the gateway, so a dropped gateway can close."""

    def __init__(self, pool: Pool, connector: Connector, observer: Observer | None) -> None:
        self.pool = pool
        self.connector = connector
        self.observer = observer
        self.failure: BaseException | None = None

    def wake(self) -> None:
        """Start a round soon. From any thread, and from a signal handler."""
        raise NotImplementedError

    def attach(self, connection: Connection) -> None:
        raise NotImplementedError

    def end_overdue(self, connection: Connection, now: int) -> None:
        raise NotImplementedError

    def round(self, now: int) -> int:
        """Do all due work. Return the nanoseconds until the next round."""
        results = self.connector.results
        while results:
            opened = results.popleft()
            if isinstance(opened, Connection):
                try:
                    self.attach(opened)
                    self.pool.add(opened)
                except BaseException:
                    self.drop(opened, "interrupted while it was added")
                    raise
                self.emit("opened", opened)
            else:
                self.pool.fail(opened, now)
        plan = self.pool.plan(now, self.connector.opening)
        self.connector.warms = self.connector.warms and not self.pool.keeps_closing
        for warm in plan.open:
            self.connector.start(self.wake, warm=warm)
        timeout_ns = self.pool.timeout_ns
        if plan.warm is not None:
            if plan.warm.send(self.connector.warming, "GET", timeout_ns, due=WARMING):
                self.pool.background.append(plan.warm)
            else:
                self.drop(plan.warm, "closed before a public GET")
        for connection in plan.close:
            self.drop(connection, "too old, surplus or lost")
        for connection in plan.overdue:
            if connection.state in BACKGROUND:
                self.drop(connection, "no response in time")
            else:
                self.end_overdue(connection, now)
        return plan.next_ns

    def end_background(self, connection: Connection, response: Response) -> None:
        """Return a connection to the pool after a response without a waiting request."""
        if response.status == 429 and connection.state is WARMING:
            self.connector.pace.pause(perf_counter_ns())
        if connection.finish():
            self.pool.admit(connection)
        else:
            self.drop(connection, "the server closes it")

    def drop(self, connection: Connection, reason: str) -> None:
        """Close a connection; the next round opens a replacement."""
        connection.close()
        self.pool.dropped.append(connection)
        self.wake()
        self.emit("dropped", connection, reason)

    def emit(self, kind: Kind, connection: Connection, reason: str = "") -> None:
        if self.observer is not None:
            self.observer(Event(kind, connection.number, reason=reason))


class ThreadKeeper(Housekeeping):
    """The thread behind `Gateway`. It also closes the connections, so an interrupt in `Gateway.close` does no harm."""

    def __init__(self, pool: Pool, connector: Connector, observer: Observer | None) -> None:
        super().__init__(pool, connector, observer)
        self.changed = threading.Lock()  # released after a new connection and after a failure
        self._is_awake = False
        self._close_by = 0  # the time at which to give up due responses
        self._inbox, self._outbox = socket.socketpair()
        self._inbox.setblocking(False)
        self._outbox.setblocking(False)
        self.thread = threading.Thread(target=self._run, name="woox-fast gateway keep", daemon=True)

    def wake(self) -> None:
        if not self._is_awake:
            self._is_awake = True
            try:
                self._outbox.send(b"\0")
            except OSError as error:
                if not is_from_call(error):
                    raise

    def attach(self, connection: Connection) -> None:
        connection.set_blocking()
        self._announce()

    def close(self, timeout_ns: int) -> None:
        """Have the thread close all connections, with at most `timeout_ns` for the due responses."""
        self._close_by = self._close_by or perf_counter_ns() + timeout_ns
        self.pool.close()
        self.connector.stop()
        self.wake()

    def close_sockets(self) -> None:
        self._inbox.close()
        self._outbox.close()

    def _run(self) -> None:
        while True:
            try:
                if self._close_by and self._is_closed(perf_counter_ns()):
                    break
                timeout_s = self.round(perf_counter_ns()) / SECOND
                self._watch(min(timeout_s, _CLOSING_LOOK_S) if self._close_by else timeout_s)
                self.failure = None
            except BaseException as error:
                self.failure = error
                self._announce()
                time.sleep(_LOOK_S)  # the next round repairs
        self.close_sockets()

    def _announce(self) -> None:
        if self.changed.locked():
            self.changed.release()

    def _is_closed(self, now: int) -> bool:
        """Close all connections without a due response, and after the deadline every connection."""
        for connection in self.pool.pop_idle():
            connection.close()
        self.connector.stop()
        if self.pool.busy() and now < self._close_by:
            return False
        self.pool.close_all(hang_up=True)
        return True

    def end_overdue(self, connection: Connection, now: int) -> None:
        """Wake the overdue request's thread. A second later, close the connection: the request was interrupted."""
        if connection.overdue_ns and now - connection.overdue_ns > SECOND:
            self.drop(connection, "its request was interrupted")
        elif not connection.overdue_ns and now - connection.deadline_ns > _SLACK_NS:
            connection.overdue_ns = now
            connection.hang_up()

    def _watch(self, timeout_s: float) -> None:
        """Wait until woken, until a response arrives in the background, or until the server closes a connection."""
        hangup = getattr(select, "POLLRDHUP", 0) if hasattr(select, "poll") else 0
        live = self.pool.live()
        background = {one.fd: one for one in live if one.state in BACKGROUND}
        others = {one.fd: one for one in live if one.fd not in background and not one.has_ended}
        inbox = self._inbox.fileno()
        if hangup:
            poller = select.poll()
            for fd in (inbox, *background):
                poller.register(fd, select.POLLIN)
            for fd in others:
                poller.register(fd, hangup)
            ready = {fd for fd, _ in poller.poll(timeout_s * 1000 + 1)}
        else:
            reading = [self._inbox, *(one.sock for one in background.values())]
            ready = wait_for(reading, [], min(timeout_s, _LOOK_S)) | set(others)
        self._is_awake = False
        if inbox in ready:
            self._inbox.recv(4096)
        for fd in ready - {inbox}:
            if fd in background:
                self._receive(background[fd])
            else:
                self._look(others[fd], has_ended=bool(hangup))

    def _receive(self, connection: Connection) -> None:
        try:
            if (response := connection.receive(NO_WAIT)) is not None:
                self.end_background(connection, response)
        except BlockingIOError:
            return
        except (OSError, ResponseError) as error:
            connection.last_error = error
            self.drop(connection, text(error))

    def _look(self, connection: Connection, *, has_ended: bool) -> None:
        """Close an idle connection that the server closed. Mark a busy connection: its response may still arrive."""
        if connection.state is IDLE and self.pool.withdraw(connection):
            if connection.is_quiet():
                self.pool.release(connection)
            else:
                self.drop(connection, text(connection.last_error))
        elif connection.state in (SENDING, AWAITING, IDLE):
            connection.has_ended = connection.has_ended or has_ended
