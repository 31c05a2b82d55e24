"""aiohttp: `WooXMiddleware` for `ClientSession(middlewares=(...,))`, from aiohttp 3.12 on."""

from __future__ import annotations

from collections.abc import Iterable

from aiohttp import ClientHandlerType, ClientRequest, ClientResponse
from aiohttp.payload import BytesPayload

from .. import Signer
from ._common import DEFAULT, Origins, sign

# What aiohttp calls a body of bytes or str whose type nobody named.
_GUESSES = ("application/octet-stream", "text/plain; charset=utf-8")


class WooXMiddleware:
    """Signs the method, path and body of each request, of each redirect and of the one retry aiohttp makes.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins`, where a redirect leads or where it
    was asked for, and for a body that is streamed, multipart or compressed.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    async def __call__(self, request: ClientRequest, handler: ClientHandlerType) -> ClientResponse:
        self.origins.check(str(request.url))
        payload, body = request.body, b""
        if isinstance(payload, BytesPayload) and not request.compress:
            # aiohttp 3.12's first releases had no word for it yet.
            body = await payload.as_bytes() if hasattr(payload, "as_bytes") else bytes(payload._value)
        elif payload:
            got = f"{'a compressed' if request.compress else 'another'} one ({type(payload).__name__})"
            raise ValueError(
                f"body must be whole before it can be signed, got {got}; pass json=, or data= str or bytes"
            )
        if request.headers.get("Content-Type") in _GUESSES:
            del request.headers["Content-Type"]
        sign(request.headers, self.signer, request.method, request.url.raw_path_qs, body)
        return await handler(request)
