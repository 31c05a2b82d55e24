"""The table of endpoints: what a method and path lead to, and the documented rate limit.

Source: https://developer.woox.io/api-reference, one page per endpoint, each with its "Limit" line.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

from .errors import ApiError
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

# Paths of the older V3 API that the integration guide still signs in its examples, and what they became
# (https://developer.woox.io/api-reference/migration_guide).
ENDPOINTS["POST", "/v3/algo/order"] = ENDPOINTS["POST", "/v3/trade/algoOrder"]
ENDPOINTS["GET", "/v3/algo/orders"] = ENDPOINTS["GET", "/v3/trade/algoOrders"]

# And those with an id at their end, which older versions of ccxt 4.5 use for their edits: what the id stands for.
PATHS_WITH_ID: dict[tuple[str, str], tuple[Endpoint, str]] = {
    ("PUT", "/v3/order"): (ENDPOINTS["PUT", "/v3/trade/order"], "orderId"),
    ("PUT", "/v3/order/client"): (ENDPOINTS["PUT", "/v3/trade/order"], "clientOrderId"),
    ("PUT", "/v3/algo/order"): (ENDPOINTS["PUT", "/v3/trade/algoOrder"], "algoOrderId"),
    ("PUT", "/v3/algo/order/client"): (ENDPOINTS["PUT", "/v3/trade/algoOrder"], "clientAlgoOrderId"),
    ("GET", "/v3/algo/order"): (ENDPOINTS["GET", "/v3/trade/algoOrder"], "algoOrderId"),
    ("DELETE", "/v3/algo/order"): (ENDPOINTS["DELETE", "/v3/trade/algoOrder"], "algoOrderId"),
}


def find_endpoint(method: str, path: str) -> tuple[Endpoint, Params]:
    """The endpoint of a raw path, and the parameters that stand in the path. Raises `ApiError` NO_SUCH_ENDPOINT."""
    endpoint = ENDPOINTS.get((method, path))
    if endpoint is not None:
        return endpoint, {}
    prefix, _, value = path.rpartition("/")
    if (method, prefix) in PATHS_WITH_ID:
        endpoint, name = PATHS_WITH_ID[method, prefix]
        return endpoint, {name: value}
    raise ApiError("NO_SUCH_ENDPOINT", f"There is no {method} {path[:100]}.")
