"""Where connections go, and how one is opened: names resolved, all addresses tried, TLS, a first GET.

It blocks, so each is opened in a thread of its own. When `stop` has returned, none of these threads has a socket.
"""

from __future__ import annotations

import contextlib
import socket
import ssl
import threading
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import urlsplit

from .._urls import origin
from .connection import ROOM, Connection, Tls, TlsConnection
from .reply import Framing, ReplyError

WARM_PATH = "/v3/public/systemInfo"
_STOP_S = 2.0  # for threads whose sockets were shut down: far more than they need
_KEEPALIVE_S = {"TCP_KEEPIDLE": 15, "TCP_KEEPALIVE": 15, "TCP_KEEPINTVL": 5, "TCP_KEEPCNT": 3}  # the second is macOS's


class Endpoint:
    """Where connections go, and how they are opened. Names are resolved at each opening."""

    def __init__(self, url: str, *, timeout_s: float, tls: ssl.SSLContext | None, max_reply_bytes: int) -> None:
        parts = urlsplit(origin(url))
        self.host = parts.netloc
        self._name = parts.hostname or ""
        self._port = parts.port or {"http": 80, "https": 443}[parts.scheme]
        self._tls = tls
        if parts.scheme == "https":
            self._tls = tls or ssl.create_default_context()
        elif tls is not None:
            raise ValueError(f"tls is for https, got it with {url!r}; leave it out, or say https")
        self.timeout_s = timeout_s
        self._max_reply_bytes = max_reply_bytes
        self.warms = True  # until the server closes what has carried a GET, again and again
        self.warming = f"GET {WARM_PATH} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()
        self._lock = threading.Lock()
        self._stopped = False
        self._opening: dict[threading.Thread, socket.socket] = {}
        """The socket of each thread that has one."""
        self._opened: list[Connection | Exception] = []

    def open_in_thread(self, notify: Callable[[], None]) -> None:
        """Open a connection in a thread, and call `notify` there when it can be had from `opened`."""

        def run() -> None:
            try:
                result: Connection | Exception = self.open()
            except Exception as error:
                result = error
            self._keep(result)
            notify()

        try:
            start_thread("open", run)
        except RuntimeError as error:  # as many as the system allows are running, or the interpreter is ending
            self._keep(error)
            notify()

    def opened(self) -> list[Connection | Exception]:
        """What was opened since the last call, and what went wrong with the others."""
        with self._lock:
            opened, self._opened = self._opened, []
        return opened

    def stop(self) -> None:
        """Open no more, and close what nobody got. Takes a moment, not the time that an opening may take.

        A thread that still resolves a name is not waited for: it has no socket, and gets none.
        """
        self._stopped = True
        deadline = time.monotonic() + _STOP_S
        while (thread := self._hang_up()) and time.monotonic() < deadline:
            thread.join(0.01)  # one that was about to connect does not notice: it is hung up again
        self._close_opened()

    def forked(self) -> None:
        """In the child: the threads are not here, and their sockets are the parent's."""
        self._lock = threading.Lock()  # the thread that held it is not in the child
        self._stopped = True
        for sock in self._opening.values():
            sock.close()
        self._close_opened()

    def _hang_up(self) -> threading.Thread | None:
        """Wake the threads that wait at their sockets, and return one of them."""
        with self._lock:
            for sock in self._opening.values():
                with contextlib.suppress(OSError):
                    sock.shutdown(socket.SHUT_RDWR)
            return next(iter(self._opening), None)

    def _close_opened(self) -> None:
        for opened in self.opened():
            if not isinstance(opened, Exception):
                opened.close()

    def _keep(self, result: Connection | Exception) -> None:
        """For `opened`; the thread has no socket any more."""
        with self._lock:
            self._opening.pop(threading.current_thread(), None)
            if self._stopped and not isinstance(result, Exception):
                result.close()
            else:
                self._opened.append(result)

    def _socket(self, *kind: int) -> socket.socket:
        with self._lock:
            if self._stopped:
                raise ConnectionAbortedError("the gateway was closed")
            sock = self._opening[threading.current_thread()] = socket.socket(*kind)
            return sock

    def _close(self, one: Connection | socket.socket) -> None:
        """Not for `stop` any more, before its number may be another socket's."""
        with self._lock:
            self._opening.pop(threading.current_thread(), None)
        one.close()

    def open(self) -> Connection:
        """A connection that is ready for a request, TLS included, within `timeout_s`.

        It has carried a public GET: over a new connection a first reply takes several times as long as those after it,
        at both ends. Raises OSError.
        """
        deadline = time.monotonic() + self.timeout_s
        connection = self._open(deadline)
        if self.warms and not self._warm(connection, deadline):  # its first reply was its last
            self._close(connection)
            connection = self._open(deadline)
        connection.sock.setblocking(True)
        return connection

    def _warm(self, connection: Connection, deadline: float) -> bool:
        """Whether the connection is open after a first reply."""
        try:
            sent = connection.send(self.warming, "GET")
            while sent and connection.receive() is None:
                connection.sock.settimeout(_left_s(deadline, "no reply to a public GET"))
        except (OSError, ReplyError) as error:
            self._close(connection)
            if isinstance(error, OSError):
                raise
            raise ConnectionError(str(error)) from error
        connection.sent_ns = 0
        return sent and connection.framing.reusable

    def _open(self, deadline: float) -> Connection:
        """Each address in turn, with its share of the time; the last one's error."""
        addresses = socket.getaddrinfo(self._name, self._port, type=socket.SOCK_STREAM)
        failure: OSError | None = None
        for number, (family, kind, protocol, _, address) in enumerate(addresses):
            share_s = (deadline - time.monotonic()) / (len(addresses) - number)
            if share_s <= 0:
                break
            sock = self._socket(family, kind, protocol)
            try:
                return self._open_on(sock, address, time.monotonic() + share_s)
            except OSError as error:
                self._close(sock)
                failure = error
            except BaseException:
                self._close(sock)
                raise
        raise failure or TimeoutError(f"the name {self._name} was not resolved in time")

    def _open_on(self, sock: socket.socket, address: Any, deadline: float) -> Connection:
        sock.settimeout(deadline - time.monotonic())
        sock.connect(address)
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, seconds in _KEEPALIVE_S.items():
            if hasattr(socket, name):
                sock.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), seconds)
        framing = Framing(self._max_reply_bytes)
        if self._tls is None:
            return Connection(sock, framing)
        return TlsConnection(sock, framing, _handshake(sock, self._tls, self._name, deadline))


def _handshake(sock: socket.socket, context: ssl.SSLContext, name: str, deadline: float) -> Tls:
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    stream = context.wrap_bio(incoming, outgoing, server_hostname=name)
    while True:
        try:
            stream.do_handshake()
            wanted = False
        except ssl.SSLWantReadError:
            wanted = True
        finally:  # an alert, too
            if outgoing.pending:
                sock.sendall(outgoing.read())
        if not wanted:
            return Tls(stream, incoming, outgoing)
        sock.settimeout(_left_s(deadline, "no end of the TLS handshake"))
        data = sock.recv(ROOM)
        if data:
            incoming.write(data)
        else:
            incoming.write_eof()


def start_thread(name: str, target: Callable[..., None], *arguments: object) -> threading.Thread:
    thread = threading.Thread(target=target, args=arguments, name=f"woox-fast gateway {name}", daemon=True)
    thread.start()
    return thread


def _left_s(deadline: float, what: str) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError(f"{what} in time")
    return left_s
