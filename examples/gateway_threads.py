"""Place orders from several threads over open connections. Each order is sent once.

    WOOX_API_KEY=... WOOX_API_SECRET=... python examples/gateway_threads.py http://127.0.0.1:8080

Without a URL it starts an embedded exchange. Needs: pip install 'woox-fast[gateway,sandbox]'
"""

from __future__ import annotations

import os
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import nullcontext

from woox_fast import Signer
from woox_fast.gateway import WOO_X_LIMITS, Gateway
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "1", "quantity": "1"}


def trade(url: str, signer: Signer, orders: int) -> None:
    with Gateway(signer, url, connections=4, limits=WOO_X_LIMITS) as gateway, ThreadPoolExecutor(4) as threads:
        for placement in threads.map(lambda _: gateway.place(ORDER), range(orders)):
            response = placement.response
            state = "placed" if placement else "not placed"
            micros = response.latency_ns // 1000
            print(f"order {placement.client_order_id}: {state} in {micros:,} us: {response.text[:80]}")
        gateway.request("DELETE", "/v3/trade/allOrders", params={"symbol": ORDER["symbol"]})


def main() -> None:
    signer = Signer(os.environ.get("WOOX_API_KEY", DEMO_API_KEY), os.environ.get("WOOX_API_SECRET", DEMO_API_SECRET))
    with Sandbox() if len(sys.argv) < 2 else nullcontext(sys.argv[1]) as url:
        trade(url, signer, orders=8)


if __name__ == "__main__":
    main()
