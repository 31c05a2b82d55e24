"""The connection to the exchange, plain or TLS, and its states. No other module reads or writes a connected socket.

    CONNECTING ── IDLE ── SENDING ── AWAITING ── IDLE        an order and its response
                                  └─ WARMING ─── IDLE        a public GET of the gateway
    AWAITING ── DRAINING ── IDLE                             the caller gave up; the response is read in the background

Every state may become CLOSED, and CLOSED is final. The pool and both gateways read the state. An exception at any
moment leaves a state from which the connection is either closed or known to be unused.

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
from collections.abc import Callable, Collection
from enum import IntEnum
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any

from .errors import is_from_call
from .parser import ResponseParser

if TYPE_CHECKING:
    import asyncio

    from .response import Response
    from .tls import TlsStream


class State(IntEnum):
    CONNECTING = 0
    IDLE = 1
    SENDING = 2  # the socket may have accepted bytes
    AWAITING = 3
    DRAINING = 4
    WARMING = 5
    CLOSED = 6


CONNECTING, IDLE, SENDING, AWAITING, DRAINING, WARMING, CLOSED = State

TRANSITIONS: dict[State, tuple[State, ...]] = {
    CONNECTING: (IDLE, CLOSED),
    IDLE: (SENDING, CLOSED),
    SENDING: (AWAITING, WARMING, CLOSED),
    AWAITING: (IDLE, DRAINING, CLOSED),
    DRAINING: (IDLE, CLOSED),
    WARMING: (IDLE, CLOSED),
    CLOSED: (CLOSED,),
}
BACKGROUND = (DRAINING, WARMING)
BUSY = (SENDING, AWAITING, *BACKGROUND)
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
        "arrived",
        "deadline_ns",
        "due",
        "fd",
        "has_hung_up",
        "is_blocking",
        "is_native",
        "is_urgent",
        "last_error",
        "number",
        "opened_ns",
        "parser",
        "receive_timeout_ns",
        "request",
        "sent_ns",
        "slot_ns",
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
        self.request: list[Any] | None = None  # `sent` of the owner, from before the send to the whole response
        self.unsent: memoryview | None = None
        self.due: asyncio.Future[Response | None] | None = None
        self.opened_ns = perf_counter_ns()
        self.used_ns = 0  # the time of the last response
        self.sent_ns = self.deadline_ns = 0
        self.slot_ns = 0  # the moment that the rate limit gave to the request
        self.last_error: BaseException | None = None  # a failure of the server or the network
        self.is_native = isinstance(sock, _socket.socket)  # False for eventlet's and gevent's sockets
        self.is_blocking = self.has_hung_up = False
        self.is_urgent = False  # an urgent request has it
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
        if self.state is not IDLE or (self.arrived(0) and not self.is_quiet()):
            return False
        tls, data = self.tls, request
        if tls is not None and not tls.is_aligned:
            return False
        if method == "HEAD":
            self.parser.expect_head()
        if tls is not None:
            data = tls.seal(request)
        self.sent_ns = now = perf_counter_ns()
        self.deadline_ns = deadline_ns or now + timeout_ns
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
            try:
                self.unsent = self.unsent[self.sock.send(self.unsent, NO_WAIT) :] or None
            except BlockingIOError as error:
                if not self.is_own(error):
                    raise

    def receive(self, flags: int = 0) -> Response | None:
        """Read once. Return the response if it is complete now. Raises OSError and ResponseError."""
        try:
            data = self.sock.recv(SIZE, flags)
        except BlockingIOError as error:
            if not self.is_own(error):
                raise
            return None
        if not data and self.has_hung_up:
            return None
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
        if tls.is_closed:
            self.parser.reusable = False
        return response

    def finish(self) -> bool:
        """End a request whose response is complete. Return False if the caller must close the connection."""
        self.request = None
        if self.parser.reusable and self.unsent is None and self.state is not CLOSED:
            self.state = IDLE
            return True
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
        self.has_hung_up = True
        try:
            self.sock.shutdown(socket.SHUT_RDWR)
        except OSError as error:
            if not self.is_own(error):
                raise

    def close(self) -> None:
        self.move(CLOSED)
        self.sock.close()


def readable_check(sock: socket.socket) -> Callable[[float], list[Any]]:
    """Return a function of milliseconds that is truthy if the socket has data, an error or its end to read."""
    if hasattr(select, "poll"):
        poller = select.poll()
        poller.register(sock, select.POLLIN)
        return poller.poll
    return lambda timeout_ms: select.select([sock], [], [], max(timeout_ms, 0) / 1000)[0]


def wait_for(
    reading: Collection[Any], writing: Collection[Any], timeout_s: float, closing: Collection[Any] = ()
) -> set[int]:
    """Wait with poll(2), or with select(2) where poll is missing (Windows, eventlet). Return the ready descriptors.

    A socket in `closing` is ready when the server closes it (`HAS_HANGUP`), else when it has data.
    """
    timeout_s = max(timeout_s, 0)
    if not hasattr(select, "poll"):
        readable, writable, failed = select.select([*reading, *closing], [*writing], [*writing], timeout_s)
        return {sock.fileno() for sock in (*readable, *writable, *failed)}
    poller = select.poll()
    for sock in (*reading, *closing):
        poller.register(sock, select.POLLIN if sock in reading else getattr(select, "POLLRDHUP", select.POLLIN))
    for sock in writing:
        poller.register(sock, select.POLLOUT | (select.POLLIN if sock in reading else 0))
    return {fd for fd, _ in poller.poll(timeout_s * 1000 + 1)}
