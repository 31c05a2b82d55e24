"""The parameters of each endpoint, as its page of the reference lists them.

Source: https://developer.woox.io/api-reference/endpoint
"""

from __future__ import annotations

from .market import INSTRUMENTS
from .params import MAX_ID, Field, array, choice, decimal, decimal_or_zero, flag, integer, number, text

MAX_TRIGGER_AFTER_MS = 900_000  # 15 minutes, the documented maximum of cancelAllAfter

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
_position_mode = choice("ONE_WAY", "HEDGE_MODE")
_perpetual = choice(*(symbol for symbol in INSTRUMENTS if symbol.startswith("PERP_")))
_margin_mode = choice("CROSS", "ISOLATED")
_tag = Field(text(64), default="default")
_flag = Field(flag)
_one_symbol = Field(_symbol, required=True)

PAGE: dict[str, Field] = {
    "page": Field(integer(1, 10**9), default=1),
    "size": Field(integer(1, 500), default=25),
}
_RANGE: dict[str, Field] = {"startTime": Field(_time_ms), "endTime": Field(_time_ms), **PAGE}
BY_SYMBOL: dict[str, Field] = {"symbol": _one_symbol}
MAYBE_SYMBOL: dict[str, Field] = {"symbol": Field(_symbol)}

PLACE_ORDER: dict[str, Field] = {
    "symbol": _one_symbol,
    "side": Field(_side, required=True),
    "type": Field(_order_type, required=True),
    "price": Field(decimal),
    "quantity": Field(decimal),
    "amount": Field(decimal),
    "clientOrderId": Field(_id, default=0),
    "orderTag": _tag,
    "positionSide": Field(_position_side, default="BOTH"),
    "reduceOnly": Field(flag, default=False),
    "visibleQuantity": Field(decimal_or_zero),
    "marginMode": Field(_margin_mode),
    "bidAskLevel": Field(integer(1, 5)),
    "postOnlyAdjusted": _flag,
    # ccxt sends these parameters, which the reference lacks; they have no effect here.
    "broker_id": Field(text(64)),
    "stopLossPrice": Field(number),
    "takeProfitPrice": Field(number),
}
EDIT_ORDER: dict[str, Field] = {
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
    "price": Field(decimal),
    "quantity": Field(decimal),
}
CANCEL_ORDER: dict[str, Field] = {
    "symbol": _one_symbol,
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
}
GET_ORDER: dict[str, Field] = {
    "orderId": Field(_order_id),
    "clientOrderId": Field(_id),
    "withRealizedPnl": _flag,
}
GET_ORDERS: dict[str, Field] = {
    "symbol": Field(_symbol),
    "side": Field(_side),
    "positionSide": Field(_position_side),
    "type": Field(_order_type),
    "orderTag": Field(text(64)),
    "withRealizedPnl": _flag,
    "status": Field(
        choice("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED"),
    ),
    **_RANGE,
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
    "algoOrderTag": _tag,
    "positionSide": Field(_position_side, default="BOTH"),
    "marginMode": Field(_margin_mode),
    "reduceOnly": Field(flag, default=False),
    "childOrders": Field(array),
}
PLACE_ALGO_ORDER: dict[str, Field] = {
    **CHILD_ALGO_ORDER,
    "symbol": _one_symbol,
    "brokerId": Field(text(64)),  # from ccxt
    "stopLossPrice": Field(number),
    "takeProfitPrice": Field(number),
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
    "isTriggered": _flag,
    "algoOrderTag": Field(text(64)),
    "realizedPnl": _flag,
    "status": GET_ORDERS["status"],
    **_RANGE,
}
CANCEL_ALL_AFTER: dict[str, Field] = {"triggerAfter": Field(integer(0, MAX_TRIGGER_AFTER_MS), required=True)}
LISTEN_KEY: dict[str, Field] = {"type": Field(choice("WEBSOCKET"), required=True)}
GET_BALANCES: dict[str, Field] = {"token": Field(text(32))}
GET_TRANSACTION: dict[str, Field] = {"tradeId": Field(_order_id), "clientOrderId": Field(_id)}
GET_TRANSACTIONS: dict[str, Field] = {
    "symbol": Field(_symbol),
    "fromId": Field(_id),
    "limit": Field(integer(1, 500)),
    **_RANGE,
}
BY_ORDER_ID: dict[str, Field] = {"orderId": Field(_order_id, required=True)}
_limit = Field(integer(1, 1000), default=100)
GET_LEVERAGE: dict[str, Field] = {
    "symbol": Field(_perpetual, required=True),
    "marginMode": Field(_margin_mode, default="CROSS"),
    "positionMode": Field(_position_mode),
}
SET_LEVERAGE: dict[str, Field] = {
    **GET_LEVERAGE,
    "leverage": Field(integer(1, 50), required=True),
    "positionSide": Field(_position_side),
}
SET_POSITION_MODE: dict[str, Field] = {"positionMode": Field(_position_mode, required=True)}
GET_ORDER_BOOK: dict[str, Field] = {"symbol": _one_symbol, "maxLevel": Field(integer(1, 1000))}
GET_MARKET_TRADES: dict[str, Field] = {"symbol": _one_symbol, "limit": _limit}
GET_KLINE: dict[str, Field] = {
    "symbol": _one_symbol,
    "type": Field(choice("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w", "1mon", "1y"), required=True),
    "limit": _limit,
    "after": Field(_time_ms),
    "before": Field(_time_ms),
}
