"""A server that records the bytes of every request and verifies its signature with the standard library."""

from __future__ import annotations

import contextlib
import io
import socket
import socketserver
import ssl
import struct
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from helpers.oracle import KEY, oracle

API_HEADERS = ("x-api-key", "x-api-timestamp", "x-api-signature")


@dataclass
class Received:
    """One request: `raw` is its head, byte by byte; `body` is decoded if it was chunked."""

    raw: bytes
    body: bytes
    connection: int
    method: str = ""
    target: str = ""
    headers: list[tuple[str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        request_line, *lines = self.raw.decode("latin-1").split("\r\n")[:-2]
        self.method, self.target, _ = request_line.split(" ")
        self.headers = [(name.lower(), value.strip()) for name, _, value in (line.partition(":") for line in lines)]

    def all(self, name: str) -> list[str]:
        return [value for key, value in self.headers if key == name]

    @property
    def api_headers(self) -> list[str]:
        return [name for name, _ in self.headers if name.startswith("x-api")]

    def fault(self) -> str:
        """Return why an exchange would refuse this request: "" if its bytes are signed with the key, at this time."""
        if sorted(self.api_headers) != sorted(API_HEADERS):
            return f"x-api headers are {self.api_headers}"
        key, stamp, signature = (self.all(name)[0] for name in API_HEADERS)
        target = self.target
        if not target.startswith("/"):  # the absolute form, for proxies
            parts = urlsplit(target)
            target = target.removeprefix(f"{parts.scheme}://{parts.netloc}") or "/"  # the path that a proxy forwards
        message = f"{stamp}{self.method}{target}".encode("latin-1") + self.body
        if key != KEY or signature != oracle(message):
            return f"the signature does not match {message[:200]!r}"
        if abs(int(stamp) - time.time() * 1000) > 60_000:
            return f"the timestamp {stamp} is off by more than a minute"
        if len(self.all("content-type")) > 1 or len(self.all("host")) != 1:
            return "duplicate Content-Type or Host header"
        return ""


@dataclass
class CannedResponse:
    """The response to send. `close` closes the connection afterwards; `raw` replaces all bytes."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b'{"success":true,"data":{},"timestamp":1578565539808}'
    close: bool = False
    raw: bytes | None = None

    def to_bytes(self) -> bytes:
        if self.raw is not None:
            return self.raw
        headers = {"Content-Type": "application/json", "Content-Length": str(len(self.body)), **self.headers}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        return f"HTTP/1.1 {self.status} Status\r\n{head}\r\n".encode("latin-1") + self.body


DROP = None  # reset the connection without a response
Answer = Callable[[Received], "CannedResponse | None"]


class Recorder(socketserver.ThreadingTCPServer):
    """Serve on a free port of `host`, with a thread per connection. `answer` returns the response to a request.

    The server resets the first `deaf` connections when data arrives, before it reads a byte.
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(
        self, answer: Answer | None = None, *, host: str = "127.0.0.1", tls: ssl.SSLContext | None = None, deaf: int = 0
    ) -> None:
        super().__init__((host, 0), socketserver.BaseRequestHandler)
        self.answer: Answer = answer or (lambda received: CannedResponse())
        self.received: list[Received] = []
        self.torn: list[bytes] = []  # incomplete request heads
        self.connections = 0
        self.deaf = deaf
        self._tls = tls
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.port = self.server_address[1]
        self.host = f"{host}:{self.port}"
        self.url = f"{'https' if tls else 'http'}://{self.host}"

    def __enter__(self) -> Recorder:
        threading.Thread(target=self.serve_forever, args=[0.02], daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.shutdown()
        self.hang_up()
        self.server_close()

    def hang_up(self) -> None:
        """Close every open connection, as a server does after an idle timeout."""
        with self._lock:
            for connection in self._open:
                with contextlib.suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)

    @property
    def faults(self) -> list[str]:
        """Return what is wrong with the received requests: [] if every byte is signed."""
        return [f"{each.method} {each.target}: {fault}" for each in list(self.received) if (fault := each.fault())]

    def get_request(self) -> tuple[socket.socket, int]:
        connection, _ = super().get_request()
        self.connections += 1
        return connection, self.connections

    def finish_request(self, connection: socket.socket, number: int) -> None:
        """Serve a connection in its thread."""
        with contextlib.suppress(OSError):
            if number <= self.deaf:
                connection.recv(1, socket.MSG_PEEK)
                reset(connection)
                return
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls:
                connection = self._tls.wrap_socket(connection, server_side=True)
            with self._lock:
                self._open.add(connection)
            try:
                with connection, connection.makefile("rb") as stream:
                    while self._answer_next(connection, stream, number):
                        pass
            finally:
                with self._lock:
                    self._open.discard(connection)

    def handle_error(self, *_: object) -> None:
        raise

    def _answer_next(self, connection: socket.socket, stream: io.BufferedReader, number: int) -> bool:
        if not self._tls and stream.peek(1)[:1] == b"\x16":  # a TLS handshake
            return False
        raw = b""
        while not raw.endswith(b"\r\n\r\n"):
            line = stream.readline()
            if not line:
                self.torn += [raw] if raw else []
                return False
            raw += line
        received = Received(raw, b"", number)
        if "chunked" in "".join(received.all("transfer-encoding")):
            while size := int(stream.readline(), 16):
                received.body += stream.read(size)
                stream.readline()
            stream.readline()
        else:
            received.body = stream.read(int((received.all("content-length") or ["0"])[0]))
        with self._lock:
            self.received.append(received)
        response = self.answer(received)
        if response is None:
            reset(connection)
            return False
        connection.sendall(response.to_bytes())
        return not response.close


def reset(connection: socket.socket) -> None:
    """Close with a RST, like a crashed peer."""
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()
