"""The local clock against the exchange's: `ServerClock` keeps a signer's `clock_offset_ms` true.

It asks GET /v3/public/systemInfo, which needs no signature; never while a request is signed or sent. Samples are kept
against the monotonic clock, so that a step of the local clock is made good at the next update.
"""

from __future__ import annotations

import asyncio
import http.client
import json
import threading
import time
from collections import deque
from collections.abc import Callable
from statistics import median
from typing import TYPE_CHECKING, NamedTuple, Protocol
from urllib.parse import urlsplit

from ._urls import PRODUCTION_URL, origin

if TYPE_CHECKING:
    from types import TracebackType

SYSTEM_INFO_PATH = "/v3/public/systemInfo"
KEPT, BEST = 8, 3


class _HasOffset(Protocol):
    clock_offset_ms: int


class Sample(NamedTuple):
    """One reading: the server's time less the monotonic one, and how long it took to get, both in nanoseconds."""

    round_trip_ns: int
    server_less_monotonic_ns: int


class ServerClock:
    """Keeps `signer.clock_offset_ms` at the exchange's clock less the local one, in milliseconds.

    `update()` asks, at any time, as does `await update_async()`; `with ServerClock(signer):` asks before
    its body and then every `interval_s` from a thread of its own. The offset is the median of the samples with
    the lowest round trips among the last 8. `fetch` returns the exchange's time in milliseconds; None is a request to
    `base_url` over a connection that is kept, without proxies, given up after `timeout_s`.
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
        self._server = _Server(origin(base_url), timeout_s)
        self._fetch = fetch or self._server.time_ms
        self._samples: deque[Sample] = deque(maxlen=KEPT)
        self._one_at_a_time = threading.Lock()
        self._stop = threading.Event()
        self._thread: threading.Thread | None = None
        self.error: Exception | None = None
        """What the last update from the thread raised; None if it went well. The offset stays as it was."""

    def update(self) -> int:
        """Ask the exchange for its time, set the signer's `clock_offset_ms`, and return it.

        Raises OSError where the exchange does not answer, ValueError where it answers something else than its time.
        """
        with self._one_at_a_time:
            for _ in range(1 if self._samples else BEST):
                self._samples.append(self._sample())
            best = median(sample.server_less_monotonic_ns for sample in sorted(self._samples)[:BEST])
            offset_ms = round((best + time.monotonic_ns() - time.time_ns()) / 1_000_000)
            self._signer.clock_offset_ms = offset_ms
            return offset_ms

    def _sample(self) -> Sample:
        sent = time.monotonic_ns()
        server_ms = self._fetch()
        received = time.monotonic_ns()
        # The server's time is cut to whole milliseconds: half a one too early, on average.
        return Sample(received - sent, server_ms * 1_000_000 + 500_000 - (sent + received) // 2)

    async def update_async(self) -> int:
        """`update` from a thread, so that the event loop goes on meanwhile."""
        return await asyncio.to_thread(self.update)

    @property
    def round_trip_ms(self) -> float | None:
        """The lowest round trip among the samples, in milliseconds; half of it bounds the error. None without any."""
        return min(self._samples).round_trip_ns / 1_000_000 if self._samples else None

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
        while not self._stop.wait(self._interval_s):
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


class _Server:
    """One keep-alive connection that asks for the time."""

    def __init__(self, url: str, timeout_s: float) -> None:
        parts = urlsplit(url)
        kind = http.client.HTTPSConnection if parts.scheme == "https" else http.client.HTTPConnection
        self._connection = kind(parts.hostname or "", parts.port, timeout=timeout_s)

    def time_ms(self) -> int:
        kept = self._connection.sock is not None
        try:
            return self._ask()
        except OSError:
            if not kept:
                raise
            return self._ask()  # a connection that was kept may have been closed meanwhile; asking twice does no harm

    def _ask(self) -> int:
        try:
            self._connection.request("GET", SYSTEM_INFO_PATH)
            reply = self._connection.getresponse()
            body = reply.read()
        except (http.client.HTTPException, OSError) as error:
            self._connection.close()
            raise error if isinstance(error, OSError) else ConnectionError(f"no HTTP reply: {error!r}") from None
        try:
            time_ms = json.loads(body)["timestamp"]
        except (ValueError, TypeError, LookupError):
            time_ms = None
        if reply.status != 200 or type(time_ms) is not int or not 10**12 <= time_ms < 10**13:
            raise ValueError(
                f"{SYSTEM_INFO_PATH} must give its timestamp in milliseconds, got HTTP {reply.status} with "
                f"{body[:100]!a}; is this the exchange's base_url?"
            )
        return time_ms

    def close(self) -> None:
        self._connection.close()
