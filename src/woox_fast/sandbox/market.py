"""The market: instruments and tokens, and a quote per instrument."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any, NamedTuple

from .errors import ApiError

INFINITE_DEPTH = Decimal(1_000_000_000)  # shown in the order book; matching ignores it


class Instrument(NamedTuple):
    """The filters for orders: price and notional in the quote token, quantities in the base token."""

    base: str
    quote: str
    quote_tick: Decimal
    quote_max: Decimal
    base_tick: Decimal
    base_max: Decimal
    min_notional: Decimal = Decimal(1)

    def check(
        self, price: Decimal | None = None, quantity: Decimal | None = None, notional: Decimal | None = None
    ) -> None:
        """Raise `ApiError` for a value outside the filters. The notional is by default the product of the others."""
        if price and (price % self.quote_tick or price > self.quote_max):
            raise ApiError("PRICE_FILTER", f"price: tick {self.quote_tick:f}, at most {self.quote_max:f}.")
        if quantity is not None and (quantity % self.base_tick or not self.base_tick <= quantity <= self.base_max):
            limits = f"step {self.base_tick:f}, {self.base_tick:f} to {self.base_max:f}"
            raise ApiError("SIZE_FILTER", f"quantity: {limits}.")
        if notional is None and price and quantity:
            notional = price * quantity
        if notional is not None and notional < self.min_notional:
            raise ApiError("MIN_NOTIONAL", f"At least {self.min_notional:f}.")


class Quote:
    """The price at which an instrument trades now, and the `depth` for each side; None is unlimited."""

    def __init__(self, bid: Decimal, ask: Decimal, quantity: Decimal | None = None) -> None:
        self.bid, self.ask = bid, ask
        self.depth: dict[str, Decimal | None] = {"BUY": quantity, "SELL": quantity}

    def price(self, side: str) -> Decimal:
        return self.ask if side == "BUY" else self.bid

    def crosses(self, side: str, limit: Decimal | None) -> bool:
        """Return True if an order with this limit price would match; a market order has no limit."""
        return limit is None or (limit >= self.ask if side == "BUY" else limit <= self.bid)

    def available(self, side: str, wanted: Decimal) -> Decimal:
        depth = self.depth[side]
        return wanted if depth is None else min(depth, wanted)

    def consume(self, side: str, quantity: Decimal) -> None:
        if (depth := self.depth[side]) is not None:
            self.depth[side] = depth - quantity


DECIMAL = re.compile(r"[0-9]{1,12}(\.[0-9]{1,10})?", re.ASCII)


def parse_quote(symbol: object, given: Mapping[str, object]) -> Quote:
    """Read `price`, or `bid` and `ask`, and `quantity`. Raises ValueError for invalid or missing values."""
    if not isinstance(symbol, str) or symbol not in INSTRUMENTS:
        raise ValueError(f"symbol must be one of {', '.join(INSTRUMENTS)}")
    numbers: dict[str, Decimal] = {}
    for name, value in given.items():
        if name not in ("price", "bid", "ask", "quantity"):
            raise ValueError("the parameters are symbol, price, bid, ask and quantity")
        if value is not None and value != "":
            text = str(value) if isinstance(value, (str, int, Decimal)) else ""
            if not DECIMAL.fullmatch(text) or (name != "quantity" and not Decimal(text)):
                raise ValueError(f"{name} must be a decimal number such as 60000.5, as a string")
            numbers[name] = Decimal(text)
    bid = numbers.get("bid", numbers.get("price"))
    ask = numbers.get("ask", numbers.get("price"))
    if bid is None or ask is None or bid > ask:
        raise ValueError("give a price, or a bid and an ask that is not lower")
    return Quote(bid, ask, numbers.get("quantity"))


# symbol: price tick, highest price, quantity step (also the smallest quantity), largest quantity, price at the start
_TABLE = {
    "SPOT_BTC_USDT": ("0.01", "1000000", "0.00001", "100", "100000"),
    "SPOT_ETH_USDT": ("0.01", "100000", "0.0001", "5000", "4000"),
    "SPOT_LTC_USDT": ("0.01", "10000", "0.001", "10000", "100"),
    "SPOT_WOO_USDT": ("0.00001", "100", "0.1", "10000000", "0.3"),
    "PERP_BTC_USDT": ("0.1", "1000000", "0.0001", "100", "100000"),
    "PERP_ETH_USDT": ("0.01", "100000", "0.001", "5000", "4000"),
    "PERP_WOO_USDT": ("0.00001", "100", "1", "10000000", "0.3"),
}
INSTRUMENTS: dict[str, Instrument] = {
    symbol: Instrument(symbol.split("_")[1], symbol.split("_")[2], *map(Decimal, row[:4]))
    for symbol, row in _TABLE.items()
}
START_PRICES: dict[str, Decimal] = {symbol: Decimal(row[4]) for symbol, row in _TABLE.items()}

# token, network id and protocol, decimals on the chain
TOKENS: tuple[tuple[str, str, str, int], ...] = (
    ("BTC", "BTC", "BTC", 8), ("ETH", "ETH", "ERC20", 18), ("LTC", "LTC", "LTC", 8), ("USDT", "ETH", "ERC20", 6),
    ("WOO", "ETH", "ERC20", 18),
)  # fmt: skip

# The account's holdings at the start, in units of the token.
HOLDINGS: dict[str, Decimal] = {
    "BTC": Decimal(1_000), "ETH": Decimal(10_000), "LTC": Decimal(100_000), "USDT": Decimal(1_000_000_000),
    "WOO": Decimal(100_000_000),
}  # fmt: skip


def instrument_row(symbol: str) -> dict[str, Any]:
    i = INSTRUMENTS[symbol]
    return {
        "symbol": symbol, "status": "TRADING", "baseAsset": i.base, "baseAssetMultiplier": 1, "quoteAsset": i.quote,
        "quoteMin": "0", "quoteMax": f"{i.quote_max:f}", "quoteTick": f"{i.quote_tick:f}",
        "baseMin": f"{i.base_tick:f}", "baseMax": f"{i.base_max:f}", "baseTick": f"{i.base_tick:f}",
        "minNotional": f"{i.min_notional:f}", "bidCapRatio": None, "bidFloorRatio": None, "askCapRatio": None,
        "askFloorRatio": None, "orderMode": "NORMAL", "impactNotional": None, "isAllowedRpi": False,
        "tickGranularity": None,
    }  # fmt: skip


# The rows of /v1/public/token and /v1/public/token_network.
TOKEN_ROWS: list[dict[str, Any]] = [
    {"token": token, "fullname": token, "network": network, "decimals": str(decimals), "delisted": False,
     "balance_token": token, "created_time": "1578565539", "updated_time": "1578565539",
     "can_collateral": True, "can_short": True}
    for token, network, _, decimals in TOKENS
]  # fmt: skip
TOKEN_NETWORK_ROWS: list[dict[str, Any]] = [
    {"protocol": protocol, "network": network, "token": token, "name": protocol, "minimum_withdrawal": "0",
     "withdrawal_fee": "0", "allow_deposit": "0", "allow_withdraw": "0"}
    for token, network, protocol, _ in TOKENS
]  # fmt: skip
