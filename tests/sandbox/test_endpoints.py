"""Test the tables of errors and parameters against the documentation.

Sources: the error table of https://docs.woox.io, and the pages of https://developer.woox.io/api-reference.
"""

from __future__ import annotations

from typing import Any

import pytest

from woox_fast.sandbox import ERRORS, ApiError
from woox_fast.sandbox.endpoints import ENDPOINTS, PATHS_WITH_ID, find_endpoint
from woox_fast.sandbox.market import INSTRUMENTS

CREDENTIALS = "The api key or secret is in wrong format."
UNAUTHORIZED = (
    "API key or secret is invalid, it may because key have insufficient permission or the key is expired/revoked."
)
WRONG_FORMAT = "Some parameters are in wrong format for api."
NOT_FOUND = "The data is not found in server."

DOCUMENTED_ERRORS = {
    "UNKNOWN": (-1000, 500, "An unknown error occurred while processing the request."),
    "INVALID_SIGNATURE": (-1001, 401, CREDENTIALS),
    "MISSING_HEADER": (-1001, 401, CREDENTIALS),
    "UNAUTHORIZED": (-1002, 401, UNAUTHORIZED),
    "MALFORMED_TIMESTAMP": (-1002, 401, UNAUTHORIZED),
    "STALE_TIMESTAMP": (-1002, 401, UNAUTHORIZED),
    "TOO_MANY_REQUEST": (-1003, 429, "Rate limit exceed."),
    "UNKNOWN_PARAM": (-1004, 400, "An unknown parameter was sent."),
    "INVALID_PARAM": (-1005, 400, WRONG_FORMAT),
    "MALFORMED_HTTP": (-1005, 400, WRONG_FORMAT),
    "RECEIVE_WINDOW": (-1005, 400, WRONG_FORMAT),
    "BODY_TIMEOUT": (-1005, 408, WRONG_FORMAT),
    "BODY_TOO_LARGE": (-1005, 413, WRONG_FORMAT),
    "RESOURCE_NOT_FOUND": (-1006, 400, NOT_FOUND),
    "NO_SUCH_ENDPOINT": (-1006, 404, NOT_FOUND),
    "DUPLICATE_REQUEST": (-1007, 409, "The data is already exists or your request is duplicated."),
    "MAINTENANCE": (-1011, 400, "The system is under maintenance."),
    "RPC_REJECT": (-1012, 400, "The place/cancel order request is rejected by internal module."),
    "RISK_TOO_HIGH": (-1101, 400, "The risk exposure for client is too high."),
    "MIN_NOTIONAL": (-1102, 400, "The order value (price * size) is too small."),
    "PRICE_FILTER": (-1103, 400, "The order price is not following the tick size rule for the symbol."),
    "SIZE_FILTER": (-1104, 400, "The order quantity is not following the step size rule for the symbol."),
}


def test_errors_match_documentation() -> None:
    assert {name: tuple(refusal) for name, refusal in ERRORS.items()} == DOCUMENTED_ERRORS


def test_required_parameters_match_reference() -> None:
    required = {
        " ".join(key): [name for name, field in endpoint.fields.items() if field.required]
        for key, endpoint in ENDPOINTS.items()
    }
    assert {key: names for key, names in required.items() if names} == {
        "POST /v3/trade/order": ["symbol", "side", "type"],
        "DELETE /v3/trade/order": ["symbol"],
        "POST /v3/trade/algoOrder": ["symbol", "algoType"],
        "POST /v3/algo/order": ["symbol", "algoType"],
        "POST /v3/trade/cancelAllAfter": ["triggerAfter"],
        "GET /v3/trade/tradingFee": ["symbol"],
        "POST /v3/account/listenKey": ["type"],
        "GET /v3/futures/leverage": ["symbol"],
        "PUT /v3/futures/leverage": ["symbol", "leverage"],
        "PUT /v3/futures/positionMode": ["positionMode"],
        "GET /v3/public/orderbook": ["symbol"],
        "GET /v3/public/marketTrades": ["symbol"],
        "GET /v3/public/kline": ["symbol", "type"],
        "GET /v3/public/klineHistory": ["symbol", "type"],
    }


def test_public_endpoints_are_unsigned() -> None:
    assert all(endpoint.private != ("/public/" in path) for (_, path), endpoint in ENDPOINTS.items())


