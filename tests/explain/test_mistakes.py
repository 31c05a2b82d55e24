"""Each mistake, and random ones together, made by hand with the standard library: `explain` must name what was made."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from helpers.by_hand import BY_HAND, SENT, explained, make, shown_by
from helpers.combinations import assert_named, random_combinations, rank
from helpers.oracle import NOW, SECRET
from helpers.slow import slow_after

# Of these, one in four have three mistakes; the first of each kind are quick enough for `make test`.
COMBINATIONS = int(os.environ.get("WOOX_FAST_COMBINATIONS") or 40)
# What is done so often that three of them come together before two of which one is rare.
LIKELY = (
    *("json-compact", "json-spaced", "json-sorted", "json-ascii", "json-not-ascii", "json-repr", "body-newline"),
    *("body-left-out", "query-left-out", "query-sorted", "query-decoded", "query-plus", "query-no-mark"),
    *("path-no-version", "path-full-url", "path-trailing-slash", "method-lower-case", "method-left-out"),
    *("timestamp-seconds", "timestamp-float-seconds", "timestamp-last", "timestamp-left-out", "secret-newline"),
    *("secret-trailing-space", "secret-base64-decoded", "secret-base64-encoded", "separator-newline"),
    *("algorithm-sha256", "signature-base64", "signature-upper-case"),
)


def test_what_is_made_by_hand_is_known_and_has_its_place() -> None:
    from woox_fast import _explain

    assert not BY_HAND.keys() - {row.name for row in _explain.all_mistakes()}
    assert all(rank(name) >= 0 for name in BY_HAND)


@pytest.mark.parametrize("name", BY_HAND)
def test_each_mistake_is_named(name: str) -> None:
    special = {
        "secret-hex-decoded": {"secret": "ab" * 16},
        "secret-upper-case": {"secret": "qhkr" * 7},
        "body-latin-1": {"body": '{"tag":"café"}'.encode(), "method": "POST", "path": "/v3/trade/order"},
    }
    if name in special:
        changes = special[name]
        key = changes.pop("secret", SECRET)
        sent = replace(SENT["get"], secret=key.encode(), **changes)
        found = explained(BY_HAND[name](sent), sent, secret=key)
        assert [mistake.name for mistake in found.mistakes] == [name]
        return
    which = shown_by(name)
    assert which
    for one in which if COMBINATIONS >= 500 else dict.fromkeys((which[0], which[-1])):
        assert_named((name,), BY_HAND[name](SENT[one]), SENT[one])


@pytest.mark.parametrize(
    ("names", "which"),
    [
        *slow_after(4, random_combinations(20261122, COMBINATIONS * 3 // 4, 2, BY_HAND)),
        *slow_after(1, random_combinations(20261123, COMBINATIONS // 4, 3, LIKELY)),
    ],
)
def test_random_combinations_are_named(names: tuple[str, ...], which: str) -> None:
    assert_named(names, make(names, SENT[which]), SENT[which])


# What has too many forms for a row.


@pytest.mark.parametrize(
    ("name", "signed"),
    [
        ("timestamp-taken-twice", str(NOW - 3)),
        ("timestamp-taken-twice", str(NOW + 4999)),
        ("timestamp-microseconds", f"{NOW}417"),
        ("timestamp-float-seconds", repr(NOW / 1000 + 0.0004137)),
        ("timestamp-float-seconds", repr(NOW / 1000 - 0.0004137)),  # rounded, not cut
        ("timestamp-float-milliseconds", repr(NOW + 0.7314453125)),
    ],
)
def test_a_timestamp_that_was_not_sent(name: str, signed: str) -> None:
    sent = SENT["post-compact"]
    found = explained(replace(sent, timestamp=signed), sent)
    assert [mistake.name for mistake in found.mistakes] == [name]
    assert found.signed == replace(sent, timestamp=signed).message()


@pytest.mark.parametrize(("distance", "other"), [(-2, "secret-newline"), (7, "json-spaced"), (1, "method-lower-case")])
def test_a_clock_read_twice_and_another_mistake(distance: int, other: str) -> None:
    sent = SENT["post-compact"]
    found = explained(BY_HAND[other](replace(sent, timestamp=str(NOW + distance))), sent)
    assert {mistake.name for mistake in found.mistakes} == {"timestamp-taken-twice", other}


def test_keys_in_another_order() -> None:
    sent = replace(SENT["get"], method="POST", body=b'{"b": [1, 2], "a": {"y": 1.10, "x": "," }, "c": null}')
    signed = replace(sent, body=b'{"c": null, "b": [1, 2], "a": {"y": 1.10, "x": "," }}')
    assert [mistake.name for mistake in explained(signed, sent).mistakes] == ["json-order"]
    both = BY_HAND["secret-newline"](signed)
    found = explained(both, sent)
    assert {mistake.name for mistake in found.mistakes} == {"json-order", "secret-newline"}


def test_parameters_in_another_order() -> None:
    sent = SENT["get-query"]
    signed = replace(sent, query="?closed=true&symbol=SPOT_BTC_USDT&algoType=STOP")
    assert [mistake.name for mistake in explained(signed, sent).mistakes] == ["query-order"]
