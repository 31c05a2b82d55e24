"""Submitting the workload with one client, one request at a time, and what became of it."""

from __future__ import annotations

import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

from .clients import Client, NoAnswerError, Reply
from .workload import Instrument, Request, workload


class Tally:
    """What became of one client's requests: counts, reasons for refusals, nanoseconds from submission to reply, and
    nanoseconds of the processor that the client took for it. `verified` is how many signatures the exchange verified,
    None if it keeps no count; `resting` are the orders that are still open, id and symbol."""

    def __init__(self) -> None:
        self.sent: list[Request] = []
        self.accepted = 0
        self.orders_accepted = 0
        self.refusals: Counter[str] = Counter()
        self.latencies_ns: list[int] = []
        self.cpu_ns: list[int] = []
        self.verified: int | None = None
        self.resting: dict[int, str] = {}

    @property
    def orders(self) -> list[Request]:
        """The requests, among those sent, that place an order."""
        return [request for request in self.sent if request.is_order]

    @property
    def refused(self) -> int:
        return self.refusals.total()

    @property
    def acknowledged(self) -> int:
        """Requests that got a reply, whatever it said."""
        return len(self.latencies_ns)

    @property
    def orders_acknowledged(self) -> int:
        return sum(request.is_order for request in self.sent[: self.acknowledged])

    def of_orders(self, values_ns: Sequence[int]) -> list[int]:
        """Those of `values_ns`, one a reply, that are an order's."""
        return [value for value, request in zip(values_ns, self.sent, strict=False) if request.is_order]


def submit_all(
    client: Client, instruments: Sequence[Instrument], orders: int, tally: Tally, advance: Callable[[int], None]
) -> None:
    """Submit the whole workload into `tally`. `advance` is told how many orders have been placed or refused."""
    work = workload(instruments, orders, tally.resting)
    request = next(work)
    placed = 0
    while True:
        tally.sent.append(request)
        started, started_cpu = time.perf_counter_ns(), time.thread_time_ns()
        try:
            reply = client.submit(request)
        except NoAnswerError as error:
            if not error.was_sent:
                tally.sent.pop()
            raise
        tally.cpu_ns.append(time.thread_time_ns() - started_cpu)
        tally.latencies_ns.append(time.perf_counter_ns() - started)
        data, refusal = read_reply(reply)
        if refusal:
            tally.refusals[refusal] += 1
        else:
            tally.accepted += 1
            tally.orders_accepted += request.is_order
        placed += request.is_order
        advance(placed)
        try:
            request = work.send(data)
        except StopIteration:
            return


def read_reply(reply: Reply) -> tuple[dict[str, Any], str]:
    """The reply's `data` and no refusal, or {} and why the request counts as refused."""
    try:
        envelope = json.loads(reply.body)
    except (ValueError, RecursionError):
        envelope = None
    if not isinstance(envelope, dict):
        return {}, f"HTTP {reply.status}, not a JSON object"
    if reply.status != 200 or envelope.get("success") is not True:
        return {}, f"HTTP {reply.status}, code {envelope.get('code')}: {envelope.get('message')}"
    data = envelope.get("data")
    return (data if isinstance(data, dict) else {}), ""
