"""What the search names: the likeliest of the causes that sign the same bytes, and those that are about as likely."""

from __future__ import annotations

import base64
import hashlib
import hmac
from typing import Any

import pytest
from helpers.oracle import KEY, NOW

from woox_fast._explain import search
from woox_fast._explain.cells import PARTS
from woox_fast._explain.changes import Change, Table, change
from woox_fast._explain.layers.rules import SOURCES
from woox_fast._explain.search import Search
from woox_fast._explain.signing import Layout, Secret, Sent

SENT = Sent(KEY, "https://api.woox.io", str(NOW), "POST", "/v3/x", "?q", b"body", "v3")
Names = list[str]


def put(name: str, cost: int, after: str = "", *, before: str = "", last: bool = False) -> Change:
    def made(value: Any) -> Any:
        return before + value + after if isinstance(value, str) else before.encode() + value + after.encode()

    return Change(name, cost, name, lambda value, sent: (made(value),) if value else (), last=last)


def put_together(name: str, cost: int, *templates: str, source: str = "sent") -> Change:
    return Change(name, cost, name, lambda layout, sent: [Layout(text, source=source) for text in templates])


def named(
    monkeypatch: pytest.MonkeyPatch,
    message: bytes,
    tables: dict[str, Table],
    *,
    sent: Sent = SENT,
    key: bytes = b"key",
    **more: Any,
) -> tuple[Names, list[Names]]:
    """The names of what is found, and of the others."""
    monkeypatch.setattr(search, "TABLES", {part: tables.get(part, Table(())) for part in PARTS})
    given = Secret(b"key")
    signature = hmac.new(key, message, "sha256").hexdigest()
    found = Search(sent, given, given, signature, more.get("time_limit", 600.0)).run()
    if found is None:
        return ["nothing"], []
    assert found.message == message
    return [one.name for one in found.changes], [[one.name for one in way] for way in found.others]


def of_v3(sent: Sent = SENT, **parts: Any) -> bytes:
    sent = sent._replace(**parts)
    return f"{sent.timestamp}{sent.method}{sent.path}{sent.query}".encode() + sent.body


def test_other_changes_of_the_part(monkeypatch: pytest.MonkeyPatch) -> None:
    body = Table((put("a", 6, "\n"), put("b", 6, "\n"), put("c", 6, "\n"), put("d", 7, "\n"), put("space", 6, " ")))
    message = of_v3(body=b"body\n")
    assert named(monkeypatch, message, {"body": body}) == (["a"], [["b"], ["c"]])
    assert named(monkeypatch, of_v3(query="?q\n"), {"query": body}) == (["a"], [["b"], ["c"]])


def test_other_changes_of_the_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    secret = Table((put("six", 6, "\n"), put("seven", 6, "\n")))
    assert named(monkeypatch, of_v3(), {"secret": secret}, key=b"key\n") == (["six"], [["seven"]])
    path = Table((put("path", 6, "/"),))
    message = of_v3(path="/v3/x/")
    expected = (["six", "path"], [["seven", "path"]])
    assert named(monkeypatch, message, {"secret": secret, "path": path}, key=b"key\n") == expected


@pytest.mark.parametrize(("cost", "others"), [(6, [["query"]]), (9, [["query"]]), (10, [])])
def test_a_change_of_another_part(monkeypatch: pytest.MonkeyPatch, cost: int, others: list[Names]) -> None:
    tables = {"path": Table((put("path", 6, "!"),)), "query": Table((put("query", cost, before="!"),))}
    assert named(monkeypatch, of_v3(path="/v3/x!"), tables) == (["path"], others)


@pytest.mark.parametrize(("cost", "others"), [(7, [["time", "query"]]), (8, [])])
def test_a_pair_of_which_one_is_of_another_part(
    monkeypatch: pytest.MonkeyPatch, cost: int, others: list[Names]
) -> None:
    tables = {
        "timestamp": Table((put("time", 6, "0"),)),
        "path": Table((put("path", 6, "!"),)),
        "query": Table((put("query", cost, before="!"),)),
    }
    assert named(monkeypatch, of_v3(timestamp=f"{NOW}0", path="/v3/x!"), tables) == (["time", "path"], others)


