"""Rate limits: a number of requests in a number of seconds, per account, symbol or IP address.

Source: the "Limit" line of every page of https://developer.woox.io/api-reference. The window slides, and a refused
request does not count.
"""

from __future__ import annotations

from collections import deque
from typing import NamedTuple

from .errors import ApiError

MAX_WINDOWS = 10_000  # a scan from many addresses must not fill the memory


class Limit(NamedTuple):
    """Allow `requests` in `seconds`; `scope` is "account", "symbol" or "ip"."""

    requests: int
    seconds: int
    scope: str = "account"


class RateLimiter:
    """Sliding windows per endpoint and scope."""

    def __init__(self) -> None:
        self._windows: dict[tuple[int, str], deque[int]] = {}

    def check(self, limit: Limit, key: tuple[int, str], now_ms: int) -> None:
        """Count a request under `key`, or raise `ApiError` TOO_MANY_REQUEST if the window is full."""
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows.clear()
            window = self._windows[key] = deque(maxlen=limit.requests)
        if len(window) == limit.requests and now_ms - window[0] < limit.seconds * 1000:
            raise ApiError("TOO_MANY_REQUEST", f"The limit is {limit.requests} in {limit.seconds} s per {limit.scope}.")
        window.append(now_ms)
