"""The market the sandbox offers: a few instruments and tokens, in the shape the public endpoints document.

Instruments: https://developer.woox.io/api-reference/endpoint/public_data/instruments
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any, NamedTuple


class Instrument(NamedTuple):
    """The filters an order is held against, in units of the quote (price, notional) and of the base (quantity)."""

    base: str
    quote: str
    quote_tick: Decimal
    quote_max: Decimal
    base_tick: Decimal
    base_min: Decimal
    base_max: Decimal
    min_notional: Decimal


def _instrument(symbol: str, quote_tick: str, quote_max: str, base_tick: str, base_max: str) -> Instrument:
    _, base, quote = symbol.split("_")
    tick = Decimal(base_tick)
    return Instrument(base, quote, Decimal(quote_tick), Decimal(quote_max), tick, tick, Decimal(base_max), Decimal(1))


# symbol, price tick, highest price, quantity step (also the least quantity), most of one order
INSTRUMENTS: dict[str, Instrument] = {
    row[0]: _instrument(*row)
    for row in (
        ("SPOT_BTC_USDT", "0.01", "1000000", "0.00001", "100"),
        ("SPOT_ETH_USDT", "0.01", "100000", "0.0001", "5000"),
        ("SPOT_LTC_USDT", "0.01", "10000", "0.001", "10000"),
        ("SPOT_WOO_USDT", "0.00001", "100", "0.1", "10000000"),
        ("PERP_BTC_USDT", "0.1", "1000000", "0.0001", "100"),
        ("PERP_ETH_USDT", "0.01", "100000", "0.001", "5000"),
        ("PERP_WOO_USDT", "0.00001", "100", "1", "10000000"),
    )
}

# token, network id and protocol, decimals on the chain
TOKENS: tuple[tuple[str, str, str, int], ...] = (
    ("BTC", "BTC", "BTC", 8),
    ("ETH", "ETH", "ERC20", 18),
    ("LTC", "LTC", "LTC", 8),
    ("USDT", "ETH", "ERC20", 6),
    ("WOO", "ETH", "ERC20", 18),
)

# What the account holds, in units of the token.
HOLDINGS: dict[str, Decimal] = {
    "BTC": Decimal(1_000),
    "ETH": Decimal(10_000),
    "LTC": Decimal(100_000),
    "USDT": Decimal(1_000_000_000),
    "WOO": Decimal(100_000_000),
}


def instrument_row(symbol: str) -> dict[str, Any]:
    """One row of /v3/public/instruments."""
    i = INSTRUMENTS[symbol]
    return {
        "symbol": symbol,
        "status": "TRADING",
        "baseAsset": i.base,
        "baseAssetMultiplier": 1,
        "quoteAsset": i.quote,
        "quoteMin": "0",
        "quoteMax": f"{i.quote_max:f}",
        "quoteTick": f"{i.quote_tick:f}",
        "baseMin": f"{i.base_min:f}",
        "baseMax": f"{i.base_max:f}",
        "baseTick": f"{i.base_tick:f}",
        "minNotional": f"{i.min_notional:f}",
        "bidCapRatio": None,
        "bidFloorRatio": None,
        "askCapRatio": None,
        "askFloorRatio": None,
        "orderMode": "NORMAL",
        "impactNotional": None,
        "isAllowedRpi": False,
        "tickGranularity": None,
    }


def token_rows() -> list[dict[str, Any]]:
    """The rows of /v1/public/token."""
    return [
        {"token": token, "fullname": token, "network": network, "decimals": str(decimals), "delisted": False,
         "balance_token": token, "created_time": "1578565539", "updated_time": "1578565539",
         "can_collateral": True, "can_short": True}
        for token, network, _, decimals in TOKENS
    ]  # fmt: skip


def token_network_rows() -> list[dict[str, Any]]:
    """The rows of /v1/public/token_network."""
    return [
        {"protocol": protocol, "network": network, "token": token, "name": protocol, "minimum_withdrawal": "0",
         "withdrawal_fee": "0", "allow_deposit": "0", "allow_withdraw": "0"}
        for token, network, protocol, _ in TOKENS
    ]  # fmt: skip
