"""httpx and httpx2: `WooXAuth(signer)` as `auth=` for `Client` and `AsyncClient`.

The auth signs twice: when the client calls it, for mocks, hooks and custom transports; and again, through httpcore's
trace extension, when a connection is ready for the headers. The second signature covers the bytes that go out.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Iterable
from functools import cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any

from .. import Signer
from ._common import DEFAULT_ORIGINS, INCOMPLETE_BODY, Origins, needs

# Without duplicates: httpx2.alias_httpx() makes httpx an alias of httpx2.
_MODULES: list[Any] = list({import_module(name): 0 for name in ("httpx", "httpx2") if find_spec(name)})
if not _MODULES:
    with needs("httpx"):
        import_module("httpx")

_READS = ("__contains__", "__eq__", "__getitem__", "__len__", "get_list", "items", "keys", "multi_items", "values")
_Auth: Any = type("_Auth", tuple(module.Auth for module in _MODULES), {})


class WooXAuth(_Auth):  # type: ignore[misc]
    """Sign every request, redirect and retry once its connection is ready: `httpx.Client(auth=WooXAuth(signer))`.

    A custom transport sends the first signature; leave `follow_redirects` off there (the default).

    Args:
        signer: Signs all requests.
        origins: Scheme, host and port of the servers to sign for.

    Raises:
        ValueError: Before sending: the URL or a redirect leads to no origin in `origins`. After the response, with a
            custom transport: a hook changed the request after signing, or the client followed a redirect.
    """

    requires_request_body = True

    def __init__(self, signer: Signer, *, origins: Iterable[str] = DEFAULT_ORIGINS) -> None:
        self.signer = signer
        self.origins = Origins(origins)

    def auth_flow(self, request: Any) -> Generator[Any, Any, None]:
        _RequestSigner(self, request, "trace").check((yield request))

    async def async_auth_flow(self, request: Any) -> AsyncGenerator[Any, Any]:
        await request.aread()
        _RequestSigner(self, request, "async_trace").check((yield request))


class _RequestSigner:
    """Sign a request, its redirects and its retries, which inherit the extensions of the request."""

    def __init__(self, auth: WooXAuth, request: Any, trace: str) -> None:
        auth.origins.check(str(request.url))
        self._auth = auth
        self._late_signatures = 0
        self._users_trace = request.extensions.get("trace")
        if isinstance(earlier := getattr(self._users_trace, "__self__", None), _RequestSigner):  # a request sent again
            self._users_trace = earlier._users_trace
        request.extensions = {**request.extensions, "trace": getattr(self, trace)}
        added = auth.signer.headers(request.method, request.url.raw_path.decode("ascii"), request.content)
        request.headers.setdefault("Content-Type", added.pop("Content-Type"))
        signed = next(signed for plain, signed in _SIGNED_HEADERS if isinstance(request.headers, plain))
        request.headers = signed(request.headers, added)

    def trace(self, name: str, info: dict[str, Any]) -> Any:
        """Sign when httpcore reports that it is about to send the headers."""
        if name.endswith(".send_request_headers.started") and (request := info["request"]).method != b"CONNECT":
            self._sign(request)
            request.extensions = {**request.extensions, "trace": self._users_trace}  # skip the remaining steps
        return self._users_trace(name, info) if self._users_trace else None

    async def async_trace(self, name: str, info: dict[str, Any]) -> None:
        if waiting := self.trace(name, info):
            await waiting

    def _sign(self, request: Any) -> None:
        """Sign an httpcore request for the host in its URL or, in the absolute form for a proxy, in its target."""
        target, url = request.url.target.decode("ascii"), request.url
        if target.startswith("/") or "target" in request.extensions:
            host = url.host.decode("ascii")
            host = f"[{host}]" if ":" in host else host
            self._auth.origins.check(f"{url.scheme.decode('ascii')}://{host}{f':{url.port}' if url.port else ''}/")
        else:
            self._auth.origins.check(target)
            target = "/" + target.split("/", 3)[3]
        if not isinstance(request.stream, _BYTE_STREAMS):
            raise ValueError(INCOMPLETE_BODY.format(f"a stream ({type(request.stream).__name__})"))
        added = self._auth.signer.headers(request.method.decode("ascii"), target, b"".join(request.stream))
        request.headers[:] = _merge(request.headers, added)
        self._late_signatures += 1

    def check(self, response: Any) -> None:
        """Raise ValueError if the transport sent a wrong signature or the client followed a redirect unsigned."""
        request, get = response.request, response.request.headers.get
        if self._late_signatures > len(response.history):
            return
        if response.history:
            raise ValueError(f"redirect to {response.url.host} followed unsigned; leave follow_redirects off")
        stamp, path = get("x-api-timestamp", "0" * 13), request.url.raw_path.decode("ascii")
        if not self._auth.signer.verify(get("x-api-signature", ""), stamp, request.method, path, request.content):
            raise ValueError("a hook changed the request after signing; use httpx's own transport, which signs later")


def _merge(raw: list[tuple[bytes, bytes]], added: dict[str, str]) -> list[tuple[bytes, bytes]]:
    """Return `raw` with the headers `added`, which replace headers of the same name, except Content-Type."""
    new = {name.lower().encode(): value.encode() for name, value in added.items()}
    if any(name.lower() == b"content-type" for name, _ in raw):
        new.pop(b"content-type", None)
    return [pair for pair in raw if pair[0].lower() not in new] + list(new.items())


@cache
def _derive_headers(plain: Any) -> Any:
    """Derive a `Headers` class that includes the signature when read, but not when copied.

    To follow a redirect, httpx copies the headers for the new host.
    """

    class SignedHeaders(plain):  # type: ignore[misc]
        def __init__(self, headers: Any, signature: dict[str, str]) -> None:
            super().__init__(headers, headers.encoding)
            self._signature = signature
            self._merged: Any = None  # the headers with the signature; httpx reads them about ten times a request

        def _read(self) -> Any:
            if self._merged is None:
                self._merged = plain(_merge(super().raw, self._signature), self.encoding)
            return self._merged

        raw = property(lambda self: self._read().raw)

        def __setitem__(self, name: str, value: str) -> None:
            self._merged = None
            super().__setitem__(name, value)

        def update(self, headers: Any = None) -> None:
            super().update(headers)
            self._merged = None

        def __delitem__(self, name: str) -> None:
            self._merged = None
            if self._signature.pop(name.lower(), None) is None or name in plain(self):
                super().__delitem__(name)

        def __reduce__(self) -> Any:
            return _rebuild, (plain, plain(self), self._signature)

    for name in _READS:
        setattr(SignedHeaders, name, _forward_read(name))
    if "x" in plain(SignedHeaders(plain(), {"x": ""})):
        raise ImportError("this httpx copies headers in a way that would send a signature along a redirect; use 0.28")
    return SignedHeaders


def _forward_read(name: str) -> Callable[..., Any]:
    return lambda self, *args, **options: getattr(self._read(), name)(*args, **options)


def _rebuild(plain: Any, headers: Any, signature: dict[str, str]) -> Any:
    return _derive_headers(plain)(headers, signature)


_BYTE_STREAMS = tuple(module.ByteStream for module in _MODULES)
_SIGNED_HEADERS = [(module.Headers, _derive_headers(module.Headers)) for module in _MODULES]
