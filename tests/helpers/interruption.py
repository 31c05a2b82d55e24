"""Raise an exception at a line of the gateway package, in a scenario checked by a raw server.

A trace function raises as a signal handler does: between two instructions of the interrupted code.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from typing import Any

import woox_fast.gateway
from helpers.gateways import new_event_loop, shorten
from helpers.oracle import KEY, SECRET
from helpers.raw_server import Peer, RawServer, response
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError

PACKAGE = str(Path(woox_fast.gateway.__file__).parent) + os.sep
TIMEOUT_S = 0.2
Line = tuple[str, int]


class Tracer:
    """Record the lines of the gateway package, or raise at the given line once."""

    def __init__(
        self, target: Line | None = None, error: type[BaseException] = KeyboardInterrupt, hit: int = 1
    ) -> None:
        self.lines: dict[Line, int] = {}
        self.has_raised = False
        self._target = target
        self._error = error
        self._hits_left = hit

    def __call__(self, frame: FrameType, event: str, _: Any) -> Any:
        if not frame.f_code.co_filename.startswith(PACKAGE):
            return None
        if event == "line":
            line = (frame.f_code.co_filename[len(PACKAGE) :], frame.f_lineno)
            if self._target is None:
                self.lines[line] = self.lines.get(line, 0) + 1
            elif line == self._target and not self.has_raised:
                self._hits_left -= 1
                if self._hits_left == 0:
                    self.has_raised = True
                    raise self._error("interrupted")
        return self

    @contextlib.contextmanager
    def traced(self, *, background: bool) -> Iterator[None]:
        """Trace this thread, or the threads that the gateway starts."""
        if background:
            threading.settrace(self)
        else:
            sys.settrace(self)
        try:
            yield
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]


@dataclass
class Record:
    """The orders' outcomes, as the client saw them."""

    answered: set[int] = field(default_factory=set)
    not_sent: set[int] = field(default_factory=set)
    unknown: set[int] = field(default_factory=set)
    interrupted: dict[int, BaseException] = field(default_factory=dict)
    close_s: float = 0.0
    recorded: list[NoReplyError] = field(default_factory=list)
    gateway: Any = None

    def note(self, order_id: int, error: BaseException | None) -> None:
        if error is None:
            self.answered.add(order_id)
        elif isinstance(error, NotSentError):
            self.not_sent.add(order_id)
        elif isinstance(error, NoReplyError):
            self.unknown.add(order_id)
        else:
            self.interrupted[order_id] = error


def answer(peer: Peer, request: bytes) -> bool:
    """Follow the path's action."""
    action = request.split(b"do=", 1)[1].split(b" ", 1)[0]
    if action == b"silent":
        return True
    if action == b"reset":
        peer.reset()
        return False
    if action == b"slow":
        time.sleep(0.08)
    peer.send(response())
    return action != b"hangup"


# A request to a connection that the server closed after the previous response, a lost response, a reset, a queue.
ACTIONS = ("ok", "hangup", "ok", "silent", "reset", "ok", "slow", "ok")
PATH = "/v3/trade/order?clientOrderId={}&do={}"


def play_blocking(url: str, record: Record, tracer: Tracer, background: bool) -> None:
    with tracer.traced(background=background):
        try:
            gateway = record.gateway = Gateway(Signer(KEY, SECRET), url, connections=1, warm_s=0.05)
            gateway.open()
            shorten(gateway, TIMEOUT_S)
            for order_id, action in enumerate(ACTIONS, 1):
                other = _start_other(gateway, order_id + 100, record) if action == "slow" else None
                try:
                    gateway.request("POST", PATH.format(order_id, action), b"{}")
                    record.note(order_id, None)
                except BaseException as error:
                    record.note(order_id, error)
                if other is not None:
                    sys.settrace(None)
                    other.join()
                    if not background:
                        sys.settrace(tracer)
        except BaseException as error:
            record.note(0, error)
        finally:
            started = time.monotonic()
            try:
                if record.gateway is not None:
                    record.gateway.close()
            except BaseException as error:
                record.note(0, error)
            record.close_s = time.monotonic() - started


