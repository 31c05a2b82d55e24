"""The connection to the exchange, plain or TLS. No other module reads or writes a connected socket.

The sending rule: `state` becomes SENDING before the system call. The call's return value alone decides how much was
sent. An exception from anywhere in SENDING means "unknown", except an OSError that provably came from the call itself.
"""

from __future__ import annotations

import _socket
import errno
import os
import select
import socket
import ssl
import struct
from time import perf_counter_ns
from typing import TYPE_CHECKING

from .errors import is_from_call
from .parser import ResponseParser
from .readiness import readable_check
from .states import AWAITING, CLOSED, CONNECTING, IDLE, SENDING, TRANSITIONS, State

if TYPE_CHECKING:
    import asyncio

    from .response import Response
    from .tls import TlsStream

SIZE = 65536
NO_WAIT = getattr(socket, "MSG_DONTWAIT", 0)
# A blocking socket with a receive timeout of the kernel saves a system call per response.
HAS_KERNEL_TIMEOUT = (
    os.name == "posix" and bool(NO_WAIT) and hasattr(socket, "SO_RCVTIMEO") and struct.calcsize("l") == 8
)
# These errors of send(2) mean that the kernel accepted no byte.
_REFUSALS = (errno.EPIPE, errno.ECONNRESET, errno.ENOTCONN, errno.EBADF, errno.ECONNABORTED, errno.ESHUTDOWN)


