"""Place many orders at a faulty server. An order must arrive once, or its error must be true.

`place_orders` is the short form in the test suite and the long form in `tools/exactly_once.py`. It compares a ledger of
the client with the bytes that the server stored. Signal handlers raise exceptions at random moments inside the gateway.
"""

from __future__ import annotations

import asyncio
import random
import signal
import threading
import time
from collections import deque
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from types import FrameType
from typing import Any

from helpers.faulty_server import FaultyExchange
from helpers.gateways import new_event_loop, shorten
from helpers.oracle import KEY, SECRET
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError, Response

TIMEOUT_S = 0.2
ASK_AFTER_S = 0.3  # until then what was sent has reached the exchange, or it never will
CONNECTIONS = 8
INTERRUPTED = [f"woox_fast.gateway.{name}" for name in ("blocking", "asynchronous", "base", "keeper")]


@dataclass
class Ledger:
    """The orders' fates, as the client knows them."""

    accepted: set[int] = field(default_factory=set)  # known from the exchange: by a reply, or because it was asked
    not_sent: set[int] = field(default_factory=set)
    cancelled: set[int] = field(default_factory=set)  # before they were sent
    interrupted: set[int] = field(default_factory=set)  # by a signal, without a NoReplyError
    signals: int = 0
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

    def failed(self, order_id: int, error: BaseException, gateway: Gateway | AsyncGateway) -> None:
        """Note an exception that is neither NotSentError nor NoReplyError."""
        unknown = NoReplyError.find(error) or next(
            (found for found in list(gateway.unknown) if found.path == path_of(order_id)), None
        )
        if unknown is not None and unknown.path == path_of(order_id):
            self.lost(order_id, unknown)
        elif isinstance(error, asyncio.CancelledError):
            self.cancelled.add(order_id)
        else:
            self.interrupted.add(order_id)

    @contextmanager
    def noting(self, order_id: int, gateway: Gateway | AsyncGateway) -> Iterator[None]:
        """Note the exception that ends a request."""
        try:
            yield
        except NotSentError:
            self.not_sent.add(order_id)
        except NoReplyError as error:
            self.lost(order_id, error)
        except (asyncio.CancelledError, KeyboardInterrupt, TimeoutError) as error:
            self.failed(order_id, error, gateway)

    def knows(self, order_id: int) -> bool:
        known = (self.accepted, self.not_sent, self.cancelled, self.interrupted)
        return any(order_id in found for found in known) or any(one == order_id for _, one in self.unknown)

    def answered(self, order_id: int, reply: Response) -> None:
        self.asked += 1
        if f'"clientOrderId": {order_id}, "found": ' not in reply.body.decode():
            self.wrong.append(f"who asked for order {order_id} got another's reply: {reply.body!r}")
        if reply.body.endswith(b'"found": true}'):
            self.accepted.add(order_id)

    def due(self, *, all_of_them: bool = False) -> int | None:
        """Return an order to ask for now."""
        if self.unknown and (all_of_them or self.unknown[0][0] < time.monotonic() - ASK_AFTER_S):
            return self.unknown.popleft()[1]
        return None


def path_of(order_id: int) -> str:
    return f"/v3/trade/order?clientOrderId={order_id}"


def body_of(order_id: int) -> bytes:
    return b'{"clientOrderId":%d,"note":"%b"}' % (order_id, b"x" * (order_id % 97))


