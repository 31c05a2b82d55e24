"""Measure an order through every client: microseconds of processor time, and of the round trip.

    python bench/bench_clients.py [--orders 5000] [--docs] [--memory]

All clients submit the same order to a C server with a fixed response (`fixed_response.c`), plain and over TLS. The
lower limit is a C loop over a socket (`order_loop.c`). Rounds alternate between the clients, so a busy moment of the
machine affects all alike. Every round begins with uncounted orders, because the caches contain a different client's
data. Everything runs on a single processor, without wake-ups across processors. The gateway's goals follow. Run it on
an idle machine.
"""

from __future__ import annotations

import argparse
import gc
import math
import os
import platform
import ssl
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from statistics import median
from typing import NamedTuple

import aiohttp
import ccxt
import httptools
import httpx
import requests
import uvloop

from order_clients import BODY, C_LOOP, GATEWAYS, OURS, PATH, SIGNER, Round, interleave, open_c_loop  # isort: skip
from order_clients import open_clients, open_gateway, serve_fixed_response, time_concurrent_orders  # isort: skip
from pages import read_processor, split_at_marks, write_between

import woox_fast
from woox_fast._timing import pin_to_one_core
from woox_fast.gateway import Gateway

ROUND = 100
# Multiples of the C loop: (processor, round trip) for plain connections, then for TLS.
GOALS = {
    "Gateway": ((1.3, 1.2), (1.4, 1.25)),
    "AsyncGateway, asyncio": ((2.5, None), (3.0, None)),
    "AsyncGateway, uvloop": ((2.0, None), (2.3, None)),
}
PAUSE_S = 0.01


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


def find_percentile(values: list[int], share: float) -> float:
    """Return the nearest rank."""
    return sorted(values)[math.ceil(share * len(values)) - 1]


def measure(orders: int, *, tls: bool) -> list[Measurement]:
    measured = []
    with pin_to_one_core(), serve_fixed_response(tls=tls) as server, open_clients(server) as senders:
        interleave(senders, 1, ROUND)  # warm up
        for name, rounds in interleave(senders, math.ceil(orders / ROUND), ROUND).items():
            cpu, wall = median(spent.cpu for spent in rounds), [order for spent in rounds for order in spent.wall]
            figures = (figure / 1000 for figure in (cpu, median(wall), find_percentile(wall, 0.99)))
            measured.append(Measurement(*name, tls, *figures))
    return measured


def compare_with_c(measured: list[Measurement]) -> list[Goal]:
    """Compare the gateways with the C loop and with requests."""
    goals = []
    for tls in (False, True):
        here = {each.client: each for each in measured if each.tls is tls and each.signed in ("", OURS)}
        for client, bounds in GOALS.items():
            (cpu, wall), where = bounds[tls], ", TLS" if tls else ""
            goals.append(Goal(f"{client}{where}: processor", here[client].cpu / here[C_LOOP].cpu, cpu, "x C"))
            if wall:
                goals.append(Goal(f"{client}{where}: round trip", here[client].wall / here[C_LOOP].wall, wall, "x C"))
    plain = {(each.client, each.signed): each.cpu for each in measured if not each.tls}
    less = plain["requests", "by hand"] / plain["Gateway", OURS]
    return [*goals, Goal("Gateway: less processor than requests", less, 40, "x", is_minimum=True)]


def time_first_order(*, tls: bool, openings: int = 30) -> list[Goal]:
    """Compare the first order after opening with the median of the orders right after it.

    Every order after a pause lasts several times longer, even in the C loop: the caches are cold and the server sleeps.
    So compare the first order also with later orders after the same pause.
    """
    first: dict[str, list[int]] = {name: [] for name in (*GATEWAYS, C_LOOP)}
    in_a_row: dict[str, list[int]] = {name: [] for name in first}
    paused: dict[str, list[int]] = {name: [] for name in first}

    def time_orders(name: str, submit: Round) -> None:
        time.sleep(PAUSE_S)
        first[name] += submit(1).wall
        in_a_row[name].extend(submit(29).wall)
        for _ in range(5):
            time.sleep(PAUSE_S)
            paused[name] += submit(1).wall
            submit(4)

    with pin_to_one_core(), serve_fixed_response(tls=tls) as server:
        for name in first:
            for _ in range(openings):
                opened = open_c_loop(server, 0) if name == C_LOOP else open_gateway(server, name, 0)
                with opened as submit:
                    time_orders(name, submit)
    where = ", TLS" if tls else ""
    goals = []
    for name in GATEWAYS:
        begin, row, later = (median(orders[name]) for orders in (first, in_a_row, paused))
        goals += [
            Goal(f"{name}{where}: first order after opening", begin / row, 1.3, "x median"),
            Goal(f"{name}{where}: the same, against later orders after the same pause", begin / later, 1.3, "x"),
        ]
    cold = median(paused[C_LOOP]) / median(in_a_row[C_LOOP])
    return [*goals, Goal(f"{C_LOOP}{where}: an order after the same pause", cold, None, "x median")]


def time_concurrency(count: int, delay_ms: int) -> list[Goal]:
    """Measure the milliseconds until all responses of `count` concurrent orders have arrived."""
    with serve_fixed_response(delay_ms=delay_ms) as server:
        ms = {name: 1000 * min(time_concurrent_orders(server, name, count)) for name in GATEWAYS}
    subject = f"{count} at once, responses after {delay_ms} ms"
    return [Goal(f"{name}: {subject}", took, delay_ms * 1.15, "ms") for name, took in ms.items()]


