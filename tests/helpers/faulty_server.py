"""A server of plain sockets that stores every received byte, and fails in many ways, by a seed.

It runs in a separate process: `python -m helpers.faulty_server SEED LATE_S FOLDER` prints its port. It imports no code
of woox_fast. FOLDER/<number> contains a connection's bytes. On "report" at standard input it prints its book.
"""

from __future__ import annotations

import heapq
import json
import random
import re
import selectors
import socket
import struct
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable
from itertools import count
from pathlib import Path
from typing import Any

from helpers.oracle import KEY, oracle

# Faults in 10,000 requests. The rest get an answer.
FAULTS = {
    "reset before": 40,  # the request is unread
    "reset inside": 40,  # a part of the request was read
    "reset after, not carried out": 40,
    "reset after": 40,
    "closed after": 40,
    "response lost": 8,  # the connection stays open
    "response late": 8,  # after the client's timeout
    "response slow": 60,  # in pieces
    "response cut": 40,
    "response too short": 20,  # than its Content-Length
    "response too long": 40,  # than its Content-Length
    "response doubled": 40,
    "response and a half": 40,
    "line ends beyond the response": 40,
    "no HTTP": 20,
    "closes": 40,  # with 'Connection: close'
    "closes silently": 40,
    "until close": 40,
    "chunked": 300,
    "100 Continue": 40,
    "accepts slowly": 8,
    "restarts": 2,
}
CALM = 50  # requests before the first fault, to open the gateway
LIMITED = 0.25  # share of connections that close after a limited number of replies
MOST_REPLIES = 200
_LENGTH = re.compile(rb"\r\ncontent-length: (\d+)\r\n", re.IGNORECASE)
_ORDER_ID = re.compile(
    rb"POST /v3/trade/order\?clientOrderId=(\d+) "
)  # in the first bytes, so that a partial request is found


class _Connection:
    def __init__(self, sock: socket.socket, kept: Path) -> None:
        self.sock = sock
        self.kept = kept.open("wb", buffering=0)
        self.held = b""
        self.replies_left = 0  # 0: unlimited

    def close(self, *, reset: bool = False) -> None:
        if reset:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()
        self.kept.close()


