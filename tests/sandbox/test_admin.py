"""Test the admin API: its routes, and which senders it accepts."""

from __future__ import annotations

import json
import socket
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, Clock, ask, data, place

from woox_fast.sandbox import FAULTS, Sandbox


def test_open_orders_are_listed(sandbox: Sandbox, client: Client) -> None:
    url = sandbox.url + "/sandbox/orders"
    empty = {"open": 0, "orders": [], "clientOrderIds": {}}
    assert data(url) == {**empty, "openAlgo": 0, "algoOrders": [], "clientAlgoOrderIds": {}}
    first = place(client, clientOrderId=7)
    second = place(client)
    third = place(client, clientOrderId="8", price="61000")
    assert client.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": 7}) == "DUPLICATE_REQUEST"
    refused = {**LIMIT_ORDER, "clientOrderId": 9, "price": "0.001"}
    assert client.refusal("POST", "/v3/trade/order", refused) == "PRICE_FILTER"
    held = data(url)
    assert (held["open"], held["clientOrderIds"]) == (3, {"7": 2, "8": 1, "9": 1})
    rows = [(row["orderId"], row["clientOrderId"], row["price"]) for row in held["orders"]]
    assert rows == [(first, 7, "60000"), (second, 0, "60000"), (third, 8, "61000")]
    assert held["orders"][0] == client.data("GET", f"/v3/trade/order?orderId={first}")
    assert sandbox.orders() == held
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={first}")
    again = place(client, clientOrderId=7)
    held = data(url + "?limit=2")
    assert (held["open"], held["clientOrderIds"]["7"]) == (3, 3)
    assert [row["orderId"] for row in held["orders"]] == [third, again]
    assert data(url + "?limit=0")["orders"] == []
    for query in ("limit=-1", "limit=x", "limit=", "most=5", "limit=1&limit=2", "&"):
        assert ask(f"{url}?{query}")[0] == 400
    assert sandbox.seen == 8


def test_forged_orders_do_not_arrive(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps({**LIMIT_ORDER, "clientOrderId": 7}).encode()
    signed = client.sign("POST", b"/v3/trade/order", body + b" ")
    client.verdict(*client.request("POST", b"/v3/trade/order", signed, body))
    assert sandbox.orders()["clientOrderIds"] == {}


def test_arrival_counts_are_bounded(sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from woox_fast.sandbox import orders

    monkeypatch.setattr(orders, "MAX_OPEN_ORDERS", 3)
    for number in (1, 2, 3, 1, 4):
        client.call("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": number})
    assert sandbox.orders()["clientOrderIds"] == {"2": 1, "3": 1, "4": 1}


def test_faults_over_http(sandbox: Sandbox, client: Client) -> None:
    url = sandbox.url + "/sandbox/faults"
    listed = data(url)
    assert listed["rules"] == []
    assert [one["fault"] for one in listed["faults"]] == list(FAULTS)
    delay = FAULTS["delay"]
    texts = {"usage": delay.usage, "sentence": delay.sentence, "example": delay.example}
    assert listed["faults"][0] == {"fault": "delay", **texts}
    assert data(url, "POST", {"rule": " rate-limit  every 2 "}) == {"number": 1, "rule": "rate-limit every 2"}
    assert data(url, "POST", {"rule": "html id 5"})["number"] == 2
    place(client)
    assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "TOO_MANY_REQUEST"
    assert data(url)["rules"] == [
        {"number": 1, "fault": "rate-limit", "rule": "rate-limit every 2", "uses": 1, "spent": False},
        {"number": 2, "fault": "html", "rule": "html id 5", "uses": 0, "spent": False},
    ]
    assert [row["number"] for row in data(url + "?number=1", "DELETE")["rules"]] == [2]
    for number in (1, 10**19 - 1):
        words = f"There is no fault {number}."
        assert ask(f"{url}?number={number}", "DELETE") == (404, {"success": False, "message": words})
    assert ask(f"{url}?number={10**19}", "DELETE")[0] == 400
    assert data(url, "DELETE") == {"rules": []}
    assert data(sandbox.url + "/sandbox/stats")["faults"] == {"rate-limit": 1}


HINT = 'Send {"rule": "reset-after first 1"}.'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({"rule": "explode"}, "there is no fault 'explode'; the faults are delay"),
        ({"rule": 5}, "a fault must be a str"),
        ([], HINT),
        (b"{", HINT),
        (b"[" * 100_000, HINT),
        (b" " * 1_100_000, HINT),
    ],
    ids=lambda value: str(value)[:20],
)
def test_invalid_rules_are_refused(sandbox: Sandbox, body: Any, words: str) -> None:
    status, response = ask(sandbox.url + "/sandbox/faults", "POST", body)
    assert (status, response["success"]) == (400, False)
    assert words in response["message"]
    assert not list(sandbox.faults)


def test_faults_exclude_admin_api(sandbox: Sandbox) -> None:
    sandbox.faults.add("reset")
    assert data(sandbox.url + "/sandbox/stats")["requests"] == 0


def test_unknown_paths_are_refused(sandbox: Sandbox) -> None:
    for method, path in (("GET", "/sandbox/"), ("GET", "/sandbox/nope"), ("PUT", "/sandbox/faults")):
        status, response = ask(sandbox.url + path, method)
        assert status == 404
        assert "The admin API has GET /, GET /sandbox/page.css" in response["message"]


