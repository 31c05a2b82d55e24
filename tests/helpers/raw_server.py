"""A server of plain sockets that stores every received byte."""

from __future__ import annotations

import contextlib
import re
import socket
import struct
import threading
from collections import Counter
from collections.abc import Callable

WARM = "/v3/public/systemInfo"
OK_BODY = b'{"success":true,"data":{},"timestamp":1578565539808}'
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)", re.IGNORECASE)
_ORDER_ID = re.compile(rb"POST [^ ]*clientOrderId=(\d+)")


def response(body: bytes = OK_BODY, status: int = 200, headers: str = "") -> bytes:
    return f"HTTP/1.1 {status} X\r\n{headers}Content-Length: {len(body)}\r\n\r\n".encode() + body


class Peer:
    """An accepted connection."""

    def __init__(self, sock: socket.socket, number: int) -> None:
        self.sock = sock
        self.number = number
        self.received = b""
        self._rest = b""

    def read_request(self) -> bytes | None:
        """Return the next whole request, or None at the end."""
        while True:
            head, ends, rest = self._rest.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if ends and len(rest) >= size:
                self._rest = rest[size:]
                return head + ends + rest[:size]
            data = self.sock.recv(2**20)
            if not data:
                return None
            self.received += data
            self._rest += data

    def send(self, data: bytes) -> None:
        self.sock.sendall(data)

    def reset(self) -> None:
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


Answer = Callable[[Peer, bytes], bool]  # handles a request, and returns False to close the connection


class RawServer:
    """Pass requests to `answer`, and public GETs to `answer_get`."""

    def __init__(self, answer: Answer | None = None, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self.answer: Answer = answer or (lambda peer, request: peer.send(response()) or True)
        self.answer_get: Answer = lambda peer, request: peer.send(response()) or True
        self.read: Callable[[Peer], object] | None = None  # serves a connection instead of the loop below
        self.peers: list[Peer] = []
        self.requests: list[tuple[int, bytes]] = []
        self.gets = 0
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._listener = socket.create_server(address, backlog=128)
        self.port = self._listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> RawServer:
        self._start(self._accept)
        return self

    def __exit__(self, *_: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.hang_up()
        for thread in self._threads:
            thread.join(10)
        for peer in self.peers:
            peer.sock.close()

    def _start(self, target: Callable[..., None], *arguments: object) -> None:
        thread = threading.Thread(target=target, args=arguments, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        while True:
            try:
                sock, _ = self._listener.accept()
            except OSError:
                return
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            peer = Peer(sock, len(self.peers) + 1)
            self.peers.append(peer)
            self._start(self._serve, peer)

    def _serve(self, peer: Peer) -> None:
        with contextlib.suppress(OSError, ValueError):
            if self.read is not None:
                self.read(peer)
                return
            while (request := peer.read_request()) is not None:
                is_public = request.startswith(f"GET {WARM}".encode())
                with self._lock:
                    if is_public:
                        self.gets += 1
                    else:
                        self.requests.append((peer.number, request))
                if not (self.answer_get if is_public else self.answer)(peer, request):
                    break
            peer.sock.shutdown(socket.SHUT_RDWR)

    def hang_up(self) -> None:
        """Close every open connection."""
        for peer in list(self.peers):
            with contextlib.suppress(OSError):
                peer.sock.shutdown(socket.SHUT_RDWR)

    @property
    def open_peers(self) -> list[Peer]:
        found = []
        for peer in list(self.peers):
            with contextlib.suppress(OSError):
                peer.sock.getpeername()
                found.append(peer)
        return found

    def order_counts(self) -> Counter[int]:
        """Count the arrivals of an order's first bytes, over all connections."""
        counts: Counter[int] = Counter()
        for peer in list(self.peers):
            counts.update(int(found) for found in _ORDER_ID.findall(peer.received))
        return counts