@contextmanager
def random_signals(seed: int, *, through_calls: bool) -> Iterator[list[int]]:
    """Raise TimeoutError or KeyboardInterrupt from a signal handler every few milliseconds, inside the gateway only.

    `through_calls` includes library code that the gateway calls. An event loop does not survive that: an exception in
    `call_soon` loses the wake-up of a task.
    """
    chance = random.Random(seed)
    counts = [0]

    def handle(_: int, frame: FrameType | None) -> None:
        signal.setitimer(signal.ITIMER_REAL, chance.uniform(0.0005, 0.01))
        if frame is not None and frame.f_back is not None and frame.f_back.f_code is Ledger.failed.__code__:
            return  # the ledger uses a function of the gateway, outside of any request
        while through_calls and frame is not None and frame.f_globals.get("__name__") not in INTERRUPTED:
            if frame.f_globals.get("__name__") == "_pytest.unraisableexception":
                return  # pytest reports an exception of a destructor that the gateway's call caused
            frame = frame.f_back
        if frame is not None and not frame.f_globals.get("__name__", "").startswith("woox_fast.gateway."):
            frame = None
        if frame is not None and chance.random() < 0.5:
            counts[0] += 1
            raise chance.choice((TimeoutError, KeyboardInterrupt))("alarm")

    before = signal.signal(signal.SIGALRM, handle)
    signal.setitimer(signal.ITIMER_REAL, 0.01)
    try:
        yield counts
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def place_orders(mode: str, orders: int, seed: int = 1) -> str:
    """Place orders in `mode`: blocking (8 threads), asyncio or uvloop. Return the figures. Raises AssertionError."""
    started = time.monotonic()
    run = _in_threads if mode == "blocking" else _in_tasks
    with FaultyExchange(seed, late_s=TIMEOUT_S) as exchange:
        ledgers = run(exchange.url, mode, orders, seed)
        report = exchange.report()
        whole, begun = exchange.received()
    accepted = set().union(*(ledger.accepted for ledger in ledgers))
    not_sent = set().union(*(ledger.not_sent for ledger in ledgers))
    cancelled = set().union(*(ledger.cancelled for ledger in ledgers))
    interrupted = set().union(*(ledger.interrupted for ledger in ledgers))
    book = {int(order_id): times for order_id, times in report["book"].items()}
    wrong = [line for ledger in ledgers for line in ledger.wrong]
    assert not wrong, (len(wrong), wrong[:5])
    assert report["refused"] == [], report["refused"][:5]
    twice = {order_id: times for order_id, times in whole.items() if times > 1}
    assert not twice, f"received twice: {twice}"
    assert set(book.values()) <= {1}, "carried out twice"
    assert not not_sent & begun, f"NotSentError, and received: {sorted(not_sent & begun)[:5]}"
    assert not cancelled & begun, f"cancelled before it was sent, and received: {sorted(cancelled & begun)[:5]}"
    assert not interrupted & begun, f"interrupted without a word, and received: {sorted(interrupted & begun)[:5]}"
    assert accepted == set(book), (sorted(accepted - set(book))[:5], sorted(set(book) - accepted)[:5])
    asked = sum(ledger.asked for ledger in ledgers)
    faults = {name: times for name, times in report["done"].items() if times and name != "answer"}
    return (
        f"{mode}: {orders:,} orders in {time.monotonic() - started:.0f} s, {sum(faults.values()):,} faults of "
        f"{len(faults)} kinds, {asked:,} asked for after NoReplyError, {len(not_sent):,} NotSentError, "
        f"{len(cancelled):,} cancelled unsent, {sum(ledger.signals for ledger in ledgers):,} signals that raised; "
        f"received twice: 0, another request's response: 0, NotSentError but "
        f"received: 0, book of {len(book):,}: equal; oldest signature {report['oldest_ms']} ms; "
        f"{report['connections']:,} connections"
    )


