"""`woox-fast demo`: send signed orders to a sandbox, and verify the sandbox's books.

The demo starts the sandbox as a separate process on this machine, and sends to it alone. The demo places orders,
cancels the open orders, and compares all orders with the balances.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import subprocess
import sys
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from decimal import Decimal
from importlib.util import find_spec
from threading import Event
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import Signer, backend, sha256_implementation
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import show
from .common import whole_number

if TYPE_CHECKING:
    from rich.progress import Progress

    from ..gateway import Gateway

EXAMPLES = ("woox-fast demo", "woox-fast demo --orders 500 --connections 4 --threads 4 --json")
MAX_ORDERS = 10_000  # the sandbox forgets closed orders beyond this number
SYMBOL = "SPOT_BTC_USDT"
# Side, price and quantity, in turn: far from the market, where an order rests, or across it, where an order fills.
ORDERS = (("BUY", "1000", "0.001"), ("BUY", "900000", "0.002"), ("SELL", "900000", "0.001"), ("SELL", "1000", "0.001"))

Request = tuple[str, str, bytes]  # method, path with query, body


class DemoError(Exception):
    """The demo cannot go on. The message is for the user."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    orders, few, default = whole_number(1, MAX_ORDERS), whole_number(1, 32), "(default %(default)s)"
    parser.add_argument("--orders", type=orders, default=2000, metavar="N", help=f"orders to place {default}")
    parser.add_argument("--connections", type=few, default=1, metavar="N", help=f"connections of the gateway {default}")
    parser.add_argument("--threads", type=few, default=1, metavar="N", help=f"threads that send orders {default}")
    parser.epilog = "Starts a sandbox on this machine and sends to it alone. Needs no credentials and no network."


def main(args: argparse.Namespace) -> int:
    from ..gateway import Gateway

    for module in ("aiohttp", "rich"):  # the sandbox and the progress bar need them
        if find_spec(module) is None:
            raise ModuleNotFoundError(name=module)
    outcome = Outcome(args.orders)
    try:
        with start_sandbox() as url:
            if not args.json:
                show.line(f"Sending {args.orders:,} signed orders to a sandbox on this machine, {url}\n")
                show.flush()
            with Gateway(Signer(API_KEY, API_SECRET), url, connections=args.connections) as gateway:
                outcome.run(gateway, args.threads)
        report(outcome.figures(), args.json)
        return 1 if outcome.faults else 0
    except (DemoError, KeyboardInterrupt, OSError) as error:
        if getattr(error, "filename", None) == show.STANDARD_OUTPUT:
            raise
        reasons = {DemoError: str(error), KeyboardInterrupt: "interrupted"}
        reason = reasons.get(type(error), f"the sandbox stopped responding ({type(error).__name__})")
    if args.json:
        show.as_json({"error": reason, **outcome.progress()})
    progress = ", ".join(f"{count:,} {name}" for name, count in outcome.progress().items())
    show.error(f"woox-fast demo: {reason}. Of {args.orders:,} orders: {progress}. Nothing was sent twice.")
    return 130 if reason == "interrupted" else 1


class Batch:
    """Requests that several threads send through a gateway, and their responses."""

    def __init__(self) -> None:
        self.latencies_ns: list[int] = []
        self.cpu_ns: list[int] = []  # processor time by thread
        self.refusals: list[str] = []
        self.failures: list[BaseException] = []
        self.seconds = 0.0

    def send(self, gateway: Gateway, requests: Sequence[Request], threads: int, task: str) -> None:
        """Send every request once. Stop at the first request without a response, and raise its OSError."""
        waiting, stop = deque(requests), Event()
        started = time.perf_counter()
        with progress_bar() as bar, ThreadPoolExecutor(threads) as executor:
            number = bar.add_task(task, total=len(requests))
            try:
                running = [executor.submit(self._send_waiting, gateway, waiting, stop) for _ in range(threads)]
                while wait(running, 0.2).not_done:
                    bar.update(number, completed=len(self.latencies_ns), refresh=True)
            finally:
                stop.set()
            self.seconds = time.perf_counter() - started
        self.failures = [error for thread in running if (error := thread.exception())]
        if self.failures:
            raise self.failures[0]

    def _send_waiting(self, gateway: Gateway, waiting: deque[Request], stop: Event) -> None:
        started_cpu = time.thread_time_ns()
        while not stop.is_set():
            try:
                request = waiting.popleft()
            except IndexError:
                break
            started = time.perf_counter_ns()
            try:
                response = gateway.request(*request)
                self.latencies_ns.append(time.perf_counter_ns() - started)
                data_of(response)
            except DemoError as refusal:
                self.refusals.append(str(refusal))
            except OSError:
                stop.set()
                raise
        self.cpu_ns.append(time.thread_time_ns() - started_cpu)


