"""`ServerClock` measures the exchange's clock and sets a signer's `clock_offset_ms`.

It asks GET /v3/public/systemInfo, which needs no signature, and learns from any response with the exchange's time. A
response proves two bounds, because the exchange read its clock after the request was sent and before the response
arrived. The bounds refer to a steady clock, which nobody sets, so they stay valid when somebody sets the local clock.

A ServerClock never makes a timestamp worse. It sets an offset only if the bounds prove the local clock wrong. A
response that contradicts the known bounds changes nothing until a second response confirms it. When the local clock and
the steady clock part (somebody set the clock, or the machine slept and the steady clock stopped), the offset is 0 until
the exchange answers again.
"""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import deque
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, NamedTuple, Protocol
from weakref import WeakSet

from . import _checks
from ._server_time import SYSTEM_INFO_PATH, ServerTime
from ._urls import PRODUCTION_URL, parse_origin

if TYPE_CHECKING:
    from types import TracebackType

__all__ = ["SYSTEM_INFO_PATH", "ServerClock"]

MAX_SAMPLES = 8
CLOSEST_SAMPLES = 3  # the samples with the closest bounds count
WATCH_S = 0.2  # between two looks at the local clock
RETRY_S = 1.0  # after a request without an answer, or with an answer that needs confirmation
STEP_NS = 50_000_000  # clocks that part by more were set, or stopped; on a busy machine they part by less
SLEW = 1_000  # NTP changes a clock's speed by less than a 1,000th
DRIFT = 10_000  # ns in which two good clocks part by at most 1 ns
MS = 1_000_000  # ns


class _HasOffset(Protocol):
    clock_offset_ms: int


