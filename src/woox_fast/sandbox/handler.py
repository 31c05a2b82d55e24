"""The request handler (authenticate, apply faults, call the endpoint, record) and aiohttp's protocol around it."""

from __future__ import annotations

import asyncio
import hmac
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from typing import Any, cast

from aiohttp import web

from .. import _checks
from .auth import authenticate
from .context import RequestContext, body_for_log, json_response
from .endpoints import RateLimiter, find_endpoint
from .errors import ApiError
from .exchange import Exchange
from .fault_rules import FaultRules
from .faults import apply_faults
from .log import RequestLog, RequestRecord, Transcript, logger
from .params import Params, check_params, client_order_id, parse_body, parse_query
from .text import TextFilter

AdminHandler = Callable[[RequestContext], Awaitable["web.StreamResponse | None"]]


class SandboxState:
    def __init__(
        self, api_key: str, api_secret: str, faults: Iterable[str], clock: Callable[[], float], timeout: float,
        rate_limits: bool, on_request: Callable[[RequestRecord], None] | None,
    ) -> None:  # fmt: skip
        try:
            self.faults = FaultRules(faults)
            self.mac = hmac.new(_checks.encode_secret(api_secret), digestmod="sha256")
            self.text = TextFilter(api_secret)
        finally:
            del api_secret  # a traceback with locals must not show it
        self.api_key = api_key
        self.exchange = Exchange(api_key)
        self.log = RequestLog(on_request)
        self.timeout, self.rate_limits, self._clock = timeout, rate_limits, clock

    def now_ms(self) -> int:
        return int(self._clock() * 1000)

    def stats(self) -> dict[str, Any]:
        return {**self.log.stats(), "openOrders": len(self.exchange.orders.open)}


class RequestHandler:
    """Answer the requests of all connections."""

    def __init__(self, state: SandboxState, stopping: asyncio.Event, admin: AdminHandler) -> None:
        self.timeout = state.timeout
        self.on_connection = state.faults.on_connection
        self._state = state
        self._faults, self._log, self._text = state.faults, state.log, state.text
        self._limiter = RateLimiter() if state.rate_limits else None
        self._stopping = stopping
        self._admin = admin

    async def respond(self, request: web.BaseRequest, served: int) -> web.StreamResponse:
        """Answer a request, the `served`th on its connection."""
        context = RequestContext(request, self._state.now_ms(), self._stopping, self._log, self._text)
        if context.target == "/" or context.path.startswith("/sandbox/") or "Origin" in request.headers:
            response = await self._admin(context)
            if response is not None:
                return response
        if self._faults:
            with suppress(ApiError):  # an incomplete request is refused before any fault
                context.body = await self._read_body(request)
                client_id = client_order_id(context.query, context.body)
                context.faults = self._faults.match(request.method, context.path, client_id, context.now_ms, served)
        if context.faults:
            self._log.fault_counts.update(applied.name for applied in context.faults)
            return await context.send(await apply_faults(context, context.faults, lambda: self._answer(context)))
        answer = await self._answer(context)
        context.record(answer.status, body_for_log(answer))
        return answer

    def refuse_malformed(self, error: BaseException | None, status: int) -> web.Response:
        if status < 500:
            reason = str(getattr(error, "message", "")).partition("\n")[0].rstrip(":")
            api_error = ApiError("MALFORMED_HTTP", f"This is not HTTP/1.1: {reason}")
        else:
            logger.error("a request failed inside the sandbox", exc_info=error)
            api_error = ApiError("UNKNOWN")
        code, status, _ = api_error.refusal
        message = self._text(api_error.message, 150)
        response = json_response(status, {"success": False, "code": code, "message": message})
        response.force_close()
        record = RequestRecord(self._state.now_ms(), "", "", status, code, api_error.name, 0.0, message=message)
        self._log.append(record, Transcript((), body_for_log(response)))
        return response

    async def _answer(self, context: RequestContext) -> web.Response:
        try:
            return context.accept(await self._execute(context))
        except ApiError as error:
            response = context.refuse(error)
            if not context.request.content.is_eof():
                response.force_close()  # the rest of the body must not become the next request
            return response

    async def _execute(self, context: RequestContext) -> Params:
        request, method = context.request, context.request.method
        endpoint, path_params = find_endpoint(method, context.path)
        body = context.body = await self._read_body(request)
        if endpoint.private:
            authenticate(
                request.headers, method, context.target, body, api_key=self._state.api_key, mac=self._state.mac,
                now_ms=context.now_ms,
            )  # fmt: skip
            self._log.verified += 1
        if method in ("POST", "PUT"):
            if context.query:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} belong in the body.")
            given = parse_body(body, request.headers.get("Content-Type", ""))
        else:
            if body:
                raise ApiError("INVALID_PARAM", f"The parameters of a {method} belong in the query string.")
            given = parse_query(context.query)
        params = check_params(endpoint.parameters, given | path_params)
        if self._limiter is not None:
            limit = endpoint.limit
            scope = {"account": "", "symbol": params.get("symbol", ""), "ip": request.remote or ""}[limit.scope]
            self._limiter.check(limit, (id(endpoint), scope), context.now_ms)
        return self._state.exchange.execute(endpoint.handler, params, context.now_ms)

    async def _read_body(self, request: web.BaseRequest) -> bytes:
        """Return the raw body, at most 1 MiB (aiohttp's limit); a chunked body is decoded."""
        try:
            if request.content.is_eof():  # the common case: the body came with the headers
                return await request.read()
            if request.headers.get("Expect", "").lower() == "100-continue":
                await request.writer.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                request.writer.output_size = 0  # the response has not begun
            return await asyncio.wait_for(request.read(), self.timeout)
        except web.HTTPRequestEntityTooLarge:
            raise ApiError("BODY_TOO_LARGE", "The body is larger than 1 MiB.") from None
        except asyncio.TimeoutError:
            raise ApiError("BODY_TIMEOUT", f"The body did not arrive within {self.timeout:g} s.") from None
        except (web.RequestPayloadError, ConnectionError) as error:
            raise ApiError("MALFORMED_HTTP", f"The body cannot be read: {type(error).__name__}.") from None


