"""Test the sandbox with ccxt's woo, which signs independently."""

from __future__ import annotations

import time
from collections.abc import Iterator

import ccxt
import pytest
from helpers.sandbox_client import Clock

from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

SPOT, PERP = "BTC/USDT", "BTC/USDT:USDT"


@pytest.fixture
def clock() -> Clock:
    return Clock(time.time())  # ccxt signs by the real clock


@pytest.fixture
def woo(sandbox: Sandbox) -> Iterator[ccxt.woo]:
    urls = {"api": dict.fromkeys(("pub", "public", "private"), sandbox.url)}
    account = {"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET}
    woo = ccxt.woo({"enableRateLimit": False, "urls": urls, **account})
    with woo.session:
        yield woo


def test_spot_orders_fill_and_cancel(sandbox: Sandbox, woo: ccxt.woo) -> None:
    assert woo.fetch_balance()["USDT"] == {"free": 1e9, "used": 0, "total": 1e9}
    sandbox.price("SPOT_BTC_USDT", bid="59990", ask="60010", quantity="0.4")
    book = woo.fetch_order_book(SPOT)
    assert (book["bids"][0][:2], book["asks"][0][:2]) == ([59990, 0.4], [60010, 0.4])

    order = woo.create_order(SPOT, "limit", "buy", 1, 60010)
    partial = woo.fetch_order(order["id"], SPOT)
    assert [partial[name] for name in ("status", "filled", "remaining", "average")] == ["open", 0.4, 0.6, 60010]
    assert woo.fetch_balance()["USDT"]["used"] == 36006
    assert [each["id"] for each in woo.fetch_open_orders(SPOT)] == [order["id"]]
    woo.edit_order(order["id"], SPOT, "limit", "buy", 0.9, 60000)
    assert woo.cancel_order(order["id"], SPOT)["status"] == "canceled"
    cancelled = woo.fetch_order(order["id"], SPOT)
    assert (cancelled["status"], cancelled["filled"]) == ("canceled", 0.4)

    sandbox.price("SPOT_BTC_USDT", "61000")
    market = woo.create_order(SPOT, "market", "sell", 0.1)
    assert woo.fetch_order(market["id"], SPOT)["status"] == "closed"
    woo.create_order(SPOT, "market", "buy", 0.1, 61000)  # sent as an amount of 6,100 USDT
    trades = [(trade["side"], trade["price"], trade["amount"]) for trade in woo.fetch_my_trades(SPOT)]
    assert trades == [("buy", 60010, 0.4), ("sell", 61000, 0.1), ("buy", 61000, 0.1)]
    assert [trade["order"] for trade in woo.fetch_order_trades(market["id"], SPOT)] == [market["id"]]
    assert len(woo.fetch_trades(SPOT)) == 3
    assert (sandbox.refused, sandbox.account()["addsUp"]) == (0, True)


def test_position_opens_and_closes(sandbox: Sandbox, woo: ccxt.woo) -> None:
    sandbox.price("PERP_BTC_USDT", "60000")
    woo.set_leverage(5, PERP)
    assert woo.fetch_leverage(PERP)["longLeverage"] == 5
    woo.create_order(PERP, "market", "buy", 2, params={"stopLossPrice": 1, "takeProfitPrice": 900000})
    position = woo.fetch_position(PERP)
    assert [position[name] for name in ("side", "contracts", "entryPrice", "leverage")] == ["long", 2, 60000, 5]
    sandbox.price("PERP_BTC_USDT", "61000.5")
    woo.create_order(PERP, "market", "sell", 2, params={"reduceOnly": True})
    assert woo.fetch_positions() == []
    assert woo.fetch_balance()["USDT"]["total"] == 1_000_002_001
    assert (sandbox.refused, sandbox.account()["addsUp"]) == (0, True)


def test_market_data(sandbox: Sandbox, woo: ccxt.woo) -> None:
    assert woo.fetch_ticker(PERP)["last"] == 100_000
    assert set(woo.fetch_tickers()) == {"BTC/USDT:USDT", "ETH/USDT:USDT", "WOO/USDT:USDT"}
    candles = woo.fetch_ohlcv(PERP, "5m", None, 3)
    assert [(candle[0] % 300_000, candle[4]) for candle in candles] == [(0, 100_000)] * 3
    assert woo.fetch_funding_rate(PERP)["fundingRate"] == 0
    assert len(woo.fetch_funding_rates()) == 3
    assert woo.fetch_status()["status"] == "ok"
    assert "ERC20" in woo.fetch_currencies()["USDT"]["networks"]
    assert (sandbox.verified, sandbox.refused) == (0, 0)


def test_client_order_ids(sandbox: Sandbox, woo: ccxt.woo) -> None:
    mine = {"clientOrderId": "1954766344355779056"}
    placed = woo.create_order(SPOT, "limit", "buy", 0.01, 60000, params=mine)
    with pytest.raises(ccxt.BadRequest, match="-1007"):
        woo.create_order(SPOT, "limit", "buy", 0.01, 60000, params=mine)
    woo.edit_order("", SPOT, "limit", "buy", 0.03, params=mine)
    fetched = woo.fetch_order("", SPOT, params=mine)
    assert (fetched["id"], fetched["amount"]) == (placed["id"], 0.03)
    woo.cancel_order("", SPOT, params=mine)
    with pytest.raises(ccxt.BadRequest, match="-1006"):
        woo.cancel_order("", SPOT, params=mine)
    assert sandbox.verdicts == {"OK": 7, "DUPLICATE_REQUEST": 1, "RESOURCE_NOT_FOUND": 1}


def test_algo_orders(sandbox: Sandbox, woo: ccxt.woo) -> None:
    trigger = {"trigger": True}
    stop = woo.create_order(SPOT, "limit", "sell", 0.01, 50000, params={"triggerPrice": 50100})
    trail = {"trailingPercent": 1.2, "trailingTriggerPrice": 60000}
    trailing = woo.create_order(PERP, "market", "sell", 0.01, params=trail)
    bracket = {"stopLoss": {"triggerPrice": 50000}, "takeProfit": {"triggerPrice": 70000}}
    woo.create_order(PERP, "limit", "buy", 0.01, 60000, params=bracket)
    woo.edit_order(stop["id"], SPOT, "limit", "sell", 0.02, 50000, params={"triggerPrice": 50200})
    fetched = woo.fetch_order(stop["id"], SPOT, params=trigger)
    assert (fetched["status"], fetched["amount"], fetched["triggerPrice"]) == ("open", 0.02, 50200)
    open_types = {order["info"]["algoType"] for order in woo.fetch_open_orders(params=trigger)}
    assert open_types == {"STOP", "TRAILING_STOP", "BRACKET"}
    woo.cancel_order(trailing["id"], params=trigger)
    woo.cancel_all_orders(params=trigger)
    assert woo.fetch_open_orders(params=trigger) == []
    assert sandbox.refused == 0


def test_account_data(sandbox: Sandbox, woo: ccxt.woo) -> None:
    assert len(woo.fetch_trading_fees()) == 7
    assert woo.fetch_trading_fee(SPOT)["taker"] == 0
    assert [account["type"] for account in woo.fetch_accounts()] == ["main"]
    woo.set_position_mode(True)
    woo.set_position_mode(False)
    assert woo.v3_private_get_account_credentials()["data"]["rows"][0]["permissions"] == ["READ", "TRADE"]
    woo.create_order("ETH/USDT:USDT", "limit", "buy", 2, 3000)
    (position,) = woo.fetch_positions()
    assert (position["symbol"], position["contracts"]) == ("ETH/USDT:USDT", 0)
    response = woo.cancel_all_orders_after(10_000)
    assert int(response["data"]["expectedTriggerTime"]) == int(response["timestamp"]) + 10_000
    assert sandbox.refused == 0
