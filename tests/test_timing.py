"""The timer: what it calls, how often, and what it divides by."""

from __future__ import annotations

import time

from woox_fast._timing import rounds_ns


def test_every_way_has_its_turn_in_each_round() -> None:
    called: list[str] = []
    times = rounds_ns({name: lambda name=name: called.append(name) for name in "ab"}, number=2, rounds=3)
    assert called == list("aabb") * 3
    assert {name: len(values) for name, values in times.items()} == {"a": 3, "b": 3}


def test_at_least_one_round_and_more_until_the_time_is_up() -> None:
    def way() -> None:
        time.sleep(0.01)

    assert len(rounds_ns({"a": way})["a"]) == 1
    assert 2 <= len(rounds_ns({"a": way}, seconds=0.05)["a"]) <= 6


def test_nanoseconds_per_unit() -> None:
    times = rounds_ns({"a": lambda: time.sleep(0.01)}, number=2, units=10)["a"]
    assert times[0] >= 1e6  # 10 ms in 10 units; a busy machine takes longer, never shorter
