"""The pace of the gateway's public GETs: at most five a second, spread in time."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .limits import Limiter

WARM_PATH = "/v3/public/systemInfo"
_SECOND = 1_000_000_000
MAX_GETS = 5
_WINDOW_NS = 1_100_000_000  # a second, and the difference of two travel times
_SPACING_NS = _WINDOW_NS // MAX_GETS
_PAUSE_NS = 5 * _SECOND  # after HTTP 429


class Pace:
    def __init__(self, limiter: Limiter | None = None) -> None:
        self._limiter = limiter
        self._sent: deque[int] = deque([-_WINDOW_NS] * MAX_GETS, maxlen=MAX_GETS)
        self._open_at = 0

    def next_ns(self, *, spread: bool) -> int:
        """Return when the next GET may go out. `spread` adds a distance to the previous GET."""
        at = max(self._sent[0] + _WINDOW_NS, self._open_at)
        return max(at, self._sent[-1] + _SPACING_NS) if spread else at

    def take(self, now: int, *, spread: bool = False) -> bool:
        """Return True and count a GET if it may go out now."""
        if now < self.next_ns(spread=spread):
            return False
        if self._limiter is not None and self._limiter.reserve("GET", WARM_PATH, b"", now, until=now) is None:
            return False
        self._sent.append(now)
        return True

    def pause(self, now: int) -> None:
        self._open_at = now + _PAUSE_NS
