"""aiohttp 3.12 or later: `WooXConnector(signer)`, or `WooXMiddleware` if you need a connector of your own."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from .. import Signer
from ._common import DEFAULT_ORIGINS, INCOMPLETE_BODY, Origins, needs, sign

with needs("aiohttp"):
    from aiohttp import ClientHandlerType, ClientRequest, ClientResponse, TCPConnector
    from aiohttp.payload import BytesPayload

# aiohttp's own guesses for bytes and str without a Content-Type.
_GUESSES = ("application/octet-stream", "text/plain; charset=utf-8")


class _SignerMixin:
    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT_ORIGINS, **options: Any) -> None:
        self.signer = signer
        self.origins = Origins(origins)
        super().__init__(**options)

    async def _read_body(self, request: ClientRequest) -> bytes | None:
        """Return the body. Raise ValueError for a foreign origin and for an incomplete body."""
        self.origins.check(str(request.url))
        payload = request.body
        if isinstance(payload, BytesPayload) and not request.compress:
            # The first releases of aiohttp 3.12 lack as_bytes.
            return await payload.as_bytes() if hasattr(payload, "as_bytes") else bytes(payload._value)
        if payload:
            raise ValueError(
                INCOMPLETE_BODY.format(f"{'compressed ' if request.compress else ''}{type(payload).__name__}")
            )
        return None

    def _sign(self, request: ClientRequest, body: bytes | None) -> None:
        if request.headers.get("Content-Type") in _GUESSES:
            del request.headers["Content-Type"]
        sign(request.headers, self.signer, request.method, request.url.raw_path_qs, body)


class WooXConnector(_SignerMixin, TCPConnector):
    """Sign every request, redirect and retry once its connection is open.

    Pass it to a session: `aiohttp.ClientSession(connector=WooXConnector(signer))`.

    Args:
        signer: Signs all requests of the session.
        origins: Scheme, host and port of the servers to sign for.
        options: The options of `aiohttp.TCPConnector`.

    Raises:
        ValueError: While sending: the URL or a redirect leads to no origin in `origins`, or the body is a stream,
            multipart or compressed.
    """

    async def connect(self, req: ClientRequest, *args: Any, **options: Any) -> Any:
        body = await self._read_body(req)
        connection = await super().connect(req, *args, **options)
        try:
            self._sign(req, body)
        except BaseException:
            connection.close()
            raise
        return connection


class WooXMiddleware(_SignerMixin):
    """Sign before aiohttp waits for a connection: `aiohttp.ClientSession(middlewares=(WooXMiddleware(signer),))`.

    Prefer `WooXConnector` unless you need a connector of your own: this signature ages while aiohttp opens a connection
    or waits for a free one. Make it the last of several middlewares, because it does not sign later changes.
    """

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self._sign(request, await self._read_body(request))
        return await handler(request)
