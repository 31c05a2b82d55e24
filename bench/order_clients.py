"""The senders of orders that `bench_clients.py` compares: a C loop, the gateways, and clients signed by hand and by us.

All senders submit the same order to `fixed_response`, a C server that returns a fixed response at once. A client
submits through `helpers.clients`, which adds about a microsecond; the gateways and ccxt run without that layer.
"""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Hashable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from ssl import SSLContext, create_default_context
from typing import Any, NamedTuple, TypeVar
from unittest.mock import patch

import native
import trustme
import uvloop

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.clients import Call, open_client, send_at_once

from woox_fast import Signer
from woox_fast._encoding import encode_json
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

PATH = "/v3/trade/order"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000.5", "quantity": "0.01"}
BODY = encode_json(ORDER)
SIGNER = Signer(DEMO_API_KEY, DEMO_API_SECRET)
WARM_UP = 10  # uncounted orders before every round, because the caches contain another client's data
C_LOOP = "a C loop over one socket"
BY_HAND, OURS = "by hand", "woox_fast"
GATEWAYS: dict[str, tuple[str, Any]] = {
    "Gateway": ("gateway", None),
    "AsyncGateway, asyncio": ("gateway async", asyncio.new_event_loop),
    "AsyncGateway, uvloop": ("gateway async", uvloop.new_event_loop),
}
Name = TypeVar("Name", bound=Hashable)


class Spent(NamedTuple):
    """Nanoseconds: mean processor time per order, and the wall time of every order."""

    cpu: float
    wall: list[int]


Round = Callable[[int], Spent]  # submits this many orders in sequence


class Server(NamedTuple):
    url: str
    port: int
    authority: Path | None

    @property
    def tls(self) -> SSLContext | None:
        return create_default_context(cafile=self.authority) if self.authority else None


@contextmanager
def serve_fixed_response(*, tls: bool = False, delay_ms: int = 0) -> Iterator[Server]:
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
            stack.enter_context(patch.dict(os.environ, REQUESTS_CA_BUNDLE=str(authority)))  # overrides Session.verify
        process = stack.enter_context(_run_process([native.compile_fixed_response(), *arguments]))
        port = int(process.stdout.readline())
        yield Server(f"http{'s' if tls else ''}://127.0.0.1:{port}", port, authority)


@contextmanager
def _run_process(command: list[Any]) -> Iterator[Any]:
    """Run a process that ends when its standard input closes."""
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        yield process
        process.stdin.close()


# Timing


class Stopwatch:
    """Record the orders of a round."""

    def __init__(self) -> None:
        self._wall: list[int] = []
        self._cpu = time.thread_time_ns()
        self._before = time.perf_counter_ns()

    def add(self, status: int) -> None:
        now = time.perf_counter_ns()
        self._wall.append(now - self._before)
        self._before = now
        if status != 200:
            raise RuntimeError(f"the server returned status {status}")

    def stop(self) -> Spent:
        return Spent((time.thread_time_ns() - self._cpu) / len(self._wall), self._wall)


def time_submissions(
    submit: Callable[[], Any], loop: asyncio.AbstractEventLoop | None = None, warm_up: int = WARM_UP
) -> Round:
    """Return a function that times orders. `submit` returns a status, or its awaitable if there is a `loop`."""

    def spend(orders: int) -> Spent:
        for _ in range(warm_up):
            submit()
        stopwatch = Stopwatch()
        for _ in range(orders):
            stopwatch.add(submit())
        return stopwatch.stop()

    async def spend_async(orders: int) -> Spent:
        for _ in range(warm_up):
            await submit()
        stopwatch = Stopwatch()
        for _ in range(orders):
            stopwatch.add(await submit())
        return stopwatch.stop()

    return (lambda orders: loop.run_until_complete(spend_async(orders))) if loop else spend


def interleave(senders: Mapping[Name, Round], rounds: int, orders: int = 100) -> dict[Name, list[Spent]]:
    """Time every sender in turn, so that a busy moment of the machine affects all alike."""
    spent: dict[Name, list[Spent]] = {name: [] for name in senders}
    for _ in range(rounds):
        for name, spend in senders.items():
            spent[name].append(spend(orders))
    return spent


