"""Rows, tables and values: a row is a mistake in a request part.

A table orders its rows in stages. A value passes through the stages in order. A stage applies at most one row to it.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from .signing import Layout, SignedParts

# The lower the likelier; costs add up. MANY: hundreds of results, combined with likely rows only; WIDE, WIDEST: alone.
LIKELY, COMMON, UNCOMMON, RARE, MANY, WIDE, WIDEST = 6, 7, 8, 9, 12, 15, 17
MAX_ROWS = 3  # combined within a part

Apply = Callable[[Any, SignedParts], Any]


class Finding(NamedTuple):
    """A mistake: `cause` and `remedy` are sentences. `name` identifies it for programs."""

    name: str
    cause: str
    remedy: str

    @property
    def sentence(self) -> str:
        return f"{self.cause} {self.remedy}".strip()


class Row(NamedTuple):
    """A mistake as data. `apply` maps value and request to one or several values, or None if it does not apply."""

    name: str
    cost: int
    cause: str
    remedy: str
    apply: Apply
    stage: int = 0

    def apply_to(self, value: Any, request: SignedParts) -> Iterator[Any]:
        with suppress(ValueError, LookupError, ArithmeticError, RecursionError):
            result = self.apply(value, request)
            if isinstance(result, str | bytes | Layout):
                yield result
            elif result is not None:
                yield from result


Function = Callable[[Any], Any]
Entry = tuple[str, int, str, Function]
Adapt = Callable[[Function], Apply]


def on_value(function: Function) -> Apply:
    return lambda value, _: function(value)


def if_present(function: Function) -> Apply:
    return lambda value, _: function(value) if value else None


def build_rows(prefix: str, cause: str, remedy: str, *entries: Entry, adapt: Adapt = on_value) -> tuple[Row, ...]:
    """Build rows from (name, cost, words, function). The words replace {} in `cause`."""
    return tuple(
        Row(prefix + name, cost, cause.replace("{}", words), remedy, adapt(function))
        for name, cost, words, function in entries
    )


class Table:
    def __init__(self, *stages: Sequence[Row]) -> None:
        self.rows = [row._replace(stage=at) for at, stage in enumerate(stages) for row in stage]
        self.by_cost: dict[int, list[Row]] = {}
        for row in sorted(self.rows, key=lambda row: row.cost):
            self.by_cost.setdefault(row.cost, []).append(row)


ByCost = dict[int, list[Row]]
Trail = tuple[Row, ...]


class Values:
    """A part's values by cost, with the cheapest rows that lead to them. `check_time` may raise TimeoutError."""

    def __init__(self, by_cost: ByCost, start: Hashable, request: SignedParts, check_time: Callable[[], None]) -> None:
        self._by_cost, self._request, self._check_time = by_cost, request, check_time
        self._values: list[dict[Any, Trail]] = [{start: ()}]
        self._seen = {start}

    def at(self, cost: int) -> dict[Any, Trail]:
        while len(self._values) <= cost:
            self._values.append(self._compute(len(self._values)))
        return self._values[cost]

    def _compute(self, cost: int) -> dict[Any, Trail]:
        found: dict[Any, Trail] = {}
        for row_cost, rows_ in self._by_cost.items():
            for value, trail in self._values[cost - row_cost].items() if row_cost <= cost else ():
                if len(trail) == MAX_ROWS or (trail and max(row_cost, trail[-1].cost) >= MANY):
                    continue
                for row in (row for row in rows_ if not trail or row.stage > trail[-1].stage):
                    self._check_time()
                    for result in row.apply_to(value, self._request):
                        if result not in self._seen:
                            self._seen.add(result)
                            found[result] = (*trail, row)
        return found
