"""Measure an order through every client: microseconds of processor time and of wall time.

    python bench/bench_clients.py [--orders 5000] [--json FILE] [--docs] [--memory]

All clients send the same order to a C server with a fixed response (`fixed_reply.c`), plain and over TLS. The lower
limit is a C loop over a socket (`order_loop.c`). Rounds alternate between the clients, so a busy moment of the machine
affects all alike. Every round begins with uncounted orders, because the caches contain a different client's data.
Everything runs on a single processor, without wake-ups across processors. The gateway's goals follow. Run it on an idle
machine.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import gc
import json
import math
import os
import platform
import ssl
import sys
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from statistics import median
from typing import Any, NamedTuple

import aiohttp
import ccxt
import httptools
import httpx
import requests
import uvloop
from order_clients import BODY, C_LOOP, OURS, PATH, SIGNER, Server, c_loop, clients, fixed_reply
from pages import around, processor, write_between

import woox_fast
from woox_fast.gateway import AsyncGateway, Gateway

ROUND = 100
ALL_PROCESSORS = os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()
# Multiples of the C loop: (processor, wall) for plain connections, then for TLS.
GOALS = {
    "Gateway": ((1.3, 1.2), (1.4, 1.25)),
    "AsyncGateway, asyncio": ((2.5, None), (3.0, None)),
    "AsyncGateway, uvloop": ((2.0, None), (2.3, None)),
}
PAUSE_S = 0.01
PAUSES = [True] + [False] * 29 + ([True] + [False] * 4) * 5  # True: pause before this order
LOOPS: dict[str, Callable[[], asyncio.AbstractEventLoop]] = {
    "AsyncGateway, asyncio": asyncio.new_event_loop,
    "AsyncGateway, uvloop": uvloop.new_event_loop,
}


class Measurement(NamedTuple):
    """Microseconds per order."""

    client: str
    signed: str
    tls: bool
    cpu: float
    wall: float
    wall_p99: float


class Goal(NamedTuple):
    subject: str
    figure: float
    bound: float | None
    unit: str
    is_minimum: bool = False

    @property
    def is_met(self) -> bool:
        if self.bound is None:
            return True
        return self.figure >= self.bound if self.is_minimum else self.figure <= self.bound


@contextlib.contextmanager
def one_processor() -> Iterator[None]:
    """Pin this process and its children to a processor, if the system supports that."""
    if not ALL_PROCESSORS:
        yield
        return
    os.sched_setaffinity(0, {max(ALL_PROCESSORS)})
    yield
    os.sched_setaffinity(0, ALL_PROCESSORS)


def percentile(values: list[int], share: float) -> float:
    """Return the nearest rank."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def measure(orders: int, *, tls: bool) -> list[Measurement]:
    cpu: dict[tuple[str, str], list[float]] = {}
    wall: dict[tuple[str, str], list[int]] = {}
    with one_processor(), fixed_reply(tls=tls) as server, clients(server) as found:
        for spend in found.values():
            spend(ROUND)  # warm
        for _ in range(math.ceil(orders / ROUND)):
            for name, spend in found.items():
                spent = spend(ROUND)
                cpu.setdefault(name, []).append(spent.cpu)
                wall.setdefault(name, []).extend(spent.wall)
    return [
        Measurement(
            *name, tls, median(cpu[name]) / 1000, median(wall[name]) / 1000, percentile(wall[name], 0.99) / 1000
        )
        for name in found
    ]


def goals_of(rows: list[Measurement]) -> list[Goal]:
    """Compare the gateways with the C loop and with requests."""
    goals = []
    for tls in (False, True):
        here = {row.client: row for row in rows if row.tls is tls and row.signed in ("", OURS)}
        by_requests = next(row for row in rows if row.tls is tls and row.client == "requests" and row.signed != OURS)
        for client, bounds in GOALS.items():
            of, where = bounds[tls], ", TLS" if tls else ""
            goals.append(Goal(f"{client}{where}: processor", here[client].cpu / here[C_LOOP].cpu, of[0], "x C"))
            if of[1]:
                goals.append(Goal(f"{client}{where}: clock", here[client].wall / here[C_LOOP].wall, of[1], "x C"))
        if not tls:
            less = by_requests.cpu / here["Gateway"].cpu
            goals.append(Goal("Gateway: less processor than requests", less, 40, "x", is_minimum=True))
    return goals


def many_at_once(count: int, delay_ms: int) -> list[Goal]:
    """Measure the milliseconds until all responses of `count` concurrent orders have arrived."""
    found = []
    with fixed_reply(delay_ms=delay_ms) as server:
        with Gateway(SIGNER, server.url, connections=count) as gateway, ThreadPoolExecutor(count) as pool:
            send = lambda _: gateway.request("POST", PATH, BODY).status  # noqa: E731
            list(pool.map(send, range(count)))
            found.append(("Gateway", min(timed(lambda: list(pool.map(send, range(count)))) for _ in range(5))))
        for name, new_loop in LOOPS.items():

            async def at_once() -> float:
                async with AsyncGateway(SIGNER, server.url, connections=count) as gateway:

                    async def all_of_them() -> float:
                        started = time.perf_counter()
                        await asyncio.gather(*(gateway.request("POST", PATH, BODY) for _ in range(count)))
                        return time.perf_counter() - started

                    return min([await all_of_them() for _ in range(5)])

            found.append((name, run_on(new_loop, at_once())))
    subject = f"{count} at once, responses after {delay_ms} ms"
    return [Goal(f"{name}: {subject}", seconds * 1000, delay_ms * 1.15, "ms") for name, seconds in found]


