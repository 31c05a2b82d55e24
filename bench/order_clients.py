"""What sends one order: the C loop, the gateways, and the clients that people use, by hand and with ours.

All send the same order to `fixed_reply`, a C server that answers at once with the same reply.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import hmac
import json
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple

import aiohttp
import ccxt
import httpx
import native
import requests
import trustme
import uvloop

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast._encoding import json_bytes
from woox_fast.adapters.ccxt import accelerate
from woox_fast.gateway import AsyncGateway, Gateway
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

PATH = "/v3/trade/order"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000.5", "quantity": "0.01"}
WARM_UP = 10  # orders before each round that are not counted: the caches are full of another client's
C_LOOP = "a C loop over one socket"
BY_HAND, OURS = "by hand", "woox_fast"
SIGNER = Signer(DEMO_API_KEY, DEMO_API_SECRET)
BODY = json_bytes(ORDER)


class Spent(NamedTuple):
    """Nanoseconds: of the processor for each order, on average of a round; and of the clock for each order of it."""

    cpu: float
    wall: list[int]


Round = Callable[[int], Spent]  # sends so many orders, one after the other


class Server(NamedTuple):
    url: str
    port: int
    authority: Path | None

    @property
    def tls(self) -> SSLContext | None:
        return create_default_context(cafile=self.authority) if self.authority else None


@contextmanager
def fixed_reply(*, tls: bool = False, delay_ms: int = 0) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as stack:
        arguments, authority = ["--delay-ms", str(delay_ms)], None
        if tls:
            made = trustme.CA()
            certificate = made.issue_cert("127.0.0.1")
            chain, key, authority = (Path(folder) / name for name in ("chain.pem", "key.pem", "authority.pem"))
            chain.write_bytes(b"".join(pem.bytes() for pem in certificate.cert_chain_pems))
            certificate.private_key_pem.write_to_path(str(key))
            made.cert_pem.write_to_path(str(authority))
            arguments += ["--tls", str(chain), str(key)]
        process = stack.enter_context(_process([native.fixed_reply(), *arguments]))
        port = int(process.stdout.readline())
        yield Server(f"http{'s' if tls else ''}://127.0.0.1:{port}", port, authority)


@contextmanager
def _process(command: list[Any]) -> Iterator[Any]:
    """It ends when its standard input does."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


def rounds_of(send: Callable[[], int]) -> Round:
    def spend(orders: int) -> Spent:
        for _ in range(WARM_UP):
            send()
        wall, clock = [], time.perf_counter_ns
        cpu, before = time.thread_time_ns(), clock()
        for _ in range(orders):
            status = send()
            after = clock()
            wall.append(after - before)
            before = after
            if status != 200:
                raise RuntimeError(f"the server answered {status}")
        return Spent((time.thread_time_ns() - cpu) / orders, wall)

    return spend


def async_rounds_of(send: Callable[[], Awaitable[int]], loop: asyncio.AbstractEventLoop) -> Round:
    async def spend(orders: int) -> Spent:
        for _ in range(WARM_UP):
            await send()
        wall, clock = [], time.perf_counter_ns
        cpu, before = time.thread_time_ns(), clock()
        for _ in range(orders):
            status = await send()
            after = clock()
            wall.append(after - before)
            before = after
            if status != 200:
                raise RuntimeError(f"the server answered {status}")
        return Spent((time.thread_time_ns() - cpu) / orders, wall)

    return lambda orders: loop.run_until_complete(spend(orders))


def by_hand(method: str, path: str, body: str) -> dict[str, str]:
    """What one writes without a library: one `hmac.new` and one dict for each order."""
    stamp = str(int(time.time() * 1000))
    message = f"{stamp}{method}{path}{body}".encode()
    signature = hmac.new(DEMO_API_SECRET.encode(), message, hashlib.sha256).hexdigest()
    signed = {"x-api-key": DEMO_API_KEY, "x-api-timestamp": stamp, "x-api-signature": signature}
    return {**signed, "Content-Type": "application/json"}