def time_threads(threads: int = 8, orders: int = 1000) -> list[Goal]:
    """Compare a gateway that threads share with separate gateways, and measure threads that wait for connections."""

    def work(gateway: Gateway) -> None:
        for _ in range(orders):
            gateway.request("POST", PATH, BODY)

    def spend(gateways: list[Gateway]) -> tuple[float, float]:
        started, cpu = time.perf_counter(), time.process_time()
        list(pool.map(work, gateways))
        return time.perf_counter() - started, (time.process_time() - cpu) / (len(gateways) * orders) * 1e6

    with serve_fixed_response() as server, ExitStack() as stack, ThreadPoolExecutor(threads) as pool:
        opened = [stack.enter_context(Gateway(SIGNER, server.url, connections=n)) for n in (threads, 2, *[1] * threads)]
        shared, crowded, separate = [opened[0]] * threads, [opened[1]] * 4, opened[2:]
        ratio = median(spend(separate)[0] / spend(shared)[0] for _ in range(7))
        micros = median(spend(crowded)[1] for _ in range(5))
    return [
        Goal(f"{threads} threads on one Gateway, against {threads} Gateways", ratio, 0.8, "x", is_minimum=True),
        Goal("Gateway: 4 threads on 2 connections, processor", micros, 50, "us an order"),
    ]


def measure_growth(orders: int) -> list[Goal]:
    """Measure the growth of the process in bytes per order."""

    def resident() -> int:
        gc.collect()
        return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGESIZE")

    goals = []
    with pin_to_one_core(), serve_fixed_response() as server:
        for name in GATEWAYS:
            with open_gateway(server, name) as submit:
                interleave({name: submit}, 1, orders // 10)
                before = resident()
                for _ in range(orders // 1000):
                    submit(1000)
                grown = (resident() - before) / orders
            goals.append(Goal(f"{name}: growth over {orders:,} orders", grown, 1, "bytes an order"))
    return goals


def format_page(measured: list[Measurement], goals: list[Goal], about: str) -> str:
    """Return the tables in Markdown."""
    plain, over_tls = ({each[:2]: each for each in measured if each.tls is tls} for tls in (False, True))
    lines = [
        "| client | signed | processor | round trip | p99 | TLS: processor | round trip | p99 | processor / C loop's |",
        "|---|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for name, here in plain.items():
        other = over_tls[name]
        figures = [f"{figure:,.1f}" for each in (here, other) for figure in (each.cpu, each.wall, each.wall_p99)]
        times = [here.cpu / plain[C_LOOP, ""].cpu, other.cpu / over_tls[C_LOOP, ""].cpu]
        lines.append(f"| {' | '.join([*name, *figures])} | {times[0]:,.2f}, TLS {times[1]:,.2f} |")
    lines += ["", about, "", "| subject | measured | goal | |", "|---|--:|--:|---|"]
    for goal in goals:
        bound = "" if goal.bound is None else f"{'≥' if goal.is_minimum else '≤'} {goal.bound:g}"
        verdict = "" if goal.is_met else "missed"
        lines.append(f"| {goal.subject} | {goal.figure:,.2f} {goal.unit} | {bound} | {verdict} |")
    return "\n".join(lines)


def format_readme(measured: list[Measurement]) -> str:
    """Return the table of README: one line per client."""
    lines = [
        "| client (by hand → with woox_fast) | processor | round trip | TLS: processor | round trip |",
        "|---|--:|--:|--:|--:|",
    ]
    for client in dict.fromkeys(each.client for each in measured):
        cells = []
        for tls in (False, True):
            pair = [each for each in measured if each.client == client and each.tls is tls]  # by hand, woox_fast
            for figures in ([each.cpu for each in pair], [each.wall for each in pair]):
                cells.append(" → ".join(f"{figure:,.{figure < 100:d}f}" for figure in figures))
        lines.append(f"| {client} | {' | '.join(cells)} |")
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=5000, help="orders per client, twice (default %(default)s)")
    parser.add_argument("--docs", action="store_true", help="write the tables into docs/benchmarks.md and README.md")
    parser.add_argument("--memory", action="store_true", help="also measure the memory growth over a million orders")
    args = parser.parse_args()
    for page in ("docs/benchmarks.md", "README.md") if args.docs else ():
        split_at_marks(page, "orders")  # fail before minutes of measuring
    measured = [each for tls in (False, True) for each in measure(args.orders, tls=tls)]
    goals = [*compare_with_c(measured), *time_first_order(tls=False), *time_first_order(tls=True)]
    goals += [*time_concurrency(64, 100), *time_threads()]
    goals += measure_growth(1_000_000) if args.memory else []
    versions = {
        "python": platform.python_version(),
        "backend": woox_fast.backend,
        "sha256": woox_fast.sha256_implementation,
        "openssl": ssl.OPENSSL_VERSION.split()[1],
        **{module.__name__: module.__version__ for module in (httptools, uvloop, requests, httpx, aiohttp, ccxt)},
    }
    named = ", ".join(f"{name} {version}" for name, version in versions.items())
    about = f"Medians in microseconds per order; {read_processor()}; {named}."
    text = format_page(measured, goals, about)
    print(text)
    if args.docs:
        write_between("docs/benchmarks.md", "orders", text)
        write_between("README.md", "orders", format_readme(measured))


if __name__ == "__main__":
    sys.exit(main())
