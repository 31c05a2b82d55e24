"""The embedded exchange, over raw sockets: what it verifies, what it answers, and what it survives."""

from __future__ import annotations

import ast
import asyncio
import gzip
import hashlib
import hmac
import json
import logging
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import woox_fast.sandbox
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, ERRORS, ApiError, RequestRecord, Sandbox
from woox_fast.sandbox import exchange as exchange_module
from woox_fast.sandbox import orders as orders_module
from woox_fast.sandbox.endpoints import ENDPOINTS
from woox_fast.sandbox.exchange import Exchange
from woox_fast.sandbox.params import check_params, parse_body

LIMIT_ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000", "quantity": "0.01"}
STOP_ORDER = {**LIMIT_ORDER, "algoType": "STOP", "triggerPrice": "59000"}


class Clock:
    """A clock in the test's hands: Unix epoch seconds."""

    def __init__(self, now: float = 1_795_000_000.0) -> None:
        self.now = now

    def __call__(self) -> float:
        return self.now


class Client:
    """One connection on which every byte is under control; it signs with the standard library's hmac."""

    def __init__(self, sandbox: Sandbox, clock: Clock) -> None:
        self.sandbox = sandbox
        self.clock = clock
        host, port = sandbox.url.removeprefix("http://").split(":")
        self.socket = socket.create_connection((host, int(port)), timeout=10)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def reply(self) -> tuple[int, dict[str, Any]]:
        """Read one reply: HTTP status and JSON body."""
        status = int(self._reader.readline().split()[1])
        headers = dict(line.decode().lower().rstrip().split(": ", 1) for line in iter(self._reader.readline, b"\r\n"))
        assert headers["content-type"] == "application/json"
        return status, json.loads(self._reader.read(int(headers["content-length"])))

    def closed_by_server(self) -> bool:
        """Wait for the next byte: there is none if the server closed the connection."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def sign(self, method: str, target: bytes, body: bytes = b"", timestamp: str = "") -> dict[str, str]:
        timestamp = timestamp or str(int(self.clock() * 1000))
        message = timestamp.encode() + method.encode() + target + body
        signature = hmac.new(DEMO_API_SECRET.encode(), message, hashlib.sha256).hexdigest()
        headers = {"x-api-key": DEMO_API_KEY, "x-api-timestamp": timestamp, "x-api-signature": signature}
        if method in ("POST", "PUT"):
            headers["Content-Type"] = "application/json"
        return headers

    def request(
        self, method: str, target: bytes, headers: dict[str, str], body: bytes = b""
    ) -> tuple[int, dict[str, Any]]:
        if body and "Transfer-Encoding" not in headers:
            headers = {**headers, "Content-Length": str(len(body))}
        head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        self.send(method.encode() + b" " + target + b" HTTP/1.1\r\nHost: h\r\n" + head.encode() + b"\r\n" + body)
        return self.reply()

    def call(self, method: str, target: str, body: Any = None) -> tuple[int, dict[str, Any]]:
        """A signed request; `body` is bytes, or an object to write as JSON."""
        data = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        return self.request(method, target.encode(), self.sign(method, target.encode(), data), data)

    def data(self, method: str, target: str, body: Any = None) -> Any:
        """The data of the reply to a signed request that must be accepted."""
        status, reply = self.call(method, target, body)
        assert (status, reply["success"]) == (200, True), reply
        assert reply["timestamp"] == int(self.clock() * 1000)
        return reply["data"]

    def refusal(self, method: str, target: str, body: Any = None) -> str:
        """The verdict on a signed request that must be refused."""
        return self.verdict(*self.call(method, target, body))

    def verdict(self, status: int, reply: dict[str, Any]) -> str:
        """The verdict that the exchange recorded; checks that the reply carries its envelope and status."""
        record = self.sandbox.requests[-1]
        refusal = ERRORS[record.verdict]
        assert reply.keys() == {"success", "code", "message"}
        assert (reply["success"], reply["code"], status) == (False, refusal.code, refusal.status)
        assert reply["message"].startswith(refusal.message)
        assert (record.status, record.code) == (status, reply["code"])
        return record.verdict


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    sandbox = Sandbox(clock=clock, timeout=0.5)
    with sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox, clock: Clock) -> Iterator[Client]:
    with Client(sandbox, clock) as client:
        yield client


def place(client: Client, **changes: Any) -> int:
    return client.data("POST", "/v3/trade/order", {**LIMIT_ORDER, **changes})["orderId"]


def open_ids(client: Client, query: str = "") -> list[int]:
    rows = client.data("GET", f"/v3/trade/orders?status=INCOMPLETE&size=500{query}")["rows"]
    return [row["orderId"] for row in rows]


# -- what is verified -------------------------------------------------------------------------------------------------


def test_the_guides_example_is_verified_and_the_signature_it_prints_is_not() -> None:
    """The guide prints a V1 signature under its V3 examples; the true one was published by others."""
    clock = Clock(1578565539.808)
    sandbox = Sandbox("AbmyVJGUpN064ks5ELjLfA==", "QHKRXHPAW1MC9YGZMAT8YDJG2HPR", clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        for signature, status in (
            ("fddab579aff8c193f920c2d4f0cda6a21a60f06fd9c3916541ecc4f6461f5977", 200),
            ("20da0852f73b20da0208c7e627975a59ff072379883d8457d03104651032033d", 401),
        ):
            headers = {
                "x-api-key": "AbmyVJGUpN064ks5ELjLfA==",
                "x-api-signature": signature,
                "x-api-timestamp": "1578565539808",
                "Content-Type": "application/x-www-form-urlencoded",
            }
            assert client.request("GET", b"/v3/algo/orders?algoType=STOP", headers)[0] == status
        body = (
            b'{"symbol": "PERP_BTC_USDT", "side": "BUY", "reduceOnly": false, "type": "MARKET", "quantity": "1", '
            b'"algoType": "TRAILING_STOP", "callbackRate": "0.012"}'
        )
        assert client.data("POST", "/v3/algo/order", body)["rows"][0]["algoType"] == "TRAILING_STOP"
    assert sandbox.verified == 2


@pytest.mark.parametrize(
    "target",
    [
        b"/v3/trade/orders?orderTag=a[1]",
        b"/v3/trade/orders?orderTag=a%5B1%5D",
        b"/v3/trade/orders?orderTag=a%5b1%5d",
        b"/v3/trade/orders?orderTag=a,b%2Cc%2cd",
        b"/v3/trade/orders?orderTag=a+b%20c%2B",
        b"/v3/trade/orders?orderTag=%E2%82%AC%7E~",
        b"/v3/trade/orders?orderTag=a/b:c@d!$'()*;\"<>\\^`{|}",
        b"/v3/trade/orders?size=5&orderTag=b&orderTag=a",
        b"/v3/trade/orders?orderTag=a#b",
        b"/v3/trade/orders?orderTag=%zz%",
        b"/v3/trade/orders?orderTag=",
        b"/v3/trade/orders?",
        b"/v3/trade/orders",
    ],
)
def test_the_target_is_verified_byte_for_byte(sandbox: Sandbox, client: Client, target: bytes) -> None:
    client.request("GET", target, client.sign("GET", target))
    assert sandbox.verified == 1
    assert sandbox.requests[-1].target == target.decode()
    # One byte more than was signed, or the same name spelt differently, is another request.
    for other in (target + b"&", target.replace(b"orders", b"order%73") + b"?"):
        client.request("GET", target, client.sign("GET", other))
        assert sandbox.verified == 1
        assert sandbox.requests[-1].verdict == "INVALID_SIGNATURE"


def test_an_absolute_target_is_verified_by_its_path(sandbox: Sandbox, client: Client) -> None:
    for absolute, signed in (
        (b"http://api.woox.io/v3/asset/balances?token=%57OO", b"/v3/asset/balances?token=%57OO"),
        (b"HTTP://user@[::1]:8080/v3/account/info", b"/v3/account/info"),
    ):
        status, _ = client.request("GET", absolute, client.sign("GET", signed))
        assert status == 200
        status, _ = client.request("GET", absolute, client.sign("GET", absolute))
        assert status == 401
    assert sandbox.verified == 2
    # A path may be absent: then it is "/", which leads nowhere.
    assert client.verdict(*client.request("GET", b"http://h?a=http://b/v3/account/info", {})) == "NO_SUCH_ENDPOINT"


@pytest.mark.parametrize(
    "body",
    [
        json.dumps(LIMIT_ORDER).encode(),
        json.dumps(LIMIT_ORDER, separators=(",", ":")).encode(),
        json.dumps(LIMIT_ORDER, indent=4).encode() + b"\r\n",
        json.dumps({**LIMIT_ORDER, "orderTag": "€\u2028\U0001f600"}, ensure_ascii=False).encode(),
        json.dumps({**LIMIT_ORDER, "orderTag": "€\u2028\U0001f600\ud800"}).encode(),
        json.dumps(dict(sorted(LIMIT_ORDER.items(), reverse=True))).encode(),
    ],
    ids=["spaced", "compact", "indented", "utf-8", "escaped", "reordered"],
)
@pytest.mark.parametrize("chunked", [False, True], ids=["whole", "chunked"])
def test_the_body_is_verified_byte_for_byte(sandbox: Sandbox, client: Client, body: bytes, chunked: bool) -> None:
    headers = client.sign("POST", b"/v3/trade/order", body)
    sent = body
    if chunked:
        headers["Transfer-Encoding"] = "chunked"
        sent = b"".join(b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:7], body[7:8], body[8:])) + b"0\r\n\r\n"
    assert client.request("POST", b"/v3/trade/order", headers, sent)[0] == 200
    assert sandbox.verified == 1
    reformatted = json.dumps(json.loads(body), indent=1).encode()
    headers |= client.sign("POST", b"/v3/trade/order", reformatted)
    assert client.verdict(*client.request("POST", b"/v3/trade/order", headers, sent)) == "INVALID_SIGNATURE"
    assert len(sandbox.exchange.orders.open) == 1


def test_a_compressed_body_is_verified_as_it_arrived(sandbox: Sandbox, client: Client) -> None:
    body = gzip.compress(json.dumps(LIMIT_ORDER).encode())
    headers = {**client.sign("POST", b"/v3/trade/order", body), "Content-Encoding": "gzip"}
    assert client.verdict(*client.request("POST", b"/v3/trade/order", headers, body)) == "INVALID_PARAM"
    assert sandbox.verified == 1


@pytest.mark.parametrize("api_secret", ["s", "x" * 64, "x" * 65, "sécret €"])
def test_any_secret_works(clock: Clock, api_secret: str) -> None:
    sandbox = Sandbox("key", api_secret, clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        message = f"{int(clock() * 1000)}GET/v3/account/info"
        headers = {
            "x-api-key": "key",
            "x-api-timestamp": str(int(clock() * 1000)),
            "x-api-signature": hmac.new(api_secret.encode(), message.encode(), "sha256").hexdigest(),
        }
        assert client.request("GET", b"/v3/account/info", headers)[0] == 200


# -- what is refused for its headers ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("headers", "code", "verdict"),
    [
        ({"x-api-key": None}, -1001, "MISSING_HEADER"),
        ({"x-api-timestamp": None}, -1001, "MISSING_HEADER"),
        ({"x-api-signature": None}, -1001, "MISSING_HEADER"),
        ({"x-api-key": "unknown"}, -1002, "UNAUTHORIZED"),
        ({"x-api-key": DEMO_API_KEY.lower()}, -1002, "UNAUTHORIZED"),
        ({"x-api-key": "Schlüssel"}, -1002, "UNAUTHORIZED"),
        ({"x-api-timestamp": "1795000000"}, -1002, "STALE_TIMESTAMP"),
        ({"x-api-timestamp": "17950000000000"}, -1002, "STALE_TIMESTAMP"),
        ({"x-api-timestamp": "+179500000000"}, -1002, "STALE_TIMESTAMP"),
        ({"x-api-timestamp": "1795000000.00"}, -1002, "STALE_TIMESTAMP"),
        ({"x-api-timestamp": "١٧٩٥٠٠٠٠٠٠٠٠٠"}, -1002, "STALE_TIMESTAMP"),
        ({"x-api-signature": "0" * 64}, -1001, "INVALID_SIGNATURE"),
        ({"x-api-signature": "0" * 63}, -1001, "INVALID_SIGNATURE"),
        ({"x-api-signature": ""}, -1001, "INVALID_SIGNATURE"),
        ({"x-api-signature": "é" * 64}, -1001, "INVALID_SIGNATURE"),
    ],
)
def test_refused_headers(
    sandbox: Sandbox, client: Client, headers: dict[str, str | None], code: int, verdict: str
) -> None:
    signed = client.sign("GET", b"/v3/account/info")
    changed = {name: value for name, value in {**signed, **headers}.items() if value is not None}
    status, reply = client.request("GET", b"/v3/account/info", changed)
    assert client.verdict(status, reply) == verdict
    assert (status, reply["code"]) == (401, code)
    assert (sandbox.verified, sandbox.refused, sandbox.accepted) == (0, 1, 0)
    assert client.request("GET", b"/v3/account/info", signed)[0] == 200  # on the same connection


@pytest.mark.parametrize(
    ("age_ms", "status"), [(0, 200), (300_000, 200), (-300_000, 200), (300_001, 401), (-300_001, 401)]
)
def test_the_timestamp_may_be_300_seconds_off(sandbox: Sandbox, client: Client, age_ms: int, status: int) -> None:
    headers = client.sign("GET", b"/v3/account/info", timestamp=str(1_795_000_000_000 - age_ms))
    assert client.request("GET", b"/v3/account/info", headers)[0] == status
    assert sandbox.verified == (status == 200)


def test_a_signature_is_good_for_its_own_request_only(client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    good = client.sign("POST", b"/v3/trade/order", body)
    assert client.request("POST", b"/v3/trade/order", good, body)[0] == 200
    upper = {**good, "x-api-signature": good["x-api-signature"].upper()}  # the guide prints lower-case hex
    for method, target, headers, sent in (
        ("PUT", b"/v3/trade/order", good, body),
        ("POST", b"/v3/trade/algoOrder", good, body),
        ("POST", b"/v3/trade/order?a=b", good, body),
        ("POST", b"/v3/trade/order", good, body + b" "),
        ("POST", b"/v3/trade/order", good, b""),
        ("POST", b"/v3/trade/order", {**good, "x-api-timestamp": "1795000000001"}, body),
        ("POST", b"/v3/trade/order", upper, body),
    ):
        assert client.verdict(*client.request(method, target, headers, sent)) == "INVALID_SIGNATURE"


def test_public_endpoints_need_no_signature_and_private_ones_do(sandbox: Sandbox, client: Client) -> None:
    for (method, path), endpoint in ENDPOINTS.items():
        status, reply = client.request(method, path.encode(), {})
        if endpoint.private:
            assert client.verdict(status, reply) == "MISSING_HEADER"
        else:
            assert (status, reply["success"]) == (200, True)
    assert sandbox.verified == 0
    assert sandbox.accepted == 4


def test_a_path_that_does_not_exist(client: Client) -> None:
    for method, path in (
        ("GET", "/"),
        ("GET", "/v3/nope"),
        ("GET", "//v3/account/info"),
        ("GET", "/v3/../v3/account/info"),
        ("GET", "/v3/account/%69nfo"),
        ("PATCH", "/v3/trade/order"),
        ("POST", "/v3/trade/orders"),
        ("OPTIONS", "/v3/trade/order"),
    ):
        assert client.refusal(method, path) == "NO_SUCH_ENDPOINT"


# -- orders -----------------------------------------------------------------------------------------------------------


def test_place_get_edit_cancel(client: Client, clock: Clock) -> None:
    order = {**LIMIT_ORDER, "clientOrderId": "1954766344355779056", "orderTag": "x" * 64, "broker_id": "b"}
    placed = client.data("POST", "/v3/trade/order", order)
    assert placed == {
        "orderId": placed["orderId"],
        "clientOrderId": 1954766344355779056,
        "type": "LIMIT",
        "price": "60000",
        "quantity": "0.01",
        "amount": None,
        "bidAskLevel": None,
    }
    by_id = f"orderId={placed['orderId']}"
    by_client_id = "clientOrderId=1954766344355779056"
    row = client.data("GET", f"/v3/trade/order?{by_id}")
    assert row == client.data("GET", f"/v3/trade/order?{by_client_id}")
    assert (row["status"], row["createdTime"], row["executed"], row["orderTag"]) == (
        "NEW",
        1_795_000_000_000,
        "0",
        "x" * 64,
    )
    assert "realizedPnl" not in row
    assert client.data("GET", f"/v3/trade/order?{by_id}&withRealizedPnl=true") == {**row, "realizedPnl": None}

    edit = {"orderId": placed["orderId"], "clientOrderId": 5, "price": "60000.01"}  # the order id wins
    assert client.data("PUT", "/v3/trade/order", edit) == {"status": "EDIT_SENT"}
    edit = {"clientOrderId": 1954766344355779056, "quantity": "0.02"}
    assert client.data("PUT", "/v3/trade/order", edit) == {"status": "EDIT_SENT"}
    edited = client.data("GET", f"/v3/trade/order?{by_id}")
    assert edited == {**row, "price": "60000.01", "quantity": "0.02", "visible": "0.02"}

    other_symbol = f"/v3/trade/order?symbol=SPOT_ETH_USDT&{by_id}"
    assert client.refusal("DELETE", other_symbol) == "RESOURCE_NOT_FOUND"
    assert client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&{by_id}") == {"status": "CANCEL_SENT"}
    assert client.refusal("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&{by_id}") == "RESOURCE_NOT_FOUND"
    assert client.refusal("PUT", "/v3/trade/order", edit) == "RESOURCE_NOT_FOUND"
    assert client.data("GET", f"/v3/trade/order?{by_id}") == {**edited, "status": "CANCELLED"}


def test_client_order_ids_are_unique_among_open_orders(client: Client) -> None:
    first = place(client, clientOrderId=7)
    assert client.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": 7}) == "DUPLICATE_REQUEST"
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={first}")
    second = place(client, clientOrderId=7)
    assert client.data("GET", "/v3/trade/order?clientOrderId=7")["orderId"] == second
    assert len({place(client, clientOrderId=0), place(client, clientOrderId=0), place(client)}) == 3  # 0 is none
    place(client, clientOrderId=2**63 - 1)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"symbol": None}, "INVALID_PARAM"),
        ({"symbol": "SPOT_DOGE_USDT"}, "INVALID_PARAM"),
        ({"symbol": "spot_btc_usdt"}, "INVALID_PARAM"),
        ({"symbol": ["SPOT_BTC_USDT"]}, "INVALID_PARAM"),
        ({"side": None}, "INVALID_PARAM"),
        ({"side": "buy"}, "INVALID_PARAM"),
        ({"type": None}, "INVALID_PARAM"),
        ({"type": "STOP"}, "INVALID_PARAM"),
        ({"price": None}, "INVALID_PARAM"),
        ({"price": None, "type": "POST_ONLY"}, "INVALID_PARAM"),
        ({"price": 60000}, "INVALID_PARAM"),
        ({"price": 6e4}, "INVALID_PARAM"),
        ({"price": ""}, "INVALID_PARAM"),
        ({"price": "0"}, "INVALID_PARAM"),
        ({"price": "0.00"}, "INVALID_PARAM"),
        ({"price": "-1"}, "INVALID_PARAM"),
        ({"price": "6e4"}, "INVALID_PARAM"),
        ({"price": "NaN"}, "INVALID_PARAM"),
        ({"price": "60_000"}, "INVALID_PARAM"),
        ({"price": " 60000"}, "INVALID_PARAM"),
        ({"price": "60000\n"}, "INVALID_PARAM"),
        ({"price": "٦٠٠٠٠"}, "INVALID_PARAM"),
        ({"price": "9" * 5000}, "INVALID_PARAM"),
        ({"quantity": None}, "INVALID_PARAM"),
        ({"amount": "100"}, "INVALID_PARAM"),  # besides quantity
        ({"quantity": None, "amount": "0"}, "INVALID_PARAM"),
        ({"clientOrderId": -1}, "INVALID_PARAM"),
        ({"clientOrderId": 2**63}, "INVALID_PARAM"),
        ({"clientOrderId": 1.0}, "INVALID_PARAM"),
        ({"clientOrderId": True}, "INVALID_PARAM"),
        ({"clientOrderId": "abc"}, "INVALID_PARAM"),
        ({"orderTag": "x" * 65}, "INVALID_PARAM"),
        ({"orderTag": 5}, "INVALID_PARAM"),
        ({"reduceOnly": "True"}, "INVALID_PARAM"),
        ({"reduceOnly": 1}, "INVALID_PARAM"),
        ({"positionSide": "SIDEWAYS"}, "INVALID_PARAM"),
        ({"marginMode": {}}, "INVALID_PARAM"),
        ({"bidAskLevel": 6}, "INVALID_PARAM"),
        ({"order_price": "60000"}, "UNKNOWN_PARAM"),
        ({"clientOrderID": 1}, "UNKNOWN_PARAM"),
        ({"price": "60000.001"}, "PRICE_FILTER"),
        ({"price": "1000000.01"}, "PRICE_FILTER"),
        ({"quantity": "0.000001"}, "SIZE_FILTER"),
        ({"quantity": "100.00001"}, "SIZE_FILTER"),
        ({"price": "0.01"}, "MIN_NOTIONAL"),
        ({"type": "MARKET", "quantity": None, "amount": "0.99"}, "MIN_NOTIONAL"),
    ],
)
def test_orders_that_are_refused(sandbox: Sandbox, client: Client, changes: dict[str, Any], verdict: str) -> None:
    assert client.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, **changes}) == verdict
    assert sandbox.verified == 1  # it was signed rightly all the same
    assert not sandbox.exchange.orders.open
    assert place(client) in sandbox.exchange.orders.open


@pytest.mark.parametrize(
    ("order", "price"),
    [
        ({**LIMIT_ORDER, "type": "MARKET"}, None),  # a price is ignored
        ({"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "MARKET", "amount": "1500.25"}, None),
        ({"symbol": "PERP_BTC_USDT", "side": "SELL", "type": "ASK", "quantity": "1", "bidAskLevel": 3}, None),
        ({**LIMIT_ORDER, "symbol": "PERP_BTC_USDT", "positionSide": "LONG", "marginMode": "ISOLATED"}, "60000"),
        ({**LIMIT_ORDER, "type": "IOC", "reduceOnly": True, "visibleQuantity": "0"}, "60000"),
        ({**LIMIT_ORDER, "price": "0060000.00", "amount": None}, "0060000.00"),
    ],
)
def test_orders_that_are_accepted(client: Client, order: dict[str, Any], price: str | None) -> None:
    placed = client.data("POST", "/v3/trade/order", order)
    row = client.data("GET", f"/v3/trade/order?orderId={placed['orderId']}")
    assert (row["symbol"], row["side"], row["type"], row["price"]) == (
        order["symbol"],
        order["side"],
        order["type"],
        price,
    )
    assert (row["quantity"], row["amount"]) == (order.get("quantity"), order.get("amount"))
    assert (row["reduceOnly"], row["positionSide"]) == (
        order.get("reduceOnly", False),
        order.get("positionSide", "BOTH"),
    )


@pytest.mark.parametrize(
    ("edit", "verdict"),
    [
        ({"price": "1"}, "INVALID_PARAM"),
        ({"orderId": 60_000_000_001}, "INVALID_PARAM"),
        ({"orderId": 1, "price": "1"}, "RESOURCE_NOT_FOUND"),
        ({"clientOrderId": 9, "price": "1"}, "RESOURCE_NOT_FOUND"),
        ({"orderId": 60_000_000_001, "price": "0.001"}, "PRICE_FILTER"),
        ({"orderId": 60_000_000_001, "quantity": "0.00001"}, "MIN_NOTIONAL"),
        ({"orderId": 60_000_000_001, "amount": "50"}, "UNKNOWN_PARAM"),
        ({"orderId": 60_000_000_002, "quantity": "0.01"}, "INVALID_PARAM"),
    ],
)
def test_edits_that_are_refused(client: Client, edit: dict[str, Any], verdict: str) -> None:
    first = place(client, price="60000", quantity="0.0001")
    second = place(client, type="MARKET", price=None, quantity=None, amount="100")
    assert [first, second] == [60_000_000_001, 60_000_000_002]
    before = client.data("GET", f"/v3/trade/order?orderId={first}")
    assert client.refusal("PUT", "/v3/trade/order", edit) == verdict
    assert client.data("GET", f"/v3/trade/order?orderId={first}") == before


def test_lists_are_filtered_and_paged_newest_first(client: Client, clock: Clock) -> None:
    ids = []
    for number in range(6):
        ids.append(
            place(
                client,
                symbol=("SPOT_BTC_USDT", "SPOT_ETH_USDT")[number % 2],
                side=("BUY", "SELL")[number // 3],
                orderTag=f"tag{number}",
            )
        )
        clock.now += 1
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={ids[2]}")

    def listed(query: str) -> list[int]:
        page = client.data("GET", f"/v3/trade/orders?{query}")
        assert page["meta"]["total"] >= len(page["rows"])
        return [ids.index(row["orderId"]) for row in page["rows"]]

    assert listed("") == [5, 4, 3, 2, 1, 0]
    assert listed("status=INCOMPLETE") == listed("status=NEW") == [5, 4, 3, 1, 0]
    assert listed("status=COMPLETED") == listed("status=CANCELLED") == [2]
    assert listed("status=FILLED") == listed("status=PARTIAL_FILLED") == []
    assert listed("symbol=SPOT_ETH_USDT") == [5, 3, 1]
    assert listed("side=SELL&symbol=SPOT_BTC_USDT") == [4]
    assert listed("orderTag=tag3") == [3]
    assert listed("type=MARKET") == []
    assert listed("startTime=1795000001000&endTime=1795000003000") == [3, 2, 1]
    assert listed("size=4") == [5, 4, 3, 2]
    assert listed("size=4&page=2") == [1, 0]
    assert listed("size=4&page=3") == []
    meta = client.data("GET", "/v3/trade/orders?size=4&page=2&status=NEW")["meta"]
    assert meta == {"total": 5, "recordsPerPage": 4, "currentPage": 2}
    for query in ("size=0", "size=501", "page=0", "status=OPEN", "startTime=x", "limit=5", "side=BUY&side=SELL", "&&"):
        assert client.refusal("GET", f"/v3/trade/orders?{query}") in ("INVALID_PARAM", "UNKNOWN_PARAM")


def test_cancel_by_symbol_and_cancel_all(client: Client) -> None:
    def fill() -> tuple[int, int, int]:
        btc, eth = place(client), place(client, symbol="SPOT_ETH_USDT")
        return btc, eth, client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)["rows"][0]["algoOrderId"]

    def open_algo_ids() -> list[int]:
        rows = client.data("GET", "/v3/trade/algoOrders?status=INCOMPLETE")["rows"]
        return [row["algoOrderId"] for row in rows]

    sent = {"status": "CANCEL_ALL_SENT"}
    _btc, eth, algo = fill()
    assert client.data("DELETE", "/v3/trade/orders?symbol=SPOT_BTC_USDT") == sent
    assert (open_ids(client), open_algo_ids()) == ([eth], [algo])
    assert client.data("DELETE", "/v3/trade/orders") == sent
    assert (open_ids(client), open_algo_ids()) == ([], [algo])
    assert client.data("DELETE", "/v3/trade/allOrders?symbol=SPOT_ETH_USDT") == sent
    assert open_algo_ids() == [algo]
    _btc, eth, _algo = fill()
    assert client.data("DELETE", "/v3/trade/allOrders?symbol=SPOT_BTC_USDT") == sent
    assert (open_ids(client), open_algo_ids()) == ([eth], [])
    fill()
    assert client.data("DELETE", "/v3/trade/allOrders") == sent
    assert (open_ids(client), open_algo_ids()) == ([], [])
    assert client.data("DELETE", "/v3/trade/orders") == sent  # nothing to cancel is no error


def test_older_paths_with_the_id_at_their_end(client: Client) -> None:
    order = place(client, clientOrderId=5)
    assert client.data("PUT", f"/v3/order/{order}", {"price": "60001"}) == {"status": "EDIT_SENT"}
    assert client.data("PUT", "/v3/order/client/5", {"quantity": "0.02"}) == {"status": "EDIT_SENT"}
    row = client.data("GET", f"/v3/trade/order?orderId={order}")
    assert (row["price"], row["quantity"]) == ("60001", "0.02")
    stop = {**STOP_ORDER, "clientAlgoOrderId": 6}
    algo = client.data("POST", "/v3/algo/order", stop)["rows"][0]["algoOrderId"]
    assert client.data("PUT", f"/v3/algo/order/{algo}", {"price": "60001"}) == {"status": "EDIT_SENT"}
    assert client.data("PUT", "/v3/algo/order/client/6", {"quantity": "0.02"}) == {"status": "EDIT_SENT"}
    row = client.data("GET", f"/v3/algo/order/{algo}")
    assert (row["price"], row["quantity"]) == ("60001", "0.02")
    assert client.data("DELETE", f"/v3/algo/order/{algo}") == {"status": "CANCEL_SENT"}
    for bad in ("", "x", "-1", "%31"):
        assert client.refusal("PUT", f"/v3/order/{bad}", {"price": "60001"}) == "INVALID_PARAM"
    assert client.refusal("PUT", "/v3/order", {"price": "60001"}) == "NO_SUCH_ENDPOINT"


def test_algo_orders(client: Client, clock: Clock) -> None:
    tp_sl = {
        "symbol": "PERP_BTC_USDT",
        "algoType": "POSITIONAL_TP_SL",
        "childOrders": [
            {"algoType": "TAKE_PROFIT", "side": "SELL", "type": "CLOSE_POSITION", "triggerPrice": "70000"},
            {"algoType": "STOP_LOSS", "side": "SELL", "type": "CLOSE_POSITION", "triggerPrice": "50000"},
        ],
    }
    bracket = {**LIMIT_ORDER, "symbol": "PERP_BTC_USDT", "algoType": "BRACKET", "clientAlgoOrderId": 3}
    rows = client.data("POST", "/v3/trade/algoOrder", {**bracket, "childOrders": [tp_sl]})["rows"]
    assert [row["algoType"] for row in rows] == ["TAKE_PROFIT", "STOP_LOSS", "POSITIONAL_TP_SL", "BRACKET"]
    take_profit, stop_loss, positional, root = (row["algoOrderId"] for row in rows)
    assert rows[3] == {"algoOrderId": root, "clientAlgoOrderId": 3, "algoType": "BRACKET", "quantity": "0.01"}

    tree = client.data("GET", f"/v3/trade/algoOrder?algoOrderId={root}")
    assert tree == client.data("GET", "/v3/trade/algoOrder?clientAlgoOrderId=3")
    assert (tree["algoStatus"], tree["triggerStatus"], tree["isTriggered"]) == ("NEW", "USELESS", False)
    (child,) = tree["childOrders"]
    assert [leaf["algoOrderId"] for leaf in child["childOrders"]] == [take_profit, stop_loss]
    leaf = client.data("GET", f"/v3/trade/algoOrder?algoOrderId={stop_loss}")
    assert (leaf["rootAlgoOrderId"], leaf["parentAlgoOrderId"], leaf["symbol"]) == (root, positional, "PERP_BTC_USDT")
    assert [row["algoOrderId"] for row in client.data("GET", "/v3/trade/algoOrders")["rows"]] == [root]

    duplicate = {**bracket, "childOrders": [tp_sl]}
    assert client.refusal("POST", "/v3/trade/algoOrder", duplicate) == "DUPLICATE_REQUEST"
    clock.now += 1
    edit = {"clientAlgoOrderId": 3, "price": "61000", "quantity": "0.02", "triggerPrice": "60500"}
    assert client.data("PUT", "/v3/trade/algoOrder", edit) == {"status": "EDIT_SENT"}
    edited = client.data("GET", f"/v3/trade/algoOrder?algoOrderId={root}")
    assert (edited["price"], edited["quantity"], edited["triggerPrice"]) == ("61000", "0.02", "60500")
    assert edited["updatedTime"] == edited["createdTime"] + 1000

    assert client.data("DELETE", f"/v3/trade/algoOrder?algoOrderId={root}") == {"status": "CANCEL_SENT"}
    assert client.refusal("DELETE", f"/v3/trade/algoOrder?algoOrderId={root}") == "RESOURCE_NOT_FOUND"
    assert client.data("GET", f"/v3/trade/algoOrder?algoOrderId={take_profit}")["algoStatus"] == "CANCELLED"
    for query, count in (("status=COMPLETED", 1), ("status=NEW", 0), ("isTriggered=true", 0), ("isTriggered=false", 1)):
        assert client.data("GET", f"/v3/trade/algoOrders?{query}")["meta"]["total"] == count
    for query, count in (("algoType=BRACKET", 1), ("algoType=STOP", 0), ("orderType=LIMIT", 1), ("side=SELL", 0)):
        assert client.data("GET", f"/v3/trade/algoOrders?{query}")["meta"]["total"] == count

    client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "symbol": "PERP_BTC_USDT"})
    assert client.data("DELETE", "/v3/trade/algoOrders?symbol=PERP_BTC_USDT") == {"status": "CANCEL_ALL_SENT"}
    remaining = client.data("GET", "/v3/trade/algoOrders?status=NEW")["rows"]
    assert [row["symbol"] for row in remaining] == ["SPOT_BTC_USDT"]


def nested(order: dict[str, Any], levels: int) -> dict[str, Any]:
    return {**order, "childOrders": [nested(order, levels - 1)]} if levels > 1 else order


@pytest.mark.parametrize(
    "changes",
    [
        {"symbol": None},
        {"algoType": None},
        {"algoType": "ICEBERG"},
        {"side": None},
        {"type": None},
        {"price": None},
        {"quantity": None},
        {"triggerPrice": None},
        {"algoType": "TRAILING_STOP"},
        {"algoType": "TRAILING_STOP", "callbackRate": "0.01", "callbackValue": "5"},
        {"algoType": "BRACKET"},
        {"algoType": "BRACKET", "childOrders": []},
        {"algoType": "BRACKET", "childOrders": {}},
        {"algoType": "BRACKET", "childOrders": ["STOP_LOSS"]},
        {"algoType": "BRACKET", "childOrders": [{"algoType": "STOP_LOSS"}]},
        {"algoType": "BRACKET", "childOrders": [STOP_ORDER] * 11},
        {"algoType": "BRACKET", "childOrders": [nested(STOP_ORDER, 3)]},
    ],
)
def test_algo_orders_that_are_refused(sandbox: Sandbox, client: Client, changes: dict[str, Any]) -> None:
    assert client.refusal("POST", "/v3/trade/algoOrder", {**STOP_ORDER, **changes}) == "INVALID_PARAM"
    assert not sandbox.exchange.algo_orders.open
    assert client.refusal("PUT", "/v3/trade/algoOrder", {"algoOrderId": 1}) == "INVALID_PARAM"


def test_the_dead_mans_switch(client: Client, clock: Clock) -> None:
    place(client)
    client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)

    def after(milliseconds: int) -> int:
        return client.data("POST", "/v3/trade/cancelAllAfter", {"triggerAfter": milliseconds})["expectedTriggerTime"]

    assert after(10_000) == 1_795_000_010_000
    clock.now += 9.999
    assert len(open_ids(client)) == 1
    assert after(10_000) == 1_795_000_019_999  # a later call replaces the earlier one
    clock.now += 5
    assert after(0) == 0  # and 0 takes it back
    clock.now += 60
    assert len(open_ids(client)) == 1
    after(900_000)
    clock.now += 900
    assert open_ids(client) == []
    assert client.data("GET", "/v3/trade/algoOrders?status=NEW")["rows"] == []
    for refused in (-1, 900_001, None, "soon"):
        assert client.refusal("POST", "/v3/trade/cancelAllAfter", {"triggerAfter": refused}) == "INVALID_PARAM"


# -- account and market -----------------------------------------------------------------------------------------------


def test_resting_orders_reserve_balances_and_positions(client: Client) -> None:
    def usdt() -> dict[str, Any]:
        (row,) = client.data("GET", "/v3/asset/balances?token=USDT")["holding"]
        return row

    assert (usdt()["frozen"], usdt()["availableBalance"]) == ("0", "1000000000")
    order = place(client)
    assert (usdt()["holding"], usdt()["frozen"], usdt()["availableBalance"]) == ("1000000000", "600.00", "999999400.00")
    client.data("PUT", "/v3/trade/order", {"orderId": order, "quantity": "0.02"})
    place(client, symbol="SPOT_ETH_USDT", side="SELL", price="3000", quantity="2")
    holdings = {row["token"]: row for row in client.data("GET", "/v3/asset/balances")["holding"]}
    assert holdings["USDT"]["frozen"] == "1200.00"
    assert (holdings["BTC"]["pendingLongQty"], holdings["BTC"]["frozen"]) == ("0.02", "0")
    assert (holdings["ETH"]["pendingShortQty"], holdings["ETH"]["frozen"]) == ("2", "2")
    assert client.data("GET", "/v3/asset/balances?token=DOGE") == {"holding": []}

    assert client.data("GET", "/v3/futures/positions") == {"positions": []}
    place(client, symbol="PERP_BTC_USDT", quantity="0.5")
    place(client, symbol="PERP_BTC_USDT", quantity="0.2", side="SELL")
    place(client, symbol="PERP_ETH_USDT", quantity="3", price="3000")
    position, _ = client.data("GET", "/v3/futures/positions")["positions"]
    assert (position["symbol"], position["pendingLongQty"], position["pendingShortQty"], position["holding"]) == (
        "PERP_BTC_USDT",
        "0.5",
        "0.2",
        "0",
    )
    (only,) = client.data("GET", "/v3/futures/positions?symbol=PERP_ETH_USDT")["positions"]
    assert only["pendingLongQty"] == "3"
    client.data("DELETE", "/v3/trade/orders")
    assert client.data("GET", "/v3/futures/positions") == {"positions": []}
    assert float(usdt()["frozen"]) == 0


def test_account_info(client: Client) -> None:
    info = client.data("GET", "/v3/account/info")
    assert (info["accountMode"], info["positionMode"], info["accountType"]) == ("FUTURES", "ONE_WAY", "Main")


def test_listen_keys(client: Client) -> None:
    first, second = (client.data("POST", "/v3/account/listenKey", {"type": "WEBSOCKET"}) for _ in range(2))
    assert first["authKey"] != second["authKey"]
    assert second["expiredTime"] == 1_795_000_000_000 + 24 * 60 * 60 * 1000
    assert client.refusal("POST", "/v3/account/listenKey", {"type": "FIX"}) == "INVALID_PARAM"
    assert client.refusal("POST", "/v3/account/listenKey", {}) == "INVALID_PARAM"


def test_public_data(client: Client) -> None:
    status, reply = client.request("GET", b"/v3/public/systemInfo", {})
    assert (status, reply["data"]["status"], reply["timestamp"]) == (200, 0, 1_795_000_000_000)
    rows = client.request("GET", b"/v3/public/instruments", {})[1]["data"]["rows"]
    assert {row["symbol"].split("_")[0] for row in rows} == {"SPOT", "PERP"}
    (row,) = client.request("GET", b"/v3/public/instruments?symbol=SPOT_WOO_USDT", {})[1]["data"]["rows"]
    assert (row["baseAsset"], row["quoteAsset"], row["quoteTick"], row["baseTick"]) == ("WOO", "USDT", "0.00001", "0.1")
    status, reply = client.request("GET", b"/v3/public/instruments?symbol=SPOT_DOGE_USDT", {})
    assert client.verdict(status, reply) == "INVALID_PARAM"
    # Every instrument takes an order at its own least price step and size.
    for row in rows:
        quantity = max(float(row["baseMin"]), 2)
        place(client, symbol=row["symbol"], price=row["quoteMax"], quantity=f"{quantity:g}")


# -- rate limits ------------------------------------------------------------------------------------------------------

SAMPLES: dict[tuple[str, str], Any] = {
    ("POST", "/v3/trade/order"): LIMIT_ORDER,
    ("PUT", "/v3/trade/order"): {"orderId": 1, "price": "1"},
    ("DELETE", "/v3/trade/order"): "symbol=SPOT_BTC_USDT&orderId=1",
    ("GET", "/v3/trade/order"): "orderId=1",
    ("POST", "/v3/trade/algoOrder"): STOP_ORDER,
    ("POST", "/v3/algo/order"): STOP_ORDER,
    ("PUT", "/v3/trade/algoOrder"): {"algoOrderId": 1, "price": "1"},
    ("DELETE", "/v3/trade/algoOrder"): "algoOrderId=1",
    ("GET", "/v3/trade/algoOrder"): "algoOrderId=1",
    ("POST", "/v3/trade/cancelAllAfter"): {"triggerAfter": 1000},
    ("POST", "/v3/account/listenKey"): {"type": "WEBSOCKET"},
}

# requests, seconds: the "Limit" lines of the API reference.
DOCUMENTED_LIMITS = {
    ("POST", "/v3/trade/order"): (5, 1),
    ("PUT", "/v3/trade/order"): (5, 1),
    ("GET", "/v3/trade/order"): (5, 1),
    ("POST", "/v3/trade/algoOrder"): (2, 1),
    ("POST", "/v3/algo/order"): (2, 1),
    ("PUT", "/v3/trade/algoOrder"): (5, 1),
    ("GET", "/v3/account/info"): (10, 60),
    ("POST", "/v3/account/listenKey"): (5, 10),
    ("GET", "/v3/futures/positions"): (30, 10),
}  # any other: 10 in 1 s


@pytest.mark.parametrize(("method", "path"), ENDPOINTS, ids=" ".join)
def test_the_documented_rate_limits(clock: Clock, method: str, path: str) -> None:
    requests, seconds = DOCUMENTED_LIMITS.get((method, path), (10, 1))
    sample = SAMPLES.get((method, path), "")
    target, body = (f"{path}?{sample}" if sample else path, None) if isinstance(sample, str) else (path, sample)
    sandbox = Sandbox(clock=clock, rate_limits=True)
    with sandbox, Client(sandbox, clock) as client:
        for _ in range(requests):
            assert client.call(method, target, body)[0] in (200, 400)
        clock.now += seconds - 0.001
        status, reply = client.call(method, target, body)
        assert client.verdict(status, reply) == "TOO_MANY_REQUEST"
        assert (status, reply["code"]) == (429, -1003)
        clock.now += 0.001
        assert client.call(method, target, body)[0] in (200, 400)
    assert sandbox.verdicts["TOO_MANY_REQUEST"] == 1


def test_order_limits_are_per_symbol_and_forgeries_do_not_count(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock, rate_limits=True)
    with sandbox, Client(sandbox, clock) as client:
        for _ in range(20):
            assert client.request("POST", b"/v3/trade/order", {})[0] == 401
        for symbol in ("SPOT_BTC_USDT", "SPOT_ETH_USDT"):
            for _ in range(5):
                place(client, symbol=symbol)
        assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "TOO_MANY_REQUEST"


def test_rate_limits_are_off_unless_asked_for(client: Client) -> None:
    assert len({place(client) for _ in range(50)}) == 50


# -- malformed input --------------------------------------------------------------------------------------------------

DEEP = b"[" * 100_000 + b"]" * 100_000


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"text"',
        b"5",
        b"{'symbol': 'SPOT_BTC_USDT'}",
        b'{"symbol": "SPOT_BTC_USDT",}',
        b'{"quantity": NaN}',
        b'{"quantity": Infinity}',
        b'{"quantity": -Infinity}',
        b'{"quantity": 1e999}',
        b'{"quantity": ' + b"9" * 10_000 + b"}",
        b'{"side": "BUY", "side": "SELL"}',
        b'{"marginMode": {"a": 1, "a": 2}}',
        b'{"marginMode": ' + DEEP + b"}",
        DEEP,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b"\xff\xfe{}",
        b'\xef\xbb\xbf{"symbol": "SPOT_BTC_USDT"}',
        b'{"symbol": "\xff"}',
        b'{"symbol": "\xed\xa0\x80"}',
        '{"symbol": "SPOT_BTC_USDT"}'.encode("utf-16"),
        b'{"symbol": "a\nb"}',
        b'{"symbol": "\\ud800"}',
        b'{"symbol": "\x00"}',
        b"\x00" * 1000,
        bytes(range(256)),
        b"symbol=SPOT_BTC_USDT",
        b"{}" + b" " * 500_000 + b"{}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_bodies_that_are_not_an_order(sandbox: Sandbox, client: Client, body: bytes) -> None:
    assert client.refusal("POST", "/v3/trade/order", body) == "INVALID_PARAM"
    assert sandbox.verified == 1
    place(client)  # on the same connection


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonp", "multipart/form-data; boundary=x"])
def test_a_body_that_is_not_declared_as_json(client: Client, content_type: str) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = {**client.sign("POST", b"/v3/trade/order", body), "Content-Type": content_type}
    status, reply = client.request("POST", b"/v3/trade/order", headers, body)
    assert client.verdict(status, reply) == "INVALID_PARAM"
    assert "Content-Type: application/json" in reply["message"]


def test_a_form_is_taken_as_some_pages_of_the_reference_show_it(client: Client) -> None:
    headers = {
        **client.sign("POST", b"/v3/trade/cancelAllAfter", b"triggerAfter=5000"),
        "Content-Type": "application/x-www-form-urlencoded",
    }
    status, reply = client.request("POST", b"/v3/trade/cancelAllAfter", headers, b"triggerAfter=5000")
    assert (status, reply["data"]) == (200, {"expectedTriggerTime": 1_795_000_005_000})
    body = b"triggerAfter=%ff"
    headers |= client.sign("POST", b"/v3/trade/cancelAllAfter", body)
    headers["Content-Type"] = "application/x-www-form-urlencoded; charset=utf-8"
    assert client.verdict(*client.request("POST", b"/v3/trade/cancelAllAfter", headers, body)) == "INVALID_PARAM"


def test_parameters_in_the_wrong_place(client: Client) -> None:
    assert client.refusal("POST", "/v3/trade/order?symbol=SPOT_BTC_USDT", LIMIT_ORDER) == "INVALID_PARAM"
    assert client.refusal("DELETE", "/v3/trade/orders", b"symbol=SPOT_BTC_USDT") == "INVALID_PARAM"
    assert client.refusal("GET", "/v3/trade/orders", {"symbol": "SPOT_BTC_USDT"}) == "INVALID_PARAM"


HEAD = b"POST /v3/trade/order HTTP/1.1\r\nHost: h\r\n"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), 400),  # a TLS client hello
        (bytes(range(255, 0, -1)) + b"\r\n\r\n", 400),
        (b"GET /v3/account/info HTTP/9.9\r\n\r\n", 400),
        (b"get /v3/account/info HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET v3/account/info HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /v3/account/info?a=b c HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /v3/account/info?a=\x01 HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /v3/account/info?a=\x7f HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /v3/account/info?a=\xe2\x82\xac HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /v3/account/info?a=\xff HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX\x00: a\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX: a\x00b\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nno colon\r\n\r\n", 400),
        (HEAD + b"Content-Length: five\r\n\r\nhello", 400),
        (HEAD + b"Content-Length: -1\r\n\r\n", 400),
        (HEAD + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", 400),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1048577\r\n\r\n" + b"x" * 1_048_577, 413),
        (HEAD + b"Content-Length: 10000000000000\r\n\r\n" + b"x" * 2_000_000, 413),
        (HEAD + b"Content-Length: 2\r\n\r\n{", 408),  # the second byte never comes
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", 408),
        (b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 404),
    ],
    ids=lambda value: repr(value[:32]) if isinstance(value, bytes) else str(value),
)
def test_what_is_not_http_gets_the_envelope_and_the_server_lives_on(
    sandbox: Sandbox, clock: Clock, data: bytes, status: int
) -> None:
    with Client(sandbox, clock) as broken:
        broken.send(data)
        got, reply = broken.reply()
        assert got == status
        assert broken.verdict(got, reply) in ("MALFORMED_HTTP", "BODY_TOO_LARGE", "BODY_TIMEOUT", "NO_SUCH_ENDPOINT")
        if status < 413:
            assert broken.closed_by_server()
    with Client(sandbox, clock) as client:
        place(client)
    assert sandbox.verdicts == {sandbox.requests[0].verdict: 1, "OK": 1}


def test_a_body_longer_than_declared_is_not_part_of_the_request(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = client.sign("POST", b"/v3/trade/order", body)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    client.send(HEAD + head + b"Content-Length: %d\r\n\r\n" % len(body) + body)
    assert client.reply()[0] == 200
    client.send(b"surplus bytes\r\n\r\n")
    assert client.verdict(*client.reply()) == "MALFORMED_HTTP"
    assert client.closed_by_server()
    assert len(sandbox.exchange.orders.open) == 1


def test_clients_that_leave_in_the_middle(sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    for sent in (b"", b"POST /v3/tra", HEAD, HEAD + b"Content-Length: 100\r\n\r\n" + body[:10]):
        with Client(sandbox, clock) as leaving:
            leaving.send(sent)
    with Client(sandbox, clock) as half_closed:  # no more to send, but still listening
        half_closed.send(HEAD + b"Content-Length: 100\r\n\r\n" + body[:10])
        half_closed.socket.shutdown(socket.SHUT_WR)
        half_closed.closed_by_server()
    with Client(sandbox, clock) as client:
        place(client)
    assert not sandbox.verdicts["UNKNOWN"]
    assert not caplog.records


def test_an_authority_that_cannot_be_read(sandbox: Sandbox, clock: Clock) -> None:
    """Older versions of aiohttp close the connection without a word."""
    with Client(sandbox, clock) as broken:
        broken.send(b"GET http://[bad/v3/account/info HTTP/1.1\r\nHost: h\r\n\r\n")
        assert broken.socket.recv(12) in (b"HTTP/1.0 400", b"")
    with Client(sandbox, clock) as client:
        place(client)


def test_half_open_connections_do_not_hold_the_server(sandbox: Sandbox, clock: Clock) -> None:
    slow = [Client(sandbox, clock) for _ in range(100)]
    try:
        for number, connection in enumerate(slow):
            connection.send((b"GET /v3/account/in", HEAD, HEAD + b"X: 1\r\n", b"")[number % 4])
        started = time.monotonic()
        with Client(sandbox, clock) as client:
            for _ in range(100):
                place(client)
        assert all(connection.closed_by_server() for connection in slow)  # after the 0.5 s of the fixture
        assert time.monotonic() - started < 5
    finally:
        for connection in slow:
            connection.__exit__()


def test_a_silent_connection_is_closed_also_after_a_request(client: Client) -> None:
    place(client)
    client.send(b"GET /v3/acc")
    assert client.closed_by_server()


def test_requests_can_be_pipelined(sandbox: Sandbox, client: Client) -> None:
    requests = b""
    for _ in range(200):
        head = "".join(f"{n}: {v}\r\n" for n, v in client.sign("GET", b"/v3/asset/balances").items())
        requests += b"GET /v3/asset/balances HTTP/1.1\r\nHost: h\r\n" + head.encode() + b"\r\n"
    client.send(requests)
    assert [client.reply()[0] for _ in range(200)] == [200] * 200
    assert sandbox.verified == 200


def test_a_client_that_waits_to_be_asked_for_its_body(client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = {**client.sign("POST", b"/v3/trade/order", body), "Expect": "100-continue"}
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items()).encode()
    client.send(HEAD + head + b"Content-Length: %d\r\n\r\n" % len(body))
    assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(body)
    assert client.reply()[0] == 200


_VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=8),
    st.from_regex(r"[0-9]{1,14}(\.[0-9]{1,12})?", fullmatch=True),
    st.sampled_from([*LIMIT_ORDER.values(), *STOP_ORDER.values(), "SELL", "MARKET", "BRACKET", "TRAILING_STOP", "NEW"]),
)
_NAMES = st.sampled_from(sorted({name for endpoint in ENDPOINTS.values() for name in endpoint.fields}))
_OBJECTS = st.recursive(_VALUES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_NAMES, inner, max_size=8))


@settings(max_examples=100, deadline=None, derandomize=True, database=None)
@given(given_params=st.dictionaries(_NAMES, _OBJECTS, max_size=12), complete=st.booleans())
def test_no_object_is_answered_with_a_fault(given_params: dict[str, Any], complete: bool) -> None:
    """Whatever a signed body holds, an endpoint accepts it or refuses it; nothing else is raised."""
    exchange = Exchange()
    for (method, _), endpoint in ENDPOINTS.items():
        if method in ("POST", "PUT"):
            known = {name: value for name, value in given_params.items() if name in endpoint.fields}
            base = {n: v for n, v in STOP_ORDER.items() if n in endpoint.fields} if complete else {}
            with suppress(ApiError):
                params = parse_body(json.dumps(base | known).encode(), "application/json")
                endpoint.handler(exchange, check_params(endpoint.fields, params), 1_795_000_000_000)
    for method in ("get_orders", "get_algo_orders"):
        fields = ENDPOINTS["GET", "/v3/trade/orders" if method == "get_orders" else "/v3/trade/algoOrders"].fields
        json.dumps(getattr(exchange, method)(check_params(fields, {}), 1_795_000_000_000))


# -- bounds, counts and records ---------------------------------------------------------------------------------------


def test_memory_is_bounded(sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "MAX_CLOSED_ORDERS", 3)
    monkeypatch.setattr(exchange_module, "MAX_OPEN_ORDERS", 5)
    monkeypatch.setattr(exchange_module, "MAX_OPEN_ALGO_ORDERS", 2)
    ids = [place(client, clientOrderId=number) for number in range(1, 6)]
    assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "RPC_REJECT"
    client.data("DELETE", "/v3/trade/orders")
    for number, order_id in enumerate(ids, start=1):
        for query in (f"orderId={order_id}", f"clientOrderId={number}"):
            status, _ = client.call("GET", f"/v3/trade/order?{query}")
            assert status == (400 if number <= 2 else 200)  # the oldest are forgotten
    for _ in range(2):
        client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)
    assert client.refusal("POST", "/v3/trade/algoOrder", STOP_ORDER) == "RPC_REJECT"
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "symbol": "PERP_BTC_USDT"})  # per instrument
    for _ in range(1500):
        client.request("GET", b"/v3/public/systemInfo", {})
    assert len(sandbox.requests) == 1000


def test_counts_and_records(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.refusal("DELETE", "/v3/trade/order?symbol=SPOT_BTC_USDT&orderId=1")
    client.request("GET", b"/v3/account/info?a=%5b", {})
    client.request("GET", b"/v3/public/systemInfo", {})
    seen = [(r.method, r.target, r.status, r.code, r.verdict) for r in sandbox.requests]
    assert seen == [
        ("POST", "/v3/trade/order", 200, 0, "OK"),
        ("DELETE", "/v3/trade/order?symbol=SPOT_BTC_USDT&orderId=1", 400, -1006, "RESOURCE_NOT_FOUND"),
        ("GET", "/v3/account/info?a=%5b", 401, -1001, "MISSING_HEADER"),
        ("GET", "/v3/public/systemInfo", 200, 0, "OK"),
    ]
    assert all(r.time_ms == 1_795_000_000_000 and 0 < r.latency_us < 1e6 for r in sandbox.requests)
    counts = {
        "requests": 4,
        "verified": 2,
        "accepted": 2,
        "refused": 2,
        "verdicts": {"OK": 2, "RESOURCE_NOT_FOUND": 1, "MISSING_HEADER": 1},
        "openOrders": 1,
    }
    for _ in range(2):  # asking does not count
        with urllib.request.urlopen(f"{sandbox.url}/sandbox/stats") as reply:
            assert json.load(reply)["data"] == counts
    assert sandbox.stats() == counts


def test_each_request_is_told_to_the_callback(clock: Clock) -> None:
    told: list[RequestRecord] = []
    sandbox = Sandbox(clock=clock, on_request=told.append)
    with sandbox, Client(sandbox, clock) as client:
        place(client)
        client.request("GET", b"/v3/account/info", {})
        client.send(b"garbage\r\n\r\n")
        client.reply()
    assert [record.verdict for record in told] == ["OK", "MISSING_HEADER", "MALFORMED_HTTP"]
    assert told == list(sandbox.requests)


def test_a_fault_of_the_sandbox_is_answered_and_logged(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("a fault put there by the test")

    endpoint = ENDPOINTS["GET", "/v3/account/info"]
    monkeypatch.setitem(ENDPOINTS, ("GET", "/v3/account/info"), endpoint._replace(handler=fail))
    with caplog.at_level(logging.ERROR, "woox_fast.sandbox"):
        status, reply = client.call("GET", "/v3/account/info")
    assert (status, reply["code"], client.verdict(status, reply)) == (500, -1000, "UNKNOWN")
    assert "a fault put there by the test" in caplog.text
    with Client(sandbox, client.clock) as other:
        place(other)


def test_the_secret_is_nowhere_to_be_seen(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.call("GET", "/v3/nope")
    shown = [repr(sandbox), repr(sandbox.requests), repr(sandbox.stats()), repr(sandbox.exchange)]
    shown += [json.dumps(client.data("GET", path)) for path in ("/v3/account/info", "/v3/asset/balances")]
    assert not any(DEMO_API_SECRET in text for text in shown)


def test_it_verifies_with_the_standard_library_only() -> None:
    """The oracle must not be our own code: nothing of woox-fast outside the sandbox is imported."""
    package = Path(woox_fast.sandbox.__file__).parent
    modules = {path.stem for path in package.glob("*.py")}
    imported = set()
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level:
                if node.module == "_credentials":  # two constants
                    continue
                assert node.level == 1
                assert node.module in modules
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"aiohttp"}


# -- serving ----------------------------------------------------------------------------------------------------------


def test_fifty_connections_keep_their_orders_apart(sandbox: Sandbox, clock: Clock) -> None:
    sandbox.timeout = 30.0
    each = 100

    async def trade(number: int) -> set[int]:
        reader, writer = await asyncio.open_connection("127.0.0.1", int(sandbox.url.rsplit(":", 1)[1]))
        placed = set()
        for order in range(each):
            body = json.dumps({**LIMIT_ORDER, "clientOrderId": 1 + number * each + order}).encode()
            stamp = str(int(clock() * 1000))
            message = f"{stamp}POST/v3/trade/order".encode() + body
            head = {
                "Host": "h",
                "Content-Type": "application/json",
                "Content-Length": str(len(body)),
                "x-api-key": DEMO_API_KEY,
                "x-api-timestamp": stamp,
                "x-api-signature": hmac.new(DEMO_API_SECRET.encode(), message, "sha256").hexdigest(),
            }
            lines = "".join(f"{name}: {value}\r\n" for name, value in head.items())
            writer.write(f"POST /v3/trade/order HTTP/1.1\r\n{lines}\r\n".encode() + body)
            reply_head = await reader.readuntil(b"\r\n\r\n")
            length = int(reply_head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
            placed.add(json.loads(await reader.readexactly(length))["data"]["orderId"])
        writer.close()
        await writer.wait_closed()
        return placed

    async def trade_all() -> list[set[int]]:
        return await asyncio.gather(*(trade(number) for number in range(50)))

    placed = asyncio.run(trade_all())
    assert len(set().union(*placed)) == sandbox.verified == sandbox.accepted == 50 * each
    assert sandbox.refused == 0
    assert sandbox.exchange.orders.open.keys() == set().union(*placed)


def test_a_hundred_thousand_orders_rest() -> None:
    exchange = Exchange()
    for number in range(1, 100_001):
        params = check_params(ENDPOINTS["POST", "/v3/trade/order"].fields, {**LIMIT_ORDER, "clientOrderId": number})
        exchange.place_order(params, number)
    listing = ENDPOINTS["GET", "/v3/trade/orders"].fields
    page = exchange.get_orders(check_params(listing, {"status": "NEW", "size": "2"}), 10**12)
    assert page["meta"]["total"] == 100_000
    assert [row["clientOrderId"] for row in page["rows"]] == [100_000, 99_999]
    exchange.cancel_all_orders({}, 10**12)
    assert not exchange.orders.open
    assert len(exchange.orders.closed) == orders_module.MAX_CLOSED_ORDERS


def test_serving_begins_and_ends_with_the_block(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock)
    for _ in range(2):  # and it can be entered again
        with sandbox as url:
            assert url == sandbox.url
            assert url.startswith("http://127.0.0.1:")
            client = Client(sandbox, clock)
            place(client)
            ended = time.monotonic()
        assert client.closed_by_server()  # open connections do not delay the end
        assert time.monotonic() - ended < 2
        client.__exit__()
        with pytest.raises(ConnectionRefusedError):
            Client(sandbox, clock)
    assert len(sandbox.exchange.orders.open) == 2


def test_a_port_that_is_taken_is_an_os_error(sandbox: Sandbox) -> None:
    with pytest.raises(OSError, match="address already in use"), Sandbox(port=int(sandbox.url.rsplit(":", 1)[1])):
        pass


def test_ipv6_addresses_are_bracketed(clock: Clock) -> None:
    with Sandbox(host="::1", clock=clock) as url:
        assert url.startswith("http://[::1]:")
        with urllib.request.urlopen(f"{url}/v3/public/systemInfo") as reply:
            assert reply.status == 200


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_run_serves_until_a_signal(signal_number: signal.Signals) -> None:
    code = "from woox_fast.sandbox import run; run()"
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        with urllib.request.urlopen(f"{url}/sandbox/stats") as reply:
            assert json.load(reply)["data"]["requests"] == 0
        process.send_signal(signal_number)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert DEMO_API_KEY in line
    assert DEMO_API_SECRET not in line
