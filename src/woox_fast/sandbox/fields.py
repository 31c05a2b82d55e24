"""The parameters of the endpoints, by name, as the pages of the reference document them.

Source: https://developer.woox.io/api-reference/endpoint
"""

from __future__ import annotations

from collections.abc import Mapping

from .market import INSTRUMENTS
from .params import MAX_ID, Field, array, choice, decimal, decimal_or_zero, flag, integer, number, text

MAX_TRIGGER_AFTER_MS = 900_000  # 15 minutes, the documented maximum of cancelAllAfter

_CHECKS = {
    "price quantity amount triggerPrice activatedPrice callbackRate callbackValue": decimal,
    "visibleQuantity": decimal_or_zero,
    "clientOrderId clientAlgoOrderId fromId": integer(0, MAX_ID),
    "orderId algoOrderId tradeId": integer(1, MAX_ID),
    "orderTag algoOrderTag broker_id brokerId": text(64),  # ccxt sends its broker ids, which the reference lacks
    "stopLossPrice takeProfitPrice": number,  # from ccxt, without effect
    "token": text(32),
    "reduceOnly postOnlyAdjusted withRealizedPnl isTriggered realizedPnl": flag,
    "startTime endTime after before": integer(0, 10**13 - 1),
    "page": integer(1, 10**9),
    "size": integer(1, 500),
    "limit maxLevel": integer(1, 1000),
    "bidAskLevel": integer(1, 5),
    "leverage": integer(1, 50),
    "triggerAfter": integer(0, MAX_TRIGGER_AFTER_MS),
    "childOrders": array,
    "symbol": choice(*INSTRUMENTS),
    "perpetual": choice(*(symbol for symbol in INSTRUMENTS if symbol.startswith("PERP_"))),
    "side": choice("BUY", "SELL"),
    "type": choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI"),
    "algoOrderType orderType": choice("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION"),
    "algoType": choice(*["STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS"],
                       *["POSITIONAL_TP_SL", "TP_SL", "BRACKET", "STOP_BRACKET"]),
    "positionSide": choice("BOTH", "LONG", "SHORT"),
    "marginMode": choice("CROSS", "ISOLATED"),
    "positionMode": choice("ONE_WAY", "HEDGE_MODE"),
    "triggerPriceType": choice("MARKET_PRICE", "MARK_PRICE"),
    "status": choice("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED"),
    "listenKeyType": choice("WEBSOCKET"),
    "klineType": choice("1m", "5m", "15m", "30m", "1h", "4h", "12h", "1d", "1w", "1mon", "1y"),
}  # fmt: skip
_FIELDS = {name: Field(check) for names, check in _CHECKS.items() for name in names.split()}
# Parameters with the same name and several meanings.
_SENT_AS = {"perpetual": "symbol", "algoOrderType": "type", "listenKeyType": "type", "klineType": "type"}
_DEFAULTS: dict[str, object] = {
    "clientOrderId": 0, "clientAlgoOrderId": 0, "orderTag": "default", "algoOrderTag": "default",
    "positionSide": "BOTH", "reduceOnly": False, "triggerPriceType": "MARKET_PRICE", "marginMode": "CROSS",
    "limit": 100, "page": 1, "size": 25,
}  # fmt: skip

PAGE = "page= size="
RANGE = f"startTime endTime {PAGE}"
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
GET_FILLS = f"symbol fromId limit {RANGE}"
SET_LEVERAGE = "perpetual! leverage! marginMode positionMode positionSide"
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