class SandboxProtocol(web.RequestHandler):
    """A connection, with the exchange's envelope for malformed HTTP and a time limit on the first request."""

    def __init__(self, server: web.Server, handler: RequestHandler) -> None:
        options: dict[str, Any] = {
            "access_log": None,
            "auto_decompress": False,  # the signature covers the raw body
            "keepalive_timeout": handler.timeout,
            "lingering_time": 2.0,  # seconds to read on after a refusal, so that the client receives the response
        }
        super().__init__(server, loop=asyncio.get_running_loop(), **options)
        self.served = 0
        self._sandbox_handler = handler

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        # aiohttp's keep-alive timer starts at the first response in older versions.
        self._first_request = asyncio.get_running_loop().call_later(self._sandbox_handler.timeout, self.force_close)
        self._sandbox_handler.on_connection()

    def connection_lost(self, exc: BaseException | None) -> None:
        self._first_request.cancel()
        super().connection_lost(exc)

    def begin_request(self) -> int:
        """Return the number of this request. From here on aiohttp's keep-alive timer applies."""
        self._first_request.cancel()
        self.served += 1
        return self.served

    def handle_error(
        self, request: web.BaseRequest, status: int = 500, exc: BaseException | None = None, message: str | None = None
    ) -> web.StreamResponse:
        return self._sandbox_handler.refuse_malformed(exc, status)


class SandboxServer(web.Server):
    """Create a `SandboxProtocol` for every connection."""

    def __init__(self, handler: RequestHandler) -> None:
        super().__init__(lambda request: handler.respond(request, cast("Any", request.protocol).begin_request()))
        self._sandbox_handler = handler

    def __call__(self) -> web.RequestHandler:
        return SandboxProtocol(self, self._sandbox_handler)
