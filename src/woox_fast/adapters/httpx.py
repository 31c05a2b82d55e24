"""httpx: `WooXAuth` as `auth=` of a `Client` or an `AsyncClient`, over HTTP/1.1 and HTTP/2.

It signs twice. First as the request is handed over, for those who read its headers: mocks, hooks, other transports. And
again, by httpcore's trace extension, each time that a connection of httpx's own transport is ready for the headers:
what goes out is signed as it is then, whatever a hook changed and however long the wait was.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Generator, Iterable
from typing import Any

from .. import Signer
from ._common import DEFAULT, NOT_WHOLE, Origins, needs, sign

with needs("httpx"):
    import httpx

    from ._headers import SignedHeaders


class WooXAuth(httpx.Auth):
    """`httpx.Client(auth=WooXAuth(signer))`: signs the method, path and body of each request, and of each redirect and
    retry, once its connection is there. A body that is a stream is read first.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins`, also of a redirect. A transport
    that is not httpx's own sends the signature that is made as the request is handed over. Leave `follow_redirects` off
    there, as it is by default: what follows goes unsigned. Its reply, and that to a request which a hook changed after
    it was signed, is a ValueError.
    """

    requires_request_body = True

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        sending = _Sending(self, request)
        request.extensions = {**request.extensions, "trace": sending.trace}
        sending.check((yield request))

    async def async_auth_flow(self, request: httpx.Request) -> AsyncGenerator[httpx.Request, httpx.Response]:
        await request.aread()
        sending = _Sending(self, request)
        request.extensions = {**request.extensions, "trace": sending.async_trace}
        sending.check((yield request))


class _Sending:
    """One request under way, with the redirects and retries that it meets: httpx hands its extensions on to them."""

    def __init__(self, auth: WooXAuth, request: httpx.Request) -> None:
        auth.origins.check(str(request.url))
        self._auth = auth
        self._signed = 0
        self._trace = request.extensions.get("trace")
        if isinstance(before := getattr(self._trace, "__self__", None), _Sending):  # this request was sent before
            self._trace = before._trace
        added = auth.signer.headers(request.method, request.url.raw_path.decode("ascii"), request.content)
        request.headers.setdefault("Content-Type", added.pop("Content-Type"))
        request.headers = SignedHeaders(request.headers, httpx.Headers(added))

    def trace(self, name: str, info: dict[str, Any]) -> Any:
        """What httpcore calls at each step, with what it is about to do."""
        if name.endswith(".send_request_headers.started") and info["request"].method != b"CONNECT":
            self._sign(info["request"])
        return self._trace(name, info) if self._trace else None

    async def async_trace(self, name: str, info: dict[str, Any]) -> None:
        if waiting := self.trace(name, info):
            await waiting

    def _sign(self, request: Any) -> None:
        """Sign an httpcore.Request as it is sent: to the host of its URL or, in absolute form, through a proxy."""
        target, url = request.url.target.decode("ascii"), request.url
        if target.startswith("/") or "target" in request.extensions:
            host = url.host.decode("ascii")
            host = f"[{host}]" if ":" in host else host
            self._auth.origins.check(f"{url.scheme.decode('ascii')}://{host}{f':{url.port}' if url.port else ''}/")
        else:
            self._auth.origins.check(target)
            target = "/" + target.split("/", 3)[3]
        if not isinstance(request.stream, httpx.ByteStream):
            raise ValueError(NOT_WHOLE.format(f"a stream ({type(request.stream).__name__})"))
        headers = httpx.Headers(request.headers)
        sign(headers, self._auth.signer, request.method.decode("ascii"), target, b"".join(request.stream))
        request.headers[:] = headers.raw
        self._signed += 1

    def check(self, response: httpx.Response) -> None:
        """Raise ValueError for the reply to what no transport asked to sign, unless the first signature fits it."""
        request, headers = response.request, response.request.headers
        if self._signed > len(response.history):
            return
        if response.history:
            raise ValueError(
                f"a reply redirected to {response.url.host}, and httpx followed it, without a signature; "
                "leave follow_redirects off with signed requests"
            )
        signature, timestamp = headers.get("x-api-signature", ""), headers.get("x-api-timestamp", "0" * 13)
        path = request.url.raw_path.decode("ascii")
        if not self._auth.signer.verify(signature, timestamp, request.method, path, request.content):
            raise ValueError(
                "an event hook changed the request after it was signed, and this transport sent it so; "
                "change it before, or use httpx's own transport, for which it is signed again"
            )
