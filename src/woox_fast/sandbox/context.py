"""The request context: the parts of the request, its outcome, and fault effects on its connection."""

from __future__ import annotations

import asyncio
import json
import socket
import struct
import time
from collections.abc import Sequence
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from aiohttp import HttpVersion11, web

from .auth import to_origin_form
from .errors import ApiError
from .log import MAX_BODY, RequestLog, RequestRecord, Transcript
from .text import TextFilter

MAX_MESSAGE = 300
_CHUNKS = 5
_encode = json.JSONEncoder(separators=(",", ":")).encode


def json_response(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=_encode(body).encode(), headers={"Content-Type": "application/json"})


class PlaceholderResponse(web.Response):
    """A response for which aiohttp writes no bytes: the real response is already written, or never will be."""

    def __init__(self, request: web.BaseRequest) -> None:
        super().__init__()
        self._keeps_alive = request.keep_alive

    async def prepare(self, request: web.BaseRequest) -> None:
        pass

    async def write_eof(self, data: bytes = b"") -> None:
        pass

    keep_alive = property(lambda self: self._keeps_alive)


class RequestContext:
    """A request and its outcome. `target` and its parts `path` and `query` are raw; the fault `skew` sets `now_ms`."""

    def __init__(
        self, request: web.BaseRequest, now_ms: int, stopping: asyncio.Event, log: RequestLog, text: TextFilter
    ) -> None:
        self.request, self.now_ms = request, now_ms
        self.target = to_origin_form(request.raw_path)
        self.path, _, self.query = self.target.partition("?")
        self.body = b""
        self.faults: Sequence[Any] = ()
        self._started = time.perf_counter_ns()
        self._stopping, self._log, self._text = stopping, log, text
        self._outcome = ("FAULT", 0, "", 0.0)
        self._recorded = False

    def _set_outcome(self, verdict: str, code: int, message: str) -> None:
        self._outcome = (verdict, code, message, (time.perf_counter_ns() - self._started) / 1000)

    def accept(self, data: dict[str, Any]) -> web.Response:
        self._set_outcome("OK", 0, "")
        rows = data if self.target.startswith("/v1/") else {"data": data, "timestamp": self.now_ms}
        return json_response(200, {"success": True, **rows})

    def refuse(self, error: ApiError) -> web.Response:
        code, status, _ = error.refusal
        message = self._text(error.message, MAX_MESSAGE)
        self._set_outcome(error.name, code, message)
        return json_response(status, {"success": False, "code": code, "message": message})

    def record(self, status: int, response: bytes = b"") -> None:
        """Log the request once, with the response as the client receives it."""
        if self._recorded:
            return
        self._recorded = True
        verdict, code, message, latency_us = self._outcome
        headers, body = self.request.headers, self.body
        record = RequestRecord(
            self.now_ms, self.request.method, self.request.raw_path, status, code, verdict, latency_us,
            headers.get("x-api-timestamp", ""), headers.get("x-api-signature", ""),
            body if len(body) <= MAX_BODY else b"", len(body), message,
            ", ".join(applied.name for applied in self.faults),
        )  # fmt: skip
        self._log.append(record, Transcript(self.request.raw_headers, response[:MAX_BODY]))

    async def sleep(self, seconds: float) -> None:
        """Wait, but not beyond the end of the sandbox."""
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(self._stopping.wait(), seconds)

    def reset(self) -> web.Response:
        self.record(0)
        if (transport := self.request.transport) is not None:
            connection: socket.socket = transport.get_extra_info("socket")
            with suppress(OSError):  # the client is gone
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            transport.abort()
        return PlaceholderResponse(self.request)

    def close(self) -> web.Response:
        if self.request.transport is not None:
            self.request.transport.close()
        return PlaceholderResponse(self.request)

    async def wait_silently(self) -> web.Response:
        self.record(0)
        while self.request.transport is not None and not self._stopping.is_set():
            await self.sleep(0.05)
        return self.reset()

    async def send(self, response: web.Response, *, limit: int | None = None, times: int = 1) -> web.Response:
        """Write a response now, or its first `limit` bytes, and return a `PlaceholderResponse`."""
        if isinstance(response, PlaceholderResponse):
            return response
        pieces = self._pieces(response)
        is_whole = limit is None or limit >= sum(map(len, pieces))
        self.record(response.status if is_whole else 0, body_for_log(response) if is_whole else b"")
        for piece in pieces if times == 1 else [b"".join(pieces) * times]:
            transport = self.request.transport
            if transport is None or transport.is_closing():
                break
            transport.write(piece if limit is None else piece[:limit])
            if limit is not None:
                limit -= min(limit, len(piece))
            if piece[-5:] != b"0\r\n\r\n":
                await asyncio.sleep(0.001)  # separate packets
        return PlaceholderResponse(self.request)

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


def body_for_log(response: web.Response) -> bytes:
    """Return the body for the log, before compression."""
    body = getattr(response, "plain_body", response.body)
    return body if isinstance(body, bytes) else b""
