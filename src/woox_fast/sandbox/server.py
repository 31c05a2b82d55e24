"""The HTTP side of the sandbox: one handler from raw request to verdict, and the server in a thread or a process."""

from __future__ import annotations

import asyncio
import hmac
import os
import signal
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterable
from concurrent.futures import CancelledError, Future, TimeoutError
from contextlib import suppress
from functools import partial
from typing import Any

from aiohttp import web

from .. import _checks
from .._credentials import API_KEY as DEMO_API_KEY
from .._credentials import API_SECRET as DEMO_API_SECRET
from .auth import authenticate
from .connection import Server
from .control import Control
from .endpoints import find_endpoint
from .errors import ApiError
from .limits import RateLimiter
from .params import Params, check_params, client_order_id, parse_body, parse_query
from .record import RequestRecord
from .rules import Faults, carry_out
from .state import State
from .visit import Sent, Visit, json_reply


class Sandbox(State):
    """An embedded exchange for one account.

    `api_key` and `api_secret` are the account's credentials. `rate_limits` turns the documented limits on. `faults` are
    rules for what goes wrong (see `woox_fast.sandbox.rules`). `host` and `port` are where it listens; port 0 takes a
    free one. `clock` returns Unix epoch seconds. `timeout` is how long, in seconds, a connection may stay silent and a
    body may take to arrive. `on_request` is called in the server's thread with every `RequestRecord`.

    As a context manager it serves from a thread of its own and gives the URL, which also is a page that shows the
    requests. It raises `OSError` if the port is taken, and `FaultError` (a ValueError) for a rule that cannot be read.

    `url` is where it listens. `requests` holds the last 1,000 records, `seen` counts them all. `verified` counts
    signatures that were right, `accepted` and `refused` count replies with success and without; `verdicts` counts every
    verdict, `struck` the requests that each fault struck. `faults` are the rules, to be changed at any time. `exchange`
    is the state behind. What is under /sandbox/ is no part of WOO X, needs no signature and is not counted.
    """

    def __init__(
        self,
        api_key: str = DEMO_API_KEY,
        api_secret: str = DEMO_API_SECRET,
        *,
        rate_limits: bool = False,
        faults: Iterable[str] = (),
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        timeout: float = 60.0,
        on_request: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        try:
            super().__init__(api_key, Faults(faults), clock=clock, timeout=timeout, on_request=on_request)
            self._mac = hmac.new(_checks.secret_bytes(api_secret), digestmod="sha256")
            self._control = Control(self, api_secret)
        finally:
            del api_secret  # a traceback that shows locals must not show it
        self.host = host
        self.port = port
        self._limiter = RateLimiter() if rate_limits else None
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

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
        """Stop serving; from any thread."""
        if self._loop is not None:
            with suppress(RuntimeError):  # the loop is closed already, and serves nothing
                self._loop.call_soon_threadsafe(self.stopping.set)

    async def serve(self, on_listening: Callable[[], None]) -> None:
        """Serve in the running event loop until `stop()`; `on_listening` is called once `url` is known."""
        loop = asyncio.get_running_loop()
        self.stopping = asyncio.Event()
        self._loop = loop
        server = Server(self, self.handle)
        runner = web.ServerRunner(server, shutdown_timeout=1.0)
        await runner.setup()
        listener = _Listener(server)
        try:
            host, port = await listener.open(self.host, self.port)
            self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            seconds = self.faults.opened(partial(_from_any_thread, loop, listener.refuse))
            if seconds:  # by a rule, from the beginning
                await listener.refuse(seconds)
            on_listening()
            await self.stopping.wait()
        finally:
            self.faults.closed()
            await listener.close()
            await runner.cleanup()
            self._control.close()

    # one request

    def handle(self, request: web.BaseRequest, served: int) -> Awaitable[web.StreamResponse]:
        """Answer one request, the `served`th on its connection."""
        visit = Visit(request, int(self._clock() * 1000), self.stopping, self.refuse)
        if visit.target == "/" or visit.target.startswith("/sandbox/") or "Origin" in request.headers:
            return self._handle_of_control(visit, served)
        return self._handle_with_faults(visit, served) if self.faults else self._answer(visit)

    async def _handle_of_control(self, visit: Visit, served: int) -> web.StreamResponse:
        response = await self._control.handle(visit)
        if response is not None:
            return response
        return await (self._handle_with_faults(visit, served) if self.faults else self._answer(visit))

    async def _answer(self, visit: Visit) -> web.Response:
        """Authenticate the request, check it, carry it out, record the verdict."""
        try:
            data = await self._carry_out(visit)
        except ApiError as error:
            response = self.refuse(visit, error)
            if not visit.request.content.is_eof():
                response.force_close()  # what is left of the body must not be read as the next request
            return response
        reply = {"success": True, "data": data, "timestamp": visit.now_ms}
        if visit.target.startswith("/v1/"):
            reply = {"success": True, **data}
        self.record(visit, 200, 0, "OK")
        return json_reply(200, reply)

    async def _handle_with_faults(self, visit: Visit, served: int) -> web.Response:
        try:
            visit.body = await self._body(visit.request)
        except ApiError:  # what is not a whole request is refused as without rules
            return await self._answer(visit)
        method = visit.request.method
        strikes = self.faults.strikes(
            method, visit.path, client_order_id(visit.query, visit.body), visit.now_ms, served
        )
        if not strikes:
            return await self._answer(visit)
        visit.faults = ", ".join(strike.name for strike in strikes)
        self.struck.update(strike.name for strike in strikes)
        response = await carry_out(visit, strikes, lambda: self._answer(visit))
        if not visit.recorded:
            self.record(visit, 0 if isinstance(response, Sent) else response.status, 0, "FAULT")
        return await visit.send(response)

    async def _carry_out(self, visit: Visit) -> Params:
        """The data of the reply."""
        request, method = visit.request, visit.request.method
        endpoint, in_path = find_endpoint(method, visit.path)
        body = visit.body = await self._body(request)
        if endpoint.private:
            authenticate(
                request.headers,
                method,
                visit.target,
                body,
                api_key=self.api_key,
                mac=self._mac,
                now_ms=visit.now_ms,
            )
            self.verified += 1
        if method in ("POST", "PUT"):
            if visit.query:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} go in the body.")
            given = parse_body(body, request.headers.get("Content-Type", ""))
        else:
            if body:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} go in the query string.")
            given = parse_query(visit.query)
        params = check_params(endpoint.fields, given | in_path)
        if self._limiter is not None:
            limit = endpoint.limit
            who = {"account": "", "symbol": params.get("symbol", ""), "ip": request.remote or ""}[limit.scope]
            self._limiter.check(limit, (endpoint.handler.__name__, who), visit.now_ms)
        self.exchange.tick(visit.now_ms)
        return endpoint.handler(self.exchange, params, visit.now_ms)

    async def _body(self, request: web.BaseRequest) -> bytes:
        """The body as it arrived, of a chunked request as decoded. At most 1 MiB, aiohttp's own limit."""
        try:
            if request.content.is_eof():  # the common case: it came with the headers
                return await request.read()
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0  # nothing of the reply has been sent yet
            return await asyncio.wait_for(request.read(), self.timeout)
        except web.HTTPRequestEntityTooLarge:
            raise ApiError("BODY_TOO_LARGE", "The body is larger than 1 MiB.") from None
        except asyncio.TimeoutError:
            raise ApiError("BODY_TIMEOUT", f"The body did not arrive within {self.timeout:g} s.") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise ApiError("MALFORMED_HTTP", f"The body cannot be read: {type(error).__name__}.") from None


