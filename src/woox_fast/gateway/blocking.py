"""`Gateway`: orders from any thread. A thread of its own watches the connections and keeps them open and warm."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from time import perf_counter_ns
from typing import TYPE_CHECKING

from .base import FORKED, GatewayBase
from .endpoint import start_thread
from .errors import NoReplyError

if TYPE_CHECKING:
    from typing_extensions import Self

    from .._types import Body
    from .connection import Connection
    from .reply import Reply

# poll(2) then reports only that the server closed: a thread that wakes at each reply would slow that reply down.
_CLOSED_BY_SERVER = getattr(select, "POLLRDHUP", 0)
_LOOK_EVERY_S = 0.05  # between two looks at idle connections, where the system has no such event


class Gateway(GatewayBase):
    """`with Gateway(signer) as gateway: reply = gateway.request("POST", path, body)`, from any number of threads."""

    _lock = threading.Lock()  # of all that are not open
    _keeper: threading.Thread | None = None

    def __enter__(self) -> Self:
        """Open all connections. Raises NotSentError where none can be opened, or not all within `timeout_s`."""
        self._check_unopened()
        self._refusal = ""
        self._wake_at, self._waker = socket.socketpair()
        self._waker.setblocking(False)
        self._lock = threading.Lock()
        opened = threading.Condition(self._lock)
        self._tell = opened.notify_all
        try:
            self._keeper = start_thread("keep", self._keep)
            with opened:
                opened.wait_for(lambda: self._pool.full or self._pool.hopeless, self._endpoint.timeout_s)
                if not self._pool.full:
                    raise self._not_opened()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Wait for the replies that are due, and close all connections. A request without one raises NotSentError."""
        if self._refusal:
            return
        with self._lock:
            self._refuse()
            for connection in list(self._pool.idle):
                self._close(connection)
        self._wake()
        if self._keeper is not None:
            self._keeper.join()
        self._endpoint.stop()
        self._wake_at.close()
        self._waker.close()

    def request(self, method: str, path: str, body: Body = b"") -> Reply:
        """Sign this request, send it once, and return the reply, whatever its status. From any thread.

        Raises what `Signer.encode_request` does, NotSentError where no byte of it went out, and NoReplyError where one
        did and no whole reply came. Ctrl-C drops the connection; the KeyboardInterrupt's __cause__ is a NoReplyError.
        """
        deadline_ns = 0
        while True:
            with self._lock:
                connection = self._pool.take()
            if connection is None:
                connection = self._wait(deadline_ns)
            try:
                request = self._encode(method, path, body, host=self._host)
            except BaseException:
                self._put(connection)
                raise
            reply = None
            try:
                if connection.send(request, method):
                    while connection.unsent:
                        connection.send_rest()
                    while reply is None:
                        reply = connection.receive()
            except BaseException as error:
                self._drop(connection)
                if isinstance(error, Exception):
                    raise self._no_reply(request, connection, error) from error
                error.__cause__ = NoReplyError.of(request, f"interrupted by {type(error).__name__}")
                raise
            if reply is not None:
                with self._lock:
                    kept = self._pool.put(connection)
                if not kept:
                    self._drop(connection)
                return reply
            deadline_ns = deadline_ns or connection.sent_ns + self._pool.timeout_ns
            self._drop(connection)

    def _wait(self, deadline_ns: int) -> Connection:
        """A connection in its turn. `deadline_ns` is of a request whose connection was found closed: it is the next."""
        waiter = _Waiter(deadline_ns or perf_counter_ns() + self._pool.timeout_ns)
        with self._lock:
            if self._refusal:
                raise self._not_sent(self._refusal)
            self._pool.wait(waiter, first=deadline_ns != 0)
        try:
            self._wake()
            waiter.given.acquire()
        except BaseException:
            with self._lock:
                self._pool.leave(waiter)
            if waiter.connection is not None:
                self._put(waiter.connection)
            raise
        if waiter.connection is None:
            raise self._not_sent(self._refusal)
        return waiter.connection

    def _put(self, connection: Connection) -> None:
        with self._lock:
            kept = self._pool.put(connection)
        if not kept:
            self._drop(connection)

    def _drop(self, connection: Connection) -> None:
        with self._lock:
            self._close(connection)
        self._wake()

    def _close(self, connection: Connection) -> None:
        if self._pool.drop(connection, perf_counter_ns()):
            self._endpoint.warms = False
        connection.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full, or closed
            self._waker.send(b"\0")

    # The keeper's thread, and those that it starts.

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._refusal and not self._pool.live:
                    return
                now = perf_counter_ns()
                self._take_opened(now)
                self._pool.expire(now)
                for connection in self._pool.overdue(now):
                    connection.hang_up()
                to_warm = self._pool.to_warm(now)
                to_open = self._pool.to_open(now)
                watched = self._watched()
                left_s = self._pool.next_ns(now) / 1e9
            if to_warm is not None:
                self._start_warming(to_warm)
            for _ in range(to_open):
                self._endpoint.open_in_thread(self._wake)
            self._watch(watched, left_s)

    def _take_opened(self, now: int) -> None:
        for opened in self._endpoint.opened():
            if isinstance(opened, Exception):
                self._pool.failed(opened, now)
            elif self._refusal:
                opened.close()
            else:
                self._pool.opened(opened)
            self._tell()

    def _start_warming(self, connection: Connection) -> None:
        try:
            start_thread("warm", self._warm, connection)
        except RuntimeError:  # as many as the system allows are running: after `warm_s` it is tried again
            with self._lock:
                connection.used_ns = perf_counter_ns()
                self._pool.warmed()
            self._put(connection)
            self._wake()

    def _warm(self, connection: Connection) -> None:
        try:
            warm = connection.send(self._endpoint.warming, "GET")
            while warm and connection.receive() is None:
                pass
        except Exception as error:
            connection.last_error, warm = error, False
        with self._lock:
            self._pool.warmed()
        (self._put if warm else self._drop)(connection)
        self._wake()

    def _watched(self) -> dict[int, Connection]:
        return {one.sock.fileno(): one for one in self._pool.live if _CLOSED_BY_SERVER and not one.closing}

    def _watch(self, watched: dict[int, Connection], left_s: float) -> None:
        """Wait until woken, or for `left_s`, or until the server closes one; an idle one is then closed here too."""
        if watched:
            self._wake_at.settimeout(0)
            poller = select.poll()
            poller.register(self._wake_at, select.POLLIN)
            for fd in watched:
                poller.register(fd, _CLOSED_BY_SERVER)
            suspects = [watched[fd] for fd, _ in poller.poll(left_s * 1000 + 1) if fd in watched]
        else:
            self._wake_at.settimeout(left_s if _CLOSED_BY_SERVER else min(left_s, _LOOK_EVERY_S))
            suspects = []
        with contextlib.suppress(BlockingIOError, TimeoutError):
            self._wake_at.recv(4096)
        if not _CLOSED_BY_SERVER:
            suspects = list(self._pool.idle)
        for connection in suspects:
            with self._lock:
                if connection in self._pool.idle:
                    if not connection.is_quiet():
                        self._close(connection)
                elif _CLOSED_BY_SERVER:
                    connection.closing = True  # its request may still get a reply

    def _forked(self) -> None:
        super()._forked()
        if self._refusal == FORKED:
            self._lock = threading.Lock()  # the thread that held it is not in the child
            self._wake_at.close()
            self._waker.close()


class _Waiter:
    """A thread that waits for a connection."""

    def __init__(self, deadline_ns: int) -> None:
        self.deadline_ns = deadline_ns
        self.connection: Connection | None = None
        self.given = threading.Lock()
        self.given.acquire()

    def give(self, connection: Connection | None) -> bool:
        self.connection = connection
        self.given.release()
        return True