# Senders


@contextmanager
def open_clients(server: Server) -> Iterator[dict[tuple[str, str], Round]]:
    """Yield the senders by client and signer. Every gateway has a single connection."""
    with ExitStack() as stack:
        found: dict[tuple[str, str], Round] = {(C_LOOP, ""): stack.enter_context(open_c_loop(server))}
        for name in GATEWAYS:
            found[name, OURS] = stack.enter_context(open_gateway(server, name))
        for name, kind in (("requests", "requests session"), ("httpx", "httpx"), ("aiohttp", "aiohttp connector")):
            for signed, signer in ((BY_HAND, None), (OURS, SIGNER)):
                found[name, signed] = stack.enter_context(_open_client(server, kind, signer))
        for signed, signer in (("plain", None), (OURS, SIGNER)):
            found["ccxt create_order", signed] = stack.enter_context(_open_ccxt(server, signer))
        yield found


@contextmanager
def open_c_loop(server: Server, warm_up: int = WARM_UP) -> Iterator[Round]:
    tls = ["--tls", server.authority] if server.authority else []
    with _run_process([native.compile_order_loop(), str(server.port), *tls]) as process:

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


@contextmanager
def open_gateway(server: Server, name: str, warm_up: int = WARM_UP) -> Iterator[Round]:
    kind, new_loop = GATEWAYS[name]
    with open_client(kind, SIGNER, server.url, tls=server.tls, new_loop=new_loop) as opened:
        request = opened.native.request

        async def submit() -> int:
            return (await request("POST", PATH, BODY)).status

        yield time_submissions(submit if new_loop else lambda: request("POST", PATH, BODY).status, opened.loop, warm_up)


def time_concurrent_orders(server: Server, name: str, count: int) -> list[float]:
    """Submit `count` orders concurrently, five times, and return the seconds until all their responses arrived."""
    kind, new_loop = GATEWAYS[name]
    seconds, calls = [], [Call("POST", PATH, content=BODY)] * count
    with open_client(kind, SIGNER, server.url, connections=count, new_loop=new_loop) as client:
        send_at_once(client, calls)
        for _ in range(5):
            started = time.perf_counter()
            send_at_once(client, calls)
            seconds.append(time.perf_counter() - started)
    return seconds


def sign_by_hand(method: str, path: str, body: str) -> dict[str, str]:
    """Return the headers as people write them without a library, with an `hmac.new` and a dict per order."""
    stamp = str(int(time.time() * 1000))
    message = f"{stamp}{method}{path}{body}".encode()
    signature = hmac.new(DEMO_API_SECRET.encode(), message, hashlib.sha256).hexdigest()
    signed = {"x-api-key": DEMO_API_KEY, "x-api-timestamp": stamp, "x-api-signature": signature}
    return {**signed, "Content-Type": "application/json"}


def _build_signed_call() -> Call:
    body = json.dumps(ORDER)
    return Call("POST", PATH, content=body, headers=sign_by_hand("POST", PATH, body))


def _build_plain_call() -> Call:
    return Call("POST", PATH, content=encode_json(ORDER))


@contextmanager
def _open_client(server: Server, kind: str, signer: Signer | None) -> Iterator[Round]:
    with open_client(kind, signer, server.url, tls=server.tls) as opened:
        order = _build_plain_call if signer else _build_signed_call

        async def submit() -> int:
            return (await opened.submit(order())).status

        yield time_submissions(submit if opened.loop else lambda: opened.submit(order()).status, opened.loop)


@contextmanager
def _open_ccxt(server: Server, signer: Signer | None) -> Iterator[Round]:
    """Yield ccxt's create_order. The exchange loads its markets from a sandbox first."""
    options = {"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET}
    with ExitStack() as stack:
        with Sandbox() as url:
            exchange = stack.enter_context(open_client("ccxt", signer, url, options=options)).native
            exchange.load_markets()
        exchange.urls["api"] = dict.fromkeys(exchange.urls["api"], server.url)
        exchange.validateServerSsl = str(server.authority) if server.authority else True  # requests' verify
        yield time_submissions(
            lambda: 200 if exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5)["id"] else 0
        )
