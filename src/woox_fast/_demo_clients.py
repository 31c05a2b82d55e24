"""The clients that the demo submits with, behind one seam: a request goes out signed, once, and its reply comes back.

None of them follows a redirect, sends a request twice, or takes a proxy or a password from its surroundings.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from importlib import import_module
from typing import Any, NamedTuple, Protocol, TypeVar

import requests

from . import Signer, payload
from ._prepare import SignedRequest
from ._workload import Request
from .cli import UsageError

TIMEOUT_S = 10.0

T = TypeVar("T")


class Reply(NamedTuple):
    """The exchange's answer: HTTP status and raw body."""

    status: int
    body: bytes


class Client(Protocol):
    """Signs and submits. `submit` sends once, follows no redirect, and raises `NoAnswerError` without a whole reply."""

    def submit(self, request: Request) -> Reply: ...

    def close(self) -> None: ...


class NoAnswerError(Exception):
    """The exchange did not answer, so a request may or may not have been carried out."""


class RequestsClient:
    """A `requests` session with keep-alive."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        self._signer = signer
        self._url = url
        self._session = plain_session()

    def submit(self, request: Request) -> Reply:
        return send(self._session, _prepare(self._signer, self._url, request).for_requests())

    def close(self) -> None:
        self._session.close()


class HttpxClient:
    """An `httpx.Client` over HTTP/1.1."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        self._httpx: Any = needed("httpx")
        self._signer = signer
        self._url = url
        self._client = self._httpx.Client(trust_env=False, timeout=TIMEOUT_S)

    def submit(self, request: Request) -> Reply:
        try:
            response = self._client.request(**_prepare(self._signer, self._url, request).for_httpx())
        except self._httpx.HTTPError as error:
            raise NoAnswerError(type(error).__name__) from error
        return Reply(response.status_code, response.content)

    def close(self) -> None:
        self._client.close()


class _AsyncClient:
    """A client on an event loop of its own, which turns while a request is under way."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _close(self, closing: Callable[[], Awaitable[None]]) -> None:
        async def end() -> None:
            interrupted = asyncio.all_tasks() - {asyncio.current_task()}
            for task in interrupted:
                task.cancel()
            await asyncio.gather(*interrupted, return_exceptions=True)
            await closing()
            await asyncio.sleep(0)  # sockets are closed in the loop's next round

        try:
            self._run(end())
        finally:
            self._loop.close()


class AiohttpClient(_AsyncClient):
    """An `aiohttp.ClientSession`."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        self._aiohttp: Any = needed("aiohttp")
        super().__init__()
        self._signer = signer
        self._url = url
        self._session = self._run(self._open())

    async def _open(self) -> Any:
        return self._aiohttp.ClientSession(timeout=self._aiohttp.ClientTimeout(TIMEOUT_S))

    def submit(self, request: Request) -> Reply:
        return self._run(self._submit(request))

    async def _submit(self, request: Request) -> Reply:
        try:
            options = _prepare(self._signer, self._url, request).for_aiohttp()
            async with self._session.request(**options, middlewares=(_once(),)) as response:
                return Reply(response.status, await response.read())
        except (self._aiohttp.ClientError, asyncio.TimeoutError) as error:
            raise NoAnswerError(type(error).__name__) from error

    def close(self) -> None:
        self._close(self._session.close)


def _once() -> Callable[[Any, Callable[[Any], Awaitable[Any]]], Awaitable[Any]]:
    """A middleware for one request: aiohttp sends a PUT or DELETE again where a connection it kept turns out broken."""
    sent = False

    async def middleware(request: Any, handler: Callable[[Any], Awaitable[Any]]) -> Any:
        nonlocal sent
        if sent:
            raise NoAnswerError("ServerDisconnectedError")
        sent = True
        return await handler(request)

    return middleware


class RawClient(_AsyncClient):
    """`adapters.raw.Connection`: one socket, no client in between."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        raw: Any = needed("raw")
        super().__init__()
        self._connection = raw.Connection(signer, url, timeout_s=TIMEOUT_S)

    def submit(self, request: Request) -> Reply:
        query = payload.query_text(request.params or {})
        body = b"" if request.json is None else payload.json_bytes(request.json)
        path = f"{request.path}?{query}" if query else request.path
        try:
            reply = self._run(self._connection.request(request.method, path, body))
        except OSError as error:
            raise NoAnswerError(type(error).__name__) from error
        return Reply(reply.status, reply.body)

    def close(self) -> None:
        self._close(self._connection.close)


class CcxtClient:
    """ccxt's `woo`, sync, with its signatures from the core; it writes bodies and queries in its own way."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        self._ccxt: Any = needed("ccxt")
        from .adapters.ccxt import accelerate

        api_key, api_secret = credentials
        self._woo = accelerate(
            self._ccxt.woo(
                {
                    "apiKey": api_key,
                    "secret": api_secret,
                    "enableRateLimit": False,
                    "timeout": TIMEOUT_S * 1000,
                    "urls": {"api": {"pub": url, "public": url, "private": url}},
                }
            )
        )
        self._woo.nonce = lambda: self._woo.milliseconds() + signer.clock_offset_ms
        self._woo.session.max_redirects = 0
        self._woo.on_rest_response = self._keep
        self._reply: Reply | None = None

    def _keep(self, code: int, reason: str, url: str, method: str, headers: Any, body: str, *_: Any) -> str:
        self._reply = Reply(code, body.encode())
        return body.strip()

    def submit(self, request: Request) -> Reply:
        version, _, path = request.path.lstrip("/").partition("/")
        self._reply = None
        try:
            self._woo.request(path, [version, "private"], request.method, request.params or request.json or {})
        except self._ccxt.BaseError as error:
            if self._reply is None:  # else it is ccxt's word for a reply that came
                raise NoAnswerError(type(error).__name__) from error
        if self._reply is None:
            raise NoAnswerError("ccxt gave no reply")
        return self._reply

    def close(self) -> None:
        self._woo.session.close()


# Name of the client: what makes it from a signer, the exchange's URL, and its API key and secret (which ccxt wants).
CLIENTS: dict[str, Callable[[Signer, str, tuple[str, str]], Client]] = {
    "requests": RequestsClient,
    "httpx": HttpxClient,
    "aiohttp": AiohttpClient,
    "raw": RawClient,
    "ccxt": CcxtClient,
}


def plain_session() -> requests.Session:
    session = requests.Session()
    session.trust_env = False
    return session


def send(session: requests.Session, options: dict[str, Any]) -> Reply:
    """The reply to `session.request(**options)`; NoAnswerError without one."""
    try:
        response = session.request(timeout=TIMEOUT_S, **options)
    except requests.RequestException as error:
        raise NoAnswerError(type(error).__name__) from error
    return Reply(response.status_code, response.content)


def _prepare(signer: Signer, url: str, request: Request) -> SignedRequest:
    return signer.prepare(request.method, request.path, params=request.params, json=request.json, base_url=url)


def needed(client: str) -> Any:
    """The module that `client` is made of; UsageError if it is not installed."""
    try:
        return import_module(_MODULES[client])
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'woox-fast[{client}]'") from None


_MODULES = {name: name for name in CLIENTS} | {"raw": "woox_fast.adapters.raw"}
