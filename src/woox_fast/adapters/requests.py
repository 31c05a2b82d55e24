"""requests: `WooXAuth` as `auth=`, and a `session` that signs each time that it sends: each redirect and retry too."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any

from .. import Signer
from ._common import DEFAULT, Origins, needs, sign

with needs("requests"):
    from requests import PreparedRequest, Response, Session
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase


class WooXAuth(AuthBase):
    """`requests.post(url, json=order, auth=WooXAuth(signer))`: signs method, path and body once, as the request is made.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins`, for one whose path begins with
    '//' and for a body that is streamed or multipart. A redirect to another origin is refused with a ValueError and
    not followed; the reply of one within its origin is refused, since it went out with the first signature. A retry
    sends the first signature again. `session` has none of these limits.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self.origins.check(request.url or "")
        _make_whole(request)
        path = request.path_url
        if path.startswith("//"):
            raise ValueError(f"path must begin with one '/': some releases of requests cut a second, got {path[:60]!a}")
        sign(request.headers, self.signer, request.method or "", path, request.body)  # type: ignore[arg-type]
        # Without the signer: a reply holds its request and the hooks of it, and may be pickled.
        check = partial(_check_reply, self.origins, request.method, request.url)
        request.register_hook("response", check)  # type: ignore[no-untyped-call]
        return request


def _make_whole(request: PreparedRequest) -> None:
    """Raise ValueError for a body that is not there as a whole; encode a str, else http.client does after it is signed."""
    body, headers = request.body, request.headers
    if isinstance(body, str):
        request.body = body = body.encode()
        request.prepare_content_length(body)
    multipart = str(headers.get("Content-Type", "")).startswith("multipart/")
    if multipart or "Transfer-Encoding" in headers or not (body is None or isinstance(body, bytes)):
        got = "a multipart one" if multipart else f"a stream ({type(body).__name__})"
        raise ValueError(f"body must be whole before it can be signed, got {got}; pass json=, or data= str or bytes")


def _check_reply(origins: Origins, method: str, url: str, response: Response, **_: Any) -> None:
    try:
        if response.is_redirect:
            origins.check_redirect(response.headers["location"])
        if (response.request.method, response.request.url) != (method, url):
            raise ValueError(
                "requests followed a redirect with the signature of the first request, so its reply is not used; "
                "pass allow_redirects=False, or use woox_fast.adapters.requests.session"
            )
    except ValueError:
        response.close()
        raise


class WooXAdapter(HTTPAdapter):
    """Sends to `origins` alone, and signs each request, redirect and retry once its connection is open.

    What `session` mounts. For retries mount one more: `session.mount(url, WooXAdapter(signer, max_retries=2))`.
    `options` are those of `requests.adapters.HTTPAdapter`. Raises as `WooXAuth`, but takes a path that begins with '//'.
    """

    # A Signer cannot be pickled, so this cannot either: it would come back unable to sign.
    __attrs__ = [*HTTPAdapter.__attrs__, "signer", "origins"]

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT, **options: Any) -> None:
        self.signer = signer
        self.origins = Origins(origins)
        super().__init__(**options)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self.origins.check(request.url or "")
        _make_whole(request)
        return super().send(request, *args, **options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self._sign_in(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return self._sign_in(super().proxy_manager_for(*args, **options))

    def _sign_in(self, manager: Any) -> Any:
        """Have every connection of `manager` sign."""
        pools = {}
        for scheme, pool in manager.pool_classes_by_scheme.items():
            if not issubclass(pool.ConnectionCls, _SigningConnection):
                connection = type("Connection", (_SigningConnection, pool.ConnectionCls), {"signer": self.signer})
                pool = type(pool.__name__, (pool,), {"ConnectionCls": connection})
            pools[scheme] = pool
        manager.pool_classes_by_scheme = pools
        return manager


class _SigningConnection:
    """urllib3 waits for a connection, and makes its retries, before it calls `request`."""

    signer: Signer
    sock: Any
    connect: Any

    def request(self, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if self.sock is None:
            self.connect()
        target = url if url.startswith("/") else "/" + url.split("/", 3)[3]  # absolute, for a proxy
        headers = headers.copy()
        sign(headers, self.signer, method, target, body)
        super().request(method, url, body=body, headers=headers, **options)  # type: ignore[misc]


def session(signer: Signer, *, origins: Iterable[str] = DEFAULT) -> Session:
    """A `requests.Session` that signs all it sends, to `origins` alone, each redirect within them and each retry too."""
    made = Session()
    made.auth = _as_it_is
    for scheme in ("https://", "http://"):
        made.mount(scheme, WooXAdapter(signer, origins=origins))
    return made


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    """The `auth` of a session whose connections sign; with none, requests would look one up in ~/.netrc."""
    return request
