"""The listening sockets. The fault `refuse` closes them for a time, so that the kernel refuses new connections."""

from __future__ import annotations

import asyncio
import os
import socket
from concurrent.futures import CancelledError, TimeoutError
from contextlib import suppress
from typing import Any

from aiohttp import web


class Listener:
    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._listeners: list[asyncio.Server] = []
        self._reopening: asyncio.Task[None] | None = None
        self._is_listening = False

    async def open(self, host: str, port: int) -> tuple[str, int]:
        loop = asyncio.get_running_loop()
        self._listeners = [await loop.create_server(self._server, host, port)]
        self._is_listening = True
        address: tuple[str, int] = self._listeners[0].sockets[0].getsockname()[:2]
        return address

    async def refuse(self, seconds: float) -> None:
        """Start to refuse connections for a time. Overlapping calls have no effect."""
        if not self._is_listening:
            return
        self._is_listening = False
        addresses = [(one.family, one.getsockname()) for each in self._listeners for one in each.sockets]
        await self._close_listeners()
        # Bound but not listening: the kernel refuses connections, and no process can claim the port.
        sockets = [_bound_socket(family, address) for family, address in addresses]
        self._reopening = asyncio.ensure_future(self._reopen(sockets, seconds))

    def refuse_from_thread(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        """Start to refuse connections, from any thread."""
        begun = asyncio.run_coroutine_threadsafe(self.refuse(seconds), loop)
        try:
            asyncio.get_running_loop()
        except RuntimeError:
            with suppress(CancelledError, TimeoutError):  # the sandbox stops
                begun.result(5)

    async def _reopen(self, sockets: list[socket.socket], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(seconds)
            while sockets:
                self._listeners.append(await loop.create_server(self._server, sock=sockets[0]))
                del sockets[0]
            self._is_listening = True
        finally:
            for one in sockets:
                one.close()

    async def close(self) -> None:
        self._is_listening = False
        if self._reopening is not None:
            self._reopening.cancel()
            with suppress(asyncio.CancelledError):
                await self._reopening
        await self._close_listeners()

    async def _close_listeners(self) -> None:
        """Stop accepting a moment before closing, since asyncio leaks a connection that it has just accepted."""
        loop = asyncio.get_running_loop()
        closing, self._listeners = self._listeners, []
        for each in closing:
            for one in each.sockets:
                with suppress(NotImplementedError):  # Windows
                    loop.remove_reader(one.fileno())
        for _ in range(5):
            await asyncio.sleep(0)
        for each in closing:
            each.close()


def _bound_socket(family: socket.AddressFamily, address: Any) -> socket.socket:
    one = socket.socket(family)
    if os.name == "posix":  # on Windows the option would let foreign processes bind the port
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
    return one
