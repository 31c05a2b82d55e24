"""Test how orders are placed, edited, cancelled and listed, and the dead man's switch."""

from __future__ import annotations

from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, Clock, open_ids, place

from woox_fast.sandbox import Sandbox


def test_order_lifecycle(client: Client, clock: Clock) -> None:
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
    row = client.data("GET", f"/v3/trade/order?{by_id}")
    assert row == client.data("GET", "/v3/trade/order?clientOrderId=1954766344355779056")
    assert (row["status"], row["createdTime"], row["executed"]) == ("NEW", 1_795_000_000_000, "0")
    assert row["orderTag"] == "x" * 64
    assert "realizedPnl" not in row
    assert client.data("GET", f"/v3/trade/order?{by_id}&withRealizedPnl=true") == {**row, "realizedPnl": None}

    edit = {"orderId": placed["orderId"], "clientOrderId": 5, "price": "60000.01"}  # the order id has precedence
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


def test_client_order_ids_are_unique(client: Client) -> None:
    first = place(client, clientOrderId=7)
    assert client.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, "clientOrderId": 7}) == "DUPLICATE_REQUEST"
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={first}")
    second = place(client, clientOrderId=7)
    assert client.data("GET", "/v3/trade/order?clientOrderId=7")["orderId"] == second
    assert len({place(client, clientOrderId=0), place(client, clientOrderId=0), place(client)}) == 3  # 0 means no id
    place(client, clientOrderId=2**63 - 1)


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [
        ({"side": None}, "INVALID_PARAM"),
        ({"price": None, "type": "POST_ONLY"}, "INVALID_PARAM"),
        ({"symbol": ["SPOT_BTC_USDT"]}, "INVALID_PARAM"),
        ({"quantity": None}, "INVALID_PARAM"),
        ({"amount": "100"}, "INVALID_PARAM"),
        ({"clientOrderID": 1}, "UNKNOWN_PARAM"),
        ({"price": "60000.001"}, "PRICE_FILTER"),
        ({"price": "1000000.01"}, "PRICE_FILTER"),
        ({"quantity": "0.000001"}, "SIZE_FILTER"),
        ({"quantity": "100.00001"}, "SIZE_FILTER"),
        ({"price": "0.01"}, "MIN_NOTIONAL"),
        ({"type": "MARKET", "quantity": None, "amount": "0.99"}, "MIN_NOTIONAL"),
    ],
)
def test_invalid_orders_are_refused(sandbox: Sandbox, client: Client, changes: dict[str, Any], verdict: str) -> None:
    assert client.refusal("POST", "/v3/trade/order", {**LIMIT_ORDER, **changes}) == verdict
    assert sandbox.verified == 1
    assert not sandbox.exchange.orders.open
    assert place(client) in sandbox.exchange.orders.open


