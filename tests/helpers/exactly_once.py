"""Many orders through a gateway, to an exchange where everything goes wrong: each must come once, or be told as it is.

`place_orders` is what `make test` runs in short and `tools/exactly_once.py` in long. Its ledger is checked against the
bytes that the exchange kept.
"""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections import deque
from collections.abc import Awaitable
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from helpers.faulty_server import FaultyExchange
from helpers.gateways import new_event_loop
from helpers.oracle import KEY, SECRET
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError, Response

TIMEOUT_S = 0.2
ASK_AFTER_S = 0.3  # until then what was sent has reached the exchange, or it never will
CONNECTIONS = 8


@dataclass
class Ledger:
    """What became of each order, as the client knows it."""

    accepted: set[int] = field(default_factory=set)  # known from the exchange: by a reply, or because it was asked
    not_sent: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)  # before they were sent
    unknown: deque[tuple[float, int]] = field(default_factory=deque)  # still to be asked for, and since when
    asked: int = 0
    wrong: list[str] = field(default_factory=list)

    def took(self, order_id: int, reply: Response) -> None:
        if f'"clientOrderId": {order_id}}}' not in reply.body.decode():
            self.wrong.append(f"order {order_id} got another's reply: {reply.body!r}")
        self.accepted.add(order_id)

    def lost(self, order_id: int, error: NoReplyError) -> None:
        if (error.method, error.path, error.body) != ("POST", path_of(order_id), body_of(order_id)):
            self.wrong.append(f"order {order_id} failed with another's error: {error}")
        self.unknown.append((time.monotonic(), order_id))

    def answered(self, order_id: int, reply: Response) -> None:
        self.asked += 1
        if f'"clientOrderId": {order_id}, "found": ' not in reply.body.decode():
            self.wrong.append(f"who asked for order {order_id} got another's reply: {reply.body!r}")
        if reply.body.endswith(b'"found": true}'):
            self.accepted.add(order_id)

    def due(self, *, all_of_them: bool = False) -> int | None:
        """An order to ask for now."""
        if self.unknown and (all_of_them or self.unknown[0][0] < time.monotonic() - ASK_AFTER_S):
            return self.unknown.popleft()[1]
        return None


def path_of(order_id: int) -> str:
    return f"/v3/trade/order?clientOrderId={order_id}"


def body_of(order_id: int) -> bytes:
    return b'{"clientOrderId":%d,"note":"%b"}' % (order_id, b"x" * (order_id % 97))


def place_orders(mode: str, orders: int, seed: int = 1) -> str:
    """So many orders in `mode`: blocking (8 threads), asyncio or uvloop. Raises AssertionError; returns the figures."""
    started = time.monotonic()
    run = _in_threads if mode == "blocking" else _in_tasks
    with FaultyExchange(seed, late_s=TIMEOUT_S) as exchange:
        ledgers = run(exchange.url, mode, orders, seed)
        report = exchange.report()
        whole, begun = exchange.received()
    accepted = set().union(*(ledger.accepted for ledger in ledgers))
    not_sent = set().union(*(ledger.not_sent for ledger in ledgers))
    cancelled = set().union(*(ledger.cancelled for ledger in ledgers))
    book = {int(order_id): times for order_id, times in report["book"].items()}
    wrong = [line for ledger in ledgers for line in ledger.wrong]
    assert not wrong, (len(wrong), wrong[:5])
    assert report["refused"] == [], report["refused"][:5]
    twice = {order_id: times for order_id, times in whole.items() if times > 1}
    assert not twice, f"received twice: {twice}"
    assert set(book.values()) <= {1}, "carried out twice"
    assert not not_sent & begun, f"NotSentError, and received: {sorted(not_sent & begun)[:5]}"
    assert not cancelled & begun, f"cancelled before it was sent, and received: {sorted(cancelled & begun)[:5]}"
    assert accepted == set(book), (sorted(accepted - set(book))[:5], sorted(set(book) - accepted)[:5])
    asked = sum(ledger.asked for ledger in ledgers)
    faults = {name: times for name, times in report["done"].items() if times and name != "answer"}
    return (
        f"{mode}: {orders:,} orders in {time.monotonic() - started:.0f} s, {sum(faults.values()):,} faults of "
        f"{len(faults)} kinds, {asked:,} asked for after NoReplyError, {len(not_sent):,} NotSentError, "
        f"{len(cancelled):,} cancelled unsent; received twice: 0, another request's reply: 0, NotSentError but "
        f"received: 0, book of {len(book):,}: equal; oldest signature {report['oldest_ms']} ms; "
        f"{report['connections']:,} connections"
    )


