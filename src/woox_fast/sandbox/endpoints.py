"""The table of endpoints: a method and path, its function, its parameters and the documented rate limit.

Source: https://developer.woox.io/api-reference, with a "Limit" line on every page.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import fields as f
from . import queries as q
from .errors import ApiError
from .exchange import Exchange
from .limits import Limit
from .market import TOKEN_NETWORK_ROWS, TOKEN_ROWS
from .params import Field, Params

LISTEN_KEY_MS = 24 * 60 * 60 * 1000

Handler = Callable[[Exchange, Params, int], Params]


class Endpoint(NamedTuple):
    """The function for a method and path, its parameters, and its rate limit."""

    handler: Handler
    fields: Mapping[str, Field]
    limit: Limit

    @property
    def private(self) -> bool:
        """True if a request needs a signature."""
        return self.limit.scope != "ip"


def _endpoint(handler: Handler, names: str, limit: Limit) -> Endpoint:
    return Endpoint(handler, f.fields(names), limit)


def _algo(name: str) -> Handler:
    def call(exchange: Exchange, params: Params, now_ms: int) -> Params:
        data: Params = getattr(exchange.algo, name)(params, now_ms)
        return data

    call.__name__ = f"algo_{name}"
    return call


def _create_listen_key(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {"authKey": secrets.token_urlsafe(32), "expiredTime": now_ms + LISTEN_KEY_MS}


def _get_credentials(exchange: Exchange, params: Params, now_ms: int) -> Params:
    row = {"accountName": "Main", "userId": 1, "apiKey": exchange.api_key, "permissions": ["READ", "TRADE"]}
    return {"rows": [row], "meta": {"total": 1, "recordsPerPage": params["size"], "currentPage": params["page"]}}


def _constant(name: str, rows: list[Params]) -> Handler:
    def call(exchange: Exchange, params: Params, now_ms: int) -> Params:
        return {"rows": rows}

    call.__name__ = name
    return call


_E = Exchange
_MINUTE = Limit(10, 60)
_PUBLIC = Limit(10, 1, "ip")

# fmt: off
ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/v3/trade/order"): _endpoint(_E.place_order, f.PLACE_ORDER, Limit(5, 1, "symbol")),
    ("PUT", "/v3/trade/order"): _endpoint(_E.edit_order, "orderId clientOrderId price quantity", Limit(5, 1)),
    ("DELETE", "/v3/trade/order"): _endpoint(_E.cancel_order, "symbol! orderId clientOrderId", Limit(10, 1)),
    ("GET", "/v3/trade/order"): _endpoint(q.get_order, "orderId clientOrderId withRealizedPnl", Limit(5, 1)),
    ("GET", "/v3/trade/orders"): _endpoint(q.get_orders, f.GET_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/orders"): _endpoint(_E.cancel_orders, "symbol", Limit(10, 1)),
    ("DELETE", "/v3/trade/allOrders"): _endpoint(_E.cancel_all_orders, "symbol", Limit(10, 1)),
    ("POST", "/v3/trade/algoOrder"): _endpoint(_algo("place_order"), f.PLACE_ALGO_ORDER, Limit(2, 1, "symbol")),
    ("PUT", "/v3/trade/algoOrder"): _endpoint(_algo("edit_order"), f.EDIT_ALGO_ORDER, Limit(5, 1)),
    ("DELETE", "/v3/trade/algoOrder"): _endpoint(_algo("cancel_order"), "algoOrderId clientAlgoOrderId", Limit(10, 1)),
    ("GET", "/v3/trade/algoOrder"): _endpoint(_algo("get_order"), "algoOrderId clientAlgoOrderId", Limit(10, 1)),
    ("GET", "/v3/trade/algoOrders"): _endpoint(_algo("get_orders"), f.GET_ALGO_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/algoOrders"): _endpoint(_algo("cancel_orders"), "symbol", Limit(10, 1)),
    ("POST", "/v3/trade/cancelAllAfter"): _endpoint(_E.cancel_all_after, "triggerAfter!", Limit(10, 1)),
    ("GET", "/v3/trade/transaction"): _endpoint(q.get_transaction, "tradeId clientOrderId", Limit(10, 1)),
    ("GET", "/v3/trade/transactionHistory"): _endpoint(q.get_transactions, f.GET_FILLS, Limit(2, 1)),
    ("GET", "/v3/trade/tradingFee"): _endpoint(q.get_trading_fee, "symbol!", Limit(2, 1)),
    ("GET", "/v3/account/info"): _endpoint(q.get_account_info, "", _MINUTE),
    ("GET", "/v3/account/credentials"): _endpoint(_get_credentials, f.PAGE, _MINUTE),
    ("GET", "/v3/account/subAccounts/all"): _endpoint(_constant("subAccounts", []), f.PAGE, _MINUTE),
    ("POST", "/v3/account/listenKey"): _endpoint(_create_listen_key, "listenKeyType!", Limit(5, 10)),
    ("GET", "/v3/asset/balances"): _endpoint(q.get_balances, "token", Limit(10, 1)),
    ("GET", "/v3/futures/positions"): _endpoint(q.get_positions, "symbol", Limit(30, 10)),
    ("GET", "/v3/futures/leverage"): _endpoint(q.get_leverage, "perpetual! marginMode= positionMode", _MINUTE),
    ("PUT", "/v3/futures/leverage"): _endpoint(_E.set_leverage, f.SET_LEVERAGE, _MINUTE),
    ("PUT", "/v3/futures/positionMode"): _endpoint(_E.set_position_mode, "positionMode!", Limit(5, 60)),
    ("GET", "/v3/public/systemInfo"): _endpoint(q.get_system_info, "", _PUBLIC),
    ("GET", "/v3/public/instruments"): _endpoint(q.get_instruments, "symbol", _PUBLIC),
    ("GET", "/v3/public/orderbook"): _endpoint(q.get_order_book, "symbol! maxLevel", _PUBLIC),
    ("GET", "/v3/public/marketTrades"): _endpoint(q.get_market_trades, "symbol! limit=", _PUBLIC),
    ("GET", "/v3/public/kline"): _endpoint(q.get_kline, "symbol! klineType! limit= after before", _PUBLIC),
    ("GET", "/v3/public/klineHistory"): _endpoint(q.get_kline, "symbol! klineType! limit= after before", _PUBLIC),
    ("GET", "/v3/public/futures"): _endpoint(q.get_futures, "symbol", _PUBLIC),
    ("GET", "/v3/public/fundingRate"): _endpoint(q.get_funding_rate, "symbol", _PUBLIC),
    # ccxt reads its currencies from V1, whose rows are next to "success".
    ("GET", "/v1/public/token"): _endpoint(_constant("token", TOKEN_ROWS), "", _PUBLIC),
    ("GET", "/v1/public/token_network"): _endpoint(_constant("networks", TOKEN_NETWORK_ROWS), "", _PUBLIC),
}
# fmt: on

# Paths of the older V3 API in the integration guide's examples
# (https://developer.woox.io/api-reference/migration_guide).
ENDPOINTS["POST", "/v3/algo/order"] = ENDPOINTS["POST", "/v3/trade/algoOrder"]
ENDPOINTS["GET", "/v3/algo/orders"] = ENDPOINTS["GET", "/v3/trade/algoOrders"]

# Paths with an id at their end, from older versions of ccxt 4.5, and the parameter that the id is.
PATHS_WITH_ID: dict[tuple[str, str], tuple[Endpoint, str]] = {
    ("PUT", "/v3/order"): (ENDPOINTS["PUT", "/v3/trade/order"], "orderId"),
    ("PUT", "/v3/order/client"): (ENDPOINTS["PUT", "/v3/trade/order"], "clientOrderId"),
    ("PUT", "/v3/algo/order"): (ENDPOINTS["PUT", "/v3/trade/algoOrder"], "algoOrderId"),
    ("PUT", "/v3/algo/order/client"): (ENDPOINTS["PUT", "/v3/trade/algoOrder"], "clientAlgoOrderId"),
    ("GET", "/v3/algo/order"): (ENDPOINTS["GET", "/v3/trade/algoOrder"], "algoOrderId"),
    ("DELETE", "/v3/algo/order"): (ENDPOINTS["DELETE", "/v3/trade/algoOrder"], "algoOrderId"),
}
_ORDER_TRADES = _endpoint(q.get_order_trades, "orderId!", Limit(10, 1))


def find_endpoint(method: str, path: str) -> tuple[Endpoint, Params]:
    """Return the endpoint and the parameters in the path, or raise `ApiError` NO_SUCH_ENDPOINT."""
    endpoint = ENDPOINTS.get((method, path))
    if endpoint is not None:
        return endpoint, {}
    prefix, _, value = path.rpartition("/")
    if (method, prefix) in PATHS_WITH_ID:
        endpoint, name = PATHS_WITH_ID[method, prefix]
        return endpoint, {name: value}
    if method == "GET" and value == "trades" and prefix.startswith("/v1/order/"):
        return _ORDER_TRADES, {"orderId": prefix.removeprefix("/v1/order/")}
    raise ApiError("NO_SUCH_ENDPOINT", f"Unknown: {method} {path}")
