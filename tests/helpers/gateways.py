"""A common interface to `Gateway` and `AsyncGateway`, so that every test runs in all modes."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Coroutine, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib.util import find_spec
from typing import Any, TypeVar

from helpers.oracle import KEY, SECRET
from helpers.recorder import Answer, Received, Recorder
from helpers.recorder import CannedResponse as Answered
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, Response

MODES = ["blocking", "asyncio", *(["uvloop"] if find_spec("uvloop") else [])]
T = TypeVar("T")
ORDER = ("POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","clientOrderId":7}')
WARM = "/v3/public/systemInfo"


class Exchange(Recorder):
    """A Recorder that answers public GETs by `answer_get`, and lists them in `warmed`."""

    def __init__(self, answer: Answer | None = None, **options: Any) -> None:
        super().__init__(self._answer, **options)
        self.warmed: list[Received] = []
        self.answer_get: Answer = lambda received: Answered()
        self._order = answer or (lambda received: Answered())

    def _answer(self, received: Received) -> Answered | None:
        if received.target != WARM:
            return self._order(received)
        with self._lock:
            self.received.remove(received)
            self.warmed.append(received)
        return self.answer_get(received)


class Opened:
    """An open gateway. `request` returns the response, `submit` a Future of the response."""

    def __init__(self, gateway: Any, submit: Callable[..., Future[Response]], run: Callable[..., Any]) -> None:
        self.gateway = gateway
        self.submit = submit
        self.run = run  # calls a function in the thread of the event loop, or in this thread

    def place(self, order: dict[str, Any], **options: Any) -> Any:
        return self.run(self.gateway.place, order, **options)

    def request(self, *request: Any, **options: Any) -> Response:
        return self.submit(*request, **options).result(30)


@contextmanager
def created(mode: str, url: str, signer: Any = None, **options: Any) -> Iterator[tuple[Any, Callable[..., Any]]]:
    """Create a gateway. Yield it with a function that calls a method, on the loop if the method is a coroutine."""
    kind = Gateway if mode == "blocking" else AsyncGateway
    gateway = kind(signer or Signer(KEY, SECRET), url, **options)
    if mode == "blocking":
        yield gateway, lambda call, *arguments, **options: call(*arguments, **options)
        return
    with event_loop(mode) as (_, run):
        yield gateway, lambda call, *arguments, **options: run(_called(partial(call, *arguments, **options)))


@contextmanager
def opened(mode: str, url: str, signer: Any = None, **options: Any) -> Iterator[Opened]:
    with created(mode, url, signer, **options) as (gateway, call), ThreadPoolExecutor(64) as pool:
        call(gateway.open)
        try:
            yield Opened(gateway, partial(pool.submit, call, gateway.request), call)
        finally:
            call(gateway.close)


async def _called(call: Callable[[], Any]) -> Any:
    result = call()
    return await result if asyncio.iscoroutine(result) else result


@contextmanager
def event_loop(mode: str) -> Iterator[tuple[asyncio.AbstractEventLoop, Callable[..., Any]]]:
    """Run a loop in a thread. Yield the loop and a function that runs a coroutine on it."""
    loop = new_event_loop(mode)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop, lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def run(mode: str, coroutine: Coroutine[Any, Any, T]) -> T:
    """Run a coroutine on a new loop."""
    loop = new_event_loop(mode)
    try:
        return loop.run_until_complete(coroutine)
    finally:
        loop.close()


def shorten(gateway: Any, timeout_s: float) -> None:
    """Give an open gateway a timeout that could be too short for its opening, on a busy machine."""
    gateway._connector._timeout_s = timeout_s
    gateway._timeout_ns = gateway._pool.timeout_ns = round(timeout_s * 1e9)


def new_event_loop(mode: str) -> asyncio.AbstractEventLoop:
    if mode == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def eventually(condition: Callable[[], object], within_s: float = 30) -> None:
    """Wait until `condition()` is true. Fail after `within_s`, which is generous for a busy machine."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not become true"
        time.sleep(0.005)