def test_algo_orders_are_listed(sandbox: Sandbox, client: Client) -> None:
    stop = {**STOP_ORDER, "clientAlgoOrderId": 5}
    placed = client.data("POST", "/v3/trade/algoOrder", stop)["rows"][0]["algoOrderId"]
    assert client.refusal("POST", "/v3/trade/algoOrder", stop) == "DUPLICATE_REQUEST"
    listed = data(sandbox.url + "/sandbox/orders")
    assert (listed["openAlgo"], listed["clientAlgoOrderIds"]) == (1, {"5": 2})
    assert [row["algoOrderId"] for row in listed["algoOrders"]] == [placed]


def test_prices_can_be_set(sandbox: Sandbox, client: Client) -> None:
    url = sandbox.url + "/sandbox/prices"
    place(client)
    given = {"symbol": "SPOT_BTC_USDT", "bid": "59990.5", "ask": "59991", "quantity": "0.01"}
    quote = {"symbol": "SPOT_BTC_USDT", "bid": "59990.5", "ask": "59991"}
    assert data(url, "POST", given) == quote
    assert data(url)["prices"][0] == {**quote, "buyQuantity": "0", "sellQuantity": "0.01"}
    account = data(sandbox.url + "/sandbox/account")
    assert (account["orders"], account["addsUp"]) == ({"placed": 1, "open": 0, "filled": 1, "cancelled": 0}, True)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"symbol": "SPOT_BTC_USDT"},
        {"symbol": "SPOT_BTC_USDT", "price": "0"},
        {"symbol": "SPOT_BTC_USDT", "price": 1.5},
        {"symbol": "SPOT_BTC_USDT", "bid": "1"},
        {"symbol": "SPOT_BTC_USDT", "bid": "2", "ask": "1"},
        {"symbol": "SPOT_BTC_USDT", "price": "1", "depth": "1"},
        {"symbol": ["SPOT_BTC_USDT"], "price": "1"},
        {"symbol": "SPOT_DOGE_USDT", "price": "1"},
        [],
    ],
    ids=str,
)
def test_invalid_prices_are_refused(sandbox: Sandbox, body: Any) -> None:
    status, response = ask(sandbox.url + "/sandbox/prices", "POST", body)
    assert (status, response["success"]) == (400, False)
    assert sandbox.exchange.quotes["SPOT_BTC_USDT"].bid == 100_000


# senders


def test_other_machines_are_refused(clock: Clock) -> None:
    """The peer's address decides; the Host header is irrelevant."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:  # sends no packet
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no other address")
        address = probe.getsockname()[0]
    with Sandbox(host="0.0.0.0", clock=clock) as url:  # noqa: S104
        other = f"http://{address}:{url.rpartition(':')[2]}"
        for path in ("/", "/sandbox/stats", "/sandbox/page.js"):
            assert ask(f"{other}{path}", Host="127.0.0.1")[0] == 403
        assert ask(f"{other}/v3/public/systemInfo")[0] == 200


FOREIGN = ["evil.example", "127.0.0.1.evil.example", "evil.example@127.0.0.1", "127.0.0.1#evil.example"]


@pytest.mark.parametrize("host", [*FOREIGN, "0.0.0.0", "[::ffff:127.0.0.1]", "[bad", ""])  # noqa: S104
def test_foreign_hosts_are_refused(sandbox: Sandbox, client: Client, host: str) -> None:
    """DNS rebinding sends the attacker's name as Host."""
    client.request("GET", b"/v3/public/systemInfo", {})
    for path in ("/", "/sandbox/stats", "/sandbox/requests?number=1"):
        status, response = ask(sandbox.url + path, Host=host)
        assert (status, response.keys()) == (403, {"success", "message"})
        assert "The Host must be this machine" in response["message"]


@pytest.mark.parametrize("host", ["127.0.0.1", "127.0.0.1:8080", "LOCALHOST:99", "[::1]:8080"])
def test_own_hosts_are_served(sandbox: Sandbox, host: str) -> None:
    assert ask(f"{sandbox.url}/sandbox/stats", Host=host)[0] == 200


@pytest.mark.parametrize(
    ("host", "origin", "status"),
    [
        ("127.0.0.1:80", "http://127.0.0.1:80", 200),
        ("localhost", "http://localhost", 200),
        ("127.0.0.1:80", "http://127.0.0.1:81", 403),
        ("127.0.0.1:80", "https://127.0.0.1:80", 403),
        ("127.0.0.1:80", "http://evil.example", 403),
        ("127.0.0.1:80", "null", 403),
        ("evil.example", "http://evil.example", 403),
    ],
)
def test_foreign_origins_are_refused(sandbox: Sandbox, client: Client, host: str, origin: str, status: int) -> None:
    sent = {"Host": host, "Origin": origin}
    assert ask(f"{sandbox.url}/sandbox/faults", "POST", {"rule": "html id 5"}, **sent)[0] == status
    assert len(sandbox.faults) == (status == 200)
    assert ask(f"{sandbox.url}/sandbox/faults", "DELETE", **sent)[0] == status
    body = json.dumps(LIMIT_ORDER).encode()
    signed = client.sign("POST", b"/v3/trade/order", body)
    assert ask(f"{sandbox.url}/v3/trade/order", "POST", body, **sent, **signed)[0] == status
    assert sandbox.orders()["open"] == (status == 200)


def test_forms_are_refused(sandbox: Sandbox) -> None:
    """A browser sends a form without a preflight request, but never as application/json."""
    for content_type in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", ""):
        sent = {"Content-Type": content_type}
        assert ask(f"{sandbox.url}/sandbox/faults", "POST", {"rule": "html"}, **sent)[0] == 415
    assert not list(sandbox.faults)
