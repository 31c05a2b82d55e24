"""The pool: which connection a request gets, and which connections to open, warm or close.

The pool needs no lock. Requests only pop from and append to lists, which is atomic. Housekeeping, in a single thread,
derives everything else from the states of the connections. So an exception between any two instructions loses at most
a connection. Housekeeping closes the lost connection and opens a replacement.

The pool has one spare connection more than the requests may use. The spare replaces a connection that the gateway
warms, drains or opens again. A request leaves `floor` connections idle: the spare and the reserved connections, unless
it is urgent.
"""

from __future__ import annotations

from collections import deque
from time import perf_counter_ns
from typing import Protocol

from .connection import AWAITING, BACKGROUND, BUSY, CLOSED, DRAINING, IDLE, SENDING, Connection
from .errors import NoReplyError, is_from_call
from .limits import GET_SPACING_NS, SECOND, Pace

TICK_NS = SECOND // 2  # the longest time between two rounds of housekeeping
POLL_S = 0.05  # the longest time that the first request in the queue relies on a wake-up
_MAX_UNKNOWN = 1000
_YOUNG_NS = SECOND  # a connection that fails sooner, before any response, counts as a failed opening
_LOST_NS = SECOND // 2
_DEAD_NS = SECOND  # a queued request looks for a connection at least twice as often
_BACKOFF_NS, _MAX_BACKOFF_NS = SECOND // 20, 2 * SECOND


class Waiter(Protocol):
    """A request in the queue."""

    urgent: bool
    by_ns: int  # when the request gives up
    seen_ns: int  # when it looked for a connection last

    def wake(self) -> None:
        """Wake the request, which then looks for a connection."""