@contextmanager
def clients(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    """(client, how it signs) -> what sends a round; the gateways are open with one connection each."""
    with contextlib.ExitStack() as stack:
        found: dict[tuple[str, str], Round] = {(C_LOOP, ""): stack.enter_context(c_loop(server))}
        found |= stack.enter_context(_gateways(server))
        found |= stack.enter_context(_requests(server))
        found |= stack.enter_context(_httpx(server))
        found |= stack.enter_context(_aiohttp(server))
        found |= stack.enter_context(_ccxt(server))
        yield found


@contextmanager
def c_loop(server: Server, warm_up: int = WARM_UP) -> Iterator[Round]:
    tls = ["--tls", server.authority] if server.authority else []
    with _process([native.order_loop(), str(server.port), *tls]) as process:

        def spend(orders: int) -> Spent:
            if warm_up:
                process.stdin.write(f"{warm_up}\n")
                process.stdin.flush()
                process.stdout.readline()
            process.stdin.write(f"{orders}\n")
            process.stdin.flush()
            cpu, *wall = map(int, process.stdout.readline().split())
            return Spent(cpu / orders, wall)

        yield spend


@contextmanager
def _gateways(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    found: dict[tuple[str, str], Round] = {}
    loops = {"AsyncGateway, asyncio": asyncio.new_event_loop(), "AsyncGateway, uvloop": uvloop.new_event_loop()}
    with contextlib.ExitStack() as stack:
        gateway = stack.enter_context(Gateway(SIGNER, server.url, connections=1, tls=server.tls))
        found["Gateway", OURS] = rounds_of(lambda: gateway.request("POST", PATH, BODY).status)
        for name, loop in loops.items():
            found[name, OURS] = stack.enter_context(_async_gateway(server, loop))
        yield found


@contextmanager
def _async_gateway(server: Server, loop: asyncio.AbstractEventLoop) -> Iterator[Round]:
    gateway = AsyncGateway(SIGNER, server.url, connections=1, tls=server.tls)
    loop.run_until_complete(gateway.__aenter__())

    async def send() -> int:
        return (await gateway.request("POST", PATH, BODY)).status

    yield async_rounds_of(send, loop)
    loop.run_until_complete(gateway.__aexit__(None, None, None))
    loop.close()


@contextmanager
def _requests(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    target, verify = server.url + PATH, str(server.authority) if server.authority else True
    with requests.Session() as plain, woox_fast.adapters.requests.session(SIGNER, origins=[server.url]) as ours:

        def hand() -> int:
            body = json.dumps(ORDER)
            return plain.post(target, data=body, headers=by_hand("POST", PATH, body), verify=verify).status_code

        def signed() -> int:
            return ours.post(target, data=json_bytes(ORDER), verify=verify).status_code

        yield {("requests", BY_HAND): rounds_of(hand), ("requests", OURS): rounds_of(signed)}


@contextmanager
def _httpx(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    target = server.url + PATH
    auth = woox_fast.adapters.httpx.WooXAuth(SIGNER, origins=[server.url])
    verify: Any = server.tls or True
    with httpx.Client(verify=verify) as plain, httpx.Client(verify=verify, auth=auth) as ours:

        def hand() -> int:
            body = json.dumps(ORDER)
            return plain.post(target, content=body, headers=by_hand("POST", PATH, body)).status_code

        def signed() -> int:
            return ours.post(target, content=json_bytes(ORDER)).status_code

        yield {("httpx", BY_HAND): rounds_of(hand), ("httpx", OURS): rounds_of(signed)}


@contextmanager
def _aiohttp(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    target, loop = server.url + PATH, asyncio.new_event_loop()

    async def sessions() -> tuple[aiohttp.ClientSession, aiohttp.ClientSession]:
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(SIGNER, origins=[server.url])
        connectors = [aiohttp.TCPConnector(ssl=server.tls or True) for _ in range(2)]
        return aiohttp.ClientSession(connector=connectors[0]), aiohttp.ClientSession(
            connector=connectors[1], middlewares=(middleware,)
        )

    plain, ours = loop.run_until_complete(sessions())

    async def hand() -> int:
        body = json.dumps(ORDER)
        async with plain.post(target, data=body, headers=by_hand("POST", PATH, body)) as reply:
            await reply.read()
            return reply.status

    async def signed() -> int:
        async with ours.post(target, data=json_bytes(ORDER)) as reply:
            await reply.read()
            return reply.status

    yield {("aiohttp", BY_HAND): async_rounds_of(hand, loop), ("aiohttp", OURS): async_rounds_of(signed, loop)}
    for session in (plain, ours):
        loop.run_until_complete(session.close())
    loop.close()


@contextmanager
def _ccxt(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    with Sandbox() as url:
        exchanges = [_woo(url), _woo(url)]
        for exchange in exchanges:
            exchange.load_markets()
    for exchange in exchanges:
        exchange.urls = _woo(server.url).urls
        exchange.validateServerSsl = str(server.authority) if server.authority else True  # goes to requests as verify
    plain, fast = exchanges[0], accelerate(exchanges[1])

    def order(exchange: Any) -> int:
        return 200 if exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5)["id"] else 0

    yield {
        ("ccxt create_order", "as it is"): rounds_of(lambda: order(plain)),
        ("ccxt create_order", OURS): rounds_of(lambda: order(fast)),
    }
    for exchange in exchanges:
        exchange.session.close()


def _woo(url: str) -> Any:
    urls = {"api": dict.fromkeys(("pub", "public", "private"), url)}
    return ccxt.woo({"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET, "enableRateLimit": False, "urls": urls})
