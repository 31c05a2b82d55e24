"""The demo's figures: what became of the requests, and what an order and its signature cost."""

from __future__ import annotations

import hashlib
import hmac
import math
import time
from collections.abc import Callable, Sequence
from functools import partial
from statistics import median
from typing import Any

from ... import Signer, _sign_py, backend, sha256_implementation
from ..._encoding import json_bytes
from ..._timing import rounds_ns
from .. import show
from .submit import Tally
from .workload import Request

STATS_PATH = "/sandbox/stats"


class Outcome:
    """What happened: the tally of each client, what a signature of an order costs, and the exit status.

    `origin` is the exchange that was sent to; `error` is one line on what went wrong, "" if nothing did.
    """

    def __init__(self, orders: int, url: str | None, tallies: dict[str, Tally]) -> None:
        self.orders = orders
        self.embedded = url is None
        self.origin = url
        self.tallies = tallies
        self.signing_ns: dict[str, float] = {}
        self.status = 0
        self.error = ""

    def failed(self, error: str, status: int = 1) -> Outcome:
        self.status, self.error = status, error
        return self

    def broken_off(self, why: str, tally: Tally, *, was_sent: bool = True, status: int = 1) -> Outcome:
        """`was_sent` is whether the request that got no reply went out."""
        after = ""
        if not was_sent:
            after = "one more request was not sent, "
        elif len(tally.sent) > tally.acknowledged:
            after = "one more request was in flight and may or may not have been carried out, "
        return self.failed(
            f"{why}: {tally.orders_acknowledged:,} of {self.orders:,} orders were acknowledged "
            f"({tally.orders_accepted:,} accepted), in {tally.acknowledged:,} requests, {after}nothing was sent again",
            status,
        )

    def judged(self) -> Outcome:
        """This outcome, failed if one of its clients was refused, or was not verified as often as it sent."""
        for tally in self.tallies.values():
            sent = len(tally.sent)
            if tally.accepted < sent:
                return self.failed(f"{tally.refused:,} of {sent:,} requests were not accepted")
            if tally.verified is None and self.embedded:
                return self.failed("the embedded exchange did not say how many signatures it verified")
            if tally.verified not in (None, sent):
                return self.failed(
                    f"{sent:,} requests were sent, but the exchange verified {tally.verified:,} signatures"
                )
        return self


# what signing costs


def time_signing(api_key: str, api_secret: str, orders: Sequence[Request], rounds: int = 15) -> dict[str, float]:
    """Nanoseconds per signature of these orders, for the core (if there is one), the fallback and `hmac.new`.

    The median of `rounds` interleaved rounds. Raises ArithmeticError if a signature differs from `hmac`'s.
    """
    secret = api_secret.encode()
    now_ms = time.time_ns() // 1_000_000
    messages = [(now_ms, order.method, order.target, json_bytes(order.json)) for order in orders]

    def plain(timestamp: int, method: str, path: str, body: bytes) -> str:
        return hmac.new(secret, f"{timestamp}{method}{path}".encode() + body, hashlib.sha256).hexdigest()

    rivals: dict[str, Callable[[int, str, str, bytes], str]] = {
        "core": Signer(api_key, api_secret).sign,
        "fallback": _sign_py.Signer(api_key, api_secret).sign,
        "hmac.new": plain,
    }
    if backend == "python":
        del rivals["core"]
    for message in messages:
        if {sign(*message) for sign in rivals.values()} != {plain(*message)}:
            raise ArithmeticError("a signature differs from the standard library's")
    messages = (messages * math.ceil(2000 / len(messages)))[:2000]
    ways = {name: partial(_sign_all, sign, messages) for name, sign in rivals.items()}
    return {name: median(times) for name, times in rounds_ns(ways, units=len(messages), rounds=rounds).items()}


def _sign_all(sign: Callable[[int, str, str, bytes], str], messages: list[tuple[int, str, str, bytes]]) -> None:
    for timestamp, method, path, body in messages:
        sign(timestamp, method, path, body)


# telling


