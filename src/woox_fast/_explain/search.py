"""The search: combinations of changes, the likeliest first, until one of them yields the signature.

A combination takes one value of each part of the request. Its cost is the sum of the costs of the changes behind the
values. All combinations of one total cost are tried before those of the next. They are made a cell at a time: a cell
says what each part costs, and its combinations are the product of the parts' values of that cost. So the work for one
combination is a concatenation, a hash and a comparison.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any, NamedTuple

from . import rewrites
from .cells import COMPLETE_COST, PARTS, Cell, all_cells, cells
from .changes import ALSO, FAMILY, LIKELY, Change, Finding, Table, Values
from .collector import seldom
from .layers.body import BODY
from .layers.digest import DIGEST, DIGESTS
from .layers.layout import LAYOUT
from .layers.method import METHOD
from .layers.path import PATH
from .layers.query import QUERY
from .layers.rules import BASES, SOURCES
from .layers.secret import SECRET
from .layers.timestamp import TIMESTAMP
from .layers.written import Reading, readings
from .signing import (
    BATCH,
    BATCH_BYTES,
    Layout,
    Secret,
    Sent,
    choices_of,
    form_of,
    messages_of,
    slots_of,
    to_bytes,
    to_text,
)

TABLES: Mapping[str, Table] = dict(
    zip(PARTS, (SECRET, TIMESTAMP, METHOD, PATH, QUERY, BODY, LAYOUT, DIGEST), strict=True)
)
_SLOTS = {"timestamp": "t", "method": "m", "path": "p", "query": "q", "body": "b"}
_SECRET, _TIMESTAMP, _METHOD, _PATH, _QUERY, _BODY, _LAYOUT, _DIGEST = range(8)
_PLAIN = (_TIMESTAMP, _METHOD, _PATH)  # parts that are the same in every layout

# A part of more bytes than this for each second of the limit is only changed in ways that take no time to speak of.
_LIGHT_BYTES_PER_S = 250_000

_now = time.perf_counter

Way = tuple[Change, ...]


class Found(NamedTuple):
    """A combination that yields the signature: its changes, what is wrong with the signature's spelling, the message,
    and other combinations of as many changes that sign the very same bytes."""

    changes: Way
    written: tuple[Finding, ...]
    message: bytes
    others: tuple[Way, ...]


class _Contents(NamedTuple):
    """The queries and bodies of a cell's layout, the changes behind each, and what these cost."""

    queries: list[bytes]
    bodies: list[bytes]
    query_ways: list[Way]
    body_ways: list[Way]
    query_cost: int
    body_cost: int


