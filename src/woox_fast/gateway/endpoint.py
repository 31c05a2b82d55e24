"""Where connections go, and how one is opened: names resolved, all addresses tried, TLS shaken hands on. It blocks."""

from __future__ import annotations

import socket
import ssl
import time
from typing import Any
from urllib.parse import urlsplit

from .._urls import origin
from .connection import ROOM, Connection, Tls, TlsConnection
from .reply import Framing

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
        self.warming = f"GET {WARM_PATH} HTTP/1.1\r\nHost: {self.host}\r\n\r\n".encode()

    def open(self) -> Connection:
        """A connection that is ready for a request, TLS included, within `timeout_s`: each address is tried in turn.

        Raises the last address's OSError.
        """
        deadline = time.monotonic() + self.timeout_s
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
            connection = Connection(sock, framing)
        else:
            connection = TlsConnection(sock, framing, _handshake(sock, self._tls, self._name, deadline))
        sock.setblocking(True)
        return connection


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
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the TLS handshake took too long")
        sock.settimeout(left_s)
        data = sock.recv(ROOM)
        if data:
            incoming.write(data)
        else:
            incoming.write_eof()