class _Exchange:
    def __init__(self, seed: int, folder: Path, late_s: float) -> None:
        self.random = random.Random(seed)
        self.folder = folder
        self.late_s = late_s
        self.book: dict[int, int] = {}  # clientOrderId -> how often it was carried out
        self.done: Counter[str] = Counter()
        self.refused: list[str] = []
        self.oldest_ms = 0
        self.connections = 0
        self.open: set[_Connection] = set()
        self.number = count()
        self.later: list[tuple[float, int, Callable[[], None]]] = []
        self.selector = selectors.DefaultSelector()
        self.listener = self.listen(0)
        self.port = self.listener.getsockname()[1]
        self.selector.register(sys.stdin, selectors.EVENT_READ, self.command)

    def listen(self, port: int) -> socket.socket:
        listener = socket.create_server(("127.0.0.1", port), backlog=512)
        listener.setblocking(False)
        self.selector.register(listener, selectors.EVENT_READ, self.accept)
        return listener

    def serve(self) -> None:
        print(self.port, flush=True)
        while True:
            wait_s = self.later[0][0] - time.monotonic() if self.later else None
            for key, _ in self.selector.select(wait_s if wait_s is None else max(wait_s, 0)):
                key.data()
            while self.later and self.later[0][0] <= time.monotonic():
                heapq.heappop(self.later)[2]()

    def command(self) -> None:
        line = sys.stdin.readline()
        if not line:
            sys.exit()
        report = {"book": self.book, "done": self.done, "refused": self.refused, "oldest_ms": self.oldest_ms}
        print(json.dumps({**report, "connections": self.connections}), flush=True)

    def after(self, delay_s: float, do: Callable[[], None]) -> None:
        heapq.heappush(self.later, (time.monotonic() + delay_s, next(self.number), do))

    def accept(self) -> None:
        try:
            sock, _ = self.listener.accept()
        except OSError:  # the client is gone, or this round closed the listener
            return
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.connections += 1
        connection = _Connection(sock, self.folder / str(self.connections))
        if self.random.random() < LIMITED:
            connection.replies_left = self.random.randrange(1, MOST_REPLIES)
        self.open.add(connection)
        self.selector.register(sock, selectors.EVENT_READ, lambda: self.read(connection))

    def drop(self, connection: _Connection, *, reset: bool = False) -> None:
        if connection in self.open:
            self.open.discard(connection)
            self.selector.unregister(connection.sock)
            connection.close(reset=reset)

    def send(self, connection: _Connection, data: bytes) -> None:
        if connection in self.open:
            try:
                connection.sock.sendall(data)
            except OSError:
                self.drop(connection)

    def read(self, connection: _Connection) -> None:
        if connection not in self.open:
            return
        fault = ""
        if not connection.held and self.done.total() >= CALM:  # a request begins
            draw = self.random.randrange(10_000)
            for name, share in FAULTS.items():
                if draw < share:
                    fault = name
                    break
                draw -= share
        if fault == "reset before":
            self.done[fault] += 1
            self.drop(connection, reset=True)
            return
        try:
            data = connection.sock.recv(self.random.randrange(1, 100) if fault == "reset inside" else 65536)
        except OSError:
            data = b""
        connection.kept.write(data)
        if fault == "reset inside" or not data:
            self.done[fault] += bool(data)
            self.drop(connection, reset=bool(data))
            return
        connection.held += data
        head, ends, rest = connection.held.partition(b"\r\n\r\n")
        length = _LENGTH.search(head + b"\r\n")
        size = int(length[1]) if length else 0
        if not ends or len(rest) < size:
            return
        connection.held = rest[size:]
        if connection.held:
            self.refused.append(f"pipelined: {rest[size:]!r}")
        self.carry_out(connection, fault, head, rest[:size])

    def carry_out(self, connection: _Connection, fault: str, head: bytes, body: bytes) -> None:
        self.done[fault or "answer"] += 1
        method, path, _ = head.decode().split(" ", 2)
        answer: dict[str, Any] = {"success": True}
        if path != "/v3/public/systemInfo":
            self.check(method, path, head, body)
        if fault == "reset after, not carried out":
            self.drop(connection, reset=True)
            return
        if method == "POST":
            order_id = int(path.partition("clientOrderId=")[2])
            self.book[order_id] = self.book.get(order_id, 0) + 1
            answer["clientOrderId"] = order_id
        elif path.startswith("/v3/trade/order?"):
            order_id = int(path.partition("clientOrderId=")[2])
            answer |= {"clientOrderId": order_id, "found": order_id in self.book}
        text = json.dumps(answer).encode()
        self.response(connection, fault, b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(text), text), text)

    def check(self, method: str, path: str, head: bytes, body: bytes) -> None:
        headers = dict(line.split(": ", 1) for line in head.decode().split("\r\n")[1:])
        stamp = headers["x-api-timestamp"]
        self.oldest_ms = max(self.oldest_ms, int(time.time() * 1000) - int(stamp))
        if headers["x-api-key"] != KEY or headers["x-api-signature"] != oracle(
            f"{stamp}{method}{path}".encode() + body
        ):
            self.refused.append(f"not signed: {method} {path}")

    def response(self, connection: _Connection, fault: str, response: bytes, text: bytes) -> None:
        pieces, end = self.course(fault, response, text)
        delay_s = 0.0
        for wait_s, piece in pieces:
            delay_s += wait_s
            if delay_s:
                self.after(delay_s, lambda piece=piece: self.send(connection, piece))
            else:
                self.send(connection, piece)
        if end == "close later":
            self.after(self.random.random() * 0.002, lambda: self.drop(connection))
        elif end:
            self.drop(connection, reset=end == "reset")
        connection.replies_left -= 1
        if connection.replies_left == 0 and connection in self.open:
            self.done["closes after so many"] += 1
            self.drop(connection)
        if fault == "accepts slowly":
            self.pause(again=lambda: self.selector.register(self.listener, selectors.EVENT_READ, self.accept))
        elif fault == "restarts":
            for one in list(self.open):
                self.drop(one, reset=True)
            self.pause(again=self.restart, close=True)

    def course(self, fault: str, response: bytes, text: bytes) -> tuple[list[tuple[float, bytes]], str]:
        """Return the pieces to send, with the seconds before each, and how the connection ends."""
        cut, half = self.random.randrange(1, len(response)), len(text) // 2
        chunks = b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (text[:half], text[half:], b""))
        first, rest = (0.0, response[:cut]), response[cut:]
        table: dict[str, tuple[list[tuple[float, bytes]], str]] = {
            "reset after": ([], "reset"),
            "closed after": ([], "close"),
            "response lost": ([], ""),
            "response late": ([(self.late_s * self.random.uniform(0.8, 1.5), response)], ""),
            "response slow": ([first, (0.002, rest)], ""),
            "response cut": ([first], self.random.choice(("close", "reset"))),
            "response too short": ([(0, response[:-1])], ""),
            "response too long": ([(0, response + b" " * self.random.randrange(1, 9))], ""),
            "response doubled": ([(0, response * 2)], ""),
            "response and a half": ([(0, response + response[:cut]), (0.001, rest)], ""),
            "line ends beyond the response": ([(0, response + b"\r\n")], ""),
            "no HTTP": ([(0, b"SSH-2.0-OpenSSH_9.2\r\n")], ""),
            "closes": ([(0, response.replace(b"\r\n", b"\r\nConnection: close\r\n", 1))], "close"),
            "closes silently": ([(0, response)], "close later"),
            "until close": ([(0, b"HTTP/1.1 200 OK\r\n\r\n" + text[:3]), (0, text[3:])], "close"),
            "chunked": ([(0, b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks)], ""),
            "100 Continue": ([(0, b"HTTP/1.1 100 Continue\r\n\r\n"), (0, response)], ""),
        }
        return table.get(fault, ([(0, response)], ""))

    def pause(self, again: Callable[[], object], *, close: bool = False) -> None:
        if self.listener.fileno() in self.selector.get_map():
            self.selector.unregister(self.listener)
            if close:
                self.listener.close()
            away_s = self.random.choice((0.03, 1.5 * self.late_s)) if close else 0.03
            self.after(away_s, lambda: (again(), None)[1])

    def restart(self) -> None:
        self.listener = self.listen(self.port)


