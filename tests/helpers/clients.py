"""All clients with a common interface: `open_client` yields a `Client`, which turns a `Call` into a `Outcome`."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import partial
from importlib import import_module
from importlib.util import find_spec
from ssl import SSLContext
from typing import Any, NamedTuple

import aiohttp
import requests

import woox_fast.adapters.aiohttp
import woox_fast.adapters.ccxt
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast._encoding import json_bytes
from woox_fast.gateway import AsyncGateway, Gateway


class Call(NamedTuple):
    """A request in the terms of the clients. `content` is `data` in requests and aiohttp."""

    method: str
    path: str
    params: Any = None
    json: Any = None
    content: Any = None
    headers: Any = None

    def options(self, content: str) -> dict[str, Any]:
        named = {"params": self.params, "json": self.json, content: self.content, "headers": self.headers}
        return {name: value for name, value in named.items() if value is not None}


class Outcome(NamedTuple):
    status: int
    body: bytes


@dataclass
class Settings:
    """Options of `open_client`. `origins=None` keeps the adapter's default origins."""

    origins: Any = None
    follow: bool = False
    proxy: str | None = None
    timeout_s: float = 10.0
    tls: SSLContext | None = None
    connections: int | None = None  # requests wait for a free connection
    options: dict[str, Any] = field(default_factory=dict)  # for the client's own constructor

    def adapter(self) -> dict[str, Any]:
        return {} if self.origins is None else {"origins": self.origins}


@dataclass
class Client:
    """`native` is the session, client, gateway or exchange; `submit` returns an awaitable if there is a `loop`."""

    native: Any
    submit: Callable[[Call], Any]
    loop: asyncio.AbstractEventLoop | None = None

    def __call__(self, call: Call) -> Outcome:
        response = self.submit(call)
        return self.loop.run_until_complete(response) if self.loop else response

    def wait(self, seconds: float) -> None:
        """Sleep; an event loop goes on running."""
        if self.loop:
            self.loop.run_until_complete(asyncio.sleep(seconds))
        else:
            time.sleep(seconds)


@contextmanager
def open_client(
    name: str, signer: Signer | None, url: str, *, new_loop: Any = asyncio.new_event_loop, **settings: Any
) -> Iterator[Client]:
    """Open the client `name`, which signs for `url` only unless `origins` differs. Without a signer, open it plain."""
    given = Settings(**{"origins": [url], **settings})
    with ExitStack() as stack:
        if inspect.iscoroutinefunction(opener := CLIENTS[name]):
            loop = new_loop()
            stack.callback(loop.close)
            stack.callback(lambda: loop.run_until_complete(asyncio.sleep(0)))  # the loop closes its sockets
            client = loop.run_until_complete(opener(signer, url, given, stack))
            client.loop = loop
            stack.callback(lambda: loop.run_until_complete(client.native.__aexit__(None, None, None)))
            yield client
        else:
            yield opener(signer, url, given, stack)


def send_at_once(client: Client, calls: Iterable[Call]) -> list[Outcome]:
    """Send the calls concurrently: as tasks of the client's event loop, or in threads."""
    if client.loop:

        async def gather() -> list[Outcome]:
            return await asyncio.gather(*map(client.submit, calls))

        return client.loop.run_until_complete(gather())
    calls = list(calls)
    with ThreadPoolExecutor(len(calls)) as pool:
        return list(pool.map(client, calls))


def send(name: str, signer: Signer, url: str, calls: Iterable[Call], **settings: Any) -> list[Outcome | Exception]:
    """Send the calls in sequence through the client `name`, and return their responses and exceptions."""
    outcomes: list[Outcome | Exception] = []
    with open_client(name, signer, url, **settings) as client:
        for call in calls:
            try:
                outcomes.append(client(call))
            except Exception as error:
                outcomes.append(error)
    return outcomes


def _requests(kind: str, signer: Signer | None, url: str, settings: Settings, stack: ExitStack) -> Client:
    module = woox_fast.adapters.requests
    if kind == "session" and signer:
        session = module.session(signer, **settings.adapter())
        if limit := settings.connections:
            session.mount(url, module.WooXAdapter(signer, **settings.adapter(), pool_maxsize=limit, pool_block=True))
    else:
        session = requests.Session()
        session.auth = signer and module.WooXAuth(signer, **settings.adapter())
    stack.enter_context(session)
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    sending = {"allow_redirects": settings.follow, "timeout": settings.timeout_s}

    def submit(call: Call) -> Outcome:
        response = session.request(call.method, url + call.path, **sending, **call.options("data"))
        return Outcome(response.status_code, response.content)

    return Client(session, submit)


def _httpx_options(module: Any, signer: Signer | None, settings: Settings) -> dict[str, Any]:
    return {
        "limits": module.Limits(max_connections=settings.connections),
        "auth": signer and woox_fast.adapters.httpx.WooXAuth(signer, **settings.adapter()),
        "follow_redirects": settings.follow,
        "proxy": settings.proxy,
        "timeout": settings.timeout_s,
        "verify": settings.tls or False,
        **settings.options,
    }


def _httpx(module: str, signer: Signer | None, url: str, settings: Settings, stack: ExitStack) -> Client:
    httpx = import_module(module)
    client = stack.enter_context(httpx.Client(**_httpx_options(httpx, signer, settings)))

    def submit(call: Call) -> Outcome:
        response = client.request(call.method, url + call.path, **call.options("content"))
        return Outcome(response.status_code, response.content)

    return Client(client, submit)


