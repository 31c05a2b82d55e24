"""requests: `WooXAuth` as `auth=`, and a `session` that also signs each redirect and each retry anew."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from requests import PreparedRequest, Response, Session
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from .. import Signer
from ._common import DEFAULT, Origins, sign


class WooXAuth(AuthBase):
    """`requests.post(url, json=order, auth=WooXAuth(signer))`: signs the method, path and body that will be sent.

    Raises ValueError, before anything is sent, for a URL of no origin in `origins` and for a body that is streamed or
    multipart; and for a reply that redirects to another origin, since requests would send the signature along.
    """

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def __call__(self, request: PreparedRequest) -> PreparedRequest:
        self.origins.check(request.url or "")
        body = request.body
        if isinstance(body, str):
            request.body = body = body.encode()  # else http.client chooses the encoding, after it was signed
        multipart = str(request.headers.get("Content-Type", "")).startswith("multipart/")
        if multipart or not (body is None or isinstance(body, bytes)):
            got = "a multipart one" if multipart else f"a stream ({type(body).__name__})"
            raise ValueError(
                f"body must be whole before it can be signed, got {got}; pass json=, or data= str or bytes"
            )
        sign(request.headers, self.signer, request.method or "", request.path_url, body)
        request.register_hook("response", self._refuse_redirect)  # type: ignore[no-untyped-call]
        return request

    def _refuse_redirect(self, response: Response, **_: Any) -> None:
        if response.is_redirect:
            try:
                self.origins.check_redirect(response.headers["location"])
            except ValueError:
                response.close()
                raise


class WooXAdapter(HTTPAdapter):
    """Sends to the origins of `auth` alone, and signs whatever it sends anew each time that it is sent.

    What `session` mounts. For retries mount one of your own: `session.mount(url, WooXAdapter(auth, max_retries=2))`.
    """

    def __init__(self, auth: WooXAuth, **options: Any) -> None:
        self._auth = auth
        super().__init__(**options)

    def send(self, request: PreparedRequest, *args: Any, **options: Any) -> Response:
        self._auth.origins.check(request.url or "")
        return super().send(request, *args, **options)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        super().init_poolmanager(*args, **options)
        self._sign_in(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **options: Any) -> Any:
        return self._sign_in(super().proxy_manager_for(*args, **options))

    def _sign_in(self, manager: Any) -> Any:
        """Have each pool of `manager` sign: urllib3 makes its retries there, one `urlopen` after the other."""
        for scheme, pool in list(manager.pool_classes_by_scheme.items()):
            if not issubclass(pool, _SigningPool):
                signing = type(f"Signing{pool.__name__}", (_SigningPool, pool), {"signer": self._auth.signer})
                manager.pool_classes_by_scheme = {**manager.pool_classes_by_scheme, scheme: signing}
        return manager


class _SigningPool:
    signer: Signer

    def urlopen(self, method: str, url: str, body: Any = None, headers: Any = None, *args: Any, **options: Any) -> Any:
        target = url if url.startswith("/") else "/" + url.split("/", 3)[3]  # absolute, for a proxy
        headers = headers.copy()
        sign(headers, self.signer, method, target, body)
        return super().urlopen(method, url, body, headers, *args, **options)  # type: ignore[misc]


def session(signer: Signer, *, origins: Iterable[str] = DEFAULT) -> Session:
    """A `requests.Session` that signs all it sends, to `origins` alone, each redirect within and each retry anew."""
    made = Session()
    made.auth = auth = WooXAuth(signer, origins=origins)
    for scheme in ("https://", "http://"):
        made.mount(scheme, WooXAdapter(auth))
    return made
