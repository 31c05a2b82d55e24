"""What each endpoint takes: one table of fields per endpoint, as its page of the reference lists them.

Source: https://developer.woox.io/api-reference/endpoint/trading
"""

from __future__ import annotations

from .market import INSTRUMENTS
from .params import MAX_ID, Field, array, choice, decimal, decimal_or_zero, flag, integer, text

MAX_TRIGGER_AFTER_MS = 900_000  # 15 minutes, the longest that cancelAllAfter takes

_symbol = choice(*INSTRUMENTS)
_side = choice("BUY", "SELL")
_position_side = choice("BOTH", "LONG", "SHORT")
_order_type = choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI")
_algo_order_type = choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION")
_algo_type = choice(
    "STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS", "POSITIONAL_TP_SL", "TP_SL", "BRACKET", "STOP_BRACKET"
)
_id = integer(0, MAX_ID)
_order_id = integer(1, MAX_ID)
_time_ms = integer(0, 10**13 - 1)
_trigger_price_type = choice("MARKET_PRICE", "MARK_PRICE")

_PAGE: dict[str, Field] = {
    "startTime": Field(_time_ms),
    "endTime": Field(_time_ms),
    "page": Field(integer(1, 10**9), default=1),
    "size": Field(integer(1, 500), default=25),
}
BY_SYMBOL: dict[str, Field] = {"symbol": Field(_symbol)}

PLACE_ORDER: dict[str, Field] = {
    "symbol": Field(_symbol, required=True),
    "side": Field(_side, required=True),
    "type": Field(_order_type, required=True),
    "price": Field(decimal),
    "quantity": Field(decimal),
    "amount": Field(decimal),
    "clientOrderId": Field(_id, default=0),
    "orderTag": Field(text(64), default="default"),
    "positionSide": Field(_position_side, default="BOTH"),
    "reduceOnly": Field(flag, default=False),
    "visibleQuantity": Field(decimal_or_zero),
    "marginMode": Field(choice("CROSS", "ISOLATED")),
    "bidAskLevel": Field(integer(1, 5)),
    "postOnlyAdjusted": Field(flag),
    "broker_id": Field(text(64)),  # not in the reference; sent by ccxt
}
EDIT_ORDER: dict[str, Field] = {
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
    "price": Field(decimal),
    "quantity": Field(decimal),
}
CANCEL_ORDER: dict[str, Field] = {
    "symbol": Field(_symbol, required=True),
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
}
GET_ORDER: dict[str, Field] = {
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
    "withRealizedPnl": Field(flag),
}
GET_ORDERS: dict[str, Field] = {
    "symbol": Field(_symbol),
    "side": Field(_side),
    "positionSide": Field(_position_side),
    "type": Field(_order_type),
    "orderTag": Field(text(64)),
    "withRealizedPnl": Field(flag),
    "status": Field(
        choice("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED"),
    ),
    **_PAGE,
}
CHILD_ALGO_ORDER: dict[str, Field] = {
    "symbol": Field(_symbol),
    "algoType": Field(_algo_type, required=True),
    "side": Field(_side),
    "type": Field(_algo_order_type),
    "price": Field(decimal),
    "quantity": Field(decimal),
    "triggerPrice": Field(decimal),
    "triggerPriceType": Field(_trigger_price_type, default="MARKET_PRICE"),
    "activatedPrice": Field(decimal),
    "callbackRate": Field(decimal),
    "callbackValue": Field(decimal),
    "visibleQuantity": Field(decimal_or_zero),
    "clientAlgoOrderId": Field(_id, default=0),
    "algoOrderTag": Field(text(64), default="default"),
    "positionSide": Field(_position_side, default="BOTH"),
    "marginMode": Field(choice("CROSS", "ISOLATED")),
    "reduceOnly": Field(flag, default=False),
    "childOrders": Field(array),
}
PLACE_ALGO_ORDER: dict[str, Field] = {
    **CHILD_ALGO_ORDER,
    "symbol": Field(_symbol, required=True),
    "brokerId": Field(text(64)),  # not in the reference; sent by ccxt
}
EDIT_ALGO_ORDER: dict[str, Field] = {
    "algoOrderId": Field(_order_id),
    "clientAlgoOrderId": Field(_id),
    "price": Field(decimal),
    "quantity": Field(decimal),
    "visibleQuantity": Field(decimal_or_zero),
    "triggerPrice": Field(decimal),
    "triggerPriceType": Field(_trigger_price_type),
    "activatedPrice": Field(decimal),
    "callbackRate": Field(decimal),
    "callbackValue": Field(decimal),
}
BY_ALGO_ORDER_ID: dict[str, Field] = {"algoOrderId": Field(_order_id), "clientAlgoOrderId": Field(_id)}
GET_ALGO_ORDERS: dict[str, Field] = {
    "symbol": Field(_symbol),
    "side": Field(_side),
    "positionSide": Field(_position_side),
    "algoType": Field(_algo_type),
    "orderType": Field(_algo_order_type),
    "isTriggered": Field(flag),
    "algoOrderTag": Field(text(64)),
    "realizedPnl": Field(flag),
    "status": GET_ORDERS["status"],
    **_PAGE,
}
CANCEL_ALL_AFTER: dict[str, Field] = {"triggerAfter": Field(integer(0, MAX_TRIGGER_AFTER_MS), required=True)}
LISTEN_KEY: dict[str, Field] = {"type": Field(choice("WEBSOCKET"), required=True)}
GET_BALANCES: dict[str, Field] = {"token": Field(text(32))}
