"""The table of endpoints, with parameters and rate limits of https://developer.woox.io/api-reference."""

from __future__ import annotations

import secrets
from collections import deque
from collections.abc import Callable, Mapping
from typing import NamedTuple

from . import params as f
from . import queries as q
from .errors import ApiError
from .exchange import Exchange
from .market import TOKEN_NETWORK_ROWS, TOKEN_ROWS
from .orders import order_row, paginate
from .params import Parameter, Params

LISTEN_KEY_MS = 24 * 60 * 60 * 1000

Handler = Callable[[Exchange, Params, int], Params]

MAX_WINDOWS = 10_000  # a scan from many addresses must not fill the memory


class EndpointLimit(NamedTuple):
    """Allow `requests` in `seconds`, in a sliding window; `scope` is "account", "symbol" or "ip"."""

    requests: int
    seconds: int
    scope: str = "account"


class Endpoint(NamedTuple):
    """The function for a method and path, its parameters, and its rate limit."""

    handler: Handler
    parameters: Mapping[str, Parameter]
    limit: EndpointLimit

    @property
    def private(self) -> bool:
        return self.limit.scope != "ip"


def _endpoint(names: str, limit: EndpointLimit, handler: Handler) -> Endpoint:
    return Endpoint(handler, f.parameters(names), limit)


def _algo(name: str) -> Handler:
    return lambda exchange, *args: getattr(exchange.algo, name)(*args)


_E = Exchange
_MINUTE = EndpointLimit(10, 60)
_PUBLIC = EndpointLimit(10, 1, "ip")
_ORDER_ID = "orderId clientOrderId"
_ALGO_ID = "algoOrderId clientAlgoOrderId"
_KLINE = _endpoint("symbol! klineType! limit= after before", _PUBLIC, q.get_kline)
_CREDENTIALS = {"accountName": "Main", "userId": 1, "permissions": ["READ", "TRADE"]}

# fmt: off
ENDPOINTS: dict[tuple[str, str], Endpoint] = {
    ("POST", "/v3/trade/order"): _endpoint(f.PLACE_ORDER, EndpointLimit(5, 1, "symbol"), _E.place_order),
    ("PUT", "/v3/trade/order"): _endpoint(f"{_ORDER_ID} price quantity", EndpointLimit(5, 1), _E.edit_order),
    ("DELETE", "/v3/trade/order"): _endpoint(f"symbol! {_ORDER_ID}", EndpointLimit(10, 1), _E.cancel_order),
    ("GET", "/v3/trade/order"): _endpoint(
        f"{_ORDER_ID} withRealizedPnl", EndpointLimit(5, 1), lambda x, p, _: order_row(x.orders.find(p), p)),
    ("GET", "/v3/trade/orders"): _endpoint(f.GET_ORDERS, EndpointLimit(10, 1), q.get_orders),
    ("DELETE", "/v3/trade/orders"): _endpoint("symbol", EndpointLimit(10, 1), _E.cancel_orders),
    ("DELETE", "/v3/trade/allOrders"): _endpoint("symbol", EndpointLimit(10, 1), _E.cancel_all_orders),
    ("POST", "/v3/trade/algoOrder"): _endpoint(f.PLACE_ALGO_ORDER, EndpointLimit(2, 1, "symbol"), _algo("place_order")),
    ("PUT", "/v3/trade/algoOrder"): _endpoint(f.EDIT_ALGO_ORDER, EndpointLimit(5, 1), _algo("edit_order")),
    ("DELETE", "/v3/trade/algoOrder"): _endpoint(_ALGO_ID, EndpointLimit(10, 1), _algo("cancel_order")),
    ("GET", "/v3/trade/algoOrder"): _endpoint(_ALGO_ID, EndpointLimit(10, 1), _algo("get_order")),
    ("GET", "/v3/trade/algoOrders"): _endpoint(f.GET_ALGO_ORDERS, EndpointLimit(10, 1), _algo("get_orders")),
    ("DELETE", "/v3/trade/algoOrders"): _endpoint("symbol", EndpointLimit(10, 1), _algo("cancel_orders")),
    ("POST", "/v3/trade/cancelAllAfter"): _endpoint("triggerAfter!", EndpointLimit(10, 1), _E.cancel_all_after),
    ("GET", "/v3/trade/transaction"): _endpoint("tradeId clientOrderId", EndpointLimit(10, 1), q.get_transaction),
    ("GET", "/v3/trade/transactionHistory"): _endpoint(f.GET_FILLS, EndpointLimit(2, 1), q.get_transactions),
    ("GET", "/v3/trade/tradingFee"): _endpoint(
        "symbol!", EndpointLimit(2, 1), lambda _, p, __: {"symbol": p["symbol"], "takerFee": "0", "makerFee": "0"}),
    ("GET", "/v3/account/info"): _endpoint("", _MINUTE, q.get_account_info),
    ("GET", "/v3/account/credentials"): _endpoint(
        f.PAGE, _MINUTE, lambda x, p, _: paginate([x.api_key], p, lambda key: {**_CREDENTIALS, "apiKey": key})),
    ("GET", "/v3/account/subAccounts/all"): _endpoint(f.PAGE, _MINUTE, lambda *_: {"rows": []}),
    ("POST", "/v3/account/listenKey"): _endpoint(
        "listenKeyType!", EndpointLimit(5, 10),
        lambda _, __, now_ms: {"authKey": secrets.token_urlsafe(32), "expiredTime": now_ms + LISTEN_KEY_MS}),
    ("GET", "/v3/asset/balances"): _endpoint("token", EndpointLimit(10, 1), q.get_balances),
    ("GET", "/v3/futures/positions"): _endpoint("symbol", EndpointLimit(30, 10), q.get_positions),
    ("GET", "/v3/futures/leverage"): _endpoint("perpetual! marginMode= positionMode", _MINUTE, q.get_leverage),
    ("PUT", "/v3/futures/leverage"): _endpoint(f.SET_LEVERAGE, _MINUTE, _E.set_leverage),
    ("PUT", "/v3/futures/positionMode"): _endpoint("positionMode!", EndpointLimit(5, 60), _E.set_position_mode),
    ("GET", "/v3/public/systemInfo"): _endpoint(
        "", _PUBLIC,
        lambda _, __, now_ms: {"status": 0, "msg": "System is functioning properly.", "estimatedEndTime": now_ms}),
    ("GET", "/v3/public/instruments"): _endpoint("symbol", _PUBLIC, q.get_instruments),
    ("GET", "/v3/public/orderbook"): _endpoint("symbol! maxLevel", _PUBLIC, q.get_order_book),
    ("GET", "/v3/public/marketTrades"): _endpoint("symbol! limit=", _PUBLIC, q.get_market_trades),
    ("GET", "/v3/public/kline"): _KLINE,
    ("GET", "/v3/public/klineHistory"): _KLINE,
    ("GET", "/v3/public/futures"): _endpoint("symbol", _PUBLIC, q.get_futures),
    ("GET", "/v3/public/fundingRate"): _endpoint("symbol", _PUBLIC, q.get_funding_rate),
    # ccxt reads its currencies from V1, whose rows are next to "success".
    ("GET", "/v1/public/token"): _endpoint("", _PUBLIC, lambda *_: {"rows": TOKEN_ROWS}),
    ("GET", "/v1/public/token_network"): _endpoint("", _PUBLIC, lambda *_: {"rows": TOKEN_NETWORK_ROWS}),
}
# fmt: on
_ORDER_TRADES = _endpoint("orderId!", EndpointLimit(10, 1), q.get_order_trades)

