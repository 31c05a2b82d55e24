"""Rate limits, checked before a request is sent, so that the exchange does not refuse it with HTTP 429.

They apply to the caller's requests, if the caller asks for them, and to the gateway's own public GETs.
"""

from __future__ import annotations

import re
import threading
from bisect import insort
from collections.abc import Iterable
from dataclasses import dataclass

from .response import Response, code_of

SECOND = 1_000_000_000
WARM_PATH = "/v3/public/systemInfo"
GET_SPACING_NS = SECOND // 4  # between public GETs on open connections
_GET_PAUSE_NS = 5 * SECOND  # after HTTP 429
_LOCK_S = 0.05
_TRAVEL_NS = SECOND // 10  # the difference of two travel times, which a window must allow for
_MAX_BUCKETS = 10_000
_SYMBOL = re.compile(rb'"symbol"\s*:\s*"([^"]*)"|[?&]symbol=([^&\s]*)')


@dataclass(frozen=True)
class Limit:
    """Allow `count` requests in `seconds`.

    Args:
        method: The HTTP method, or "" for every method.
        path: The path without its query, or a prefix that ends with "*".
        per_symbol: Count the symbols in body or query apart.
    """

    method: str
    path: str
    count: int
    seconds: float
    per_symbol: bool = False


WOO_X_LIMITS = (
    Limit("POST", "/v3/trade/order", 5, 1, per_symbol=True),
    Limit("PUT", "/v3/trade/order", 5, 1),
    Limit("GET", "/v3/trade/order", 5, 1),
    Limit("POST", "/v3/trade/algoOrder", 2, 1),
    Limit("PUT", "/v3/trade/algoOrder", 5, 1),
    Limit("GET", "/v3/trade/transactionHistory", 2, 1),
    Limit("GET", "/v3/trade/tradingFee", 2, 1),
    Limit("", "/v3/trade/*", 10, 1),
    Limit("POST", "/v3/account/tradingMode", 5, 60),
    Limit("POST", "/v3/account/listenKey", 5, 10),
    Limit("", "/v3/account/*", 10, 60),
    Limit("GET", "/v3/asset/balances", 10, 1),
    Limit("", "/v3/asset/*", 10, 60),
    Limit("GET", "/v3/futures/positions", 30, 10),
    Limit("", "/v3/futures/*", 5, 60),
    Limit("", "/v3/spotMargin/*", 5, 60),
    Limit("", "/v3/public/*", 10, 1),
)
"""The documented limits. The first row that matches a request counts; buckets are separate per method and path."""


class _Bucket:
    def __init__(self, limit: Limit) -> None:
        self.period_ns = round(limit.seconds * SECOND) + _TRAVEL_NS
        self.slots = [-self.period_ns] * limit.count  # the last moments, in order
        self.open_at = 0  # after a pause


class Limiter:
    """Sliding windows. A request reserves the next free moment."""

    def __init__(self, limits: Iterable[Limit]) -> None:
        self._limits = tuple(limits)
        self._buckets: dict[tuple[str, str, bytes], _Bucket] = {}
        self._lock = threading.Lock()

    def reserve(
        self, method: str, path: str, body: object, now: int, until: int, unused: int | None = None
    ) -> int | None:
        """Return when the request may go out, or None if that is after `until`. `unused` is its earlier slot."""
        bucket = self._bucket(method, path, body)
        if bucket is None:
            return now
        lock = self._lock
        is_locked = lock.acquire(timeout=_LOCK_S)
        if not is_locked:  # a signal handler interrupted the owner
            self._lock = threading.Lock()
        try:
            slots = bucket.slots
            replaced, slot = slots[0], max(now, bucket.open_at)
            if unused is not None and slot - unused <= _TRAVEL_NS // 2:
                return slot  # the margin allows for the delay
            if unused in slots:  # it may move, since fewer than `count` slots follow it
                replaced = unused
            else:
                slot = max(slot, replaced + bucket.period_ns)
            if slot > until:
                return None
            slots.remove(replaced)
            insort(slots, slot)
            return slot
        finally:
            if is_locked:
                lock.release()

    def observe(self, method: str, path: str, body: object, response: Response, now: int) -> None:
        """Pause the request's bucket for its period after HTTP 429 or the code -1003."""
        if response.status == 429 or (response.status >= 400 and code_of(response.envelope) == "-1003"):
            bucket = self._bucket(method, path, body)
            if bucket is not None:
                bucket.open_at = now + bucket.period_ns

    def _bucket(self, method: str, path: str, body: object) -> _Bucket | None:
        target = path.partition("?")[0]
        for limit in self._limits:
            if limit.method in ("", method) and (
                target == limit.path or (limit.path.endswith("*") and target.startswith(limit.path[:-1]))
            ):
                key = (method, target, _symbol(path, body) if limit.per_symbol else b"")
                if len(self._buckets) >= _MAX_BUCKETS:
                    self._buckets.clear()
                return self._buckets.get(key) or self._buckets.setdefault(key, _Bucket(limit))
        return None


def _symbol(path: str, body: object) -> bytes:
    data = body.encode() if isinstance(body, str) else bytes(body) if isinstance(body, bytes | bytearray) else b""
    found = _SYMBOL.search(path.encode() + b"\n" + data)
    return (found[1] or found[2] or b"") if found else b""


class Pace(Limiter):
    """The pace of the gateway's public GETs: at most five a second, within the caller's limits."""

    def __init__(self, limiter: Limiter | None = None) -> None:
        super().__init__([Limit("GET", WARM_PATH, 5, 1)])
        self._limiters = [self] if limiter is None else [self, limiter]
        self.is_on = True  # False if the server closes each connection after a response

    def take(self, now: int) -> bool:
        """Return True and count a GET if it may go out now."""
        return self.is_on and all(
            one.reserve("GET", WARM_PATH, b"", now, until=now) is not None for one in self._limiters
        )

    def heed(self, response: Response, now: int) -> None:
        """Pause after HTTP 429."""
        bucket = self._bucket("GET", WARM_PATH, b"")
        if response.status == 429 and bucket is not None:
            bucket.open_at = now + _GET_PAUSE_NS
