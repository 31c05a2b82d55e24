"""Load the sandbox with signed orders over many connections, mixed with hostile requests."""

from __future__ import annotations

import asyncio
import json
import random
import time
from collections import Counter
from collections.abc import Callable
from contextlib import suppress
from itertools import count
from typing import Any, NamedTuple

import woox_fast
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

SIGNER = woox_fast.Signer(DEMO_API_KEY, DEMO_API_SECRET)


class Result(NamedTuple):
    """Order ids by client order id, refused hostile requests by kind, and descriptions of failures."""

    order_ids: dict[int, int]
    refused: Counter[str]
    failures: list[str]


def build_order(client_id: int, timestamp: int | None = None) -> bytes:
    """Return an order with a price too low to fill."""
    fields = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "POST_ONLY", "price": "10", "quantity": "0.1"}
    order = json.dumps({**fields, "clientOrderId": client_id})
    return SIGNER.encode_request("POST", "/v3/trade/order", order, host="localhost", timestamp=timestamp)


def flip_bit(data: bytes, rng: random.Random) -> bytes:
    """Flip a bit in the target, the body or a header value, but never change a letter's case: hex has no case."""
    spans = [(data.index(b"/"), data.index(b" HTTP/"))]
    for name in (b"x-api-key: ", b"x-api-timestamp: ", b"x-api-signature: "):
        start = data.index(name) + len(name)
        spans.append((start, data.index(b"\r\n", start)))
    spans.append((data.index(b"\r\n\r\n") + 4, len(data)))
    start, end = rng.choice(spans)
    at = rng.randrange(start, end)
    return data[:at] + bytes([data[at] ^ 1 << rng.randrange(5)]) + data[at + 1 :]


# Kind -> function from an unused client order id to a request. "replayed" repeats an accepted request instead.
HOSTILE: dict[str, Callable[[int, random.Random], bytes]] = {
    "stale": lambda client_id, rng: build_order(client_id, timestamp=time.time_ns() // 1_000_000 - 600_000),
    "bit-flipped": lambda client_id, rng: flip_bit(build_order(client_id), rng),
}


class LoadConnection:
    """A persistent connection, reopened after the sandbox has closed it."""

    def __init__(self, sandbox: Sandbox) -> None:
        host, port = sandbox.url.removeprefix("http://").split(":")
        self._address = host, int(port)
        self._writer: asyncio.StreamWriter | None = None

    async def send(self, data: bytes) -> tuple[int, dict[str, Any]]:
        """Send a request once, and return the response's status and JSON."""
        if self._writer is None:
            self._reader, self._writer = await asyncio.open_connection(*self._address)
        self._writer.write(data)
        head = (await self._reader.readuntil(b"\r\n\r\n")).lower()
        size = int(head.split(b"content-length:")[1].split(b"\r\n")[0])
        response = json.loads(await self._reader.readexactly(size))
        if b"connection: close" in head or head.startswith(b"http/1.0"):  # malformed HTTP
            await self.close()
        return int(head.split(b" ", 2)[1]), response

    async def close(self) -> None:
        if self._writer is not None:
            self._writer.close()
            with suppress(ConnectionError):
                await self._writer.wait_closed()
            self._writer = None


async def submit(sandbox: Sandbox, orders: int, hostile: int, connections: int = 50) -> Result:
    """Send `orders` valid orders, mixed with `hostile` requests of every kind, over `connections` connections."""
    result = Result({}, Counter(), [])
    good_ids, bad_ids = iter(range(1, orders + 1)), count(10**9)
    kinds = [kind for kind in (*HOSTILE, "replayed") for _ in range(hostile)]
    random.Random(6).shuffle(kinds)
    every = max(1, orders // max(1, len(kinds)))

    async def work(number: int) -> None:
        rng = random.Random(number)
        connection = LoadConnection(sandbox)
        for client_id in good_ids:
            data = build_order(client_id)
            status, response = await connection.send(data)
            if status != 200 or response.get("success") is not True:
                result.failures.append(f"order {client_id} was refused: {response}")
                continue
            result.order_ids[client_id] = response["data"]["orderId"]
            for _ in range(1 + len(kinds) // orders if client_id % every == 0 else 0):
                if not kinds:
                    break
                kind = kinds.pop()
                bad = data if kind == "replayed" else HOSTILE[kind](next(bad_ids), rng)
                status, response = await connection.send(bad)
                if status == 200 or response.get("success") is not False:
                    result.failures.append(f"a {kind} request was accepted: {bad!r} -> {response}")
                result.refused[kind] += 1
        await connection.close()

    await asyncio.gather(*(work(number) for number in range(connections)))
    return result


def check_load(orders: int, hostile: int) -> Result:
    """Send the load, and check that every valid order is open exactly once and every hostile request was refused."""
    sandbox = Sandbox(timeout=30.0)
    with sandbox:
        result = asyncio.run(submit(sandbox, orders, hostile))
        open_orders = {each.client_id: order_id for order_id, each in sandbox.exchange.orders.open.items()}
    assert result.failures == []
    assert open_orders == result.order_ids
    assert len(open_orders) == len(set(open_orders.values())) == orders
    assert sandbox.accepted == orders
    assert result.refused == Counter(dict.fromkeys((*HOSTILE, "replayed"), hostile))
    return result