async def _async_httpx(module: str, signer: Signer | None, url: str, settings: Settings, _: ExitStack) -> Client:
    httpx = import_module(module)
    client = httpx.AsyncClient(**_httpx_options(httpx, signer, settings))

    async def submit(call: Call) -> Outcome:
        response = await client.request(call.method, url + call.path, **call.options("content"))
        return Outcome(response.status_code, response.content)

    return Client(await client.__aenter__(), submit)


async def _aiohttp(kind: str, signer: Signer | None, url: str, settings: Settings, _: ExitStack) -> Client:
    module = woox_fast.adapters.aiohttp
    options: dict[str, Any] = {"timeout": aiohttp.ClientTimeout(settings.timeout_s), **settings.options}
    connector: dict[str, Any] = {"ssl": settings.tls or True, "limit": settings.connections or 100}
    if kind == "connector" and signer:
        options["connector"] = module.WooXConnector(signer, **settings.adapter(), **connector)
    else:
        options["connector"] = aiohttp.TCPConnector(**connector)
        options["middlewares"] = (module.WooXMiddleware(signer, **settings.adapter()),) if signer else ()
    session = aiohttp.ClientSession(**options)
    sending: dict[str, Any] = {"allow_redirects": settings.follow, "proxy": settings.proxy}

    async def submit(call: Call) -> Outcome:
        async with session.request(call.method, url + call.path, **sending, **call.options("data")) as response:
            return Outcome(response.status, await response.read())

    return Client(session, submit)


def _gateway_options(settings: Settings) -> dict[str, Any]:
    return {
        "connections": settings.connections or 1,
        "timeout_s": settings.timeout_s,
        "tls": settings.tls,
        **settings.options,
    }


def _gateway_call(call: Call) -> tuple[str, str, Any]:
    return call.method, call.path, (call.content or b"") if call.json is None else json_bytes(call.json)


def _gateway(signer: Signer | None, url: str, settings: Settings, stack: ExitStack) -> Client:
    gateway = stack.enter_context(Gateway(signer, url, **_gateway_options(settings)))

    def submit(call: Call) -> Outcome:
        response = gateway.request(*_gateway_call(call))
        return Outcome(response.status, response.body)

    return Client(gateway, submit)


async def _async_gateway(signer: Signer | None, url: str, settings: Settings, _: ExitStack) -> Client:
    gateway = AsyncGateway(signer, url, **_gateway_options(settings))

    async def submit(call: Call) -> Outcome:
        response = await gateway.request(*_gateway_call(call))
        return Outcome(response.status, response.body)

    return Client(await gateway.__aenter__(), submit)


def _woo(module: Any, url: str, settings: Settings) -> tuple[Any, Callable[[Call], Any], list[Outcome]]:
    """Return an exchange, a function that starts a request, and the list that receives the raw responses."""
    urls = {"api": dict.fromkeys(("pub", "public", "private"), url)}
    woo = module.woo({"enableRateLimit": False, "timeout": settings.timeout_s * 1000, "urls": urls, **settings.options})
    responses: list[Outcome] = []

    def keep(code: int, _reason: str, _url: str, _method: str, _headers: Any, body: str, *_: Any) -> str:
        responses.append(Outcome(code, body.encode()))
        return body.strip()

    def start(call: Call) -> Any:
        version, _, path = call.path.lstrip("/").partition("/")
        return woo.request(path, [version, "private"], call.method, call.params or call.json or {})

    woo.on_rest_response = keep
    return woo, start, responses


def _ccxt(signer: Signer | None, url: str, settings: Settings, stack: ExitStack) -> Client:
    """Open ccxt.woo, accelerated if there is a signer. Its `apiKey` and `secret` are in `settings.options`."""
    woo, start, responses = _woo(import_module("ccxt"), url, settings)
    if signer:
        woox_fast.adapters.ccxt.accelerate(woo)
    stack.callback(woo.session.close)

    def submit(call: Call) -> Outcome:
        start(call)
        return responses.pop()

    return Client(woo, submit)


async def _async_ccxt(signer: Signer | None, url: str, settings: Settings, _: ExitStack) -> Client:
    woo, start, responses = _woo(import_module("ccxt.async_support"), url, settings)
    if signer:
        woox_fast.adapters.ccxt.accelerate(woo)

    async def submit(call: Call) -> Outcome:
        await start(call)
        return responses.pop()

    return Client(woo, submit)


CLIENTS: dict[str, Callable[..., Client | Awaitable[Client]]] = {
    "requests session": partial(_requests, "session"),
    "requests auth": partial(_requests, "auth"),
    "httpx": partial(_httpx, "httpx"),
    "httpx async": partial(_async_httpx, "httpx"),
    "aiohttp connector": partial(_aiohttp, "connector"),
    "aiohttp middleware": partial(_aiohttp, "middleware"),
    "httpx2": partial(_httpx, "httpx2"),
    "httpx2 async": partial(_async_httpx, "httpx2"),
    "gateway": _gateway,
    "gateway async": _async_gateway,
    "ccxt": _ccxt,
    "ccxt async": _async_ccxt,
}
if not find_spec("httpx2"):  # it needs Python 3.11
    del CLIENTS["httpx2"], CLIENTS["httpx2 async"]
ADAPTERS = tuple(name for name in CLIENTS if not name.startswith(("gateway", "ccxt")))
