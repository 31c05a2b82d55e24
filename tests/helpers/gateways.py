"""Both gateways behind one face, so that one test speaks to each: `Gateway`, `AsyncGateway` on asyncio, on uvloop."""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from helpers.oracle import KEY, SECRET
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, Reply

MODES = ["blocking", "asyncio", *(["uvloop"] if find_spec("uvloop") else [])]
ORDER = ("POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","clientOrderId":7}')


class Opened:
    """A gateway that is open: `request` waits for the reply, `submit` gives a Future of it."""

    def __init__(
        self, gateway: Any, submit: Callable[..., Future[Reply]], run: Callable[[Callable[[], Any]], Any]
    ) -> None:
        self.gateway = gateway
        self.submit = submit
        self.run = run
        """Call something where the gateway lives: on its event loop's thread, or here."""

    def request(self, *request: Any) -> Reply:
        return self.submit(*request).result(30)


@contextmanager
def opened(mode: str, url: str, signer: Any = None, **options: Any) -> Iterator[Opened]:
    signer = signer or Signer(KEY, SECRET)
    if mode == "blocking":
        with ThreadPoolExecutor(64) as pool, Gateway(signer, url, **options) as gateway:
            yield Opened(gateway, lambda *request: pool.submit(gateway.request, *request), lambda call: call())
        return
    with event_loop(mode) as (loop, run):
        gateway = AsyncGateway(signer, url, **options)
        run(gateway.__aenter__())
        try:
            yield Opened(
                gateway,
                lambda *request: asyncio.run_coroutine_threadsafe(gateway.request(*request), loop),
                lambda call: run(_called(call)),
            )
        finally:
            run(gateway.__aexit__(None, None, None))


async def _called(call: Callable[[], Any]) -> Any:
    return call()


@contextmanager
def event_loop(mode: str) -> Iterator[tuple[asyncio.AbstractEventLoop, Callable[..., Any]]]:
    """A loop that runs in a thread, and what runs a coroutine on it."""
    loop = new_event_loop(mode)
    thread = threading.Thread(target=loop.run_forever)
    thread.start()
    try:
        yield loop, lambda coroutine: asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


def new_event_loop(mode: str) -> asyncio.AbstractEventLoop:
    if mode == "uvloop":
        import uvloop

        return uvloop.new_event_loop()
    return asyncio.new_event_loop()


def eventually(condition: Callable[[], object], within_s: float = 10) -> None:
    """Wait until it is so; fail where it is not in time."""
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "it did not come to be"
        time.sleep(0.005)
