"""aiohttp's server protocol, with the exchange's envelope for malformed HTTP and a time limit on the first request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any, Protocol

from aiohttp import web


class Responder(Protocol):
    """The functions that the protocol calls."""

    timeout: float

    def respond(self, request: web.BaseRequest, served: int) -> Awaitable[web.StreamResponse]: ...
    def connection_accepted(self) -> None: ...
    def refuse_malformed(self, error: BaseException | None, status: int) -> web.StreamResponse: ...


class SandboxProtocol(web.RequestHandler):
    """One connection; `served` counts its requests."""

    __slots__ = ("_first_request", "_responder", "served")

    def __init__(self, server: web.Server, responder: Responder) -> None:
        options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # the signature covers the raw body
            "keepalive_timeout": responder.timeout,
            "lingering_time": 2.0,  # seconds to read on after a refusal, so that the client receives the response
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self.served = 0
        self._responder = responder
        self._first_request: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp's keep-alive timer starts at the first response in older versions.
        self._first_request = asyncio.get_running_loop().call_later(self._responder.timeout, self.force_close)
        self._responder.connection_accepted()

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
        return self._responder.refuse_malformed(exc, status)


class SandboxServer(web.Server):
    """Create a `SandboxProtocol` for each connection."""

    def __init__(self, responder: Responder) -> None:
        super().__init__(self._respond)
        self._responder = responder

    def __call__(self) -> web.RequestHandler:
        return SandboxProtocol(self, self._responder)

    def _respond(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        protocol: Any = request.protocol
        return self._responder.respond(request, protocol.begin_request())
