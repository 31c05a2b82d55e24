"""One request on its way through the sandbox, and what a fault can do to its reply and its connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, web

from .auth import origin_form
from .errors import ApiError

Refuse = Callable[["Visit", ApiError], web.Response]
_JSON = {"Content-Type": "application/json"}
_CHUNKS = 5
_encode = json.JSONEncoder(separators=(",", ":")).encode


def json_reply(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=_encode(body).encode(), headers=_JSON)


class Sent(web.Response):
    """In place of a reply that has been written already, or never will be: aiohttp writes nothing, and goes on."""

    def __init__(self, request: web.BaseRequest) -> None:
        super().__init__()
        self._kept = request.keep_alive

    async def prepare(self, request: web.BaseRequest) -> None:
        pass

    async def write_eof(self, data: bytes = b"") -> None:
        pass

    @property
    def keep_alive(self) -> bool | None:
        return self._kept


class Visit:
    """A request, when it came, and what has been read of it.

    `now_ms` is the exchange's clock, Unix epoch milliseconds; `target` and `path` are as they arrived. `stopping` is
    set when the sandbox stops; `refuse` makes a refusal of an `ApiError`, and records it.
    """

    __slots__ = (
        "_refuse",
        "_stopping",
        "body",
        "faults",
        "now_ms",
        "path",
        "query",
        "recorded",
        "request",
        "started",
        "target",
    )

    def __init__(self, request: web.BaseRequest, now_ms: int, stopping: asyncio.Event, refuse: Refuse) -> None:
        self.request = request
        self.now_ms = now_ms
        self.started = time.perf_counter_ns()
        self.target = origin_form(request.raw_path)
        self.path, _, self.query = self.target.partition("?")
        self.body = b""
        self.faults = ""
        self.recorded = False
        self._stopping = stopping
        self._refuse = refuse

    # replies

    def reply(self, status: int, body: dict[str, Any]) -> web.Response:
        return json_reply(status, body)

    def refuse(self, name: str) -> web.Response:
        """The reply with this name of `ERRORS`, recorded as such."""
        return self._refuse(self, ApiError(name))

    @property
    def takes_gzip(self) -> bool:
        return "gzip" in self.request.headers.get("Accept-Encoding", "")

    # what faults do to the connection

    async def sleep(self, seconds: float) -> None:
        """Wait, or until the sandbox stops."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def reset(self) -> web.Response:
        """End the connection with a TCP reset."""
        transport = self.request.transport
        if transport is not None:
            connection: socket.socket = transport.get_extra_info("socket")
            with suppress(OSError):  # it is gone already
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        return Sent(self.request)

    def close(self) -> web.Response:
        """End the connection after what was sent."""
        if self.request.transport is not None:
            self.request.transport.close()
        return Sent(self.request)

    async def silence(self) -> web.Response:
        """Say nothing until the client has gone, or the sandbox stops."""
        while self.request.transport is not None and not self._stopping.is_set():
            await self.sleep(0.05)
        return self.reset()

    async def send(self, response: web.Response, at_most: int | None = None, times: int = 1) -> web.Response:
        """Write this reply to the connection now, or its first `at_most` bytes. Returns a reply that writes no more."""
        if not isinstance(response, Sent):
            pieces = self._pieces(response)
            for piece in pieces if times == 1 else [b"".join(pieces) * times]:
                transport = self.request.transport
                if transport is None or transport.is_closing():
                    break
                transport.write(piece if at_most is None else piece[:at_most])
                if at_most is not None:
                    at_most -= min(at_most, len(piece))
                if piece[-5:] != b"0\r\n\r\n":
                    await asyncio.sleep(0.001)  # each piece in a packet of its own
        return Sent(self.request)

    def _pieces(self, response: web.Response) -> list[bytes]:
        body = response.body if isinstance(response.body, bytes) else b""
        headers = response.headers.copy()
        if self.request.version < HttpVersion11:
            headers.popall("Transfer-Encoding", None)
        if "Transfer-Encoding" not in headers:
            headers["Content-Length"] = str(len(body))
        if not self.request.keep_alive:
            headers["Connection"] = "close"
        lines = [f"HTTP/1.1 {response.status} {HTTPStatus(response.status).phrase}"]
        lines += [f"{name}: {value}" for name, value in headers.items()]
        head = "\r\n".join([*lines, "", ""]).encode()
        if "Transfer-Encoding" not in headers:
            return [head + body]
        size = max(1, -(-len(body) // _CHUNKS))
        parts = [body[at : at + size] for at in range(0, len(body), size)]
        return [head, *(b"%x\r\n%s\r\n" % (len(part), part) for part in parts), b"0\r\n\r\n"]