def time_orders(server: Server) -> list[float]:
    """Open a gateway and time an order for every entry of PAUSES."""
    seconds = []
    with Gateway(SIGNER, server.url, connections=1, tls=server.tls) as gateway:
        for pause in PAUSES:
            if pause:
                time.sleep(PAUSE_S)
            seconds.append(timed(lambda: gateway.request("POST", PATH, BODY)))
    return seconds


async def time_async_orders(server: Server) -> list[float]:
    seconds = []
    async with AsyncGateway(SIGNER, server.url, connections=1, tls=server.tls) as gateway:
        for pause in PAUSES:
            if pause:
                await asyncio.sleep(PAUSE_S)
            started = time.perf_counter()
            await gateway.request("POST", PATH, BODY)
            seconds.append(time.perf_counter() - started)
    return seconds


def first_order(*, tls: bool, openings: int = 30) -> list[Goal]:
    """Compare the first order after opening with the median of the orders right after it.

    Every order after a pause lasts several times longer, even in the C loop: the caches are cold and the server sleeps.
    So compare the first order also with later orders after the same pause.
    """
    seconds: dict[str, list[list[float]]] = {"Gateway": [], **{name: [] for name in LOOPS}}
    c_orders = []
    with one_processor(), fixed_reply(tls=tls) as server, c_loop(server, warm_up=0) as loop_in_c:
        for _ in range(openings):
            seconds["Gateway"].append(time_orders(server))
            for name, new_loop in LOOPS.items():
                seconds[name].append(run_on(new_loop, time_async_orders(server)))
            time.sleep(PAUSE_S)
            c_orders.append([*loop_in_c(1).wall, *loop_in_c(29).wall])
    where = ", TLS" if tls else ""
    goals = []
    for name, openings_of in seconds.items():
        first = median(orders[0] for orders in openings_of)
        paused = [
            order for orders in openings_of for order, pause in list(zip(orders, PAUSES, strict=True))[1:] if pause
        ]
        in_a_row = median(order for orders in openings_of for order in orders[1:30])
        goals += [
            Goal(f"{name}{where}: first order after opening", first / in_a_row, 1.3, "x median"),
            Goal(f"{name}{where}: the same, against later ones after the same pause", first / median(paused), 1.3, "x"),
        ]
    cold = median(orders[0] for orders in c_orders) / median(order for orders in c_orders for order in orders[1:])
    return [*goals, Goal(f"{C_LOOP}{where}: an order after the same pause", cold, None, "x median")]


