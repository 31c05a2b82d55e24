"""One connection to the exchange, plain or TLS: opened, looked at, written to, read from.

It owns its socket alone, and neither gateway reads or writes one elsewhere. TLS runs over memory, so that one look at the
socket tells whether anything came, and the first `send` whether anything went out.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
import time
from collections.abc import Callable
from time import perf_counter_ns
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .._urls import origin
from .reply import Framing, Reply, ReplyError

_ROOM = 65536
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


class _Tls(NamedTuple):
    stream: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


def _handshake(sock: socket.socket, context: ssl.SSLContext, name: str, deadline: float) -> _Tls:
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
            return _Tls(stream, incoming, outgoing)
        left_s = deadline - time.monotonic()
        if left_s <= 0:
            raise TimeoutError("the TLS handshake took too long")
        sock.settimeout(left_s)
        data = sock.recv(_ROOM)
        if data:
            incoming.write(data)
        else:
            incoming.write_eof()


class Connection:
    """A plain connection. One request at a time: `send`, then `receive` until there is a reply."""

    _seal: Callable[[bytes], bytes] | None = None

    def __init__(self, sock: socket.socket, framing: Framing) -> None:
        self.sock = sock
        self.framing = framing
        self.sent_ns = 0  # when the request that is under way was sent; 0 while none is
        self.used_ns = self.opened_ns = perf_counter_ns()  # that it had a reply last, and that it was opened
        self.overdue = self.closing = False  # its reply took too long; it is not for another request
        self.last_error: BaseException | None = None
        self.unsent: memoryview | None = None
        """What the socket did not take at once."""
        self._arrived = _arrived_at(sock)

    def send(self, request: bytes, method: str) -> bool:
        """Whether `request` was handed to the socket, or a part of it (then `unsent` is the rest).

        Looks first: on a connection that the server closed, or over which came what nobody asked for, nothing is sent.
        """
        self.sent_ns = perf_counter_ns()
        if self._arrived(0) and not self.is_quiet():
            return False
        if method == "HEAD":
            self.framing.expect_head()
        try:
            data = request if self._seal is None else self._seal(request)
            sent = self.sock.send(data)
        except OSError as error:
            self.last_error = error
            return False
        if sent < len(data):
            self.unsent = memoryview(data)[sent:]
        return True

    def send_rest(self) -> None:
        """Send more of what `send` left. Raises OSError."""
        if self.unsent is not None:
            self.unsent = self.unsent[self.sock.send(self.unsent) :] or None

    def receive(self) -> Reply | None:
        """Read once -> the reply, if it is whole now. Raises OSError and ReplyError."""
        data = self.sock.recv(_ROOM)
        reply = self.framing.feed(data) if data else self.framing.end()
        if reply is not None:
            self.used_ns = now = perf_counter_ns()
            reply.latency_ns = now - self.sent_ns
        return reply

    def is_quiet(self) -> bool:
        """Whether it is open and nothing came that means anything. Does not block."""
        while self._arrived(0):
            try:
                data = self.sock.recv(_ROOM)
            except BlockingIOError:
                return True
            except OSError as error:
                self.last_error = error
                return False
            if not data:
                self.last_error = ConnectionResetError("the server closed the connection")
                return False
            if not self._means_nothing(data):
                return False
        return True

    def _means_nothing(self, data: bytes) -> bool:
        self.last_error = ConnectionError(f"{len(data)} bytes came to no request")
        return False

    @property
    def awaits_tickets(self) -> bool:
        """Whether the server may send something before it is asked."""
        return False

    def hang_up(self) -> None:
        """Whoever waits for its reply gets no more of it. From any thread."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.sock.close()

    def __del__(self) -> None:
        self.sock.close()


class TlsConnection(Connection):
    """The same over TLS."""

    def __init__(self, sock: socket.socket, framing: Framing, tls: _Tls) -> None:
        super().__init__(sock, framing)
        self._stream, self._incoming, self._outgoing = tls
        self._seal = self._encrypt

    @property
    def awaits_tickets(self) -> bool:
        return self.used_ns == self.opened_ns and not self.sent_ns

    def receive(self) -> Reply | None:
        data = self.sock.recv(_ROOM)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()  # without a close_notify before it, `read` raises SSLEOFError: the reply is cut
        while True:
            try:
                plain = self._stream.read(_ROOM)
            except ssl.SSLWantReadError:
                return None
            reply = self.framing.feed(plain) if plain else self.framing.end()
            more = self._incoming.pending or self._stream.pending()
            if reply is not None:
                if more:
                    self.framing.reusable = False
                self.used_ns = now = perf_counter_ns()
                reply.latency_ns = now - self.sent_ns
                return reply
            if not more:
                return None

    def _means_nothing(self, data: bytes) -> bool:
        """Session tickets come at their own time, in whole records; a record of data, or a part of one, means something."""
        end = 0
        while end + 5 <= len(data):
            end += 5 + int.from_bytes(data[end + 3 : end + 5], "big")
        try:
            self._incoming.write(data)
            if not self._stream.read(_ROOM):
                self.last_error = ConnectionResetError("the server closed the connection")
                return False
        except ssl.SSLWantReadError:
            if end == len(data):
                return True
        except OSError as error:
            self.last_error = error
            return False
        return super()._means_nothing(data)

    def _encrypt(self, request: bytes) -> bytes:
        self._stream.write(request)
        return self._outgoing.read()


if hasattr(select, "poll"):

    def _arrived_at(sock: socket.socket) -> Callable[[int], list[Any]]:
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return poller.poll

else:  # Windows

    def _arrived_at(sock: socket.socket) -> Callable[[int], list[Any]]:
        return lambda timeout: select.select([sock], [], [], timeout)[0]
