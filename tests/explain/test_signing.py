"""The messages of explain's layouts, each against one that is put together by hand; and what was sent."""

from __future__ import annotations

import hashlib
from itertools import product

import pytest
from helpers.few_changes import SENT

from woox_fast._explain import signing
from woox_fast._explain.layers.rules import BASES
from woox_fast._explain.signing import Layout, Secret

LISTS = {"t": [b"1", b"2"], "m": [b"G"], "p": [b"/a", b"/b", b"/c"], "q": [b"?x"], "b": [b"{}", b""]}


@pytest.mark.parametrize(
    "template",
    ["{t}{m}{p}{q}{b}", "{t}|{p:relative}|{p}", "x{b:sha256}{t}", "{h}{p}", "fixed", "{p}", "{p:relative}", "{b}{b}"],
)
def test_messages_are_the_product_of_the_values(template: str) -> None:
    layout = Layout(template)
    write = {"relative": lambda p: p[1:], "sha256": lambda b: hashlib.sha256(b).hexdigest().encode()}
    expected: dict[bytes, list[dict[str, int]]] = {}
    used = [slot for slot in "tmpqb" if "{" + slot in template] + (["t", "b"] if "{h}" in template else [])
    for indexes in product(*(range(len(LISTS[slot])) for slot in used)):
        chosen = dict(zip(used, indexes, strict=True))
        text = template.encode()
        for slot in "tmpqb":
            if slot in chosen:
                value = LISTS[slot][chosen[slot]]
                text = text.replace(b"{%c}" % ord(slot), value)
                for name, change_ in write.items():
                    text = text.replace(b"{%c:%s}" % (ord(slot), name.encode()), change_(value))
        if "{h}" in template:
            parts = LISTS["t"][chosen["t"]] + LISTS["b"][chosen["b"]]
            text = text.replace(b"{h}", hashlib.sha256(parts).digest())
            p = chosen["p"]
            chosen = {"h": chosen["t"] * 2 + chosen["b"], "p": p}
        expected.setdefault(text, []).append(chosen)
    made = [message for some in signing.messages_of(layout, LISTS) for message in some]
    assert sorted(made) == sorted(text for text, ways in expected.items() for _ in ways)
    for text, ways in expected.items():
        found = list(signing.choices_of(layout, LISTS, text))
        # Of values that make the same, the first.
        assert all(one in ways for one in found)
        assert found
    assert not list(signing.choices_of(layout, LISTS, b"another"))
    assert not list(signing.choices_of(layout, LISTS, b"1"))


def test_messages_are_made_so_many_at_a_time() -> None:
    many = {**LISTS, "p": [b"%05d" % n for n in range(10_000)]}
    made = [len(some) for some in signing.messages_of(Layout("{t}{p}"), many)]
    assert made == [4096, 4096, 1808] * 2
    long = {**LISTS, "p": [b"x" * 100_000 + b"%d" % n for n in range(12)]}
    assert [len(some) for some in signing.messages_of(Layout("{t}{p}"), long)] == [5, 5, 2] * 2
    huge = {**LISTS, "p": [b"x" * 1_000_000, b"y"]}
    assert [len(some) for some in signing.messages_of(Layout("{p}"), huge)] == [1, 1]
    assert [len(some) for some in signing.messages_of(Layout("{t:seconds}{p}{p}"), long)] == [5, 5, 2] * 2


def test_layouts_in_pieces() -> None:
    layout = Layout("a{t}¦{b:sha256}c", "|")
    pieces = signing.segments(layout.template, layout.separator)
    assert pieces == (b"a", ("t", None), b"|", ("b", signing.TRANSFORMS["sha256"]), b"c")
    assert signing.slots_of(layout) == {"t", "b"}
    assert signing.form_of(layout, frozenset()) == pieces
    assert signing.form_of(layout, frozenset("t")) == (b"a|", pieces[3], b"c")
    assert signing.form_of(layout, frozenset("b")) == pieces  # the hash of nothing is something
    assert signing.form_of(Layout("{t}{q:bare}{b}x"), frozenset("qb")) == (("t", None), b"x")
    assert signing.form_of(BASES["v3"], frozenset("tmpqb")) == ()


# What was sent


@pytest.mark.parametrize(
    ("timestamp", "milliseconds"),
    [
        ("1578565539808", 1578565539808),
        ("1578565539", 1578565539000),
        ("1578565539808123", 1578565539808),
        ("1578565539808123456", 1578565539808),
        ("157856553980", None),
        ("15785655398081", None),
        ("157856553980x", None),
        ("\u0660" * 13, None),
        ("\u00b2" * 13, None),
        ("", None),
    ],
)
def test_milliseconds_of_a_timestamp(timestamp: str, milliseconds: int | None) -> None:
    found = SENT._replace(timestamp=timestamp).milliseconds
    assert found == milliseconds
    assert found is None or isinstance(found, int)


def test_host_and_texts() -> None:
    assert SENT.host == "api.woox.io:8443"
    assert repr(Secret(b"x")) == str(Secret(b"x")) == "<secret>"
    for text, data in (("é", b"\xc3\xa9"), ("\udcff", b"\xff"), ("\ud800", b"\xed\xa0\x80"), ("\udcff\ud800", None)):
        assert data is None or signing.to_bytes(text) == data
        assert isinstance(signing.to_bytes(text), bytes)
    assert signing.to_text(b"\xc3\xa9\xff") == "é\udcff"
