"""The sandbox as a server in a thread, or in the main thread."""

from __future__ import annotations

import asyncio
import ipaddress
import signal
import threading
import time
from collections.abc import Callable, Iterable
from concurrent.futures import Future
from contextlib import suppress
from decimal import Decimal
from functools import partial
from typing import Any

from aiohttp import web

from .._credentials import API_KEY as DEMO_API_KEY
from .._credentials import API_SECRET as DEMO_API_SECRET
from .admin import AdminApi
from .handler import RequestHandler, SandboxServer, SandboxState
from .listener import Listener
from .log import RequestRecord
from .market import parse_quote
from .page import WebPage

Number = str | Decimal | None


class Sandbox:
    """An embedded exchange. As a context manager it serves from a thread and returns its URL, also its web page's.

    Args:
        api_key: The account's key.
        api_secret: The account's secret.
        rate_limits: Enforce the documented limits.
        faults: Rules for failures; see `woox_fast.sandbox.fault_rules`.
        host: Address to listen on.
        port: Port to listen on; 0 selects a free port.
        clock: Returns Unix epoch seconds.
        timeout: Seconds for which a connection may be silent, and in which a body must arrive.
        on_request: Called in the server's thread with every `RequestRecord`.

    Attributes:
        url: The address on this machine.
        requests: The newest 1,000 records.
        verdicts: The number of requests per verdict.
        fault_counts: The number of requests per applied fault.
        faults: The rules, which may change at any time.
        stats: Returns counts of requests, verdicts, faults and open orders.
        orders: Returns the newest open orders, and how often every client id arrived.
        account: Returns order counts, balances and positions; "addsUp" is True if they agree with all fills.

    Raises:
        FaultError: A ValueError for an invalid rule.
        ValueError: For an empty host.
        OSError: On entry, if the port is in use.
    """

    def __init__(
        self, api_key: str = DEMO_API_KEY, api_secret: str = DEMO_API_SECRET, *, rate_limits: bool = False,
        faults: Iterable[str] = (), host: str = "127.0.0.1", port: int = 0, clock: Callable[[], float] = time.time,
        timeout: float = 60.0, on_request: Callable[[RequestRecord], None] | None = None,
    ) -> None:  # fmt: skip
        if not host:
            raise ValueError("host must be an address such as 127.0.0.1, got an empty string")
        try:
            state = SandboxState(api_key, api_secret, faults, clock, timeout, rate_limits, on_request)
            self._page = WebPage(state, api_secret)
        finally:
            del api_secret  # a traceback with locals must not show it
        self._state, self._admin = state, AdminApi(state, self._page)
        self.api_key, self.exchange, self.faults, self.log = api_key, state.exchange, state.faults, state.log
        self.requests, self.verdicts, self.fault_counts = self.log.requests, self.log.verdicts, self.log.fault_counts
        self.stats, self.orders, self.account = state.stats, self.exchange.open_orders, self.exchange.audit
        self.host, self.port, self.url = host, port, ""
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stopping: asyncio.Event | None = None

    seen = property(lambda self: self.log.seen, doc="The number of requests.")
    verified = property(lambda self: self.log.verified, doc="The number of correct signatures.")
    accepted = property(lambda self: self.log.accepted, doc="The number of responses with success.")
    refused = property(lambda self: self.log.refused, doc="The number of responses without success.")

    def price(
        self, symbol: str, price: Number = None, *, bid: Number = None, ask: Number = None, quantity: Number = None
    ) -> None:
        """Set an instrument's price and fill the crossed resting orders.

        Args:
            symbol: For example SPOT_BTC_USDT.
            price: The price for buyers and sellers.
            bid: The price for sellers, if it differs from the price for buyers.
            ask: The price for buyers.
            quantity: The quantity that can be bought, and that can be sold, until the next call. Unlimited by default.

        Raises:
            ValueError: For an unknown symbol or a malformed number.
        """
        quote = parse_quote(symbol, {"price": price, "bid": bid, "ask": ask, "quantity": quantity})
        done: Future[None] = Future()

        def apply() -> None:
            self.exchange.set_quote(symbol, quote, self._state.now_ms())
            done.set_result(None)

        if self._loop is None or self._loop.is_closed() or threading.current_thread() is self._thread:
            apply()
        else:
            self._loop.call_soon_threadsafe(apply)
            done.result(10)

    # serving

    def __enter__(self) -> str:
        listening: Future[None] = Future()

        def serve() -> None:
            try:
                asyncio.run(self.serve(lambda: listening.set_result(None)))
            except BaseException as error:
                if listening.done():
                    raise
                listening.set_exception(error)

        self._thread = threading.Thread(target=serve, name="woox-fast sandbox", daemon=True)
        self._thread.start()
        listening.result()
        return self.url

    def __exit__(self, *exc_info: object) -> None:
        self.stop()
        if self._thread is not None:
            self._thread.join()

    def stop(self) -> None:
        """Stop serving, from any thread."""
        if self._loop is not None and self._stopping is not None:
            with suppress(RuntimeError):  # the loop is already closed
                self._loop.call_soon_threadsafe(self._stopping.set)

    async def serve(self, on_listening: Callable[[], None]) -> None:
        """Serve in the running event loop until `stop()`. Calls `on_listening` once `url` is known."""
        stopping = self._stopping = asyncio.Event()
        self._loop = asyncio.get_running_loop()
        server = SandboxServer(RequestHandler(self._state, stopping, self._admin.handle))
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        listener = Listener(server)
        try:
            self.url = _local_url(*await listener.open(self.host, self.port))
            seconds = self.faults.on_listening(partial(listener.refuse_from_thread, self._loop))
            if seconds:  # a rule from before
                await listener.refuse(seconds)
            on_listening()
            await stopping.wait()
        finally:
            self.faults.on_listening(None)
            await listener.close()
            await runner.cleanup()
            self._page.close()


def _local_url(host: str, port: int) -> str:
    """Return a URL that works on this machine; 0.0.0.0 and :: are not usable as destinations."""
    address = ipaddress.ip_address(host.partition("%")[0])
    if address.is_unspecified:
        host = "127.0.0.1" if address.version == 4 else "::1"
    return f"http://[{host}]:{port}" if address.version == 6 else f"http://{host}:{port}"


def run(
    host: str = "127.0.0.1", port: int = 0, api_key: str = DEMO_API_KEY, api_secret: str = DEMO_API_SECRET, *,
    on_listening: Callable[[str], None] | None = None, **options: Any,
) -> None:  # fmt: skip
    """Serve from the main thread until SIGINT or SIGTERM.

    `on_listening` receives the URL; by default a line with URL and API key is printed. For the remaining
    arguments and the errors see `Sandbox`.
    """
    try:
        sandbox = Sandbox(api_key, api_secret, host=host, port=port, **options)
    finally:
        del api_secret  # a traceback with locals must not show it

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # Windows raises KeyboardInterrupt instead
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signal_number, sandbox.stop)
        await sandbox.serve(lambda: (on_listening or print_url)(sandbox.url))

    def print_url(url: str) -> None:
        print(f"WOO X sandbox: listening on {url} with API key {api_key}", flush=True)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
