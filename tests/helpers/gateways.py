"""Both gateways behind one interface, so that a test runs on each: `Gateway`, `AsyncGateway` on asyncio, on uvloop."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from importlib.util import find_spec
from typing import Any

from helpers.oracle import KEY, SECRET
from helpers.recorder import Answer, Received, Recorder
from helpers.recorder import Reply as Answered
from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, Response

MODES = ["blocking", "asyncio", *(["uvloop"] if find_spec("uvloop") else [])]
ORDER = ("POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","clientOrderId":7}')


WARM = "/v3/public/systemInfo"


class Exchange(Recorder):
    """A Recorder that answers the gateway's public GETs itself and keeps them apart, in `warmed`."""

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


class RawExchange:
    """Sockets, for a test to read and write: `warm` are those that have had the reply to a first public GET."""

    def __init__(self, address: tuple[str, int] = ("127.0.0.1", 0)) -> None:
        self._listener = socket.create_server(address)
        self.address = self._listener.getsockname()
        self.url = f"http://127.0.0.1:{self.address[1]}"
        self.sockets: list[socket.socket] = []
        self.warm: list[socket.socket] = []

    def __enter__(self) -> RawExchange:
        self._thread = threading.Thread(target=self._accept)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        for sock in self.sockets:
            sock.close()

    def _accept(self) -> None:
        while True:
            try:
                sock = self._listener.accept()[0]
            except OSError:
                return
            self.sockets.append(sock)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)  # what is sent arrives by itself
            if sock.recv(4096).startswith(b"GET " + WARM.encode()):
                sock.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                self.warm.append(sock)


class Opened:
    """A gateway that is open: `request` waits for the reply, `submit` gives a Future of it."""

    def __init__(
        self, gateway: Any, submit: Callable[..., Future[Response]], run: Callable[[Callable[[], Any]], Any]
    ) -> None:
        self.gateway = gateway
        self.submit = submit
        self.run = run
        """Call something where the gateway lives: on its event loop's thread, or here."""

    def request(self, *request: Any) -> Response:
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
