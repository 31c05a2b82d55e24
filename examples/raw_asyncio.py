"""Orders over one connection of our own, with the least between the signer and the socket.

    WOOX_API_KEY=... WOOX_API_SECRET=... python examples/raw_asyncio.py http://127.0.0.1:8080

Without a URL it starts an embedded exchange and trades there. Needs: pip install 'woox-fast[raw,sandbox]'
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from contextlib import nullcontext

from woox_fast import Signer
from woox_fast.adapters.raw import Connection, NoReplyError
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "1", "quantity": "1"}


async def trade(url: str, signer: Signer, orders: int) -> None:
    async with Connection(signer, url) as exchange:
        for number in range(orders):
            client_order_id = time.time_ns() // 1000 + number
            body = json.dumps({**ORDER, "clientOrderId": client_order_id}, separators=(",", ":"))
            by_client_id = f"/v3/trade/order?clientOrderId={client_order_id}"
            started = time.perf_counter()
            try:
                reply = await exchange.request("POST", "/v3/trade/order", body)
            except NoReplyError as error:
                # The order may rest or not. Ask; what is not there may be sent again, by you.
                print(f"order {client_order_id}: {error}")
                reply = await exchange.request("GET", by_client_id)
            took_us = (time.perf_counter() - started) * 1e6
            print(f"order {client_order_id}: HTTP {reply.status} in {took_us:,.0f} us: {reply.body.decode()[:80]}")
            if reply.status == 200:
                await exchange.request("DELETE", by_client_id + "&symbol=" + ORDER["symbol"])


def main() -> None:
    signer = Signer(os.environ.get("WOOX_API_KEY", DEMO_API_KEY), os.environ.get("WOOX_API_SECRET", DEMO_API_SECRET))
    with Sandbox() if len(sys.argv) < 2 else nullcontext(sys.argv[1]) as url:
        asyncio.run(trade(url, signer, orders=5))


if __name__ == "__main__":
    main()
