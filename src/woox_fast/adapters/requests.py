"""requests: `session(signer)`, or `WooXAuth` if you need a session of your own."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache, partial
from typing import Any, NoReturn

from .. import Signer
from .._checks import refuse_pickling
from ._common import DEFAULT_ORIGINS, INCOMPLETE_BODY, Origins, needs, sign

with needs("requests"):
    from requests import PreparedRequest, Response, Session
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase
    from urllib3.util import parse_url


def session(signer: Signer, *, origins: Iterable[str] = DEFAULT_ORIGINS) -> Session:
    """Create a `requests.Session` that signs every request, redirect and retry once its connection is open.

    Args and Raises: as for `WooXAdapter`, which it mounts for `http://` and `https://`.
    """
    made = Session()
    made.auth = _skip_auth  # without an auth, requests looks for a password in ~/.netrc
    for scheme in ("https://", "http://"):
        made.mount(scheme, WooXAdapter(signer, origins=origins))
    return made


def _skip_auth(request: PreparedRequest) -> PreparedRequest:
    return request


class WooXAdapter(HTTPAdapter):
    """Send to `origins` only. To set `options`: `session.mount(PRODUCTION_URL, WooXAdapter(signer, max_retries=2))`.

    Args:
        signer: Signs every request, redirect and retry once its connection is open.
        origins: Scheme, host and port of the servers to sign for.
        options: The options of `requests.adapters.HTTPAdapter`. `max_retries` never repeats a POST that may have
            arrived, unless your `urllib3.Retry` lists POST in `allowed_methods`.

    Raises:
        ValueError: Before sending: the URL belongs to no origin in `origins`, or the body is a stream or multipart.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT_ORIGINS, **options: Any) -> None:
        self.signer = signer
        self.origins = Origins(origins)
        super().__init__(**options)
        # After an "other" error, for example a TLS error during the response, urllib3 would repeat a POST too.
        self.max_retries = self.max_retries.new(other=0)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self.origins.check(request.url or "")
        signed = object.__new__(type(request))  # requests copies the caller's request for a redirect: leave it unsigned
        vars(signed).update(vars(request), headers=request.headers.copy())
        _complete_body(signed)
        # For mocks that replace HTTPAdapter.send; the connection signs again.
        sign(signed.headers, self.signer, signed.method or "", signed.path_url, signed.body)  # type: ignore[arg-type]
        return super().send(signed, *args, **options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self._derive_pools(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return self._derive_pools(super().proxy_manager_for(*args, **options))

    def _derive_pools(self, manager: Any) -> Any:
        pools = manager.pool_classes_by_scheme.items()
        manager.pool_classes_by_scheme = {scheme: _derive_pool(pool, self.signer) for scheme, pool in pools}
        return manager

    def __reduce__(self) -> NoReturn:
        refuse_pickling()


def _derive_pool(plain: Any, signer: Signer) -> Any:
    """Derive a urllib3 pool class whose connections sign."""

    @lru_cache(maxsize=1)
    def derive_connection(base: type) -> type:
        return type(base.__name__, (_SigningConnection, base), {"signer": signer})

    if isinstance(plain.ConnectionCls, property):
        return plain
    # vcrpy replaces the class of connections at run time, so look it up for every connection.
    connection = property(lambda self: derive_connection(super(pool, self).ConnectionCls))
    pool: Any = type(plain.__name__, (plain,), {"ConnectionCls": connection})
    return pool


class _SigningConnection:
    """Sign in `request`, which urllib3 calls for every attempt after it has acquired a connection."""

    def request(self: Any, method: str, url: str, body: Any = None, headers: Any = None, **options: Any) -> None:
        if self.sock is None:
            self.connect()  # before signing, because it takes time
        target = url if url.startswith("/") else "/" + url.split("/", 3)[3]  # absolute for a proxy
        headers = headers.copy()
        sign(headers, self.signer, method, target, body)
        super().request(method, url, body=body, headers=headers, **options)  # type: ignore[misc]


class WooXAuth(AuthBase):
    """Sign when requests prepares the request: `requests.post(url, json=order, auth=WooXAuth(signer))`.

    Prefer `session`: this signature ages while the request waits for a connection, and a retry repeats it.

    Raises:
        ValueError: Before sending: as for `WooXAdapter`, for a path that begins with "//" or has "." or ".." segments,
            and for a request that changed after signing. After the response: for a redirect to a foreign origin
            and for a redirect that requests followed with the first signature.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT_ORIGINS) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self.origins.check(request.url or "")
        _complete_body(request)
        path = request.path_url
        if path.startswith("//") or parse_url(request.url or "").request_uri != path:
            raise ValueError(
                f"path must not begin with '//' or contain '..': urllib3 may rewrite it, got {path[:60]!a}"
            )
        sign(request.headers, self.signer, request.method or "", path, request.body)  # type: ignore[arg-type]
        request.__class__ = _SignedRequest
        request.signed = signed = request.method, request.url, request.body  # type: ignore[attr-defined]
        # Without the signer: a response keeps the hooks of its request, and can be pickled.
        request.register_hook("response", partial(_check_response, self.origins, signed[:2]))  # type: ignore[no-untyped-call]
        return request


class _SignedRequest(PreparedRequest):
    """Refuse to send a request that changed after signing: requests reads the headers before it sends a byte."""

    signed: tuple[Any, ...]

    @property
    def headers(self) -> Any:
        if (self.method, self.url, self.body) != self.signed:
            raise ValueError("the method, URL or body changed after WooXAuth signed the request; prepare a new request")
        return vars(self)["headers"]

    @headers.setter
    def headers(self, headers: Any) -> None:
        vars(self)["headers"] = headers


def _complete_body(request: PreparedRequest) -> None:
    """Convert the body to bytes. Raise ValueError for a stream or multipart body."""
    body: Any = request.body
    if isinstance(body, str | bytearray | memoryview):  # http.client might encode a str differently
        request.body = body = body.encode() if isinstance(body, str) else bytes(body)
        request.prepare_content_length(body)
    multipart = str(request.headers.get("Content-Type", "")).startswith("multipart/")
    if multipart or "Transfer-Encoding" in request.headers or not (body is None or isinstance(body, bytes)):
        raise ValueError(
            INCOMPLETE_BODY.format("a multipart body" if multipart else f"a stream ({type(body).__name__})")
        )


def _check_response(origins: Origins, signed: tuple[Any, ...], response: Response, **_: Any) -> None:
    try:
        if response.is_redirect:
            origins.check_redirect(response.headers["location"])
        if (response.request.method, response.request.url) != signed:
            raise ValueError("requests followed a redirect with the first signature; use session(), or follow none")
    except ValueError:
        response.close()
        raise
