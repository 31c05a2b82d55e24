"""What a part of a request may have been: the values of a table of changes, on tables of a few rows."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.few_changes import SENT, put

from woox_fast._explain import changes
from woox_fast._explain.changes import Change, Table, Values, change, change_by_request
from woox_fast._explain.signing import Sent


def values(table: Table, start: Any = "", **more: Any) -> Values:
    return Values(table, start, SENT, lambda: None, **more)


def names(ways: list[tuple[Change, ...]]) -> list[str]:
    return [" ".join(one.name for one in way) for way in ways]


def test_values_come_by_their_cost_each_once() -> None:
    table = Table((put("a", 6, "1"), put("b", 7, "2")), (put("c", 6, "3"), put("d", 8, "1")))
    found = values(table)
    assert found.start == ""
    assert found.at(0) == ([""], [()])
    by_cost = {cost: (found.at(cost)[0], names(found.at(cost)[1])) for cost in range(1, 30) if found.at(cost)[0]}
    assert by_cost == {
        6: (["1", "3"], ["a", "c"]),
        7: (["2"], ["b"]),
        12: (["13"], ["a c"]),
        13: (["23"], ["b c"]),
        14: (["11"], ["a d"]),
        15: (["21"], ["b d"]),
    }
    # "1" is d's too, and costs two more.
    assert names(found.also("1")) == ["d"]
    assert found.as_likely("1") == []
    assert found.also("nothing") == found.as_likely("nothing") == []
    assert found.at(99) == ([], [])


def test_other_ways_are_noted_if_they_are_about_as_likely() -> None:
    rows = [put("a", 6, "1"), put("b", 6, "1"), put("c", 9, "1"), put("d", 10, "1"), put("e", 6, "")]
    found = values(Table(tuple(rows), (put("f", 6, "1"), put("g", 12, "11"))))
    found.at(30)
    assert names(found.also("1")) == ["b", "f", "c"]
    assert names(found.as_likely("1")) == ["b", "f"]
    assert names(found.also("11")) == []  # those are of two changes, and one makes it
    assert found.also("") == []


def test_no_more_changes_of_a_part_than_its_table_allows() -> None:
    stages = [(put(name, 6, name),) for name in "abc"]
    for most, longest in ((1, 1), (2, 2), (3, 3)):
        found = values(Table(*stages, most=most))
        assert max(len(found.at(cost)[0][0]) for cost in (6, 12, 18) if found.at(cost)[0]) == longest
    assert Table(*stages).most == 2
    # One of a stage, and the stages in their order.
    assert values(Table(*stages, most=3)).at(12)[0] == ["ab", "ac", "bc"]


def test_nothing_follows_a_change_that_is_the_last() -> None:
    last = Change("last", 6, "", lambda value, sent: (value + "x",), last=True)
    found = values(Table((last, put("a", 7, "y")), (put("b", 6, "z"),)))
    assert [found.at(cost)[0] for cost in (6, 7, 12, 13)] == [["x", "z"], ["y"], [], ["yz"]]


def test_only_light_changes_of_a_large_part() -> None:
    table = Table((put("a", 6, "1"), put("b", 6, "2", light=True)))
    assert values(table, light=True).at(6)[0] == ["2"]
    assert values(table, light=False).at(6)[0] == ["1", "2"]
    assert values(table).at(6)[0] == ["1", "2"]


def _fails(error: type[Exception]) -> Change:
    def make(value: str, sent: Sent) -> Iterator[str]:
        yield "before"
        raise error

    return Change(error.__name__, 6, "", make)


def test_a_change_that_cannot_be_made_makes_what_it_made_before() -> None:
    for error in (ValueError, ArithmeticError, RecursionError):
        assert values(Table((_fails(error), put("a", 6, "1")))).at(6)[0] == ["before", "1"]
    with pytest.raises(KeyError):
        values(Table((_fails(KeyError),))).at(6)


def test_a_value_more() -> None:
    one = put("given", 9, "")
    found = values(Table((put("a", 6, "1"), put("b", 14, "2"), put("c", 15, "3"))))
    found.add("3", one)
    assert (found.at(9)[0], found.at(9)[1], found.also("3")) == (["3"], [(one,)], [])
    found.add("2", one)  # a single change makes it
    assert found.at(9)[0] == ["3"]
    assert names(found.at(14)[1]) == ["b"]
    assert found.at(15)[0] == []


def test_what_is_held_of_a_part_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """64 bytes each, and of bytes their own; what is over the bound is left out, and that is told."""
    many = Change("many", 6, "", lambda value, sent: (b"%064d" % n for n in range(100)))
    text = Change("text", 6, "", lambda value, sent: (str(n) for n in range(100)))
    for one, start, each in ((many, b"", 128), (text, "", 64)):
        for room, complete in ((each * 100, True), (each * 100 - 1, False), (each * 3, False)):
            monkeypatch.setattr(changes, "ROOM", room)
            found = values(Table((one, put("after", 7, "x"))), start)
            assert each * len(found.at(6)[0]) <= room
            assert found.complete is complete
            assert found.at(7)[0] == []  # there is no room for it


def test_the_time_is_watched_before_each_change_and_within_a_family() -> None:
    seen: list[int] = []
    family = Change("family", 6, "", lambda value, sent: (str(n) for n in range(10_000)))
    Values(Table((family, put("a", 6, "x"), put("b", 6, "y"))), "", SENT, lambda: seen.append(1)).at(6)
    assert 3 + 9 <= len(seen) < 100

    def too_late() -> None:
        raise TimeoutError

    with pytest.raises(TimeoutError):
        Values(Table((family,)), "", SENT, too_late).at(6)


def test_how_a_row_is_made() -> None:
    one, other = (
        change("a", 6, "A.", str.upper),
        change_by_request("b", 7, "B.", lambda value, sent: value + sent.method),
    )
    assert (list(one.values("x", SENT)), one.last, one.light) == (["X"], False, False)
    assert (list(other.values("x", SENT)), other.last, other.light) == (["xPOST"], False, False)
    assert change("a", 6, "A.", str.upper, light=True).light


def test_what_is_compared_of_a_value() -> None:
    found = values(Table((put("a", 6, "1"), put("b", 6, " "))), "x", encode=str.strip)
    assert (found.start, found.at(6)[0]) == ("x", ["x1"])