def _start_other(gateway: Gateway, order_id: int, record: Record) -> threading.Thread:
    """Occupy the only connection from a second thread."""

    def order() -> None:
        try:
            gateway.request("POST", PATH.format(order_id, "slow"), b"{}")
            record.note(order_id, None)
        except BaseException as error:
            record.note(order_id, error)

    thread = threading.Thread(target=order)
    thread.start()
    time.sleep(0.005)
    return thread


async def _order(gateway: AsyncGateway, order_id: int, action: str, record: Record) -> None:
    try:
        await gateway.request("POST", PATH.format(order_id, action), b"{}")
        record.note(order_id, None)
    except BaseException as error:
        record.note(order_id, error)
        if isinstance(error, asyncio.CancelledError):
            raise


async def _trade(url: str, record: Record) -> None:
    gateway = record.gateway = AsyncGateway(Signer(KEY, SECRET), url, connections=1, warm_s=0.05)
    try:
        await gateway.open()
        shorten(gateway, TIMEOUT_S)
        for order_id, action in enumerate(ACTIONS, 1):
            other = asyncio.ensure_future(_order(gateway, order_id + 100, action, record)) if action == "slow" else None
            await _order(gateway, order_id, action, record)
            if other is not None:
                await other
        cancelled = asyncio.ensure_future(_order(gateway, 50, "slow", record))
        await asyncio.sleep(0.01)
        cancelled.cancel()
        await asyncio.gather(cancelled, return_exceptions=True)
    finally:
        started = time.monotonic()
        try:
            await gateway.close()
        finally:
            record.close_s = time.monotonic() - started


def play_loop(mode: str) -> Callable[[str, Record, Tracer, bool], None]:
    def play(url: str, record: Record, tracer: Tracer, background: bool) -> None:
        loop = new_event_loop(mode)
        loop.set_exception_handler(lambda loop, context: None)
        main = loop.create_task(_trade(url, record))
        with tracer.traced(background=background):
            for _ in range(4):  # as asyncio.run does: cancel all tasks after an interrupt
                try:
                    loop.run_until_complete(asyncio.gather(main, return_exceptions=True))
                    break
                except BaseException as error:
                    record.note(0, error)
                    for task in asyncio.all_tasks(loop):
                        task.cancel()
        with contextlib.suppress(BaseException):
            main.exception()
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()

    return play


def play(mode: str, tracer: Tracer, *, background: bool = False) -> Record:
    """Run the scenario, and check it against the bytes that the server stored. Raises AssertionError."""
    record = Record()
    with RawServer(answer) as server:
        (play_blocking if mode == "blocking" else play_loop(mode))(server.url, record, tracer, background)
        counts = server.order_counts()
    gateway = record.gateway
    unknown = (
        {int(error.path.split("=")[1].split("&")[0]) for error in gateway.unknown} if gateway is not None else set()
    )
    twice = {order_id: count for order_id, count in counts.items() if count > 1}
    assert not twice, f"arrived twice: {twice}"
    lied = record.not_sent & set(counts)
    assert not lied, f"NotSentError, and arrived: {lied}"
    for order_id in set(record.interrupted) & set(counts):
        error = record.interrupted[order_id]
        assert NoReplyError.find(error) is not None or order_id in unknown, (
            f"{order_id} arrived without a word: {error!r}"
        )
    assert record.close_s < 10, f"closing took {record.close_s:.2f} s"  # it hung
    return record


def lines_of(mode: str, *, background: bool = False) -> list[tuple[Line, int]]:
    """Return the lines of the scenario, with the numbers of runs."""
    tracer = Tracer()
    play(mode, tracer, background=background)
    return sorted(tracer.lines.items())
