"""Test the tables of errors and parameters against the documentation.

Sources: the error table of https://docs.woox.io, and the pages of https://developer.woox.io/api-reference.
"""

from __future__ import annotations

from typing import Any

import pytest

from woox_fast.sandbox import ERRORS, ApiError
from woox_fast.sandbox.endpoints import ENDPOINTS
from woox_fast.sandbox.market import INSTRUMENTS

# The error table's codes, and the status of every name.
CODES = {
    "-1000 500": "UNKNOWN", "-1001 401": "INVALID_SIGNATURE MISSING_HEADER",
    "-1002 401": "UNAUTHORIZED MALFORMED_TIMESTAMP STALE_TIMESTAMP", "-1003 429": "TOO_MANY_REQUEST",
    "-1004 400": "UNKNOWN_PARAM", "-1005 400": "INVALID_PARAM MALFORMED_HTTP RECEIVE_WINDOW",
    "-1005 408": "BODY_TIMEOUT", "-1005 413": "BODY_TOO_LARGE", "-1006 400": "RESOURCE_NOT_FOUND",
    "-1006 404": "NO_SUCH_ENDPOINT", "-1007 409": "DUPLICATE_REQUEST", "-1011 400": "MAINTENANCE",
    "-1012 400": "RPC_REJECT", "-1101 400": "RISK_TOO_HIGH", "-1102 400": "MIN_NOTIONAL",
    "-1103 400": "PRICE_FILTER", "-1104 400": "SIZE_FILTER",
}  # fmt: skip


def test_errors_match_documentation() -> None:
    documented = {name: code for code, names in CODES.items() for name in names.split()}
    assert {name: f"{refusal.code} {refusal.status}" for name, refusal in ERRORS.items()} == documented


SYMBOLS = tuple(INSTRUMENTS)
STATUSES = ("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED")
ORDER_TYPES = ("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI")
ALGO_ORDER_TYPES = ("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION")
ALGO_TYPES = ("STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS", "POSITIONAL_TP_SL", "TP_SL", "BRACKET")
ALGO_TYPES += ("STOP_BRACKET",)
IDS = (0, "1", 2**63 - 1), (-1, 2**63, 1.0, True, "abc")
ORDER_IDS = (1, 2**63 - 1), (-1, 0, 2**63)
WORDS = ("", "0", "0.00", "-1", "1e5", "NaN", "1.", ".1", "1_0", " 1", "1\n", "٦", "1" * 13, "0.01234567891", 1, 6e4)
DECIMALS = ("1", "0.1", "999999999999.0123456789"), WORDS
OR_ZERO = ("0", "0.0", "1"), ("-1", "", 0)
FLAGS = (True, False, "true", "false"), ("True", 1, 0, "")
TAGS = ("", "x" * 64), ("x" * 65, 5)
SIDES = ("BUY", "SELL"), ("buy", "")
PERPETUALS = ("PERP_BTC_USDT",), ("SPOT_BTC_USDT",)
POSITION_SIDES = ("BOTH", "LONG", "SHORT"), ("NONE",)
TIMES = (0, "1", 10**13 - 1), (-1, 10**13)

# Valid and invalid values of all parameters, by name, or by endpoint and name.
VALUES: dict[str, tuple[tuple[Any, ...], tuple[Any, ...]]] = {
    "symbol": (SYMBOLS, ("SPOT_DOGE_USDT", "spot_btc_usdt")),
    "side": SIDES,
    "type": (ORDER_TYPES, ("CLOSE_POSITION", "STOP")),
    "POST /v3/trade/algoOrder type": (ALGO_ORDER_TYPES, ("AC", "RPI")),
    "orderType": (ALGO_ORDER_TYPES, ("AC", "RPI")),
    "POST /v3/account/listenKey type": (("WEBSOCKET",), ("FIX", "websocket")),
    "algoType": (ALGO_TYPES, ("ICEBERG",)),
    **dict.fromkeys(
        ["price", "quantity", "amount", "triggerPrice", "activatedPrice", "callbackRate", "callbackValue"], DECIMALS
    ),
    "visibleQuantity": OR_ZERO,
    **dict.fromkeys(["clientOrderId", "clientAlgoOrderId", "fromId"], IDS),
    **dict.fromkeys(["orderId", "algoOrderId", "tradeId"], ORDER_IDS),
    **dict.fromkeys(["orderTag", "algoOrderTag", "broker_id", "brokerId"], TAGS),
    "positionSide": POSITION_SIDES,
    **dict.fromkeys(["reduceOnly", "postOnlyAdjusted", "withRealizedPnl", "isTriggered", "realizedPnl"], FLAGS),
    "marginMode": (("CROSS", "ISOLATED"), ("cross", {})),
    "bidAskLevel": ((1, 2, 3, 4, 5), (0, 6)),
    "triggerPriceType": (("MARKET_PRICE", "MARK_PRICE"), ("LAST",)),
    "status": (STATUSES, ("OPEN",)),
    **dict.fromkeys(["startTime", "endTime", "after", "before"], TIMES),
    "page": ((1, "2", 10**9), (0, 10**9 + 1)),
    "size": ((1, 500), (0, 501)),
    "triggerAfter": ((0, 900_000), (-1, 900_001)),
    "token": (("BTC", "x" * 32), ("x" * 33,)),
    **dict.fromkeys(("stopLossPrice", "takeProfitPrice"), (("1", 60000, 60000.5), ("0", 0, -1, "x", True))),
    **dict.fromkeys(("limit", "maxLevel"), ((1, 1000), (0, 1001))),
    "leverage": ((1, 50), (0, 51)),
    "positionMode": (("ONE_WAY", "HEDGE_MODE"), ("HEDGE",)),
    **dict.fromkeys(("GET /v3/public/kline type", "GET /v3/public/klineHistory type"), (("1m", "1y"), ("1M", "2m"))),
    **dict.fromkeys(("GET /v3/futures/leverage symbol", "PUT /v3/futures/leverage symbol"), PERPETUALS),
    "childOrders": (([], [1] * 10), ([1] * 11, {}, "x")),
}


@pytest.mark.parametrize("key", ENDPOINTS, ids=" ".join)
def test_parameters_check_values(key: tuple[str, str]) -> None:
    for name, parameter in ENDPOINTS[key].parameters.items():
        path = key[1].replace("/v3/algo/order", "/v3/trade/algoOrder")
        good, bad = VALUES.get(f"{key[0]} {path} {name}") or VALUES[name]
        for value in good:
            parameter.check(name, value)
        for value in bad:
            with pytest.raises(ApiError, match=f"{name} must be ") as caught:
                parameter.check(name, value)
            assert caught.value.name == "INVALID_PARAM"
