"""What `explain` is given and what it says: the other schemes, faults of the request, and that nothing was found."""

from __future__ import annotations

import hmac
import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from helpers.by_hand import SENT, Made, by_name, explained
from helpers.oracle import KEY, NOW, SECRET

import woox_fast
from woox_fast import _explain
from woox_fast._explain import cells, search

# The other schemes.

V1 = replace(SENT["get"], method="POST", path="/v1/order", body=b"symbol=SPOT_BTC_USDT&side=BUY&order_price=9%2C000")


@pytest.mark.parametrize(
    ("names", "join", "between"),
    [
        ([], lambda m: ["&".join(by_name(m)), m.timestamp], "|"),
        (["rule-v3"], lambda m: [m.timestamp, m.method, m.path, m.body], ""),
        (["separator-none"], lambda m: ["&".join(by_name(m)), m.timestamp], ""),
        (["rule-v1-unsorted"], lambda m: [m.body, m.timestamp], "|"),
    ],
)
def test_a_v1_request(names: list[str], join: Callable[[Made], list[str | bytes]], between: str) -> None:
    found = explained(replace(V1, join=join, between=between), V1)
    assert [mistake.name for mistake in found.mistakes] == names
    assert found.expected == f"order_price=9%2C000&side=BUY&symbol=SPOT_BTC_USDT|{NOW}".encode()
    assert all("{rule}" not in mistake.sentence for mistake in found.mistakes)


def test_the_guides_own_signature_is_that_of_a_v1_order(woox_vectors: dict) -> None:
    signature = "20da0852f73b20da0208c7e627975a59ff072379883d8457d03104651032033d"
    text = "order_price=9000&order_quantity=0.11&order_type=LIMIT&side=BUY&symbol=SPOT_BTC_USDT"
    found = woox_fast.explain(SECRET, signature, NOW, "POST", "/v3/trade/order", text)
    assert [mistake.name for mistake in found.mistakes] == ["rule-v1"]


@pytest.mark.parametrize(
    ("names", "message"),
    [([], f"|{NOW}"), (["only-timestamp"], f"{NOW}"), (["timestamp-seconds"], f"|{NOW // 1000}")],
)
def test_a_websocket_login(names: list[str], message: str) -> None:
    signature = hmac.new(SECRET.encode(), message.encode(), "sha256").hexdigest()
    found = woox_fast.explain(SECRET, signature, NOW, "", "", scheme="ws")
    assert [mistake.name for mistake in found.mistakes] == names
    assert found.expected == f"|{NOW}".encode()


# What is given.


def test_a_right_signature() -> None:
    for sent in SENT.values():
        found = explained(sent, sent)
        assert (found.right, found.found, found.mistakes) == (True, True, ())
        assert str(found).startswith("The signature is right for this request.")


@pytest.mark.parametrize(
    ("name", "around"),
    [
        ("secret-newline", "{}\n"),
        ("secret-double-quotes", '"{}"'),
        ("secret-bom", "\ufeff{}"),
        ("secret-surrounded", " '{}'\n"),
    ],
)
def test_the_secret_as_the_user_holds_it_has_the_mistake(name: str, around: str) -> None:
    """Signer and explain read the same variable: the signature fits what is given, and is wrong all the same."""
    held = around.format(SECRET)
    sent = SENT["get-query"]
    found = explained(replace(sent, secret=held.encode()), sent, secret=held)
    assert [mistake.name for mistake in found.mistakes] == [name]
    assert explained(sent, sent, secret=held).right


def test_a_full_url() -> None:
    sent = SENT["get-query"]
    url = "http://127.0.0.1:8080" + sent.path + sent.query
    signature = replace(sent, path="http://127.0.0.1:8080" + sent.path).signature()
    found = woox_fast.explain(SECRET, signature, NOW, "GET", url)
    assert [mistake.name for mistake in found.mistakes] == ["path-full-url"]
    assert found.expected == sent.message()


