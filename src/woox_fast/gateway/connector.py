"""Open connections: resolve the name, race the addresses as RFC 8305 does, shake hands, send a first public GET.

Name resolution blocks, so a thread opens the connection. An attempt at an address is a generator, which
yields the awaited readiness. The thread runs all attempts, and the first success wins.
"""

from __future__ import annotations

import errno
import os
import socket
import ssl
import threading
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from time import perf_counter_ns
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._urls import parse_origin
from .connection import SIZE, Connection
from .limits import Limiter
from .pace import WARM_PATH, Pace
from .parser import ResponseError
from .readiness import wait_for
from .states import IDLE, WARMING
from .tls import TlsStream, default_context

NEXT_ADDRESS_S = 0.25  # RFC 8305, Connection Attempt Delay
_LOOK_S = 0.05  # how soon an opening thread notices that the gateway closed
_KEEPALIVE_S = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # the second is macOS's
_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS))


class _ClosedAfterGetError(ConnectionError):
    """The server closed the connection after the first public GET."""


class SocketOptions(NamedTuple):
    source_address: tuple[str, int] | None = None
    options: Sequence[tuple[int, int, int | bytes]] = ()


class Connector:
    """Open connections to an origin in background threads. `results` receives connections and exceptions."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        tls: ssl.SSLContext | None,
        socket_options: SocketOptions,
        limiter: Limiter | None,
    ) -> None:
        parts = urlsplit(parse_origin(url))
        if parts.port == 0:
            raise ValueError(f"url must have a port from 1 to 65535, got {url!r}")
        self.host = parts.netloc
        self._name = parts.hostname or ""
        self._port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        if parts.scheme != "https" and tls is not None:
            raise ValueError(f"tls is for https, got it with {url!r}; leave it out, or use https")
        self._tls = tls or (default_context() if parts.scheme == "https" else None)
        self._timeout_s = timeout_s
        self._socket_options = socket_options
        self.pace = Pace(limiter)
        self.warms = True  # False once the server keeps closing connections after a GET
        self.warming = f"GET {WARM_PATH} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()
        self.results: deque[Connection | Exception] = deque()
        self.threads: dict[threading.Thread, float] = {}  # with their start times
        self.sockets: dict[int, socket.socket] = {}  # not yet in the pool; a forked child closes its copies
        self._best: Any = None  # the address that worked last
        self._stopped = False

    @property
    def opening(self) -> int:
        """The number of connections being opened, and of results that the pool has not yet seen."""
        for thread, started in list(self.threads.items()):
            if not thread.is_alive() and time.monotonic() - started > 1:  # an interrupt ended Thread.start
                self.threads.pop(thread, None)
        return len(self.threads) + len(self.results)

    def start(self, notify: Callable[[], None], *, warm: bool) -> None:
        """Open a connection in a thread. Call `notify` in that thread once the result is available."""
        thread = threading.Thread(target=self._run, args=(notify, warm), name="woox-fast gateway open", daemon=True)
        self.threads[thread] = time.monotonic()
        try:
            thread.start()
        except RuntimeError as error:  # the system's limit of threads
            self.threads.pop(thread, None)
            self.results.append(error)
            notify()

    def stop(self) -> None:
        """Open no more connections, and close those without an owner."""
        self._stopped = True
        while self.results:
            if isinstance(result := self.results.popleft(), Connection):
                result.close()

    def abandon(self) -> None:
        """Close the copies of the parent's sockets in a forked child."""
        self._stopped = True
        self.threads.clear()
        for sock in list(self.sockets.values()):
            sock.close()
        self.stop()

    def _run(self, notify: Callable[[], None], warm: bool) -> None:
        result: Connection | Exception = RuntimeError("the opening thread was interrupted")
        try:
            result = self.open(warm=warm)
        except Exception as error:
            result = error
        finally:
            if not self._stopped:
                self.results.append(result)
            elif isinstance(result, Connection):
                result.close()
            self.threads.pop(threading.current_thread(), None)
            notify()
        if self._stopped:
            self.stop()

    def open(self, *, warm: bool) -> Connection:
        """Return an idle connection within the timeout, after a first public GET if `warm`.

        Over a new connection a first response takes several times longer than the next responses, at both ends.
        Raises OSError.
        """
        deadline = time.monotonic() + self._timeout_s
        try:
            return self._race(deadline, warm=warm and self.warms)
        except _ClosedAfterGetError:
            self.warms = False
            return self._race(deadline, warm=False)

    def _race(self, deadline: float, *, warm: bool) -> Connection:
        infos = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        infos.sort(key=lambda info: info[4] != self._best)
        attempts: list[_Attempt] = []
        failure: Exception = OSError(f"the name {self._name} has no address")
        next_at = 0.0
        is_counted = False
        try:
            while attempts or infos:
                now = time.monotonic()
                self._check(now, deadline)
                if infos and (not attempts or now >= next_at):
                    next_at = now + NEXT_ADDRESS_S
                    # The caller counted one public GET, for the first address.
                    is_warm = warm and (not is_counted or self.pace.take(perf_counter_ns()))
                    is_counted = True
                    attempts.append(_Attempt(self, infos.pop(0), is_warm))
                for attempt in _ready(attempts, min(deadline - now, _LOOK_S)):
                    try:
                        if attempt.advance():
                            attempts.remove(attempt)
                            return self._win(attempt, warm)
                    except (OSError, ResponseError) as error:
                        if isinstance(error, _ClosedAfterGetError):
                            raise
                        attempts.remove(attempt)
                        attempt.close()
                        failure = error if isinstance(error, OSError) else ConnectionError(str(error))
            raise failure
        finally:
            for attempt in attempts:
                attempt.close()

    def _check(self, now: float, deadline: float) -> None:
        if self._stopped:
            raise ConnectionAbortedError("the gateway was closed")
        if now > deadline:
            raise TimeoutError(f"no connection to {self.host} was ready within {self._timeout_s:g} s")

    def _win(self, attempt: _Attempt, warm: bool) -> Connection:
        if warm or self._tls:
            self._best = attempt.address
        self.sockets.pop(id(attempt), None)
        return attempt.connection

    def socket(self, info: Any) -> socket.socket:
        """Create a nonblocking socket with all options, not yet connected. Raises OSError."""
        sock = socket.socket(*info[:3])
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, seconds in _KEEPALIVE_S.items():
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
            for level, option, value in self._socket_options.options:
                sock.setsockopt(level, option, value)
            if self._socket_options.source_address is not None:
                sock.bind(self._socket_options.source_address)
        except BaseException:
            sock.close()
            raise
        return sock

    def tls_stream(self) -> TlsStream | None:
        return TlsStream(self._tls, self._name) if self._tls is not None else None


