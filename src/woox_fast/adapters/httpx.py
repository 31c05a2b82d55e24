"""httpx: `WooXAuth` as `auth=` of a `Client` or an `AsyncClient`, over HTTP/1.1 and HTTP/2."""

from __future__ import annotations

import weakref
from collections.abc import Generator, Iterable

import httpx

from .. import Signer
from ._common import DEFAULT, Origins, sign


class WooXAuth(httpx.Auth):
    """`httpx.Client(auth=WooXAuth(signer))`: signs the method, path and body of each request as it is handed over.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins`. A body that is a stream is read
    first. Leave `follow_redirects` off, as it is by default: where it is on, what follows a redirect goes unsigned, and
    its reply is refused with a ValueError, since it need not be the exchange's.
    """

    requires_request_body = True

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def auth_flow(self, request: httpx.Request) -> Generator[httpx.Request, httpx.Response, None]:
        self.origins.check(str(request.url))
        request.headers = _SignedHeaders(request, self)
        response = yield request
        if response.history:
            raise ValueError(
                f"a reply redirected to {response.url.host}, and httpx followed it, without a signature; "
                "leave follow_redirects off with signed requests"
            )


class _SignedHeaders(httpx.Headers):
    """A request's headers, signed whenever a transport reads them. httpx copies headers to wherever a redirect leads:
    a copy holds no signature, and no API key."""

    def __init__(self, request: httpx.Request, auth: WooXAuth) -> None:
        super().__init__(request.headers, request.headers.encoding)
        self._auth = auth
        self._request = weakref.ref(request)  # the request holds these headers

    @property
    def raw(self) -> list[tuple[bytes, bytes]]:
        headers = httpx.Headers(self)
        request = self._request()
        if request is not None:
            self._auth.origins.check(str(request.url))
            path = request.url.raw_path.decode("ascii")
            sign(headers, self._auth.signer, request.method, path, request.content)
        return headers.raw
