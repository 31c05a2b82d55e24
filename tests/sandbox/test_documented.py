"""What is documented, word for word: the error table, the fields of each endpoint, and whole replies.

Sources: the error table of https://docs.woox.io, the pages of https://developer.woox.io/api-reference; what stands in
replies.json was compared with their examples.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, place

from woox_fast.sandbox import ERRORS, ApiError
from woox_fast.sandbox import exchange as exchange_module
from woox_fast.sandbox import orders as orders_module
from woox_fast.sandbox.endpoints import ENDPOINTS, PATHS_WITH_ID
from woox_fast.sandbox.market import HOLDINGS, INSTRUMENTS, TOKENS

REPLIES: dict[str, Any] = json.loads(Path(__file__).with_name("replies.json").read_text("utf-8"))

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
    "BODY_TIMEOUT": (-1005, 408, WRONG_FORMAT),
    "BODY_TOO_LARGE": (-1005, 413, WRONG_FORMAT),
    "RESOURCE_NOT_FOUND": (-1006, 400, NOT_FOUND),
    "NO_SUCH_ENDPOINT": (-1006, 404, NOT_FOUND),
    "DUPLICATE_REQUEST": (-1007, 409, "The data is already exists or your request is duplicated."),
    "MAINTENANCE": (-1011, 400, "The system is under maintenance."),
    "RPC_REJECT": (-1012, 400, "The place/cancel order request is rejected by internal module."),
    "MIN_NOTIONAL": (-1102, 400, "The order value (price * size) is too small."),
    "PRICE_FILTER": (-1103, 400, "The order price is not following the tick size rule for the symbol."),
    "SIZE_FILTER": (-1104, 400, "The order quantity is not following the step size rule for the symbol."),
}


def test_the_error_table() -> None:
    assert {name: tuple(refusal) for name, refusal in ERRORS.items()} == DOCUMENTED_ERRORS


# The names of each endpoint's fields: "!" must be there, "=" what it is if it is not.
PAGING = "startTime endTime page=1 size=25"
PLACE_ORDER = (
    "symbol! side! type! price quantity amount clientOrderId=0 orderTag=default positionSide=BOTH reduceOnly=False "
    "visibleQuantity marginMode bidAskLevel postOnlyAdjusted broker_id"
)
PLACE_ALGO = (
    "symbol! algoType! side type price quantity triggerPrice triggerPriceType=MARKET_PRICE activatedPrice callbackRate "
    "callbackValue visibleQuantity clientAlgoOrderId=0 algoOrderTag=default positionSide=BOTH marginMode "
    "reduceOnly=False childOrders brokerId"
)
EDIT_ORDER = "orderId clientOrderId price quantity"
EDIT_ALGO = (
    "algoOrderId clientAlgoOrderId price quantity visibleQuantity triggerPrice triggerPriceType activatedPrice "
    "callbackRate callbackValue"
)
LIST_ALGO = f"symbol side positionSide algoType orderType isTriggered algoOrderTag realizedPnl status {PAGING}"
BY_ALGO_ID = "algoOrderId clientAlgoOrderId"
DOCUMENTED_FIELDS = {
    "POST /v3/trade/order": PLACE_ORDER,
    "PUT /v3/trade/order": EDIT_ORDER,
    "DELETE /v3/trade/order": "symbol! orderId clientOrderId",
    "GET /v3/trade/order": "orderId clientOrderId withRealizedPnl",
    "GET /v3/trade/orders": f"symbol side positionSide type orderTag withRealizedPnl status {PAGING}",
    "DELETE /v3/trade/orders": "symbol",
    "DELETE /v3/trade/allOrders": "symbol",
    "POST /v3/trade/algoOrder": PLACE_ALGO,
    "PUT /v3/trade/algoOrder": EDIT_ALGO,
    "DELETE /v3/trade/algoOrder": BY_ALGO_ID,
    "GET /v3/trade/algoOrder": BY_ALGO_ID,
    "GET /v3/trade/algoOrders": LIST_ALGO,
    "DELETE /v3/trade/algoOrders": "symbol",
    "POST /v3/trade/cancelAllAfter": "triggerAfter!",
    "GET /v3/account/info": "",
    "POST /v3/account/listenKey": "type!",
    "GET /v3/asset/balances": "token",
    "GET /v3/futures/positions": "symbol",
    "GET /v3/public/systemInfo": "",
    "GET /v3/public/instruments": "symbol",
    "GET /v1/public/token": "",
    "GET /v1/public/token_network": "",
    "POST /v3/algo/order": PLACE_ALGO,
    "GET /v3/algo/orders": LIST_ALGO,
}


def test_the_fields_of_each_endpoint() -> None:
    def described(endpoint: Any) -> str:
        marks = (("!" if field.required else "", field.default) for field in endpoint.fields.values())
        names = zip(endpoint.fields, marks, strict=True)
        return " ".join(f"{name}{mark}{'' if default is None else f'={default}'}" for name, (mark, default) in names)

    assert {" ".join(key): described(endpoint) for key, endpoint in ENDPOINTS.items()} == DOCUMENTED_FIELDS
    assert {key for key, endpoint in ENDPOINTS.items() if not endpoint.private} == {
        ("GET", "/v3/public/systemInfo"),
        ("GET", "/v3/public/instruments"),
        ("GET", "/v1/public/token"),
        ("GET", "/v1/public/token_network"),
    }


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

# What each field takes, and what it does not; by its name, and by the endpoint where it differs.
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
    "childOrders": (([], [1] * 10), ([1] * 11, {}, "x")),
}


@pytest.mark.parametrize("key", ENDPOINTS, ids=" ".join)
def test_what_each_field_takes(key: tuple[str, str]) -> None:
    for name, field in ENDPOINTS[key].fields.items():
        path = key[1].replace("/v3/algo/order", "/v3/trade/algoOrder")
        good, bad = VALUES.get(f"{key[0]} {path} {name}") or VALUES[name]
        for value in good:
            field.check(name, value)
        for value in bad:
            with pytest.raises(ApiError, match=f"{name} must be ") as caught:
                field.check(name, value)
            assert caught.value.name == "INVALID_PARAM"


def test_older_paths_lead_to_the_same() -> None:
    assert {" ".join(key): name for key, (_, name) in PATHS_WITH_ID.items()} == {
        "PUT /v3/order": "orderId",
        "PUT /v3/order/client": "clientOrderId",
        "PUT /v3/algo/order": "algoOrderId",
        "PUT /v3/algo/order/client": "clientAlgoOrderId",
        "GET /v3/algo/order": "algoOrderId",
        "DELETE /v3/algo/order": "algoOrderId",
    }
    for (method, path), (endpoint, _) in PATHS_WITH_ID.items():
        newer = "/v3/trade/algoOrder" if "algo" in path else "/v3/trade/order"
        assert endpoint is ENDPOINTS[method, newer]


def test_bounds_and_the_market() -> None:
    assert exchange_module.MAX_OPEN_ALGO_ORDERS == 100  # documented: post_algo_order
    assert exchange_module.LISTEN_KEY_MS == 24 * 60 * 60 * 1000  # documented: listen_key
    assert (exchange_module.MAX_OPEN_ORDERS, orders_module.MAX_CLOSED_ORDERS) == (250_000, 10_000)
    rows = {
        symbol: [f"{x:f}" for x in (i.quote_tick, i.quote_max, i.base_tick, i.base_min, i.base_max, i.min_notional)]
        for symbol, i in INSTRUMENTS.items()
    }
    assert rows == {
        "SPOT_BTC_USDT": ["0.01", "1000000", "0.00001", "0.00001", "100", "1"],
        "SPOT_ETH_USDT": ["0.01", "100000", "0.0001", "0.0001", "5000", "1"],
        "SPOT_LTC_USDT": ["0.01", "10000", "0.001", "0.001", "10000", "1"],
        "SPOT_WOO_USDT": ["0.00001", "100", "0.1", "0.1", "10000000", "1"],
        "PERP_BTC_USDT": ["0.1", "1000000", "0.0001", "0.0001", "100", "1"],
        "PERP_ETH_USDT": ["0.01", "100000", "0.001", "0.001", "5000", "1"],
        "PERP_WOO_USDT": ["0.00001", "100", "1", "1", "10000000", "1"],
    }
    assert {token: int(amount) for token, amount in HOLDINGS.items()} == {
        "BTC": 1_000,
        "ETH": 10_000,
        "LTC": 100_000,
        "USDT": 1_000_000_000,
        "WOO": 100_000_000,
    }
    assert [token for token, *_ in TOKENS] == list(HOLDINGS)


def test_whole_replies(client: Client) -> None:
    """Every entry, so that none can be dropped or changed."""
    sent = {
        "POST /v3/trade/order": {**LIMIT_ORDER, "symbol": "PERP_BTC_USDT", "quantity": "0.5", "clientOrderId": 5},
        "POST /v3/trade/algoOrder": {**STOP_ORDER, "clientAlgoOrderId": 6},
    }
    got: dict[str, Any] = {}
    for request in REPLIES:
        method, target = request.split()
        if "public" in target:
            got[request] = client.request(method, target.encode(), {})[1]
        else:
            got[request] = client.call(method, target, sent.get(request))[1]
    assert got == REPLIES


def test_replies_of_other_orders(client: Client) -> None:
    market = {**LIMIT_ORDER, "type": "MARKET", "quantity": None, "amount": "100", "visibleQuantity": "0"}
    order = place(client, **market)
    row = client.data("GET", f"/v3/trade/order?orderId={order}")
    assert (row["price"], row["quantity"], row["amount"], row["visible"]) == (None, None, "100", "0")
    order = place(client, symbol="PERP_BTC_USDT", type="ASK", price=None, bidAskLevel=3, reduceOnly=True, orderTag="t")
    row = client.data("GET", f"/v3/trade/order?orderId={order}")
    assert (row["bidAskLevel"], row["reduceOnly"], row["orderTag"], row["visible"]) == (3, True, "t", "0.01")