def tell(outcome: Outcome) -> None:
    """Print an outcome: figures on standard output, what went wrong on standard error."""
    if outcome.signing_ns:
        columns = {name: _column(_figures(tally, outcome.signing_ns)) for name, tally in outcome.tallies.items()}
        show.table(columns)
        for tally in outcome.tallies.values():
            for reason, times in tally.refusals.most_common(5):
                show.line(f"refused {times:,} times: {show.printable(reason[:300])}")
        if any(tally.verified is None for tally in outcome.tallies.values()):
            show.line(f"This exchange has no {STATS_PATH}: how many signatures it verified is unavailable.")
    show.flush()
    if outcome.error:
        show.error(f"woox-fast demo: {outcome.error}")
    for tally in outcome.tallies.values():
        if tally.resting:
            shown = ", ".join(f"{symbol} {order_id}" for order_id, symbol in list(tally.resting.items())[:20])
            show.error(f"still open, as far as the demo knows: {show.printable(shown)}")


def as_numbers(outcome: Outcome) -> dict[str, Any]:
    """An outcome for JSON: numbers, times in nanoseconds. What was not measured is null."""
    return {
        "status": outcome.status,
        "error": outcome.error or None,
        "exchange": outcome.origin,
        "embedded": outcome.embedded,
        "backend": backend,
        "sha256": sha256_implementation,
        "orders": outcome.orders,
        "signing_ns": outcome.signing_ns or None,
        "clients": {
            name: {
                **_figures(tally, outcome.signing_ns),
                "refusals": dict(tally.refusals),
                "still_open": [{"symbol": symbol, "orderId": order_id} for order_id, symbol in tally.resting.items()],
            }
            for name, tally in outcome.tallies.items()
        },
    }


def _figures(tally: Tally, signing_ns: dict[str, float]) -> dict[str, Any]:
    orders_ns = tally.of_orders(tally.latencies_ns)
    p50_ns = percentile(orders_ns, 0.50)
    ours_ns = signing_ns.get("core", signing_ns.get("fallback"))
    return {
        "orders_placed": tally.orders_accepted,
        "requests_sent": len(tally.sent),
        "accepted": tally.accepted,
        "refused": tally.refused,
        "signatures_verified": tally.verified,
        "signing_ns": signing_ns,
        "order_p50_ns": p50_ns,
        "order_p99_ns": percentile(orders_ns, 0.99),
        "order_cpu_p50_ns": percentile(tally.of_orders(tally.cpu_ns), 0.50),
        "signing_share": ours_ns / p50_ns if ours_ns and p50_ns else None,
    }


_RIVAL_NAMES = {
    "core": f"{backend} ({sha256_implementation})",
    "fallback": "the fallback",
    "hmac.new": "hmac.new",
}


def _column(figures: dict[str, Any]) -> dict[str, str]:
    """The figures of one client, by their labels."""
    verified = figures["signatures_verified"]
    return {
        "orders placed": f"{figures['orders_placed']:,}",
        "requests sent": f"{figures['requests_sent']:,}",
        "requests accepted": f"{figures['accepted']:,}",
        "requests refused": f"{figures['refused']:,}",
        "signatures verified": "unavailable" if verified is None else f"{verified:,}",
        **{f"to sign, {_RIVAL_NAMES[name]}": f"{cost:,.0f} ns" for name, cost in figures["signing_ns"].items()},
        "one order, p50": _microseconds(figures["order_p50_ns"]),
        "one order, p99": _microseconds(figures["order_p99_ns"]),
        "of it the client's CPU, p50": _microseconds(figures["order_cpu_p50_ns"]),
        "share of signing in the p50": f"{100 * figures['signing_share']:.3f} %",
    }


def _microseconds(nanoseconds: int) -> str:
    """With a decimal only for small figures, so that the widest fits the narrowest terminal."""
    microseconds = nanoseconds / 1000
    return f"{microseconds:,.1f} us" if microseconds < 1000 else f"{microseconds:,.0f} us"


def percentile(values: Sequence[int], share: float) -> int | None:
    """The nearest-rank percentile; None of nothing."""
    return sorted(values)[math.ceil(share * len(values)) - 1] if values else None
