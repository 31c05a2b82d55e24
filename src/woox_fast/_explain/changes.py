"""A change: one thing that people do to one part of a request before they sign it. And a part's values, cheapest first.

Every part of a request (secret, timestamp, method, path, query, body, layout, digest) has a table of changes. Those of
one part are in stages: a value goes through at most one change of a stage, and through the stages in their order.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator
from heapq import heappop, heappush
from itertools import islice
from typing import Any, NamedTuple, TypeAlias

from .signing import Sent

# What a change costs: the lower, the likelier. Costs add up: three likely changes come together with two that are rare.
# FAMILY is for a change with thousands of outcomes: alone it comes before all pairs but the likeliest, in a pair after
# all others.
LIKELY, COMMON, UNCOMMON, RARE, EXOTIC, FAMILY = 6, 7, 8, 9, 10, 14
LARGE_FAMILY, HUGE_FAMILY = 17, 20  # of a hundred thousand outcomes: among the pairs; of a million: after all of them
ROOM = 128 << 20  # bytes of one part's values that are held
ALSO = 3  # how much more another cause of the same bytes may cost to be named beside the cheapest


class Finding(NamedTuple):
    """One mistake that was made: its `name`, and the `sentence` that says what is wrong and how to fix it."""

    name: str
    sentence: str


class Change(NamedTuple):
    """A row of a table. `values` gives what becomes of a part: often one value, many for a family, none if it is the
    same. Where `last`, no other change of the same part follows. `light` ones are cheap for a part of any size."""

    name: str
    cost: int
    sentence: str
    values: Callable[[Any, Sent], Iterable[Any]]
    last: bool = False
    light: bool = False


def change(name: str, cost: int, sentence: str, make: Callable[[Any], Any], *, light: bool = False) -> Change:
    """A change that makes one value of one; what it gives back unchanged or raises ValueError for is none."""
    return Change(name, cost, sentence, lambda value, sent: (make(value),), light=light)


def change_by_request(name: str, cost: int, sentence: str, make: Callable[[Any, Sent], Any]) -> Change:
    """The same for one that looks at the request as well."""
    return Change(name, cost, sentence, lambda value, sent: (make(value, sent),))


Stage: TypeAlias = tuple[Change, ...]


class Table:
    """The stages of one part. `most` is how many changes of it are made together."""

    def __init__(self, *stages: Stage, most: int = 2) -> None:
        self.stages = stages
        self.most = most
        # Of each stage: the changes of it and later ones, as (cost, [(the stage after it, change)]), cheapest first.
        self.from_stage = [self._by_cost(first) for first in range(len(stages) + 1)]

    def _by_cost(self, first: int) -> list[tuple[int, list[tuple[int, Change]]]]:
        found: dict[int, list[tuple[int, Change]]] = {}
        for at, stage in enumerate(self.stages[first:], first):
            for one in stage:
                found.setdefault(one.cost, []).append((at + 1, one))
        return sorted(found.items())


class Values:
    """What one part may have been, each value once, with the changes that lead to it; made as far as it is asked for.

    `encode` makes of a value what is compared and signed. `watch` is called before each change and raises TimeoutError
    when the time is up. Where `light`, only changes that are light are made. `complete` becomes False when the values
    took more than `ROOM` bytes and the rest was left out.
    """

    def __init__(
        self,
        table: Table,
        start: Any,
        sent: Sent,
        watch: Callable[[], None],
        encode: Callable[[Any], Hashable] = lambda value: value,
        *,
        light: bool = False,
    ) -> None:
        self._table, self._sent, self._watch, self._encode, self._light = table, sent, watch, encode, light
        self.start = encode(start)
        self._at: dict[int, tuple[list[Any], list[tuple[Change, ...]]]] = {0: ([self.start], [()])}
        self._first: dict[Hashable, tuple[int, tuple[Change, ...]]] = {self.start: (0, ())}
        self._also: dict[Hashable, list[tuple[Change, ...]]] = {}
        # (cost, count of changes, tie, values, the changes that led to them, next stage, which group comes next)
        self._heap: list[tuple[int, int, int, list[Any], tuple[Change, ...], int, int]] = []
        self._ties = 0
        self._room = ROOM
        self.complete = True
        self._push(0, [start], (), 0, 0)

    def at(self, cost: int) -> tuple[list[Any], list[tuple[Change, ...]]]:
        """The values whose changes cost `cost` together, and the changes of each."""
        while self._heap and self._heap[0][0] <= cost and self.complete:
            self._grow()
        return self._at.get(cost, _NONE)

    def add(self, value: Any, one: Change) -> None:
        """One more value, unless a single change makes it."""
        self.at(FAMILY)
        key = self._encode(value)
        if key not in self._first:
            self._first[key] = (one.cost, (one,))
            values, ways = self._at.setdefault(one.cost, ([], []))
            values.append(key)
            ways.append((one,))

    def also(self, value: Hashable) -> list[tuple[Change, ...]]:
        """The other ways to make `value`, that are about as likely as the one that `at` gives."""
        return self._also.get(value, [])

    def as_likely(self, value: Hashable) -> list[tuple[Change, ...]]:
        """Those of `also` that cost as much."""
        cost = self._first[value][0] if value in self._first else 0
        return [way for way in self.also(value) if sum(one.cost for one in way) == cost]

    def _push(self, cost: int, values: list[Any], made: tuple[Change, ...], stage: int, group: int) -> None:
        groups = self._table.from_stage[stage]
        if values and group < len(groups):
            self._ties += 1
            heappush(self._heap, (cost + groups[group][0], len(made), self._ties, values, made, stage, group))

    def _grow(self) -> None:
        cost, _, _, values, made, stage, group = heappop(self._heap)
        price, changes = self._table.from_stage[stage][group]
        self._push(cost - price, values, made, stage, group + 1)
        self._at.setdefault(cost, ([], []))
        for next_stage, one in changes:
            if self._light and not one.light:
                continue
            way = (*made, one)
            more = not one.last and len(way) < self._table.most
            for some in self._made(one, values):
                self._keep(some, cost, way, next_stage if more else None)
                if not self.complete:
                    return

    def _made(self, one: Change, values: list[Any]) -> Iterator[list[Any]]:
        """What a change makes of the values, some at a time; of a value it cannot be made on, all that comes before."""
        some: list[Any] = []
        is_text = isinstance(values[0], str | bytes)
        for value in values:
            size = max(1, min(_CHUNK, _CHUNK_BYTES // (64 + len(value)))) if is_text else _CHUNK
            try:
                made = iter(one.values(value, self._sent))
                while True:
                    self._watch()
                    some.extend(islice(made, max(0, size - len(some))))
                    if len(some) < size:
                        break
                    yield some
                    some = []
            except (ValueError, ArithmeticError, RecursionError):
                continue
        if some:
            yield some

    def _keep(self, some: list[Any], cost: int, way: tuple[Change, ...], next_stage: int | None) -> None:
        """Keep those of the values that are new; they are changed further from `next_stage` on."""
        first, (values, ways) = self._first, self._at[cost]
        made = dict(zip(map(self._encode, some), some, strict=True))
        fresh = [key for key in made if key not in first]
        if len(fresh) < len(made):
            for key in made.keys() - fresh:
                self._note(key, cost, way)
        first.update(dict.fromkeys(fresh, (cost, way)))
        self._room -= 64 * len(fresh)
        if fresh and isinstance(fresh[0], bytes):  # so are all of a part
            self._room -= sum(map(_size, fresh))
        if self._room < 0:
            self.complete = False
            return
        values += fresh
        ways += [way] * len(fresh)
        if next_stage is not None:
            self._push(cost, [made[key] for key in fresh], way, next_stage, 0)

    def _note(self, key: Hashable, cost: int, way: tuple[Change, ...]) -> None:
        first_cost, first = self._first[key]
        if cost <= first_cost + ALSO and len(way) == len(first) and way != first:
            also = self._also.setdefault(key, [])
            if way not in also:
                also.append(way)


_size: Callable[[Any], int] = len  # of bytes
_CHUNK = 1024  # values that are made before the time is looked at
_CHUNK_BYTES = 1 << 19
_NONE: tuple[list[Any], list[tuple[Change, ...]]] = ([], [])
