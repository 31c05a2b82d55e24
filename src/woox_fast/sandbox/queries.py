"""Endpoints that only read: orders and fills, account data, and public data derived from the quotes."""

from __future__ import annotations

from decimal import Decimal

from .errors import ApiError
from .exchange import Exchange
from .market import INFINITE_DEPTH, INSTRUMENTS, instrument_row
from .orders import fill_row, order_row, paginate, plain
from .params import Params

FUNDING_MS = 8 * 60 * 60 * 1000
KLINE_MS = {
    "1m": 60_000, "5m": 300_000, "15m": 900_000, "30m": 1_800_000, "1h": 3_600_000, "4h": 14_400_000,
    "12h": 43_200_000, "1d": 86_400_000, "1w": 604_800_000, "1mon": 2_592_000_000, "1y": 31_536_000_000,
}  # fmt: skip
_ZERO = Decimal(0)


def get_orders(exchange: Exchange, params: Params, now_ms: int) -> Params:
    found = exchange.orders.select(params, now_ms, "symbol", "side", "positionSide", "type", "orderTag")
    return paginate(found, params, lambda order: order_row(order, params))


def get_transaction(exchange: Exchange, params: Params, now_ms: int) -> Params:
    trade_id, client_id = params.get("tradeId"), params.get("clientOrderId")
    for fill in reversed(exchange.fills):
        if fill.trade_id == trade_id or (trade_id is None and client_id and fill.client_id == client_id):
            return fill_row(fill)
    raise ApiError("RESOURCE_NOT_FOUND", "There is no such transaction.")


def get_transactions(exchange: Exchange, params: Params, now_ms: int) -> Params:
    start, end = params.get("startTime", 0), params.get("endTime", now_ms)
    found = [
        fill
        for fill in reversed(exchange.fills)
        if start <= fill.time_ms <= end
        and params.get("symbol", fill.symbol) == fill.symbol
        and fill.trade_id >= params.get("fromId", 0)
    ]
    return paginate(found, params, fill_row)


def get_order_trades(exchange: Exchange, params: Params, now_ms: int) -> Params:
    """GET /v1/order/:oid/trades, which ccxt uses for fetch_order_trades."""
    return {
        "rows": [
            {"id": fill.trade_id, "symbol": fill.symbol, "fee": "0", "side": fill.side,
             "executed_timestamp": f"{fill.time_ms // 1000}.{fill.time_ms % 1000:03}", "order_id": fill.order_id,
             "order_tag": fill.tag, "executed_price": plain(fill.price), "executed_quantity": plain(fill.quantity),
             "fee_asset": fill.symbol.rpartition("_")[2], "is_maker": int(fill.is_maker)}
            for fill in exchange.fills if fill.order_id == params["orderId"]
        ]
    }  # fmt: skip


def get_positions(exchange: Exchange, params: Params, now_ms: int) -> Params:
    pending = exchange.account.pending
    rows = []
    for (symbol, side), position in sorted(exchange.account.positions.items()):
        long, short = (pending.get((symbol, side, order_side), _ZERO) for order_side in ("BUY", "SELL"))
        if params.get("symbol", symbol) == symbol and (position.holding or long or short):
            rows.append(
                {
                    "symbol": symbol, "holding": plain(position.holding), "pendingLongQty": plain(long),
                    "pendingShortQty": plain(short), "settlePrice": position.average_price,
                    "averageOpenPrice": position.average_price, "pnl24H": "0", "fee24H": "0",
                    "markPrice": _mark_price(exchange, symbol), "estLiqPrice": "0", "timestamp": now_ms,
                    "adlQuantile": 0, "positionSide": side, "marginMode": "CROSS", "isolatedMarginToken": "",
                    "isolatedMarginAmount": "0", "isolatedFrozenLong": "0", "isolatedFrozenShort": "0",
                    "leverage": exchange.account.leverage[symbol],
                }
            )  # fmt: skip
    return {"positions": rows}


def get_balances(exchange: Exchange, params: Params, now_ms: int) -> Params:
    pending = {
        (INSTRUMENTS[symbol].base, side): plain(quantity)
        for (symbol, _, side), quantity in exchange.account.pending.items() if symbol.startswith("SPOT_")
    }  # fmt: skip
    rows = [
        {
            "token": row["token"], "holding": row["holding"], "frozen": row["frozen"], "staked": "0", "unbonding": "0",
            "vault": "0", "interest": "0", "earn": "0",
            "pendingShortQty": pending.get((row["token"], "SELL"), "0"),
            "pendingLongQty": pending.get((row["token"], "BUY"), "0"), "availableBalance": row["available"],
            "averageOpenPrice": "0", "markPrice": "0", "pnl24H": "0", "fee24H": "0", "timestamp": now_ms,
        }
        for row in exchange.account.balance_rows()
        if params.get("token", row["token"]) == row["token"]
    ]  # fmt: skip
    return {"holding": rows}