# Paths of the older V3 API in the integration guide's examples
# (https://developer.woox.io/api-reference/migration_guide).
ENDPOINTS["POST", "/v3/algo/order"] = ENDPOINTS["POST", "/v3/trade/algoOrder"]
ENDPOINTS["GET", "/v3/algo/orders"] = ENDPOINTS["GET", "/v3/trade/algoOrders"]

# Paths with an id at their end, from older versions of ccxt 4.5: the newer path, and the parameter that the id is.
PATHS_WITH_ID = {
    "/v3/order": ("/v3/trade/order", "orderId"),
    "/v3/order/client": ("/v3/trade/order", "clientOrderId"),
    "/v3/algo/order": ("/v3/trade/algoOrder", "algoOrderId"),
    "/v3/algo/order/client": ("/v3/trade/algoOrder", "clientAlgoOrderId"),
}


def find_endpoint(method: str, path: str) -> tuple[Endpoint, Params]:
    """Return the endpoint and the parameters in the path, or raise `ApiError` NO_SUCH_ENDPOINT."""
    prefix, _, value = path.rpartition("/")
    if method == "GET" and value == "trades" and prefix.startswith("/v1/order/"):
        return _ORDER_TRADES, {"orderId": prefix.removeprefix("/v1/order/")}
    newer, name = PATHS_WITH_ID.get(prefix, (path, ""))
    if endpoint := ENDPOINTS.get((method, newer)):
        return endpoint, {name: value} if name else {}
    raise ApiError("NO_SUCH_ENDPOINT", f"Unknown: {method} {path}")


class RateLimiter:
    """Sliding windows per endpoint and scope. A refused request does not count."""

    def __init__(self) -> None:
        self._windows: dict[tuple[int, str], deque[int]] = {}

    def check(self, limit: EndpointLimit, key: tuple[int, str], now_ms: int) -> None:
        """Count a request under `key`, or raise `ApiError` TOO_MANY_REQUEST if the window is full."""
        window = self._windows.get(key)
        if window is None:
            if len(self._windows) >= MAX_WINDOWS:
                self._windows.clear()
            window = self._windows[key] = deque(maxlen=limit.requests)
        if len(window) == limit.requests and now_ms - window[0] < limit.seconds * 1000:
            raise ApiError("TOO_MANY_REQUEST", f"The limit is {limit.requests} in {limit.seconds} s per {limit.scope}.")
        window.append(now_ms)
