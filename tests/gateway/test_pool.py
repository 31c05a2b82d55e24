"""Which request gets which connection, and what is opened and warmed when: the pool alone, with a made-up clock."""

from __future__ import annotations

import gc
from types import SimpleNamespace

import pytest

from woox_fast.gateway.pool import Pool

SECOND = 1_000_000_000


class Connection:
    """What the pool reads of one."""

    def __init__(self, now: int = 0) -> None:
        self.opened_ns = self.used_ns = now
        self.sent_ns = 0
        self.closing = self.overdue = False
        self.last_error = None
        self.framing = SimpleNamespace(reusable=True)

    def use(self, now: int) -> Connection:
        self.used_ns = now
        return self


class Waiter:
    def __init__(self, deadline_ns: int = SECOND, *, waits: bool = True) -> None:
        self.deadline_ns, self.waits = deadline_ns, waits
        self.given: list[Connection | None] = []

    def give(self, connection):
        if self.waits:
            self.given.append(connection)
        return self.waits


def full(size: int, **options: float) -> Pool:
    pool = Pool(size, **{"timeout_s": 1, "warm_s": 20, **options})
    assert pool.to_open(0) == size + 1
    for _ in range(size + 1):
        pool.opened(Connection())
    return pool


def test_one_more_is_open_than_may_be_used_at_once():
    pool = full(2)
    first, second = pool.take(), pool.take()
    assert first is not None
    assert second is not None
    assert pool.take() is None
    assert pool.put(first)
    assert pool.take() is first


def test_full_and_hopeless():
    pool = Pool(1, timeout_s=1, warm_s=20)
    assert pool.to_open(0) == 2
    assert (pool.full, pool.hopeless) == (False, False)
    pool.failed(OSError("refused"), 0)
    assert (pool.full, pool.hopeless) == (False, False)
    pool.failed(OSError("refused"), 0)
    assert (pool.full, pool.hopeless) == (False, True)
    assert pool.to_open(SECOND) == 1
    pool.opened(Connection(SECOND))
    assert (pool.full, pool.hopeless) == (False, False)
    assert pool.to_open(SECOND) == 1
    pool.opened(Connection(SECOND))
    assert (pool.full, pool.hopeless) == (True, False)


def test_the_most_recently_used_goes_first():
    pool = full(3)
    one, two, three = pool.take(), pool.take(), pool.take()
    for connection in (two, three, one):
        assert pool.put(connection)
    assert [pool.take(), pool.take(), pool.take()] == [one, three, two]


def test_first_come_first_served():
    pool = full(1)
    connection = pool.take()
    first, gone, second = Waiter(), Waiter(waits=False), Waiter()
    for waiter in (first, gone, second):
        pool.wait(waiter, first=False)
    again = Waiter()
    pool.wait(again, first=True)
    for waiter in (again, first, second):
        assert pool.put(connection)
        assert waiter.given == [connection]
    assert pool.put(connection)
    assert pool.take() is connection


def test_who_leaves_gets_nothing():
    pool = full(1)
    connection, waiter = pool.take(), Waiter()
    pool.wait(waiter, first=False)
    pool.leave(waiter)
    pool.leave(waiter)
    assert pool.put(connection)
    assert waiter.given == []


def test_who_waited_long_enough_gets_none():
    pool = full(1)
    pool.take()
    waiters = [Waiter(SECOND), Waiter(2 * SECOND)]
    for waiter in waiters:
        pool.wait(waiter, first=False)
    pool.expire(SECOND - 1)
    assert [waiter.given for waiter in waiters] == [[], []]
    assert pool.next_ns(SECOND - 1) == 1
    pool.expire(SECOND)
    assert [waiter.given for waiter in waiters] == [[None], []]


def test_one_that_is_dropped_makes_room_for_who_waits():
    """Through the spare one."""
    pool = full(1)
    connection, waiter = pool.take().use(1), Waiter()
    pool.wait(waiter, first=False)
    pool.drop(connection, 2)
    assert len(waiter.given) == 1
    assert waiter.given != [connection]
    assert pool.to_open(2) == 1
    assert pool.to_open(2) == 0