def _in_threads(url: str, mode: str, orders: int, seed: int) -> list[Ledger]:
    numbers = iter(range(1, orders + 1))
    take = threading.Lock()
    ledgers = [Ledger() for _ in range(8)]
    failures: list[BaseException] = []

    def work(ledger: Ledger, gateway: Gateway) -> None:
        while True:
            while (unknown := ledger.due()) is not None:
                ask(ledger, gateway, unknown)
            with take:
                order_id = next(numbers, 0)
            if not order_id:
                break
            try:
                ledger.took(order_id, gateway.request("POST", path_of(order_id), body_of(order_id)))
            except NotSentError:
                ledger.not_sent.add(order_id)
            except NoReplyError as error:
                ledger.lost(order_id, error)
        time.sleep(ASK_AFTER_S)
        while (unknown := ledger.due(all_of_them=True)) is not None:
            ask(ledger, gateway, unknown)

    def ask(ledger: Ledger, gateway: Gateway, order_id: int) -> None:
        while True:
            with suppress(ConnectionError):
                ledger.answered(order_id, gateway.request("GET", path_of(order_id)))
                return

    def guarded(ledger: Ledger, gateway: Gateway) -> None:
        try:
            work(ledger, gateway)
        except BaseException as error:
            failures.append(error)

    with Gateway(Signer(KEY, SECRET), url, connections=CONNECTIONS, timeout_s=TIMEOUT_S, warm_s=0.01) as gateway:
        threads = [threading.Thread(target=guarded, args=(ledger, gateway)) for ledger in ledgers]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return ledgers


def _in_tasks(url: str, mode: str, orders: int, seed: int) -> list[Ledger]:
    """As many tasks as wait for a connection and more, of which some are cancelled, at every await there is."""
    chance = random.Random(seed)
    numbers = iter(range(1, orders + 1))
    ledger = Ledger()

    async def place(gateway: AsyncGateway, order_id: int) -> None:
        try:
            ledger.took(order_id, await gateway.request("POST", path_of(order_id), body_of(order_id)))
        except NotSentError:
            ledger.not_sent.add(order_id)
        except NoReplyError as error:  # and of a task that was cancelled after it was sent
            ledger.lost(order_id, error)
        except asyncio.CancelledError:
            ledger.cancelled.add(order_id)

    async def place_or_cancel(gateway: AsyncGateway, order_id: int) -> None:
        how = chance.random()
        if how >= 0.02:
            await place(gateway, order_id)
        elif how < 0.005:
            with suppress(asyncio.TimeoutError):
                await asyncio.wait_for(place(gateway, order_id), chance.choice((0, 0.0001, 0.0005, TIMEOUT_S)))
            known = order_id in ledger.accepted or order_id in ledger.not_sent or order_id in ledger.cancelled
            if not known and all(one != order_id for _, one in ledger.unknown):
                ledger.cancelled.add(order_id)  # it never began
        else:
            task = asyncio.ensure_future(place(gateway, order_id))
            if how < 0.015:
                for _ in range(chance.randrange(6)):
                    await asyncio.sleep(0)
            else:
                await asyncio.sleep(chance.random() * 0.002)
            begun = task.cancel()
            with suppress(asyncio.CancelledError):
                await task
                begun = False
            if begun:
                ledger.cancelled.add(order_id)

    async def ask(gateway: AsyncGateway, order_id: int) -> None:
        while True:
            with suppress(ConnectionError):
                ledger.answered(order_id, await gateway.request("GET", path_of(order_id)))
                return

    async def work(gateway: AsyncGateway) -> None:
        for order_id in numbers:
            await place_or_cancel(gateway, order_id)
            while (unknown := ledger.due()) is not None:
                await ask(gateway, unknown)

    async def walk() -> None:
        options: dict[str, Any] = {"connections": CONNECTIONS, "timeout_s": TIMEOUT_S, "warm_s": 0.01}
        async with AsyncGateway(Signer(KEY, SECRET), url, **options) as gateway:
            await asyncio.gather(*(work(gateway) for _ in range(2 * CONNECTIONS)))
            await asyncio.sleep(ASK_AFTER_S)
            while (unknown := ledger.due(all_of_them=True)) is not None:
                await ask(gateway, unknown)

    run_on(mode, walk())
    return [ledger]


def run_on(mode: str, walk: Awaitable[Any]) -> Any:
    """`walk` on a new event loop of asyncio or uvloop."""
    loop = new_event_loop(mode)
    try:
        return loop.run_until_complete(walk)
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
