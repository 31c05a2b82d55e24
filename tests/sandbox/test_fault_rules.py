"""Test how rules are parsed, which requests they select, and the errors for invalid rules."""

from __future__ import annotations

import re
from typing import Any

import pytest

from woox_fast.sandbox import FAULTS, FaultError, Sandbox
from woox_fast.sandbox.fault_rules import FaultRules, Rule
from woox_fast.sandbox.params import client_order_id


def matched_numbers(
    rule: str, requests: int = 20, method: str = "POST", path: str = "/v3/trade/order", **given: Any
) -> list[int]:
    """Return the numbers of the equal requests that this rule selects."""
    faults = FaultRules([rule])
    arguments = {"client_id": None, "now_ms": 0, "served": 1, **given}
    return [number for number in range(1, requests + 1) if faults.match(method, path, **arguments)]


ALL = ("", "on POST", "on /v3/trade/order", "on *order", "on /v3/* POST", "probability 1")
NONE = ("on GET", "on /v3/trade", "on *Order", "on PUT /v3/*", "id 42", "probability 0")


@pytest.mark.parametrize(
    ("selectors", "numbers"),
    [
        *((selectors, range(1, 21)) for selectors in ALL),
        *((selectors, []) for selectors in NONE),
        ("on /v3/trade/[o]rder", []),  # only * is a wildcard
        ("every 3", [3, 6, 9, 12, 15, 18]),
        ("first 2", [1, 2]),
        ("every 3 first 2", [3, 6]),
        ("first 2 every 3", [3, 6]),
    ],
)
def test_selectors_choose_requests(selectors: str, numbers: Any) -> None:
    assert matched_numbers(f"reset {selectors}") == list(numbers)


def test_every_counts_selected_requests() -> None:
    faults = FaultRules(["reset on POST every 2"])
    seen = [bool(faults.match(m, "/v3/trade/order", None, 0, 1)) for m in ("GET", "POST", "GET", "GET", "POST", "POST")]
    assert seen == [False, False, False, False, True, False]


def test_client_order_ids_match() -> None:
    assert matched_numbers("reset id 42", client_id=42) == list(range(1, 21))
    assert matched_numbers("reset id 42", client_id=43) == matched_numbers("reset id 42") == []
    for query, body in [
        ("symbol=a&clientOrderId=42", b""),
        ("", b'{"clientOrderId": 42}'),
        ("", b'{"clientOrderId": "42"}'),
    ]:
        assert client_order_id(query, body) == 42
    for body in (b'{"clientOrderId": 4.2}', b'{"clientOrderId": true}', b"[42]", b"{", b"\xff", b"[" * 100_000, b""):
        assert client_order_id("", body) is None
    assert client_order_id("clientOrderId=x", b"") is client_order_id("&&", b"") is None


def test_probability_is_reproducible() -> None:
    one, again, other = (matched_numbers(f"reset probability 0.3 seed {seed}", 1000) for seed in (7, 7, 8))
    assert one == again != other
    ids = [FaultRules(["gzip"]).match("GET", "/", None, 0, 1)[0].value for _ in range(2)]
    assert ids[0] == ids[1]
    assert 200 < len(one) < 400


@pytest.mark.parametrize(
    ("arguments", "least", "median", "percentile_99"),
    [("200ms", 0.2, 0.2, 0.2), ("1.5s", 1.5, 1.5, 1.5), ("uniform 1s 3s", 1, 2, 3), ("tail 50ms", 0.0005, 0.05, 0.5)],
)
def test_delays_have_distributions(arguments: str, least: float, median: float, percentile_99: float) -> None:
    def drawn(seed: int) -> list[float]:
        faults = FaultRules([f"delay {arguments} seed {seed}"])
        return [faults.match("GET", "/", None, 0, 1)[0].value for _ in range(2000)]

    is_fixed = " " not in arguments
    assert drawn(1) == drawn(1)
    assert (drawn(1) == drawn(2)) is is_fixed
    values = sorted(drawn(1))
    assert values[0] >= least
    assert values[1000] == pytest.approx(median, rel=0.15)
    assert values[1980] == pytest.approx(percentile_99, rel=0.4)


def test_timed_fault_starts_once() -> None:
    def times(rule: str) -> list[bool]:
        faults = FaultRules([rule])
        return [bool(faults.match("GET", "/", None, now, 1)) for now in range(0, 10_000, 500)]

    assert times("maintenance 2s") == [True] * 4 + [False] * 16
    assert times("maintenance 1s every 3") == [False, False, True, True] * 5
    assert times("maintenance 1s first 2") == [True] * 4 + [False] * 16


