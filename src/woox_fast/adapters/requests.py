"""requests: `WooXAuth` as `auth=`, and a `session` that signs each time that it sends: each redirect and retry too."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from typing import Any, NoReturn

from .. import Signer
from .._checks import refuse_pickling
from ._common import DEFAULT, NOT_WHOLE, Origins, needs, sign

with needs("requests"):
    from requests import PreparedRequest, Response, Session
    from requests.adapters import HTTPAdapter
    from requests.auth import AuthBase

    from ._pools import signing


class WooXAuth(AuthBase):
    """`requests.post(url, json=order, auth=WooXAuth(signer))`: signs method, path and body as the request is made.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins`, for a path that begins with '//'
    and for a body that is streamed or multipart. A redirect to another origin is a ValueError and not followed; one
    within its origin is followed with the first signature, and then a ValueError. A retry sends the first signature
    again. `session` signs each of them.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self.origins.check(request.url or "")
        _make_whole(request)
        if (path := request.path_url).startswith("//"):
            raise ValueError(f"path must begin with one '/': some releases of requests cut a second, got {path[:60]!a}")
        sign(request.headers, self.signer, request.method or "", path, request.body)  # type: ignore[arg-type]
        # Without the signer: a reply holds its request and the hooks of it, and may be pickled.
        check = partial(_check_reply, self.origins, (request.method, request.url))
        request.register_hook("response", check)  # type: ignore[no-untyped-call]
        return request


def _make_whole(request: PreparedRequest) -> None:
    """Raise ValueError for a body that is streamed or multipart; encode a str, as http.client might in another way."""
    body = request.body
    if isinstance(body, str):
        request.body = body = body.encode()
        request.prepare_content_length(body)
    multipart = str(request.headers.get("Content-Type", "")).startswith("multipart/")
    if multipart or "Transfer-Encoding" in request.headers or not (body is None or isinstance(body, bytes)):
        got = "a multipart one" if multipart else f"a stream ({type(body).__name__})"
        raise ValueError(NOT_WHOLE.format(got))


def _check_reply(origins: Origins, signed: tuple[Any, Any], response: Response, **_: Any) -> None:
    try:
        if response.is_redirect:
            origins.check_redirect(response.headers["location"])
        if (response.request.method, response.request.url) != signed:
            raise ValueError("requests followed a redirect with the first signature; use session(), or follow none")
    except ValueError:
        response.close()
        raise


class WooXAdapter(HTTPAdapter):
    """Sends to `origins` alone, and signs each request, redirect and retry once its connection is open.

    What `session` mounts. For retries mount one more: `session.mount(url, WooXAdapter(signer, max_retries=2))`.
    `options` are those of `requests.adapters.HTTPAdapter`. Raises ValueError, before anything is sent, for a URL of no
    origin in `origins` and for a body that is streamed or multipart.
    """

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
        signing(self.poolmanager, self.signer)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return signing(super().proxy_manager_for(*args, **options), self.signer)

    def __reduce__(self) -> NoReturn:
        refuse_pickling()


def session(signer: Signer, *, origins: Iterable[str] = DEFAULT) -> Session:
    """A `requests.Session` that signs all it sends, to `origins` alone, by a `WooXAdapter`, and raises as that does."""
    made = Session()
    made.auth = _as_it_is
    for scheme in ("https://", "http://"):
        made.mount(scheme, WooXAdapter(signer, origins=origins))
    return made


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request  # without an auth, requests looks for one in ~/.netrc
