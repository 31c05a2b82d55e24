"""The pool: which connection a request gets, and which connections to open, warm, retire or give up.

The pool needs no lock. Requests only pop from and append to lists, which is atomic. Housekeeping, in a single thread,
derives everything else from the states of the connections. So an exception between any two instructions loses at most
a connection. Garbage collection or housekeeping closes the lost connection, and the pool opens a replacement.

Three lists contain the idle connections:
    idle      for every request, the most recently used connection last
    reserved  for urgent requests
    standby   a spare connection, in use while the gateway replaces or warms a connection
"""

from __future__ import annotations

import socket
import weakref
from collections import deque
from typing import NamedTuple, Protocol

from .connection import Connection
from .errors import is_from_call
from .pace import Pace
from .states import AWAITING, BACKGROUND, BUSY, CLOSED, DRAINING, IDLE, SENDING, WARMING

SECOND = 1_000_000_000
TICK_NS = SECOND // 2  # the longest time between two rounds of housekeeping
POLL_S = 0.05  # the longest time that a waiting request relies on a wake-up
_YOUNG_NS = SECOND  # a connection that fails sooner, before any response, counts as a failed opening
_BACKOFF_NS, _MAX_BACKOFF_NS = SECOND // 20, 2 * SECOND


class Waiter(Protocol):
    """A request in a queue."""

    urgent: bool
    by_ns: int  # when the request gives up

    def ring(self) -> None:
        """Wake the request, which then looks for a connection."""


class Plan(NamedTuple):
    """The work for a round of housekeeping."""

    open: list[bool]  # an item per connection to open: True to warm it
    warm: Connection | None
    close: list[Connection]  # old, surplus or lost connections
    overdue: list[Connection]
    next_ns: int  # time until the next round


