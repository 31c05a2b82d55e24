"""Algo orders: stops, trailing stops and brackets. The sandbox stores them and never triggers them."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import count
from typing import Any

from .errors import ApiError
from .market import INSTRUMENTS
from .orders import OrderBook, paginate
from .params import CHILD_ALGO_ORDER, Params, check_params

MAX_OPEN_PER_SYMBOL = 100  # documented (post_algo_order)
MAX_DEPTH = 3

_WITH_CHILDREN = frozenset({"POSITIONAL_TP_SL", "TP_SL", "BRACKET", "STOP_BRACKET"})


class AlgoOrder:
    """An algo order, which may have children."""

    def __init__(self, order_id: int, params: Params, now_ms: int) -> None:
        self.order_id = self.root_id = order_id
        self.client_id: int = params["clientAlgoOrderId"]
        self.params, self.status, self.parent_id = params, "NEW", 0
        self.created = self.updated = now_ms
        self.children: list[AlgoOrder] = []

    def tree(self) -> Iterator[AlgoOrder]:
        """Yield the descendants, then this order, in the documented sequence of the rows."""
        for child in self.children:
            yield from child.tree()
        yield self


class AlgoOrders:
    """The algo orders of the account. Every endpoint is a method `(params, now_ms) -> data`."""

    def __init__(self) -> None:
        self.book: OrderBook = OrderBook("algoOrderId", "clientAlgoOrderId")
        self._ids = count(10_000_001)

    def _open_roots(self, symbol: str | None) -> list[AlgoOrder]:
        orders = self.book.open.values()
        return [o for o in orders if not o.parent_id and symbol in (None, o.params["symbol"])]

    def place_order(self, params: Params, now_ms: int) -> Params:
        if len(self._open_roots(params["symbol"])) >= MAX_OPEN_PER_SYMBOL:
            raise ApiError("RPC_REJECT", f"At most {MAX_OPEN_PER_SYMBOL} open algo orders per instrument.")
        root = self._new_order(params, params["symbol"], now_ms, depth=1)
        orders = list(root.tree())
        client_ids = [order.client_id for order in orders if order.client_id]
        for client_id in client_ids:
            self.book.count_arrival(client_id)
            self.book.check_client_id(client_id)
        if len(set(client_ids)) < len(client_ids):
            raise ApiError("DUPLICATE_REQUEST", "Two orders have the same clientAlgoOrderId.")
        for order in orders:
            order.root_id = root.order_id
            self.book.add(order)
        return {
            "rows": [
                {"algoOrderId": order.order_id, "clientAlgoOrderId": order.client_id,
                 "algoType": order.params["algoType"], "quantity": order.params.get("quantity", "0")}
                for order in orders
            ]
        }  # fmt: skip

    def _new_order(self, params: Params, symbol: str, now_ms: int, depth: int) -> AlgoOrder:
        if depth > MAX_DEPTH:
            raise ApiError("INVALID_PARAM", "childOrders are nested too deeply.")
        params["symbol"] = symbol
        _check_required(params, is_root=depth == 1)
        INSTRUMENTS[symbol].check(**_sizes(params))
        children = params.pop("childOrders", ())
        order = AlgoOrder(next(self._ids), params, now_ms)
        for given in children:
            if not isinstance(given, dict):
                raise ApiError("INVALID_PARAM", "childOrders must be an array of objects.")
            child = self._new_order(check_params(CHILD_ALGO_ORDER, given), symbol, now_ms, depth + 1)
            child.parent_id = order.order_id
            order.children.append(child)
        return order

    def edit_order(self, params: Params, now_ms: int) -> Params:
        changes = {name: value for name, value in params.items() if name not in ("algoOrderId", "clientAlgoOrderId")}
        if not changes:
            raise ApiError("INVALID_PARAM", "At least one parameter to edit is required.")
        order = self.book.find(params, only_open=True)
        edited = {**order.params, **changes}
        INSTRUMENTS[edited["symbol"]].check(**_sizes(edited))
        order.params, order.updated = edited, now_ms
        return {"status": "EDIT_SENT"}

    def cancel_order(self, params: Params, now_ms: int) -> Params:
        self._cancel(self.book.find(params, only_open=True), now_ms)
        return {"status": "CANCEL_SENT"}

    def cancel_orders(self, params: Params, now_ms: int) -> Params:
        for root in self._open_roots(params.get("symbol")):
            self._cancel(root, now_ms)
        return {"status": "CANCEL_ALL_SENT"}

    def _cancel(self, order: AlgoOrder, now_ms: int) -> None:
        for each in order.tree():
            if each.order_id in self.book.open:
                self.book.close(each, "CANCELLED", now_ms)

    def get_order(self, params: Params, now_ms: int) -> Params:
        return algo_row(self.book.find(params))

    def get_orders(self, params: Params, now_ms: int) -> Params:
        if "orderType" in params:
            params["type"] = params["orderType"]
        names = ("symbol", "side", "positionSide", "algoType", "algoOrderTag", "type")
        found = [order for order in self.book.select(params, now_ms, *names) if not order.parent_id]
        return paginate([] if params.get("isTriggered") else found, params, algo_row)

    def open_orders(self, limit: int) -> dict[str, Any]:
        roots = self._open_roots(None)
        return {
            "openAlgo": len(roots),
            "algoOrders": [algo_row(order) for order in roots[max(0, len(roots) - limit) :]],
            "clientAlgoOrderIds": self.book.arrivals_by_text(),
        }


def _check_required(params: Params, *, is_root: bool) -> None:
    algo_type = params["algoType"]
    names = "childOrders" if algo_type in _WITH_CHILDREN else "side type"
    names += " triggerPrice" * (algo_type in ("STOP", "TAKE_PROFIT", "STOP_LOSS"))
    names += " quantity" * (is_root and algo_type != "POSITIONAL_TP_SL") + " price" * (params.get("type") == "LIMIT")
    for name in names.split():
        if not params.get(name):
            raise ApiError("INVALID_PARAM", f"{name} is required for {algo_type}.")
    if algo_type == "TRAILING_STOP" and ("callbackRate" in params) == ("callbackValue" in params):
        raise ApiError("INVALID_PARAM", "Either callbackRate or callbackValue is required, not both.")


def _sizes(params: Params) -> dict[str, Decimal]:
    return {name: Decimal(params[name]) for name in ("price", "quantity") if name in params}


def algo_row(order: AlgoOrder) -> Params:
    skipped = ("clientAlgoOrderId", "brokerId")
    row = {
        "algoOrderId": order.order_id, "clientAlgoOrderId": order.client_id, "rootAlgoOrderId": order.root_id,
        "parentAlgoOrderId": order.parent_id,
        **{name: value for name, value in order.params.items() if name not in skipped}, "isTriggered": False,
        "triggerStatus": "USELESS", "triggerTime": "0", "rootAlgoStatus": order.status, "algoStatus": order.status,
        "totalExecutedQuantity": "0", "averageExecutedPrice": "0", "totalFee": "0", "feeAsset": "", "totalRebate": "0",
        "rebateCurrency": "", "createdTime": order.created, "updatedTime": order.updated,
    }  # fmt: skip
    if order.children:
        row["childOrders"] = [algo_row(child) for child in order.children]
    return row
