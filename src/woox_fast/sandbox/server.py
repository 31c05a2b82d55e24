"""The HTTP side of the sandbox: one handler from raw request to verdict, and the server in a thread or a process."""

from __future__ import annotations

import asyncio
import json
import logging
import signal
import threading
import time
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from typing import Any, NamedTuple

from aiohttp import web

from .._credentials import API_KEY as DEMO_API_KEY
from .._credentials import API_SECRET as DEMO_API_SECRET
from .auth import authenticate, origin_form
from .endpoints import find_endpoint
from .errors import ApiError
from .exchange import Exchange
from .limits import RateLimiter
from .params import Params, check_params, parse_body, parse_query

STATS_PATH = "/sandbox/stats"
RECORDS_KEPT = 1000
BODY_KEPT = 64 * 1024  # bytes of a record's body; with RECORDS_KEPT it bounds the memory that records take

_log = logging.getLogger("woox_fast.sandbox")
_JSON = {"Content-Type": "application/json"}
_encode = json.JSONEncoder(separators=(",", ":")).encode


class RequestRecord(NamedTuple):
    """One request and what became of it.

    `time_ms` is Unix epoch milliseconds, `target` the raw request target; `code` is 0 or the code of the envelope,
    `verdict` is "OK" or a name of `ERRORS`; `latency_us` is from the headers' arrival to the reply being ready. `stamp`
    and `signature` are x-api-timestamp and x-api-signature as they came; `body` is what was read of it (in
    `Sandbox.requests` b"" in place of more than 64 KiB).
    """

    time_ms: int
    method: str
    target: str
    status: int
    code: int
    verdict: str
    latency_us: float
    stamp: str = ""
    signature: str = ""
    body: bytes = b""


class Sandbox:
    """An embedded exchange for one account.

    `api_key` and `api_secret` are the account's credentials. `rate_limits` turns the documented limits on. `host` and
    `port` are where it listens; port 0 takes a free one. `clock` returns Unix epoch seconds. `timeout` is how long, in
    seconds, a connection may stay silent and a body may take to arrive. `on_request` is called in the server's thread
    with every `RequestRecord`.

    As a context manager it serves from a thread of its own and gives the URL. It raises `OSError` if the port is taken.

    `url` is where it listens. `requests` holds the last 1,000 records. `verified` counts signatures that were right,
    `accepted` and `refused` count replies with success and without; `verdicts` counts every verdict. `exchange` is the
    state behind. GET /sandbox/stats, no part of WOO X, gives the counts over HTTP, unsigned, and is not counted itself.
    """

    def __init__(
        self,
        api_key: str = DEMO_API_KEY,
        api_secret: str = DEMO_API_SECRET,
        *,
        rate_limits: bool = False,
        host: str = "127.0.0.1",
        port: int = 0,
        clock: Callable[[], float] = time.time,
        timeout: float = 60.0,
        on_request: Callable[[RequestRecord], None] | None = None,
    ) -> None:
        self.api_key = api_key
        self.host = host
        self.port = port
        self.url = ""
        self.timeout = timeout
        self.exchange = Exchange()
        self.requests: deque[RequestRecord] = deque(maxlen=RECORDS_KEPT)
        self.verified = self.accepted = self.refused = 0
        self.verdicts: Counter[str] = Counter()
        self._api_secret = api_secret.encode()
        self._clock = clock
        self._limiter = RateLimiter() if rate_limits else None
        self._on_request = on_request
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._stop: asyncio.Event | None = None

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
        if self._loop is not None and self._stop is not None:
            with suppress(RuntimeError):  # the loop is closed already
                self._loop.call_soon_threadsafe(self._stop.set)

    async def serve(self, on_listening: Callable[[], None]) -> None:
        """Serve in the running event loop until `stop()`; `on_listening` is called once `url` is known."""
        self._loop = asyncio.get_running_loop()
        self._stop = asyncio.Event()
        runner = web.ServerRunner(_Server(self), shutdown_timeout=1.0)
        await runner.setup()
        try:
            await web.TCPSite(runner, self.host, self.port).start()
            host, port = runner.addresses[0][:2]
            self.url = f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"
            on_listening()
            await self._stop.wait()
        finally:
            await runner.cleanup()

    def stats(self) -> dict[str, Any]:
        """The counts, as GET /sandbox/stats gives them."""
        return {
            "requests": self.accepted + self.refused,
            "verified": self.verified,
            "accepted": self.accepted,
            "refused": self.refused,
            "verdicts": dict(self.verdicts),
            "openOrders": len(self.exchange.orders.open),
        }

    # one request

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request: authenticate it, check it, carry it out, record the verdict."""
        started = time.perf_counter_ns()
        now_ms = int(self._clock() * 1000)
        target = origin_form(request.raw_path)
        if target == STATS_PATH:
            return _reply(200, {"success": True, "data": self.stats(), "timestamp": now_ms})
        read: list[bytes] = []
        try:
            data = await self._carry_out(request, target, now_ms, read)
        except ApiError as error:
            response = self._refuse(request, error, now_ms, started, b"".join(read))
            if not request.content.is_eof():
                response.force_close()  # what is left of the body must not be read as the next request
            return response
        reply = {"success": True, "data": data, "timestamp": now_ms}
        if target.startswith("/v1/"):
            reply = {"success": True, **data}
        self._record(request, now_ms, 200, 0, "OK", started, b"".join(read))
        return _reply(200, reply)

    async def _carry_out(self, request: web.BaseRequest, target: str, now_ms: int, read: list[bytes]) -> Params:
        """The data of the reply; what was read of the body is put into `read`, for the record of a refusal too."""
        method = request.method
        path, _, query = target.partition("?")
        endpoint, in_path = find_endpoint(method, path)
        body = await self._body(request)
        read.append(body)
        if endpoint.private:
            authenticate(
                request.headers,
                method,
                target,
                body,
                api_key=self.api_key,
                api_secret=self._api_secret,
                now_ms=now_ms,
            )
            self.verified += 1
        if method in ("POST", "PUT"):
            if query:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} go in the body.")
            given = parse_body(body, request.headers.get("Content-Type", ""))
        else:
            if body:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} go in the query string.")
            given = parse_query(query)
        params = check_params(endpoint.fields, given | in_path)
        if self._limiter is not None:
            limit = endpoint.limit
            who = {"account": "", "symbol": params.get("symbol", ""), "ip": request.remote or ""}[limit.scope]
            self._limiter.check(limit, (endpoint.handler.__name__, who), now_ms)
        self.exchange.tick(now_ms)
        return endpoint.handler(self.exchange, params, now_ms)

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

    def refuse_malformed(self, error: BaseException | None, status: int) -> web.Response:
        """Answer what is not HTTP, or (status 500) a fault of the sandbox's own."""
        if status < 500:
            reason = str(getattr(error, "message", "")).partition("\n")[0].rstrip(":")
            api_error = ApiError("MALFORMED_HTTP", f"This is not HTTP/1.1: {reason[:100]}.")
        else:
            _log.error("a request failed inside the sandbox", exc_info=error)
            api_error = ApiError("UNKNOWN")
        response = self._refuse(None, api_error, int(self._clock() * 1000), time.perf_counter_ns())
        response.force_close()
        return response

    def _refuse(
        self, request: web.BaseRequest | None, error: ApiError, now_ms: int, started: int, body: bytes = b""
    ) -> web.Response:
        code, status, _ = error.refusal
        self._record(request, now_ms, status, code, error.name, started, body)
        return _reply(status, {"success": False, "code": code, "message": error.message})

    def _record(
        self,
        request: web.BaseRequest | None,
        now_ms: int,
        status: int,
        code: int,
        verdict: str,
        started: int,
        body: bytes,
    ) -> None:
        if request is None:  # what came was not HTTP
            record = RequestRecord(now_ms, "", "", status, code, verdict, _since(started))
        else:
            record = RequestRecord(
                now_ms,
                request.method,
                request.raw_path,
                status,
                code,
                verdict,
                _since(started),
                request.headers.get("x-api-timestamp", ""),
                request.headers.get("x-api-signature", ""),
                body,
            )
        if code:
            self.refused += 1
        else:
            self.accepted += 1
        self.verdicts[verdict] += 1
        self.requests.append(record if len(record.body) <= BODY_KEPT else record._replace(body=b""))
        if self._on_request is not None:
            self._on_request(record)


