"""The bounds that a response proves, and `observe`, on a simulated machine."""

from __future__ import annotations

import pytest
from helpers.fake_clock import HOUR, Machine, S, look, observed, simulated
from hypothesis import given
from hypothesis import strategies as st

from woox_fast.clock import MS, Bounds, ServerClock, choose_offset, combine_samples, compute_bounds

# The bounds that a response proves


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(-(10**12), 10**12),
    st.integers(-(10**12), 10**12),
)
def test_response_proves_bounds(there, back, wall_error, server_error):
    machine = Machine(wall_error=wall_error, server_error=server_error)
    machine.delays = [(there, back)]
    sent = machine.steady()
    told = machine.fetch()
    bounds = compute_bounds(sent, told, machine.steady())
    truth = machine.server_error - machine.steady_error
    assert bounds.low <= truth < bounds.high
    assert (bounds.at, bounds.width) == (machine.steady(), there + back + MS)


@given(st.integers(), st.integers(0), st.data())
def test_offset_is_never_worse(low, width, data):
    truth = data.draw(st.integers(low, low + width))
    offset = choose_offset(low, low + width)
    assert abs(offset - truth) <= abs(truth)
    assert low <= offset <= low + width


def test_combined_samples_are_medians():
    close = [Bounds(0, 0, 10), Bounds(0, 4, 15), Bounds(0, -3, 9)]
    assert combine_samples(close[:1], 0) == (0, 0, 10)
    assert combine_samples(close[:2], 0) == (0, 0, 15)
    assert combine_samples([*close, Bounds(0, 5, 18)], 0) == (0, 0, 10)
    assert combine_samples([Bounds(0, -50, 5), *close], 0) == (0, 0, 10)
    # Old bounds are no longer close.
    assert combine_samples([Bounds(-(10**6), 5, 8), *close], 0) == (0, 0, 10)
    assert combine_samples([Bounds(-10_000, 5, 8), *close], 0) == (0, 4, 10)


def test_eight_samples_are_stored():
    machine, clock, _ = simulated()
    machine.delays = [(0, 0)] * 3 + [(S, S)] * 8
    clock.update()
    assert clock.round_trip_ms == 1
    for _ in range(5):
        clock.update()
        assert clock.round_trip_ms == 1
    for _ in range(3):
        clock.update()
    assert clock.round_trip_ms == 2001


# Responses observed by the caller


@pytest.mark.parametrize("wall_error", [0, 3 * S, -HOUR])
def test_observe_sets_offset(wall_error):
    machine, clock, signer = simulated(wall_error=wall_error)
    clock.observe(*observed(machine, 2 * MS, 3 * MS))
    assert clock.round_trip_ms == 7  # milliseconds are rounded down
    assert abs(machine.error(signer.clock_offset_ms)) <= 4 * MS
    machine.go(S)
    clock.observe(*observed(machine, 0, 0))
    assert clock.round_trip_ms == 2
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS
    assert machine.asked == 0


def test_late_observation_is_accepted():
    machine, clock, signer = simulated(wall_error=-HOUR)
    observation = observed(machine, 10 * MS, 10 * MS)
    machine.go(60 * S)
    clock.observe(*observation)
    assert abs(machine.error(signer.clock_offset_ms)) <= 12 * MS


def test_observe_ignores_wider_bounds():
    machine, clock, _ = simulated()
    clock.update()
    for _ in range(20):
        clock.observe(*observed(machine, 10 * MS, 10 * MS))
    assert clock.round_trip_ms == 1
    assert len(clock._samples) == 3
    machine.go(200 * S)  # the known bounds have become wider
    clock.observe(*observed(machine, 10 * MS, 10 * MS))
    assert len(clock._samples) == 4


def learn_from_responses() -> tuple[Machine, ServerClock, object]:
    machine, clock, signer = simulated()
    clock.update()
    for _ in range(20):
        machine.go(S)
        clock.observe(*observed(machine, 0, 0))
    return machine, clock, signer


