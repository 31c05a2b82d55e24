"""The admin API under /sandbox/, for tests and for the web page. It is no part of WOO X.

Its requests carry no signature, so only this machine may send them: the peer must have a loopback address, the Host
must be a loopback name (against DNS rebinding), and a browser must not send them for a foreign origin.
"""

from __future__ import annotations

import asyncio
import inspect
import ipaddress
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .._urls import is_loopback
from .context import RequestContext, json_response
from .errors import ApiError
from .exchange import MAX_LISTED
from .faults import FAULTS, FaultError
from .handler import SandboxState
from .market import parse_quote
from .orders import plain
from .page import FILES, WebPage
from .params import parse_query

Data = dict[str, Any]
Route = Callable[[RequestContext], Awaitable["web.StreamResponse | Data"] | Data]
_HEADERS = {"Cache-Control": "no-store", "Cross-Origin-Resource-Policy": "same-origin",
            "X-Content-Type-Options": "nosniff"}  # fmt: skip


class AdminError(Exception):
    """A request to the admin API is refused with this HTTP status and message."""


class AdminApi:
    def __init__(self, state: SandboxState, page: WebPage) -> None:
        self._state = state
        self._routes: dict[tuple[str, str], Route] = {
            **{("GET", path): page.serve_file for path in FILES},
            ("GET", "/sandbox/updates"): page.serve_updates,
            ("GET", "/sandbox/requests"): page.serve_detail,
            ("GET", "/sandbox/stats"): lambda context: state.stats(),
            ("GET", "/sandbox/account"): lambda context: state.exchange.audit(),
            ("GET", "/sandbox/orders"): self._list_orders,
            ("GET", "/sandbox/prices"): lambda context: {"prices": state.exchange.quote_rows()},
            ("POST", "/sandbox/prices"): self._set_price,
            ("GET", "/sandbox/faults"): self._list_faults,
            ("POST", "/sandbox/faults"): self._add_fault,
            ("DELETE", "/sandbox/faults"): self._remove_faults,
        }

    async def handle(self, context: RequestContext) -> web.StreamResponse | None:
        """Answer a request to the admin API. Return None if the exchange must answer."""
        request = context.request
        is_admin = context.path.startswith("/sandbox/") or (context.target == "/" and request.method == "GET")
        try:
            self._check_sender(request, is_admin)
            if not is_admin:
                return None
            route = self._routes.get((request.method, context.path))
            if route is None:
                known = ", ".join(f"{method} {path}" for method, path in self._routes)
                raise AdminError(404, f"Unknown path. The admin API has {known}.")
            result = route(context)
            response = await result if inspect.isawaitable(result) else result
            if not isinstance(response, web.StreamResponse):
                response = json_response(200, {"success": True, "data": response, "timestamp": context.now_ms})
        except AdminError as error:
            status, message = error.args
            response = json_response(status, {"success": False, "message": message})
        response.headers.update(_HEADERS)
        return response

    def _check_sender(self, request: web.BaseRequest, is_admin: bool) -> None:
        origin, host = request.headers.get("Origin"), request.headers.get("Host", "")
        if is_admin and not _is_loopback_address(request.remote):
            raise AdminError(403, "The admin API and the page answer this machine only.")
        if (is_admin or origin is not None) and not _is_loopback_host(host):
            raise AdminError(403, "The Host must be this machine: use http://127.0.0.1 or http://localhost.")
        if origin is not None and origin != f"http://{host}":
            raise AdminError(403, "Pages of other origins may not send requests to the sandbox.")

    def _list_orders(self, context: RequestContext) -> Data:
        limit = self._read_number(context, "limit")
        return self._state.exchange.open_orders(min(MAX_LISTED, MAX_LISTED if limit is None else limit))

    async def _set_price(self, context: RequestContext) -> Data:
        given = await self._read_json(context, '{"symbol": "SPOT_BTC_USDT", "price": "60000"}')
        symbol = given.pop("symbol", None)
        try:
            quote = parse_quote(symbol, given)
        except ValueError as error:
            raise AdminError(400, f"{error}.") from None
        self._state.exchange.set_quote(symbol, quote, context.now_ms)
        return {"symbol": symbol, "bid": plain(quote.bid), "ask": plain(quote.ask)}

    def _list_faults(self, context: RequestContext) -> Data:
        known = [
            {"fault": n, "usage": f.usage, "sentence": f.sentence, "example": f.example} for n, f in FAULTS.items()
        ]
        return {"rules": self._state.faults.rows(), "faults": known}

    async def _add_fault(self, context: RequestContext) -> Data:
        example = '{"rule": "reset-after first 1"}'
        given = await self._read_json(context, example)
        if given.keys() != {"rule"}:
            raise AdminError(400, f"Send {example}.")
        try:
            added = self._state.faults.add(given["rule"])
        except (FaultError, TypeError) as error:
            raise AdminError(400, f"{error}.") from None
        return {"number": added.number, "rule": str(added)}

    def _remove_faults(self, context: RequestContext) -> Data:
        """Remove the rule of ?number=N, or all rules."""
        number = self._read_number(context, "number")
        if number is None:
            self._state.faults.clear()
        elif not self._state.faults.remove(number):
            raise AdminError(404, f"There is no fault {number}.")
        return {"rules": self._state.faults.rows()}

    async def _read_json(self, context: RequestContext, example: str) -> dict[str, Any]:
        if context.request.content_type != "application/json":  # an HTML form cannot send this type
            raise AdminError(415, "Send JSON, with Content-Type: application/json.")
        try:
            given = json.loads(await asyncio.wait_for(context.request.read(), self._state.timeout))
        except (ValueError, RecursionError, asyncio.TimeoutError, web.HTTPException):
            given = None
        if not isinstance(given, dict):
            raise AdminError(400, f"Send {example}.")
        return given

    def _read_number(self, context: RequestContext, name: str) -> int | None:
        try:
            given = parse_query(context.query)
        except ApiError as error:
            raise AdminError(400, error.message) from None
        text = given.pop(name, None)
        if given or (text is not None and not (text.isascii() and text.isdigit() and len(text) < 20)):
            raise AdminError(400, f"The query accepts {name}=N only.")
        return None if text is None else int(text)


def _is_loopback_address(peer: str | None) -> bool:
    try:
        address = ipaddress.ip_address((peer or "").partition("%")[0])
    except ValueError:
        return False
    mapped = getattr(address, "ipv4_mapped", None)
    return (mapped or address).is_loopback


def _is_loopback_host(host: str) -> bool:
    try:
        return is_loopback(f"http://{host}") and not set(host) & set("@/\\?#")
    except ValueError:
        return False