@pytest.mark.parametrize(
    ("rule", "at_first", "after"),
    [
        ("refuse 2s", 2, []),
        ("refuse 2s every 3", 0, [3, 6, 9]),
        ("refuse 2s first 2", 0, [1, 2]),
        ("refuse 2s probability 0", 0, []),
        ("reset", 0, []),
    ],
)
def test_refuse_follows_connections(rule: str, at_first: float, after: list[int]) -> None:
    refused: list[tuple[int, float]] = []
    faults = FaultRules([rule])
    number = 0
    assert faults.on_listening(lambda seconds: refused.append((number, seconds))) == at_first
    for number in range(1, 10):  # noqa: B007 (the callback reads it)
        faults.on_connection()
    assert refused == [(each, 2) for each in after]
    faults.on_listening(None)
    faults.add("refuse 3s")
    assert len(refused) == len(after)


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("", "there is no fault ''; the faults are delay, "),
        ("Rése\x1bt", r"there is no fault 'R\xe9se\x1bt'; the faults are delay, delay-after, refuse,"),
        ("delay", "the fault is `delay TIME | uniform TIME TIME | tail TIME`, got 'delay'"),
        ("delay 5", "a time is a number and ms, s or m, such as 200ms, up to an hour; got '5'"),
        ("delay -5s", "a time is a number"),
        ("delay 61m", "a time is a number"),
        ("delay uniform 1s", "the fault is `delay TIME"),
        ("reset 5", "the fault is `reset`, got 'reset 5'"),
        ("cut", "the fault is `cut BYTES`, got 'cut'"),
        ("cut -1", "it needs a whole number from 0"),
        ("close 0", "it needs a whole number from 1"),
        ("html 404", "a whole number from 500 to 599, got '404'"),
        ("html 501", "the status must be 500, 502, 503, 504, got 501"),
        ("skew", "the fault is `skew TIME`"),
        ("reset on", "on needs METHOD, PATH or both, such as POST /v3/trade/*, got ''"),
        ("reset on post", "the method must be GET, POST, PUT, DELETE, got 'post'"),
        ("reset on GET /v3/x?a=1", "the path must not contain a query, got '/v3/x?a=1'"),
        ("reset on POST GET", "on needs METHOD"),
        ("reset on /a /b", "on needs METHOD"),
        ("reset every", "every needs one value, got ''"),
        ("reset every 0", "every needs a whole number from 1"),
        ("reset every 1 2", "every needs one value, got '1 2'"),
        ("reset first x", "first needs a whole number from 1 to 9223372036854775807, got 'x'"),
        ("reset first ٣", "first needs a whole number"),
        ("reset id -1", "id needs a whole number from 0"),
        ("reset probability 1.5", "probability needs a number from 0 to 1, got '1.5'"),
        ("reset probability nan", "probability needs a number from 0 to 1"),
        ("reset seed 5", "seed needs a probability, or a random delay"),
        ("reset first 1 first 2", "first is repeated in 'reset first 1 first 2'"),
        ("refuse 1s on POST", "it has no `on` and no `id`"),
        ("refuse 1s id 5", "it has no `on` and no `id`"),
    ],
)
def test_invalid_rules_are_explained(rule: str, words: str) -> None:
    for make in (Rule, lambda text: Sandbox(faults=[text])):
        with pytest.raises(FaultError) as caught:
            make(rule)
        assert words in str(caught.value)
        assert re.fullmatch("[ -~]*", str(caught.value)), "unsafe for a terminal"


def test_rules_are_bounded() -> None:
    with pytest.raises(TypeError, match="faults must be a list of rules, such as"):
        Sandbox(faults="reset")
    with pytest.raises(TypeError, match="a fault must be a str such as"):
        Sandbox(faults=[5])  # type: ignore[list-item]
    faults = FaultRules(["reset"] * 100)
    with pytest.raises(FaultError, match="a sandbox accepts at most 100 rules"):
        faults.add("reset")
    assert not faults.remove(101)
    assert faults.remove(100)
    assert [rule.number for rule in faults] == list(range(1, 100))
    assert faults.add("reset").number == 101


def test_unused_rules_are_reported() -> None:
    faults = FaultRules(["reset on GET", "html on POST", "gateway every 3"])
    removed = faults.add("close 3")
    faults.match("POST", "/v3/trade/order", None, 0, 1)
    assert faults.remove(removed.number)
    assert faults.unused() == ["close 3", "reset on GET", "gateway every 3"]


def test_rule_with_first_is_spent() -> None:
    faults = FaultRules(["reset first 2"])
    for is_spent in (False, True, True):
        faults.match("GET", "/", None, 0, 1)
        assert faults.rows()[0]["spent"] is is_spent


@pytest.mark.parametrize("name", FAULTS)
def test_examples_are_rules(name: str) -> None:
    rule = Rule(f"  {FAULTS[name].example}\n")
    assert (str(rule), rule.name) == (FAULTS[name].example, name)