@pytest.mark.parametrize("stale", [60 * S, -60 * S, 300 * MS])
def test_one_contradiction_changes_nothing(stale):
    """A response from a cache, for example."""
    machine, clock, signer = learn_from_responses()
    before = signer.clock_offset_ms
    for _ in range(3):
        machine.go(S)
        sent, received, server_ms = observed(machine, 10 * MS, 10 * MS)
        clock.observe(sent, received, server_ms - stale // MS)
        assert signer.clock_offset_ms == before
        clock.observe(*observed(machine, 10 * MS, 10 * MS))
        assert signer.clock_offset_ms == before
    assert abs(machine.error(clock.update())) <= MS


def test_contradictions_must_agree():
    """A cache returns the same timestamp twice."""
    machine, clock, signer = learn_from_responses()
    before, stale = signer.clock_offset_ms, machine.server_ms() - 60_000
    for _ in range(5):
        machine.go(S)
        sent, received, _ = observed(machine, 10 * MS, 10 * MS)
        clock.observe(sent, received, stale)
        assert signer.clock_offset_ms == before


def test_second_contradiction_confirms():
    machine, clock, signer = learn_from_responses()
    machine.server_error = HOUR
    clock.observe(*observed(machine, 10 * MS, 10 * MS))
    assert signer.clock_offset_ms == 0
    machine.go(60 * S)
    machine.server_error += 40 * MS  # less than a set clock
    clock.observe(*observed(machine, 10 * MS, 10 * MS))
    assert abs(machine.error(signer.clock_offset_ms)) <= 12 * MS


def test_first_response_can_be_wrong():
    machine, clock, _ = simulated()
    sent, received, server_ms = observed(machine, 0, 0)
    clock.observe(sent, received, server_ms - 60_000)
    assert abs(machine.error(clock.update())) <= MS


@pytest.mark.parametrize("step", [-HOUR, HOUR])
@pytest.mark.parametrize("when", ["before it was sent", "on its way", "before it is used"])
def test_observation_across_step_is_ignored(step, when):
    """The offset stays 0, as without a ServerClock."""
    machine, clock, signer = simulated()

    def at(moment: str) -> None:
        machine.go(10 * MS)
        if when == moment:
            machine.wall_error = step

    at("before it was sent")
    sent = machine.wall() // MS
    at("on its way")
    told, received = machine.server_ms(), machine.wall() // MS
    at("before it is used")
    clock.observe(sent, received, told)
    look(clock)
    if when == "before it was sent":
        assert signer.clock_offset_ms == 0
        clock.observe(*observed(machine, 0, 0))
        assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS
    else:
        assert signer.clock_offset_ms == 0
        assert clock.round_trip_ms is None


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("1700000000000", 1700000000000, 1700000000000), TypeError, "sent_ms must be a number .* got str"),
        ((1700000000000, None, 1700000000000), TypeError, "received_ms must be a number .* got NoneType"),
        ((1700000000000, 1700000000000, True), TypeError, "server_ms must be a number .* got bool"),
        ((1700000000, 1700000000000, 1700000000000), ValueError, r"sent_ms must be .* \(13 digits\), got 1700000000"),
        ((1700000000000, 10**13, 1700000000000), ValueError, "received_ms must be .* got 10000000000000"),
        ((1700000000000, 1700000000000, 10**12 - 1), ValueError, "server_ms must be .* got 999999999999"),
        ((1700000000000, 1700000000000, float("nan")), ValueError, "server_ms must be .* got nan"),
    ],
)
def test_observe_refuses_other_values(arguments, error, words):
    _, clock, signer = simulated(offset_ms=7)
    with pytest.raises(error, match=words):
        clock.observe(*arguments)
    assert signer.clock_offset_ms == 7


def test_observe_accepts_floats():
    machine, clock, signer = simulated(wall_error=-HOUR)
    now = machine.wall() / MS
    clock.observe(now, now, float(machine.server_ms()))
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS


def test_short_sleep_widens_bounds():
    """A response after the sleep does not restore the precision of older responses."""
    machine, clock, signer = simulated(sleeps_are_counted=False)
    for _ in range(2):
        machine.delays = [(0, 54 * MS)] * 6  # so the bounds reach from -54 ms to 1 ms
        clock.update()
        machine.delays = []
        assert signer.clock_offset_ms == 0
        machine.sleep(33 * MS)
        look(clock)
        assert signer.clock_offset_ms == 0


@pytest.mark.parametrize("sleeps", [(2.5, 50), (30, 30), (20, 20, 20)])
def test_short_sleeps_add_up(sleeps):
    """Short pauses are usual on a busy machine, long pauses are not."""
    machine, clock, signer = simulated(sleeps_are_counted=False)
    clock.update()
    for ms in sleeps:
        machine.sleep(int(ms * MS))
        look(clock)
    assert signer.clock_offset_ms == 0
    assert clock.round_trip_ms is None


def test_late_readings_cancel_out():
    """A reading with an error of 30 ms and the next right reading cancel out."""
    machine, clock, signer = simulated(wall_error=-HOUR)
    clock.update()
    for _ in range(9):
        machine.wall_error += 30 * MS
        look(clock)
        machine.wall_error -= 30 * MS
        look(clock)
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS
    assert clock.round_trip_ms is not None
