"""Orders and fills, the book that stores them, and their rows in responses."""

from __future__ import annotations

from collections import Counter, OrderedDict
from collections.abc import Callable, Sequence
from decimal import Decimal
from itertools import chain
from typing import Any, NamedTuple

from .errors import ApiError
from .params import Params

# Closed orders that can still be queried: limited to bound the memory.
MAX_CLOSED_ORDERS = 10_000
MAX_OPEN_ORDERS = 250_000
_ZERO = Decimal(0)


class Order:
    """An ordinary order. The account reserves a token and an amount for a quantity: `reservation`."""

    __slots__ = ("client_id", "created", "executed", "is_spot", "limit", "order_id", "params", "position_side",
                 "quantity", "reservation", "side", "status", "symbol", "updated", "value")  # fmt: skip

    def __init__(
        self, order_id: int, client_id: int, params: Params, now_ms: int, limit: Decimal | None, quantity: Decimal
    ) -> None:
        self.order_id, self.client_id, self.params = order_id, client_id, params
        self.symbol: str = params["symbol"]
        self.side: str = params["side"]
        self.position_side: str = params["positionSide"]
        self.is_spot = self.symbol.startswith("SPOT_")
        self.created = self.updated = now_ms
        self.limit, self.quantity = limit, quantity  # a market order has no limit
        self.executed = self.value = _ZERO  # in the base token, and in the quote token
        self.status = "NEW"
        self.reservation = ("USDT", _ZERO, _ZERO)

    @property
    def remaining(self) -> Decimal:
        return self.quantity - self.executed

    @property
    def reduces_only(self) -> bool:
        """True for orders that may close positions but not open them."""
        closes = {"LONG": "SELL", "SHORT": "BUY"}.get(self.position_side) == self.side
        return not self.is_spot and (closes or bool(self.params["reduceOnly"]))


class Fill(NamedTuple):
    """An execution. `profit` is the realized profit or loss of a perpetual."""

    trade_id: int
    order_id: int
    client_id: int
    symbol: str
    side: str
    position_side: str
    price: Decimal
    quantity: Decimal
    is_maker: bool
    time_ms: int
    tag: str
    profit: Decimal | None = None


