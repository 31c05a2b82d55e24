"""Open connections: resolve the name, race the addresses as RFC 8305 does, shake hands, send a first public GET.

Name resolution blocks, so a thread opens the connection. An attempt at an address is a generator, which
yields the socket and the awaited readiness. The thread runs all attempts, and the first success wins.
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
from typing import Any, cast
from urllib.parse import urlsplit
from weakref import WeakSet

from .._urls import parse_origin
from .connection import IDLE, SIZE, WARMING, Connection, wait_for
from .limits import SECOND, WARM_PATH, Limiter, Pace
from .parser import ResponseError
from .tls import TlsStream, default_context

NEXT_ADDRESS_S = 0.25  # RFC 8305, Connection Attempt Delay
FORK_LOCK = threading.Lock()  # no fork may come between the creation of a socket and its registration
_LOOK_S = 0.05  # how soon an opening thread notices that the gateway closed
_KEEPALIVE_S = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # the second is macOS's
_Attempt = Generator[tuple[socket.socket, bool], None, Connection]  # yields a socket, and True to wait for data
_IN_PROGRESS = (0, errno.EINPROGRESS, errno.EWOULDBLOCK, getattr(errno, "WSAEWOULDBLOCK", errno.EINPROGRESS))


class Connector:
    """Open connections to an origin in background threads. `results` receives connections and exceptions."""

    def __init__(
        self,
        url: str,
        *,
        timeout_s: float,
        tls: ssl.SSLContext | None,
        source_address: tuple[str, int] | None,
        socket_options: Sequence[tuple[int, int, int | bytes]],
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
        self._source_address, self._socket_options = source_address, tuple(socket_options)
        self.pace = Pace(limiter)
        self.warming = f"GET {WARM_PATH} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()
        self.results: deque[Connection | Exception] = deque()
        self.threads: set[threading.Thread] = set()
        self.sockets: WeakSet[socket.socket] = WeakSet()  # a forked child closes its copies
        self._best: Any = None  # the address that worked last
        self._stopped = False

    @property
    def opening(self) -> int:
        """The number of connections being opened, and of results that the pool has not yet seen."""
        return sum(thread.is_alive() for thread in list(self.threads)) + len(self.results)

    def start(self, notify: Callable[[], None]) -> None:
        """Open a connection in a thread. Call `notify` in that thread once the result is available."""
        thread = threading.Thread(target=self._run, args=(notify,), name="woox-fast gateway open", daemon=True)
        self.threads.add(thread)
        try:
            thread.start()
        except RuntimeError as error:  # the system's limit of threads
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
        for sock in list(self.sockets):
            sock.close()
        self.stop()

    def _run(self, notify: Callable[[], None]) -> None:
        result: Connection | Exception = RuntimeError("the opening thread was interrupted")
        try:
            result = self._open()
        except Exception as error:
            result = error
        finally:
            self.results.append(result)
            self.threads.discard(threading.current_thread())
            if self._stopped:
                self.stop()
            notify()

    def _open(self) -> Connection:
        """Return an idle connection within the timeout. Raises OSError."""
        deadline = time.monotonic() + self._timeout_s
        infos = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        infos.sort(key=lambda info: info[4] != self._best)
        attempts: dict[_Attempt, tuple[socket.socket, bool]] = {}
        failure: Exception = OSError(f"the name {self._name} has no address")
        next_at = 0.0
        try:
            while attempts or infos:
                now = time.monotonic()
                self._check(now, deadline)
                ready = _ready(attempts, min(deadline - now, _LOOK_S))
                if infos and (not attempts or now >= next_at):
                    next_at = now + NEXT_ADDRESS_S
                    ready.append(self._attempt(infos.pop(0)))
                for attempt in ready:
                    try:
                        attempts[attempt] = next(attempt)
                    except StopIteration as stop:
                        return cast("Connection", stop.value)
                    except (OSError, ResponseError) as error:
                        attempts.pop(attempt, None)
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

    def _attempt(self, info: Any) -> _Attempt:
        """Connect, shake hands, and send a first public GET if the pace allows it.

        Over a new connection a first response takes several times longer than the next responses, at both ends.
        """
        sock = self._socket(info)
        try:
            connection = Connection(sock, None if self._tls is None else TlsStream(self._tls, self._name))
            failure = sock.connect_ex(info[4])
            if failure in _IN_PROGRESS:
                yield sock, False
                failure = sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if failure:
                raise OSError(failure, os.strerror(failure))
            if connection.tls is not None:
                yield from _shake_hands(sock, connection.tls)
            connection.move(IDLE)
            is_warm = self.pace.take(perf_counter_ns())
            if is_warm and not (yield from self._warm(connection)):
                self.pace.is_on = False
                sock.close()
                connection = yield from self._attempt(info)
            if is_warm or self._tls is not None:  # a server answers at the address
                self._best = info[4]
            return connection
        except BaseException:
            sock.close()
            raise

    def _socket(self, info: Any) -> socket.socket:
        """Create a nonblocking socket with all options, not yet connected. Raises OSError."""
        with FORK_LOCK:
            sock = socket.socket(*info[:3])
            self.sockets.add(sock)
        try:
            sock.setblocking(False)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
            for name, seconds in _KEEPALIVE_S.items():
                if hasattr(socket, name):
                    sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
            for level, option, value in self._socket_options:
                sock.setsockopt(level, option, value)
            if self._source_address is not None:
                sock.bind(self._source_address)
        except BaseException:
            sock.close()
            raise
        return sock

    def _warm(self, connection: Connection) -> Generator[tuple[socket.socket, bool], None, bool]:
        """Return False if the server closes the connection after the response."""
        response = None
        if not connection.send(self.warming, "GET", round(self._timeout_s * SECOND), due=WARMING):
            raise ConnectionResetError("the server closed the new connection") from connection.last_error
        while response is None:
            yield connection.sock, True
            response = connection.receive()
        self.pace.heed(response, perf_counter_ns())
        return connection.finish()


def _shake_hands(sock: socket.socket, tls: TlsStream) -> Generator[tuple[socket.socket, bool], None, None]:
    data, is_complete = b"", False
    while True:
        try:
            is_complete, output = tls.handshake(data)
        except ssl.SSLError:
            sock.send(tls.pending_output())  # the alert
            raise
        while output:  # a few kilobytes, which a new socket's buffer can store
            output = output[sock.send(output) :]
        if is_complete:
            return
        yield sock, True
        data = sock.recv(SIZE)
        if not data:
            raise ConnectionResetError("the server closed the connection during the TLS handshake")


def _ready(attempts: dict[_Attempt, tuple[socket.socket, bool]], timeout_s: float) -> list[_Attempt]:
    """Return the attempts that can continue, after a wait of at most `timeout_s`."""
    reading = [sock for sock, is_reading in attempts.values() if is_reading]
    writing = [sock for sock, is_reading in attempts.values() if not is_reading]
    ready = wait_for(reading, writing, timeout_s) if attempts else set()
    return [attempt for attempt, (sock, _) in attempts.items() if sock.fileno() in ready]
