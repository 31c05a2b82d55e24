"""What one order costs the client: microseconds of its processor, and of the clock, for each client, in one run.

    python bench/bench_clients.py [--orders 1000] [--json FILE]

Each client, as it comes, sends the same order to an embedded exchange in a process of its own: signed by hand with
`hmac.new`, and by its adapter; ccxt with and without `accelerate`. Rounds take turns, so that a busy moment of the
machine meets all alike. An order that is not accepted is an error. Run it on a machine with nothing else to do.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import hmac
import json
import math
import platform
import sys
import time
from collections.abc import Awaitable, Callable
from typing import Any, NamedTuple

import aiohttp
import ccxt
import httpx
import requests

import woox_fast
import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.adapters.ccxt import accelerate
from woox_fast.adapters.raw import Connection
from woox_fast.cli.demo.run import embedded_exchange
from woox_fast.payload import json_bytes
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET

PATH = "/v3/trade/order"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000.5", "quantity": "0.01"}
ROUND = 50
BY_HAND, OURS = "hmac.new by hand", "woox_fast"


class Spent(NamedTuple):
    """Nanoseconds of each order."""

    cpu: list[int]
    wall: list[int]


Send = Callable[[], Awaitable[Any]]


async def timed(send: Callable[[], Any], times: int, into: Spent) -> None:
    """`send` returns the status, or an awaitable of it."""
    for _ in range(times):
        wall, cpu = time.perf_counter_ns(), time.thread_time_ns()
        status = send()
        if asyncio.iscoroutine(status):
            status = await status
        into.cpu.append(time.thread_time_ns() - cpu)
        into.wall.append(time.perf_counter_ns() - wall)
        if status != 200:
            raise RuntimeError(f"the exchange answered {status}")


class ByHand:
    """What one writes without a library: one `hmac.new` and one dict, or one text, for each order."""

    def __init__(self, url: str) -> None:
        self._secret = DEMO_API_SECRET.encode()
        self._host = url.removeprefix("http://")

    def headers(self, method: str, path: str, body: str) -> dict[str, str]:
        stamp = str(int(time.time() * 1000))
        signature = hmac.new(self._secret, f"{stamp}{method}{path}{body}".encode(), hashlib.sha256).hexdigest()
        return {
            "x-api-key": DEMO_API_KEY,
            "x-api-timestamp": stamp,
            "x-api-signature": signature,
            "Content-Type": "application/json",
        }

    def encode_request(self, method: str, path: str, body: str, *, host: str) -> bytes:
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers(method, path, body).items())
        data = body.encode()
        return f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Length: {len(data)}\r\n{head}\r\n".encode() + data


async def variants(url: str) -> tuple[dict[tuple[str, str], Callable[[], Any]], list[Callable[[], Any]]]:
    """(client, how it signs) -> what sends one order and gives the status; and what closes them all."""
    signer, by_hand = Signer(DEMO_API_KEY, DEMO_API_SECRET), ByHand(url)
    target = url + PATH

    session, session_ours = requests.Session(), woox_fast.adapters.requests.session(signer, origins=[url])
    client = httpx.Client()
    client_ours = httpx.Client(auth=woox_fast.adapters.httpx.WooXAuth(signer, origins=[url]))
    async_client = aiohttp.ClientSession()
    middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
    async_client_ours = aiohttp.ClientSession(middlewares=(middleware,))
    wire, wire_by_hand = Connection(signer, url), Connection(by_hand, url)  # type: ignore[arg-type]

    def requests_by_hand() -> int:
        body = json.dumps(ORDER)
        return session.post(target, data=body, headers=by_hand.headers("POST", PATH, body)).status_code

    def requests_ours() -> int:
        return session_ours.post(target, data=json_bytes(ORDER)).status_code

    def httpx_by_hand() -> int:
        body = json.dumps(ORDER)
        return client.post(target, content=body, headers=by_hand.headers("POST", PATH, body)).status_code

    def httpx_ours() -> int:
        return client_ours.post(target, content=json_bytes(ORDER)).status_code

    async def aiohttp_by_hand() -> int:
        body = json.dumps(ORDER)
        async with async_client.post(target, data=body, headers=by_hand.headers("POST", PATH, body)) as reply:
            await reply.read()
            return reply.status

    async def aiohttp_ours() -> int:
        async with async_client_ours.post(target, data=json_bytes(ORDER)) as reply:
            await reply.read()
            return reply.status

    async def raw_by_hand() -> int:
        return (await wire_by_hand.request("POST", PATH, json.dumps(ORDER))).status

    async def raw_ours() -> int:
        return (await wire.request("POST", PATH, json_bytes(ORDER))).status

    def woo() -> Any:
        urls = {"api": {"pub": url, "public": url, "private": url}}
        config = {"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET, "enableRateLimit": False, "urls": urls}
        exchange = ccxt.woo(config)
        exchange.load_markets()
        return exchange

    plain, fast = woo(), accelerate(woo())

    def ccxt_order(exchange: Any) -> int:
        return 200 if exchange.create_order("BTC/USDT", "limit", "buy", 0.01, 60000.5)["id"] else 0

    sends = {
        ("requests", BY_HAND): requests_by_hand,
        ("requests", OURS): requests_ours,
        ("httpx", BY_HAND): httpx_by_hand,
        ("httpx", OURS): httpx_ours,
        ("aiohttp", BY_HAND): aiohttp_by_hand,
        ("aiohttp", OURS): aiohttp_ours,
        ("raw asyncio", BY_HAND): raw_by_hand,
        ("raw asyncio", OURS): raw_ours,
        ("ccxt create_order", "as it is"): lambda: ccxt_order(plain),
        ("ccxt create_order", "accelerate"): lambda: ccxt_order(fast),
    }
    owners = [session, session_ours, client, client_ours, async_client, async_client_ours, wire, wire_by_hand]
    return sends, [owner.close for owner in [*owners, plain.session, fast.session]]


async def measure(url: str, orders: int) -> dict[tuple[str, str], Spent]:
    sends, closers = await variants(url)
    spent = {name: Spent([], []) for name in sends}
    async with Connection(Signer(DEMO_API_KEY, DEMO_API_SECRET), url) as sweeper:
        for send in sends.values():
            await timed(send, ROUND, Spent([], []))  # warm
        for _ in range(math.ceil(orders / ROUND)):
            for name, send in sends.items():
                await timed(send, ROUND, spent[name])
            reply = await sweeper.request("DELETE", "/v3/trade/allOrders?symbol=SPOT_BTC_USDT")
            if reply.status != 200:
                raise RuntimeError(f"the orders were not cancelled: {reply}")
    for close in closers:
        closing = close()
        if closing is not None:
            await closing
    return spent


def percentile(values: list[int], share: float) -> float:
    """The nearest rank, in microseconds."""
    return sorted(values)[math.ceil(share * len(values)) - 1] / 1000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=1000, help="of each kind (default %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="write the figures there, too")
    args = parser.parse_args()
    with embedded_exchange(DEMO_API_KEY, DEMO_API_SECRET) as url:
        spent = asyncio.run(measure(url, args.orders))
    rows = [
        {
            "client": client,
            "signed": how,
            "orders": len(one.cpu),
            **{
                f"{kind}_{name}_us": percentile(getattr(one, kind), share)
                for kind in ("cpu", "wall")
                for name, share in (("p50", 0.5), ("p99", 0.99))
            },
        }
        for (client, how), one in spent.items()
    ]
    base = next(row["cpu_p50_us"] for row in rows if (row["client"], row["signed"]) == ("requests", BY_HAND))
    print("| client | signed | CPU p50 | CPU p99 | wall p50 | wall p99 | CPU, against requests |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for row in rows:
        figures = [f"{row[name]:,.0f}" for name in ("cpu_p50_us", "cpu_p99_us", "wall_p50_us", "wall_p99_us")]
        print(
            f"| {row['client']} | {row['signed']} | {' | '.join(figures)} | {base / row['cpu_p50_us']:.1f} times less |"
        )
    about = {
        "python": platform.python_version(),
        "machine": platform.machine(),
        "backend": woox_fast.backend,
        "sha256": woox_fast.sha256_implementation,
        **{module.__name__: module.__version__ for module in (requests, httpx, aiohttp, ccxt)},
    }
    print("microseconds an order;", ", ".join(f"{name} {value}" for name, value in about.items()))
    if args.json:
        with open(args.json, "w", encoding="utf-8") as file:
            json.dump({"about": about, "rows": rows}, file, indent=1)


if __name__ == "__main__":
    sys.exit(main())