class _Attempt:
    """An attempt to open a connection to an address."""

    def __init__(self, connector: Connector, info: Any, warm: bool) -> None:
        self.address = info[4]
        self._info = info
        self._connector = connector
        self._steps = self._run(warm)
        self.wants_read: bool | None = None  # None before the first step

    def advance(self) -> bool:
        """Run until the next wait. Return True if the connection is open. Raises OSError and ResponseError."""
        try:
            self.wants_read = next(self._steps)
        except StopIteration:
            return True
        return False

    def close(self) -> None:
        self._connector.sockets.pop(id(self), None)
        if self.wants_read is not None:
            self.connection.close()

    def _run(self, warm: bool) -> Generator[bool, None, None]:
        """Connect, shake hands and warm. Yield True to wait until readable, False until writable."""
        sock = self._connector.socket(self._info)
        self._connector.sockets[id(self)] = sock
        self.wants_read = False
        self.connection = connection = Connection(sock, self._connector.tls_stream())
        failure = sock.connect_ex(self.address)
        if failure not in _IN_PROGRESS:
            raise OSError(failure, os.strerror(failure))
        yield False
        failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            raise OSError(failure, os.strerror(failure))
        if connection.tls is not None:
            yield from self._shake_hands(connection, connection.tls)
        connection.move(IDLE)
        if warm:
            yield from self._warm(connection)

    def _shake_hands(self, connection: Connection, tls: TlsStream) -> Generator[bool, None, None]:
        data, is_complete = b"", False
        while True:
            try:
                is_complete, output = tls.handshake(data)
            except ssl.SSLError:
                connection.sock.send(tls.pending_output())  # the alert
                raise
            while output:  # a few kilobytes, which a new socket's buffer can store
                output = output[connection.sock.send(output) :]
            if is_complete:
                return
            yield True
            data = connection.sock.recv(SIZE)
            if not data:
                raise ConnectionResetError("the server closed the connection during the TLS handshake")

    def _warm(self, connection: Connection) -> Generator[bool, None, None]:
        if not connection.send(self._connector.warming, "GET", 0, 1, WARMING):
            raise (
                connection.last_error if isinstance(connection.last_error, OSError) else ConnectionResetError("closed")
            )
        while True:
            yield True
            try:
                response = connection.receive()
            except BlockingIOError:
                continue
            if response is not None:
                break
        if response.status == 429:
            self._connector.pace.pause(perf_counter_ns())
        if not connection.finish():
            raise _ClosedAfterGetError("the server closes connections after one response")
        connection.used_ns = perf_counter_ns()


def _ready(attempts: list[_Attempt], timeout_s: float) -> list[_Attempt]:
    """Return the attempts that can advance, after a wait of at most `timeout_s`."""
    if new := [attempt for attempt in attempts if attempt.wants_read is None]:
        return new
    reading = [attempt.connection.sock for attempt in attempts if attempt.wants_read]
    writing = [attempt.connection.sock for attempt in attempts if not attempt.wants_read]
    ready = wait_for(reading, writing, timeout_s)
    return [attempt for attempt in attempts if attempt.connection.fd in ready]
