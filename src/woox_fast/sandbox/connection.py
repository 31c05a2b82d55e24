"""aiohttp's server connection, with the exchange's envelope for what is not HTTP and a time limit on the first byte."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .state import State

Handle = Callable[[web.BaseRequest, int], Awaitable[web.StreamResponse]]


class Connection(web.RequestHandler):
    """`served` counts its requests."""

    __slots__ = ("_opening", "_state", "served")

    def __init__(self, server: web.Server, state: State) -> None:
        options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # the signature covers the body as it arrived
            "keepalive_timeout": state.timeout,
            "lingering_time": 2.0,  # seconds to read on after a refusal, so that the client sees the reply
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self.served = 0
        self._state = state
        self._opening: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp's own timer starts at the first reply (newer versions: at once); a client that never completes a
        # request must not hold a connection for ever.
        self._opening = asyncio.get_running_loop().call_later(self._state.timeout, self.force_close)
        self._state.faults.connected()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._opened()
        super().connection_lost(exc)

    def begin(self) -> None:
        """A whole request head has arrived: from here on aiohttp's keep-alive timer watches."""
        self.served += 1
        self._opened()

    def _opened(self) -> None:
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        return self._state.refuse_malformed(exc, status)


class Server(web.Server):
    """Makes a `Connection` of each that is taken; gives each request, and its number on its connection, to `handle`."""

    def __init__(self, state: State, handle: Handle) -> None:
        super().__init__(self._handle)
        self._state = state
        self._handle_one = handle

    def __call__(self) -> web.RequestHandler:
        return Connection(self, self._state)

    def _handle(self, request: web.BaseRequest) -> Awaitable[web.StreamResponse]:
        connection: Any = request.protocol  # a Connection
        connection.begin()
        return self._handle_one(request, connection.served)