@pytest.mark.parametrize(
    ("order", "price"),
    [
        ({**LIMIT_ORDER, "type": "MARKET"}, None),
        ({"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "MARKET", "amount": "1500.25"}, None),
        ({"symbol": "PERP_BTC_USDT", "side": "SELL", "type": "ASK", "quantity": "1", "bidAskLevel": 3}, "100000"),
        ({**LIMIT_ORDER, "symbol": "PERP_BTC_USDT", "marginMode": "ISOLATED"}, "60000"),
        ({**LIMIT_ORDER, "type": "IOC", "reduceOnly": True, "visibleQuantity": "0"}, "60000"),
        ({**LIMIT_ORDER, "price": "0060000.00", "amount": None}, "0060000.00"),
    ],
)
def test_valid_orders_are_accepted(client: Client, order: dict[str, Any], price: str | None) -> None:
    placed = client.data("POST", "/v3/trade/order", order)
    row = client.data("GET", f"/v3/trade/order?orderId={placed['orderId']}")
    defaults = {"quantity": None, "amount": None, "reduceOnly": False, "positionSide": "BOTH"}
    sent = {**defaults, **order, "price": price}
    for name in ("symbol", "side", "type", "price", *defaults):
        assert row[name] == sent[name]


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
def test_invalid_edits_are_refused(client: Client, edit: dict[str, Any], verdict: str) -> None:
    first = place(client, price="60000", quantity="0.0001")
    second = place(client, quantity=None, amount="100")
    assert [first, second] == [60_000_000_001, 60_000_000_002]
    before = client.data("GET", f"/v3/trade/order?orderId={first}")
    assert client.refusal("PUT", "/v3/trade/order", edit) == verdict
    assert client.data("GET", f"/v3/trade/order?orderId={first}") == before


def test_lists_are_filtered_and_paged(sandbox: Sandbox, client: Client, clock: Clock) -> None:
    ids = []
    for number in range(6):
        symbol = ("SPOT_BTC_USDT", "SPOT_ETH_USDT")[number % 2]
        side, price = (("BUY", "1000"), ("SELL", "100000"))[number // 3]
        sandbox.price(symbol, "50000")
        ids.append(place(client, symbol=symbol, side=side, price=price, orderTag=f"tag{number}"))
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
    assert listed("type=MARKET") == listed("positionSide=LONG") == []
    assert listed("startTime=1795000001000&endTime=1795000003000") == [3, 2, 1]
    assert listed("size=4") == [5, 4, 3, 2]
    assert listed("size=4&page=2") == [1, 0]
    assert listed("size=4&page=3") == []
    meta = client.data("GET", "/v3/trade/orders?size=4&page=2&status=NEW")["meta"]
    assert meta == {"total": 5, "recordsPerPage": 4, "currentPage": 2}
    for query, verdict in (
        ("limit=5", "UNKNOWN_PARAM"),
        ("side=BUY&side=SELL", "INVALID_PARAM"),
        ("&&", "INVALID_PARAM"),
    ):
        assert client.refusal("GET", f"/v3/trade/orders?{query}") == verdict


def test_cancel_all_respects_symbol(client: Client) -> None:
    def fill() -> tuple[int, int]:
        place(client)
        eth = place(client, symbol="SPOT_ETH_USDT", price="3000")
        return eth, client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)["rows"][0]["algoOrderId"]

    def left_after(path: str) -> tuple[list[int], list[int]]:
        assert client.data("DELETE", path) == {"status": "CANCEL_ALL_SENT"}
        rows = client.data("GET", "/v3/trade/algoOrders?status=INCOMPLETE")["rows"]
        return open_ids(client), [row["algoOrderId"] for row in rows]

    eth, algo = fill()
    assert left_after("/v3/trade/orders?symbol=SPOT_BTC_USDT") == ([eth], [algo])
    assert left_after("/v3/trade/orders") == ([], [algo])
    assert left_after("/v3/trade/allOrders?symbol=SPOT_ETH_USDT") == ([], [algo])
    eth, _ = fill()
    assert left_after("/v3/trade/allOrders?symbol=SPOT_BTC_USDT") == ([eth], [])
    fill()
    assert left_after("/v3/trade/allOrders") == ([], [])


def test_paths_with_id_work(client: Client) -> None:
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


CLOSE = {"side": "SELL", "type": "CLOSE_POSITION"}
LEAVES = [
    {**CLOSE, "algoType": "TAKE_PROFIT", "triggerPrice": "70000"},
    {**CLOSE, "algoType": "STOP_LOSS", "triggerPrice": "50000"},
]
TP_SL = {"symbol": "PERP_BTC_USDT", "algoType": "POSITIONAL_TP_SL", "childOrders": LEAVES}
BRACKET = {**LIMIT_ORDER, "symbol": "PERP_BTC_USDT", "algoType": "BRACKET", "childOrders": [TP_SL]}


def test_bracket_order_is_a_tree(client: Client, clock: Clock) -> None:
    bracket = {**BRACKET, "clientAlgoOrderId": 3}
    rows = client.data("POST", "/v3/trade/algoOrder", bracket)["rows"]
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

    assert client.refusal("POST", "/v3/trade/algoOrder", bracket) == "DUPLICATE_REQUEST"
    clock.now += 1
    edit = {"clientAlgoOrderId": 3, "price": "61000", "quantity": "0.02", "triggerPrice": "60500"}
    assert client.data("PUT", "/v3/trade/algoOrder", edit) == {"status": "EDIT_SENT"}
    edited = client.data("GET", f"/v3/trade/algoOrder?algoOrderId={root}")
    assert (edited["price"], edited["quantity"], edited["triggerPrice"]) == ("61000", "0.02", "60500")
    assert edited["updatedTime"] == edited["createdTime"] + 1000

    assert client.data("DELETE", f"/v3/trade/algoOrder?algoOrderId={root}") == {"status": "CANCEL_SENT"}
    assert client.refusal("DELETE", f"/v3/trade/algoOrder?algoOrderId={root}") == "RESOURCE_NOT_FOUND"
    assert client.data("GET", f"/v3/trade/algoOrder?algoOrderId={take_profit}")["algoStatus"] == "CANCELLED"


@pytest.mark.parametrize(
    ("name", "own", "another"),
    [
        ("status", "INCOMPLETE", "COMPLETED"),
        ("isTriggered", "false", "true"),
        ("symbol", "PERP_BTC_USDT", "SPOT_BTC_USDT"),
        ("side", "BUY", "SELL"),
        ("positionSide", "BOTH", "LONG"),
        ("algoType", "BRACKET", "STOP"),
        ("orderType", "LIMIT", "MARKET"),
        ("algoOrderTag", "default", "mine"),
    ],
)
def test_algo_orders_are_filtered(client: Client, name: str, own: str, another: str) -> None:
    client.data("POST", "/v3/trade/algoOrder", BRACKET)
    for value, count in ((own, 1), (another, 0)):
        assert client.data("GET", f"/v3/trade/algoOrders?{name}={value}")["meta"]["total"] == count


def test_algo_orders_are_cancelled_by_symbol(client: Client) -> None:
    client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "symbol": "PERP_BTC_USDT"})
    assert client.data("DELETE", "/v3/trade/algoOrders?symbol=PERP_BTC_USDT") == {"status": "CANCEL_ALL_SENT"}
    remaining = client.data("GET", "/v3/trade/algoOrders?status=NEW")["rows"]
    assert [row["symbol"] for row in remaining] == ["SPOT_BTC_USDT"]