def get_account_info(exchange: Exchange, params: Params, now_ms: int) -> Params:
    value = plain(exchange.account.holdings["USDT"])  # only USDT counts as collateral
    return {
        "applicationId": "00000000-0000-4000-8000-000000000000", "account": "sandbox", "alias": "sandbox",
        "otpauth": False, "accountMode": "FUTURES", "positionMode": exchange.account.position_mode, "leverage": 10,
        "makerFeeRate": 0, "takerFeeRate": 0, "marginRatio": "10", "openMarginRatio": "10", "initialMarginRatio": "10",
        "maintenanceMarginRatio": "0.03", "totalCollateral": value,
        "freeCollateral": plain(exchange.account.available("USDT")), "totalAccountValue": value,
        "totalTradingValue": value, "totalVaultValue": "0", "totalStakingValue": "0", "totalEarnValue": "0",
        "totalLaunchpadValue": "0", "referrerID": None, "accountType": "Main",
    }  # fmt: skip


def get_leverage(exchange: Exchange, params: Params, now_ms: int) -> Params:
    mode, leverage = exchange.account.position_mode, exchange.account.leverage[params["symbol"]]
    sides = ("BOTH",) if mode == "ONE_WAY" else ("LONG", "SHORT")
    details = [{"positionSide": side, "leverage": leverage} for side in sides]
    return {"symbol": params["symbol"], "marginMode": params["marginMode"], "positionMode": mode, "details": details}


def get_instruments(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {"rows": [instrument_row(symbol) for symbol in INSTRUMENTS if params.get("symbol", symbol) == symbol]}


def get_order_book(exchange: Exchange, params: Params, now_ms: int) -> Params:
    """Return a level per side: the quote, without the account's own orders."""
    quote = exchange.quotes[params["symbol"]]
    levels = []
    for side in ("BUY", "SELL"):
        depth = quote.available(side, INFINITE_DEPTH)
        levels.append([{"price": plain(quote.price(side)), "quantity": plain(depth)}] if depth else [])
    return {"asks": levels[0], "bids": levels[1]}


def get_market_trades(exchange: Exchange, params: Params, now_ms: int) -> Params:
    """Return the account's own fills, which are the only trades."""
    fills = [fill for fill in reversed(exchange.fills) if fill.symbol == params["symbol"]]
    names = ("symbol", "side", "executedPrice", "executedQuantity", "executedTimestamp")
    rows = [{**{name: fill_row(fill)[name] for name in names}, "source": 0} for fill in fills[: params["limit"]]]
    return {"rows": rows}


def get_kline(exchange: Exchange, params: Params, now_ms: int) -> Params:
    """Return flat candles at the current price, newest first."""
    step, price = KLINE_MS[params["type"]], _mark_price(exchange, params["symbol"])
    newest = min(now_ms, params.get("before", now_ms)) // step * step
    starts = [newest - index * step for index in range(params["limit"])]
    return {
        "rows": [
            {"symbol": params["symbol"], "open": price, "close": price, "high": price, "low": price, "volume": "0",
             "amount": "0", "type": params["type"], "startTimestamp": start, "endTimestamp": start + step}
            for start in starts if start > params.get("after", -1)
        ]
    }  # fmt: skip


def get_futures(exchange: Exchange, params: Params, now_ms: int) -> Params:
    prices = {symbol: _mark_price(exchange, symbol) for symbol in _perpetuals(params)}
    return {
        "rows": [
            {"symbol": symbol, "indexPrice": price, "markPrice": price, "estFundingRate": "0", "lastFundingRate": "0",
             "openInterest": "0", "24hOpen": price, "24hClose": price, "24hHigh": price, "24hLow": price,
             "24hVolume": "0", "24hAmount": "0", "nextFundingTime": _next_funding(now_ms)}
            for symbol, price in prices.items()
        ]
    }  # fmt: skip


def get_funding_rate(exchange: Exchange, params: Params, now_ms: int) -> Params:
    return {
        "rows": [
            {"symbol": symbol, "estFundingRate": "0", "estFundingRateTimestamp": now_ms, "lastFundingRate": "0",
             "lastFundingRateTimestamp": _next_funding(now_ms) - FUNDING_MS, "nextFundingTime": _next_funding(now_ms),
             "lastFundingIntervalHours": 8, "estFundingIntervalHours": 8}
            for symbol in _perpetuals(params)
        ]
    }  # fmt: skip


def _perpetuals(params: Params) -> list[str]:
    return [s for s in INSTRUMENTS if s.startswith("PERP_") and params.get("symbol", s) == s]


def _next_funding(now_ms: int) -> int:
    return (now_ms // FUNDING_MS + 1) * FUNDING_MS


def _mark_price(exchange: Exchange, symbol: str) -> str:
    quote = exchange.quotes[symbol]
    return plain((quote.bid + quote.ask) / 2)
