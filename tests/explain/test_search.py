"""The search's machinery, on tables of a few rows: which combinations it tries, in which order, and what it names."""

from __future__ import annotations

import base64
import gc
import hmac
from itertools import product
from math import comb
from typing import Any

import pytest
from helpers.few_changes import SENT, put
from helpers.oracle import NOW

from woox_fast._explain import cells, changes, rewrites, search
from woox_fast._explain.cells import PARTS
from woox_fast._explain.changes import Change, Table
from woox_fast._explain.search import Search
from woox_fast._explain.signing import Layout, Secret, Sent


def test_cells_are_every_way_to_spend_a_cost() -> None:
    for cost in range(27):
        found = cells.cells(cost)
        changed = [sum(map(bool, cell)) for cell in found]
        assert len(set(found)) == len(found)
        assert {len(cell) for cell in found} <= {len(PARTS)}
        assert all(sum(cell) == cost and not {1, 2, 3, 4, 5} & set(cell) for cell in found)
        assert changed == sorted(changed)
        # So many ways to choose the parts, and to share what is above the least between them.
        counts = [comb(len(PARTS), n) * (comb(cost - 5 * n - 1, n - 1) if cost >= 6 * n else 0) for n in (1, 2, 3)]
        assert [changed.count(n) for n in range(4)] == [int(cost == 0), *counts]
    assert [sum(cell) for cell in cells.all_cells()] == sorted(sum(cell) for cell in cells.all_cells())
    assert len(cells.all_cells()) == sum(len(cells.cells(cost)) for cost in range(27))


TABLES = {
    "secret": Table((put("s1", 6, "\n", light=True), put("s2", 8, " "))),
    "timestamp": Table((put("t1", 6, "0"),), (put("t2", 7, "L"),)),
    "method": Table((put("m1", 6, "!"), put("m2", 9, "?"))),
    "path": Table((put("p1", 6, "/"),)),
    "query": Table((put("q1", 7, "&"),)),
    "body": Table((put("b1", 6, "\n", light=True), put("b2", 7, " ")), (put("b3", 6, ";"),)),
    "layout": Table(
        (
            Change("l1", 6, "l1.", lambda layout, sent: (Layout("{t}\n{m}\n{p}{q}\n{b}"),)),
            Change("l2", 7, "l2.", lambda layout, sent: (Layout("{t}{b}"), Layout("{k}{t}{o}"))),
        )
    ),
    "digest": Table((Change("d1", 8, "d1.", lambda name, sent: ("hmac-sha512",)),), most=1),
}
LAYOUTS = {
    "": "{t}{m}{p}{q}{b}",
    "l1": "{t}\n{m}\n{p}{q}\n{b}",
    "l2": "{t}{b}",
    "l2 again": "{k}{t}{o}",
}
PUT = {
    one.name: one
    for part, table in TABLES.items()
    if part not in ("layout", "digest")
    for s in table.stages
    for one in s
}


def combinations(sent: Sent, secret: bytes) -> dict[int, set[tuple[bytes, bytes, str]]]:
    """By cost: key, message and digest of every combination of at most three parts that are changed, by hand."""
    of_part: dict[str, list[tuple[int, str]]] = {}
    for part, words in {
        "secret": "s1=6 s2=8",
        "timestamp": "t1=6 t2=7 t1+t2=13",
        "method": "m1=6 m2=9",
        "path": "p1=6",
        "query": "q1=7",
        "body": "b1=6 b2=7 b3=6 b1+b3=12 b2+b3=13",
        "layout": "l1=6 l2=7 l2_again=7",
        "digest": "d1=8",
    }.items():
        of_part[part] = [(0, ""), *((int(word.partition("=")[2]), word.partition("=")[0]) for word in words.split())]
    marks = {
        "s1": "\n",
        "s2": " ",
        "t1": "0",
        "t2": "L",
        "m1": "!",
        "m2": "?",
        "p1": "/",
        "q1": "&",
        "b1": "\n",
        "b2": " ",
        "b3": ";",
    }
    slots = {"timestamp": "t", "method": "m", "path": "p", "query": "q", "body": "b"}
    found: dict[int, set[tuple[bytes, bytes, str]]] = {}
    for chosen in product(*of_part.values()):
        cost = sum(one for one, _ in chosen)
        named = dict(zip(of_part, (name for _, name in chosen), strict=True))
        layout = LAYOUTS[named["layout"].replace("_", " ")]
        changed = [part for part in of_part if named[part]]
        if len(changed) > 3 or any(slots.get(part, "") not in layout for part in changed):
            continue

        def value(part: str, text: str, named: dict[str, str] = named) -> str:
            return text + "".join(marks[name] for name in named[part].split("+") if name)

        message = layout.format(
            t=value("timestamp", sent.timestamp),
            m=value("method", sent.method),
            p=value("path", sent.path),
            q=value("query", sent.query),
            b=value("body", sent.body.decode()),
            k=sent.api_key,
            o=sent.host,
        )
        key = value("secret", secret.decode()).encode()
        found.setdefault(cost, set()).add((key, message.encode(), "sha512" if named["digest"] else "sha256"))
    return found