@pytest.mark.parametrize(
    ("changes", "fault", "words"),
    [
        ({"timestamp": str(NOW // 1000)}, "sent-timestamp", "seconds"),
        ({"timestamp": f"{NOW}000"}, "sent-timestamp", "microseconds"),
        ({"timestamp": "now"}, "sent-timestamp", "13 digits"),
        ({"method": "get"}, "sent-method", "upper case"),
        ({"body": b"{}"}, "sent-body", "query"),
        ({"method": "POST", "query": "?a=1"}, "sent-query", "body"),
        ({"path": "v3/asset/balances"}, "sent-path", "'/'"),
    ],
)
def test_what_is_wrong_with_the_request_itself(changes: dict[str, Any], fault: str, words: str) -> None:
    sent = replace(SENT["get"], **changes)
    found = explained(sent, sent)
    assert [one.name for one in found.faults] == [fault]
    assert words in found.faults[0].sentence


def test_none_is_said_honestly(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(search, "_now", time.process_time)  # of a busy machine's clock a second may be little
    sent = SENT["get"]
    found = woox_fast.explain(SECRET, "0" * 64, NOW, sent.method, sent.path, api_key=KEY, time_limit=1.0)
    assert (found.found, found.right, found.signed, found.mistakes) == (False, False, None, ())
    assert found.tried > 1_000
    assert re.match(rf"None of {found.tried:,} combinations.* yields? this signature: the secret is most", str(found))
    assert len(found.other_causes) > 2


def test_all_that_is_to_be_tried_is_tried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Single mistakes, all pairs and triples that are likely; what comes after them is tried while there is time."""
    wanted = [cell for cell in cells.all_cells() if sum(cell) <= cells.COMPLETE_COST]
    last = next(cell for cell in cells.all_cells() if sum(cell) > cells.COMPLETE_COST)
    monkeypatch.setattr(search, "all_cells", lambda: [*wanted, last])
    sent = SENT["get"]
    found = explained(replace(sent, write=lambda digest: "0" * 64), sent)
    assert found.complete
    assert found.tried > 500_000
    assert "that the time limit allowed" not in str(found)


def test_the_time_limit_holds_and_is_told() -> None:
    body = json.dumps({"a": "x" * 2_000_000})
    found = woox_fast.explain(SECRET, "0" * 64, NOW, "POST", "/v3/trade/order", body, time_limit=0.0)
    assert not found.complete
    assert found.tried < 10
    assert "that the time limit allowed" in str(found)


@pytest.mark.parametrize(
    "signature", ["", "x", "é" * 64, "b'", "b'\\x'", "'" * 64, "%", "A" * 10**6, "\0" * 64, "=" * 44]
)
def test_what_is_no_signature_is_explained_by_nothing(signature: str) -> None:
    assert not woox_fast.explain(SECRET, signature, NOW, "GET", "/v3/asset/balances", time_limit=0.3).found


@pytest.mark.parametrize(
    "body",
    [
        b"\xff\xfe",
        b"{",
        b"[" * 100_000,
        b'{"a":' * 5000,
        b"{}",
        b"[]",
        b'{"a":1e999}',
        b"\0",
    ],
)
def test_any_body_is_searched(body: bytes) -> None:
    found = woox_fast.explain(SECRET, "0" * 64, NOW, "POST", "/v3/trade/order", body, time_limit=0.3)
    assert not found.found


@pytest.mark.parametrize(
    ("changes", "error", "words"),
    [
        ({"api_secret": ""}, ValueError, "empty"),
        ({"scheme": "v9"}, ValueError, "scheme must be one of v3, v1, ws"),
        ({"signature": b"00"}, TypeError, "signature must be a str, got bytes"),
        ({"body": {}}, TypeError, "json.dumps"),
    ],
)
def test_what_cannot_be_searched(changes: dict[str, Any], error: type[Exception], words: str) -> None:
    given = {"api_secret": SECRET, "signature": "0" * 64, "timestamp": NOW, "method": "GET", "path": "/v3/x", **changes}
    with pytest.raises(error, match=words):
        woox_fast.explain(**given)


def test_every_sentence_names_a_mend() -> None:
    for mistake in _explain.all_mistakes():
        assert len(re.findall(r"[.?](?: |$)", mistake.sentence.replace("{rule}", "Rule."))) >= 1, mistake
