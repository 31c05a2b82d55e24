"""The exchange behind the sandbox: one account and what its orders reserve.

There is no matching. Every order that passes the checks rests as NEW until it is edited or cancelled, market orders
too; so nothing is ever filled, and holdings and positions change only in what resting orders reserve of them.
"""

from __future__ import annotations

import secrets
from collections import OrderedDict
from decimal import Decimal
from itertools import count, islice

from .errors import ApiError
from .fields import BY_ALGO_ORDER_ID, CHILD_ALGO_ORDER
from .market import HOLDINGS, INSTRUMENTS, instrument_row, token_network_rows, token_rows
from .orders import Order, OrderBook, algo_row, check_filters, order_row, page_of
from .params import Params, check_params

MAX_OPEN_ORDERS = 250_000  # bounds the memory an exchange can take
MAX_OPEN_ALGO_ORDERS = 100  # per instrument; documented (post_algo_order)
LISTEN_KEY_MS = 24 * 60 * 60 * 1000

_PRICED = frozenset({"LIMIT", "IOC", "FOK", "POST_ONLY", "AC", "RPI"})  # MARKET, ASK and BID ignore a price
_WITH_CHILDREN = frozenset({"POSITIONAL_TP_SL", "TP_SL", "BRACKET", "STOP_BRACKET"})


def _wanted(params: Params, *names: str) -> Params:
    return {name: params[name] for name in names if name in params}


