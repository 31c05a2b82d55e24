"""Which connection a request gets, and which are opened or warmed when. No I/O, no clock, no lock: a gateway has them.

There is one connection more than there may be requests at once: while one is kept warm or opened again, a request still
finds as many as were asked for. A connection in use is in no list: one that is lost on the way (Ctrl-C between two
instructions) is closed with its last reference, counts as missing, and is opened again.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Iterator
from itertools import islice
from typing import Protocol
from weakref import WeakSet

from .connection import Connection

_SECOND = 1_000_000_000
_YOUNG_NS = _SECOND  # one that ends younger than this, without a reply to a request, failed
_BACKOFF_NS, _LONGEST_BACKOFF_NS = _SECOND // 20, 2 * _SECOND


class Waiter(Protocol):
    """A request in the queue, until `deadline_ns`."""

    deadline_ns: int

    def give(self, connection: Connection | None) -> bool:
        """Take this connection, or None where there will be none; False if it waits no longer."""


class Pool:
    """The connections of one gateway. All times are nanoseconds of one monotonic clock, which the caller reads."""

    def __init__(self, connections: int, *, timeout_s: float, warm_s: float) -> None:
        self.size = connections
        self.timeout_ns, self.warm_ns = round(timeout_s * _SECOND), round(warm_s * _SECOND)
        self.idle: list[Connection] = []  # the most recently used is the last
        self.live: WeakSet[Connection] = WeakSet()
        self.waiters: deque[Waiter] = deque()
        self.opening = 0
        self.closed = False
        self.warming: Connection | None = None
        self.last_error: BaseException | None = None
        """Why the last opening failed; None since one has not."""
        self._spare = 0  # how many of the idle ones are not for requests now
        self._failures = 0
        self._open_at = 0

    @property
    def full(self) -> bool:
        return len(self.live) > self.size

    @property
    def hopeless(self) -> bool:
        """None is open, and the last that was tried failed."""
        return self.last_error is not None and not self.live and not self.opening

    def take(self) -> Connection | None:
        """The most recently used idle connection, if a request may have one now."""
        return self.idle.pop() if len(self.idle) > self._spare else None

    def put(self, connection: Connection) -> bool:
        """Take it back after its request; False if it cannot carry another: then drop it."""
        connection.sent_ns = 0
        if not connection.framing.reusable or connection.closing or self.closed:
            return False
        self._failures = 0
        self.idle.append(connection)
        if self.waiters:
            self.serve()
        return True

    def drop(self, connection: Connection, now: int) -> bool:
        """A connection was closed: one more is missing. Whether the server keeps closing what it just accepted."""
        connection.sent_ns = 0
        self.live.discard(connection)
        if connection in self.idle:
            self.idle.remove(connection)
        young = connection.used_ns == connection.opened_ns and now - connection.opened_ns < _YOUNG_NS
        if young:
            self._fail(now)
        self._count()
        return young and connection.last_error is not None and self._failures > 2

    def to_open(self, now: int) -> int:
        """How many to open now; they are counted as being opened until `opened` or `failed`."""
        missing = self.size + 1 - len(self.live) - self.opening
        if missing <= 0 or now < self._open_at or self.closed:
            return 0
        count = missing if self._failures < 2 else min(missing, 1 - min(self.opening, 1))
        self.opening += count
        return count

    def opened(self, connection: Connection) -> None:
        self.opening -= 1
        self.last_error = None
        connection.opened_ns = connection.used_ns
        self.live.add(connection)
        self.idle.insert(0, connection)
        self._count()

    def failed(self, error: BaseException, now: int) -> None:
        self.opening -= 1
        self.last_error = error
        self._fail(now)

    def _fail(self, now: int) -> None:
        """The next try is at once, the others later and later, and one at a time."""
        if now < self._open_at:
            return  # one of several that were tried at once
        self._failures += 1
        if self._failures > 1:
            self._open_at = now + min(_BACKOFF_NS << min(self._failures - 2, 10), _LONGEST_BACKOFF_NS)

    def to_warm(self, now: int) -> Connection | None:
        """The least recently used connection, if it was idle for long and no other is under way; `warmed` follows."""
        self._count()
        if self.warming or len(self.live) <= self.size or not self.idle or self.closed:
            return None
        connection = min(self.idle, key=lambda one: one.used_ns)
        if now - connection.used_ns < self.warm_ns:
            return None
        self.idle.remove(connection)
        self.warming = connection
        self._count()
        return connection

    def warmed(self) -> None:
        self.warming = None
        self._count()

    def wait(self, waiter: Waiter, *, first: bool) -> None:
        """Put it in the queue; `first` is for one that had its turn before."""
        if first:
            self.waiters.appendleft(waiter)
        else:
            self.waiters.append(waiter)
        self.serve()

    def leave(self, waiter: Waiter) -> None:
        with contextlib.suppress(ValueError):
            self.waiters.remove(waiter)

    def expire(self, now: int) -> None:
        """Give None to those whose time is over."""
        while self.waiters and self.waiters[0].deadline_ns <= now:
            self.waiters.popleft().give(None)

    def overdue(self, now: int) -> Iterator[Connection]:
        """Those whose reply has not come in time."""
        for connection in list(self.live):
            if connection.sent_ns and now - connection.sent_ns >= self.timeout_ns:
                connection.overdue = connection.closing = True
                yield connection

    def next_ns(self, now: int) -> int:
        """How long until there is something to do, if nothing happens before."""
        due = [now + self.timeout_ns]
        due += [waiter.deadline_ns for waiter in islice(self.waiters, 1)]
        due += [one.sent_ns + self.timeout_ns for one in list(self.live) if one.sent_ns and not one.closing]
        if not self.warming and len(self.live) > self.size:
            due += [one.used_ns + self.warm_ns for one in self.idle]
        if self.size + 1 > len(self.live) + self.opening and self._open_at > now:
            due.append(self._open_at)
        return max(min(due) - now, 0)

    def _count(self) -> None:
        self._spare = 1 if len(self.live) - (self.warming is not None) > self.size else 0
        if self.waiters:
            self.serve()

    def serve(self) -> None:
        """Give the idle connections to those who wait, first come, first served."""
        while self.waiters and len(self.idle) > self._spare:
            connection = self.idle.pop()  # first, so that an interrupt never leaves it to two requests
            if not self.waiters.popleft().give(connection):
                self.idle.append(connection)

    def close(self) -> None:
        """From now on no connection is taken back, and those who wait get None."""
        self.closed = True
        while self.waiters:
            self.waiters.popleft().give(None)
