"""`ServerClock` on a simulated machine whose clocks are set, drift and stop, so that every case is exact."""

from __future__ import annotations

import time

import pytest
from helpers.fake_clock import HOUR, S, look, observed, simulated
from hypothesis import given, settings
from hypothesis import strategies as st

from woox_fast.clock import MS, LocalClock

# The two clocks of the real machine


def test_steady_clock_counts_sleep(monkeypatch):
    """CLOCK_BOOTTIME includes time asleep. Before the first sleep it equals CLOCK_MONOTONIC."""
    monkeypatch.setattr(time, "CLOCK_BOOTTIME", 7, raising=False)
    monkeypatch.setattr(time, "clock_gettime_ns", {7: 5 * S}.__getitem__)
    assert LocalClock().steady_ns() == 5 * S


def test_steady_clock_is_monotonic(monkeypatch):
    monkeypatch.delattr(time, "CLOCK_BOOTTIME", raising=False)
    before = time.monotonic_ns()
    wall, steady = LocalClock().read()
    assert before <= steady <= time.monotonic_ns()
    assert abs(wall - time.time_ns()) < 600 * S


def test_fastest_reading_is_used():
    moments = iter([0, 0, 9, 10, 10, 12, 20, 20, 29])
    local = LocalClock()
    now = 0

    def read(offset: int) -> int:
        nonlocal now
        now = next(moments)
        return now + offset

    local.wall_ns, local.steady_ns = lambda: read(1000), lambda: read(0)
    assert local.read() == (1010, 11)


# The machine sleeps


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("asleep_s", [0.1, 8 * 3600])
@pytest.mark.parametrize("wall_error", [0, -HOUR])
def test_sleep_preserves_or_clears_offset(counted, asleep_s, wall_error):
    machine, clock, signer = simulated(sleeps_are_counted=counted, wall_error=wall_error)
    assert abs(machine.error(clock.update())) <= MS
    before = signer.clock_offset_ms
    machine.sleep(int(asleep_s * S))
    look(clock)
    # Until the next update the offset is unchanged, or 0 as without a ServerClock.
    assert signer.clock_offset_ms == (before if counted else 0)
    machine.asked = 0
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == (1 if counted else 3)


@pytest.mark.parametrize(("counted", "asked"), [(True, 3), (False, 4)])
def test_sleep_discards_request(counted, asked):
    machine, clock, signer = simulated(offset_ms=7, sleeps_are_counted=counted)
    machine.meanwhile = [lambda: machine.sleep(HOUR)]
    assert clock.update() == 0  # the response alone suggests that the server's clock is an hour slow
    assert (machine.asked, signer.clock_offset_ms) == (asked, 0)


def test_constant_sleep_raises():
    machine, clock, signer = simulated(offset_ms=7, sleeps_are_counted=False)
    machine.meanwhile = [lambda: machine.sleep(HOUR)] * 6
    with pytest.raises(ConnectionError, match="was set during every request"):
        clock.update()
    assert (machine.asked, signer.clock_offset_ms) == (6, 7)
    assert clock.update() == 0


# A clock is set


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize(("before", "after"), [(0, -HOUR), (0, 2 * S), (HOUR, 0), (-2 * S, 0)])
def test_local_step_is_followed(counted, before, after):
    """The user sets a right clock wrong, or a wrong clock right. The offset is 0 until the next update."""
    machine, clock, signer = simulated(sleeps_are_counted=counted, wall_error=before)
    assert abs(machine.error(clock.update())) <= MS
    machine.go(S)
    machine.wall_error = after
    look(clock)
    assert signer.clock_offset_ms == 0
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == 6


@pytest.mark.parametrize(("parted", "forgotten"), [(50 * MS, False), (50 * MS + 1, True), (-50 * MS - 1, True)])
def test_large_step_clears_offset(parted, forgotten):
    machine, clock, signer = simulated(wall_error=-HOUR)
    clock.update()
    machine.wall_error += parted
    look(clock)
    assert (signer.clock_offset_ms == 0) == forgotten
    assert (clock.round_trip_ms is None) == forgotten
    if not forgotten:
        assert abs(machine.error(signer.clock_offset_ms)) <= MS


@pytest.mark.parametrize("per_mille", [-1, 1])
def test_clock_speed_is_followed(per_mille):
    machine, clock, signer = simulated(wall_error=-10 * S)
    clock.update()
    for _ in range(100):
        machine.go(100 * S)
        machine.wall_error += per_mille * 100 * S // 1000
        look(clock)
        assert clock.round_trip_ms is not None
        assert abs(machine.error(signer.clock_offset_ms)) <= 10_000 * S // 10_000 + MS
    machine.asked = 0
    assert abs(machine.error(clock.update())) <= 2 * MS
    assert machine.asked == 1


def test_server_step_is_followed():
    machine, clock, _ = simulated()
    clock.update()
    machine.server_error = -90 * S
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == 7  # the second new response confirms the first, and three count


# Any sequence of events

delay = st.integers(0, 2 * S)
event = st.one_of(
    st.tuples(st.just("go"), st.integers(0, 60 * S)),
    st.tuples(st.just("sleep"), st.integers(0, 10 * HOUR)),
    st.tuples(st.just("set"), st.integers(-HOUR, HOUR) | st.just(0)),
    st.tuples(st.just("update"), st.tuples(delay, delay)),
    st.tuples(st.just("observe"), st.tuples(delay, delay)),
)


@settings(max_examples=50)
@given(st.booleans(), st.integers(-HOUR, HOUR) | st.integers(-S, S), st.lists(event, max_size=12))
def test_clock_never_worsens_timestamps(counted, wall_error, events):
    machine, clock, signer = simulated(sleeps_are_counted=counted, wall_error=wall_error)
    for kind, value in events:
        if kind == "go":
            machine.go(value)
        elif kind == "sleep":
            machine.sleep(value)
        elif kind == "set":
            machine.wall_error = value
        elif kind == "update":
            machine.delays = [value] * 6
            clock.update()
            machine.delays = []
        else:
            clock.observe(*observed(machine, *value))
        look(clock)
        without = abs(machine.error(0))
        # A change of less than 50 ms (and a thousandth) looks like a busy machine.
        assert abs(machine.error(signer.clock_offset_ms)) <= without + 51 * MS
        if kind == "update":
            assert abs(machine.error(signer.clock_offset_ms)) <= clock._known.width + 51 * MS
