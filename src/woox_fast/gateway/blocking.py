"""`Gateway`: orders from any thread. A thread of its own watches the connections and keeps them open and warm."""

from __future__ import annotations

import contextlib
import select
import socket
import threading
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING

from .base import CLOSED, FORKED, NOT_OPEN, GatewayBase
from .errors import NoReplyError, NotSentError

if TYPE_CHECKING:
    from types import TracebackType

    from typing_extensions import Self

    from .._types import Body
    from .connection import Connection
    from .reply import Reply

# poll(2) then tells that the server closed, and nothing else: a thread that wakes at each reply would be in its way.
_CLOSED_BY_SERVER = getattr(select, "POLLRDHUP", 0)
_LOOK_EVERY_S = 0.05  # at idle connections, where a system has no such thing


class Gateway(GatewayBase):
    """`with Gateway(signer) as gateway: reply = gateway.request("POST", path, body)`, from any number of threads."""

    _lock = threading.Lock()  # of one that is not open; each has its own

    def __enter__(self) -> Self:
        """Open all connections. Raises NotSentError where one cannot be opened."""
        if self._refusal != NOT_OPEN:
            raise RuntimeError(f"this gateway cannot be opened: {self._refusal}; make another")
        self._refusal = ""
        self._wake_at, self._waker = socket.socketpair()
        self._wake_at.setblocking(False)
        self._waker.setblocking(False)
        self._keeper = threading.Thread(target=self._keep, name="woox-fast gateway", daemon=True)
        opened = threading.Condition(self._lock)
        self._tell = opened.notify_all
        self._keeper.start()
        try:
            with opened:
                opened.wait_for(lambda: self._pool.last_error or len(self._pool.live) > self._pool.size)
                if self._pool.last_error is not None:
                    raise self._not_sent()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        """Close the idle connections, and each other when its request has its reply. Who still waits is turned away."""
        if self._refusal:
            return
        with self._lock:
            self._refusal = CLOSED
            self._pool.close()
            for connection in list(self._pool.idle):
                self._close(connection)
        self._wake()
        self._keeper.join()
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
            try:
                if sent := connection.send(request, method):
                    while connection.unsent:
                        connection.send_rest()
                    while (reply := connection.receive()) is None:
                        pass
            except BaseException as error:
                self._drop(connection)
                if isinstance(error, Exception):
                    raise self._no_reply(request, connection, error) from error
                error.__cause__ = NoReplyError.of(request, f"interrupted by {type(error).__name__}")
                raise
            if sent:
                with self._lock:
                    kept = self._pool.put(connection)
                if not kept:
                    self._drop(connection)
                return reply
            deadline_ns = deadline_ns or connection.sent_ns + self._pool.timeout_ns
            self._drop(connection)

    def _wait(self, deadline_ns: int) -> Connection:
        """A connection in its turn; `deadline_ns` is 0 unless one was found closed, and then the next turn is this one's."""
        with self._lock:
            if self._refusal:
                raise self._not_sent()
            waiter = _Waiter()
            if deadline_ns:
                self._pool.waiters.appendleft(waiter)
            else:
                self._pool.waiters.append(waiter)
            self._pool.serve()  # one may have come back meanwhile
        self._wake()
        try:
            now = perf_counter_ns()
            waiter.given.acquire(timeout=max((deadline_ns or now + self._pool.timeout_ns) - now, 0) / 1e9)
        except BaseException:
            if (connection := self._leave(waiter)) is not None:
                self._put(connection)
            raise
        connection = self._leave(waiter)
        if connection is None:
            raise self._not_sent()
        return connection

    def _leave(self, waiter: _Waiter) -> Connection | None:
        with self._lock:
            with contextlib.suppress(ValueError):
                self._pool.waiters.remove(waiter)
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
        self._pool.drop(connection, perf_counter_ns())
        connection.close()

    def _wake(self) -> None:
        with contextlib.suppress(OSError):  # full, or closed
            self._waker.send(b"\0")

    # The keeper's thread, and those that it starts.

    def _keep(self) -> None:
        while True:
            with self._lock:
                if self._refusal:
                    return
                now = perf_counter_ns()
                for connection in self._pool.overdue(now):
                    connection.hang_up()
                to_warm = self._pool.to_warm(now)
                to_open = self._pool.to_open(now)
                watched = self._watched()
                left_s = self._pool.next_ns(now) / 1e9
            if to_warm is not None:
                _start(self._warm, to_warm)
            for _ in range(to_open):
                _start(self._open)
            self._watch(watched, left_s)

    def _open(self) -> None:
        try:
            connection = self._endpoint.open()
        except Exception as error:
            with self._lock:
                self._pool.failed(error, perf_counter_ns())
                self._tell()
        else:
            with self._lock:
                if self._refusal:
                    connection.close()
                else:
                    self._pool.opened(connection)
                    self._tell()
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
        if not _CLOSED_BY_SERVER:
            return {}
        return {one.sock.fileno(): one for one in self._pool.live if not one.closing}

    def _watch(self, watched: dict[int, Connection], left_s: float) -> None:
        """Wait until woken, or for `left_s` seconds, or until the server closed one; an idle one is then closed here."""
        if watched:
            poller = select.poll()
            poller.register(self._wake_at, select.POLLIN)
            for fd, connection in watched.items():
                poller.register(fd, _CLOSED_BY_SERVER | (select.POLLIN if connection.awaits_tickets else 0))
            suspects = [watched[fd] for fd, _ in poller.poll(left_s * 1000 + 1) if fd in watched]
        else:
            select.select([self._wake_at], [], [], left_s if _CLOSED_BY_SERVER else min(left_s, _LOOK_EVERY_S))
            suspects = [] if _CLOSED_BY_SERVER else list(self._pool.idle)
        with contextlib.suppress(BlockingIOError):
            self._wake_at.recv(4096)
        for connection in suspects:
            with self._lock:
                if connection not in self._pool.idle:
                    connection.closing = True  # its request may still get a reply
                elif not connection.is_quiet():
                    self._close(connection)

    def _forked(self) -> None:
        super()._forked()
        if self._refusal == FORKED:
            self._lock = threading.Lock()  # whoever had it is not here
            self._wake_at.close()
            self._waker.close()


class _Waiter:
    """A thread that waits for a connection."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.given = threading.Lock()
        self.given.acquire()

    def give(self, connection: Connection | None) -> bool:
        self.connection = connection
        self.given.release()
        return True


def _start(target: Callable[..., None], *arguments: object) -> None:
    threading.Thread(target=target, args=arguments, name=f"woox-fast gateway {target.__name__}", daemon=True).start()
