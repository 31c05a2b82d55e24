"""Orders from many tasks at once, on asyncio or uvloop, each order sent once.

    WOOX_API_KEY=... WOOX_API_SECRET=... python examples/gateway_asyncio.py http://127.0.0.1:8080

Without a URL it starts an embedded exchange and trades there. Needs: pip install 'woox-fast[gateway,sandbox]'
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import nullcontext

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, NoReplyError, Reply
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "1", "quantity": "1"}


async def place(gateway: AsyncGateway, client_order_id: int) -> Reply:
    """Send an order; where its reply is lost, ask what became of it."""
    try:
        return await gateway.request("POST", "/v3/trade/order", json.dumps({**ORDER, "clientOrderId": client_order_id}))
    except NoReplyError as error:
        # The order may rest or not. Ask; what is not there may be sent again, by you.
        print(f"order {client_order_id}: {error}")
        if isinstance(error, asyncio.CancelledError):
            raise
        return await gateway.request("GET", f"/v3/trade/order?clientOrderId={client_order_id}")


async def trade(url: str, signer: Signer, orders: int) -> None:
    first = time.time_ns() // 1000
    async with AsyncGateway(signer, url, connections=8) as gateway:
        numbers = range(first, first + orders)
        replies = await asyncio.gather(*(place(gateway, number) for number in numbers))
        for number, reply in zip(numbers, replies, strict=True):
            print(
                f"order {number}: HTTP {reply.status} in {reply.latency_ns / 1000:,.0f} us: {reply.body.decode()[:80]}"
            )
        await gateway.request("DELETE", "/v3/trade/allOrders?symbol=" + ORDER["symbol"])


def main() -> None:
    signer = Signer(os.environ.get("WOOX_API_KEY", DEMO_API_KEY), os.environ.get("WOOX_API_SECRET", DEMO_API_SECRET))
    with Sandbox() if len(sys.argv) < 2 else nullcontext(sys.argv[1]) as url:
        asyncio.run(trade(url, signer, orders=8))


if __name__ == "__main__":
    main()
