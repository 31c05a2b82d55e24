"""The senders of orders that `bench_clients.py` compares: the C loop, the gateways, and clients by hand and with ours.

They all send the same order to `fixed_reply`, a C server that returns a fixed response at once.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple

import native
import trustme
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.clients import open_client

from woox_fast import Signer
from woox_fast._encoding import json_bytes
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

PATH = "/v3/trade/order"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000.5", "quantity": "0.01"}
BODY = json_bytes(ORDER)
SIGNER = Signer(DEMO_API_KEY, DEMO_API_SECRET)
WARM_UP = 10  # uncounted orders before every round, because the caches contain another client's data
C_LOOP = "a C loop over one socket"
BY_HAND, OURS = "by hand", "woox_fast"


class Spent(NamedTuple):
    """Nanoseconds: mean processor time per order, and the wall time of every order."""

    cpu: float
    wall: list[int]


Round = Callable[[int], Spent]  # sends this many orders in sequence


class Server(NamedTuple):
    url: str
    port: int
    authority: Path | None

    @property
    def tls(self) -> SSLContext | None:
        return create_default_context(cafile=self.authority) if self.authority else None


@contextmanager
def fixed_reply(*, tls: bool = False, delay_ms: int = 0) -> Iterator[Server]:
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
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
    """Run a process that ends when its standard input closes."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


# Timing


def _record(orders: int) -> Generator[None, int, Spent]:
    """Receive the status of every order on completion, and return the time that the orders took."""
    wall, clock = [], time.perf_counter_ns
    cpu, before = time.thread_time_ns(), clock()
    for _ in range(orders):
        status = yield
        after = clock()
        wall.append(after - before)
        before = after
        if status != 200:
            raise RuntimeError(f"the server returned status {status}")
    return Spent((time.thread_time_ns() - cpu) / orders, wall)


def rounds_of(send: Callable[[], int]) -> Round:
    def spend(orders: int) -> Spent:
        for _ in range(WARM_UP):
            send()
        record = _record(orders)
        next(record)
        while True:
            try:
                record.send(send())
            except StopIteration as finished:
                return finished.value

    return spend


def async_rounds_of(send: Callable[[], Awaitable[int]], loop: asyncio.AbstractEventLoop) -> Round:
    async def spend(orders: int) -> Spent:
        for _ in range(WARM_UP):
            await send()
        record = _record(orders)
        next(record)
        while True:
            try:
                record.send(await send())
            except StopIteration as finished:
                return finished.value

    return lambda orders: loop.run_until_complete(spend(orders))


# Senders


@contextmanager
def clients(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    """Yield (client, way of signing) → round. Every gateway has a single connection."""
    with ExitStack() as stack:
        found: dict[tuple[str, str], Round] = {(C_LOOP, ""): stack.enter_context(c_loop(server))}
        found["Gateway", OURS] = rounds_of(_gateway(_open(stack, server, "gateway", SIGNER).native))
        for name, new_loop in (("asyncio", asyncio.new_event_loop), ("uvloop", uvloop.new_event_loop)):
            opened = _open(stack, server, "gateway async", SIGNER, new_loop=new_loop)
            found[f"AsyncGateway, {name}", OURS] = async_rounds_of(_async_gateway(opened.native), opened.loop)
        for name, signer in ((BY_HAND, None), (OURS, SIGNER)):
            session = _open(stack, server, "requests session", signer).native
            found["requests", name] = rounds_of(_requests(session, server, signer))
        for name, signer in ((BY_HAND, None), (OURS, SIGNER)):
            found["httpx", name] = rounds_of(_httpx(_open(stack, server, "httpx", signer).native, server, signer))
        for name, signer in ((BY_HAND, None), (OURS, SIGNER)):
            opened = _open(stack, server, "aiohttp connector", signer)
            found["aiohttp", name] = async_rounds_of(_aiohttp(opened.native, server, signer), opened.loop)
        for name, signer in (("plain", None), (OURS, SIGNER)):
            found["ccxt create_order", name] = rounds_of(stack.enter_context(_ccxt(server, signer)))
        yield found


def _open(stack: ExitStack, server: Server, name: str, signer: Signer | None, **options: Any) -> Any:
    return stack.enter_context(open_client(name, signer, server.url, tls=server.tls, **options))


@contextmanager
def c_loop(server: Server, warm_up: int = WARM_UP) -> Iterator[Round]:
    tls = ["--tls", server.authority] if server.authority else []
    with _process([native.order_loop(), str(server.port), *tls]) as process:

        def submit(orders: int) -> str:
            process.stdin.write(f"{orders}\n")
            process.stdin.flush()
            return process.stdout.readline()

        def spend(orders: int) -> Spent:
            if warm_up:
                submit(warm_up)
            cpu, *wall = map(int, submit(orders).split())
            return Spent(cpu / orders, wall)

        yield spend


def sign_by_hand(method: str, path: str, body: str) -> dict[str, str]:
    """Return the headers as people write them without a library, with an `hmac.new` and a dict per order."""
    stamp = str(int(time.time() * 1000))
    message = f"{stamp}{method}{path}{body}".encode()
    signature = hmac.new(DEMO_API_SECRET.encode(), message, hashlib.sha256).hexdigest()
    signed = {"x-api-key": DEMO_API_KEY, "x-api-timestamp": stamp, "x-api-signature": signature}
    return {**signed, "Content-Type": "application/json"}


def _gateway(gateway: Any) -> Callable[[], int]:
    return lambda: gateway.request("POST", PATH, BODY).status


def _async_gateway(gateway: Any) -> Callable[[], Awaitable[int]]:
    async def send() -> int:
        return (await gateway.request("POST", PATH, BODY)).status

    return send


def _requests(session: Any, server: Server, signer: Signer | None) -> Callable[[], int]:
    target, verify = server.url + PATH, str(server.authority) if server.authority else True

    def by_hand() -> int:
        body = json.dumps(ORDER)
        return session.post(target, data=body, headers=sign_by_hand("POST", PATH, body), verify=verify).status_code

    def ours() -> int:
        return session.post(target, data=json_bytes(ORDER), verify=verify).status_code

    return ours if signer else by_hand


def _httpx(client: Any, server: Server, signer: Signer | None) -> Callable[[], int]:
    target = server.url + PATH

    def by_hand() -> int:
        body = json.dumps(ORDER)
        return client.post(target, content=body, headers=sign_by_hand("POST", PATH, body)).status_code

    def ours() -> int:
        return client.post(target, content=json_bytes(ORDER)).status_code

    return ours if signer else by_hand


def _aiohttp(session: Any, server: Server, signer: Signer | None) -> Callable[[], Awaitable[int]]:
    target = server.url + PATH

    async def by_hand() -> int:
        body = json.dumps(ORDER)
        async with session.post(target, data=body, headers=sign_by_hand("POST", PATH, body)) as response:
            await response.read()
            return response.status

    async def ours() -> int:
        async with session.post(target, data=json_bytes(ORDER)) as response:
            await response.read()
            return response.status

    return ours if signer else by_hand


@contextmanager
def _ccxt(server: Server, signer: Signer | None) -> Iterator[Callable[[], int]]:
    """Yield ccxt's create_order. The exchange loads its markets from a sandbox first."""
    options = {"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET}
    with ExitStack() as stack:
        with Sandbox() as url:
            exchange = stack.enter_context(open_client("ccxt", signer, url, options=options)).native
            exchange.load_markets()
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], server.url)
        exchange.validateServerSsl = str(server.authority) if server.authority else True  # requests' verify
        yield lambda: 200 if exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5)["id"] else 0
