"""Test fills: prices, order types, funds, positions, and that everything adds up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, Client, place
from hypothesis import given, settings
from hypothesis import strategies as st

from woox_fast.sandbox import ApiError, Sandbox
from woox_fast.sandbox.endpoints import ENDPOINTS
from woox_fast.sandbox.exchange import Exchange
from woox_fast.sandbox.market import parse_quote
from woox_fast.sandbox.params import check_params

BTC, PERP = "SPOT_BTC_USDT", "PERP_BTC_USDT"


def order_state(client: Client, order_id: int) -> tuple[str, str, str]:
    row = client.data("GET", f"/v3/trade/order?orderId={order_id}")
    return row["status"], row["executed"], row["averageExecutedPrice"]


def balances(sandbox: Sandbox, token: str) -> tuple[str, str]:
    """Return the change and the frozen amount of the token; check that all balances add up."""
    account = sandbox.account()
    assert account["addsUp"]
    for row in account["balances"]:
        assert Decimal(row["holding"]) == Decimal(row["frozen"]) + Decimal(row["available"])
    (row,) = (row for row in account["balances"] if row["token"] == token)
    return row["change"], row["frozen"]


@pytest.mark.parametrize("order_type", ["MARKET", "IOC", "FOK", "BID", "ASK", "LIMIT"])
@pytest.mark.parametrize("side", ["BUY", "SELL"])
def test_crossing_order_fills(sandbox: Sandbox, client: Client, order_type: str, side: str) -> None:
    sandbox.price(BTC, "59000.5")
    order = place(client, type=order_type, side=side, price="60000" if side == "BUY" else "58000", quantity="0.3")
    assert order_state(client, order) == ("FILLED", "0.3", "59000.5")
    sign = "" if side == "BUY" else "-"
    assert balances(sandbox, "BTC") == (f"{sign}0.3", "0")
    assert balances(sandbox, "USDT") == ("-17700.15" if side == "BUY" else "17700.15", "0")
    assert client.data("GET", "/v3/trade/orders?status=FILLED")["meta"]["total"] == 1


def test_order_behind_quote(sandbox: Sandbox, client: Client) -> None:
    sandbox.price(BTC, "60000.01")
    for order_type, status, frozen in (("FOK", "CANCELLED", "0"), ("IOC", "CANCELLED", "0"), ("LIMIT", "NEW", "600")):
        assert order_state(client, place(client, type=order_type)) == (status, "0", "0")
        assert balances(sandbox, "USDT")[1] == frozen


@pytest.mark.parametrize(
    ("order_type", "status", "executed"),
    [
        ("LIMIT", "PARTIAL_FILLED", "0.4"),
        ("MARKET", "CANCELLED", "0.4"),
        ("IOC", "CANCELLED", "0.4"),
        ("FOK", "CANCELLED", "0"),
    ],
)
def test_depth_limits_fills(sandbox: Sandbox, client: Client, order_type: str, status: str, executed: str) -> None:
    sandbox.price(BTC, "60000", quantity="0.4")
    assert order_state(client, place(client, type=order_type, quantity="1"))[:2] == (status, executed)
    balances(sandbox, "BTC")
    book = client.request("GET", f"/v3/public/orderbook?symbol={BTC}".encode(), {})[1]["data"]
    assert book["bids"] == [{"price": "60000", "quantity": "0.4"}]
    assert book["asks"] == ([{"price": "60000", "quantity": "0.4"}] if order_type == "FOK" else [])


def test_amount_is_rounded_down(sandbox: Sandbox, client: Client) -> None:
    sandbox.price(BTC, "60000")
    order = place(client, type="MARKET", price=None, quantity=None, amount="100")
    assert order_state(client, order) == ("FILLED", "0.00166", "60000")


def test_bid_ask_use_quote(sandbox: Sandbox, client: Client) -> None:
    sandbox.price(BTC, bid="59990", ask="60010")
    for order_type, price, status in (("BID", "59990", "NEW"), ("ASK", "60010", "FILLED")):
        row = client.data("GET", f"/v3/trade/order?orderId={place(client, type=order_type, price='1')}")
        assert (row["price"], row["status"]) == (price, status)


def test_new_price_fills_open_orders(sandbox: Sandbox, client: Client) -> None:
    """Open orders fill at their own price, the best price first, as maker."""
    low, high = (place(client, price=price, quantity="1") for price in ("59000", "59500"))
    sell = place(client, side="SELL", price="200000", quantity="1")
    sandbox.price(BTC, "59000", quantity="1.5")
    assert order_state(client, high) == ("FILLED", "1", "59500")
    assert order_state(client, low) == ("PARTIAL_FILLED", "0.5", "59000")
    assert order_state(client, sell)[0] == "NEW"
    assert balances(sandbox, "USDT") == ("-89000", "29500")
    sandbox.price(BTC, "58000")
    assert order_state(client, low) == ("FILLED", "1", "59000")
    rows = client.data("GET", "/v3/trade/transactionHistory?symbol=SPOT_BTC_USDT")["rows"]
    fills = [(row["orderId"], row["executedQuantity"], row["isMaker"]) for row in rows]
    assert fills == [(low, "0.5", 1), (low, "0.5", 1), (high, "1", 1)]
    assert client.data("GET", f"/v3/trade/transactionHistory?fromId={rows[0]['id']}")["rows"] == rows[:1]
    assert client.data("GET", f"/v3/trade/transaction?tradeId={rows[0]['id']}") == rows[0]
    assert client.refusal("GET", "/v3/trade/transaction?tradeId=1") == "RESOURCE_NOT_FOUND"


def test_post_only_is_rejected(sandbox: Sandbox, client: Client) -> None:
    sandbox.price(BTC, bid="59999", ask="60000")
    for changes in ({}, {"side": "SELL", "price": "59999"}):
        crossing = {**LIMIT_ORDER, "type": "POST_ONLY", **changes}
        assert client.refusal("POST", "/v3/trade/order", crossing) == "RPC_REJECT"
    assert order_state(client, place(client, type="POST_ONLY", price="59999.99"))[0] == "NEW"
    row = client.data("POST", "/v3/trade/order", {**LIMIT_ORDER, "type": "POST_ONLY", "postOnlyAdjusted": True})
    assert row["price"] == "59999.99"
    edit = {"orderId": row["orderId"], "price": "60001"}
    assert client.data("PUT", "/v3/trade/order", edit) == {"status": "EDIT_SENT"}
    assert client.data("GET", f"/v3/trade/order?orderId={row['orderId']}")["price"] == "59999.99"
    assert sandbox.account()["orders"] == {"placed": 2, "open": 2, "filled": 0, "cancelled": 0}


@pytest.mark.parametrize(
    ("order", "accepted", "refusal"),
    [
        ({}, 91, "The order needs 100000000 USDT; 90000000 USDT is available."),
        ({"side": "SELL"}, 10, "The order needs 100 BTC; 0 BTC is available."),
        ({"side": "SELL", "symbol": PERP}, 10, "The order needs 100000000 USDT; 0 USDT is available."),
    ],
)
def test_orders_without_funds_are_refused(
    sandbox: Sandbox, client: Client, order: dict[str, Any], accepted: int, refusal: str
) -> None:
    client.data("PUT", "/v3/futures/leverage", {"symbol": PERP, "leverage": 1})
    large = {**LIMIT_ORDER, "price": "1000000", "quantity": "100", **order}
    for _ in range(accepted):
        place(client, **large)
    assert client.verdict(*client.call("POST", "/v3/trade/order", large), refusal) == "RISK_TOO_HIGH"
    assert all(Decimal(row["available"]) >= 0 for row in sandbox.account()["balances"])
    assert sandbox.account()["addsUp"]


def test_edit_checks_funds(sandbox: Sandbox, client: Client) -> None:
    order = place(client, quantity="1")
    assert client.refusal("PUT", "/v3/trade/order", {"orderId": order, "quantity": "101"}) == "SIZE_FILTER"
    reserve_all_but(client, 100)
    before = balances(sandbox, "USDT")
    assert client.refusal("PUT", "/v3/trade/order", {"orderId": order, "quantity": "100"}) == "RISK_TOO_HIGH"
    assert balances(sandbox, "USDT") == before


def test_edit_matches_order(sandbox: Sandbox, client: Client) -> None:
    order = place(client, quantity="2")
    sandbox.price(BTC, "70000", quantity="0.4")
    client.data("PUT", "/v3/trade/order", {"orderId": order, "price": "70000"})
    assert order_state(client, order) == ("PARTIAL_FILLED", "0.4", "70000")
    assert client.refusal("PUT", "/v3/trade/order", {"orderId": order, "quantity": "0.4"}) == "INVALID_PARAM"
    client.data("PUT", "/v3/trade/order", {"orderId": order, "price": "60000", "quantity": "0.5"})
    assert balances(sandbox, "USDT") == ("-28000", "6000")
    client.data("DELETE", "/v3/trade/orders")
    assert balances(sandbox, "USDT") == ("-28000", "0")


# positions


def position(client: Client) -> tuple[str, ...] | None:
    rows = client.data("GET", f"/v3/futures/positions?symbol={PERP}")["positions"]
    return (rows[0]["holding"], rows[0]["averageOpenPrice"]) if rows else None


def test_position_opens_flips_and_closes(sandbox: Sandbox, client: Client) -> None:
    def trade(side: str, quantity: str, price: str, **more: Any) -> None:
        sandbox.price(PERP, price)
        place(client, symbol=PERP, type="MARKET", side=side, quantity=quantity, **more)

    trade("BUY", "1", "60000")
    trade("BUY", "2", "60300")
    assert position(client) == ("3", "60200")
    assert balances(sandbox, "USDT") == ("0", "18060")
    trade("SELL", "1", "61000")
    assert position(client) == ("2", "60200")
    assert balances(sandbox, "USDT") == ("800", "12040")
    trade("SELL", "5", "60000")  # closes 2 and opens 3
    assert position(client) == ("-3", "60000")
    assert balances(sandbox, "USDT") == ("400", "18000")
    trade("BUY", "9", "59000", reduceOnly=True)
    assert position(client) is None
    assert balances(sandbox, "USDT") == ("3400", "0")
    profits = [row["realizedPnl"] for row in client.data("GET", "/v3/trade/transactionHistory")["rows"]]
    assert profits == ["3000", "-400", "800", "0", "0"]
    trade("BUY", "0.0003", "60000.0000000001")
    trade("SELL", "0.0001", "60000")
    trade("SELL", "0.0002", "60000")
    assert balances(sandbox, "USDT") == ("3399.99999999999997", "0")


def test_reduce_only_needs_position(sandbox: Sandbox, client: Client) -> None:
    close = {**LIMIT_ORDER, "symbol": PERP, "type": "MARKET", "side": "SELL", "reduceOnly": True}
    assert client.refusal("POST", "/v3/trade/order", close) == "RPC_REJECT"
    place(client, symbol=PERP, type="MARKET", quantity="0.5")
    assert client.refusal("POST", "/v3/trade/order", {**close, "side": "BUY"}) == "RPC_REJECT"
    resting = [place(client, **{**close, "type": "LIMIT", "price": "110000", "quantity": "0.5"}) for _ in range(2)]
    sandbox.price(PERP, "110000")
    assert [order_state(client, order)[:2] for order in resting] == [("FILLED", "0.5"), ("CANCELLED", "0")]
    assert balances(sandbox, "USDT") == ("5000", "0")


def test_hedge_mode_has_two_positions(sandbox: Sandbox, client: Client) -> None:
    long, short = (
        {**LIMIT_ORDER, "symbol": PERP, "type": "MARKET", "positionSide": side} for side in ("LONG", "SHORT")
    )
    assert client.refusal("POST", "/v3/trade/order", long) == "INVALID_PARAM"
    client.data("PUT", "/v3/futures/positionMode", {"positionMode": "HEDGE_MODE"})
    assert client.refusal("POST", "/v3/trade/order", {**long, "positionSide": "BOTH"}) == "INVALID_PARAM"
    assert client.refusal("POST", "/v3/trade/order", {**long, "side": "SELL"}) == "RPC_REJECT"
    place(client, **long)
    place(client, **{**short, "side": "SELL"})
    rows = client.data("GET", "/v3/futures/positions")["positions"]
    assert [(row["positionSide"], row["holding"]) for row in rows] == [("LONG", "0.01"), ("SHORT", "-0.01")]
    assert client.refusal("PUT", "/v3/futures/positionMode", {"positionMode": "ONE_WAY"}) == "RPC_REJECT"


def test_leverage_sets_margin(sandbox: Sandbox, client: Client) -> None:
    client.data("PUT", "/v3/futures/leverage", {"symbol": PERP, "leverage": 3})
    place(client, symbol=PERP, price="1000", quantity="1")
    assert balances(sandbox, "USDT")[1] == "333.3333333334"
    assert client.refusal("PUT", "/v3/futures/leverage", {"symbol": PERP, "leverage": 5}) == "RPC_REJECT"


def reserve_all_but(client: Client, usdt: int) -> None:
    """Reserve all available USDT except this amount with spot orders."""
    (row,) = client.data("GET", "/v3/asset/balances?token=USDT")["holding"]
    rest = int(Decimal(row["availableBalance"])) - usdt
    while rest > 0:
        amount = min(rest, 5_000_000)
        place(client, price="50000", quantity=None, amount=str(amount))
        rest -= amount


@pytest.mark.parametrize("order", [{"quantity": "5", "reduceOnly": True}, {"quantity": "1"}])
def test_closing_needs_no_margin(client: Client, order: dict[str, Any]) -> None:
    place(client, symbol=PERP, type="MARKET", quantity="1")
    reserve_all_but(client, 100)
    close = place(client, symbol=PERP, type="MARKET", side="SELL", price=None, **order)
    assert order_state(client, close)[1] == "1"
    assert position(client) is None


def test_crossing_sell_needs_margin(client: Client) -> None:
    """A short position's margin grows with its price."""
    reserve_all_but(client, 5000)
    order = {**LIMIT_ORDER, "symbol": PERP, "side": "SELL", "price": "1000", "quantity": "1"}
    assert client.refusal("POST", "/v3/trade/order", order) == "RISK_TOO_HIGH"


