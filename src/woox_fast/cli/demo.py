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
from contextlib import contextmanager
from decimal import Decimal
from threading import Thread
from typing import TYPE_CHECKING, Any, NamedTuple

from .. import Signer, backend, sha256_implementation
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import show
from .common import whole_number
from .show import OutputField

if TYPE_CHECKING:
    from ..gateway import Gateway

EXAMPLES = ("woox-fast demo", "woox-fast demo --orders 500 --connections 4 --json")
MAX_ORDERS = 10_000  # the sandbox forgets closed orders beyond this number
SYMBOL = "SPOT_BTC_USDT"
POLL_S = 0.02
# Side, price and quantity, in turn: far from the market, where an order rests, or across it, where an order fills.
ORDERS = (("BUY", "1000", "0.001"), ("BUY", "900000", "0.002"), ("SELL", "900000", "0.001"), ("SELL", "1000", "0.001"))
OrderRequest = tuple[str, str, bytes]  # method, path with query, body


class DemoError(Exception):
    pass


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--orders", type=whole_number(1, MAX_ORDERS), default=2000, metavar="N", help="orders to place (default 2000)"
    )
    parser.add_argument(
        "--connections", type=whole_number(1, 32), default=1, metavar="N", help="each with a thread (default 1)"
    )
    parser.epilog = "Starts a sandbox on this machine and sends to it alone. Needs no credentials and no network."


def main(args: argparse.Namespace) -> int:
    import aiohttp  # noqa: F401 (for the sandbox)
    import rich  # noqa: F401 (for the progress bar)

    from ..gateway import Gateway

    placing = Batch(args.connections)
    status = 1
    try:
        with start_sandbox() as url:
            if not args.json:
                show.print_line(f"Sending {args.orders:,} signed orders to a sandbox on this machine, {url}\n")
                show.flush()
            with Gateway(Signer(API_KEY, API_SECRET), url, connections=args.connections) as gateway:
                figures = run(gateway, args.orders, placing)
        report(figures, args.json)
        return 1 if figures["faults"] else 0
    except DemoError as error:
        reason = str(error)
    except KeyboardInterrupt:
        reason, status = "interrupted", 130
    except OSError as error:
        if error.filename == show.STANDARD_OUTPUT:
            raise
        reason = f"the sandbox stopped responding ({type(error).__name__})"
    acknowledged, in_doubt = len(placing.latencies_ns), placing.in_doubt
    counts = f"{acknowledged:,} acknowledged, {in_doubt:,} possibly carried out"
    show.print_error(f"woox-fast demo: {reason}. Of {args.orders:,} orders: {counts}. Nothing was sent twice.")
    return status


class Batch:
    """Requests that several threads send through a gateway, and their responses."""

    def __init__(self, threads: int) -> None:
        self.latencies_ns: list[int] = []
        self.refusals: list[str] = []
        self.in_doubt = 0
        self.seconds = 0.0
        self._threads = threads
        self._error: Exception | None = None  # ends all workers
        self._ended = 0.0

    def send(self, gateway: Gateway, requests: Sequence[OrderRequest]) -> None:
        """Send every request once. Stop at a request without a response, and raise its exception."""
        from rich.console import Console
        from rich.progress import Progress

        console = Console(stderr=True)
        waiting = deque(requests)
        started = time.perf_counter()
        workers = [Thread(target=self._work, args=(gateway, waiting), daemon=True) for _ in range(self._threads)]
        with Progress(console=console, transient=True, disable=not console.is_terminal) as progress:
            task = progress.add_task("Placing", total=len(requests))
            try:
                for worker in workers:
                    worker.start()
                # Sleep: Ctrl-C while this thread acquires a lock that the workers need would stop them forever.
                while any(worker.is_alive() for worker in workers):
                    time.sleep(POLL_S)
                    progress.update(task, completed=len(requests) - len(waiting))
            finally:
                waiting.clear()
                for worker in filter(Thread.is_alive, workers):
                    worker.join()
        self.seconds = self._ended - started
        if self._error is not None:
            raise self._error

    def _work(self, gateway: Gateway, waiting: deque[OrderRequest]) -> None:
        while self._error is None:
            try:
                request = waiting.popleft()
            except IndexError:
                break
            self._send(gateway, request)
        self._ended = time.perf_counter()

    def _send(self, gateway: Gateway, request: OrderRequest) -> None:
        from ..gateway import NotSentError

        started = time.perf_counter_ns()
        try:
            response = gateway.request(*request)
            self.latencies_ns.append(time.perf_counter_ns() - started)
            read_data(response)
        except DemoError as refusal:
            self.refusals.append(str(refusal))
        except Exception as error:
            self._error = error
            self.in_doubt += not isinstance(error, NotSentError)


