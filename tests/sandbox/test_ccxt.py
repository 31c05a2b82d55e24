"""Test the sandbox with ccxt's woo, sync and async, which signs independently."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any

import ccxt
import ccxt.async_support
import pytest

from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

Call = Callable[..., Awaitable[Any]]
Walk = Callable[[Call], Awaitable[Any]]


def _drive(kind: str, url: str, walk: Walk, **credentials: str) -> Any:
    """Run `walk` with a function that calls a method of ccxt's sync or async woo."""
    config = {
        "apiKey": DEMO_API_KEY,
        "secret": DEMO_API_SECRET,
        "enableRateLimit": False,
        "urls": {"api": {"pub": url, "public": url, "private": url}},
        **credentials,
    }

    async def run_async() -> Any:
        async with ccxt.async_support.woo(config) as woo:
            return await walk(lambda name, *args, **params: getattr(woo, name)(*args, **params))

    async def run_sync() -> Any:
        woo = ccxt.woo(config)

        async def call(name: str, *args: Any, **params: Any) -> Any:
            return getattr(woo, name)(*args, **params)

        with woo.session:
            return await walk(call)

    return asyncio.run(run_async() if kind == "async" else run_sync())


pytestmark = pytest.mark.parametrize("kind", ["sync", "async"])


def test_bot_life(kind: str) -> None:
    spot, perp = "BTC/USDT", "BTC/USDT:USDT"
    sandbox = Sandbox()

    async def walk(call: Call) -> None:
        assert (await call("fetch_balance"))["USDT"] == {"free": 1e9, "used": 0, "total": 1e9}
        sandbox.price("SPOT_BTC_USDT", bid="59990", ask="60010", quantity="0.4")
        book = await call("fetch_order_book", spot)
        assert (book["bids"][0][:2], book["asks"][0][:2]) == ([59990, 0.4], [60010, 0.4])

        order = await call("create_order", spot, "limit", "buy", 1, 60010)
        partial = await call("fetch_order", order["id"], spot)
        assert [partial[name] for name in ("status", "filled", "remaining", "average")] == ["open", 0.4, 0.6, 60010]
        assert (await call("fetch_balance"))["USDT"]["used"] == 36006
        assert [each["id"] for each in await call("fetch_open_orders", spot)] == [order["id"]]
        await call("edit_order", order["id"], spot, "limit", "buy", 0.9, 60000)
        assert (await call("cancel_order", order["id"], spot))["status"] == "canceled"
        cancelled = await call("fetch_order", order["id"], spot)
        assert (cancelled["status"], cancelled["filled"]) == ("canceled", 0.4)

        sandbox.price("SPOT_BTC_USDT", "61000")
        market = await call("create_order", spot, "market", "sell", 0.1)
        assert (await call("fetch_order", market["id"], spot))["status"] == "closed"
        await call("create_order", spot, "market", "buy", 0.1, 61000)  # sent as an amount of 6,100 USDT
        trades = await call("fetch_my_trades", spot)
        assert [(trade["side"], trade["price"], trade["amount"]) for trade in trades] == [
            ("buy", 60010, 0.4),
            ("sell", 61000, 0.1),
            ("buy", 61000, 0.1),
        ]
        assert [trade["order"] for trade in await call("fetch_order_trades", market["id"], spot)] == [market["id"]]
        assert len(await call("fetch_trades", spot)) == 3

        sandbox.price("PERP_BTC_USDT", "60000")
        await call("set_leverage", 5, perp)
        assert (await call("fetch_leverage", perp))["longLeverage"] == 5
        await call("create_order", perp, "market", "buy", 2, params={"stopLossPrice": 1, "takeProfitPrice": 900000})
        position = await call("fetch_position", perp)
        assert [position[name] for name in ("side", "contracts", "entryPrice", "leverage")] == ["long", 2, 60000, 5]
        sandbox.price("PERP_BTC_USDT", "61000.5")
        await call("create_order", perp, "market", "sell", 2, params={"reduceOnly": True})
        assert await call("fetch_positions") == []
        balance = await call("fetch_balance")
        assert (balance["BTC"]["total"], balance["BTC"]["used"]) == (1000.4, 0)
        left = 999_977_997.0  # -0.4 * 60010 + 2 * 1000.5
        assert balance["USDT"] == {"free": left, "used": 0, "total": left}

    with sandbox as url:
        _drive(kind, url, walk)
    assert sandbox.refused == 0
    assert sandbox.account()["orders"] == {"placed": 5, "open": 0, "filled": 4, "cancelled": 1}
    assert sandbox.account()["addsUp"]


def test_market_data(kind: str) -> None:
    async def walk(call: Call) -> None:
        perp = "BTC/USDT:USDT"
        assert (await call("fetch_ticker", perp))["last"] == 100_000
        assert set(await call("fetch_tickers")) == {"BTC/USDT:USDT", "ETH/USDT:USDT", "WOO/USDT:USDT"}
        candles = await call("fetch_ohlcv", perp, "5m", None, 3)
        assert [(candle[0] % 300_000, candle[4]) for candle in candles] == [(0, 100_000)] * 3
        assert (await call("fetch_funding_rate", perp))["fundingRate"] == 0
        assert len(await call("fetch_funding_rates")) == 3

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.verified, sandbox.refused) == (0, 0)


