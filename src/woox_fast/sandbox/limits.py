"""The documented rate limits: so many requests in so many seconds, per account, per symbol or per IP address.

Source: the "Limit" line of each page of https://developer.woox.io/api-reference. Counted over a sliding window; a
refused request does not count.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .errors import ApiError

_MAX_WINDOWS = 10_000  # one per IP address on a public endpoint: without a bound a scan would fill the memory


class Limit(NamedTuple):
    """`requests` in `seconds`, counted per `scope`: "account", "symbol" or "ip"."""

    requests: int
    seconds: int
    scope: str = "account"


class RateLimiter:
    """Sliding windows, one per endpoint and scope; `now_ms` is Unix epoch milliseconds."""

    def __init__(self) -> None:
        self._windows: dict[tuple[str, ...], deque[int]] = {}

    def check(self, limit: Limit, key: tuple[str, ...], now_ms: int) -> None:
        """Count one request under `key`. Raises `ApiError` TOO_MANY_REQUEST when the window is full."""
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= _MAX_WINDOWS:
                self._windows.clear()
            window = self._windows[key] = deque(maxlen=limit.requests)
        if len(window) == limit.requests and now_ms - window[0] < limit.seconds * 1000:
            raise ApiError("TOO_MANY_REQUEST", f"The limit is {limit.requests} in {limit.seconds} s per {limit.scope}.")
        window.append(now_ms)