class Search:
    """One search. `run` gives what is found or None; `tried`, `complete` and `seconds` tell of it afterwards."""

    def __init__(self, sent: Sent, secret: Secret, given: Secret, signature: str, time_limit: float) -> None:
        self.tried = 0
        self.complete = False
        self._begun = False  # the request as it is gets its turn, however short the time
        self.seconds = 0.0
        self._started = _now()
        self._deadline = self._started + 0.95 * time_limit  # the rest is for the last step, and to free what is held
        self._sent = sent
        self._light = time_limit * _LIGHT_BYTES_PER_S
        self._readings = readings(signature)
        self._keyed: dict[tuple[str, Secret], Callable[[bytes], str]] = {}
        # What a source (of `layers.rules`) takes for query and body; and the values of each such query and body.
        self._contents: dict[str, tuple[Values, Values] | None] = {}
        self._of_contents: dict[tuple[int, str | bytes], Values] = {}
        self._changed_before: dict[tuple[str, int, int], tuple[list[bytes], list[Way]]] = {}
        # Of each layout's form, once parts that are empty are left out: the first layout that had it.
        self._forms: dict[object, Layout] = {}
        self._values = {
            _SECRET: self._of(_SECRET, secret, lambda s: s),
            _TIMESTAMP: self._of(_TIMESTAMP, sent.timestamp, to_bytes),
            _METHOD: self._of(_METHOD, sent.method, to_bytes),
            _PATH: self._of(_PATH, sent.path, to_bytes),
            _LAYOUT: self._of(_LAYOUT, BASES[sent.scheme], lambda layout: layout),
            _DIGEST: self._of(_DIGEST, "", lambda name: name, light=sum(map(len, (*sent, secret))) > self._light),
        }
        if given != secret:
            self._values[_SECRET].add(given, AS_GIVEN)

    def _of(self, part: int, start: Any, encode: Callable[[Any], Any], *, light: bool = False) -> Values:
        if isinstance(start, str | bytes) and start:
            light = len(start) > self._light
        return Values(TABLES[PARTS[part]], start, self._sent, self._watch, encode, light=light)

    def _watch(self) -> None:
        if self._begun and _now() > self._deadline:
            raise TimeoutError

    def run(self) -> Found | None:
        """The likeliest combination that yields the signature."""
        if not self._readings:  # what was sent is no digest
            self.complete = True
            return None
        try:
            with seldom():
                for cell in all_cells():
                    self.complete = sum(cell) > COMPLETE_COST and self._nothing_left_out()
                    if found := self._cell(cell):
                        self.complete = True
                        return found
                    self._begun = True
        except TimeoutError:
            pass
        finally:
            # Values refer to the search that watches the time: what is not taken apart here waits for the collector.
            for held in (
                self._values,
                self._of_contents,
                self._contents,
                self._changed_before,
                self._forms,
                self._keyed,
            ):
                held.clear()
            rewrites.forget()
            self.seconds = _now() - self._started
        return None

    def _nothing_left_out(self) -> bool:
        return all(values.complete for values in (*self._values.values(), *self._of_contents.values()))

    def _cell(self, cell: Cell) -> Found | None:
        """Try the combinations of a cell."""
        secrets = self._values[_SECRET].at(cell[_SECRET])[0]
        digests = self._values[_DIGEST].at(cell[_DIGEST])[0]
        if not (secrets and digests):
            return None
        batch: dict[str, list[bytes]] = {}
        size = 0
        for layout, lists, _ in self._layouts(cell):
            names = [name or layout.digest for name in digests]
            names = [name for name in names if any(DIGESTS[name].size in one.sizes for one in self._readings)]
            if not names:
                continue
            for messages in messages_of(layout, lists):
                for name in names:
                    batch.setdefault(name, []).extend(messages)
                size += len(messages) * (len(messages[0]) + 64)
                if size > BATCH_BYTES:
                    if hit := self._digest(batch, secrets):
                        return self._found(cell, *hit)
                    batch.clear()
                    size = 0
        if batch and (hit := self._digest(batch, secrets)):
            return self._found(cell, *hit)
        return None

    def _layouts(
        self, cell: Cell, *, again: bool = False
    ) -> Iterator[tuple[Layout, dict[str, list[bytes]], tuple[object, ...]]]:
        """The layouts of a cell, each with the values that its slots take, and what it is without empty parts. Left out
        are those that show nothing new: without a part that is changed, or (unless `again`) an earlier one without
        empty parts."""
        lists: dict[str, list[bytes]] = {"k": [to_bytes(self._sent.api_key)], "o": [to_bytes(self._sent.host)]}
        for part in _PLAIN:
            values = self._values[part].at(cell[part])[0]
            if not values:
                return
            lists[_SLOTS[PARTS[part]]] = values
        changed = {_SLOTS[PARTS[part]] for part in _PLAIN if cell[part]}
        of_source: dict[str, _Contents | None] = {}
        for layout in self._values[_LAYOUT].at(cell[_LAYOUT])[0]:
            if layout.source not in of_source:
                of_source[layout.source] = self._contents_of(layout.source, cell)
            if (contents := of_source[layout.source]) is None:
                continue
            slots = slots_of(layout)
            if "h" in slots:
                slots |= {"t", "b"}
            of_contents = {slot for slot, cost in (("q", contents.query_cost), ("b", contents.body_cost)) if cost}
            if not changed | of_contents <= slots:
                continue
            empty = frozenset(
                slot
                for slot, values in (("q", contents.queries), ("b", contents.bodies))
                if slot not in of_contents and not values[0]
            )
            same = layout.source if of_contents or slots & {"q", "b"} - empty else ""
            form = (same, layout.digest, empty, form_of(layout, empty))
            if self._forms.setdefault(form, layout) != layout and not again:
                continue
            yield layout, {**lists, "q": contents.queries, "b": contents.bodies}, form

    def _contents_of(self, source: str, cell: Cell) -> _Contents | None:
        """Query and body of a source, changed as a cell has it: after the source took them, or else before."""
        values = self._content(source)
        if values is None:
            return None
        query, body = values
        of_query, of_body = cell[_QUERY], cell[_BODY]
        queries, query_ways = query.at(of_query)
        bodies, body_ways = body.at(of_body)
        if queries and bodies:
            return _Contents(queries, bodies, query_ways, body_ways, of_query, of_body)
        if of_body and not of_query and self._sent.body and not body.start:
            queries, query_ways = self._before(source, _BODY, of_body)
            return _Contents(queries, [b""], query_ways, [()], of_body, 0) if queries else None
        if of_query and not of_body and self._sent.query and not query.start:
            bodies, body_ways = self._before(source, _QUERY, of_query)
            return _Contents([b""], bodies, [()], body_ways, 0, of_query) if bodies else None
        return None

    def _before(self, source: str, part: int, cost: int) -> tuple[list[bytes], list[Way]]:
        """What a source makes of the request with its body (or query) changed by one change of this cost."""
        if (source, part, cost) not in self._changed_before:
            made: tuple[list[bytes], list[Way]] = [], []
            start = self._sent.body if part == _BODY else self._sent.query
            values, ways = self._shared(part, start).at(cost) if cost <= FAMILY else ([], [])
            for value, way in zip(values, ways, strict=True):
                if len(way) > 1 or way[0].last:
                    continue
                self._watch()
                sent = self._sent._replace(body=value) if part == _BODY else self._sent._replace(query=to_text(value))
                with suppress(ValueError, RecursionError):
                    query, body = SOURCES[source](sent)
                    made[0].append(to_bytes(query) if part == _BODY else body)
                    made[1].append(way)
            self._changed_before[source, part, cost] = made
        return self._changed_before[source, part, cost]

    def _content(self, source: str) -> tuple[Values, Values] | None:
        """Query and body as a source has them; None where it does not apply."""
        if source not in self._contents:
            self._watch()
            try:
                long = len(self._sent.query) + len(self._sent.body) > self._light
                if long and source not in ("sent", BASES[self._sent.scheme].source):
                    raise ValueError("too long to be written in another way")
                query, body = SOURCES[source](self._sent)
                self._contents[source] = self._shared(_QUERY, query), self._shared(_BODY, body)
            except (ValueError, RecursionError):
                self._contents[source] = None
        return self._contents[source]

    def _shared(self, part: int, start: str | bytes) -> Values:
        """The values of a query or body, made once for all sources that start from it."""
        if (part, start) not in self._of_contents:
            encode = to_bytes if part == _QUERY else bytes
            self._of_contents[part, start] = self._of(part, start, encode)
        return self._of_contents[part, start]

    def _digest(
        self, batch: dict[str, list[bytes]], secrets: Sequence[Secret]
    ) -> tuple[bytes, Secret, str, Reading] | None:
        """The first message of a batch, by digest, that yields the signature under one of `secrets`."""
        for name, messages in batch.items():
            fitting = [one for one in self._readings if DIGESTS[name].size in one.sizes]
            whole = fitting[0].hex if len(fitting) == 1 else ""
            # A message's bytes, and the key's, which all but the right digest read for each message.
            cost = max(1, sum(map(len, messages)) // len(messages) + len(secrets[0]))
            step = min(BATCH, max(1, BATCH_BYTES // cost))
            for secret in secrets:
                digest = self._digester(name, secret)
                for start in range(0, len(messages), step):
                    self._watch()
                    some = messages[start : start + step] if step < len(messages) else messages
                    self.tried += len(some)
                    if whole:
                        if whole not in map(digest, some):
                            continue
                        return next(m for m in some if digest(m) == whole), secret, name, fitting[0]
                    for message in some:
                        hexed = digest(message)
                        for one in fitting:
                            if one.fits(hexed):
                                return message, secret, name, one
        return None

    def _digester(self, name: str, secret: Secret) -> Callable[[bytes], str]:
        """Message to hex digest: made once for each secret, or each digest under the secret as it is."""
        key = (name, secret)
        if key in self._keyed:
            return self._keyed[key]
        digest = DIGESTS[name].under(secret)
        if name == "hmac-sha256" or secret == self._values[_SECRET].start:
            self._keyed[key] = digest
        return digest

    # What was found

    def _found(self, cell: Cell, message: bytes, secret: Secret, name: str, reading: Reading) -> Found:
        of_secret = self._way(_SECRET, cell[_SECRET], secret)
        first, form = next((way, form) for way, digest, form in self._ways(cell, message) if digest == name)
        others = [(*way, *first) for way in self._values[_SECRET].also(secret)]
        others += [(*of_secret, *way) for way in self._other_ways(cell, first, message, name, form)]
        return Found((*of_secret, *first), reading.findings, message, tuple(dict.fromkeys(others)))

    def _way(self, part: int, cost: int, value: Any) -> Way:
        values, ways = self._values[part].at(cost)
        return ways[values.index(value)]

    def _ways(
        self, cell: Cell, message: bytes, *, again: bool = False
    ) -> Iterator[tuple[Way, str, tuple[object, ...]]]:
        """The changes of a cell's combinations that make this message, but for those of the secret; the digest; and
        what the layout is without empty parts. Where `again`, with those of one part exchanged for others that are as
        likely and make the same of it."""
        names, of_digest = self._values[_DIGEST].at(cell[_DIGEST])
        for layout, lists, form in self._layouts(cell, again=again):
            for chosen in choices_of(layout, lists, message):
                if "h" in chosen:
                    chosen["t"], chosen["b"] = divmod(chosen["h"], len(lists["b"]))
                contents, values = self._contents_of(layout.source, cell), self._content(layout.source)
                assert contents is not None  # noqa: S101 (`_layouts` leaves those out)
                assert values is not None  # noqa: S101
                of_parts = [(self._values[part], *self._values[part].at(cell[part]), PARTS[part]) for part in _PLAIN]
                of_parts += [(values[0], contents.queries, contents.query_ways, "query")]
                of_parts += [(values[1], contents.bodies, contents.body_ways, "body")]
                ways: list[Way] = []
                alike: list[list[Way]] = []
                for held, made, made_ways, part in of_parts:
                    index = chosen.get(_SLOTS[part], 0)
                    ways.append(made_ways[index])
                    alike.append(held.as_likely(made[index]) if again and made_ways[index] else [])
                for at, one in ((None, ()), *((at, one) for at, some in enumerate(alike) for one in some)):
                    way = sum((one if at == number else way for number, way in enumerate(ways)), ())
                    way += self._way(_LAYOUT, cell[_LAYOUT], layout)
                    for name, digest_way in zip(names, of_digest, strict=True):
                        yield (*way, *digest_way), name or layout.digest, form

    def _other_ways(self, found: Cell, of_message: Way, message: bytes, name: str, form: object) -> Iterator[Way]:
        """Other combinations of as many changes, about as likely, that make the same message; of up to two changes. A
        layout that differs in empty parts alone is another only if it is somebody's rule."""
        forms = {form}
        if len(of_message) > 2:
            return
        spent = sum(found) - found[_SECRET]
        # What is dearer takes long: its values are not made yet.
        more = 0 if spent >= FAMILY else ALSO if len(of_message) < 2 else 1
        for cost in range(max(0, spent - 3 * ALSO), spent + more + 1):
            for cell in cells(cost):
                if cell[_SECRET] or sum(map(bool, cell)) > len(of_message):
                    continue
                try:
                    self._watch()
                    for way, digest, form in self._ways(cell, message, again=True):
                        known = cell[_LAYOUT] and form in forms and not any(one.name[:5] == "rule-" for one in way)
                        if digest == name and way != of_message and len(way) == len(of_message) and not known:
                            forms.add(form)
                            yield way
                except TimeoutError:
                    return


AS_GIVEN = Change(
    "secret-surrounded",
    LIKELY,
    "Spaces, quotes or a byte order mark stand round the secret. Take it exactly as the console shows it.",
    lambda secret, sent: (),
)