class Connection:
    """A connection carries one request at a time: `send`, then `receive` until it returns a response, then `finish`."""

    __slots__ = (
        "__weakref__",
        "arrived",
        "deadline_ns",
        "due",
        "fd",
        "has_ended",
        "is_blocking",
        "is_native",
        "lane",
        "last_error",
        "number",
        "opened_ns",
        "overdue_ns",
        "parser",
        "receive_timeout_ns",
        "request",
        "sent_ns",
        "sock",
        "state",
        "tls",
        "unsent",
        "used_ns",
    )  # fmt: skip

    def __init__(self, sock: socket.socket, tls: TlsStream | None = None, parser: ResponseParser | None = None) -> None:
        self.sock = sock
        self.fd = sock.fileno()
        self.number = 0
        self.tls = tls
        self.parser = parser or ResponseParser()
        self.state = CONNECTING
        self.lane: list[Connection] | None = None  # the pool's list for the idle connection
        self.request: bytes | None = None  # while its response is due to a caller
        self.unsent: memoryview | None = None
        self.due: asyncio.Future[Response | None] | None = None
        self.opened_ns = perf_counter_ns()
        self.used_ns = 0  # the time of the last response
        self.sent_ns = self.deadline_ns = self.overdue_ns = 0
        self.has_ended = False  # the server closed its side; the due response may still arrive
        self.last_error: BaseException | None = None  # a failure of the server or the network
        self.is_native = isinstance(sock, _socket.socket)  # False for eventlet's and gevent's sockets
        self.is_blocking = False
        self.receive_timeout_ns = 0
        self.arrived = readable_check(sock)

    def move(self, state: State) -> None:
        """Change the state. Raises RuntimeError for a transition that the table does not list."""
        if state not in TRANSITIONS[self.state]:
            raise RuntimeError(f"a connection cannot become {state.name} from {self.state.name}")
        self.state = state

    def send(self, request: bytes, method: str, timeout_ns: int, deadline_ns: int = 0, due: State = AWAITING) -> bool:
        """Send `request`, at least in part; `unsent` is then the rest.

        Look first: a connection that the server closed, or over which it sent unsolicited data, is not used.

        Returns:
            False if the socket accepted no byte. The caller must close the connection, and may use another connection.
        """
        if self.state is not IDLE or (self.arrived(0) and not self.is_quiet()) or self.has_ended:
            return False
        if self.tls is not None and not self.tls.is_aligned:
            return False
        if method == "HEAD":
            self.parser.expect_head()
        data = request if self.tls is None else self.tls.seal(request)
        self.sent_ns = now = perf_counter_ns()
        self.deadline_ns = deadline_ns or now + timeout_ns
        self.request = request
        self.state = SENDING
        try:
            sent = self.sock.send(data, NO_WAIT)
        except OSError as error:
            # Only the call itself leaves no frame below this frame. A signal handler and a green socket do.
            is_refused = error.__traceback__ is not None and error.__traceback__.tb_next is None and self.is_native
            if not is_refused or error.errno not in (*_REFUSALS, errno.EAGAIN):
                raise
            if error.errno != errno.EAGAIN:
                self.last_error = error
                return False
            sent = 0
        if sent < len(data):
            self.unsent = memoryview(data)[sent:]
        self.state = due
        return True

    def send_rest(self) -> None:
        """Send more of `unsent` without blocking. Raises OSError."""
        if self.unsent is not None:
            self.unsent = self.unsent[self.sock.send(self.unsent, NO_WAIT) :] or None

    def receive(self, flags: int = 0) -> Response | None:
        """Read once. Return the response if it is complete now.

        Raises OSError (BlockingIOError if no data came in time) and ResponseError.
        """
        data = self.sock.recv(SIZE, flags)
        if not data and self.overdue_ns:
            raise BlockingIOError(errno.EAGAIN, "the gateway shut the socket down after the deadline")
        if self.tls is not None:
            response = self._receive_tls(self.tls, data)
        else:
            response = self.parser.feed(data) if data else self.parser.end()
        if response is not None:
            self.used_ns = now = perf_counter_ns()
            response.latency_ns = now - self.sent_ns
        return response

    def _receive_tls(self, tls: TlsStream, data: bytes) -> Response | None:
        plain = tls.unseal(data) if data else b""
        response = self.parser.feed(plain) if plain else None
        if response is None and tls.is_closed:
            return self.parser.end()
        if not data:  # whatever the options of the caller's context, only close_notify ends a response
            raise ssl.SSLEOFError(ssl.SSL_ERROR_EOF, "EOF occurred in violation of protocol: the response may be cut")
        self.has_ended = self.has_ended or tls.is_closed
        return response

    def finish(self) -> bool:
        """End a request whose response is complete. Return True if the connection is reusable."""
        self.request = None
        if self.parser.reusable and self.unsent is None and not self.has_ended and self.state is not CLOSED:
            self.state = IDLE
            return True
        self.close()
        return False

    def is_quiet(self) -> bool:
        """Return True if the idle connection is open and the server sent no data. Session tickets are no data."""
        while self.arrived(0):
            try:
                data = self.sock.recv(SIZE, NO_WAIT)
                plain = self.tls.unseal(data) if self.tls is not None and data else data
            except OSError as error:
                if not self.is_own(error):
                    raise
                self.last_error = error
                return isinstance(error, BlockingIOError)
            if not data or (self.tls is not None and self.tls.is_closed):
                self.last_error = ConnectionResetError("the server closed the connection")
                return False
            if plain:
                self.last_error = ConnectionError(f"the server sent {len(data)} bytes without a request")
                return False
        return True

    def is_own(self, error: OSError) -> bool:
        """Return True if a call on the socket raised `error`, False if a signal handler raised it."""
        return error.errno is not None and (not self.is_native or is_from_call(error))

    def limit_receive(self, timeout_ns: int) -> None:
        """Set the receive timeout for blocking sockets."""
        seconds, rest = divmod(max(timeout_ns, 1_000_000), 1_000_000_000)
        self.receive_timeout_ns = 0  # in case a signal interrupts the call
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, struct.pack("ll", seconds, rest // 1000))
        self.receive_timeout_ns = timeout_ns

    def set_blocking(self) -> None:
        """Let `receive` block for the time of `limit_receive`, where the system can."""
        if HAS_KERNEL_TIMEOUT and self.is_native and hasattr(select, "poll"):
            self.sock.setblocking(True)
            self.is_blocking = True

    def hang_up(self) -> None:
        """Shut the socket down from any thread. A thread that receives wakes."""
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            if not self.is_own(error):
                raise

    def close(self) -> None:
        self.move(CLOSED)
        self.sock.close()
