"""The parameters of the endpoints, by name, as the pages of the reference document them.

Source: https://developer.woox.io/api-reference/endpoint
"""

from __future__ import annotations

from collections.abc import Mapping

from .market import INSTRUMENTS
from .params import MAX_ID, Field, array, choice, decimal, decimal_or_zero, flag, integer, number, text

MAX_TRIGGER_AFTER_MS = 900_000  # 15 minutes, the documented maximum of cancelAllAfter

_side = choice("BUY", "SELL")
_algo_order_type = choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION")
_id = integer(0, MAX_ID)
_order_id = integer(1, MAX_ID)
_time_ms = integer(0, 10**13 - 1)

# fmt: off
_FIELDS: dict[str, Field] = {
    "symbol": Field(choice(*INSTRUMENTS)),
    "perpetual": Field(choice(*(symbol for symbol in INSTRUMENTS if symbol.startswith("PERP_")))),
    "side": Field(_side),
    "type": Field(choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI")),
    "price": Field(decimal),
    "quantity": Field(decimal),
    "amount": Field(decimal),
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
    "orderTag": Field(text(64)),
    "positionSide": Field(choice("BOTH", "LONG", "SHORT")),
    "reduceOnly": Field(flag),
    "visibleQuantity": Field(decimal_or_zero),
    "marginMode": Field(choice("CROSS", "ISOLATED")),
    "bidAskLevel": Field(integer(1, 5)),
    "postOnlyAdjusted": Field(flag),
    # The reference lacks these four, which ccxt sends. They have no effect.
    "broker_id": Field(text(64)),
    "brokerId": Field(text(64)),
    "stopLossPrice": Field(number),
    "takeProfitPrice": Field(number),
    "withRealizedPnl": Field(flag),
    "status": Field(choice("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED")),
    "startTime": Field(_time_ms),
    "endTime": Field(_time_ms),
    "page": Field(integer(1, 10**9), default=1),
    "size": Field(integer(1, 500), default=25),
    "algoOrderId": Field(_order_id),
    "clientAlgoOrderId": Field(_id),
    "algoType": Field(choice("STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS", "POSITIONAL_TP_SL", "TP_SL",
                             "BRACKET", "STOP_BRACKET")),
    "algoOrderType": Field(_algo_order_type),
    "orderType": Field(_algo_order_type),
    "triggerPrice": Field(decimal),
    "triggerPriceType": Field(choice("MARKET_PRICE", "MARK_PRICE")),
    "activatedPrice": Field(decimal),
    "callbackRate": Field(decimal),
    "callbackValue": Field(decimal),
    "algoOrderTag": Field(text(64)),
    "childOrders": Field(array),
    "isTriggered": Field(flag),
    "realizedPnl": Field(flag),
    "triggerAfter": Field(integer(0, MAX_TRIGGER_AFTER_MS)),
    "listenKeyType": Field(choice("WEBSOCKET")),
    "token": Field(text(32)),
    "tradeId": Field(_order_id),
    "fromId": Field(_id),
    "limit": Field(integer(1, 1000)),
    "leverage": Field(integer(1, 50)),
    "positionMode": Field(choice("ONE_WAY", "HEDGE_MODE")),
    "maxLevel": Field(integer(1, 1000)),
    "klineType": Field(choice("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w", "1mon", "1y")),
    "after": Field(_time_ms),
    "before": Field(_time_ms),
}
# fmt: on
# Parameters with one name and several meanings.
_SENT_AS = {"perpetual": "symbol", "algoOrderType": "type", "listenKeyType": "type", "klineType": "type"}
_DEFAULTS: dict[str, object] = {
    "clientOrderId": 0, "clientAlgoOrderId": 0, "orderTag": "default", "algoOrderTag": "default",
    "positionSide": "BOTH", "reduceOnly": False, "triggerPriceType": "MARKET_PRICE", "marginMode": "CROSS",
    "limit": 100,
}  # fmt: skip

PAGE = "page size"
RANGE = "startTime endTime page size"
_ALGO = (
    "price quantity triggerPrice triggerPriceType= activatedPrice callbackRate callbackValue visibleQuantity "
    "clientAlgoOrderId= algoOrderTag= positionSide= marginMode reduceOnly= childOrders"
)
PLACE_ORDER = (
    "symbol! side! type! price quantity amount clientOrderId= orderTag= positionSide= reduceOnly= visibleQuantity "
    "marginMode bidAskLevel postOnlyAdjusted broker_id stopLossPrice takeProfitPrice"
)
PLACE_ALGO_ORDER = f"symbol! algoType! side algoOrderType {_ALGO} brokerId stopLossPrice takeProfitPrice"
EDIT_ALGO_ORDER = (
    "algoOrderId clientAlgoOrderId price quantity visibleQuantity triggerPrice triggerPriceType activatedPrice "
    "callbackRate callbackValue"
)
GET_ORDERS = f"symbol side positionSide type orderTag withRealizedPnl status {RANGE}"
GET_ALGO_ORDERS = f"symbol side positionSide algoType orderType isTriggered algoOrderTag realizedPnl status {RANGE}"


def fields(names: str) -> Mapping[str, Field]:
    """Return the fields of these names; "!" marks a required parameter, "=" a parameter with a default."""
    chosen = {}
    for word in names.split():
        name = word.rstrip("!=")
        field = _FIELDS[name]
        if word.endswith("!"):
            field = field._replace(required=True)
        elif word.endswith("="):
            field = field._replace(default=_DEFAULTS[name])
        chosen[_SENT_AS.get(name, name)] = field
    return chosen


CHILD_ALGO_ORDER = fields(f"symbol algoType! side algoOrderType {_ALGO}")
