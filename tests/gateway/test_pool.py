"""The pool's decisions, with a chosen clock."""

from __future__ import annotations

import socket
from time import perf_counter_ns

import pytest

from woox_fast.gateway.connection import IDLE, Connection
from woox_fast.gateway.limits import SECOND, Pace
from woox_fast.gateway.pool import Pool


@pytest.fixture
def connect():
    """Return a function that creates idle connections."""
    ends, created = [], []

    def create() -> Connection:
        here, there = socket.socketpair()
        ends.append(there)
        connection = Connection(here)
        connection.move(IDLE)
        created.append(connection)
        connection.used_ns = perf_counter_ns()  # else its public GET is due
        return connection

    yield create
    for end in ends:
        end.close()
    for connection in created:
        connection.close()


def new_pool(size: int = 1, reserved: int = 0) -> Pool:
    return Pool(size, reserved, timeout_ns=10 * SECOND, warm_ns=20 * SECOND, max_age_ns=0, pace=Pace())


def test_backoff_grows_with_failures():
    pool, now = new_pool(2), perf_counter_ns()
    assert pool.to_open(now, 0) == 3
    waits = []
    for _ in range(9):
        pool.fail(OSError("refused"), now)
        waits.append(max(pool._open_at - now, 0) / SECOND)
        now = max(now, pool._open_at)
        assert pool.to_open(now, 0) == (3 if len(waits) < 2 else 1)
    assert waits == [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]


def test_response_ends_backoff(connect):
    pool, now = new_pool(2), perf_counter_ns()
    connection = connect()
    pool.add(connection)
    for _ in range(6):
        pool.fail(OSError("refused"), now)
        now = max(now, pool._open_at)
    pool.fail(OSError("refused"), now)
    assert pool.to_open(now, 0) == 0
    connection.used_ns = now + 1
    pool.refresh(now + 2)
    assert pool.to_open(now + 2, 0) == 2


def test_client_deadline_is_no_failure(connect):
    pool, now = new_pool(), perf_counter_ns()
    for _ in range(6):
        connection = connect()
        pool.add(connection)
        connection.close()  # without a last_error: the server did not fail
        pool.judge(connection, now)
    assert pool.to_open(now, 0) == 2


def test_lost_connection_is_closed(connect):
    """An interrupted request popped the connection, and forgot it."""
    pool, now = new_pool(), perf_counter_ns()
    for _ in range(2):
        pool.add(connect())
    lost = pool.take()
    assert pool.to_close(now) == []
    lost.used_ns += 1  # it was in use between the looks
    assert pool.to_close(now + 12 * SECOND) == []
    assert pool.to_close(now + 24 * SECOND) == [lost]
    lost.close()
    pool.refresh(now)
    assert pool.to_open(now, 0) == 1
    assert pool.take() is not None  # the spare connection took the place


def test_queued_request_goes_first(connect):
    class Waiting:
        urgent = False
        by_ns = 0
        seen_ns = perf_counter_ns()

        def wake(self) -> None:
            pass

    pool, first, second = new_pool(), Waiting(), Waiting()
    for _ in range(2):
        pool.add(connect())
    for waiter in (first, second):
        pool.enter(waiter)
    assert pool.take() is None
    assert pool.grant(second) is None
    assert pool.grant(first) is not None


def test_surplus_connection_is_closed(connect):
    """A drained connection returns after its replacement was opened."""
    pool, now = new_pool(), perf_counter_ns()
    connections = [connect() for _ in range(3)]
    for connection in connections:
        pool.add(connection)
    assert pool.to_close(now) == connections[:1]


def test_requests_leave_spare_and_reserved(connect):
    pool = new_pool(2, reserved=1)
    for _ in range(4):
        pool.add(connect())
    taken = [pool.take() for _ in range(3)]
    assert taken[2] is None
    pool.release(taken[0])
    assert pool.take() is taken[0]
    urgent = pool.take(urgent=True)
    assert urgent is not None
    assert pool.take(urgent=True) is None
    taken[1].close()
    pool.count()
    last = pool.take()  # the urgent request has the reserved connection
    assert last is not None
    pool.release(last)
    pool.release(urgent)
    assert pool.take() is not None
    assert pool.take() is None  # the last connection is reserved
    assert pool.take(urgent=True) is not None