def test_client_order_ids(kind: str) -> None:
    async def walk(call: Call) -> None:
        mine = {"clientOrderId": "1954766344355779056"}
        placed = await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000, params=mine)
        with pytest.raises(ccxt.BadRequest, match="-1007"):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000, params=mine)
        await call("edit_order", "", "BTC/USDT", "limit", "buy", 0.03, params=mine)
        fetched = await call("fetch_order", "", "BTC/USDT", params=mine)
        assert (fetched["id"], fetched["amount"]) == (placed["id"], 0.03)
        await call("cancel_order", "", "BTC/USDT", params=mine)
        with pytest.raises(ccxt.BadRequest, match="-1006"):
            await call("cancel_order", "", "BTC/USDT", params=mine)

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, walk)
    assert sandbox.verified == 6
    assert sandbox.verdicts == {"OK": 7, "DUPLICATE_REQUEST": 1, "RESOURCE_NOT_FOUND": 1}


def test_algo_orders(kind: str) -> None:
    async def walk(call: Call) -> None:
        stop = await call("create_order", "BTC/USDT", "limit", "sell", 0.01, 50000, params={"triggerPrice": 50100})
        perp, trail = "BTC/USDT:USDT", {"trailingPercent": 1.2, "trailingTriggerPrice": 60000}
        trailing = await call("create_order", perp, "market", "sell", 0.01, params=trail)
        bracket = {"stopLoss": {"triggerPrice": 50000}, "takeProfit": {"triggerPrice": 70000}}
        await call("create_order", perp, "limit", "buy", 0.01, 60000, params=bracket)
        trigger = {"trigger": True}
        await call("edit_order", stop["id"], "BTC/USDT", "limit", "sell", 0.02, 50000, params={"triggerPrice": 50200})
        fetched = await call("fetch_order", stop["id"], "BTC/USDT", params=trigger)
        assert (fetched["status"], fetched["amount"], fetched["triggerPrice"]) == ("open", 0.02, 50200)
        open_types = {order["info"]["algoType"] for order in await call("fetch_open_orders", params=trigger)}
        assert open_types == {"STOP", "TRAILING_STOP", "BRACKET"}
        await call("cancel_order", trailing["id"], params=trigger)
        await call("cancel_all_orders", params=trigger)
        assert await call("fetch_open_orders", params=trigger) == []

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.verified, sandbox.refused) == (9, 0)


def test_account_and_clock(kind: str) -> None:
    async def walk(call: Call) -> None:
        assert await call("fetch_time") == 1_795_000_000_000
        assert (await call("fetch_status"))["status"] == "ok"
        assert "ERC20" in (await call("fetch_currencies"))["USDT"]["networks"]

    sandbox = Sandbox(clock=lambda: 1_795_000_000.0)
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.verified, sandbox.refused) == (0, 0)

    async def private(call: Call) -> None:
        assert len(await call("fetch_trading_fees")) == 7
        assert (await call("fetch_trading_fee", "BTC/USDT"))["taker"] == 0
        assert [account["type"] for account in await call("fetch_accounts")] == ["main"]
        await call("set_position_mode", True)
        await call("set_position_mode", False)
        assert (await call("v3_private_get_account_credentials"))["data"]["rows"][0]["permissions"] == ["READ", "TRADE"]
        await call("create_order", "ETH/USDT:USDT", "limit", "buy", 2, 3000)
        (position,) = await call("fetch_positions")
        assert (position["symbol"], position["contracts"]) == ("ETH/USDT:USDT", 0)
        assert position["info"]["pendingLongQty"] == "2"
        reply = await call("cancel_all_orders_after", 10_000)
        assert int(reply["data"]["expectedTriggerTime"]) == int(reply["timestamp"]) + 10_000

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, private)
    assert (sandbox.verified, sandbox.refused) == (10, 0)


@pytest.mark.parametrize(
    ("credentials", "verdict"),
    [({"secret": "not the secret"}, "INVALID_SIGNATURE"), ({"apiKey": "not the key"}, "UNAUTHORIZED")],
)
def test_wrong_credentials_are_refused(kind: str, credentials: dict[str, str], verdict: str) -> None:
    async def walk(call: Call) -> None:
        with pytest.raises(ccxt.AuthenticationError):
            await call("fetch_balance")
        with pytest.raises(ccxt.AuthenticationError):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000)

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, walk, **credentials)
    assert sandbox.verified == 0
    assert sandbox.verdicts[verdict] == sandbox.refused == 2
    assert not sandbox.exchange.orders.open


def test_rate_limit_reaches_client(kind: str) -> None:
    async def walk(call: Call) -> None:
        for _ in range(5):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000)
        with pytest.raises(ccxt.RateLimitExceeded):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000)
        await call("create_order", "ETH/USDT", "limit", "buy", 0.01, 3000)

    now = time.time()  # a stopped clock, so that the window cannot pass
    sandbox = Sandbox(rate_limits=True, clock=lambda: now)
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.accepted, sandbox.verdicts["TOO_MANY_REQUEST"]) == (6 + 3, 1)
