"""What the sandbox holds: the account, the faults, the records and the counts."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import Counter, deque
from collections.abc import Callable
from typing import Any

from aiohttp import web

from .errors import ApiError
from .exchange import Exchange
from .record import RequestRecord
from .rules import Faults
from .visit import Visit, json_reply

RECORDS_KEPT = 1000
HEADERS_KEPT = 200  # of the newest requests: those that the page lists
BODY_KEPT = 64 * 1024  # bytes of a record's body; with RECORDS_KEPT it bounds the memory that records take

_log = logging.getLogger("woox_fast.sandbox")


class State:
    """The part of a `Sandbox` that does not serve; what it holds is said there."""

    def __init__(
        self,
        api_key: str,
        faults: Faults,
        *,
        clock: Callable[[], float],
        timeout: float,
        on_request: Callable[[RequestRecord], None] | None,
    ) -> None:
        self.api_key = api_key
        self.url = ""
        self.timeout = timeout
        self.exchange = Exchange()
        self.faults = faults
        self.requests: deque[RequestRecord] = deque(maxlen=RECORDS_KEPT)
        self.headers: deque[tuple[tuple[bytes, bytes], ...]] = deque(maxlen=HEADERS_KEPT)  # of the newest
        self.seen = self.verified = self.accepted = self.refused = 0
        self.verdicts: Counter[str] = Counter()
        self.struck: Counter[str] = Counter()
        self.stopping: asyncio.Event  # of the loop that serves
        self._clock = clock
        self._on_request = on_request

    def now_ms(self) -> int:
        return int(self._clock() * 1000)

    def stats(self) -> dict[str, Any]:
        """The counts, as GET /sandbox/stats gives them."""
        return {
            "requests": self.seen,
            "verified": self.verified,
            "accepted": self.accepted,
            "refused": self.refused,
            "verdicts": dict(self.verdicts),
            "faults": dict(self.struck),
            "openOrders": len(self.exchange.orders.open),
        }

    def orders(self, most: int = 10_000) -> dict[str, Any]:
        """What it holds, as GET /sandbox/orders gives it: `open` counts the open orders, `orders` lists the newest
        `most` of them, `clientOrderIds` says how often each arrived, placed or not."""
        return self.exchange.held(most)

    def refuse_malformed(self, error: BaseException | None, status: int) -> web.Response:
        """Answer what is not HTTP, or (status 500) a failure of the sandbox's own."""
        if status < 500:
            reason = str(getattr(error, "message", "")).partition("\n")[0].rstrip(":")
            api_error = ApiError("MALFORMED_HTTP", f"This is not HTTP/1.1: {reason[:100]}.")
        else:
            _log.error("a request failed inside the sandbox", exc_info=error)
            api_error = ApiError("UNKNOWN")
        response = self.refuse(None, api_error)
        response.force_close()
        return response

    def refuse(self, visit: Visit | None, error: ApiError) -> web.Response:
        """The envelope of a refusal, recorded; `visit` is None if what came was not HTTP."""
        code, status, _ = error.refusal
        self.record(visit, status, code, error.name, error.message)
        return json_reply(status, {"success": False, "code": code, "message": error.message})

    def record(self, visit: Visit | None, status: int, code: int, verdict: str, message: str = "") -> None:
        if visit is None:
            record = RequestRecord(self.now_ms(), "", "", status, code, verdict, 0.0, message=message)
        else:
            visit.recorded = True
            headers, body = visit.request.headers, visit.body
            record = RequestRecord(
                visit.now_ms,
                visit.request.method,
                visit.request.raw_path,
                status,
                code,
                verdict,
                (time.perf_counter_ns() - visit.started) / 1000,
                headers.get("x-api-timestamp", ""),
                headers.get("x-api-signature", ""),
                body if len(body) <= BODY_KEPT else b"",
                len(body),
                message,
                visit.faults,
            )
        if verdict == "OK":
            self.accepted += 1
        elif verdict != "FAULT":
            self.refused += 1
        self.seen += 1
        self.verdicts[verdict] += 1
        self.requests.append(record)
        self.headers.append(() if visit is None else visit.request.raw_headers)
        if self._on_request is not None:
            try:
                self._on_request(record)
            except Exception:
                _log.exception("on_request failed; the request is answered all the same")
