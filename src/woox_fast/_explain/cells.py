"""Cells of the search: how much each part's changes cost together, and the order in which these are tried."""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache
from itertools import combinations
from typing import TypeAlias

from .changes import LIKELY

PARTS = ("secret", "timestamp", "method", "path", "query", "body", "layout", "digest")
COMPLETE_COST = 19  # of a combination: up to here all pairs are tried, and triples that are likely
MOST_COST = 26  # up to here the search goes on while there is time
MOST_PARTS = 3  # that are changed together, each in one way or more

Cell: TypeAlias = tuple[int, ...]


@lru_cache(maxsize=MOST_COST + 1)
def cells(cost: int) -> list[Cell]:
    """Every way to spend `cost` on the parts, the fewest parts first."""
    found: list[Cell] = [(0,) * len(PARTS)] if cost == 0 else []
    for count in range(1, MOST_PARTS + 1):
        for shares in _shares(cost, count):
            for parts in combinations(range(len(PARTS)), count):
                cell = [0] * len(PARTS)
                for part, share in zip(parts, shares, strict=True):
                    cell[part] = share
                found.append(tuple(cell))
    return found


@lru_cache(maxsize=1)
def all_cells() -> list[Cell]:
    """The cells in the order of the search."""
    return [cell for cost in range(MOST_COST + 1) for cell in cells(cost)]


def _shares(cost: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1:
        if cost >= LIKELY:
            yield (cost,)
        return
    for first in range(LIKELY, cost):
        for rest in _shares(cost - first, count - 1):
            yield (first, *rest)