class Pool:
    """The connections of a gateway. All times are nanoseconds of `time.perf_counter_ns`."""

    def __init__(self, size: int, reserved: int, *, timeout_ns: int, warm_ns: int, max_age_ns: int, pace: Pace) -> None:
        self.size, self.reserved_size = size, reserved
        self.timeout_ns, self._warm_ns, self._max_age_ns = timeout_ns, warm_ns, max_age_ns
        self._pace = pace
        self.idle: list[Connection] = []
        self.reserved: list[Connection] = []
        self.standby: list[Connection] = []
        self.waiters: deque[Waiter] = deque()
        self.urgent: deque[Waiter] = deque()
        self.background: list[Connection] = []  # connections without a request, warming or draining
        self.dropped: deque[Connection] = deque()  # closed since the last round
        self.closed = False
        self.last_error: BaseException | None = None  # the failure of the last opening
        self.keeps_closing = False  # the server repeatedly closes new connections
        # The sockets are known apart, so that a connection lost by an interrupt ends with an explicit close.
        self._known: list[tuple[weakref.ref[Connection], socket.socket]] = []
        self._opened = 0
        self._failures = 0
        self._failed_ns = self._open_at = 0

    # For requests, in any thread.

    def take(self, *, urgent: bool = False) -> Connection | None:
        """Pop an idle connection, unless other requests wait."""
        if urgent:
            return _pop(self.idle) or _pop(self.reserved)
        if self.waiters or self.urgent:
            return None
        while self.idle:
            try:
                connection = self.idle.pop()
            except IndexError as error:  # a different thread was faster
                if not is_from_call(error):
                    raise
                return None
            if connection.state is IDLE:
                return connection
        return None

    def replace(self, dead: Connection) -> Connection | None:
        """Pop the standby connection as a replacement for `dead`."""
        connection = _pop(self.standby)
        if connection is not None:
            connection.lane = dead.lane
        return connection

    def release(self, connection: Connection) -> None:
        """Return an idle connection."""
        lane = connection.lane
        (self.standby if lane is None else lane).append(connection)
        if self.waiters or self.urgent:
            self.ring()

    def enter(self, waiter: Waiter, *, first: bool = False) -> None:
        """Queue `waiter`; `first` is for a request whose connection was closed before it was sent."""
        queue = self.urgent if waiter.urgent else self.waiters
        if first:
            queue.appendleft(waiter)
        else:
            queue.append(waiter)

    def grant(self, waiter: Waiter, *, has_polled: bool) -> Connection | None:
        """Pop a connection for a queued request if it is its turn.

        After a poll (`has_polled`) any position will do, since an interrupt may have ended the first request.
        """
        if waiter.urgent:
            is_next = has_polled or _first(self.urgent) is waiter
            return (_pop(self.idle) or _pop(self.reserved)) if is_next else None
        is_next = has_polled or (not self.urgent and _first(self.waiters) is waiter)
        return _pop(self.idle) if is_next else None

    def leave(self, waiter: Waiter) -> None:
        """Remove `waiter` from its queue, and wake the next request if a connection is idle."""
        try:
            (self.urgent if waiter.urgent else self.waiters).remove(waiter)
        except ValueError as error:
            if not is_from_call(error):
                raise
        self.ring()

    def ring(self) -> None:
        """Wake the request that an idle connection can serve."""
        waiter = _first(self.urgent) if self.idle or self.reserved else None
        if waiter is None and self.idle:
            waiter = _first(self.waiters)
        if waiter is not None:
            waiter.ring()

    # For housekeeping, in one thread.

    def live(self) -> list[Connection]:
        found = [ref() for ref, _ in self._known]
        return [connection for connection in found if connection is not None and connection.state is not CLOSED]

    @property
    def target(self) -> int:
        return self.size + self.reserved_size + 1

    @property
    def is_full(self) -> bool:
        return len(self.live()) >= self.target

    def is_hopeless(self, opening: int) -> bool:
        """Return True if no connection is open, and the last opening failed."""
        return self.last_error is not None and not opening and not self.live()

    def add(self, connection: Connection) -> None:
        """Add a newly opened connection."""
        self.last_error = None
        self._opened += 1
        connection.number = self._opened
        connection.opened_ns = max(connection.used_ns, connection.opened_ns)
        self._known = [*self._close_lost(), (weakref.ref(connection), connection.sock)]
        self.admit(connection)

    def _close_lost(self) -> list[tuple[weakref.ref[Connection], socket.socket]]:
        """Close the sockets without a live connection. Return the known connections with their sockets."""
        known = []
        for ref, sock in self._known:
            connection = ref()
            if connection is None or connection.state is CLOSED:
                sock.close()
            else:
                known.append((ref, sock))
        return known

    def admit(self, connection: Connection) -> None:
        """Insert an idle connection into the first incomplete list."""
        lanes = [other.lane for other in self.live() if other is not connection]
        connection.lane = None
        for lane, size in ((self.idle, self.size), (self.reserved, self.reserved_size)):
            if sum(other is lane for other in lanes) < size:
                connection.lane = lane
                lane.insert(0, connection)
                self.ring()
                return
        self.standby.append(connection)

    def fail(self, error: BaseException, now: int) -> None:
        """Count a failed opening. Try again at once, then later and later."""
        self.last_error = error
        self._failed_ns = now
        if now < self._open_at:
            return  # parallel openings count as a single failure
        self._failures += 1
        if self._failures > 1:
            self._open_at = now + min(_BACKOFF_NS << min(self._failures - 2, 10), _MAX_BACKOFF_NS)

    def plan(self, now: int, opening: int) -> Plan:
        """Return what to do now. The caller counts as `opening` the connections that it is already opening."""
        self._known = self._close_lost()
        live = self.live()
        for queue in (self.urgent, self.waiters):  # an interrupted request may still be in its queue
            for waiter in list(queue):
                if now > waiter.by_ns + 5 * SECOND:
                    self.leave(waiter)
                elif now > waiter.by_ns:
                    waiter.ring()
        for connection in list(self.background):
            if connection.state not in BACKGROUND:
                self.background.remove(connection)
        self._judge_dropped(now)
        if any(
            connection.used_ns > self._failed_ns for connection in live if connection.used_ns > connection.opened_ns
        ):
            self._failures = self._open_at = 0  # a response ends the back-off
        for lane, size in ((self.idle, self.size), (self.reserved, self.reserved_size)):
            if sum(one.lane is lane for one in live) < size and (spare := _pop(self.standby)) is not None:
                self.admit(spare)
        draining = sum(one.state is DRAINING for one in live)
        close = self._find_orphans(now, live) + self._retire(now, live)
        while len(self.standby) > 1 and (surplus := _pop(self.standby)) is not None:
            close.append(surplus)
        to_open = self._to_open(now, len(live) - min(draining, self.size), opening)
        warm = self._to_warm(now, live)
        overdue = [one for one in live if one.state in BUSY and one.deadline_ns and now >= one.deadline_ns]
        return Plan(to_open, warm, close, overdue, self._next_ns(now, live))

    def _judge_dropped(self, now: int) -> None:
        while self.dropped:
            connection = self.dropped.popleft()
            is_young = connection.used_ns <= connection.opened_ns and now - connection.opened_ns < _YOUNG_NS
            if is_young and connection.last_error is not None:
                self.fail(connection.last_error, now)
                self.keeps_closing = self._failures > 2

    def _to_open(self, now: int, live: int, opening: int) -> list[bool]:
        missing = self.target - live - opening
        if missing <= 0 or now < self._open_at or self.closed:
            return []
        count = missing if self._failures < 2 else min(missing, 1 - min(opening, 1))
        return [self._pace.take(now) for _ in range(count)]

    def _to_warm(self, now: int, live: list[Connection]) -> Connection | None:
        """Withdraw the least recently used connection if its public GET is due and a spare connection exists."""
        if self.closed or now < self._pace.next_ns(spread=True) or any(one.state is WARMING for one in live):
            return None
        due = [one for one in live if one.state is IDLE and (not one.used_ns or now - one.used_ns >= self._warm_ns)]
        for connection in sorted(due, key=lambda one: one.used_ns):
            if self._withdraw(connection) and self._pace.take(now, spread=True):
                return connection
        return None

    def _retire(self, now: int, live: list[Connection]) -> list[Connection]:
        """Withdraw an idle connection over the maximal age, if a spare connection exists."""
        if self._max_age_ns and len(live) >= self.target:
            for connection in live:
                is_old = connection.state is IDLE and now - connection.opened_ns > self._max_age_ns
                if is_old and self._withdraw(connection):
                    return [connection]
        return []

    def withdraw(self, connection: Connection) -> bool:
        """Remove an idle connection from its list. Return False if a request was faster."""
        return _discard(self.standby if connection.lane is None else connection.lane, connection)

    def _withdraw(self, connection: Connection) -> bool:
        """Remove an idle connection from its list, and let the standby connection replace it."""
        lane = self.standby if connection.lane is None else connection.lane
        if (lane is not self.standby and not self.standby) or not _discard(lane, connection):
            return False
        connection.lane = None
        if lane is not self.standby and (spare := _pop(self.standby)) is not None:
            self.admit(spare)
        return True

    def is_withheld(self, connection: Connection) -> bool:
        """Return True if the connection is idle and in no list, so that no request can get it."""
        lane = self.standby if connection.lane is None else connection.lane
        return connection.state is IDLE and not any(one is connection for one in lane)

    def _find_orphans(self, now: int, live: list[Connection]) -> list[Connection]:
        """Return the idle connections lost by interrupted requests. A slow owner gets EBADF when it sends."""
        orphans = []
        for connection in live:
            if connection.state is not IDLE:
                continue
            if not self.is_withheld(connection):
                connection.overdue_ns = 0
            elif not connection.overdue_ns:
                connection.overdue_ns = now
            elif now - connection.overdue_ns > SECOND:
                orphans.append(connection)
        return orphans

    def _next_ns(self, now: int, live: list[Connection]) -> int:
        due = [now + TICK_NS]
        due += [one.deadline_ns for one in live if one.state in BUSY and one.deadline_ns > now]
        if len(live) >= self.target:
            pace = self._pace.next_ns(spread=True)
            due += [max(one.used_ns + self._warm_ns, pace) for one in live if one.state is IDLE]
        elif self._open_at > now:
            due.append(self._open_at)
        return max(min(due) - now, SECOND // 1000)

    def close(self) -> None:
        """Refuse connections from now on, and wake all waiting requests."""
        self.closed = True
        for waiter in (*list(self.urgent), *list(self.waiters)):
            waiter.ring()

    def close_all(self, *, hang_up: bool) -> None:
        """Close every socket. `hang_up` also wakes the threads that receive, even in other processes."""
        for connection in self.live():
            if hang_up:
                connection.hang_up()
            connection.close()
        for _, sock in self._known:
            sock.close()

    def pop_idle(self) -> list[Connection]:
        """Pop all idle connections."""
        found = []
        for stack in (self.idle, self.reserved, self.standby):
            while (connection := _pop(stack)) is not None:
                found.append(connection)
        return found

    def busy(self) -> list[Connection]:
        """Return the connections whose response is due to a caller."""
        return [one for one in self.live() if one.state in (SENDING, AWAITING)]


def _pop(stack: list[Connection]) -> Connection | None:
    while stack:
        try:
            connection = stack.pop()
        except IndexError as error:  # a different thread was faster
            if not is_from_call(error):
                raise
            return None
        if connection.state is IDLE:
            return connection
    return None


def _discard(stack: list[Connection], connection: Connection) -> bool:
    try:
        stack.remove(connection)
    except ValueError as error:
        if not is_from_call(error):
            raise
        return False
    return connection.state is IDLE


def _first(queue: deque[Waiter]) -> Waiter | None:
    try:
        return queue[0] if queue else None
    except IndexError as error:
        if not is_from_call(error):
            raise
        return None