def test_order_without_margin_is_cancelled(sandbox: Sandbox, client: Client) -> None:
    """Two orders count on closing one position. After the first fill the second order lacks its margin."""
    place(client, symbol=PERP, type="MARKET", quantity="1")
    sandbox.price(PERP, "50000")
    orders = [place(client, symbol=PERP, side="SELL", price="60000", quantity="1") for _ in range(2)]
    reserve_all_but(client, 100)
    sandbox.price(PERP, "60000")
    assert [order_state(client, order)[0] for order in orders] == ["FILLED", "CANCELLED"]
    assert position(client) is None


# arithmetic


PRICES = st.decimals("0.1", "200000", places=1).map(str)
QUOTES = PRICES | st.decimals("0.1", "200000", places=10).map(str)
QUANTITIES = st.decimals("0.0001", "50", places=4).map(str)
ORDERS = st.fixed_dictionaries(
    {
        "symbol": st.sampled_from([BTC, PERP]),
        "side": st.sampled_from(["BUY", "SELL"]),
        "type": st.sampled_from(["LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "BID", "ASK"]),
        "price": PRICES,
        "quantity": QUANTITIES,
        "reduceOnly": st.booleans(),
    }
)
STEPS = st.one_of(
    st.tuples(st.just("price"), st.sampled_from([BTC, PERP]), QUOTES, st.none() | QUANTITIES),
    st.tuples(st.just("order"), ORDERS),
    st.tuples(st.just("edit"), st.integers(0, 9), PRICES),
    st.tuples(st.just("cancel"), st.integers(0, 9)),
)


def call(exchange: Exchange, method: str, params: dict[str, Any]) -> dict[str, Any]:
    endpoint = ENDPOINTS[method, "/v3/trade/order"]
    return exchange.execute(endpoint.handler, check_params(endpoint.parameters, params), 1)


@settings(max_examples=60, deadline=None, derandomize=True, database=None)
@given(st.lists(STEPS, max_size=40))
def test_any_sequence_adds_up(steps: list[tuple[Any, ...]]) -> None:
    exchange = Exchange()
    ids: list[int] = []
    for step in steps:
        try:
            if step[0] == "price":
                exchange.set_quote(step[1], parse_quote(step[1], {"price": step[2], "quantity": step[3]}), 1)
            elif step[0] == "order":
                ids.append(call(exchange, "POST", step[1])["orderId"])
            elif ids:
                chosen = {"orderId": ids[step[1] % len(ids)]}
                edit = step[0] == "edit"
                call(exchange, "PUT" if edit else "DELETE", chosen | ({"price": step[2]} if edit else {"symbol": BTC}))
        except ApiError:
            pass
        audit = exchange.audit()
        assert audit["addsUp"]
        for row in audit["balances"]:
            holding, frozen, available = (Decimal(row[name]) for name in ("holding", "frozen", "available"))
            assert holding == frozen + available
            assert frozen >= 0


def test_idle_sandbox_has_prices() -> None:
    sandbox = Sandbox()
    sandbox.price(BTC, Decimal("60000.5"))
    assert sandbox.exchange.quotes[BTC].ask == Decimal("60000.5")
    with pytest.raises(ValueError, match="give a price"):
        sandbox.price(BTC)
