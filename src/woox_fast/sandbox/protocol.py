"""aiohttp's server protocol, with the exchange's envelope for malformed HTTP and a time limit on the first request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import TYPE_CHECKING, Any

from aiohttp import web

if TYPE_CHECKING:
    from .handler import RequestHandler


class SandboxProtocol(web.RequestHandler):
    """A connection; `served` counts its requests."""

    __slots__ = ("_first_request", "_sandbox_handler", "served")

    def __init__(self, server: web.Server, handler: RequestHandler) -> None:
        options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # the signature covers the raw body
            "keepalive_timeout": handler.timeout,
            "lingering_time": 2.0,  # seconds to read on after a refusal, so that the client receives the response
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self.served = 0
        self._sandbox_handler = handler
        self._first_request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp's keep-alive timer starts at the first response in older versions.
        self._first_request = asyncio.get_running_loop().call_later(self._sandbox_handler.timeout, self.force_close)
        self._sandbox_handler.connection_accepted()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._cancel_timer()
        super().connection_lost(exc)

    def begin_request(self) -> int:
        """Return the number of this request. From here on aiohttp's keep-alive timer applies."""
        self._cancel_timer()
        self.served += 1
        return self.served

    def _cancel_timer(self) -> None:
        if self._first_request is not None:
            self._first_request.cancel()
            self._first_request = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        return self._sandbox_handler.refuse_malformed(exc, status)


class SandboxServer(web.Server):
    """Create a `SandboxProtocol` for every connection."""

    def __init__(self, handler: RequestHandler) -> None:
        super().__init__(self._respond)
        self._sandbox_handler = handler

    def __call__(self) -> web.RequestHandler:
        return SandboxProtocol(self, self._sandbox_handler)

    def _respond(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        protocol: Any = request.protocol
        return self._sandbox_handler.respond(request, protocol.begin_request())