def test_a_pair_that_signs_what_one_does_is_not_named(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {
        "path": Table((put("both", 14, "!!"), put("path", 6, "!"))),
        "query": Table((put("query", 6, before="!"),)),
    }
    assert named(monkeypatch, of_v3(path="/v3/x!!"), tables) == (["path", "query"], [])
    tables["path"] = Table((put("both", 9, "!!"), put("path", 6, "!")))
    assert named(monkeypatch, of_v3(path="/v3/x!!"), tables) == (["both"], [])


def test_as_likely_in_a_pair(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another cause of a part stands among the others of a pair, if it is as likely."""
    tables = {
        "timestamp": Table((put("time", 6, "0"), put("same", 6, "0"), put("rare", 8, "0"))),
        "path": Table((put("path", 6, "!"),)),
    }
    found = named(monkeypatch, of_v3(timestamp=f"{NOW}0", path="/v3/x!"), tables)
    assert found == (["time", "path"], [["same", "path"]])


def test_three_changes_have_no_others(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {
        "timestamp": Table((put("time", 6, "0"),)),
        "method": Table((put("method", 6, "!"),)),
        "path": Table((put("path", 6, "?"),)),
        "query": Table((put("query", 6, before="?"),)),
    }
    message = of_v3(timestamp=f"{NOW}0", method="POST!", path="/v3/x?")
    assert named(monkeypatch, message, tables) == (["time", "method", "path"], [])


# Layouts


def test_layouts_that_differ_in_empty_parts_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    sent = SENT._replace(body=b"")
    for other, others in (("other", []), ("rule-other", [["rule-other"]])):
        layouts = Table(
            (
                put_together("few", 6, "{t}{m}"),
                put_together(other, 6, "{t}{m}{b}"),
                put_together("right", 6, "{t}{m}{p}{q}"),
            )
        )
        assert named(monkeypatch, f"{NOW}POST".encode(), {"layout": layouts}, sent=sent) == (["few"], others)
        assert named(monkeypatch, of_v3(sent), {"layout": layouts}, sent=sent) == ([], [])
        # With a body they are two.
        assert named(monkeypatch, f"{NOW}POSTbody".encode(), {"layout": layouts}) == ([other], [])
        # A change of what is empty tells them apart.
        null = Change("null", 6, "null", lambda value, sent: (b"null",) if not value else ())
        tables = {"layout": layouts, "body": Table((null,))}
        assert named(monkeypatch, f"{NOW}POSTnull".encode(), tables, sent=sent) == (["null", other], [])


def test_layouts_that_show_the_same_are_tried_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Those that differ in empty parts, and in a source of which nothing is shown: "moved" and "sorted"."""
    layouts = Table(
        (
            *(put_together("time", 6, "{t}{m}"), put_together("no query", 6, "{t}{m}{q}", source="query-in-body")),
            put_together("moved", 6, "{t}{m}", source="query-in-body"),
            put_together("sorted", 6, "{t}{m}", source="v1"),
            put_together("as a body", 6, "{t}{b}", source="query-in-body"),
            put_together("also as a body", 6, "{t}{b}", source="query-also-in-body"),
            put_together("as JSON", 6, "{t}{b}", source="query-in-body-json"),
            put_together("as it is", 6, "{t}{q}"),
            put_together("as V1 has it", 6, "{t}{q}", source="v1"),
        )
    )
    monkeypatch.setattr(search, "TABLES", {part: layouts if part == "layout" else Table(()) for part in PARTS})
    key = Secret(b"key")
    made = Search(SENT._replace(query="?a=1", body=b""), key, key, base64.b64encode(bytes(32)).decode(), 600.0)
    assert made.run() is None
    assert made.tried == 1 + 7


def test_a_change_that_the_layout_does_not_show_is_not_made(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {"layout": Table((put_together("few", 6, "{t}{m}"),)), "path": Table((put("path", 6, "!"),))}
    assert named(monkeypatch, f"{NOW}POST".encode(), tables) == (["few"], [])
    assert named(monkeypatch, f"{NOW}POST!".encode(), tables) == (["nothing"], [])


def test_a_hash_of_time_and_body(monkeypatch: pytest.MonkeyPatch) -> None:
    tables = {
        "layout": Table((put_together("hash", 6, "{p}{h}"),)),
        "timestamp": Table((put("time", 6, "0"), put("other", 6, "1"))),
        "body": Table((put("space", 6, " "), put("line", 6, "\n"))),
    }
    for time, of_time in (("", []), ("0", ["time"]), ("1", ["other"])):
        for end, of_body in ((b"", []), (b" ", ["space"]), (b"\n", ["line"])):
            message = b"/v3/x" + hashlib.sha256(f"{NOW}{time}".encode() + b"body" + end).digest()
            assert named(monkeypatch, message, tables) == ([*of_time, *of_body, "hash"], [])


@pytest.mark.parametrize(
    ("source", "sent", "part", "moved"),
    [
        ("query-in-body", SENT._replace(query="?a=1", body=b""), "query", ""),
        ("body-in-query", SENT._replace(query="", body=b"a=1"), "body", "?"),
    ],
)
def test_what_is_moved_is_changed_before_or_after(
    monkeypatch: pytest.MonkeyPatch, source: str, sent: Sent, part: str, moved: str
) -> None:
    """A query that is signed as a body (or the reverse): both the query's changes and the body's are made on it."""
    assert SOURCES[source](sent) == ((moved + "a=1", b"") if moved else ("", b"a=1"))
    other = "body" if part == "query" else "query"
    of_part = (put("one", 6, "&"), put("last", 6, ";", last=True)), (put("two", 6, "="),)
    tables = {
        "layout": Table((put_together("moved", 6, "{t}{m}{p}{q}{b}", source=source),)),
        part: Table(*of_part),
        other: Table((put("after", 6, "!"),)),
    }
    start = f"{NOW}POST/v3/x{moved}a=1"
    for end, names in (("", ["moved"]), ("!", ["after", "moved"]), ("&", ["one", "moved"]), ("=", ["two", "moved"])):
        found, others = named(monkeypatch, (start + end).encode(), tables, sent=sent)
        assert (sorted(found), others) == (sorted(names), [])
    for end in (";", "&="):  # those that are the last of a part, and pairs of it, are not made before
        assert named(monkeypatch, (start + end).encode(), tables, sent=sent) == (["nothing"], [])


def test_a_large_request_is_not_written_in_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_now", lambda: 0.0)  # 0.001 s of a clock that stands still: 250 bytes
    tables = {
        "layout": Table((put_together("moved", 6, "{b}", source="query-in-body"), put_together("body", 6, "{t}{q}")))
    }
    for size, names in ((249, ["moved"]), (250, ["nothing"])):
        sent = SENT._replace(query="?" + "q" * size, body=b"")
        assert named(monkeypatch, b"q" * size, tables, sent=sent, time_limit=0.001)[0] == names
        assert named(monkeypatch, f"{NOW}{sent.query}".encode(), tables, sent=sent, time_limit=0.001)[0] == ["body"]


def test_a_large_query_and_body_are_not_written_in_another_way(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_now", lambda: 0.0)
    tables = {"layout": Table((put_together("sorted", 6, "{t}{q}", source="v1"),))}
    for size, names in ((124, ["sorted"]), (125, ["nothing"])):
        sent = SENT._replace(query="?" + "q" * size, body=b"b" * 125)
        message = f"{NOW}{'b' * 125}=&{'q' * size}=".encode()
        assert named(monkeypatch, message, tables, sent=sent, time_limit=0.001)[0] == names


def test_a_signature_that_may_be_read_in_two_ways(monkeypatch: pytest.MonkeyPatch) -> None:
    """Zeros may have been lost in front, or before each digit that stands alone."""
    monkeypatch.setattr(search, "TABLES", {part: Table(()) for part in PARTS})
    keys = [Secret(str(n).encode()) for n in range(40)]
    digests = {key: hmac.new(key, of_v3(), "sha256").digest() for key in keys}
    key, digest = next((key, digest) for key, digest in digests.items() if sum(byte < 16 for byte in digest) > 1)
    found = Search(SENT, key, key, "".join(f"{byte:x}" for byte in digest), 600.0).run()
    assert found is not None
    assert [one.name for one in found.written] == ["signature-unpadded"]


def test_a_signature_that_was_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(
        search,
        "TABLES",
        {
            part: Table((change("space", 6, "", lambda s: Secret(s + b" ")),) if part == "secret" else ())
            for part in PARTS
        },
    )
    key = Secret(b"key")
    found = Search(SENT, key, key, hmac.new(b"key ", of_v3(), "sha256").hexdigest()[:40], 600.0).run()
    assert found is not None
    assert [one.name for one in found.changes] == ["space"]
    assert [one.name for one in found.written] == ["signature-cut"]
    assert found.message == of_v3()