@pytest.fixture
def few(monkeypatch: pytest.MonkeyPatch) -> list[tuple[bytes, bytes, str]]:
    """The search with tables of a few rows; what it digests, in its order."""
    tried: list[tuple[bytes, bytes, str]] = []
    monkeypatch.setattr(search, "TABLES", TABLES)

    def digester(self: Search, name: str, secret: Secret) -> Any:
        def digest(message: bytes) -> str:
            tried.append((bytes(secret), message, name.removeprefix("hmac-")))
            return hmac.new(bytes(secret), message, name.removeprefix("hmac-")).hexdigest()

        return digest

    monkeypatch.setattr(Search, "_digester", digester)
    return tried


def searched(signature: str, sent: Sent = SENT, secret: bytes = b"secret") -> tuple[Search, Any]:
    made = Search(sent, Secret(secret), Secret(secret), signature, 600.0)
    return made, made.run()


def test_every_combination_is_tried_once_the_likeliest_first(few: list[tuple[bytes, bytes, str]]) -> None:
    signature = "0" * 40  # the beginning of a digest of any longer size
    made, found = searched(signature)
    assert (found, made.complete, made.tried) == (None, True, len(few))
    assert len(few) == len(set(few))
    expected = {cost: some for cost, some in combinations(SENT, b"secret").items() if cost <= cells.MOST_COST}
    at = 0
    for cost in sorted(expected):
        assert set(few[at : at + len(expected[cost])]) == expected[cost], cost
        at += len(expected[cost])
    assert at == len(few)


def test_each_combination_is_found_and_named(few: list[tuple[bytes, bytes, str]]) -> None:
    every = combinations(SENT, b"secret")
    for cost in (0, 6, 7, 8, 12, 13, 14, 18, 19):
        for key, message, algorithm in sorted(every[cost])[::7]:
            made, found = searched(hmac.new(key, message, algorithm).hexdigest())
            assert found.message == message
            assert sum(one.cost for one in found.changes) == cost
            assert made.complete
            assert made.seconds > 0
            assert (found.written, found.others) == ((), ())
            ways = [one.name for one in found.changes]
            assert ("d1" in ways) == (algorithm == "sha512")
            assert b"secret" + b"".join(PUT[name].values(b"", SENT)[0] for name in ways if name in ("s1", "s2")) == key


def test_only_digests_of_the_signatures_size_are_made(few: list[tuple[bytes, bytes, str]]) -> None:
    searched(base64.b64encode(bytes(32)).decode())
    assert {algorithm for _, _, algorithm in few} == {"sha256"}
    few.clear()
    searched(base64.b64encode(bytes(64)).decode())
    assert {algorithm for _, _, algorithm in few} == {"sha512"}
    few.clear()
    made, found = searched("0" * 10)  # no digest
    assert (made.tried, made.complete, found, few) == (0, True, None, [])


def test_what_is_empty_is_not_tried_again(few: list[tuple[bytes, bytes, str]]) -> None:
    """Without query and body, layouts that differ in these alone are one."""
    sent = SENT._replace(query="", body=b"")
    made, _ = searched("0" * 64, sent)
    assert made.tried == len(few) == len(set(few))