class Exchange:
    """One account and its orders. Every endpoint is a method `(params, now_ms) -> data` that may raise `ApiError`."""

    def __init__(self) -> None:
        self.orders = OrderBook("orderId", "clientOrderId")
        self.algo_orders = OrderBook("algoOrderId", "clientAlgoOrderId")
        # How often each of the latest clientOrderIds came, whether the order was placed or not.
        self.arrivals: OrderedDict[int, int] = OrderedDict()
        self._order_ids = count(60_000_000_001)
        self._algo_order_ids = count(10_000_001)
        self._pending: dict[tuple[str, str], tuple[Decimal, Decimal]] = {}  # (symbol, side): base quantity, quote value
        self._cancel_all_at = 0  # Unix epoch ms; 0 is never
        self._application_id = "00000000-0000-4000-8000-000000000000"
        self.listen_key: tuple[str, int] | None = None

    def tick(self, now_ms: int) -> None:
        """Let time pass: fire the dead man's switch of cancelAllAfter if it is due."""
        if self._cancel_all_at and now_ms >= self._cancel_all_at:
            self._cancel_all_at = 0
            self.cancel_all_orders({}, now_ms)

    def held(self, most: int) -> Params:
        """What the account holds, as GET /sandbox/orders gives it: open orders, the newest `most`, oldest first."""
        newest = list(islice(reversed(self.orders.open.values()), most))
        return {
            "open": len(self.orders.open),
            "orders": [order_row(order) for order in reversed(newest)],
            "clientOrderIds": {str(client_id): times for client_id, times in self.arrivals.items()},
        }

    def _count_arrival(self, client_id: int) -> None:
        if client_id not in self.arrivals and len(self.arrivals) >= MAX_OPEN_ORDERS:
            self.arrivals.popitem(last=False)
        self.arrivals[client_id] = self.arrivals.get(client_id, 0) + 1

    # ordinary orders

    def place_order(self, params: Params, now_ms: int) -> Params:
        if params["clientOrderId"]:
            self._count_arrival(params["clientOrderId"])
        if ("quantity" in params) == ("amount" in params):
            raise ApiError("INVALID_PARAM", "Either quantity or amount is required, not both.")
        if params["type"] not in _PRICED:
            params.pop("price", None)  # documented: ignored
        elif "price" not in params:
            raise ApiError("INVALID_PARAM", f"price is required for {params['type']}.")
        check_filters(params["symbol"], params)
        client_id = params["clientOrderId"]
        self.orders.check_client_id(client_id)
        if len(self.orders.open) >= MAX_OPEN_ORDERS:
            raise ApiError("RPC_REJECT", f"The sandbox holds at most {MAX_OPEN_ORDERS} open orders.")
        order = Order(next(self._order_ids), client_id, params, now_ms)
        self.orders.add(order)
        self._reserve(order, 1)
        return {
            "orderId": order.order_id,
            "clientOrderId": client_id,
            "type": params["type"],
            "price": params.get("price"),
            "quantity": params.get("quantity"),
            "amount": params.get("amount"),
            "bidAskLevel": params.get("bidAskLevel"),
        }

    def edit_order(self, params: Params, now_ms: int) -> Params:
        changes = _wanted(params, "price", "quantity")
        if not changes:
            raise ApiError("INVALID_PARAM", "Either price or quantity is required.")
        order = self.orders.find(params, only_open=True)
        if order.params["type"] not in _PRICED:
            changes.pop("price", None)
        if "quantity" in changes and "amount" in order.params:
            raise ApiError("INVALID_PARAM", "The order was placed by amount: its quantity cannot be edited.")
        edited = {**order.params, **changes}
        check_filters(edited["symbol"], edited)
        self._reserve(order, -1)
        order.params = edited
        order.updated = now_ms
        self._reserve(order, 1)
        return {"status": "EDIT_SENT"}

    def cancel_order(self, params: Params, now_ms: int) -> Params:
        order = self.orders.find(params, only_open=True)
        if order.params["symbol"] != params["symbol"]:
            raise ApiError("RESOURCE_NOT_FOUND", "Your order and symbol are not valid or already canceled.")
        self._cancel(order, now_ms)
        return {"status": "CANCEL_SENT"}

    def cancel_orders(self, params: Params, now_ms: int) -> Params:
        symbol = params.get("symbol")
        for order in [o for o in self.orders.open.values() if symbol is None or o.params["symbol"] == symbol]:
            self._cancel(order, now_ms)
        return {"status": "CANCEL_ALL_SENT"}

    def cancel_all_orders(self, params: Params, now_ms: int) -> Params:
        self.cancel_algo_orders(params, now_ms)
        return self.cancel_orders(params, now_ms)

    def cancel_all_after(self, params: Params, now_ms: int) -> Params:
        self._cancel_all_at = now_ms + params["triggerAfter"] if params["triggerAfter"] else 0
        return {"expectedTriggerTime": self._cancel_all_at}

    def get_order(self, params: Params, now_ms: int) -> Params:
        return order_row(self.orders.find(params), params.get("withRealizedPnl", False))

    def get_orders(self, params: Params, now_ms: int) -> Params:
        wanted = _wanted(params, "symbol", "side", "positionSide", "type", "orderTag")
        found = self.orders.select(
            params.get("status"), params.get("startTime", 0), params.get("endTime", now_ms), wanted
        )
        return page_of(found, params, lambda order: order_row(order, params.get("withRealizedPnl", False)))

    def _cancel(self, order: Order, now_ms: int) -> None:
        self.orders.close(order, now_ms)
        self._reserve(order, -1)

    def _reserve(self, order: Order, sign: int) -> None:
        key = (order.params["symbol"], order.params["side"])
        quantity, value = order.reserved()
        old_quantity, old_value = self._pending.get(key, (Decimal(0), Decimal(0)))
        self._pending[key] = (old_quantity + sign * quantity, old_value + sign * value)

    # algo orders

    def place_algo_order(self, params: Params, now_ms: int) -> Params:
        symbol = params["symbol"]
        open_here = sum(not o.parent_id and o.params["symbol"] == symbol for o in self.algo_orders.open.values())
        if open_here >= MAX_OPEN_ALGO_ORDERS:
            raise ApiError("RPC_REJECT", f"At most {MAX_OPEN_ALGO_ORDERS} open algo orders per instrument.")
        rows: list[Params] = []
        tree = self._algo_tree(params, symbol, now_ms, depth=1)
        for order in tree:
            self.algo_orders.check_client_id(order.client_id)
        for order in tree:
            self.algo_orders.add(order)
            rows.append(
                {
                    "algoOrderId": order.order_id,
                    "clientAlgoOrderId": order.client_id,
                    "algoType": order.params["algoType"],
                    "quantity": order.params.get("quantity", "0"),
                }
            )
        return {"rows": rows}

    def _algo_tree(self, params: Params, symbol: str, now_ms: int, depth: int) -> list[Order]:
        """An algo order and its children, children first as the replies list them; nothing is added to the book yet."""
        algo_type = params["algoType"]
        params["symbol"] = symbol
        if depth > 3:
            raise ApiError("INVALID_PARAM", "childOrders are nested too deeply.")
        if algo_type in _WITH_CHILDREN:
            if not params.get("childOrders"):
                raise ApiError("INVALID_PARAM", f"childOrders are required for {algo_type}.")
        else:
            for name in ("side", "type"):
                if name not in params:
                    raise ApiError("INVALID_PARAM", f"{name} is required for {algo_type}.")
        if algo_type == "TRAILING_STOP":
            if ("callbackRate" in params) == ("callbackValue" in params):
                raise ApiError("INVALID_PARAM", "Either callbackRate or callbackValue is required, not both.")
        elif algo_type in ("STOP", "TAKE_PROFIT", "STOP_LOSS") and "triggerPrice" not in params:
            raise ApiError("INVALID_PARAM", f"triggerPrice is required for {algo_type}.")
        if "quantity" not in params and depth == 1 and algo_type != "POSITIONAL_TP_SL":
            raise ApiError("INVALID_PARAM", f"quantity is required for {algo_type}.")
        if params.get("type") == "LIMIT" and "price" not in params:
            raise ApiError("INVALID_PARAM", "price is required for LIMIT.")
        check_filters(symbol, params)
        order = Order(next(self._algo_order_ids), params["clientAlgoOrderId"], params, now_ms)
        tree: list[Order] = []
        for given in params.pop("childOrders", ()):
            if not isinstance(given, dict):
                raise ApiError("INVALID_PARAM", "childOrders must hold objects.")
            branch = self._algo_tree(check_params(CHILD_ALGO_ORDER, given), symbol, now_ms, depth + 1)
            branch[-1].parent_id = order.order_id
            order.children.append(branch[-1])
            tree += branch
        for child in tree:
            child.root_id = order.order_id
        return [*tree, order]

    def edit_algo_order(self, params: Params, now_ms: int) -> Params:
        changes = {name: value for name, value in params.items() if name not in BY_ALGO_ORDER_ID}
        if not changes:
            raise ApiError("INVALID_PARAM", "There is nothing to edit.")
        order = self.algo_orders.find(params, only_open=True)
        edited = {**order.params, **changes}
        check_filters(edited["symbol"], edited)
        order.params = edited
        order.updated = now_ms
        return {"status": "EDIT_SENT"}

    def cancel_algo_order(self, params: Params, now_ms: int) -> Params:
        self._cancel_algo(self.algo_orders.find(params, only_open=True), now_ms)
        return {"status": "CANCEL_SENT"}

    def cancel_algo_orders(self, params: Params, now_ms: int) -> Params:
        symbol = params.get("symbol")
        roots = [o for o in self.algo_orders.open.values() if not o.parent_id]
        for order in roots:
            if symbol is None or order.params["symbol"] == symbol:
                self._cancel_algo(order, now_ms)
        return {"status": "CANCEL_ALL_SENT"}

    def _cancel_algo(self, order: Order, now_ms: int) -> None:
        for child in order.children:
            if child.status == "NEW":
                self._cancel_algo(child, now_ms)
        self.algo_orders.close(order, now_ms)

    def get_algo_order(self, params: Params, now_ms: int) -> Params:
        return algo_row(self.algo_orders.find(params))

    def get_algo_orders(self, params: Params, now_ms: int) -> Params:
        wanted = _wanted(params, "symbol", "side", "positionSide", "algoType", "algoOrderTag")
        if "orderType" in params:
            wanted["type"] = params["orderType"]
        found: list[Order] = []
        if not params.get("isTriggered", False):  # without matching nothing is ever triggered
            start, end = params.get("startTime", 0), params.get("endTime", now_ms)
            found = [o for o in self.algo_orders.select(params.get("status"), start, end, wanted) if not o.parent_id]
        return page_of(found, params, algo_row)

    # account

    def create_listen_key(self, params: Params, now_ms: int) -> Params:
        """A new key expires the old one at once."""
        self.listen_key = (secrets.token_urlsafe(32), now_ms + LISTEN_KEY_MS)
        return {"authKey": self.listen_key[0], "expiredTime": self.listen_key[1]}

    def get_positions(self, params: Params, now_ms: int) -> Params:
        """Nothing is ever filled, so a position holds nothing; it is listed while orders rest on its instrument."""
        rows = []
        for symbol in INSTRUMENTS:
            long, short = (self._pending.get((symbol, side), (Decimal(0),))[0] for side in ("BUY", "SELL"))
            if symbol.startswith("PERP_") and (long or short) and params.get("symbol", symbol) == symbol:
                rows.append(
                    {
                        "symbol": symbol,
                        "holding": "0",
                        "pendingLongQty": f"{long:f}",
                        "pendingShortQty": f"{short:f}",
                        "settlePrice": "0",
                        "averageOpenPrice": "0",
                        "pnl24H": "0",
                        "fee24H": "0",
                        "markPrice": "0",
                        "estLiqPrice": "0",
                        "timestamp": now_ms,
                        "adlQuantile": 0,
                        "positionSide": "BOTH",
                        "marginMode": "CROSS",
                        "isolatedMarginToken": "",
                        "isolatedMarginAmount": "0",
                        "isolatedFrozenLong": "0",
                        "isolatedFrozenShort": "0",
                        "leverage": 10,
                    }
                )
        return {"positions": rows}

    def get_balances(self, params: Params, now_ms: int) -> Params:
        """Holdings; a resting spot order freezes what it would spend. Margin is not checked."""
        frozen = {token: Decimal(0) for token in HOLDINGS}
        pending_long, pending_short = dict(frozen), dict(frozen)
        for (symbol, side), (quantity, value) in self._pending.items():
            instrument = INSTRUMENTS[symbol]
            if symbol.startswith("SPOT_") and side == "BUY":
                frozen[instrument.quote] += value
                pending_long[instrument.base] += quantity
            elif symbol.startswith("SPOT_"):
                frozen[instrument.base] += quantity
                pending_short[instrument.base] += quantity
        rows = [
            {
                "token": token,
                "holding": f"{holding:f}",
                "frozen": f"{frozen[token]:f}",
                "staked": "0",
                "unbonding": "0",
                "vault": "0",
                "interest": "0",
                "earn": "0",
                "pendingShortQty": f"{pending_short[token]:f}",
                "pendingLongQty": f"{pending_long[token]:f}",
                "availableBalance": f"{holding - frozen[token]:f}",
                "averageOpenPrice": "0",
                "markPrice": "0",
                "pnl24H": "0",
                "fee24H": "0",
                "timestamp": now_ms,
            }
            for token, holding in HOLDINGS.items()
            if params.get("token", token) == token
        ]
        return {"holding": rows}

    def get_account_info(self, params: Params, now_ms: int) -> Params:
        value = f"{HOLDINGS['USDT']:f}"  # the other tokens have no price here
        return {
            "applicationId": self._application_id,
            "account": "sandbox",
            "alias": "sandbox",
            "otpauth": False,
            "accountMode": "FUTURES",
            "positionMode": "ONE_WAY",
            "leverage": 10,
            "marginRatio": "10",
            "openMarginRatio": "10",
            "initialMarginRatio": "10",
            "maintenanceMarginRatio": "0.03",
            "totalCollateral": value,
            "freeCollateral": value,
            "totalAccountValue": value,
            "totalTradingValue": value,
            "totalVaultValue": "0",
            "totalStakingValue": "0",
            "totalEarnValue": "0",
            "totalLaunchpadValue": "0",
            "referrerID": None,
            "accountType": "Main",
        }

    # public data

    def get_system_info(self, params: Params, now_ms: int) -> Params:
        return {"status": 0, "msg": "System is functioning properly.", "estimatedEndTime": now_ms}

    def get_instruments(self, params: Params, now_ms: int) -> Params:
        return {"rows": [instrument_row(symbol) for symbol in INSTRUMENTS if params.get("symbol", symbol) == symbol]}

    def get_tokens(self, params: Params, now_ms: int) -> Params:
        return {"rows": token_rows()}

    def get_token_networks(self, params: Params, now_ms: int) -> Params:
        return {"rows": token_network_rows()}