class OrderBook:
    """Orders by id and by client id: all open orders, and the newest closed orders."""

    def __init__(self, id_name: str, client_id_name: str) -> None:
        self.open: dict[int, Any] = {}
        self.closed: OrderedDict[int, Any] = OrderedDict()
        self.counts: Counter[str] = Counter()  # "PLACED", and the final statuses
        self.arrivals: OrderedDict[int, int] = OrderedDict()  # how many orders had this client id, refused ones too
        self._by_client_id: dict[int, Any] = {}
        self._id_name, self._client_id_name = id_name, client_id_name

    def count_arrival(self, client_id: int) -> None:
        if client_id not in self.arrivals and len(self.arrivals) >= MAX_OPEN_ORDERS:
            self.arrivals.popitem(last=False)
        if client_id:
            self.arrivals[client_id] = self.arrivals.get(client_id, 0) + 1

    def arrivals_by_text(self) -> dict[str, int]:
        return {str(client_id): times for client_id, times in self.arrivals.items()}

    def check_client_id(self, client_id: int) -> None:
        known = self._by_client_id.get(client_id)
        if known is not None and known.order_id in self.open:
            raise ApiError("DUPLICATE_REQUEST", f"{self._client_id_name} {client_id} is open.")

    def add(self, order: Any) -> None:
        self.counts["PLACED"] += 1
        self.open[order.order_id] = order
        if order.client_id:
            self._by_client_id[order.client_id] = order

    def close(self, order: Any, status: str, now_ms: int) -> None:
        del self.open[order.order_id]
        order.status = status
        order.updated = now_ms
        self.counts[status] += 1
        self.closed[order.order_id] = order
        if len(self.closed) > MAX_CLOSED_ORDERS:
            _, oldest = self.closed.popitem(last=False)
            client_id = oldest.client_id
            if self._by_client_id.get(client_id) is oldest:  # a newer order may use the client id again
                del self._by_client_id[client_id]

    def find(self, params: Params, *, only_open: bool = False) -> Any:
        """Return the order that the parameters name, or raise `ApiError`. The order id has precedence."""
        order_id, client_id = params.get(self._id_name), params.get(self._client_id_name)
        if order_id is not None:
            order = self.open.get(order_id) or self.closed.get(order_id)
        elif client_id:
            order = self._by_client_id.get(client_id)
        else:
            raise ApiError("INVALID_PARAM", f"Either {self._id_name} or {self._client_id_name} is required.")
        if order is None or (only_open and order.order_id not in self.open):
            raise ApiError("RESOURCE_NOT_FOUND", "Your order and symbol are not valid or already canceled.")
        return order

    def select(self, params: Params, now_ms: int, *names: str) -> list[Any]:
        """Return the orders that match the query's status, time range and the named parameters, newest first."""
        status = params.get("status")
        is_open = status in ("NEW", "INCOMPLETE", "PARTIAL_FILLED")
        sources = [self.open] if is_open else [self.closed] if status else [self.closed, self.open]
        wanted_status = None if status in (None, "INCOMPLETE", "COMPLETED") else status
        wanted = {name: params[name] for name in names if name in params}.items()
        start, end = params.get("startTime", 0), params.get("endTime", now_ms)
        found = [
            order for order in chain(*(source.values() for source in sources))
            if wanted <= order.params.items() and start <= order.created <= end
            and wanted_status in (None, order.status)
        ]  # fmt: skip
        return sorted(found, key=lambda order: order.order_id, reverse=True)


def plain(value: Decimal) -> str:
    """Write a number without an exponent and without trailing zeros."""
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def order_row(order: Order, query: Params | None = None) -> Params:
    p = order.params
    row = {
        "symbol": p["symbol"], "status": order.status, "side": p["side"], "positionSide": p["positionSide"],
        "createdTime": order.created, "orderId": order.order_id, "orderTag": p["orderTag"], "price": p.get("price"),
        "type": p["type"], "quantity": p.get("quantity"), "amount": p.get("amount"),
        "visible": p.get("visibleQuantity", p.get("quantity")), "executed": plain(order.executed), "totalFee": "0",
        "feeAsset": "", "totalRebate": "0", "rebateCurrency": "", "clientOrderId": order.client_id,
        "reduceOnly": p["reduceOnly"], "averageExecutedPrice": format_average(order.value, order.executed),
        "bidAskLevel": p.get("bidAskLevel"),
    }  # fmt: skip
    return {**row, "realizedPnl": None} if query and query.get("withRealizedPnl") else row


def format_average(value: Decimal, quantity: Decimal) -> str:
    return plain((value / quantity).quantize(Decimal("1e-10"))) if quantity else "0"


def fill_row(fill: Fill) -> Params:
    return {
        "id": fill.trade_id, "symbol": fill.symbol, "orderId": fill.order_id, "orderTag": fill.tag,
        "executedPrice": plain(fill.price), "executedQuantity": plain(fill.quantity), "isMaker": int(fill.is_maker),
        "isMatchRpi": False, "side": fill.side, "fee": "0", "feeAsset": fill.symbol.rpartition("_")[2],
        "realizedPnl": None if fill.profit is None else plain(fill.profit), "executedTimestamp": fill.time_ms,
    }  # fmt: skip


def paginate(found: Sequence[Any], params: Params, row: Callable[[Any], Params]) -> Params:
    page, size = params["page"], params.get("limit", params["size"])
    return {
        "rows": [row(each) for each in found[(page - 1) * size : page * size]],
        "meta": {"total": len(found), "recordsPerPage": size, "currentPage": page},
    }