def read_data(response: Any) -> Any:
    """Return the data of a successful response. Raises DemoError if it is a refusal."""
    try:
        envelope = response.json()
    except ValueError:
        envelope = None
    if response.status == 200 and isinstance(envelope, dict) and envelope.get("success") is True:
        return envelope.get("data")
    body = show.escape(response.body.decode("utf-8", "replace"))
    raise DemoError(f"HTTP {response.status} {show.shorten(body, 200)}")


def build_order(client_order_id: int) -> OrderRequest:
    side, price, quantity = ORDERS[client_order_id % len(ORDERS)]
    fields = {"symbol": SYMBOL, "side": side, "type": "LIMIT", "price": price, "quantity": quantity}
    return "POST", "/v3/trade/order", json.dumps({**fields, "clientOrderId": client_order_id}).encode()


class Books(NamedTuple):
    orders: list[dict[str, Any]]
    balances: dict[str, tuple[Decimal, Decimal]]  # token: (holding, frozen)
    arrivals: dict[str, int]  # clientOrderId: number of arrivals
    verified: int  # signatures


def read_books(gateway: Gateway, ids: range) -> Books:
    """Read orders and balances through the public API, and the sandbox's own counts through its admin API."""

    def get(path: str) -> Any:
        return read_data(gateway.request("GET", path))

    orders: list[dict[str, Any]] = []
    for page in range(1, len(ids) // 500 + 2):
        rows = get(f"/v3/trade/orders?symbol={SYMBOL}&size=500&page={page}")["rows"]
        orders += [row for row in rows if row["clientOrderId"] in ids]
    holdings = get("/v3/asset/balances")["holding"]
    balances = {row["token"]: (Decimal(row["holding"]), Decimal(row["frozen"])) for row in holdings}
    arrivals = get("/sandbox/orders?limit=0")["clientOrderIds"]
    return Books(orders, balances, arrivals, get("/sandbox/stats")["verified"])


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


def run(gateway: Gateway, count: int, placing: Batch) -> dict[str, Any]:
    """Place all orders, cancel the open orders, check the books, and return the figures."""
    ids = range(first := time.time_ns() // 1_000, first + count)  # unique, and less than 2 ** 53
    before = read_books(gateway, ids)
    placing.send(gateway, [build_order(each) for each in ids])
    read_data(gateway.request("DELETE", f"/v3/trade/orders?symbol={SYMBOL}"))
    after = read_books(gateway, ids)
    refusals = Counter(placing.refusals).most_common(3)
    faults = [f"the sandbox refused {times:,} requests: {refusal}" for refusal, times in refusals]
    faults += check_books(ids, before, after)
    latencies_us = [each / 1000 for each in sorted(placing.latencies_ns)]
    statuses = Counter(row["status"] for row in after.orders)
    return {
        "placed": statuses.total(),
        "filled": statuses["FILLED"],
        "cancelled": statuses["CANCELLED"],
        "orders_per_s": round(count / placing.seconds),
        "latency_p50_us": round(latencies_us[count // 2], 1),
        "latency_p99_us": round(latencies_us[math.ceil(0.99 * count) - 1], 1),
        "verified": after.verified - before.verified,
        "balances": {token: [f"{of.balances[token][0]:f}" for of in (before, after)] for token in ("BTC", "USDT")},
        "faults": faults,
    }


def report(figures: dict[str, Any], as_json: bool) -> None:
    if as_json:
        show.print_json({"backend": backend, "sha256": sha256_implementation, **figures})
        return
    good = "ok: every order is there exactly once, and the balances add up to the last digit"
    texts = {
        "orders": "{placed:,} placed, {filled:,} filled, {cancelled:,} cancelled",
        "speed": "{orders_per_s:,} orders a second",
        "latency": "{latency_p50_us:,.0f} us median, {latency_p99_us:,.0f} us p99",
        "signatures": f"{{verified:,}} verified; signed by {backend} ({sha256_implementation})",
    }
    fields = [OutputField(label, text.format_map(figures)) for label, text in texts.items()]
    for token, (before, after) in figures["balances"].items():
        fields.append(OutputField(token, f"{Decimal(before):,f} before, {Decimal(after):,f} after"))
    faults = [OutputField("books", fault, "bad") for fault in figures["faults"]]
    fields += faults or [OutputField("books", good, "good")]
    show.print_fields(fields)


@contextmanager
def start_sandbox() -> Iterator[str]:
    """Start a sandbox and yield its URL. It stops at the end, or when this process dies and its input closes."""
    command = [sys.executable, "-m", "woox_fast", "sandbox", "--port", "0", "--stop-with-stdin", "--quiet", "--json"]
    environment = {**os.environ, API_KEY_VARIABLE: API_KEY, API_SECRET_VARIABLE: API_SECRET}
    pipe = subprocess.PIPE
    # The new session keeps Ctrl-C away from the sandbox.
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, start_new_session=True) as process:  # noqa: S603
        try:
            line = process.stdout.readline() if process.stdout else b""
            if not line:
                raise DemoError("the sandbox did not start; its error is above")
            yield json.loads(line)["url"]
        finally:
            process.kill()  # it has nothing to save
