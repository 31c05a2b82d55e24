"""The table of endpoints: a method and path, its function, its parameters and the documented rate limit.

Source: https://developer.woox.io/api-reference, one page per endpoint, each with its "Limit" line.
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
from .market import token_network_rows, token_rows
from .params import Field, Params

LISTEN_KEY_MS = 24 * 60 * 60 * 1000

Handler = Callable[[Exchange, Params, int], Params]


class Endpoint(NamedTuple):
    """The function behind a method and path, its parameters, its rate limit, and whether it needs a signature."""

    handler: Handler
    fields: Mapping[str, Field]
    limit: Limit
    private: bool = True


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


def _get_tokens(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {"rows": token_rows()}


def _get_token_networks(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {"rows": token_network_rows()}


def _get_sub_accounts(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {"rows": []}


_E = Exchange
_MINUTE = Limit(10, 60)
_PUBLIC = Limit(10, 1, "ip")

# fmt: off
ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/v3/trade/order"): Endpoint(_E.place_order, f.PLACE_ORDER, Limit(5, 1, "symbol")),
    ("PUT", "/v3/trade/order"): Endpoint(_E.edit_order, f.EDIT_ORDER, Limit(5, 1)),
    ("DELETE", "/v3/trade/order"): Endpoint(_E.cancel_order, f.CANCEL_ORDER, Limit(10, 1)),
    ("GET", "/v3/trade/order"): Endpoint(q.get_order, f.GET_ORDER, Limit(5, 1)),
    ("GET", "/v3/trade/orders"): Endpoint(q.get_orders, f.GET_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/orders"): Endpoint(_E.cancel_orders, f.MAYBE_SYMBOL, Limit(10, 1)),
    ("DELETE", "/v3/trade/allOrders"): Endpoint(_E.cancel_all_orders, f.MAYBE_SYMBOL, Limit(10, 1)),
    ("POST", "/v3/trade/algoOrder"): Endpoint(_algo("place_order"), f.PLACE_ALGO_ORDER, Limit(2, 1, "symbol")),
    ("PUT", "/v3/trade/algoOrder"): Endpoint(_algo("edit_order"), f.EDIT_ALGO_ORDER, Limit(5, 1)),
    ("DELETE", "/v3/trade/algoOrder"): Endpoint(_algo("cancel_order"), f.BY_ALGO_ORDER_ID, Limit(10, 1)),
    ("GET", "/v3/trade/algoOrder"): Endpoint(_algo("get_order"), f.BY_ALGO_ORDER_ID, Limit(10, 1)),
    ("GET", "/v3/trade/algoOrders"): Endpoint(_algo("get_orders"), f.GET_ALGO_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/algoOrders"): Endpoint(_algo("cancel_orders"), f.MAYBE_SYMBOL, Limit(10, 1)),
    ("POST", "/v3/trade/cancelAllAfter"): Endpoint(_E.cancel_all_after, f.CANCEL_ALL_AFTER, Limit(10, 1)),
    ("GET", "/v3/trade/transaction"): Endpoint(q.get_transaction, f.GET_TRANSACTION, Limit(10, 1)),
    ("GET", "/v3/trade/transactionHistory"): Endpoint(q.get_transactions, f.GET_TRANSACTIONS, Limit(2, 1)),
    ("GET", "/v3/trade/tradingFee"): Endpoint(q.get_trading_fee, f.BY_SYMBOL, Limit(2, 1)),
    ("GET", "/v3/account/info"): Endpoint(q.get_account_info, {}, _MINUTE),
    ("GET", "/v3/account/credentials"): Endpoint(_get_credentials, f.PAGE, _MINUTE),
    ("GET", "/v3/account/subAccounts/all"): Endpoint(_get_sub_accounts, f.PAGE, _MINUTE),
    ("POST", "/v3/account/listenKey"): Endpoint(_create_listen_key, f.LISTEN_KEY, Limit(5, 10)),
    ("GET", "/v3/asset/balances"): Endpoint(q.get_balances, f.GET_BALANCES, Limit(10, 1)),
    ("GET", "/v3/futures/positions"): Endpoint(q.get_positions, f.MAYBE_SYMBOL, Limit(30, 10)),
    ("GET", "/v3/futures/leverage"): Endpoint(q.get_leverage, f.GET_LEVERAGE, _MINUTE),
    ("PUT", "/v3/futures/leverage"): Endpoint(_E.set_leverage, f.SET_LEVERAGE, _MINUTE),
    ("PUT", "/v3/futures/positionMode"): Endpoint(_E.set_position_mode, f.SET_POSITION_MODE, Limit(5, 60)),
    ("GET", "/v3/public/systemInfo"): Endpoint(q.get_system_info, {}, _PUBLIC, private=False),
    ("GET", "/v3/public/instruments"): Endpoint(q.get_instruments, f.MAYBE_SYMBOL, _PUBLIC, private=False),
    ("GET", "/v3/public/orderbook"): Endpoint(q.get_order_book, f.GET_ORDER_BOOK, _PUBLIC, private=False),
    ("GET", "/v3/public/marketTrades"): Endpoint(q.get_market_trades, f.GET_MARKET_TRADES, _PUBLIC, private=False),
    ("GET", "/v3/public/kline"): Endpoint(q.get_kline, f.GET_KLINE, _PUBLIC, private=False),
    ("GET", "/v3/public/klineHistory"): Endpoint(q.get_kline, f.GET_KLINE, _PUBLIC, private=False),
    ("GET", "/v3/public/futures"): Endpoint(q.get_futures, f.MAYBE_SYMBOL, _PUBLIC, private=False),
    ("GET", "/v3/public/fundingRate"): Endpoint(q.get_funding_rate, f.MAYBE_SYMBOL, _PUBLIC, private=False),
    # ccxt reads its currencies from V1, whose rows are next to "success".
    ("GET", "/v1/public/token"): Endpoint(_get_tokens, {}, _PUBLIC, private=False),
    ("GET", "/v1/public/token_network"): Endpoint(_get_token_networks, {}, _PUBLIC, private=False),
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
_ORDER_TRADES = Endpoint(q.get_order_trades, f.BY_ORDER_ID, Limit(10, 1))


def find_endpoint(method: str, path: str) -> tuple[Endpoint, Params]:
    """Return the endpoint of a raw path and the parameters in the path, or raise `ApiError` NO_SUCH_ENDPOINT."""
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