class _Listener:
    """The listening sockets. They can be closed for a time, in which the kernel refuses new connections."""

    def __init__(self, server: web.Server) -> None:
        self._server = server
        self._listeners: list[asyncio.Server] = []
        self._opening: asyncio.Task[None] | None = None
        self._listening = False

    async def open(self, host: str, port: int) -> tuple[str, int]:
        """Listen; returns the address."""
        loop = asyncio.get_running_loop()
        self._listeners = [await loop.create_server(self._server, host, port)]
        self._listening = True
        name: tuple[str, int] = self._listeners[0].sockets[0].getsockname()[:2]
        return name

    async def refuse(self, seconds: float) -> None:
        """Refuse connections for so long; returns when that has begun. Does nothing if it refuses them already."""
        if not self._listening:
            return
        self._listening = False
        addresses = [(one.family, one.getsockname()) for each in self._listeners for one in each.sockets]
        await self._close_listeners()
        # Bound, so that nobody else takes the port, and not listening.
        sockets = [_bound(family, address) for family, address in addresses]
        self._opening = asyncio.ensure_future(self._open_again(sockets, seconds))

    async def _open_again(self, sockets: list[socket.socket], seconds: float) -> None:
        loop = asyncio.get_running_loop()
        try:
            await asyncio.sleep(seconds)
            while sockets:
                self._listeners.append(await loop.create_server(self._server, sock=sockets[0]))
                del sockets[0]
            self._listening = True
        finally:
            for one in sockets:
                one.close()

    async def close(self) -> None:
        self._listening = False
        if self._opening is not None:
            self._opening.cancel()
            with suppress(asyncio.CancelledError):
                await self._opening
        await self._close_listeners()

    async def _close_listeners(self) -> None:
        """asyncio drops what it has accepted when its server is closed before that has become a connection, and never
        closes it; so it accepts no more for a moment before."""
        loop = asyncio.get_running_loop()
        closing, self._listeners = self._listeners, []
        for each in closing:
            for one in each.sockets:
                with suppress(NotImplementedError):  # Windows
                    loop.remove_reader(one.fileno())
        for _ in range(5):
            await asyncio.sleep(0)
        for each in closing:
            each.close()


