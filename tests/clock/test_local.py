"""`ServerClock` on a made-up machine, so that every case is exact: its clocks are set, drift, and stand still."""

from __future__ import annotations

import pytest
from helpers.machine import HOUR, Machine, S, look, started
from hypothesis import given, settings
from hypothesis import strategies as st

from woox_fast.clock import MS, Bounds, ServerClock, best_of, bounds_of, least_wrong

# The machine sleeps, and time goes on.


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("asleep_s", [0.1, 10, 60, 8 * 3600])
@pytest.mark.parametrize("wall_error", [0, 20 * S, -HOUR])
def test_a_sleep_leaves_a_right_offset_right(monkeypatch, counted, asleep_s, wall_error):
    machine = Machine(sleeps_are_counted=counted, wall_error=wall_error)
    clock, signer = started(machine, monkeypatch)
    assert abs(machine.error(clock.update())) <= MS
    before = signer.clock_offset_ms
    machine.sleep(int(asleep_s * S))
    look(clock)
    # Until the exchange is asked again: as before, or as without a ServerClock.
    assert signer.clock_offset_ms == (before if counted else 0)
    machine.asked = 0
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == (1 if counted else 3)


@pytest.mark.parametrize("counted", [True, False])
def test_a_sleep_while_the_exchange_is_asked(monkeypatch, counted):
    machine = Machine(sleeps_are_counted=counted)
    machine.meanwhile = [lambda: machine.sleep(HOUR)]
    clock, signer = started(machine, monkeypatch, offset_ms=7)
    assert clock.update() == 0  # which is right; the reply alone would say that the server is an hour behind
    assert machine.asked == (3 if counted else 4)
    assert signer.clock_offset_ms == 0


def test_a_machine_that_never_stays_awake(monkeypatch):
    machine = Machine(sleeps_are_counted=False)
    machine.meanwhile = [lambda: machine.sleep(HOUR)] * 6
    clock, signer = started(machine, monkeypatch, offset_ms=7)
    with pytest.raises(ConnectionError, match="was set again and again"):
        clock.update()
    assert (machine.asked, signer.clock_offset_ms) == (6, 7)
    assert clock.update() == 0


# The local clock is set.


@pytest.mark.parametrize("counted", [True, False])
@pytest.mark.parametrize("step", [-HOUR, -2 * S, 2 * S, HOUR])
def test_a_clock_that_is_set(monkeypatch, counted, step):
    """Right first and then wrong, or the reverse: 0 until asked again, which is right if the clock was put right."""
    for before, after in ((0, step), (step, 0)):
        machine = Machine(sleeps_are_counted=counted, wall_error=before)
        clock, signer = started(machine, monkeypatch)
        assert abs(machine.error(clock.update())) <= MS
        machine.go(S)
        machine.wall_error = after
        look(clock)
        assert signer.clock_offset_ms == 0
        assert abs(machine.error(clock.update())) <= MS
        assert machine.asked == 6


@pytest.mark.parametrize(("parted", "forgotten"), [(50 * MS, False), (50 * MS + 1, True), (-50 * MS - 1, True)])
def test_from_which_difference_on_a_clock_was_set(monkeypatch, parted, forgotten):
    machine = Machine(wall_error=-HOUR)
    clock, signer = started(machine, monkeypatch)
    clock.update()
    machine.wall_error += parted
    look(clock)
    assert (signer.clock_offset_ms == 0) == forgotten
    assert (clock.round_trip_ms is None) == forgotten
    if not forgotten:
        assert abs(machine.error(signer.clock_offset_ms)) <= MS  # at once, from what is known