def _since(started: int) -> float:
    return (time.perf_counter_ns() - started) / 1000


def _reply(status: int, body: dict[str, Any]) -> web.Response:
    return web.Response(status=status, body=_encode(body).encode(), headers=_JSON)


class _Connection(web.RequestHandler):
    """aiohttp's connection, with the exchange's envelope for what is not HTTP, and a time limit on the first byte."""

    __slots__ = ("_opening", "_sandbox")

    def __init__(self, server: web.Server, sandbox: Sandbox) -> None:
        options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # the signature covers the body as it arrived
            "keepalive_timeout": sandbox.timeout,
            "lingering_time": 2.0,  # seconds to read on after a refusal, so that the client sees the reply
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self._sandbox = sandbox
        self._opening: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp's own timer starts at the first reply (newer versions: at once); a client that never completes a
        # request must not hold a connection for ever.
        self._opening = asyncio.get_running_loop().call_later(self._sandbox.timeout, self.force_close)

    def connection_lost(self, exc: BaseException | None) -> None:
        self.opened()
        super().connection_lost(exc)

    def opened(self) -> None:
        """A whole request head has arrived: from here on aiohttp's keep-alive timer watches."""
        if self._opening is not None:
            self._opening.cancel()
            self._opening = None

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        return self._sandbox.refuse_malformed(exc, status)


class _Server(web.Server):
    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(self._handle)
        self._sandbox = sandbox

    def __call__(self) -> web.RequestHandler:
        return _Connection(self, self._sandbox)

    async def _handle(self, request: web.BaseRequest) -> web.StreamResponse:
        connection = request.protocol
        if isinstance(connection, _Connection):
            connection.opened()
        return await self._sandbox.handle(request)


def run(
    host: str = "127.0.0.1",
    port: int = 0,
    api_key: str = DEMO_API_KEY,
    api_secret: str = DEMO_API_SECRET,
    rate_limits: bool = False,
    on_request: Callable[[RequestRecord], None] | None = None,
    on_listening: Callable[[str], None] | None = None,
) -> None:
    """Serve until SIGINT or SIGTERM, from the main thread.

    `on_listening` is given the URL; by default one line with it and the API key is printed. Raises `OSError` if the
    port is taken.
    """
    sandbox = Sandbox(api_key, api_secret, rate_limits=rate_limits, host=host, port=port, on_request=on_request)

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