def threads_on_one(threads: int = 8, orders: int = 4000) -> list[Goal]:
    """Compare the rate of threads that share a gateway with the rate of threads that have their own gateways."""
    with fixed_reply() as server:

        def rate(gateways: list[Gateway]) -> float:
            def work(gateway: Gateway) -> None:
                for _ in range(orders // 4):
                    gateway.request("POST", PATH, BODY)

            started = time.perf_counter()
            workers = [threading.Thread(target=work, args=(gateways[i % len(gateways)],)) for i in range(threads)]
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            return threads * (orders // 4) / (time.perf_counter() - started)

        with contextlib.ExitStack() as stack:
            one = stack.enter_context(Gateway(SIGNER, server.url, connections=threads))
            each = [stack.enter_context(Gateway(SIGNER, server.url, connections=1)) for _ in range(threads)]
            ratios = [rate([one]) / rate(each) for _ in range(7)]
    return [
        Goal(f"{threads} threads on one Gateway, against {threads} Gateways", median(ratios), 0.8, "x", is_minimum=True)
    ]


def threads_in_queue(threads: int = 4, connections: int = 2, orders: int = 2000) -> list[Goal]:
    """Measure the processor time of an order if threads wait for connections: microseconds of the whole process."""
    with fixed_reply() as server, Gateway(SIGNER, server.url, connections=connections) as gateway:

        def work() -> None:
            for _ in range(orders):
                gateway.request("POST", PATH, BODY)

        def spend() -> float:
            workers = [threading.Thread(target=work) for _ in range(threads)]
            before = time.process_time()
            for worker in workers:
                worker.start()
            for worker in workers:
                worker.join()
            return (time.process_time() - before) / (threads * orders) * 1e6

        figure = median(spend() for _ in range(5))
    return [Goal(f"Gateway: {threads} threads on {connections} connections, processor", figure, 50, "us an order")]


def memory(orders: int) -> list[Goal]:
    """Measure the growth of the process in bytes per order."""

    def resident() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    def grown(send: Callable[[int], None]) -> float:
        send(orders // 10)
        before = resident()
        send(orders)
        return (resident() - before) / orders

    with one_processor(), fixed_reply() as server:
        with Gateway(SIGNER, server.url, connections=1) as gateway:

            def send(count: int) -> None:
                for _ in range(count):
                    gateway.request("POST", PATH, BODY)

            found = [("Gateway", grown(send))]
        for name, new_loop in LOOPS.items():
            found.append((name, _grown_async(server, new_loop, grown)))
    return [Goal(f"{name}: growth over {orders:,} orders", figure, 1, "bytes an order") for name, figure in found]


def _grown_async(server: Server, new_loop: Callable[[], Any], grown: Callable[[Callable[[int], None]], float]) -> float:
    loop = new_loop()
    gateway = AsyncGateway(SIGNER, server.url, connections=1)

    async def many(count: int) -> None:
        for _ in range(count):
            await gateway.request("POST", PATH, BODY)

    loop.run_until_complete(gateway.__aenter__())
    figure = grown(lambda count: loop.run_until_complete(many(count)))
    loop.run_until_complete(gateway.__aexit__(None, None, None))
    loop.close()
    return figure


def timed(call: Callable[[], Any]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


def run_on(new_loop: Callable[[], asyncio.AbstractEventLoop], work: Any) -> Any:
    loop = new_loop()
    try:
        return loop.run_until_complete(work)
    finally:
        loop.close()


def page_text(rows: list[Measurement], goals: list[Goal], about: str) -> str:
    """Return the tables in Markdown."""
    plain = {(row.client, row.signed): row for row in rows if not row.tls}
    over_tls = {(row.client, row.signed): row for row in rows if row.tls}
    lines = [
        "| client | signed | plain: CPU | wall | wall p99 | TLS: CPU | wall | wall p99 | CPU, times the C loop |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, row in plain.items():
        other = over_tls[name]
        figures = [f"{figure:,.1f}" for one in (row, other) for figure in (one.cpu, one.wall, one.wall_p99)]
        times = [row.cpu / plain[C_LOOP, ""].cpu, other.cpu / over_tls[C_LOOP, ""].cpu]
        lines.append(f"| {row.client} | {row.signed} | {' | '.join(figures)} | {times[0]:,.2f}, TLS {times[1]:,.2f} |")
    lines += ["", about, "", "| subject | measured | goal | |", "|---|--:|--:|---|"]
    for goal in goals:
        bound = "" if goal.bound is None else f"{'≥' if goal.is_minimum else '≤'} {goal.bound:g}"
        verdict = "" if goal.is_met else "missed"
        lines.append(f"| {goal.subject} | {goal.figure:,.2f} {goal.unit} | {bound} | {verdict} |")
    return "\n".join(lines)


def readme_text(rows: list[Measurement]) -> str:
    """Return the table of README: one line per client."""
    lines = [
        "| client (by hand → with woox_fast) | processor | round trip | TLS: processor | round trip |",
        "|---|--:|--:|--:|--:|",
    ]
    for client in dict.fromkeys(row.client for row in rows):
        cells = []
        for tls in (False, True):
            each = [row for row in rows if row.client == client and row.tls is tls]
            each.sort(key=lambda row: row.signed == OURS)
            cells += [" → ".join(f"{one.cpu:,.{one.cpu < 100:d}f}" for one in each)]
            cells += [" → ".join(f"{one.wall:,.{one.wall < 100:d}f}" for one in each)]
        lines.append(f"| {client} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=5000, help="orders per client, twice (default %(default)s)")
    parser.add_argument("--json", metavar="FILE", help="also write the figures to FILE")
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/benchmarks.md and README.md")
    parser.add_argument(
        "--memory", action="store_true", help="also measure the memory growth over a million orders per gateway"
    )
    args = parser.parse_args()
    for page in ("docs/benchmarks.md", "README.md") if args.docs else ():
        around(page, "orders")  # fail before minutes of measuring
    rows = [row for tls in (False, True) for row in measure(args.orders, tls=tls)]
    goals = [
        *goals_of(rows),
        *first_order(tls=False),
        *first_order(tls=True),
        *many_at_once(64, 100),
        *threads_on_one(),
        *threads_in_queue(),
    ]
    goals += memory(1_000_000) if args.memory else []
    versions = {
        "python": platform.python_version(),
        "backend": woox_fast.backend,
        "sha256": woox_fast.sha256_implementation,
        "openssl": ssl.OPENSSL_VERSION.split()[1],
        **{module.__name__: module.__version__ for module in (httptools, uvloop, requests, httpx, aiohttp, ccxt)},
    }
    about = f"Microseconds an order, p50; {processor()}; {', '.join(f'{name} {it}' for name, it in versions.items())}."
    text = page_text(rows, goals, about)
    print(text)
    if args.json:
        figures = {
            "about": versions,
            "rows": [row._asdict() for row in rows],
            "goals": [goal._asdict() for goal in goals],
        }
        Path(args.json).write_text(json.dumps(figures, indent=1), encoding="utf-8")
    if args.docs:
        write_between("docs/benchmarks.md", "orders", text)
        write_between("README.md", "orders", readme_text(rows))


if __name__ == "__main__":
    sys.exit(main())
