"""All clients with a common interface: `open_client` yields a `Client`, which turns a `Call` into a `Outcome`."""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
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
from woox_fast._encoding import encode_json
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
    make = partial(CLIENTS[name], signer, url, Settings(**{"origins": [url], **settings}))
    if "async" not in name and not name.startswith("aiohttp"):
        client = make()
        with client.native if hasattr(client.native, "__enter__") else client.native.session:  # ccxt has a session
            yield client
        return
    loop = new_loop()

    async def start() -> Client:
        client = make()
        await client.native.__aenter__()
        return client

    try:
        client = loop.run_until_complete(start())
        client.loop = loop
        try:
            yield client
        finally:
            loop.run_until_complete(client.native.__aexit__(None, None, None))
            loop.run_until_complete(asyncio.sleep(0))  # the loop closes its sockets
    finally:
        loop.close()


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


def _read(response: Any, status: str = "status_code", body: str = "content") -> Any:
    """Return the outcome; for an awaitable response, an awaitable outcome."""

    async def wait() -> Outcome:
        return _read(await response, status, body)

    return wait() if inspect.isawaitable(response) else Outcome(getattr(response, status), getattr(response, body))


def _requests(kind: str, signer: Signer | None, url: str, settings: Settings) -> Client:
    module = woox_fast.adapters.requests
    if kind == "session" and signer:
        session = module.session(signer, **settings.adapter())
        if limit := settings.connections:
            session.mount(url, module.WooXAdapter(signer, **settings.adapter(), pool_maxsize=limit, pool_block=True))
    else:
        session = requests.Session()
        session.auth = signer and module.WooXAuth(signer, **settings.adapter())
    if settings.proxy:
        session.proxies = {"http": settings.proxy, "https": settings.proxy}
    sending = {"allow_redirects": settings.follow, "timeout": settings.timeout_s}
    return Client(
        session,
        lambda call: _read(session.request(call.method, url + call.path, **sending, **call.options("data"))),
    )


def _httpx(module: str, kind: str, signer: Signer | None, url: str, settings: Settings) -> Client:
    httpx = import_module(module)
    client = getattr(httpx, kind)(
        limits=httpx.Limits(max_connections=settings.connections),
        auth=signer and woox_fast.adapters.httpx.WooXAuth(signer, **settings.adapter()),
        follow_redirects=settings.follow,
        proxy=settings.proxy,
        timeout=settings.timeout_s,
        verify=settings.tls or False,
        **settings.options,
    )
    return Client(client, lambda call: _read(client.request(call.method, url + call.path, **call.options("content"))))


def _aiohttp(kind: str, signer: Signer | None, url: str, settings: Settings) -> Client:
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


def _gateway(kind: Any, signer: Signer | None, url: str, settings: Settings) -> Client:
    options = {"connections": settings.connections or 1, "timeout_s": settings.timeout_s, "tls": settings.tls}
    gateway = kind(signer, url, **options, **settings.options)

    def submit(call: Call) -> Any:
        body = (call.content or b"") if call.json is None else encode_json(call.json)
        return _read(gateway.request(call.method, call.path, body), "status", "body")

    return Client(gateway, submit)


def _ccxt(module: str, signer: Signer | None, url: str, settings: Settings) -> Client:
    """Open ccxt.woo, accelerated if there is a signer. Its `apiKey` and `secret` are in `settings.options`."""
    urls = {"api": dict.fromkeys(("pub", "public", "private"), url)}
    options = {"enableRateLimit": False, "timeout": settings.timeout_s * 1000, "urls": urls, **settings.options}
    woo = import_module(module).woo(options)
    if signer:
        woox_fast.adapters.ccxt.accelerate(woo)
    outcomes: list[Outcome] = []

    def keep(code: int, _reason: str, _url: str, _method: str, _headers: Any, body: str, *_: Any) -> str:
        outcomes.append(Outcome(code, body.encode()))
        return body.strip()

    def submit(call: Call) -> Any:
        version, _, path = call.path.lstrip("/").partition("/")
        response = woo.request(path, [version, "private"], call.method, call.params or call.json or {})

        async def wait() -> Outcome:
            await response
            return outcomes.pop()

        return wait() if inspect.isawaitable(response) else outcomes.pop()

    woo.on_rest_response = keep
    return Client(woo, submit)


CLIENTS: dict[str, Callable[..., Client]] = {
    "requests session": partial(_requests, "session"),
    "requests auth": partial(_requests, "auth"),
    "httpx": partial(_httpx, "httpx", "Client"),
    "httpx async": partial(_httpx, "httpx", "AsyncClient"),
    "aiohttp connector": partial(_aiohttp, "connector"),
    "aiohttp middleware": partial(_aiohttp, "middleware"),
    "httpx2": partial(_httpx, "httpx2", "Client"),
    "httpx2 async": partial(_httpx, "httpx2", "AsyncClient"),
    "gateway": partial(_gateway, Gateway),
    "gateway async": partial(_gateway, AsyncGateway),
    "ccxt": partial(_ccxt, "ccxt"),
    "ccxt async": partial(_ccxt, "ccxt.async_support"),
}
if not find_spec("httpx2"):  # it needs Python 3.11
    del CLIENTS["httpx2"], CLIENTS["httpx2 async"]
ADAPTERS = tuple(name for name in CLIENTS if not name.startswith(("gateway", "ccxt")))