def data_of(response: Any) -> Any:
    """Return the data of a successful response. Raises DemoError if it is a refusal."""
    try:
        envelope = response.json()
    except ValueError:
        envelope = None
    if response.status == 200 and isinstance(envelope, dict) and envelope.get("success") is True:
        return envelope.get("data")
    body = show.printable(response.body.decode("utf-8", "replace"))
    raise DemoError(f"HTTP {response.status} {show.shortened(body, 200)}")


def order(client_order_id: int) -> Request:
    side, price, quantity = ORDERS[client_order_id % len(ORDERS)]
    fields = {"symbol": SYMBOL, "side": side, "type": "LIMIT", "price": price, "quantity": quantity}
    return "POST", "/v3/trade/order", json.dumps({**fields, "clientOrderId": client_order_id}).encode()


class Books(NamedTuple):
    """The sandbox's books: `requests` counts the signed requests that reading them cost."""

    orders: list[dict[str, Any]]
    balances: dict[str, tuple[Decimal, Decimal]]  # by token: holding and frozen amount
    arrivals: dict[str, int]  # by clientOrderId: how many times it arrived
    verified: int  # signatures
    requests: int


def read_books(gateway: Gateway, ids: range) -> Books:
    """Read orders and balances through the public API, and the sandbox's own counts through its admin API."""

    def get(path: str) -> Any:
        try:
            return data_of(gateway.request("GET", path))
        except DemoError as error:
            raise DemoError(f"the sandbox refused GET {path}: {error}") from None

    orders: list[dict[str, Any]] = []
    pages = len(ids) // 500 + 1
    for page in range(1, pages + 1):
        rows = get(f"/v3/trade/orders?symbol={SYMBOL}&size=500&page={page}")["rows"]
        orders += [row for row in rows if row["clientOrderId"] in ids]
    holdings = get("/v3/asset/balances")["holding"]
    balances = {row["token"]: (Decimal(row["holding"]), Decimal(row["frozen"])) for row in holdings}
    arrivals = get("/sandbox/orders?limit=0")["clientOrderIds"]
    return Books(orders, balances, arrivals, get("/sandbox/stats")["verified"], pages + 1)


def check_books(ids: range, before: Books, after: Books) -> Iterator[str]:
    """Yield the differences between the orders and the change of the books."""
    times = Counter(row["clientOrderId"] for row in after.orders)
    missing = [each for each in ids if not times[each]]
    repeated = [each for each in ids if times[each] > 1 or after.arrivals.get(str(each), 0) > 1]
    for wrong, fault in ((missing, "missing"), (repeated, "there more than once")):
        if wrong:
            yield f"orders {fault}: {len(wrong):,}, such as clientOrderId {wrong[0]}"
    change: dict[str, Decimal] = defaultdict(Decimal)
    for row in after.orders:
        _, base, quote = row["symbol"].split("_")
        bought = Decimal(row["executed"]) * (1 if row["side"] == "BUY" else -1)
        change[base] += bought
        change[quote] -= bought * Decimal(row["averageExecutedPrice"] or 0)
        change[row["feeAsset"]] -= Decimal(row["totalFee"] or 0)
    for token, (holding, frozen) in after.balances.items():
        expected = before.balances[token][0] + change[token]
        if holding != expected:
            yield f"the balance is {holding:,f} {token}, but the orders add up to {expected:,f}"
        if frozen:
            yield f"{frozen:,f} {token} are frozen, but no order is open"