def test_the_time_limit_ends_a_search(few: list[tuple[bytes, bytes, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    at = iter(range(1000, 10**9))
    monkeypatch.setattr(search, "_now", lambda: float(next(at)))
    made = Search(SENT, Secret(b"secret"), Secret(b"secret"), "0" * 64, 50.0)
    assert made.run() is None
    assert not made.complete
    assert 47 < made.seconds < 57
    made = Search(SENT, Secret(b"secret"), Secret(b"secret"), "0" * 64, 0.0)
    assert made.run() is None  # the request as it is had its turn
    assert made.tried == 1


def test_the_secret_as_it_is_held_is_tried_too() -> None:
    given, stripped = Secret(b' "secret"\n'), Secret(b"secret")
    signature = hmac.new(given, b"", "sha256").hexdigest()
    layout = Search(SENT, stripped, given, signature, 600.0)
    assert layout._values[0].at(search.AS_GIVEN.cost)[0].count(given) == 1
    assert Search(SENT, stripped, stripped, signature, 600.0)._values[0].also(given) == []


# Large parts, and many messages


@pytest.fixture
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """A clock that stands still: nothing is too late, and a short time limit makes parts of some bytes large ones."""
    monkeypatch.setattr(search, "_now", lambda: 0.0)


@pytest.mark.parametrize("large", [False, True])
def test_a_large_body_is_changed_in_light_ways_only(
    few: list[tuple[bytes, bytes, str]], still: None, large: bool
) -> None:
    body = b"b" * (250 + large)
    sent = SENT._replace(body=body)
    assert Search(sent, Secret(b""), Secret(b""), "0" * 40, 0.001).run() is None
    endings = {message.partition(b"bbb")[2].lstrip(b"b") for _, message, _ in few if b"bbb" in message}
    assert endings == ({b"", b"\n"} if large else {b"", b"\n", b" ", b";", b"\n;", b" ;"})


@pytest.mark.parametrize("part", ["body", "path", "api_key"])
@pytest.mark.parametrize(("size", "digests"), [(250, {"sha256", "sha512"}), (251, {"sha256"})])
def test_of_a_large_request_only_light_digests(
    few: list[tuple[bytes, bytes, str]], still: None, size: int, digests: set[str], part: str
) -> None:
    """All parts and the secret are 250 bytes together, or 251."""
    rest = sum(map(len, SENT)) - len(getattr(SENT, part)) + len(b"secret")
    long: Any = (b"/" if part == "body" else "/") * (size - rest)
    Search(SENT._replace(**{part: long}), Secret(b"secret"), Secret(b"secret"), "0" * 40, 0.001).run()
    assert {digest for _, _, digest in few} == digests


def test_what_is_complete(few: list[tuple[bytes, bytes, str]], monkeypatch: pytest.MonkeyPatch) -> None:
    """All of up to a cost has had its turn, and nothing was left out for lack of room."""
    nothing, a_secret = (0,) * 8, (6, *(0,) * 7)
    for cost, complete in ((19, False), (20, True)):
        monkeypatch.setattr(search, "all_cells", lambda cost=cost: [nothing, a_secret, (cost, *(0,) * 7)])
        assert searched("0" * 64)[0].complete is complete
    monkeypatch.setattr(changes, "ROOM", 0)
    assert not searched("0" * 64)[0].complete


@pytest.mark.parametrize("size", [30, 3000])
def test_many_messages_are_digested_so_many_at_a_time(
    few: list[tuple[bytes, bytes, str]], monkeypatch: pytest.MonkeyPatch, size: int
) -> None:
    many = [b"%06d" % n + b"x" * size for n in range(8_000_000 // (size + 94))]
    family = Change("many", 6, "many.", lambda value, sent: many)
    tables = {**{part: Table((put("none", 6, ""),)) for part in PARTS}, "body": Table((family,))}
    tables["layout"] = tables["digest"] = Table(())
    monkeypatch.setattr(search, "TABLES", tables)
    monkeypatch.setattr(search, "all_cells", lambda: cells.cells(0) + cells.cells(6))
    batches: list[int] = []
    digest = Search._digest
    monkeypatch.setattr(
        Search,
        "_digest",
        lambda self, batch, secrets: (
            batches.append(sum(len(m) + 64 for some in batch.values() for m in some)) or digest(self, batch, secrets)
        ),
    )
    made, found = searched(base64.b64encode(bytes(32)).decode())
    assert (found, made.tried, len(few), len(set(few))) == (None, len(many) + 1, len(many) + 1, len(many) + 1)
    assert sum(batches) > 5 * max(batches)
    # Made so many at a time, and digested as soon as they are more than that.
    assert search.BATCH_BYTES / 4 < max(batches) < 2.5 * search.BATCH_BYTES
    for wanted in (many[0], many[len(many) // 2], many[-1]):
        message = f"{NOW}POST/v3/x?q".encode() + wanted
        made, found = searched(hmac.new(b"secret", message, "sha256").hexdigest())
        assert found.message == message
        assert [one.name for one in found.changes] == ["many"]


def test_no_key_is_held_after_a_search() -> None:
    made = Search(SENT, Secret(b"secret"), Secret(b"secret"), hmac.new(b"secret\n", b"", "sha256").hexdigest(), 0.2)
    made.run()
    assert made.tried > 1
    assert made._keyed == {}


def test_nothing_that_a_search_held_waits_for_the_collector() -> None:
    rewrites.tokens('{"a": 1}')
    gc.collect()
    gc.disable()
    try:
        Search(SENT, Secret(b"secret"), Secret(b"secret"), "0" * 64, 0.05).run()
        assert not [each for each in gc.get_objects() if isinstance(each, changes.Values)]
    finally:
        gc.enable()
    assert rewrites._tokens.cache_info().currsize == 0


@pytest.mark.parametrize("secret", [b"", b"k"])
def test_the_right_digest_and_others(secret: bytes) -> None:
    made = Search(SENT, Secret(b"secret"), Secret(b"secret"), "0" * 64, 1.0)
    for algorithm in ("sha256", "sha512", "md5"):
        for message in (b"", b"m"):
            digest = made._digester(f"hmac-{algorithm}", Secret(secret))
            assert digest(message) == hmac.new(secret, message, algorithm).hexdigest()
