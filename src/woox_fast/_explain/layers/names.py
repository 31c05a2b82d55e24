"""Names and words of WOO X's requests: parameters of V1 and V3, values of enums, markets."""

from __future__ import annotations

# Parameters of WOO X's V1 and V3, that a request may have had.
PARAMETERS = (
    *(
        "symbol",
        "side",
        "status",
        "type",
        "page",
        "size",
        "cursor",
        "limit",
        "startTime",
        "endTime",
        "start_t",
        "end_t",
    ),
    *("orderId", "clientOrderId", "orderTag", "realizedPnl", "fromId", "token", "all", "price", "quantity", "amount"),
    *("order_id", "client_order_id", "order_type", "order_tag", "order_price", "order_quantity", "order_amount"),
    *("reduceOnly", "reduce_only", "visibleQuantity", "visible_quantity", "positionSide", "algoType", "triggerPrice"),
    *(
        "broker_id",
        "brokerId",
        "source",
        "marginMode",
        "margin_mode",
        "leverage",
        "bidAskLevel",
        "postOnly",
        "selfTrade",
    ),
    *(
        "triggered",
        "isTriggered",
        "rootAlgoOrderId",
        "ignoreUntriggered",
        "callbackRate",
        "activatedPrice",
        "closePosition",
    ),
)

# Names of V1 and their like of V3.
NAMES_OF_V1 = {
    "startTime": "start_t",
    "endTime": "end_t",
    "orderId": "order_id",
    "clientOrderId": "client_order_id",
    "type": "order_type",
    "orderTag": "order_tag",
    "price": "order_price",
    "quantity": "order_quantity",
    "amount": "order_amount",
    "reduceOnly": "reduce_only",
    "visibleQuantity": "visible_quantity",
    "positionSide": "position_side",
    "realizedPnl": "realized_pnl",
    "algoOrderId": "order_id",
}

# Names that are taken for each other.
ALIKE = (
    ("orderId", "clientOrderId", "algoOrderId", "clientAlgoOrderId", "id", "oid", "orderID"),
    ("order_id", "client_order_id", "algo_order_id", "id", "oid"),
    ("size", "limit", "count"),
    ("symbol", "market", "pair", "instrument", "ticker"),
    ("token", "coin", "currency", "asset"),
    ("type", "orderType", "algoType", "order_type"),
)

# Values that are taken for each other.
_SETS = (
    ("BUY", "SELL", "LONG", "SHORT", "BOTH"),
    ("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID"),
    ("NEW", "FILLED", "PARTIAL_FILLED", "CANCELLED", "CANCELED", "REJECTED", "INCOMPLETE", "COMPLETED", "OPEN", "ALL"),
    ("TRUE", "FALSE", "1", "0"),
)
VALUES_OF = {one: [other for some in _SETS if one in some for other in some] for some in _SETS for one in some}

# Markets that a program may have had in mind.
COINS = ("BTC", "ETH", "SOL", "XRP", "WOO", "BNB", "DOGE", "ADA", "LTC", "LINK", "AVAX", "SUI", "TRX", "DOT", "ARB")

# The words of WOO X's enums: what stands in a body for BUY, LIMIT, POST_ONLY.
ENUM_WORDS = frozenset(
    """
BUY SELL LONG SHORT BOTH LIMIT MARKET IOC FOK POST_ONLY ASK BID CROSS ISOLATED
BRACKET STOP OCO TRAILING_STOP POSITIONAL_TP_SL TP_SL TAKE_PROFIT STOP_LOSS CLOSE_POSITION
""".replace("\n", " ")
    .strip()
    .split(" ")
)
