"""Resting orders: the book that holds them, and the rows in which the replies show them."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterable
from decimal import Decimal
from itertools import chain

from .errors import ApiError
from .market import INSTRUMENTS
from .params import Params

# Cancelled orders that can still be queried: the most recent ones, so that the memory stays bounded.
MAX_CLOSED_ORDERS = 10_000


class Order:
    """A resting or cancelled order, ordinary or algo: its ids, times (Unix epoch ms) and checked parameters."""

    __slots__ = ("children", "client_id", "created", "order_id", "params", "parent_id", "root_id", "status", "updated")

    def __init__(self, order_id: int, client_id: int, params: Params, now_ms: int) -> None:
        self.order_id = order_id
        self.client_id = client_id
        self.params = params
        self.created = self.updated = now_ms
        self.status = "NEW"
        self.root_id = order_id
        self.parent_id = 0
        self.children: list[Order] = []

    def reserved(self) -> tuple[Decimal, Decimal]:
        """What the order ties up: quantity of the base, value in the quote."""
        quantity = Decimal(self.params.get("quantity", 0))
        if "amount" in self.params:
            return quantity, Decimal(self.params["amount"])
        return quantity, quantity * Decimal(self.params.get("price", 0))


class OrderBook:
    """Orders by id and by client id; the open ones, and the most recently closed ones. `id_name` is for messages."""

    def __init__(self, id_name: str, client_id_name: str) -> None:
        self.open: dict[int, Order] = {}
        self.closed: OrderedDict[int, Order] = OrderedDict()
        self._by_client_id: dict[int, Order] = {}
        self._id_name = id_name
        self._client_id_name = client_id_name

    def check_client_id(self, client_id: int) -> None:
        """A client id must be unique among open orders; 0 stands for none."""
        known = self._by_client_id.get(client_id)
        if known is not None and known.status == "NEW":
            raise ApiError("DUPLICATE_REQUEST", f"{self._client_id_name} {client_id} is open.")

    def add(self, order: Order) -> None:
        self.open[order.order_id] = order
        if order.client_id:
            self._by_client_id[order.client_id] = order

    def close(self, order: Order, now_ms: int) -> None:
        """Cancel an open order."""
        del self.open[order.order_id]
        order.status = "CANCELLED"
        order.updated = now_ms
        self.closed[order.order_id] = order
        if len(self.closed) > MAX_CLOSED_ORDERS:
            _, oldest = self.closed.popitem(last=False)
            if self._by_client_id.get(oldest.client_id) is oldest:
                del self._by_client_id[oldest.client_id]

    def find(self, params: Params, *, only_open: bool = False) -> Order:
        """The order that `params` name; the order id wins over the client id. Raises `ApiError` if there is none."""
        order_id, client_id = params.get(self._id_name), params.get(self._client_id_name)
        if order_id is not None:
            order = self.open.get(order_id) or self.closed.get(order_id)
        elif client_id:
            order = self._by_client_id.get(client_id)
        else:
            raise ApiError("INVALID_PARAM", f"Either {self._id_name} or {self._client_id_name} is required.")
        if order is None or (only_open and order.status != "NEW"):
            raise ApiError("RESOURCE_NOT_FOUND", "Your order and symbol are not valid or already canceled.")
        return order

    def select(self, status: str | None, start: int, end: int, wanted: Params) -> list[Order]:
        """Orders of a status and creation time (ms, inclusive) whose parameters equal `wanted`, newest first."""
        candidates: Iterable[Order]
        if status is None:
            candidates = chain(self.closed.values(), self.open.values())
        elif status in ("NEW", "INCOMPLETE"):
            candidates = self.open.values()
        elif status in ("CANCELLED", "COMPLETED"):
            candidates = self.closed.values()
        else:
            candidates = ()  # nothing is ever filled or rejected here
        pairs = wanted.items()
        found = [o for o in candidates if pairs <= o.params.items() and start <= o.created <= end]
        found.sort(key=lambda order: order.order_id, reverse=True)
        return found


def order_row(order: Order, with_realized_pnl: bool = False) -> Params:
    """An ordinary order as get_order shows it."""
    p = order.params
    row = {
        "symbol": p["symbol"],
        "status": order.status,
        "side": p["side"],
        "positionSide": p["positionSide"],
        "createdTime": order.created,
        "orderId": order.order_id,
        "orderTag": p["orderTag"],
        "price": p.get("price"),
        "type": p["type"],
        "quantity": p.get("quantity"),
        "amount": p.get("amount"),
        "visible": p.get("visibleQuantity", p.get("quantity")),
        "executed": "0",
        "totalFee": "0",
        "feeAsset": "",
        "totalRebate": "0",
        "rebateCurrency": "",
        "clientOrderId": order.client_id,
        "reduceOnly": p["reduceOnly"],
        "averageExecutedPrice": "0",
        "bidAskLevel": p.get("bidAskLevel"),
    }
    if with_realized_pnl:
        row["realizedPnl"] = None
    return row


def algo_row(order: Order) -> Params:
    """An algo order as get_algo_order shows it, with its children if it has any."""
    skipped = ("childOrders", "clientAlgoOrderId", "brokerId")
    row = {
        "algoOrderId": order.order_id,
        "clientAlgoOrderId": order.client_id,
        "rootAlgoOrderId": order.root_id,
        "parentAlgoOrderId": order.parent_id,
        **{name: value for name, value in order.params.items() if name not in skipped},
        "isTriggered": False,
        "triggerStatus": "USELESS",
        "triggerTime": "0",
        "rootAlgoStatus": order.status,
        "algoStatus": order.status,
        "totalExecutedQuantity": "0",
        "averageExecutedPrice": "0",
        "totalFee": "0",
        "feeAsset": "",
        "totalRebate": "0",
        "rebateCurrency": "",
        "createdTime": order.created,
        "updatedTime": order.updated,
    }
    if order.children:
        row["childOrders"] = [algo_row(child) for child in order.children]
    return row


def page_of(orders: list[Order], params: Params, row: Callable[[Order], Params]) -> Params:
    page, size = params["page"], params["size"]
    return {
        "rows": [row(order) for order in orders[(page - 1) * size : page * size]],
        "meta": {"total": len(orders), "recordsPerPage": size, "currentPage": page},
    }


def check_filters(symbol: str, params: Params) -> None:
    """Hold price, quantity and amount against the instrument. Raises `ApiError` with the filter's name."""
    instrument = INSTRUMENTS[symbol]
    price, quantity, amount = (Decimal(params.get(name, 0)) for name in ("price", "quantity", "amount"))
    if price and (price % instrument.quote_tick or price > instrument.quote_max):
        raise ApiError("PRICE_FILTER", f"price: tick {instrument.quote_tick:f}, at most {instrument.quote_max:f}.")
    if quantity and (quantity % instrument.base_tick or not instrument.base_min <= quantity <= instrument.base_max):
        raise ApiError(
            "SIZE_FILTER",
            f"quantity: step {instrument.base_tick:f}, {instrument.base_min:f} to {instrument.base_max:f}.",
        )
    notional = amount or price * quantity
    if notional and notional < instrument.min_notional:
        raise ApiError("MIN_NOTIONAL", f"At least {instrument.min_notional:f}.")
