"""Where connections go, and how one is opened: names resolved, all addresses tried, TLS, a first GET. It blocks."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from .._urls import origin
from .connection import ROOM, Connection, Tls, TlsConnection
from .reply import Framing, ReplyError

WARM_PATH = "/v3/public/systemInfo"
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

    def open(self) -> Connection:
        """A connection that is ready for a request, TLS included, within `timeout_s`.

        It has carried a public GET: over a new connection a first reply takes several times as long as those after it,
        at both ends. Raises OSError.
        """
        deadline = time.monotonic() + self.timeout_s
        connection = self._open(deadline)
        if self.warms and not self._warm(connection, deadline):  # its first reply was its last
            connection.close()
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
            connection.close()
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
            sock = socket.socket(family, kind, protocol)
            try:
                return self._open_on(sock, address, time.monotonic() + share_s)
            except OSError as error:
                sock.close()
                failure = error
            except BaseException:
                sock.close()
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


def _left_s(deadline: float, what: str) -> float:
    left_s = deadline - time.monotonic()
    if left_s <= 0:
        raise TimeoutError(f"{what} in time")
    return left_s