def nest(order: dict[str, Any], levels: int) -> dict[str, Any]:
    return {**order, "childOrders": [nest(order, levels - 1)]} if levels > 1 else order


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
        {"algoType": "BRACKET", "childOrders": []},
        {"algoType": "BRACKET", "childOrders": ["STOP_LOSS"]},
        {"algoType": "BRACKET", "childOrders": [{"algoType": "STOP_LOSS"}]},
        {"algoType": "BRACKET", "childOrders": [STOP_ORDER] * 11},
        {"algoType": "BRACKET", "childOrders": [nest(STOP_ORDER, 3)]},
    ],
)
def test_invalid_algo_orders_are_refused(sandbox: Sandbox, client: Client, changes: dict[str, Any]) -> None:
    assert client.refusal("POST", "/v3/trade/algoOrder", {**STOP_ORDER, **changes}) == "INVALID_PARAM"
    assert not sandbox.exchange.algo.book.open
    assert client.refusal("PUT", "/v3/trade/algoOrder", {"algoOrderId": 1}) == "INVALID_PARAM"


@pytest.mark.parametrize(
    ("changes", "verdict"),
    [({"price": "0.001"}, "PRICE_FILTER"), ({"quantity": "101"}, "SIZE_FILTER"), ({"price": "0.01"}, "MIN_NOTIONAL")],
)
def test_algo_orders_respect_filters(client: Client, changes: dict[str, str], verdict: str) -> None:
    assert client.refusal("POST", "/v3/trade/algoOrder", {**STOP_ORDER, **changes}) == verdict
    (row,) = client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)["rows"]
    edit = {"algoOrderId": row["algoOrderId"], **changes}
    assert client.refusal("PUT", "/v3/trade/algoOrder", edit) == verdict


def test_cancel_all_after_fires(client: Client, clock: Clock) -> None:
    place(client)
    client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)

    def after(milliseconds: int) -> int:
        return client.data("POST", "/v3/trade/cancelAllAfter", {"triggerAfter": milliseconds})["expectedTriggerTime"]

    assert after(10_000) == 1_795_000_010_000
    clock.now += 9.999
    assert len(open_ids(client)) == 1
    assert after(10_000) == 1_795_000_019_999
    clock.now += 5
    assert after(0) == 0
    clock.now += 60
    assert len(open_ids(client)) == 1
    after(900_000)
    clock.now += 900
    assert open_ids(client) == []
    assert client.data("GET", "/v3/trade/algoOrders?status=NEW")["rows"] == []
