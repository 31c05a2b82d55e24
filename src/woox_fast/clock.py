"""`ServerClock` keeps a signer's `clock_offset_ms` right: the exchange's clock less the local one.

It asks GET /v3/public/systemInfo, which needs no signature, and learns from any reply that holds the exchange's time.
Such a reply gives two bounds: the exchange read its clock after the request was sent and before the reply came. The
bounds are kept against a steady clock, which nobody sets, so what is learned holds when the local clock is set.

A ServerClock never makes a timestamp worse. It sets an offset only as far as the bounds prove the local clock wrong.
When the local clock and the steady one move apart (somebody set the clock, or the machine slept and the steady clock
stood still), it forgets all: the offset is 0, as without a ServerClock, until the exchange has been asked again.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol

from . import _checks
from ._server_time import SYSTEM_INFO_PATH, ServerTime
from ._urls import PRODUCTION_URL, origin

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SYSTEM_INFO_PATH", "ServerClock"]

KEPT, BEST = 8, 3  # samples that are kept, and how many of them count: those with the closest bounds
WATCH_S = 0.2  # how often the thread looks whether the local clock was set
RETRY_S = 1.0  # how soon it asks again after it got no answer
STEP_NS = 50_000_000  # two clocks that part by more have been set, or one stood still; a busy machine stays below
SLEW = 1_000  # and by more than a 1,000th of the time between: NTP changes the speed of a clock by less
DRIFT = 10_000  # in so many ns two good clocks part by 1 ns at most
MS = 1_000_000  # ns


class _HasOffset(Protocol):
    clock_offset_ms: int


class Bounds(NamedTuple):
    """The exchange's clock less the steady one is from `low` to `high`, when the steady one is `at`. In nanoseconds."""

    at: int
    low: int
    high: int

    def aged(self, steady: int) -> Bounds:
        """The same at another time of the steady clock: further apart, since no clock keeps perfect time."""
        return self._replace(at=steady).wider(abs(steady - self.at) // DRIFT)

    def wider(self, by: int) -> Bounds:
        return Bounds(self.at, self.low - by, self.high + by)

    @property
    def width(self) -> int:
        return self.high - self.low

    def contradicts(self, other: Bounds) -> bool:
        return self.low > other.high or other.low > self.high


def bounds_of(sent: int, server_ms: int, received: int) -> Bounds:
    """What one reply proves. `sent` and `received` are of the steady clock; `server_ms` is cut to milliseconds."""
    return Bounds(received, server_ms * MS - received, (server_ms + 1) * MS - sent)


def best_of(samples: Iterable[Bounds], steady: int) -> Bounds:
    """The medians of the bounds of the closest samples, so that one wrong reply among them does no harm."""
    best = sorted((sample.aged(steady) for sample in samples), key=lambda sample: sample.width)[:BEST]
    lows, highs = sorted(sample.low for sample in best), sorted(sample.high for sample in best)
    return Bounds(steady, lows[(len(best) - 1) // 2], highs[len(best) // 2])


def least_wrong(low: int, high: int) -> int:
    """The middle of two bounds, or a value nearer to 0 where the middle could be further from the truth than 0 is."""
    middle = (low + high) // 2
    if low > 0:
        return min(middle, 2 * low)
    if high < 0:
        return max(middle, 2 * high)
    return 0


class LocalClock:
    """The two clocks of this machine, in nanoseconds: the one that signers read, and one that nobody sets."""

    def __init__(self) -> None:
        self.wall_ns: Callable[[], int] = time.time_ns
        self.steady_ns: Callable[[], int] = time.monotonic_ns
        boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux: goes on while the machine sleeps
        if boottime is not None:
            self.steady_ns = lambda: time.clock_gettime_ns(boottime)

    def read(self) -> tuple[int, int]:
        """Both at one moment: of three readings the one that took the least time."""
        readings = []
        for _ in range(3):
            before, wall, after = self.steady_ns(), self.wall_ns(), self.steady_ns()
            readings.append((after - before, wall, (before + after) // 2))
        _, wall, steady = min(readings)
        return wall, steady


class ServerClock:
    """Keeps `signer.clock_offset_ms` at the exchange's clock less the local one, in milliseconds.

    `update()` asks the exchange, as does `await update_async()`; `observe()` learns from a reply to something else.
    `with ServerClock(signer):` asks before its body, then every `interval_s` from a thread of its own, and at once when
    the local clock was set. `fetch` returns the exchange's time in milliseconds; None is a request to `base_url` over a
    connection that is kept, without proxies, given up after `timeout_s` in all.

    The offset is the middle of the bounds that the best of the last 8 replies give. It is 0 while 0 lies within the
    bounds, and at most twice what they prove, so that no timestamp is further from the exchange's time than it would be
    without a ServerClock.
    """

    def __init__(
        self,
        signer: _HasOffset,
        *,
        base_url: str = PRODUCTION_URL,
        interval_s: float = 30.0,
        timeout_s: float = 5.0,
        fetch: Callable[[], int] | None = None,
    ) -> None:
        self._signer = signer
        self._interval_s = interval_s
        self._server = ServerTime(origin(base_url), timeout_s)
        self._fetch = fetch or self._server.ask
        self._local = LocalClock()
        self._seen = self._local.read()
        self._parted = 0  # by how much the two clocks have parted since the newest reply
        self._set_at = 0  # the wall clock when it was last seen to have been set
        self._samples: deque[Bounds] = deque(maxlen=KEPT)
        self._known: Bounds | None = None  # what they tell together
        self._one_at_a_time = threading.Lock()
        self._lock = threading.Lock()  # of all that is known; never held while the exchange is asked
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None
        """What the last update from the thread raised; None if it went well. The offset stays as it was."""

    def update(self) -> int:
        """Ask the exchange for its time, set the signer's `clock_offset_ms`, and return it.

        Raises OSError (TimeoutError among them) where the exchange does not answer, and ValueError where it answers
        something else than its time.
        """
        with self._one_at_a_time:
            for _ in range(2 * BEST):  # some may contradict those before, or be disturbed
                self._ask()
                if len(self._samples) >= BEST:
                    break
            with self._lock:
                self._apply(*self._look())
                if self._known is None:
                    raise ConnectionError("the local clock was set again and again while the exchange was asked")
                return self._signer.clock_offset_ms

    async def update_async(self) -> int:
        """`update` from a thread, so that the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.update)

    def observe(self, sent_ms: float, received_ms: float, server_ms: int) -> None:
        """Learn from a reply that holds the exchange's time, as V3 replies do in `timestamp`. Takes microseconds.

        `sent_ms` and `received_ms` are the local clock, `time.time_ns() // 1_000_000`, before the request was sent and
        after the reply came, and not the timestamp that was signed. All three are Unix epoch milliseconds. What cannot
        be true, since the clock was set meanwhile, is passed over. Raises TypeError and ValueError for other values.
        """
        for name, value in (("sent_ms", sent_ms), ("received_ms", received_ms), ("server_ms", server_ms)):
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"{name} must be a number of milliseconds, got {type(value).__name__}")
            if not 10**12 <= value < 10**13:
                raise ValueError(f"{name} must be Unix epoch milliseconds (13 digits), got {value!r}")
        with self._lock:
            wall, steady = self._look()
            sent, received = int(sent_ms * MS), int(received_ms * MS) + MS  # it may have been cut to milliseconds
            if self._set_at <= sent < received <= wall + MS:
                shift = steady - wall
                sample = bounds_of(sent + shift, int(server_ms), received + shift)
                known = self._known_at(steady)
                if not known or sample.width < known.width or sample.contradicts(known):
                    self._learn(sample)
                    self._apply(wall, steady)

    @property
    def round_trip_ms(self) -> float | None:
        """How far apart the closest bounds are, in milliseconds; half of it bounds the error. None before a reply."""
        with self._lock:
            return min(sample.width for sample in self._samples) / MS if self._samples else None

    def start(self) -> None:
        """Update every `interval_s` from a thread of its own until `stop()`. Does nothing if it runs already."""
        if self._thread is None:
            self._stop.clear()
            self._thread = threading.Thread(target=self._run, name="woox-fast clock", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Stop the thread and close the connection."""
        self._stop.set()
        if self._thread is not None:
            self._thread.join()
            self._thread = None
        self._server.close()

    def _run(self) -> None:
        asked = self._local.steady_ns()
        while not self._stop.wait(min(self._interval_s, WATCH_S)):
            with self._lock:
                wall, steady = self._look()
                self._apply(wall, steady)
                wait_s = self._interval_s if self._known else min(self._interval_s, RETRY_S)
            if steady - asked >= wait_s * 1e9:
                asked = steady
                try:
                    self.update()
                    self.error = None
                except Exception as error:
                    self.error = error

    def __enter__(self) -> ServerClock:
        self.update()
        self.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.stop()

    async def __aenter__(self) -> ServerClock:
        await self.update_async()
        self.start()
        return self

    async def __aexit__(self, *error: object) -> None:
        await asyncio.to_thread(self.stop)

    def _ask(self) -> None:
        """Learn from one reply of the exchange."""
        with self._lock:
            self._look()
            set_at = self._set_at
        sent = self._local.steady_ns()
        server_ms = int(_checks.timestamp_text(self._fetch()))
        received = self._local.steady_ns()
        with self._lock:
            self._look()
            if self._set_at == set_at:  # else the steady clock may have stood still meanwhile
                self._learn(bounds_of(sent, server_ms, received))

    def _look(self) -> tuple[int, int]:
        """Wall and steady clock now. If they have parted, at once or little by little, all is forgotten."""
        wall, steady = self._local.read()
        wall_went, steady_went = wall - self._seen[0], steady - self._seen[1]
        parted, slew = wall_went - steady_went, steady_went // SLEW
        self._parted += parted - max(-slew, min(parted, slew))
        if abs(parted) > STEP_NS + slew or abs(self._parted) > STEP_NS:
            self._set_at = wall
            self._parted = 0
            if self._known:
                self._samples.clear()
                self._known = None
                self._signer.clock_offset_ms = 0
        self._seen = wall, steady
        return wall, steady

    def _known_at(self, steady: int) -> Bounds | None:
        """What is known at another time of the steady clock: less exactly if the two clocks have parted since."""
        return self._known and self._known.aged(steady).wider(abs(self._parted))

    def _learn(self, sample: Bounds) -> None:
        known = self._known_at(sample.at)
        before = [one.wider(abs(self._parted)) for one in self._samples]
        if known and sample.contradicts(known):
            before = []  # one of the two clocks has changed: the newest reply is right
        self._samples = deque([*before, sample], maxlen=KEPT)
        self._parted = 0
        self._known = best_of(self._samples, sample.at)

    def _apply(self, wall: int, steady: int) -> None:
        """Set the offset that is known, if one is."""
        if known := self._known_at(steady):
            shift = steady - wall
            self._signer.clock_offset_ms = int(least_wrong(known.low + shift, known.high + shift) / MS)