def _from_any_thread(
    loop: asyncio.AbstractEventLoop, refuse: Callable[[float], Coroutine[Any, Any, None]], seconds: float
) -> None:
    """Refuse connections; from a thread other than the loop's, return when that has begun."""
    begun = asyncio.run_coroutine_threadsafe(refuse(seconds), loop)
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        with suppress(CancelledError, TimeoutError):  # the sandbox stops
            begun.result(5)


def _bound(family: socket.AddressFamily, address: Any) -> socket.socket:
    one = socket.socket(family)
    if os.name == "posix":  # elsewhere it would let others take the port too
        one.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if family == socket.AF_INET6:
        one.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
    one.bind(address)
    return one


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str = DEMO_API_KEY,
    api_secret: str = DEMO_API_SECRET,
    rate_limits: bool = False,
    faults: Iterable[str] = (),
    on_request: Callable[[RequestRecord], None] | None = None,
    on_listening: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, from the main thread.

    `on_listening` is given the URL; by default one line with it and the API key is printed. Raises `OSError` if the
    port is taken, `FaultError` for a rule that cannot be read.
    """
    try:
        sandbox = Sandbox(
            api_key, api_secret, rate_limits=rate_limits, faults=faults, host=host, port=port, on_request=on_request
        )
    finally:
        del api_secret  # a traceback that shows locals must not show it

    async def serve() -> None:
        loop = asyncio.get_running_loop()
        with suppress(NotImplementedError):  # Windows: there SIGINT arrives as KeyboardInterrupt
            for signal_number in (signal.SIGINT, signal.SIGTERM):
                loop.add_signal_handler(signal_number, sandbox.stop)
        await sandbox.serve(lambda: (on_listening or say)(sandbox.url))

    def say(url: str) -> None:
        print(f"WOO X sandbox: listening on {url} with API key {api_key}", flush=True)

    with suppress(KeyboardInterrupt):
        asyncio.run(serve())
