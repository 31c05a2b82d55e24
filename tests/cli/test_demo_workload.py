"""What the demo sends, and what it makes of what signing costs."""

from __future__ import annotations

from decimal import Decimal
from types import SimpleNamespace
from typing import Any

import pytest
from helpers.demo import CREDENTIALS, ROWS
from hypothesis import given
from hypothesis import strategies as st

import woox_fast
from woox_fast import _sign_py
from woox_fast.cli.demo import report
from woox_fast.cli.demo.submit import Tally
from woox_fast.cli.demo.workload import Request, read_instruments, workload
from woox_fast.sandbox.market import INSTRUMENTS

# What is sent


def test_instruments_are_bought_at_the_bottom_and_within_their_filters() -> None:
    instruments = read_instruments(ROWS)
    assert [instrument.symbol for instrument in instruments] == list(INSTRUMENTS)
    for instrument in instruments:
        rules = INSTRUMENTS[instrument.symbol]
        quantity = Decimal(instrument.quantity)
        assert quantity % rules.base_tick == 0
        assert rules.base_min <= quantity <= rules.base_max
        for price in (Decimal(instrument.price), Decimal(instrument.edited_price)):
            assert price % rules.quote_tick == 0
            assert 0 < price <= 11 * rules.quote_tick
            assert price * quantity >= rules.min_notional
        assert instrument.price != instrument.edited_price


@pytest.mark.parametrize(
    "change",
    [
        {"status": "SUSPENDED"},
        {"symbol": "BTC"},
        {"symbol": None},
        {"quoteTick": "0"},
        {"quoteTick": None},
        {"baseTick": "abc"},
        {"minNotional": "NaN"},
        {"minNotional": "Infinity"},
    ],
)
def test_instruments_that_cannot_be_traded_are_left_out(change: dict[str, Any]) -> None:
    assert read_instruments([{**ROWS[0], **change}, {}, None, ROWS[1]]) == read_instruments(ROWS[1:2])


@pytest.mark.parametrize("rows", [None, {}, "rows", []])
def test_no_rows_are_no_instruments(rows: Any) -> None:
    assert read_instruments(rows) == []


@given(st.integers(1, 60), st.sampled_from([0.0, 0.3, 1.0]), st.randoms(use_true_random=False))
def test_each_order_is_placed_once_and_cancelled_whatever_is_refused(orders: int, refused: float, random: Any) -> None:
    resting: dict[int, str] = {}
    work = workload(read_instruments(ROWS), orders, resting)
    requests, reply = [], None
    open_orders: dict[int, str] = {}
    client_ids: dict[int, int] = {}
    while True:
        try:
            request = work.send(reply)
        except StopIteration:
            break
        requests.append(request)
        reply = {}
        if random.random() < refused:
            continue
        order_id = len(requests)
        reply = {"orderId": order_id, "status": "OK"}
        if request.method == "POST":
            open_orders[order_id] = request.json["symbol"]
            client_ids[request.json.get("clientOrderId", 0)] = order_id
        elif request.method == "DELETE":
            named = request.params.get("orderId") or client_ids[request.params["clientOrderId"]]
            assert open_orders.pop(named) == request.params["symbol"]
    assert sum(request.is_order for request in requests) == orders
    assert resting == open_orders
    if not refused:
        assert resting == {}
        assert sum(request.method == "DELETE" for request in requests) == orders
    placed = [request.json["clientOrderId"] for request in requests if "clientOrderId" in (request.json or {})]
    assert len(placed) == len(set(placed))


def test_the_first_round_over_all_instruments_shows_every_kind_of_request() -> None:
    instruments = read_instruments(ROWS)
    work = workload(instruments, len(instruments) + 1, {})
    requests, reply = [], None
    for number in range(6 * len(instruments) + 2):
        requests.append(work.send(reply))
        reply = {"orderId": number}
    with pytest.raises(StopIteration):
        work.send(reply)
    kinds = ["POST", "GET", "PUT", "GET", "GET", "DELETE"]
    assert [request.method for request in requests] == [*kinds * len(instruments), "POST", "DELETE"]
    pnl = "/v3/trade/order?orderId=0&withRealizedPnl=true"
    assert requests[1].target == pnl
    assert requests[0].target == "/v3/trade/order"
    assert {request.path for request in requests} == {
        "/v3/trade/order",
        "/v3/trade/orders",
        "/v3/asset/balances",
        "/v3/futures/positions",
    }


# What signing costs

ORDERS = [Request("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT", "price": str(price)}) for price in (1, 2)]


def test_time_signing_times_what_is_there() -> None:
    costs = report.time_signing(*CREDENTIALS, ORDERS, rounds=3)
    assert list(costs) == (["core"] if woox_fast.backend != "python" else []) + ["fallback", "hmac.new"]
    assert all(50 < cost < 1_000_000 for cost in costs.values())


@pytest.mark.parametrize("broken", ["Signer", "_sign_py"])
def test_a_wrong_signature_is_not_timed(broken: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong(api_key: str, api_secret: str) -> Any:
        honest = _sign_py.Signer(api_key, api_secret)

        def sign(timestamp: int, method: str, path: str, body: bytes) -> str:
            return honest.sign(timestamp, method, path, body if b'"1"' in body else body + b" ")

        return SimpleNamespace(sign=sign)

    monkeypatch.setattr(report, broken, wrong if broken == "Signer" else SimpleNamespace(Signer=wrong))
    monkeypatch.setattr(report, "backend", "cython")
    with pytest.raises(ArithmeticError, match="differs"):
        report.time_signing(*CREDENTIALS, ORDERS)


@pytest.mark.parametrize(("share", "expected"), [(0.5, 50), (0.99, 99), (1.0, 100), (0.001, 1)])
def test_percentile_is_the_nearest_rank(share: float, expected: int) -> None:
    assert report.percentile(list(range(100, 0, -1)), share) == expected
    assert report.percentile([7], share) == 7
    assert report.percentile([], share) is None


def test_an_orders_figures_are_of_orders_alone() -> None:
    tally = Tally()
    tally.sent = [ORDERS[0], Request("GET", "/v3/x"), ORDERS[1], Request("DELETE", "/v3/x"), ORDERS[0]]
    tally.latencies_ns = [10, 1, 30, 1]  # the last order got no reply
    assert tally.of_orders(tally.latencies_ns) == [10, 30]
    assert (tally.acknowledged, tally.orders_acknowledged, len(tally.orders)) == (4, 2, 3)