def _in_threads(url: str, mode: str, orders: int, seed: int) -> list[Ledger]:
    numbers, lock = iter(range(1, orders + 1)), threading.Lock()
    ledgers = [Ledger() for _ in range(8)]
    failures: list[BaseException] = []

    def next_number() -> int:
        with lock:
            return next(numbers, 0)

    def work(ledger: Ledger) -> None:
        try:
            while order_id := next_number():
                with ledger.noting(order_id, gateway):
                    ledger.took(order_id, gateway.request("POST", path_of(order_id), body_of(order_id)))
                _ask(gateway, ledger)
            time.sleep(ASK_AFTER_S)
            _ask(gateway, ledger, all_of_them=True)
        except BaseException as error:
            failures.append(error)

    with Gateway(Signer(KEY, SECRET), url, connections=CONNECTIONS, warm_s=0.01) as gateway:
        shorten(gateway, TIMEOUT_S)
        threads = [threading.Thread(target=work, args=(ledger,)) for ledger in ledgers[1:]]
        for thread in threads:
            thread.start()
        with random_signals(seed, through_calls=True) as counts:  # they interrupt the main thread
            work(ledgers[0])
        ledgers[0].signals = counts[0]
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
    return ledgers


def _ask(gateway: Gateway, ledger: Ledger, *, all_of_them: bool = False) -> None:
    while (order_id := ledger.due(all_of_them=all_of_them)) is not None:
        while True:
            with suppress(ConnectionError, KeyboardInterrupt, TimeoutError):
                ledger.answered(order_id, gateway.request("GET", path_of(order_id)))
                break


def _in_tasks(url: str, mode: str, orders: int, seed: int) -> list[Ledger]:
    """Run two tasks per connection. Cancel some tasks, at every await."""
    chance = random.Random(seed)
    numbers = iter(range(1, orders + 1))
    ledger = Ledger()

    async def work(gateway: AsyncGateway) -> None:
        for order_id in numbers:
            await _place_or_cancel(gateway, ledger, order_id, chance)
            await _ask_async(gateway, ledger)

    async def walk() -> None:
        async with AsyncGateway(Signer(KEY, SECRET), url, connections=CONNECTIONS, warm_s=0.01) as gateway:
            shorten(gateway, TIMEOUT_S)
            with random_signals(seed, through_calls=False) as counts:
                await asyncio.gather(*(work(gateway) for _ in range(2 * CONNECTIONS)))
            ledger.signals = counts[0]
            await asyncio.sleep(ASK_AFTER_S)
            await _ask_async(gateway, ledger, all_of_them=True)

    run_on(mode, walk())
    return [ledger]


async def _place_or_cancel(gateway: AsyncGateway, ledger: Ledger, order_id: int, chance: random.Random) -> None:
    async def place() -> None:
        with ledger.noting(order_id, gateway):
            ledger.took(order_id, await gateway.request("POST", path_of(order_id), body_of(order_id)))

    how = chance.random()
    if how >= 0.02:
        await place()
        return
    if how < 0.005:
        with suppress(asyncio.TimeoutError):
            await asyncio.wait_for(place(), chance.choice((0, 0.0001, 0.0005, TIMEOUT_S)))
    else:
        task = asyncio.ensure_future(place())
        if how < 0.015:
            for _ in range(chance.randrange(6)):
                await asyncio.sleep(0)
        else:
            await asyncio.sleep(chance.random() * 0.002)
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task
    if not ledger.knows(order_id):
        ledger.cancelled.add(order_id)  # it never began


async def _ask_async(gateway: AsyncGateway, ledger: Ledger, *, all_of_them: bool = False) -> None:
    while (order_id := ledger.due(all_of_them=all_of_them)) is not None:
        while True:
            with suppress(ConnectionError, KeyboardInterrupt, TimeoutError):
                ledger.answered(order_id, await gateway.request("GET", path_of(order_id)))
                break


def run_on(mode: str, walk: Coroutine[Any, Any, Any]) -> Any:
    """Run `walk` on a new event loop of asyncio or uvloop. Continue after an interrupt of the loop."""
    loop = new_event_loop(mode)
    loop.set_exception_handler(lambda loop, context: None)  # exceptions of signal handlers in callbacks
    task = loop.create_task(walk)
    try:
        while not task.done():
            with suppress(KeyboardInterrupt, TimeoutError):
                loop.run_until_complete(asyncio.wait([task]))
        return task.result()
    finally:
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
