"""The table of endpoints: what a method and path lead to, and the documented rate limit.

Source: https://developer.woox.io/api-reference, one page per endpoint, each with its "Limit" line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .exchange import Exchange
from .fields import (
    BY_ALGO_ORDER_ID,
    BY_SYMBOL,
    CANCEL_ALL_AFTER,
    CANCEL_ORDER,
    EDIT_ALGO_ORDER,
    EDIT_ORDER,
    GET_ALGO_ORDERS,
    GET_BALANCES,
    GET_ORDER,
    GET_ORDERS,
    LISTEN_KEY,
    PLACE_ALGO_ORDER,
    PLACE_ORDER,
)
from .limits import Limit
from .params import Field, Params


class Endpoint(NamedTuple):
    """What a method and path lead to: the handler, the parameters it takes, its documented rate limit, who may call."""

    handler: Callable[[Exchange, Params, int], Params]
    fields: Mapping[str, Field]
    limit: Limit
    private: bool = True


_E = Exchange
ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/v3/trade/order"): Endpoint(_E.place_order, PLACE_ORDER, Limit(5, 1, "symbol")),
    ("PUT", "/v3/trade/order"): Endpoint(_E.edit_order, EDIT_ORDER, Limit(5, 1)),
    ("DELETE", "/v3/trade/order"): Endpoint(_E.cancel_order, CANCEL_ORDER, Limit(10, 1)),
    ("GET", "/v3/trade/order"): Endpoint(_E.get_order, GET_ORDER, Limit(5, 1)),
    ("GET", "/v3/trade/orders"): Endpoint(_E.get_orders, GET_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/orders"): Endpoint(_E.cancel_orders, BY_SYMBOL, Limit(10, 1)),
    ("DELETE", "/v3/trade/allOrders"): Endpoint(_E.cancel_all_orders, BY_SYMBOL, Limit(10, 1)),
    ("POST", "/v3/trade/algoOrder"): Endpoint(_E.place_algo_order, PLACE_ALGO_ORDER, Limit(2, 1, "symbol")),
    ("PUT", "/v3/trade/algoOrder"): Endpoint(_E.edit_algo_order, EDIT_ALGO_ORDER, Limit(5, 1)),
    ("DELETE", "/v3/trade/algoOrder"): Endpoint(_E.cancel_algo_order, BY_ALGO_ORDER_ID, Limit(10, 1)),
    ("GET", "/v3/trade/algoOrder"): Endpoint(_E.get_algo_order, BY_ALGO_ORDER_ID, Limit(10, 1)),
    ("GET", "/v3/trade/algoOrders"): Endpoint(_E.get_algo_orders, GET_ALGO_ORDERS, Limit(10, 1)),
    ("DELETE", "/v3/trade/algoOrders"): Endpoint(_E.cancel_algo_orders, BY_SYMBOL, Limit(10, 1)),
    ("POST", "/v3/trade/cancelAllAfter"): Endpoint(_E.cancel_all_after, CANCEL_ALL_AFTER, Limit(10, 1)),
    ("GET", "/v3/account/info"): Endpoint(_E.get_account_info, {}, Limit(10, 60)),
    ("POST", "/v3/account/listenKey"): Endpoint(_E.create_listen_key, LISTEN_KEY, Limit(5, 10)),
    ("GET", "/v3/asset/balances"): Endpoint(_E.get_balances, GET_BALANCES, Limit(10, 1)),
    ("GET", "/v3/futures/positions"): Endpoint(_E.get_positions, BY_SYMBOL, Limit(30, 10)),
    ("GET", "/v3/public/systemInfo"): Endpoint(_E.get_system_info, {}, Limit(10, 1, "ip"), private=False),
    ("GET", "/v3/public/instruments"): Endpoint(_E.get_instruments, BY_SYMBOL, Limit(10, 1, "ip"), private=False),
    # What ccxt reads for its currencies; a V1 reply carries its rows beside "success".
    ("GET", "/v1/public/token"): Endpoint(_E.get_tokens, {}, Limit(10, 1, "ip"), private=False),
    ("GET", "/v1/public/token_network"): Endpoint(_E.get_token_networks, {}, Limit(10, 1, "ip"), private=False),
}

# The two paths that the integration guide signs in its examples, now /v3/trade/* (migration guide).
ENDPOINTS["POST", "/v3/algo/order"] = ENDPOINTS["POST", "/v3/trade/algoOrder"]
ENDPOINTS["GET", "/v3/algo/orders"] = ENDPOINTS["GET", "/v3/trade/algoOrders"]