class Pool:
    """The connections of a gateway. All times are nanoseconds of `time.perf_counter_ns`."""

    def __init__(self, size: int, reserved: int, *, timeout_ns: int, warm_ns: int, max_age_ns: int, pace: Pace) -> None:
        self.size, self.reserved, self.target = size, reserved, size + reserved + 1
        self.timeout_ns, self._warm_ns, self._max_age_ns = timeout_ns, warm_ns, max_age_ns
        self._pace = pace
        self.idle: list[Connection] = []  # the most recently used connection last
        self.waiters: list[Waiter] = []  # urgent requests first
        self.closed = False
        self.unknown: deque[NoReplyError] = deque(maxlen=_MAX_UNKNOWN)
        self.last_error: BaseException | None = None  # the failure of the last opening
        self._spare = 0
        self._floor = reserved
        self._connections: list[Connection] = []
        self._suspects: dict[tuple[int, int], int] = {}  # connections that an interrupt may have lost
        self._opened = 0
        self._failures = 0
        self._failed_ns = self._open_at = self._warm_at = 0

    # For requests, in any thread.

    def take(self, *, urgent: bool = False, in_turn: bool = False) -> Connection | None:
        """Pop an idle connection. An ordinary request lets queued requests go first, unless it is `in_turn`."""
        if self.waiters and not urgent and not in_turn:
            return None
        idle, floor, connection = self.idle, self._spare if urgent else self._floor, None
        try:
            while len(idle) > floor:
                connection = idle.pop()
                if connection.state is IDLE:
                    if urgent:
                        connection.is_urgent = True
                        self.count()
                    return connection
        except BaseException as error:
            if connection is not None:  # an interrupt must not lose it
                connection.is_urgent = False
                idle.append(connection)
            if not isinstance(error, IndexError) or not is_from_call(error):  # a different thread was faster
                raise
        return None

    def release(self, connection: Connection) -> None:
        """Return an idle connection."""
        self.idle.append(connection)
        if connection.is_urgent:
            connection.is_urgent = False
            self.count()
        elif self.waiters:
            self.wake_next()

    def enter(self, waiter: Waiter, *, first: bool = False) -> None:
        """Queue `waiter`; `first` is for a request whose connection was closed before it was sent."""
        if waiter.urgent or first:
            self.waiters.insert(0 if waiter.urgent and first else sum(one.urgent for one in list(self.waiters)), waiter)
        else:
            self.waiters.append(waiter)

    def grant(self, waiter: Waiter) -> Connection | None:
        """Pop a connection for a queued request if it is its turn."""
        waiter.seen_ns = perf_counter_ns()
        return self.take(urgent=waiter.urgent, in_turn=True) if self.is_next(waiter) else None

    def is_next(self, waiter: Waiter) -> bool:
        return self._find_next() in (waiter, None)

    def _find_next(self) -> Waiter | None:
        """Return the first queued request that still looks for a connection. An interrupt may have ended others."""
        since = perf_counter_ns() - _DEAD_NS
        return next((waiter for waiter in self.waiters if waiter.seen_ns > since), None)

    def leave(self, waiter: Waiter) -> None:
        """Remove `waiter` from the queue, and wake the next request if a connection is idle."""
        try:
            self.waiters.remove(waiter)
        except ValueError as error:
            if not is_from_call(error):
                raise
        self.wake_next()

    def wake_next(self) -> None:
        """Wake the first request if it can get a connection."""
        waiter = self._find_next()
        if waiter is not None and len(self.idle) > (self._spare if waiter.urgent else self._floor):
            waiter.wake()

    # For housekeeping, in one thread.

    def live(self) -> list[Connection]:
        return [connection for connection in self._connections if connection.state is not CLOSED]

    def busy(self) -> list[Connection]:
        """Return the connections whose response is due to a caller."""
        return [connection for connection in self._connections if connection.state in (SENDING, AWAITING)]

    def background(self) -> list[Connection]:
        """Return the connections whose response is due to no caller."""
        return [connection for connection in self._connections if connection.state in BACKGROUND]

    def overdue(self, now: int) -> list[Connection]:
        return [one for one in self._connections if one.state in BUSY and now >= one.deadline_ns]

    @property
    def is_full(self) -> bool:
        return len(self.live()) >= self.target

    def add(self, connection: Connection) -> None:
        """Add a newly opened connection."""
        self.last_error = None
        self._opened += 1
        connection.number = self._opened
        connection.opened_ns = max(connection.used_ns, connection.opened_ns)
        self._connections = [*self.live(), connection]
        self.insert(connection)

    def insert(self, connection: Connection) -> None:
        """Return an idle connection as the least recently used connection."""
        connection.is_urgent = False
        self.idle.insert(0, connection)
        self.count()

    def refresh(self, now: int) -> None:
        """Forget closed connections and lost waiters, and end the back-off after a response."""
        self._connections = live = self.live()
        for waiter in list(self.waiters):
            if now > waiter.by_ns:
                waiter.wake()  # an interrupt may have ended its timer
            if now > waiter.by_ns + 5 * SECOND:
                self.leave(waiter)
        if any(one.used_ns > max(self._failed_ns, one.opened_ns) for one in live):
            self._failures = self._open_at = 0
        self.count()

    def count(self) -> None:
        """Let requests use the spare connection while a connection is missing.

        While an urgent request is in flight, one reserved connection counts as used, so that orders can use the others.
        """
        used = [one for one in self.live() if one.state not in BACKGROUND]
        self._spare = max(len(used) - self.size - self.reserved, 0)
        self._floor = self._spare + max(self.reserved - sum(one.is_urgent for one in used), 0)
        self.wake_next()

    def fail(self, error: BaseException, now: int) -> None:
        """Count a failed opening. Try again at once, then later and later."""
        self.last_error = error
        self._failed_ns = now
        self._failures += 1
        if self._failures > 1:
            self._open_at = now + min(_BACKOFF_NS * 2 ** min(self._failures - 2, 30), _MAX_BACKOFF_NS)

    def judge(self, connection: Connection, now: int) -> None:
        """Count a closed connection as a failed opening if it served no request. Stop warming after three failures."""
        is_young = connection.used_ns <= connection.opened_ns and now - connection.opened_ns < _YOUNG_NS
        if is_young and connection.last_error is not None:
            self.fail(connection.last_error, now)
            self._pace.is_on = self._pace.is_on and self._failures < 3

    def to_open(self, now: int, opening: int) -> int:
        """Return the number of connections to open. `opening` connections are being opened already."""
        draining = sum(connection.state is DRAINING for connection in self._connections)
        missing = self.target - len(self.live()) + min(draining, self.size) - opening
        if now < self._open_at or self.closed:
            return 0
        return max(missing if self._failures < 2 else min(missing, 1 - opening), 0)

    def to_warm(self, now: int) -> Connection | None:
        """Remove the least recently used connection if its public GET is due and the pool has its spare."""
        if self.closed or not self._spare or not self._pace.is_on or now < self._warm_at:
            return None
        for connection in sorted(self.live(), key=lambda one: one.used_ns):
            is_due = not connection.used_ns or now - connection.used_ns >= self._warm_ns
            if is_due and self.remove_idle(connection):
                self._warm_at = now + GET_SPACING_NS
                if self._pace.take(now):
                    return connection
                self.insert(connection)
                break
        return None

    def to_close(self, now: int) -> list[Connection]:
        """Remove the lost connections, and one surplus or old connection."""
        lost = self._find_lost(now)
        for connection in self.live() if self._spare else ():
            is_old = bool(self._max_age_ns) and now - connection.opened_ns > self._max_age_ns
            if (is_old or self._spare > 1) and self.remove_idle(connection):
                return [*lost, connection]
        return lost

    def _find_lost(self, now: int) -> list[Connection]:
        """Return the idle connections that an interrupted request popped. A slow owner gets EBADF when it sends."""
        lost, suspects = [], {}
        for connection in self._connections:
            if connection.state is IDLE and connection not in self.idle:
                key = (connection.number, connection.used_ns)
                suspects[key] = since = self._suspects.get(key, now)
                if now - since > _LOST_NS:
                    lost.append(connection)
        self._suspects = suspects
        return lost

    def remove_idle(self, connection: Connection) -> bool:
        """Remove an idle connection from the list. Return False if a request was faster."""
        try:
            self.idle.remove(connection)
        except ValueError as error:
            if not is_from_call(error):
                raise
            return False
        return connection.state is IDLE

    def next_ns(self, now: int) -> int:
        """Return the time until the next round of housekeeping."""
        due = [now + TICK_NS]
        due += [one.deadline_ns for one in self._connections if one.state in BUSY and one.deadline_ns > now]
        if self._spare and self._pace.is_on:
            due += [max(one.used_ns + self._warm_ns, self._warm_at) for one in self._connections if one.state is IDLE]
        if self._open_at > now:
            due.append(self._open_at)
        return max(min(due) - now, SECOND // 1000)

    def close(self) -> None:
        """Refuse connections from now on, and wake all waiting requests."""
        self.closed = True
        for waiter in list(self.waiters):
            waiter.wake()

    def close_all(self, *, hang_up: bool) -> None:
        """Close every socket. `hang_up` also wakes the threads that receive, even in other processes."""
        self.idle.clear()
        for connection in self._connections:
            if hang_up and connection.state is not CLOSED:
                connection.hang_up()
            connection.close()
