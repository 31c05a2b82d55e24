"""Mutants that no test can kill, each with its reason. `make mutate` neither tries nor counts them."""

from __future__ import annotations

from typing import NamedTuple


class Survivor(NamedTuple):
    file: str  # under src/woox_fast
    line: str  # what the changed line has in it
    new: str  # what the change writes; "*" for any
    reason: str


SURVIVORS: list[Survivor] = []
