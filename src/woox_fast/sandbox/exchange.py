"""The exchange: an account, and minimal matching against a settable quote per instrument."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from decimal import ROUND_DOWN, Context, Decimal, localcontext
from itertools import count, islice
from typing import Any

from .account import Account
from .algo import AlgoOrders
from .errors import ApiError
from .market import INSTRUMENTS, START_PRICES, Quote
from .orders import MAX_OPEN_ORDERS, Fill, Order, OrderBook, order_row, plain
from .params import Params

MAX_LISTED = 10_000  # open orders in a report
MAX_FILLS = 10_000  # the newest fills that can be queried
EXACT = Context(prec=60)

_UNPRICED = frozenset({"MARKET", "ASK", "BID"})  # these types ignore a price
_IMMEDIATE = frozenset({"MARKET", "IOC", "FOK"})  # these types never rest
_PASSIVE = frozenset({"POST_ONLY", "RPI"})  # these types never match at once


class Exchange:
    """The account, its orders and the market. Every order endpoint is a method `(params, now_ms) -> data`."""

    def __init__(self, api_key: str = "") -> None:
        self.api_key = api_key
        self.account = Account()
        self.orders: OrderBook = OrderBook("orderId", "clientOrderId")
        self.algo = AlgoOrders()
        self.quotes = {symbol: Quote(price, price) for symbol, price in START_PRICES.items()}
        self.fills: deque[Fill] = deque(maxlen=MAX_FILLS)
        self._order_ids = count(60_000_000_001)
        self._trade_ids = count(1_700_000_001)
        self._cancel_all_at = 0  # Unix epoch ms; 0 is never

    def execute(self, handler: Callable[[Exchange, Params, int], Params], params: Params, now_ms: int) -> Params:
        """Call an endpoint's function, after the dead man's switch of cancelAllAfter if it is due."""
        with localcontext(EXACT):
            if self._cancel_all_at and now_ms >= self._cancel_all_at:
                self._cancel_all_at = 0
                self.cancel_all_orders({}, now_ms)
            return handler(self, params, now_ms)

    def set_quote(self, symbol: str, quote: Quote, now_ms: int) -> None:
        """Replace an instrument's quote and fill the crossed resting orders, best price first."""
        with localcontext(EXACT):
            self.quotes[symbol] = quote
            crossed = [o for o in self.orders.open.values() if o.symbol == symbol and quote.crosses(o.side, o.limit)]
            crossed.sort(key=lambda o: (-o.limit if o.side == "BUY" else o.limit, o.order_id))
            for order in crossed:
                self._match(order, now_ms, is_maker=True)

    def place_order(self, params: Params, now_ms: int) -> Params:
        client_id = params["clientOrderId"]
        self.orders.count_arrival(client_id)
        order = self._new_order(params, now_ms)
        self.orders.check_client_id(client_id)
        if len(self.orders.open) >= MAX_OPEN_ORDERS:
            raise ApiError("RPC_REJECT", f"The sandbox accepts at most {MAX_OPEN_ORDERS} open orders.")
        self._check_position(order)
        self._check_passive(order)
        self.account.reserve(order, self._worst_price(order))
        self.orders.add(order)
        if params["type"] != "FOK" or self._fillable(order) == order.quantity:
            self._match(order, now_ms, is_maker=False)
        if order.order_id in self.orders.open and params["type"] in _IMMEDIATE:
            self._close(order, "CANCELLED", now_ms)
        return {
            "orderId": order.order_id, "clientOrderId": client_id, "type": params["type"], "price": params.get("price"),
            "quantity": params.get("quantity"), "amount": params.get("amount"),
            "bidAskLevel": params.get("bidAskLevel"),
        }  # fmt: skip

    def edit_order(self, params: Params, now_ms: int) -> Params:
        changes: Params = {name: params[name] for name in ("price", "quantity") if name in params}
        if not changes:
            raise ApiError("INVALID_PARAM", "Either price or quantity is required.")
        order = self.orders.find(params, only_open=True)
        if "quantity" in changes and "amount" in order.params:
            raise ApiError("INVALID_PARAM", "The order was placed by amount: its quantity cannot be edited.")
        edited = self._new_order({**order.params, **changes}, now_ms, is_edit=True)
        if edited.quantity <= order.executed:
            raise ApiError("INVALID_PARAM", f"quantity must exceed the executed {order.executed:f}.")
        edited.executed = order.executed
        self._check_passive(edited)
        before = order.reservation
        self.account.restore(order)
        try:
            self.account.reserve(edited, self._worst_price(edited))
        except ApiError:
            self.account.restore(order, before)
            raise
        order.params, order.limit, order.quantity = edited.params, edited.limit, edited.quantity
        order.reservation, order.updated = edited.reservation, now_ms
        self._match(order, now_ms, is_maker=False)
        return {"status": "EDIT_SENT"}

    def cancel_order(self, params: Params, now_ms: int) -> Params:
        order = self.orders.find(params, only_open=True)
        if order.symbol != params["symbol"]:
            raise ApiError("RESOURCE_NOT_FOUND", "Your order and symbol are not valid or already canceled.")
        self._close(order, "CANCELLED", now_ms)
        return {"status": "CANCEL_SENT"}

    def cancel_orders(self, params: Params, now_ms: int) -> Params:
        for order in [o for o in self.orders.open.values() if params.get("symbol", o.symbol) == o.symbol]:
            self._close(order, "CANCELLED", now_ms)
        return {"status": "CANCEL_ALL_SENT"}

    def cancel_all_orders(self, params: Params, now_ms: int) -> Params:
        self.algo.cancel_orders(params, now_ms)
        return self.cancel_orders(params, now_ms)

    def cancel_all_after(self, params: Params, now_ms: int) -> Params:
        self._cancel_all_at = now_ms + params["triggerAfter"] if params["triggerAfter"] else 0
        return {"expectedTriggerTime": self._cancel_all_at}

    def set_leverage(self, params: Params, now_ms: int) -> Params:
        symbol = params["symbol"]
        if self._uses_margin(symbol):
            raise ApiError("RPC_REJECT", f"Cancel the orders and close the position of {symbol} first.")
        self.account.leverage[symbol] = params["leverage"]
        return {}

    def set_position_mode(self, params: Params, now_ms: int) -> Params:
        if params["positionMode"] != self.account.position_mode and any(map(self._uses_margin, INSTRUMENTS)):
            raise ApiError("RPC_REJECT", "Cancel all orders and close all positions first.")
        self.account.position_mode = params["positionMode"]
        return {}

    def _uses_margin(self, symbol: str) -> bool:
        positions = any(p.holding for p in self.account.positions.values() if p.symbol == symbol)
        return positions or any(not o.is_spot and o.symbol == symbol for o in self.orders.open.values())

    def _new_order(self, params: Params, now_ms: int, *, is_edit: bool = False) -> Order:
        if ("quantity" in params) == ("amount" in params):
            raise ApiError("INVALID_PARAM", "Either quantity or amount is required, not both.")
        instrument, quote = INSTRUMENTS[params["symbol"]], self.quotes[params["symbol"]]
        order_type = params["type"]
        if order_type in _UNPRICED and not is_edit:
            params.pop("price", None)  # documented: ignored
            if order_type != "MARKET":
                params["price"] = f"{quote.bid if order_type == 'BID' else quote.ask:f}"
        if "price" not in params and order_type != "MARKET":
            raise ApiError("INVALID_PARAM", f"price is required for {order_type}.")
        limit = Decimal(params["price"]) if "price" in params else None
        instrument.check(limit)
        price = limit or quote.price(params["side"])
        if "quantity" in params:
            quantity = Decimal(params["quantity"])
            instrument.check(quantity=quantity, notional=price * quantity)
        else:
            amount = Decimal(params["amount"])
            instrument.check(notional=amount)
            quantity = (amount / price).quantize(instrument.base_tick, rounding=ROUND_DOWN)
            instrument.check(quantity=quantity)
        order_id = 0 if is_edit else next(self._order_ids)
        return Order(order_id, params["clientOrderId"], params, now_ms, limit, quantity)

    def _check_position(self, order: Order) -> None:
        if order.is_spot:
            return
        if (order.position_side == "BOTH") != (self.account.position_mode == "ONE_WAY"):
            raise ApiError("INVALID_PARAM", "positionSide is BOTH in ONE_WAY mode, LONG or SHORT in HEDGE_MODE.")
        position = self.account.position(order.symbol, order.position_side)
        if order.reduces_only and not position.reducible(order.side):
            raise ApiError("RPC_REJECT", "A reduce-only order needs a position to reduce.")

    def _check_passive(self, order: Order) -> None:
        """Reject a POST_ONLY order that would match at once, or move it a tick away from the quote."""
        quote = self.quotes[order.symbol]
        if order.params["type"] not in _PASSIVE or not quote.crosses(order.side, order.limit):
            return
        if not order.params.get("postOnlyAdjusted"):
            raise ApiError("RPC_REJECT", "The POST_ONLY order would match at once.")
        tick = INSTRUMENTS[order.symbol].quote_tick
        order.limit = quote.ask - tick if order.side == "BUY" else quote.bid + tick
        order.params["price"] = f"{order.limit:f}"

    def _worst_price(self, order: Order) -> Decimal:
        """Return the price that needs the most funds: a seller's margin grows with the price."""
        price = self.quotes[order.symbol].price(order.side)
        return order.limit if order.limit and order.side == "BUY" else max(order.limit or price, price)

    def _fillable(self, order: Order) -> Decimal:
        quote = self.quotes[order.symbol]
        if not quote.crosses(order.side, order.limit):
            return Decimal(0)
        quantity = quote.available(order.side, order.remaining)
        if order.reduces_only:
            position = self.account.position(order.symbol, order.position_side)
            quantity = min(quantity, position.reducible(order.side))
        return quantity

    def _match(self, order: Order, now_ms: int, *, is_maker: bool) -> None:
        quantity = self._fillable(order)
        quote = self.quotes[order.symbol]
        price = order.limit if is_maker and order.limit is not None else quote.price(order.side)
        if quantity:
            self.account.restore(order)
            token, amount = self.account.requirement(order, price)
            if is_maker and not order.is_spot and amount > self.account.available(token):
                self._close(order, "CANCELLED", now_ms)  # a position that the order counted on is gone
                return
            quote.consume(order.side, quantity)
            self._fill(order, price, quantity, is_maker, now_ms)
        if not order.remaining:
            self._close(order, "FILLED", now_ms)
        elif order.reduces_only and not self.account.position(order.symbol, order.position_side).reducible(order.side):
            self._close(order, "CANCELLED", now_ms)
        elif quantity:
            self.account.reserve(order, order.limit or price, is_new=False)

    def _fill(self, order: Order, price: Decimal, quantity: Decimal, is_maker: bool, now_ms: int) -> None:
        fill = Fill(next(self._trade_ids), order.order_id, order.client_id, order.symbol, order.side,
                    order.position_side, price, quantity, is_maker, now_ms, order.params["orderTag"])  # fmt: skip
        order.executed += quantity
        order.value += quantity * price
        order.status, order.updated = "PARTIAL_FILLED", now_ms
        self.fills.append(fill._replace(profit=self.account.apply(fill)))

    def _close(self, order: Order, status: str, now_ms: int) -> None:
        self.account.restore(order)
        self.orders.close(order, status, now_ms)

    def quote_rows(self) -> list[dict[str, Any]]:
        return [
            {"symbol": symbol, "bid": plain(quote.bid), "ask": plain(quote.ask),
             **{f"{side.lower()}Quantity": None if depth is None else plain(depth)
                for side, depth in quote.depth.items()}}
            for symbol, quote in self.quotes.items()
        ]  # fmt: skip

    def open_orders(self, limit: int = MAX_LISTED) -> dict[str, Any]:
        newest = list(islice(reversed(self.orders.open.values()), limit))
        return {
            "open": len(self.orders.open),
            "orders": [order_row(order) for order in reversed(newest)],
            "clientOrderIds": self.orders.arrivals_by_text(),
            **self.algo.open_orders(limit),
        }

    def summary(self) -> dict[str, Any]:
        counts = self.orders.counts
        return {
            "orders": {"placed": counts["PLACED"], "open": len(self.orders.open), "filled": counts["FILLED"],
                       "cancelled": counts["CANCELLED"]},
            "balances": self.account.balance_rows(),
            "positions": self.account.position_rows(),
        }  # fmt: skip

    def audit(self) -> dict[str, Any]:
        """Return the summary, and in `addsUp` whether it agrees with all fills and open orders."""
        with localcontext(EXACT):
            summary, account = self.summary(), self.account
            reserved = dict.fromkeys(account.holdings, Decimal(0))
            for order in self.orders.open.values():
                reserved[order.reservation[0]] += order.reservation[1]
            placed, *outcomes = summary["orders"].values()
            adds_up = account.expected_holdings() == account.holdings and reserved == account.reserved
            return {**summary, "addsUp": adds_up and placed == sum(outcomes)}