class FaultyExchange:
    """The process. `report()` returns its book, and `received()` reads the stored bytes."""

    def __init__(self, seed: int, *, late_s: float) -> None:
        self._arguments = [sys.executable, "-m", "helpers.faulty_server", str(seed), str(late_s)]

    def __enter__(self) -> FaultyExchange:
        self._folder = tempfile.TemporaryDirectory()
        self._process = subprocess.Popen(
            [*self._arguments, self._folder.name],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[1],
        )
        assert self._process.stdout is not None
        self.url = f"http://127.0.0.1:{int(self._process.stdout.readline())}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.communicate()
        self._folder.cleanup()

    def report(self) -> dict[str, Any]:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("report\n")
        self._process.stdin.flush()
        return json.loads(self._process.stdout.readline())

    def received(self) -> tuple[Counter[int], set[int]]:
        """Return the counts of whole orders by clientOrderId, and the clientOrderIds of whole and partial orders."""
        whole: Counter[int] = Counter()
        begun: set[int] = set()
        for path in Path(self._folder.name).iterdir():
            data = path.read_bytes()
            begun.update(int(found) for found in _ORDER_ID.findall(data))
            while data:
                head, ends, rest = data.partition(b"\r\n\r\n")
                length = _LENGTH.search(head + b"\r\n")
                size = int(length[1]) if length else 0
                if not ends or len(rest) < size:
                    break
                if head.startswith(b"POST"):
                    whole[int(_ORDER_ID.findall(head)[0])] += 1
                data = rest[size:]
        return whole, begun


if __name__ == "__main__":
    _Exchange(int(sys.argv[1]), Path(sys.argv[3]), float(sys.argv[2])).serve()
