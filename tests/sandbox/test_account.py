"""Test balances, account data, public data and the documented rate limits."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, Client, Clock, place

from woox_fast.sandbox import Sandbox
from woox_fast.sandbox.endpoints import ENDPOINTS


def test_open_orders_reserve_funds(client: Client) -> None:
    def usdt() -> dict[str, Any]:
        (row,) = client.data("GET", "/v3/asset/balances?token=USDT")["holding"]
        return row

    assert (usdt()["frozen"], usdt()["availableBalance"]) == ("0", "1000000000")
    order = place(client)
    assert (usdt()["holding"], usdt()["frozen"], usdt()["availableBalance"]) == ("1000000000", "600", "999999400")
    client.data("PUT", "/v3/trade/order", {"orderId": order, "quantity": "0.02"})
    place(client, symbol="SPOT_ETH_USDT", side="SELL", price="5000", quantity="2")
    holdings = {row["token"]: row for row in client.data("GET", "/v3/asset/balances")["holding"]}
    assert holdings["USDT"]["frozen"] == "1200"
    assert (holdings["BTC"]["pendingLongQty"], holdings["BTC"]["frozen"]) == ("0.02", "0")
    assert (holdings["ETH"]["pendingShortQty"], holdings["ETH"]["frozen"]) == ("2", "2")
    assert client.data("GET", "/v3/asset/balances?token=DOGE") == {"holding": []}

    assert client.data("GET", "/v3/futures/positions") == {"positions": []}
    place(client, symbol="PERP_BTC_USDT", quantity="0.5")
    place(client, symbol="PERP_BTC_USDT", quantity="0.2", side="SELL", price="110000")
    place(client, symbol="PERP_ETH_USDT", quantity="3", price="3000")
    position, _ = client.data("GET", "/v3/futures/positions")["positions"]
    assert (position["symbol"], position["holding"]) == ("PERP_BTC_USDT", "0")
    assert (position["pendingLongQty"], position["pendingShortQty"]) == ("0.5", "0.2")
    (only,) = client.data("GET", "/v3/futures/positions?symbol=PERP_ETH_USDT")["positions"]
    assert only["pendingLongQty"] == "3"
    assert usdt()["frozen"] == "7300"  # 1,200, and a tenth of 30,000 + 22,000 + 9,000
    client.data("DELETE", "/v3/trade/orders")
    assert client.data("GET", "/v3/futures/positions") == {"positions": []}
    assert usdt()["frozen"] == "0"


def test_account_info_has_modes(client: Client) -> None:
    info = client.data("GET", "/v3/account/info")
    assert (info["accountMode"], info["positionMode"], info["accountType"]) == ("FUTURES", "ONE_WAY", "Main")


def test_listen_keys_differ(client: Client) -> None:
    first, second = (client.data("POST", "/v3/account/listenKey", {"type": "WEBSOCKET"}) for _ in range(2))
    assert first["authKey"] != second["authKey"]
    assert second["expiredTime"] == 1_795_000_000_000 + 24 * 60 * 60 * 1000
    assert client.refusal("POST", "/v3/account/listenKey", {"type": "FIX"}) == "INVALID_PARAM"
    assert client.refusal("POST", "/v3/account/listenKey", {}) == "INVALID_PARAM"


def test_public_data_needs_no_signature(client: Client) -> None:
    status, response = client.request("GET", b"/v3/public/systemInfo", {})
    assert (status, response["data"]["status"], response["timestamp"]) == (200, 0, 1_795_000_000_000)
    rows = client.request("GET", b"/v3/public/instruments", {})[1]["data"]["rows"]
    assert {row["symbol"].split("_")[0] for row in rows} == {"SPOT", "PERP"}
    (row,) = client.request("GET", b"/v3/public/instruments?symbol=SPOT_WOO_USDT", {})[1]["data"]["rows"]
    assert (row["baseAsset"], row["quoteAsset"], row["quoteTick"], row["baseTick"]) == ("WOO", "USDT", "0.00001", "0.1")
    unknown = client.request("GET", b"/v3/public/instruments?symbol=SPOT_DOGE_USDT", {})
    assert client.verdict(*unknown) == "INVALID_PARAM"
    for row in rows:
        place(client, symbol=row["symbol"], side="SELL", price=row["quoteMax"], quantity="1")


# The "Limit" lines of the API reference: requests, seconds.
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
    ("GET", "/v3/trade/transactionHistory"): (2, 1),
    ("GET", "/v3/trade/tradingFee"): (2, 1),
    ("GET", "/v3/account/credentials"): (10, 60),
    ("GET", "/v3/account/subAccounts/all"): (10, 60),
    ("GET", "/v3/futures/leverage"): (10, 60),
    ("PUT", "/v3/futures/leverage"): (10, 60),
    ("PUT", "/v3/futures/positionMode"): (5, 60),
}  # all remaining endpoints: 10 in 1 s


def test_rate_limits_match_reference() -> None:
    limits = {key: (endpoint.limit.requests, endpoint.limit.seconds) for key, endpoint in ENDPOINTS.items()}
    assert limits == dict.fromkeys(ENDPOINTS, (10, 1)) | DOCUMENTED_LIMITS


@pytest.fixture
def limited(clock: Clock) -> Iterator[Client]:
    sandbox = Sandbox(clock=clock, rate_limits=True)
    with sandbox, Client(sandbox, clock) as client:
        yield client


@pytest.mark.parametrize(("path", "count", "seconds"), [("/v3/account/info", 10, 60), ("/v3/public/futures", 10, 1)])
def test_limit_spans_window(limited: Client, path: str, count: int, seconds: int) -> None:
    for _ in range(count):
        assert limited.call("GET", path)[0] == 200
    limited.clock.now += seconds - 0.001
    assert limited.refusal("GET", path) == "TOO_MANY_REQUEST"
    limited.clock.now += 0.001
    assert limited.call("GET", path)[0] == 200


def test_order_limit_is_per_symbol(limited: Client) -> None:
    for _ in range(20):
        assert limited.request("POST", b"/v3/trade/order", {})[0] == 401
    for symbol in ("SPOT_BTC_USDT", "SPOT_ETH_USDT"):
        for _ in range(5):
            place(limited, symbol=symbol)
        assert limited.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, "symbol": symbol}) == "TOO_MANY_REQUEST"


def test_refused_requests_do_not_count(limited: Client) -> None:
    for _ in range(5):
        place(limited)
    limited.clock.now += 0.9
    for _ in range(5):
        assert limited.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "TOO_MANY_REQUEST"
    limited.clock.now += 0.1
    place(limited)