class Bounds(NamedTuple):
    """Bounds of the exchange's clock minus the steady clock, at the time `at` of the steady clock. In nanoseconds."""

    at: int
    low: int
    high: int

    def widen_for_drift(self, steady: int) -> Bounds:
        """Return the bounds at a different time of the steady clock: wider, since clocks drift."""
        return self._replace(at=steady).widen(abs(steady - self.at) // DRIFT)

    def widen(self, by: int) -> Bounds:
        return Bounds(self.at, self.low - by, self.high + by)

    @property
    def width(self) -> int:
        return self.high - self.low

    def contradicts(self, other: Bounds) -> bool:
        return self.low > other.high or other.low > self.high


def compute_bounds(sent: int, server_ms: int, received: int) -> Bounds:
    """Return the bounds that a response proves. `sent` and `received` are times of the steady clock, in nanoseconds."""
    return Bounds(received, server_ms * MS - received, (server_ms + 1) * MS - sent)


def combine_samples(samples: Iterable[Bounds], steady: int) -> Bounds:
    """Return the medians of the closest bounds, so that a wrong response among three does no harm."""
    now = [sample.widen_for_drift(steady) for sample in samples]
    best = sorted(now, key=lambda sample: sample.width)[:CLOSEST_SAMPLES]
    lows, highs = sorted(sample.low for sample in best), sorted(sample.high for sample in best)
    return Bounds(steady, lows[(len(best) - 1) // 2], highs[len(best) // 2])


def choose_offset(low: int, high: int) -> int:
    """Return the middle of two bounds, or the value nearest to it that cannot be further from the truth than 0."""
    middle = (low + high) // 2
    if low > 0:
        return min(middle, 2 * low)
    if high < 0:
        return max(middle, 2 * high)
    return 0


class LocalClock:
    """The machine's wall clock, which signers read, and its steady clock, which nobody sets. In nanoseconds."""

    def __init__(self) -> None:
        self.wall_ns: Callable[[], int] = time.time_ns
        self.steady_ns: Callable[[], int] = time.monotonic_ns
        boottime = getattr(time, "CLOCK_BOOTTIME", None)  # Linux: continues while the machine sleeps
        if boottime is not None:
            self.steady_ns = lambda: time.clock_gettime_ns(boottime)

    def read(self) -> tuple[int, int]:
        """Return wall and steady clock at the same moment: the fastest of three readings."""
        readings = []
        for _ in range(3):
            before, wall, after = self.steady_ns(), self.wall_ns(), self.steady_ns()
            readings.append((after - before, wall, (before + after) // 2))
        _, wall, steady = min(readings)
        return wall, steady


class ServerClock:
    """Set `signer.clock_offset_ms` to the exchange's clock minus the local clock.

    `with ServerClock(signer):` asks the exchange first, then every `interval_s` from its own thread, and at once when
    somebody sets the local clock. `update()` and `await update_async()` ask at once. `observe()` learns from a response
    to any request.

    The offset is the middle of the bounds proved by the best of the last 8 responses. It is 0 while 0 is within the
    bounds, and at most twice the proved error, so no timestamp is further from the exchange's time than without a
    ServerClock. Threads can share a ServerClock. After `os.fork()`, call `start()` in the child.

    Args:
        signer: a `Signer`, or any object with `clock_offset_ms`.
        base_url: the exchange. Requests use a persistent connection and no proxy.
        interval_s: seconds between two updates from the thread.
        timeout_s: seconds for a whole request.
        fetch: a function that returns the exchange's time in milliseconds, or None to ask `base_url`.

    Raises:
        TypeError, ValueError: for an invalid `base_url`.
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
        self._server = ServerTime(parse_origin(base_url), timeout_s)
        self._fetch = fetch
        self._local = LocalClock()
        self._seen = self._local.read()
        self._drift_ns = 0  # ns by which the two clocks have parted since the newest sample
        self._set_at = 0  # wall clock when somebody was last seen to set it
        self._samples: deque[Bounds] = deque(maxlen=MAX_SAMPLES)
        self._known: Bounds | None = None  # the best of the samples together
        self._doubt: Bounds | None = None  # a sample that contradicts the known bounds, and waits for confirmation
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None
        """The exception of the thread's last update, or None. A failed update does not change the offset."""
        self._create_locks()
        _clocks.add(self)

    def _create_locks(self) -> None:
        self._one_at_a_time = threading.Lock()  # during a request to the exchange
        self._lock = threading.Lock()  # for the samples; free during a request
        self._stop = threading.Event()

    def update(self) -> int:
        """Ask the exchange for its time and set the signer's `clock_offset_ms`.

        Returns the new offset.

        Raises:
            OSError: if the exchange does not answer; TimeoutError after `timeout_s`.
            ValueError: for a response without a valid time.
        """
        with self._one_at_a_time:
            # A contradiction needs confirmation, and a disturbed response does not count.
            for _ in range(2 * CLOSEST_SAMPLES):
                self._request_sample()
                if len(self._samples) >= CLOSEST_SAMPLES and not self._doubt:
                    break
            with self._lock:
                self._apply(*self._read_clocks())
                if self._known is None:
                    raise ConnectionError("the local clock was set during every request to the exchange")
                return self._signer.clock_offset_ms

    async def update_async(self) -> int:
        """Run `update` in a thread and wait for it without blocking the event loop."""
        return await asyncio.to_thread(self.update)

    def observe(self, sent_ms: float, received_ms: float, server_ms: int) -> None:
        """Learn from a response with the exchange's time: V3 responses contain a `timestamp`. Takes microseconds.

        A request during which somebody set the local clock is ignored.

        Args:
            sent_ms: the local clock before the request was sent, `time.time_ns() // 1_000_000`. This is not the signed
                timestamp, which includes the offset.
            received_ms: the local clock after the response arrived.
            server_ms: the exchange's time. All three are Unix epoch milliseconds.

        Raises:
            TypeError, ValueError: for invalid values.
        """
        for name, value in (("sent_ms", sent_ms), ("received_ms", received_ms), ("server_ms", server_ms)):
            if not isinstance(value, int | float) or isinstance(value, bool):
                raise TypeError(f"{name} must be a number of milliseconds, got {type(value).__name__}")
            if not 10**12 <= value < 10**13:
                raise ValueError(f"{name} must be Unix epoch milliseconds (13 digits), got {value!r}")
        with self._lock:
            wall, steady = self._read_clocks()
            sent, received = int(sent_ms * MS), int(received_ms * MS) + MS  # received_ms may be rounded down
            if self._set_at <= sent < received <= wall + MS:
                shift = steady - wall
                sample = compute_bounds(sent + shift, int(server_ms), received + shift)
                known = self._bounds_at(steady)
                if not known or sample.width < known.width or sample.contradicts(known):
                    self._learn(sample)
                    self._apply(wall, steady)
                else:
                    self._doubt = None  # this response agrees with the known bounds

    @property
    def round_trip_ms(self) -> float | None:
        """The width of the closest bounds in milliseconds, or None before the first response. Half bounds the error."""
        with self._lock:
            return min(sample.width for sample in self._samples) / MS if self._samples else None

    def start(self) -> None:
        """Update every `interval_s` from a thread, until `stop()`. Has no effect if the thread runs."""
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
                wall, steady = self._read_clocks()
                self._apply(wall, steady)
                is_sure = self._known and not self._doubt
                wait_s = self._interval_s if is_sure else min(self._interval_s, RETRY_S)
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

    def _request_sample(self) -> None:
        """Learn from a response of the exchange."""
        with self._lock:
            self._read_clocks()
            set_at = self._set_at
        sent = self._local.steady_ns()
        server_ms = int(_checks.check_timestamp((self._fetch or self._server.fetch_time)()))
        received = self._local.steady_ns()
        with self._lock:
            self._read_clocks()
            if self._set_at == set_at:  # otherwise the steady clock may have stopped during the request
                self._learn(compute_bounds(sent, server_ms, received))

    def _read_clocks(self) -> tuple[int, int]:
        """Return wall and steady clock. Forget all samples if the two have parted, at once or little by little."""
        wall, steady = self._local.read()
        wall_went, steady_went = wall - self._seen[0], steady - self._seen[1]
        parted, slew = wall_went - steady_went, steady_went // SLEW
        self._drift_ns += parted - max(-slew, min(parted, slew))
        if abs(parted) > STEP_NS + slew or abs(self._drift_ns) > STEP_NS:
            self._set_at = wall
            self._drift_ns = 0
            if self._known:
                self._samples.clear()
                self._known = self._doubt = None
                self._signer.clock_offset_ms = 0
        self._seen = wall, steady
        return wall, steady

    def _bounds_at(self, steady: int) -> Bounds | None:
        """Return the known bounds at a different time, wider if the two clocks have parted since."""
        return self._known and self._known.widen_for_drift(steady).widen(abs(self._drift_ns))

    def _learn(self, sample: Bounds) -> None:
        known = self._bounds_at(sample.at)
        before = [each.widen(abs(self._drift_ns)) for each in self._samples]
        if known and sample.contradicts(known):
            doubt = self._doubt and self._doubt.widen_for_drift(sample.at).widen(STEP_NS)
            if not doubt or sample.contradicts(doubt):
                self._doubt = sample
                return
            before = []  # confirmed: a clock has changed, and all older samples are wrong
        self._doubt = None
        self._samples = deque([*before, sample], maxlen=MAX_SAMPLES)
        self._drift_ns = 0
        self._known = combine_samples(self._samples, sample.at)

    def _forget_parent(self) -> None:
        """After a fork, replace everything that the child shares with its parent process or its threads."""
        self._create_locks()
        self._thread = None
        self._server.forget_connection()

    def _apply(self, wall: int, steady: int) -> None:
        """Set the signer's offset from the known bounds, if any."""
        if known := self._bounds_at(steady):
            shift = steady - wall
            self._signer.clock_offset_ms = int(choose_offset(known.low + shift, known.high + shift) / MS)


_clocks: WeakSet[ServerClock] = WeakSet()


def _after_fork() -> None:
    for clock in list(_clocks):
        clock._forget_parent()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