SYMBOLS = tuple(INSTRUMENTS)
STATUSES = ("NEW", "PARTIAL_FILLED", "FILLED", "CANCELLED", "REJECTED", "INCOMPLETE", "COMPLETED")
ORDER_TYPES = ("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "AC", "RPI")
ALGO_ORDER_TYPES = ("LIMIT", "MARKET", "IOC", "FOK", "POST_ONLY", "ASK", "BID", "CLOSE_POSITION")
ALGO_TYPES = ("STOP", "OCO", "TRAILING_STOP", "TAKE_PROFIT", "STOP_LOSS", "POSITIONAL_TP_SL", "TP_SL", "BRACKET")
ALGO_TYPES += ("STOP_BRACKET",)
IDS = (0, 1, 2**63 - 1), (-1, 2**63)
ORDER_IDS = (1, 2**63 - 1), (-1, 0, 2**63)
DECIMALS = ("1", "0.1", "999999999999.0123456789"), ("0", "-1", "1e5", "1.", ".1", "1" * 13, "0.01234567891", 1)
OR_ZERO = ("0", "0.0", "1"), ("-1", "", 0)
FLAGS = (True, False, "true", "false"), ("True", 1, 0, "")
TAGS = ("", "x" * 64), ("x" * 65, 5)
SIDES = ("BUY", "SELL"), ("buy", "")
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
    "price": DECIMALS,
    "quantity": DECIMALS,
    "amount": DECIMALS,
    "triggerPrice": DECIMALS,
    "activatedPrice": DECIMALS,
    "callbackRate": DECIMALS,
    "callbackValue": DECIMALS,
    "visibleQuantity": OR_ZERO,
    "clientOrderId": IDS,
    "clientAlgoOrderId": IDS,
    "orderId": ORDER_IDS,
    "algoOrderId": ORDER_IDS,
    "orderTag": TAGS,
    "algoOrderTag": TAGS,
    "broker_id": TAGS,
    "brokerId": TAGS,
    "positionSide": POSITION_SIDES,
    "reduceOnly": FLAGS,
    "postOnlyAdjusted": FLAGS,
    "withRealizedPnl": FLAGS,
    "isTriggered": FLAGS,
    "realizedPnl": FLAGS,
    "marginMode": (("CROSS", "ISOLATED"), ("cross",)),
    "bidAskLevel": ((1, 2, 3, 4, 5), (0, 6)),
    "triggerPriceType": (("MARKET_PRICE", "MARK_PRICE"), ("LAST",)),
    "status": (STATUSES, ("OPEN",)),
    "startTime": TIMES,
    "endTime": TIMES,
    "page": ((1, "2", 10**9), (0, 10**9 + 1)),
    "size": ((1, 500), (0, 501)),
    "triggerAfter": ((0, 900_000), (-1, 900_001)),
    "token": (("BTC", "x" * 32), ("x" * 33,)),
    "stopLossPrice": (("1", 60000, 60000.5), ("0", 0, -1, "x", True)),
    "takeProfitPrice": (("1", 60000, 60000.5), ("0", 0, -1, "x", True)),
    "tradeId": ORDER_IDS,
    "fromId": IDS,
    "limit": ((1, 1000), (0, 1001)),
    "leverage": ((1, 50), (0, 51)),
    "positionMode": (("ONE_WAY", "HEDGE_MODE"), ("HEDGE",)),
    "maxLevel": ((1, 1000), (0, 1001)),
    "after": TIMES,
    "before": TIMES,
    "GET /v3/public/kline type": (("1m", "1mon", "1y"), ("1M", "2m")),
    "GET /v3/public/klineHistory type": (("1m", "1mon", "1y"), ("1M", "2m")),
    "GET /v3/futures/leverage symbol": (("PERP_BTC_USDT",), ("SPOT_BTC_USDT",)),
    "PUT /v3/futures/leverage symbol": (("PERP_BTC_USDT",), ("SPOT_BTC_USDT",)),
    "childOrders": (([], [1] * 10), ([1] * 11, {}, "x")),
}


@pytest.mark.parametrize("key", ENDPOINTS, ids=" ".join)
def test_fields_check_values(key: tuple[str, str]) -> None:
    for name, field in ENDPOINTS[key].fields.items():
        path = key[1].replace("/v3/algo/order", "/v3/trade/algoOrder")
        good, bad = VALUES.get(f"{key[0]} {path} {name}") or VALUES[name]
        for value in good:
            field.check(name, value)
        for value in bad:
            with pytest.raises(ApiError, match=f"{name} must be ") as caught:
                field.check(name, value)
            assert caught.value.name == "INVALID_PARAM"


@pytest.mark.parametrize(("path", "name"), {path: name for path, (_, name) in PATHS_WITH_ID.items()}.items())
def test_older_paths_share_endpoints(path: str, name: str) -> None:
    newer = "/v3/trade/algoOrder" if "algo" in path else "/v3/trade/order"
    assert find_endpoint("PUT", f"{path}/5") == (ENDPOINTS["PUT", newer], {name: "5"})
