"""One connection to the exchange, plain or TLS: looked at, written to, read from.

No socket is read or written elsewhere. TLS runs over memory, so that one look at the socket tells whether anything
came, and the first `send` whether anything went out.
"""

from __future__ import annotations

import contextlib
import select
import socket
import ssl
from collections.abc import Callable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, NamedTuple

from .reply import Framing, Reply

if TYPE_CHECKING:
    import asyncio

ROOM = 65536  # what is read at once

if hasattr(select, "poll"):

    def _arrived_at(sock: socket.socket) -> Callable[[int], list[Any]]:
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return poller.poll

else:  # Windows

    def _arrived_at(sock: socket.socket) -> Callable[[int], list[Any]]:
        return lambda timeout: select.select([sock], [], [], timeout)[0]


class Tls(NamedTuple):
    stream: ssl.SSLObject
    incoming: ssl.MemoryBIO
    outgoing: ssl.MemoryBIO


class Connection:
    """A plain connection. One request at a time: `send`, then `receive` until there is a reply."""

    _seal: Callable[[bytes], bytes] | None = None

    def __init__(self, sock: socket.socket, framing: Framing) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.framing = framing
        self.sent_ns = 0  # when the request that is under way was sent; 0 while none is
        self.used_ns = self.opened_ns = (
            perf_counter_ns()
        )  # when its last reply came, and the one with which it was opened
        self.overdue = self.closing = False  # its reply took too long; it is not for another request
        self.last_error: BaseException | None = None  # why it was found closed, and nothing was sent
        self.unsent: memoryview | None = None
        """What the socket did not take at once."""
        self.due: asyncio.Future[Reply] | None = None
        """Of a connection on an event loop: who awaits the reply."""
        self.arrived = _arrived_at(sock)
        """`arrived(0)` is true if something can be read, an error or the end included."""

    def send(self, request: bytes, method: str) -> bool:
        """Whether `request` was handed to the socket, or a part of it (then `unsent` is the rest).

        Looks first: nothing is sent on a connection that the server closed, or over which came what nobody asked for.
        """
        self.sent_ns = perf_counter_ns()
        if self.arrived(0) and not self.is_quiet():
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
        data = self.sock.recv(ROOM)
        reply = self.framing.feed(data) if data else self._end()
        if reply is not None:
            self.used_ns = now = perf_counter_ns()
            reply.latency_ns = now - self.sent_ns
        return reply

    def _end(self) -> Reply:
        if self.overdue:
            raise TimeoutError("the reply did not end in time")  # it was hung up here, the server did not close
        return self.framing.end()

    def is_quiet(self) -> bool:
        """Whether it is open and no data came. Does not block."""
        while self.arrived(0):
            try:
                data = self.sock.recv(ROOM)
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

    def hang_up(self) -> None:
        """Shut the socket down: a thread that waits for a reply wakes without one. From any thread."""
        with contextlib.suppress(OSError):
            self.sock.shutdown(socket.SHUT_RDWR)

    def close(self) -> None:
        self.sock.close()

    def __del__(self) -> None:
        self.sock.close()


class TlsConnection(Connection):
    """The same over TLS."""

    def __init__(self, sock: socket.socket, framing: Framing, tls: Tls) -> None:
        super().__init__(sock, framing)
        self._stream, self._incoming, _ = tls
        self._seal = _sealer(tls)

    def receive(self) -> Reply | None:
        data = self.sock.recv(ROOM)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()  # without a close_notify before it, `read` raises SSLEOFError: the reply is cut
        while True:
            try:
                plain = self._stream.read(ROOM)
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
        """Session tickets may come at any time, in whole records, and are no data; a part of a record is."""
        end = 0
        while end + 5 <= len(data):
            end += 5 + int.from_bytes(data[end + 3 : end + 5], "big")
        try:
            self._incoming.write(data)
            if not self._stream.read(ROOM):
                self.last_error = ConnectionResetError("the server closed the connection")
                return False
        except ssl.SSLWantReadError:
            if end == len(data):
                return True
        except OSError as error:
            self.last_error = error
            return False
        return super()._means_nothing(data)


def _sealer(tls: Tls) -> Callable[[bytes], bytes]:
    """Not a method: a connection that refers to itself would not die, and close, with its last user."""
    write, read = tls.stream.write, tls.outgoing.read

    def seal(request: bytes) -> bytes:
        write(request)
        return read()

    return seal