class Outcome:
    """A run's orders, with the books before and after."""

    def __init__(self, orders: int) -> None:
        self.orders = orders
        self.placing, self.cancelling = Batch(), Batch()
        self.faults: list[str] = []

    def run(self, gateway: Gateway, threads: int) -> None:
        """Place all orders, cancel the open orders, and check the books."""
        ids = range(first := time.time_ns() // 1_000, first + self.orders)  # unique, and less than 2 ** 53
        self.before = read_books(gateway, ids)
        self.placing.send(gateway, [order(each) for each in ids], threads, "Placing")
        placed = read_books(gateway, ids)
        still_open = [row["orderId"] for row in placed.orders if row["status"] in ("NEW", "PARTIAL_FILLED")]
        cancellations = [("DELETE", f"/v3/trade/order?symbol={SYMBOL}&orderId={each}", b"") for each in still_open]
        self.cancelling.send(gateway, cancellations, threads, "Cancelling")
        self.after = read_books(gateway, ids)
        for refusal, times in Counter(self.placing.refusals + self.cancelling.refusals).most_common(3):
            self.faults.append(f"the sandbox refused {times:,} requests: {refusal}")
        self.faults += check_books(ids, self.before, self.after)
        requests = len(ids) + placed.requests + len(cancellations) + self.after.requests
        self.verified = self.after.verified - self.before.verified
        if self.verified != requests:
            self.faults.append(f"{requests:,} requests were sent, but {self.verified:,} signatures were verified")

    def progress(self) -> dict[str, int]:
        from ..gateway import NotSentError

        in_doubt = sum(not isinstance(each, NotSentError) for each in self.placing.failures)
        return {"acknowledged": len(self.placing.latencies_ns), "possibly carried out": in_doubt}

    def figures(self) -> dict[str, Any]:
        latencies_us = [each / 1000 for each in sorted(self.placing.latencies_ns)]
        count = len(latencies_us)
        statuses = Counter(row["status"] for row in self.after.orders)
        before, after = self.before.balances, self.after.balances
        counts = {"placed": statuses.total(), "filled": statuses["FILLED"], "cancelled": statuses["CANCELLED"]}
        return counts | {
            "orders_per_s": round(count / self.placing.seconds),
            "latency_p50_us": round(latencies_us[count // 2], 1),
            "latency_p99_us": round(latencies_us[math.ceil(0.99 * count) - 1], 1),
            "processor_us": round(sum(self.placing.cpu_ns) / count / 1000, 1),
            "verified": self.verified,
            "balances": {token: [f"{of[token][0]:f}" for of in (before, after)] for token in SYMBOL.split("_")[1:]},
            "faults": self.faults,
        }


def report(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.as_json({"backend": backend, "sha256": sha256_implementation, **figures})
        return
    good = "ok: every order is there exactly once, and the balances add up to the last digit"
    texts = {
        "orders": "{placed:,} placed, {filled:,} filled, {cancelled:,} cancelled",
        "speed": "{orders_per_s:,} orders a second",
        "latency": "{latency_p50_us:,.0f} us median, {latency_p99_us:,.0f} us p99",
        "processor": "{processor_us:,.0f} us an order",
        "signatures": f"{{verified:,}} verified; signed by {backend} ({sha256_implementation})",
    }
    rows = [show.Row(label, text.format_map(figures)) for label, text in texts.items()]
    for token, (before, after) in figures["balances"].items():
        rows.append(show.Row(token, f"{Decimal(before):,f} before, {Decimal(after):,f} after"))
    show.rows(
        rows + ([show.Row("books", fault, "bad") for fault in figures["faults"]] or [show.Row("books", good, "good")])
    )


@contextmanager
def start_sandbox() -> Iterator[str]:
    """Start a sandbox and yield its URL. It stops at the end, or when this process dies and its input closes."""
    command = [sys.executable, "-m", "woox_fast", "sandbox", "--port", "0", "--stop-with-stdin", "--quiet", "--json"]
    environment = {**os.environ, API_KEY_VARIABLE: API_KEY, API_SECRET_VARIABLE: API_SECRET}
    pipe = subprocess.PIPE
    # In a new session, so that Ctrl-C reaches this process alone.
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, start_new_session=True) as process:  # noqa: S603
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise DemoError("the sandbox did not start; its error is above")
            yield json.loads(line)["url"]
        finally:
            process.terminate()
            try:
                process.wait(5)
            except subprocess.TimeoutExpired:
                process.kill()


def progress_bar() -> Progress:
    """Return a progress bar on standard error, hidden outside a terminal. No thread draws it: that would cost time."""
    from rich.console import Console
    from rich.progress import Progress

    console = Console(stderr=True)
    return Progress(console=console, auto_refresh=False, transient=True, disable=not console.is_terminal)