@pytest.mark.parametrize("why", ["reusable", "closing", "closed"])
def test_one_that_cannot_carry_another_request_is_not_taken_back(why):
    pool = full(1)
    connection = pool.take()
    if why == "reusable":
        connection.framing.reusable = False
    elif why == "closing":
        connection.closing = True
    else:
        pool.close()
    assert not pool.put(connection)


def test_the_least_recently_used_is_warmed_one_at_a_time():
    pool = full(2)
    for now, connection in enumerate(sorted(pool.idle, key=id)):
        connection.use(now)
    assert pool.to_warm(20 * SECOND - 1) is None
    assert pool.next_ns(20 * SECOND - 1) == 1
    warmed = pool.to_warm(20 * SECOND)
    assert warmed.used_ns == 0
    assert pool.to_warm(30 * SECOND) is None
    both = [pool.take(), pool.take()]  # as many as were asked for, meanwhile
    assert None not in both
    assert pool.take() is None
    assert pool.put(warmed.use(20 * SECOND))
    pool.warmed()
    assert pool.take() is None
    assert pool.put(both[0].use(20 * SECOND))
    assert pool.take() is both[0]


def test_none_is_warmed_while_one_is_missing():
    """It may be in the way of a request."""
    pool = full(2)
    pool.drop(pool.take().use(1), 1)
    assert pool.to_warm(30 * SECOND) is None
    assert pool.next_ns(30 * SECOND) == SECOND


def test_an_overdue_one_is_told_once_and_not_taken_back():
    pool = full(1)
    connection = pool.take()
    connection.sent_ns = 5
    assert list(pool.overdue(SECOND + 4)) == []
    assert pool.next_ns(SECOND + 4) == 1
    assert list(pool.overdue(SECOND + 5)) == [connection]
    assert connection.overdue
    assert pool.next_ns(SECOND + 5) == SECOND
    assert not pool.put(connection)


def test_backoff():
    """At once, then later and later, and one at a time; a reply ends it."""
    pool = Pool(2, timeout_s=10, warm_s=20)
    assert pool.to_open(0) == 3
    for _ in range(3):
        pool.failed(OSError("refused"), 0)
    now, waits = 0, []
    for _ in range(9):
        wait = pool.next_ns(now) if pool.to_open(now) == 0 else 0
        pool.opening = 0
        assert pool.to_open(now + wait) == 1
        assert pool.to_open(now + wait) == 0
        now += wait
        waits.append(wait / SECOND)
        pool.failed(OSError("refused"), now)
    assert waits == [0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2, 2]


def test_one_that_closes_before_its_first_reply_counts_as_failed():
    """Else a server that accepts and closes would be asked as fast as it can."""
    pool = full(1)
    pool.drop(pool.take(), 1)
    assert pool.to_open(1) == 1
    pool.opened(Connection(1))
    pool.drop(pool.take(), 2)
    assert pool.to_open(2) == 0
    assert pool.to_open(2 + SECOND // 20) == 1
    pool.opened(Connection(SECOND))
    assert pool.put(pool.take().use(SECOND + 1))
    pool.drop(pool.take(), SECOND + 2)
    assert pool.to_open(SECOND + 2) == 1


def test_one_that_is_lost_is_missing():
    pool = full(1)
    connection = pool.take()
    assert pool.to_open(1) == 0
    del connection
    gc.collect()
    assert pool.to_open(1) == 1


def test_closed():
    pool = full(1)
    connection, waiter = pool.take(), Waiter()
    pool.wait(waiter, first=False)
    pool.close()
    assert waiter.given == [None]
    assert not pool.put(connection)
    pool.drop(connection, 1)
    assert pool.to_open(1) == 0
    assert pool.to_warm(60 * SECOND) is None
