"""The account: holdings, positions, and reserved funds. There are no fees, no interest and no liquidation."""

from __future__ import annotations

from collections import defaultdict
from decimal import ROUND_UP, Decimal
from typing import Any

from .errors import ApiError
from .market import HOLDINGS, INSTRUMENTS
from .orders import Fill, Order, format_average, plain

MARGIN_TOKEN = "USDT"  # noqa: S105 (a cryptocurrency)
DEFAULT_LEVERAGE = 10
_STEP = Decimal("1e-10")
_ZERO = Decimal(0)


class Position:
    """A perpetual position. `holding` is negative for a short position; `cost` is the value at which it was opened."""

    def __init__(self, symbol: str, side: str) -> None:
        self.symbol, self.side = symbol, side
        self.holding = self.cost = _ZERO

    @property
    def average_price(self) -> str:
        return format_average(self.cost, abs(self.holding))

    def reducible(self, order_side: str) -> Decimal:
        return max(_ZERO, self.holding if order_side == "SELL" else -self.holding)

    def apply(self, fill: Fill) -> Decimal:
        """Add a fill and return the realized profit or loss.

        Closing a part releases its rounded share of `cost`. The rest of `cost` absorbs the rounding.
        """
        closed = min(self.reducible(fill.side), fill.quantity)
        profit = _ZERO
        if closed:
            whole = abs(self.holding)
            released = self.cost if closed == whole else (self.cost * closed / whole).quantize(_STEP)
            profit = closed * fill.price - released if self.holding > 0 else released - closed * fill.price
            self.cost -= released
        self.cost += (fill.quantity - closed) * fill.price
        self.holding += fill.quantity if fill.side == "BUY" else -fill.quantity
        return profit


class Account:
    """Holdings and positions, and the reserved funds."""

    def __init__(self) -> None:
        self.holdings = dict(HOLDINGS)
        self.reserved = dict.fromkeys(HOLDINGS, _ZERO)  # by open orders
        self.pending: defaultdict[tuple[str, str, str], Decimal] = defaultdict(Decimal)  # symbol, position side, side
        self.positions: dict[tuple[str, str], Position] = {}
        self.leverage = dict.fromkeys(INSTRUMENTS, DEFAULT_LEVERAGE)
        self.position_mode = "ONE_WAY"
        self.flows: defaultdict[str, Decimal] = defaultdict(Decimal)  # the sum of all fills, for the audit

    def position(self, symbol: str, side: str) -> Position:
        return self.positions.setdefault((symbol, side), Position(symbol, side))

    def margin(self, symbol: str, value: Decimal) -> Decimal:
        return (value / self.leverage[symbol]).quantize(_STEP, rounding=ROUND_UP)

    def frozen(self, token: str) -> Decimal:
        frozen = self.reserved[token]
        if token == MARGIN_TOKEN:
            frozen += sum((self.margin(p.symbol, p.cost) for p in self.positions.values()), _ZERO)
        return frozen

    def available(self, token: str) -> Decimal:
        return self.holdings[token] - self.frozen(token)

    def requirement(self, order: Order, price: Decimal) -> tuple[str, Decimal]:
        instrument = INSTRUMENTS[order.symbol]
        rest = order.remaining
        if order.is_spot:
            return (instrument.quote, rest * price) if order.side == "BUY" else (instrument.base, rest)
        closing = rest if order.reduces_only else self.position(order.symbol, order.position_side).reducible(order.side)
        opening = max(_ZERO, rest - closing)
        return MARGIN_TOKEN, self.margin(order.symbol, opening * price)

    def reserve(self, order: Order, price: Decimal, *, is_new: bool = True) -> None:
        """Reserve the funds for the order's rest. Raise `ApiError` RISK_TOO_HIGH if a new order exceeds them."""
        token, amount = self.requirement(order, price)
        available = self.available(token)
        if is_new and amount > available:
            raise ApiError(
                "RISK_TOO_HIGH",
                f"The order needs {plain(amount)} {token}; {plain(available)} {token} is available.",
            )
        self.restore(order, (token, amount, order.remaining))

    def restore(self, order: Order, reservation: tuple[str, Decimal, Decimal] = (MARGIN_TOKEN, _ZERO, _ZERO)) -> None:
        """Replace an order's reservation without a check; by default release it."""
        key = (order.symbol, order.position_side, order.side)
        for sign, (token, amount, quantity) in ((-1, order.reservation), (1, reservation)):
            self.reserved[token] += sign * amount
            self.pending[key] += sign * quantity
        order.reservation = reservation

    def apply(self, fill: Fill) -> Decimal | None:
        instrument = INSTRUMENTS[fill.symbol]
        sign = 1 if fill.side == "BUY" else -1
        value = sign * fill.quantity * fill.price
        self.flows[fill.symbol] -= value
        if fill.symbol.startswith("SPOT_"):
            self.flows[f"{fill.symbol} base"] += sign * fill.quantity
            self.holdings[instrument.base] += sign * fill.quantity
            self.holdings[instrument.quote] -= value
            return None
        profit = self.position(fill.symbol, fill.position_side).apply(fill)
        self.holdings[MARGIN_TOKEN] += profit
        return profit

    def expected_holdings(self) -> dict[str, Decimal]:
        """Compute the holdings again from the totals of all fills and the cost of the open positions."""
        expected = dict(HOLDINGS)
        for name, flow in self.flows.items():
            symbol, _, is_base = name.partition(" ")
            expected[INSTRUMENTS[symbol].base if is_base else INSTRUMENTS[symbol].quote] += flow
        for position in self.positions.values():
            expected[MARGIN_TOKEN] += position.cost if position.holding > 0 else -position.cost
        return expected

    def balance_rows(self) -> list[dict[str, Any]]:
        return [
            {"token": token, "start": plain(HOLDINGS[token]), "change": plain(holding - HOLDINGS[token]),
             "holding": plain(holding), "frozen": plain(self.frozen(token)), "available": plain(self.available(token))}
            for token, holding in self.holdings.items()
        ]  # fmt: skip

    def position_rows(self) -> list[dict[str, Any]]:
        return [
            {"symbol": p.symbol, "positionSide": p.side, "holding": plain(p.holding),
             "averageOpenPrice": p.average_price}
            for p in self.positions.values() if p.holding
        ]  # fmt: skip
