"""What the demo sends: orders that can rest on any exchange without being filled, each of which is cancelled again."""

from __future__ import annotations

import math
import time
from collections.abc import Generator, Sequence
from decimal import Decimal
from itertools import count, islice
from typing import Any, NamedTuple

from ..._encoding import query_text

FULL_ROUND = 5  # every fifth order is also read, changed and listed


class Request(NamedTuple):
    """A request before it is signed: `params` go into the query, `json` into the body."""

    method: str
    path: str
    params: dict[str, Any] | None = None
    json: dict[str, Any] | None = None

    @property
    def target(self) -> str:
        """Path and query."""
        return f"{self.path}?{query_text(self.params)}" if self.params else self.path

    @property
    def is_order(self) -> bool:
        """Whether it places an order."""
        return self.method == "POST"


class Instrument(NamedTuple):
    """A symbol and the order the demo buys there: at the lowest prices, so that it rests; for the least value."""

    symbol: str
    price: str
    edited_price: str
    quantity: str


def read_instruments(rows: Any) -> list[Instrument]:
    """The instruments that can be traded among the rows of /v3/public/instruments; others are left out."""
    instruments = []
    for row in rows if isinstance(rows, list) else []:
        try:
            symbol = row["symbol"]
            if row["status"] != "TRADING" or symbol.count("_") != 2:  # SPOT_BTC_USDT: kind, base, quote
                continue
            tick, step = Decimal(row["quoteTick"]), Decimal(row["baseTick"])
            price = _round_up(max(Decimal(row["quoteMin"]), 10 * tick), tick)
            quantity = _round_up(max(Decimal(row["baseMin"]), Decimal(row["minNotional"]) / price), step)
            instruments.append(Instrument(symbol, f"{price:f}", f"{price + tick:f}", f"{quantity:f}"))
        except (ArithmeticError, AttributeError, KeyError, TypeError, ValueError):
            continue
    return instruments


def _round_up(value: Decimal, step: Decimal) -> Decimal:
    return math.ceil(value / step) * step


# Yields requests, and is sent the `data` of each reply ({} if it was refused).
Work = Generator[Request, dict[str, Any], None]


def workload(instruments: Sequence[Instrument], orders: int, resting: dict[int, str]) -> Work:
    """The requests that place `orders` orders, over the instruments in turn, and cancel each again.

    Only its own orders are touched, and `resting` holds those that are open: order id and symbol.
    """
    client_order_ids = count(time.time_ns() // 1000)  # unique among the account's open orders
    for number, client_order_id in enumerate(islice(client_order_ids, orders)):
        turn, index = divmod(number, len(instruments))
        instrument = instruments[index]
        if turn % FULL_ROUND == 0:
            yield from _full_round(instrument, resting)
        else:
            yield from _place_and_cancel(instrument, client_order_id, resting)


def _full_round(instrument: Instrument, resting: dict[int, str]) -> Work:
    symbol = instrument.symbol
    placed = yield _place(instrument, orderTag="woox-fast demo")
    order_id = placed.get("orderId")
    if not isinstance(order_id, int):
        return
    resting[order_id] = symbol
    yield Request("GET", "/v3/trade/order", {"orderId": order_id, "withRealizedPnl": True})
    yield Request(
        "PUT",
        "/v3/trade/order",
        json={"orderId": order_id, "price": instrument.edited_price, "quantity": instrument.quantity},
    )
    yield Request("GET", "/v3/trade/orders", {"symbol": symbol, "side": "BUY", "status": "INCOMPLETE", "size": 25})
    if symbol.startswith("PERP_"):
        yield Request("GET", "/v3/futures/positions", {"symbol": symbol})
    else:
        yield Request("GET", "/v3/asset/balances", {"token": symbol.split("_")[1]})
    if (yield Request("DELETE", "/v3/trade/order", {"symbol": symbol, "orderId": order_id})):
        resting.pop(order_id, None)


def _place_and_cancel(instrument: Instrument, client_order_id: int, resting: dict[int, str]) -> Work:
    placed = yield _place(instrument, clientOrderId=client_order_id)
    order_id = placed.get("orderId")
    if not isinstance(order_id, int):
        return
    resting[order_id] = instrument.symbol
    by_client_id = {"symbol": instrument.symbol, "clientOrderId": client_order_id}
    if (yield Request("DELETE", "/v3/trade/order", by_client_id)):
        resting.pop(order_id, None)


def _place(instrument: Instrument, **more: Any) -> Request:
    order = {
        "symbol": instrument.symbol,
        "side": "BUY",
        "type": "POST_ONLY",
        "price": instrument.price,
        "quantity": instrument.quantity,
    }
    return Request("POST", "/v3/trade/order", json={**order, **more})