@pytest.mark.parametrize("per_mille", [-1, 1])
def test_a_clock_whose_speed_is_changed_is_followed(monkeypatch, per_mille):
    machine = Machine(wall_error=-10 * S)
    clock, signer = started(machine, monkeypatch)
    clock.update()
    for _ in range(100):
        machine.go(100 * S)
        machine.wall_error += per_mille * 100 * S // 1000
        look(clock)
        assert clock.round_trip_ms is not None
        # 100 s at 100 ppm, and as much again, is what two good clocks part by at most.
        assert abs(machine.error(signer.clock_offset_ms)) <= 10_000 * S // 10_000 + MS
    machine.asked = 0
    assert abs(machine.error(clock.update())) <= 2 * MS
    assert machine.asked == 1


def test_an_offset_that_nothing_was_learned_for_is_the_users(monkeypatch):
    machine = Machine()
    clock, signer = started(machine, monkeypatch, offset_ms=7)
    machine.wall_error = HOUR
    look(clock)
    assert signer.clock_offset_ms == 7
    assert abs(machine.error(clock.update())) <= MS


def test_the_servers_clock_is_set(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    clock.update()
    machine.server_error = -90 * S
    assert abs(machine.error(clock.update())) <= MS
    assert machine.asked == 6  # the first of the new ones contradicts the old ones, which are forgotten


def test_two_servers_that_do_not_agree(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    machine.meanwhile = [lambda error=error: setattr(machine, "server_error", error) for error in (S, 0) * 3]
    assert abs(clock.update()) in (0, 999, 1000)
    assert machine.asked == 6


# What a reply proves.


@given(
    st.integers(0, 10**9),
    st.integers(0, 10**9),
    st.integers(-(10**12), 10**12),
    st.integers(-(10**12), 10**12),
)
def test_a_reply_gives_bounds(there, back, wall_error, server_error):
    machine = Machine(wall_error=wall_error, server_error=server_error)
    machine.delays = [(there, back)]
    sent = machine.steady()
    told = machine.fetch()
    bounds = bounds_of(sent, told, machine.steady())
    truth = machine.server_error - machine.steady_error
    assert bounds.low <= truth < bounds.high
    assert (bounds.at, bounds.width) == (machine.steady(), there + back + MS)


@pytest.mark.parametrize(
    ("low", "high", "offset"),
    [
        (-5, 5, 0),
        (0, 8, 0),
        (-8, 0, 0),
        (-1, 0, 0),
        (1, 9, 2),
        (3, 9, 6),
        (4, 9, 6),
        (100, 110, 105),
        (-9, -1, -2),
        (-9, -3, -6),
        (-110, -100, -105),
        (1, 1, 1),
        (-1, -1, -1),
    ],
)
def test_least_wrong(low, high, offset):
    assert least_wrong(low, high) == offset


@given(st.integers(), st.integers(0), st.data())
def test_least_wrong_is_never_further_from_the_truth_than_0(low, width, data):
    truth = data.draw(st.integers(low, low + width))
    offset = least_wrong(low, low + width)
    assert abs(offset - truth) <= abs(truth)
    assert low <= offset <= low + width


def test_bounds_grow_with_time():
    bounds = Bounds(0, -10, 30)
    assert bounds.width == 40
    for steady in (100_000, -100_000):
        assert bounds.aged(steady) == (steady, -20, 40)


def test_what_contradicts():
    one = Bounds(0, 10, 20)
    for low, high, contradicts in ((21, 30, True), (20, 30, False), (0, 10, False), (0, 9, True), (12, 13, False)):
        assert one.contradicts(Bounds(0, low, high)) is contradicts
        assert Bounds(0, low, high).contradicts(one) is contradicts


def test_the_closest_bounds_count_and_of_three_the_middle_ones():
    close = [Bounds(0, 0, 10), Bounds(0, 4, 15), Bounds(0, -3, 9)]
    assert best_of(close[:1], 0) == (0, 0, 10)
    assert best_of(close[:2], 0) == (0, 0, 15)
    assert best_of([*close, Bounds(0, 5, 18)], 0) == (0, 0, 10)
    assert best_of([Bounds(0, -50, 5), *close], 0) == (0, 0, 10)
    # The same, but an old one is no longer close.
    assert best_of([Bounds(-(10**6), 5, 8), *close], 0) == (0, 0, 10)
    assert best_of([Bounds(-10_000, 5, 8), *close], 0) == (0, 4, 10)


def test_eight_are_kept(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    machine.delays = [(0, 0)] * 3 + [(S, S)] * 8
    clock.update()
    assert clock.round_trip_ms == 1
    for _ in range(5):
        clock.update()
        assert clock.round_trip_ms == 1
    for _ in range(3):
        clock.update()
    assert clock.round_trip_ms == 2001


def test_one_wrong_reply_of_three_does_no_harm(monkeypatch):
    """Within the bounds of the others, so that nothing shows that it is wrong."""
    machine = Machine(wall_error=-HOUR)
    clock, _ = started(machine, monkeypatch)
    machine.delays = [(S, S), (S, S), (S, S)]
    clock.update()
    right = clock.update()  # of no time at all
    assert abs(machine.error(right)) <= MS
    clock._learn(bounds_of(machine.steady(), machine.server_ms() + 900, machine.steady()))
    look(clock)
    assert abs(machine.error(clock._signer.clock_offset_ms)) <= S


# Other replies.


def observed(clock: ServerClock, machine: Machine, there: int, back: int) -> tuple[int, int, int]:
    sent = machine.wall() // MS
    machine.go(there)
    told = machine.server_ms()
    machine.go(back)
    return sent, machine.wall() // MS, told


@pytest.mark.parametrize("wall_error", [0, 3 * S, -HOUR])
def test_it_learns_from_any_reply(monkeypatch, wall_error):
    machine = Machine(wall_error=wall_error)
    clock, signer = started(machine, monkeypatch)
    clock.observe(*observed(clock, machine, 2 * MS, 3 * MS))
    assert clock.round_trip_ms == 7  # that of milliseconds that were cut
    assert abs(machine.error(signer.clock_offset_ms)) <= 4 * MS
    machine.go(S)
    clock.observe(*observed(clock, machine, 0, 0))
    assert clock.round_trip_ms == 2
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS
    assert machine.asked == 0


def test_it_takes_time_to_reach_observe(monkeypatch):
    machine = Machine(wall_error=-HOUR)
    clock, signer = started(machine, monkeypatch)
    reply = observed(clock, machine, 10 * MS, 10 * MS)
    machine.go(60 * S)
    clock.observe(*reply)
    assert abs(machine.error(signer.clock_offset_ms)) <= 12 * MS


def test_a_reply_that_tells_nothing_new_is_passed_over(monkeypatch):
    machine = Machine()
    clock, _ = started(machine, monkeypatch)
    clock.update()
    for _ in range(20):
        clock.observe(*observed(clock, machine, 10 * MS, 10 * MS))
    assert clock.round_trip_ms == 1
    assert len(clock._samples) == 3
    machine.go(200 * S)  # what was known is no longer so close
    clock.observe(*observed(clock, machine, 10 * MS, 10 * MS))
    assert len(clock._samples) == 4


def test_a_reply_that_contradicts_is_learned_from(monkeypatch):
    machine = Machine()
    clock, signer = started(machine, monkeypatch)
    clock.update()
    machine.server_error = HOUR
    clock.observe(*observed(clock, machine, 10 * MS, 10 * MS))
    assert abs(machine.error(signer.clock_offset_ms)) <= 12 * MS


@pytest.mark.parametrize("step", [-HOUR, HOUR])
@pytest.mark.parametrize("when", ["before it was sent", "on its way", "before it is learned from"])
def test_a_reply_during_which_the_clock_was_set(monkeypatch, step, when):
    """Neither what was signed before nor what is known after is made wrong by it."""
    machine = Machine()
    clock, signer = started(machine, monkeypatch)

    def at(moment: str) -> None:
        machine.go(10 * MS)
        if when == moment:
            machine.wall_error = step

    at("before it was sent")
    sent = machine.wall() // MS
    at("on its way")
    told, received = machine.server_ms(), machine.wall() // MS
    at("before it is learned from")
    clock.observe(sent, received, told)
    look(clock)
    if when == "before it was sent":
        assert signer.clock_offset_ms == 0  # it was seen only now
        clock.observe(*observed(clock, machine, 0, 0))
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
def test_what_cannot_be_observed(monkeypatch, arguments, error, words):
    clock, signer = started(Machine(), monkeypatch, offset_ms=7)
    with pytest.raises(error, match=words):
        clock.observe(*arguments)
    assert signer.clock_offset_ms == 7


def test_observe_takes_floats(monkeypatch):
    machine = Machine(wall_error=-HOUR)
    clock, signer = started(machine, monkeypatch)
    now = machine.wall() / MS
    clock.observe(now, now, float(machine.server_ms()))
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS


def test_what_is_known_holds_less_exactly_after_a_short_sleep(monkeypatch):
    """Also once a reply came after it: older replies are as they were before the sleep."""
    machine = Machine(sleeps_are_counted=False)
    clock, signer = started(machine, monkeypatch)
    for _ in range(2):
        machine.delays = [(0, 54 * MS)] * 6  # so the bounds reach from -54 ms to 1 ms
        clock.update()
        machine.delays = []
        assert signer.clock_offset_ms == 0
        machine.sleep(33 * MS)
        look(clock)
        assert signer.clock_offset_ms == 0


@pytest.mark.parametrize("sleeps", [(2.5, 50), (30, 30), (20, 20, 20)])
def test_short_sleeps_add_up(monkeypatch, sleeps):
    """None is longer than what a busy machine may seem to sleep; all of them are."""
    machine = Machine(sleeps_are_counted=False)
    clock, signer = started(machine, monkeypatch)
    clock.update()
    for ms in sleeps:
        machine.sleep(int(ms * MS))
        look(clock)
    assert signer.clock_offset_ms == 0
    assert clock.round_trip_ms is None


def test_what_is_read_late_once_does_not_add_up(monkeypatch):
    """A reading that is 30 ms off, and the next one that is right, part by nothing together."""
    machine = Machine(wall_error=-HOUR)
    clock, signer = started(machine, monkeypatch)
    clock.update()
    for _ in range(9):
        machine.wall_error += 30 * MS
        look(clock)
        machine.wall_error -= 30 * MS
        look(clock)
    assert abs(machine.error(signer.clock_offset_ms)) <= 2 * MS
    assert clock.round_trip_ms is not None


# Whatever happens.

delay = st.integers(0, 2 * S)
event = st.one_of(
    st.tuples(st.just("go"), st.integers(0, 60 * S)),
    st.tuples(st.just("sleep"), st.integers(0, 10 * HOUR)),
    st.tuples(st.just("set"), st.integers(-HOUR, HOUR) | st.just(0)),
    st.tuples(st.just("update"), st.tuples(delay, delay)),
    st.tuples(st.just("observe"), st.tuples(delay, delay)),
)


@settings(max_examples=100)
@given(st.booleans(), st.integers(-HOUR, HOUR) | st.integers(-S, S), st.lists(event, max_size=12))
def test_no_timestamp_is_further_off_than_without_a_server_clock(counted, wall_error, events):
    machine = Machine(sleeps_are_counted=counted, wall_error=wall_error)
    with pytest.MonkeyPatch.context() as monkeypatch:
        clock, signer = started(machine, monkeypatch)
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
                clock.observe(*observed(clock, machine, *value))
            look(clock)
            without = abs(machine.error(0))
            # A change of less than 50 ms (and a thousandth) cannot be told from a busy machine.
            assert abs(machine.error(signer.clock_offset_ms)) <= without + 51 * MS
            if kind == "update":
                assert abs(machine.error(signer.clock_offset_ms)) <= clock._known.width + 51 * MS
