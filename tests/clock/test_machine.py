"""The two clocks of this machine, as `ServerClock` reads them."""

from __future__ import annotations

import time

from woox_fast.clock import LocalClock

S = 1_000_000_000


def test_the_steady_clock_is_one_that_goes_on_while_the_machine_sleeps():
    if hasattr(time, "CLOCK_BOOTTIME"):
        before = time.clock_gettime_ns(time.CLOCK_BOOTTIME)
        _, steady = LocalClock().read()
        assert before <= steady <= time.clock_gettime_ns(time.CLOCK_BOOTTIME)


def test_what_the_system_calls_it(monkeypatch):
    """On a machine that has never slept both clocks say the same."""
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime_ns", {7: 5 * S}.__getitem__)
    assert LocalClock().steady_ns() == 5 * S


def test_without_such_a_clock_it_is_the_monotonic_one(monkeypatch):
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    before = time.monotonic_ns()
    wall, steady = LocalClock().read()
    assert before <= steady <= time.monotonic_ns()
    assert abs(wall - time.time_ns()) < 600 * S


def test_both_clocks_are_read_as_of_one_moment():
    """Twice in three times the machine does something else in between."""
    moments = iter([0, 0, 9, 10, 10, 12, 20, 20, 29])
    local = LocalClock()
    now = 0

    def read(offset: int) -> int:
        nonlocal now
        now = next(moments)
        return now + offset

    local.wall_ns, local.steady_ns = lambda: read(1000), lambda: read(0)
    assert local.read() == (1010, 11)
