"""Measure how many combinations a second `explain` tries, and how far it gets within its time limit.

python tools/explain_speed.py [SECONDS]
"""

from __future__ import annotations

import sys

from woox_fast import backend, explain, sha256_implementation
from woox_fast._credentials import API_KEY, API_SECRET

ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"9000.5","quantity":"0.1","clientOrderId":123}'
REQUESTS = (
    ("GET without a query", "GET", "/v3/asset/balances", ""),
    ("GET with a query", "GET", "/v3/trade/orders?symbol=SPOT_BTC_USDT&tag=a%20b&closed=true", ""),
    ("POST of an order", "POST", "/v3/trade/order", ORDER),
    ("POST of V1", "POST", "/v1/order", "symbol=SPOT_BTC_USDT&side=BUY&order_price=9%2C000"),
)


def main() -> None:
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    print(f"backend {backend}, SHA-256 {sha256_implementation}, time limit {limit:g} s of processor time")
    for name, method, path, body in REQUESTS:
        found = explain(API_SECRET, "0" * 64, 1578565539808, method, path, body, api_key=API_KEY, time_limit=limit)
        print(f"{name:<22}{found.tried / found.seconds:>12,.0f} a second   {found.share:>4.0%} of the complete search")


if __name__ == "__main__":
    main()
