"""Combinations of rows, the cheapest first, until a combination yields the signature.

A combination uses a single value per part. Its cost is the sum of its rows' costs. A cell assigns costs to the parts.
The search tries all combinations in a cell before the next cell, and all cells with a total before the next total.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from functools import cache
from itertools import combinations, islice
from math import prod
from typing import Any, NamedTuple

from .rows import LIKELY, MANY, MAX_ROWS, RARE, Finding, Row, Trail, Values
from .signature import Reading, read_signature
from .signing import Layout, Secret, SignedParts, Source, as_sent, build_messages, get_slots, split_template, to_bytes
from .tables import TABLES
from .tables.digest import DIGESTS
from .tables.layout import BASES

PARTS = tuple(TABLES)
COMPLETE_COST = 18  # a search up to this cost tries all pairs and the likely triples
MAX_COST = 24  # the search continues up to this cost while time is left
MAX_PARTS = 3  # changed together
LONG = 1 << 16  # bytes; a longer query or body is only left out or ended otherwise
BATCH = 2048  # messages between two looks at the clock

_now = time.thread_time
_SLOTS = {"timestamp": "t", "method": "m", "path": "p", "query": "q", "body": "b"}


class Match(NamedTuple):
    """A matching combination, findings about the encoding, and alternative rows for the same message."""

    trail: Trail
    encoding: tuple[Finding, ...]
    message: bytes
    others: tuple[Trail, ...]


Cell = dict[str, int]


def list_cells(cost: int) -> Iterator[Cell]:
    """Yield every assignment of `cost` to the parts, the fewest parts first."""
    nothing = dict.fromkeys(PARTS, 0)
    if cost == 0:
        yield nothing
    for count in range(1, MAX_PARTS + 1):
        for shares in _split_cost(cost, count):
            for parts in combinations(PARTS, count):
                yield {**nothing, **dict(zip(parts, shares, strict=True))}


def _split_cost(cost: int, count: int) -> Iterator[tuple[int, ...]]:
    if count == 1 and cost >= LIKELY:
        yield (cost,)
    for first in range(LIKELY, cost) if count > 1 else ():
        yield from ((first, *rest) for rest in _split_cost(cost - first, count - 1))


@cache
def _estimate_values(part: str, cost: int, rows: int = MAX_ROWS) -> int:
    """Estimate how many values a part has at a cost: a wide row counts as a thousand."""
    if cost == 0 or rows == 0:
        return int(cost == 0)
    sizes = ((c, len(some) * (1000 if c >= MANY else 1)) for c, some in TABLES[part].by_cost.items() if c <= cost)
    return sum(size * _estimate_values(part, cost - row_cost, rows - 1) for row_cost, size in sizes)


@cache
def _weigh_all() -> int:
    return sum(_weigh_cell(cell) for cost in range(COMPLETE_COST + 1) for cell in list_cells(cost))


def _weigh_cell(cell: Cell) -> int:
    return prod(_estimate_values(part, share) for part, share in cell.items())


class Search:
    """A search. After `run`, `tried`, `share`, `complete` and `seconds` describe it.

    Time is the processor time of this thread, so that a busy machine does not shorten the search.
    """

    def __init__(self, request: SignedParts, secret: Secret, signature: str, time_limit: float) -> None:
        self.tried = 0
        self.share = 0.0
        self.complete = False
        self.seconds = 0.0
        self._start = _now()
        self._deadline = self._start + 0.95 * time_limit
        self._request = request
        self._readings = read_signature(signature)
        self._digests: dict[tuple[str, Secret], Callable[[bytes], str]] = {}
        self._contents: dict[Source, tuple[str, bytes] | None] = {}
        self._values_of: dict[tuple[str, Any], Values] = {}
        right = secret, request.timestamp, request.method, request.path, "", b"", BASES[request.scheme], ""
        self._right = dict(zip(PARTS, right, strict=True))

    def run(self) -> Match | None:
        match, done = None, 0
        with suppress(TimeoutError):
            for cell in (cell for cost in range(MAX_COST + 1 if self._readings else 0) for cell in list_cells(cost)):
                self.complete = sum(cell.values()) > COMPLETE_COST
                if match := self._try_cell(cell):
                    break
                done += 0 if self.complete else _weigh_cell(cell)
            self.complete = True
        self.share = 1.0 if self.complete else round(done / _weigh_all(), 4)
        self.seconds = round(_now() - self._start, 4)
        self._values_of.clear()
        return match

    def _check_time(self) -> None:
        if self.tried and _now() > self._deadline:
            raise TimeoutError

    def _build_values(self, part: str, right: Any) -> Values:
        if (part, right) not in self._values_of:
            by_cost: dict[int, list[Row]] = TABLES[part].by_cost
            if isinstance(right, str | bytes) and len(right) > LONG:
                by_cost = {LIKELY: [row for row in by_cost[LIKELY] if row.name.endswith(("left-out", "newline"))]}
            self._values_of[part, right] = Values(by_cost, right, self._request, self._check_time)
        return self._values_of[part, right]

    def _list_layouts(self, cell: Cell) -> Iterator[tuple[Layout, Trail, dict[str, dict[Any, Trail]]]]:
        """Yield the cell's layouts with the values of their slots.

        A layout must have slots for all changed parts, and must differ from earlier layouts once empty parts are gone.
        """
        request = self._request
        slots: dict[str, dict[Any, Trail]] = {"k": {request.api_key: ()}}
        slots["n"] = {request.memo or "": ()}
        for part in ("timestamp", "method", "path"):
            slots[_SLOTS[part]] = self._build_values(part, self._right[part]).at(cell[part])
        changed = {slot for part, slot in _SLOTS.items() if cell[part]}
        seen = set()
        for layout, trail in self._build_values("layout", self._right["layout"]).at(cell["layout"]).items():
            if not changed <= get_slots(layout) or (content := self._read_content(layout.source)) is None:
                continue
            query, body = content
            empty = {slot for slot, value in (("q", query), ("b", body)) if not value} - changed
            form = tuple(p for p in split_template(layout.template, layout.separator) if p[0] not in empty), layout[2:]
            if form in seen:
                continue
            seen.add(form)
            slots["q"] = self._build_values("query", query).at(cell["query"])
            slots["b"] = self._build_values("body", body).at(cell["body"])
            if all(slots[slot] for slot in get_slots(layout)):
                yield layout, trail, slots

    def _read_content(self, source: Source) -> tuple[str, bytes] | None:
        if source not in self._contents:
            long = len(self._request.query) + len(self._request.body) > LONG
            self._contents[source] = None
            if not long or source in (as_sent, BASES[self._request.scheme].source):
                with suppress(ValueError, RecursionError):
                    self._contents[source] = source(self._request)
        return self._contents[source]

    def _try_cell(self, cell: Cell) -> Match | None:
        secrets = self._build_values("secret", self._right["secret"]).at(cell["secret"])
        digests = self._build_values("digest", "").at(cell["digest"])
        for layout, trail, slots in self._list_layouts(cell) if secrets and digests else ():
            encoded = _encode_slots(slots)
            for name, digest_trail in digests.items():
                fitting = [one for one in self._readings if DIGESTS[name or layout.digest].size in one.sizes]
                for secret, secret_trail in secrets.items() if fitting else ():
                    if hit := self._compare(build_messages(layout, encoded), name or layout.digest, secret, fitting):
                        index, message, reading = hit
                        rows = (*secret_trail, *_find_trail(layout, slots, index), *trail, *digest_trail)
                        others: tuple[Trail, ...] = ()
                        with suppress(TimeoutError):
                            others = self._find_alternatives(cell, message, rows)
                        return Match(rows, reading.findings, message, others)
        return None

    def _compare(
        self, messages: Iterator[tuple[bytes, ...]], name: str, secret: Secret, fitting: list[Reading]
    ) -> tuple[int, bytes, Reading] | None:
        first = 0
        step = max(1, BATCH // (1 + (len(self._request.query) + len(self._request.body)) // 1024))
        try:
            if (name, secret) not in self._digests:
                self._digests[name, secret] = DIGESTS[name].keyed(secret)
            digest = self._digests[name, secret]
            while batch := list(map(b"".join, islice(messages, step))):
                self._check_time()
                self.tried += len(batch)
                for at, hexdigest in enumerate(map(digest, batch)):
                    for reading in fitting:
                        if reading.fits(hexdigest):
                            return first + at, batch[at], reading
                first += len(batch)
        except ValueError:
            return None  # this Python refuses the algorithm, as OpenSSL in FIPS mode refuses MD5
        return None

    def _find_alternatives(self, found: Cell, message: bytes, trail: Trail) -> tuple[Trail, ...]:
        """Return single rows with the same message."""
        if len(trail) != 1 or found["secret"] or found["digest"] or sum(found.values()) >= MANY:
            return ()
        same: list[Trail] = []
        similar = [cell for cost in range(LIKELY, RARE + 1) for cell in list_cells(cost)]
        for cell in (cell for cell in similar if not cell["secret"] and not cell["digest"]):
            for layout, layout_trail, slots in self._list_layouts(cell):
                for at, pieces_ in enumerate(build_messages(layout, _encode_slots(slots))):
                    if b"".join(pieces_) == message and layout.digest == "hmac-sha256":
                        same.append((*_find_trail(layout, slots, at), *layout_trail))
        vague = ("other-order", "message-")  # another row describes the same bytes better
        return tuple(
            dict.fromkeys(one for one in same if one != trail and len(one) == 1 and not one[0].name.startswith(vague))
        )


def _encode_slots(slots: dict[str, dict[Any, Trail]]) -> dict[str, list[bytes]]:
    return {
        slot: [value if isinstance(value, bytes) else to_bytes(value) for value in values]
        for slot, values in slots.items()
    }


def _find_trail(layout: Layout, slots: dict[str, dict[Any, Trail]], index: int) -> Trail:
    """Return the rows of the values in the message with this index."""
    trails: dict[str, Trail] = {}
    for piece in reversed(split_template(layout.template, layout.separator)):
        if not isinstance(piece, bytes):
            index, at = divmod(index, len(slots[piece[0]]))
            trails[piece[0]] = next(islice(slots[piece[0]].values(), at, None))
    return sum((trails.get(slot, ()) for slot in "tmpqb"), ())
