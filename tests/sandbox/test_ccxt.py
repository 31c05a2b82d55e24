"""ccxt's woo, sync and async, against the embedded exchange: a real client whose signing nobody here wrote."""

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
    """Run `walk` with a function that calls a method of ccxt's sync or async woo, pointed at the sandbox."""
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


def test_orders_from_placement_to_cancellation(kind: str) -> None:
    async def walk(call: Call) -> None:
        markets = await call("load_markets")
        assert markets["BTC/USDT"]["spot"]
        assert markets["BTC/USDT:USDT"]["swap"]

        spot = await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000.5)
        assert (spot["type"], spot["price"], spot["amount"]) == ("limit", 60000.5, 0.01)
        market = await call("create_order", "ETH/USDT", "market", "sell", 0.5)
        assert (market["type"], market["amount"]) == ("market", 0.5)
        cost = await call("create_order", "ETH/USDT", "market", "buy", 0.5, 3000)
        perp = await call("create_order", "BTC/USDT:USDT", "limit", "sell", 0.01, 70000.5)
        perp_market = await call(
            "create_order", "BTC/USDT:USDT", "market", "buy", 0.5, params={"reduceOnly": True, "marginMode": "isolated"}
        )

        await call("edit_order", spot["id"], "BTC/USDT", "limit", "buy", 0.02, 61000)
        fetched = await call("fetch_order", spot["id"], "BTC/USDT")
        seen = [fetched[name] for name in ("id", "symbol", "side", "status", "price", "amount")]
        assert seen == [spot["id"], "BTC/USDT", "buy", "open", 61000, 0.02]
        by_amount = await call("fetch_order", cost["id"], "ETH/USDT")
        assert by_amount["info"]["amount"] == "1500"

        everything = {order["id"] for order in (spot, market, cost, perp, perp_market)}
        assert {order["id"] for order in await call("fetch_open_orders")} == everything
        assert [order["id"] for order in await call("fetch_open_orders", "BTC/USDT")] == [spot["id"]]

        balance = await call("fetch_balance")
        assert balance["USDT"]["total"] == 1_000_000_000
        assert balance["USDT"]["used"] == pytest.approx(0.02 * 61000 + 0.5 * 3000)
        assert balance["ETH"]["used"] == 0.5

        cancelled = await call("cancel_order", spot["id"], "BTC/USDT")
        assert cancelled["status"] == "canceled"
        assert (await call("fetch_order", spot["id"], "BTC/USDT"))["status"] == "canceled"
        await call("cancel_all_orders", "BTC/USDT:USDT")
        assert {order["id"] for order in await call("fetch_open_orders")} == {market["id"], cost["id"]}
        await call("cancel_all_orders")
        assert await call("fetch_open_orders") == []

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, walk)
    assert sandbox.verified == 17
    # load_markets reads the instruments and two lists of tokens, unsigned.
    assert sandbox.stats()["requests"] == sandbox.accepted == 17 + 3


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
    assert sandbox.verified == 6  # a refused order was still signed rightly
    assert sandbox.verdicts == {"OK": 7, "DUPLICATE_REQUEST": 1, "RESOURCE_NOT_FOUND": 1}


def test_algo_orders(kind: str) -> None:
    async def walk(call: Call) -> None:
        stop = await call("create_order", "BTC/USDT", "limit", "sell", 0.01, 50000, params={"triggerPrice": 50100})
        trailing = await call(
            "create_order",
            "BTC/USDT:USDT",
            "market",
            "sell",
            0.01,
            params={"trailingPercent": 1.2, "trailingTriggerPrice": 60000},
        )
        await call(
            "create_order",
            "BTC/USDT:USDT",
            "limit",
            "buy",
            0.01,
            60000,
            params={"stopLoss": {"triggerPrice": 50000}, "takeProfit": {"triggerPrice": 70000}},
        )
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
        await call("create_order", "ETH/USDT:USDT", "limit", "buy", 2, 3000)
        (position,) = await call("fetch_positions")
        assert (position["symbol"], position["contracts"]) == ("ETH/USDT:USDT", 0)
        assert position["info"]["pendingLongQty"] == "2"
        reply = await call("cancel_all_orders_after", 10_000)
        assert int(reply["data"]["expectedTriggerTime"]) == int(reply["timestamp"]) + 10_000

    sandbox = Sandbox()
    with sandbox as url:
        _drive(kind, url, private)
    assert (sandbox.verified, sandbox.refused) == (4, 0)


@pytest.mark.parametrize(
    ("credentials", "verdict"),
    [({"secret": "not the secret"}, "INVALID_SIGNATURE"), ({"apiKey": "not the key"}, "UNAUTHORIZED")],
)
def test_wrong_credentials_are_an_authentication_error(kind: str, credentials: dict[str, str], verdict: str) -> None:
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


def test_a_clock_that_is_off_is_an_authentication_error(kind: str) -> None:
    async def walk(call: Call) -> None:
        with pytest.raises(ccxt.AuthenticationError, match="x-api-timestamp"):
            await call("fetch_balance")

    sandbox = Sandbox(clock=lambda: 1_500_000_000.0)
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.verified, sandbox.verdicts["STALE_TIMESTAMP"]) == (0, 1)


def test_the_rate_limit_reaches_the_client(kind: str) -> None:
    async def walk(call: Call) -> None:
        for _ in range(5):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000)
        with pytest.raises(ccxt.RateLimitExceeded):
            await call("create_order", "BTC/USDT", "limit", "buy", 0.01, 60000)
        await call("create_order", "ETH/USDT", "limit", "buy", 0.01, 3000)  # the limit is per symbol

    now = time.time()  # a clock that stands still: on a slow machine the window must not pass
    sandbox = Sandbox(rate_limits=True, clock=lambda: now)
    with sandbox as url:
        _drive(kind, url, walk)
    assert (sandbox.accepted, sandbox.verdicts["TOO_MANY_REQUEST"]) == (6 + 3, 1)
