"""The pool's decisions, with a chosen clock."""

from __future__ import annotations

import gc
import socket
from time import perf_counter_ns
from weakref import WeakSet

import pytest

from woox_fast.gateway.connection import Connection
from woox_fast.gateway.pace import Pace
from woox_fast.gateway.pool import SECOND, Pool
from woox_fast.gateway.states import IDLE


@pytest.fixture
def connect():
    """Return a function that creates idle connections."""
    ends, created = [], WeakSet()

    def create() -> Connection:
        here, there = socket.socketpair()
        ends.extend((here, there))
        connection = Connection(here)
        connection.move(IDLE)
        created.add(connection)
        connection.used_ns = perf_counter_ns()  # else its public GET is due
        return connection

    yield create
    for connection in list(created):
        connection.close()
    for end in ends:
        end.close()


def new_pool(size: int = 1, reserved: int = 0) -> Pool:
    return Pool(size, reserved, timeout_ns=10 * SECOND, warm_ns=20 * SECOND, max_age_ns=0, pace=Pace())


def test_backoff_grows_with_failures():
    pool, now = new_pool(2), perf_counter_ns()
    assert len(pool.plan(now, 0).open) == 3
    waits = []
    for _ in range(9):
        pool.fail(OSError("refused"), now)
        waits.append(max(pool._open_at - now, 0) / SECOND)
        now = max(now, pool._open_at)
        assert len(pool.plan(now, 0).open) == (3 if len(waits) < 2 else 1)
    assert waits == [0, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6, 2, 2]


def test_response_ends_backoff(connect):
    pool, now = new_pool(2), perf_counter_ns()
    connection = connect()
    pool.add(connection)
    for _ in range(6):
        pool.fail(OSError("refused"), now)
        now = max(now, pool._open_at)
    pool.fail(OSError("refused"), now)
    assert pool.plan(now, 0).open == []
    connection.used_ns = now + 1
    assert len(pool.plan(now + 2, 0).open) == 2


def test_client_deadline_is_no_failure(connect):
    pool, now = new_pool(), perf_counter_ns()
    for _ in range(6):
        connection = connect()
        pool.add(connection)
        connection.close()  # without a last_error: the server did not fail
        pool.dropped.append(connection)
    assert len(pool.plan(now, 0).open) == 2


def test_lost_connection_is_replaced(connect):
    pool, now = new_pool(), perf_counter_ns()
    for _ in range(2):
        pool.add(connect())
    lost = pool.take()
    assert pool.plan(now, 0).open == []
    del lost
    gc.collect()
    assert len(pool.plan(now, 0).open) == 1
    assert pool.take() is not None  # the standby connection took the place


def test_orphan_is_closed(connect):
    """A traceback may refer to the connection for long."""
    pool, now = new_pool(), perf_counter_ns()
    for _ in range(2):
        pool.add(connect())
    lost = pool.take()
    assert pool.plan(now, 0).close == []
    assert pool.plan(now + 12 * SECOND, 0).close == [lost]


def test_lanes_are_filled_in_order(connect):
    pool = new_pool(2, reserved=1)
    for _ in range(4):
        pool.add(connect())
    assert (len(pool.idle), len(pool.reserved), len(pool.standby)) == (2, 1, 1)
    taken = [pool.take() for _ in range(3)]
    assert taken[2] is None
    assert pool.take(urgent=True) is not None
    pool.release(taken[0])
    assert pool.take() is taken[0]
