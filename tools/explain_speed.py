"""How many combinations a second `explain` tries, and how far it comes within its time limit.

    python tools/explain_speed.py [SECONDS]

Each request is explained with a signature that nothing yields, so that the search never ends early. Processor time is
printed beside the clock's: on a machine that is busy the two differ, and the first tells more.
"""

from __future__ import annotations

import sys
import time

from woox_fast import backend, explain, sha256_implementation
from woox_fast._credentials import API_KEY, API_SECRET
from woox_fast._explain.cells import COMPLETE_COST

NOW = 1578565539808
ORDER = (
    '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"9000.5","quantity":0.1,"reduceOnly":false,'
    '"clientOrderId":123}'
)
REQUESTS = (
    ("GET without a query", "GET", "/v3/asset/balances", ""),
    ("GET with a query", "GET", "/v3/trade/orders?symbol=SPOT_BTC_USDT&tag=a%20b&closed=true", ""),
    ("POST of an order", "POST", "/v3/trade/order", ORDER),
    ("POST of V1", "POST", "/v1/order", "symbol=SPOT_BTC_USDT&side=BUY&order_price=9%2C000"),
)


def main() -> None:
    limit = float(sys.argv[1]) if len(sys.argv) > 1 else 2.0
    explain(API_SECRET, "0" * 64, NOW, "GET", "/v3/asset/balances", time_limit=0.1)  # imports and compiles its tables
    print(f"backend {backend}, SHA-256 {sha256_implementation}, time limit {limit:g} s")
    print(f"{'request':<22}{'tried':>12}{'a second':>12}{'of processor':>14}   all up to cost {COMPLETE_COST}")
    for name, method, path, body in REQUESTS:
        before = time.process_time()
        found = explain(API_SECRET, "0" * 64, NOW, method, path, body, api_key=API_KEY, time_limit=limit)
        processor = time.process_time() - before
        rates = f"{found.tried / found.seconds:>12,.0f}{found.tried / processor:>14,.0f}"
        print(f"{name:<22}{found.tried:>12,}{rates}   {'yes' if found.complete else 'no'}")


if __name__ == "__main__":
    main()
