"""The clients that the demo submits with, behind one interface: send a request, signed, once, and return its reply.

Each signs as its users do, through `woox_fast.adapters` and `woox_fast.gateway`. None of them follows a redirect, sends
a request twice, or takes a proxy or a password from the environment.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from importlib import import_module
from typing import Any, NamedTuple, Protocol, TypeVar

from ... import Signer
from ..._encoding import json_bytes
from ..common import UsageError
from .workload import Request

TIMEOUT_S = 10.0

T = TypeVar("T")


class Reply(NamedTuple):
    """The exchange's answer: HTTP status and raw body."""

    status: int
    body: bytes


class NoAnswerError(Exception):
    """The exchange did not answer. The request may or may not have been carried out; not if `was_sent` is False."""

    def __init__(self, reason: str, *, was_sent: bool = True) -> None:
        super().__init__(reason)
        self.was_sent = was_sent


class Client(Protocol):
    """Signs and submits. `submit` sends once, follows no redirect, and raises `NoAnswerError` without a whole reply."""

    def submit(self, request: Request) -> Reply: ...

    def close(self) -> None: ...


class RequestsClient:
    """A `requests.Session` with keep-alive."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        from ...adapters.requests import session

        self._url = url
        self._session = session(signer, origins=[url])
        self._session.trust_env = False

    def submit(self, request: Request) -> Reply:
        import requests

        try:
            response = self._session.request(
                request.method, self._url + request.target, json=request.json, timeout=TIMEOUT_S, allow_redirects=False
            )
        except requests.RequestException as error:
            raise NoAnswerError(type(error).__name__) from error
        return Reply(response.status_code, response.content)

    def close(self) -> None:
        self._session.close()


class HttpxClient:
    """An `httpx.Client` over HTTP/1.1."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        import httpx

        from ...adapters.httpx import WooXAuth

        self._url = url
        self._client = httpx.Client(auth=WooXAuth(signer, origins=[url]), trust_env=False, timeout=TIMEOUT_S)
        self._error = httpx.HTTPError

    def submit(self, request: Request) -> Reply:
        try:
            response = self._client.request(request.method, self._url + request.target, json=request.json)
        except self._error as error:
            raise NoAnswerError(type(error).__name__) from error
        return Reply(response.status_code, response.content)

    def close(self) -> None:
        self._client.close()


class _AsyncClient:
    """A client on an event loop of its own, which runs while a request is under way."""

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        self._opened = AsyncExitStack()

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return self._loop.run_until_complete(work)

    def _open(self, make: Callable[[], Any]) -> Any:
        """What `make` makes within the loop, entered; `close` leaves it."""

        async def enter() -> Any:
            return await self._opened.enter_async_context(make())

        return self._run(enter())

    def close(self) -> None:
        async def end() -> None:
            interrupted = asyncio.all_tasks() - {asyncio.current_task()}
            for task in interrupted:
                task.cancel()
            await asyncio.gather(*interrupted, return_exceptions=True)
            await self._opened.aclose()
            await asyncio.sleep(0)  # sockets are closed in the loop's next round

        try:
            self._run(end())
        finally:
            self._loop.close()


class AiohttpClient(_AsyncClient):
    """An `aiohttp.ClientSession`."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        import aiohttp

        from ...adapters.aiohttp import WooXMiddleware

        super().__init__()
        self._url = url
        self._sign = WooXMiddleware(signer, origins=[url])
        self._errors = (aiohttp.ClientError, asyncio.TimeoutError)
        self._session = self._open(lambda: aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(TIMEOUT_S)))

    def submit(self, request: Request) -> Reply:
        return self._run(self._submit(request))

    async def _submit(self, request: Request) -> Reply:
        from yarl import URL

        url = URL(self._url + request.target, encoded=True)  # else yarl writes it in its own way
        options: dict[str, Any] = {"json": request.json, "allow_redirects": False}
        try:
            async with self._session.request(
                request.method, url, **options, middlewares=(_once(), self._sign)
            ) as response:
                return Reply(response.status, await response.read())
        except self._errors as error:
            raise NoAnswerError(type(error).__name__) from error


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


class GatewayClient:
    """`woox_fast.gateway.Gateway`: blocking sockets, no client in between."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        from ...gateway import Gateway

        self._opened = ExitStack()
        with _gateway_errors():
            self._gateway = self._opened.enter_context(Gateway(signer, url, connections=1, timeout_s=TIMEOUT_S))

    def submit(self, request: Request) -> Reply:
        with _gateway_errors():
            reply = self._gateway.request(request.method, request.target, _body(request))
        return Reply(reply.status, reply.body)

    def close(self) -> None:
        self._opened.close()


class AsyncGatewayClient(_AsyncClient):
    """`woox_fast.gateway.AsyncGateway`: sockets on an event loop."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        from ...gateway import AsyncGateway

        super().__init__()
        with _gateway_errors():
            self._gateway = self._open(lambda: AsyncGateway(signer, url, connections=1, timeout_s=TIMEOUT_S))

    def submit(self, request: Request) -> Reply:
        with _gateway_errors():
            reply = self._run(self._gateway.request(request.method, request.target, _body(request)))
        return Reply(reply.status, reply.body)


@contextmanager
def _gateway_errors() -> Iterator[None]:
    from ...gateway import NotSentError

    try:
        yield
    except OSError as error:
        raise NoAnswerError(type(error).__name__, was_sent=not isinstance(error, NotSentError)) from error


def _body(request: Request) -> bytes:
    return b"" if request.json is None else json_bytes(request.json)


class CcxtClient:
    """ccxt's `woo`, sync, with its signatures from the core; it writes bodies and queries in its own way."""

    def __init__(self, signer: Signer, url: str, credentials: tuple[str, str]) -> None:
        import ccxt

        from ...adapters.ccxt import accelerate

        api_key, api_secret = credentials
        self._error = ccxt.BaseError
        self._woo = accelerate(
            ccxt.woo(
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
        except self._error as error:
            if self._reply is None:  # any other error of ccxt is about a reply that came
                raise NoAnswerError(type(error).__name__) from error
        if self._reply is None:
            raise NoAnswerError("ccxt gave no reply")
        return self._reply

    def close(self) -> None:
        self._woo.session.close()


class Kind(NamedTuple):
    """A row of the table of clients: what makes one from a signer, the exchange's URL, and its API key and secret
    (which ccxt wants); the module that it needs, and the extra that installs that."""

    make: Callable[[Signer, str, tuple[str, str]], Client]
    module: str
    extra: str


CLIENTS = {
    "requests": Kind(RequestsClient, "requests", "requests"),
    "httpx": Kind(HttpxClient, "httpx", "httpx"),
    "aiohttp": Kind(AiohttpClient, "aiohttp", "aiohttp"),
    "gateway": Kind(GatewayClient, "httptools", "gateway"),
    "gateway-async": Kind(AsyncGatewayClient, "httptools", "gateway"),
    "ccxt": Kind(CcxtClient, "ccxt", "ccxt"),
}


def check_installed(name: str) -> None:
    """Raise UsageError if what the client `name` is made of is not installed."""
    kind = CLIENTS[name]
    try:
        import_module(kind.module)
    except ModuleNotFoundError as error:
        raise UsageError(f"{error.name} is not installed; run: pip install 'woox-fast[{kind.extra}]'") from None
