"""What is no part of WOO X: the page, and the sandbox's own endpoints under /sandbox/, for the page and for tests.

These need no signature, so they are for this machine alone: the Host must be a loopback name (a web site that points
its own name here, as DNS rebinding does, is refused), and a request that a browser sends for another origin is refused
too, whatever it asks for.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from typing import Any

from aiohttp import web

from .._urls import is_loopback
from .errors import ApiError
from .faults import FAULTS, FaultError
from .inspector import Inspector
from .params import parse_query
from .state import State
from .visit import Visit, json_reply

Route = Callable[[Visit], Awaitable[web.StreamResponse]]
MOST_ORDERS = 10_000
_HEADERS = {
    "Cache-Control": "no-store",
    "Cross-Origin-Resource-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}


class ControlError(Exception):
    """A request to the sandbox itself is refused: HTTP status and a sentence."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(status, sentence)
        self.status = status
        self.sentence = sentence


class Control:
    """Answers what is asked of the sandbox itself."""

    def __init__(self, state: State, api_secret: str) -> None:
        self._state = state
        self._inspector = Inspector(state, api_secret)
        self._routes: dict[tuple[str, str], Route] = {
            ("GET", "/"): self._inspector.page,
            ("GET", "/sandbox/events"): self._inspector.events,
            ("GET", "/sandbox/requests"): self._inspector.detail,
            ("GET", "/sandbox/stats"): self._stats,
            ("GET", "/sandbox/orders"): self._orders,
            ("GET", "/sandbox/faults"): self._faults,
            ("POST", "/sandbox/faults"): self._add_fault,
            ("DELETE", "/sandbox/faults"): self._remove_faults,
        }

    def close(self) -> None:
        self._inspector.close()

    async def handle(self, visit: Visit) -> web.StreamResponse | None:
        """The reply, or None if this is a request to the exchange, and may go on."""
        ours = visit.path.startswith("/sandbox/") or (visit.target == "/" and visit.request.method == "GET")
        try:
            self._check_sender(visit.request, ours)
            if not ours:
                return None
            route = self._routes.get((visit.request.method, visit.path))
            if route is None:
                known = ", ".join(f"{method} {path}" for method, path in self._routes)
                raise ControlError(404, f"There is no {visit.request.method} {visit.path[:100]}. There are: {known}.")
            response = await route(visit)
        except ControlError as error:
            response = json_reply(error.status, {"success": False, "message": error.sentence})
        if not response.prepared:
            response.headers.update(_HEADERS)
        return response

    def _check_sender(self, request: web.BaseRequest, ours: bool) -> None:
        origin, host = request.headers.get("Origin"), request.headers.get("Host", "")
        if (ours or origin is not None) and not self._is_here(host):
            raise ControlError(403, f"The Host {host[:100]!a} is not this machine; use http://127.0.0.1 or localhost.")
        if origin is not None and origin != f"http://{host}":
            raise ControlError(403, f"A page of {origin[:100]!a} may ask nothing here; only the sandbox's own may.")

    def _is_here(self, host: str) -> bool:
        try:
            return is_loopback(f"http://{host}") and not set(host) & set("@/\\?#")
        except ValueError:
            return False

    async def _stats(self, visit: Visit) -> web.Response:
        return self._data(visit, self._state.stats())

    async def _orders(self, visit: Visit) -> web.Response:
        limit = self._number(visit, "limit")
        return self._data(visit, self._state.orders(MOST_ORDERS if limit is None else min(limit, MOST_ORDERS)))

    async def _faults(self, visit: Visit) -> web.Response:
        known = [
            {"fault": name, "usage": fault.usage, "sentence": fault.sentence, "example": fault.example}
            for name, fault in FAULTS.items()
        ]
        return self._data(visit, {"rules": self._state.faults.rows(), "faults": known})

    async def _add_fault(self, visit: Visit) -> web.Response:
        """Add the rule of {"rule": TEXT}; gives its number."""
        if visit.request.content_type != "application/json":  # a form of another site cannot say this
            raise ControlError(415, "Send JSON, with Content-Type: application/json.")
        try:
            given = json.loads(await asyncio.wait_for(visit.request.read(), self._state.timeout))
            rule = given["rule"]
        except (ValueError, RecursionError, KeyError, TypeError, asyncio.TimeoutError, web.HTTPException):
            raise ControlError(400, 'Send {"rule": TEXT}, such as {"rule": "reset-after first 1"}.') from None
        try:
            added = self._state.faults.add(rule)
        except (FaultError, TypeError) as error:
            raise ControlError(400, f"{error}.") from None
        return self._data(visit, {"number": added.number, "rule": str(added)})

    async def _remove_faults(self, visit: Visit) -> web.Response:
        """Remove the rule of ?number=N, or all."""
        number = self._number(visit, "number")
        if number is None:
            self._state.faults.clear()
        elif not self._state.faults.remove(number):
            raise ControlError(404, f"There is no fault {number}.")
        return self._data(visit, {"rules": self._state.faults.rows()})

    def _number(self, visit: Visit, name: str) -> int | None:
        """The one parameter that there may be in the query."""
        try:
            given = parse_query(visit.query)
        except ApiError as error:
            raise ControlError(400, error.message) from None
        text = given.pop(name, None)
        if given or (text is not None and not (text.isascii() and text.isdigit() and len(text) < 20)):
            raise ControlError(400, f"The query may hold {name}=N, and nothing else.")
        return None if text is None else int(text)

    def _data(self, visit: Visit, data: dict[str, Any]) -> web.Response:
        return json_reply(200, {"success": True, "data": data, "timestamp": visit.now_ms})
