"""aiohttp, from 3.12 on: `WooXConnector` signs once a connection is there, `WooXMiddleware` before it waits for one."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import Signer
from ._common import DEFAULT, NOT_WHOLE, Origins, needs, sign

with needs("aiohttp"):
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, TCPConnector
    from aiohttp.payload import BytesPayload

# What aiohttp calls a body of bytes or str whose type nobody named.
_GUESSES = ("application/octet-stream", "text/plain; charset=utf-8")


class _Signing:
    def __init__(self, signer: Signer, origins: Iterable[str], **options: Any) -> None:
        self.signer = signer
        self.origins = Origins(origins)
        super().__init__(**options)

    async def _body(self, request: ClientRequest) -> bytes | None:
        """The body of a request that can be signed. Raises ValueError for one that cannot, or that goes elsewhere."""
        self.origins.check(str(request.url))
        payload = request.body
        if isinstance(payload, BytesPayload) and not request.compress:
            # aiohttp 3.12's first releases do not have as_bytes.
            return await payload.as_bytes() if hasattr(payload, "as_bytes") else bytes(payload._value)
        if payload:
            got = f"{'a compressed' if request.compress else 'another'} one ({type(payload).__name__})"
            raise ValueError(NOT_WHOLE.format(got))
        return None

    def _sign(self, request: ClientRequest, body: bytes | None) -> None:
        if request.headers.get("Content-Type") in _GUESSES:
            del request.headers["Content-Type"]
        sign(request.headers, self.signer, request.method, request.url.raw_path_qs, body)


class WooXConnector(_Signing, TCPConnector):
    """`aiohttp.ClientSession(connector=WooXConnector(signer))`: signs the method, path and body of each request, of
    each redirect and of the one retry aiohttp makes, once its connection is there: no wait for one makes it old.

    `options` are those of `aiohttp.TCPConnector`. Raises ValueError, before anything is sent, for a URL of no origin in
    `origins`, whether it was asked for or a redirect leads there, and for a body that is streamed, multipart or
    compressed.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT, **options: Any) -> None:
        super().__init__(signer, origins, **options)

    async def connect(self, req: ClientRequest, *args: Any, **options: Any) -> Any:
        body = await self._body(req)
        connection = await super().connect(req, *args, **options)
        try:
            self._sign(req, body)
        except BaseException:
            connection.close()
            raise
        return connection


class WooXMiddleware(_Signing):
    """`aiohttp.ClientSession(middlewares=(WooXMiddleware(signer),))`: as `WooXConnector`, for a connector of your own.

    It signs before aiohttp waits for a connection, so a signature is as old as that wait: as long as a connection takes
    to open, and longer with more requests at once than the connector's `limit`, 100 by default. Give it as the last of
    several middlewares: what a later one changes is not signed.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        super().__init__(signer, origins)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self._sign(request, await self._body(request))
        return await handler(request)
