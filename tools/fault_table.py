"""What each client shows its user for each fault of the sandbox: `python tools/fault_table.py` writes the table of
docs/faults.md; `--check` says whether it is what happens.

Each cell is one run: a client with a warm connection and a timeout of a second places an order, which the fault
strikes, and then, a moment later, asks for that order by its clientOrderId.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple, Protocol

import aiohttp
import ccxt
import httpx
import requests

import woox_fast.adapters.aiohttp
import woox_fast.adapters.ccxt
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.gateway import Gateway
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, FAULTS, Sandbox

DOCUMENT = Path(__file__).parents[1] / "docs" / "faults.md"
BEGIN, END = "<!-- table: python tools/fault_table.py -->", "<!-- end -->"
LIST = "<!-- faults: python tools/fault_table.py -->"
TIMEOUT_S = 1.0  # where a fault lets the client wait; else it has all the time it needs
ID = 42
ORDER: dict[str, Any] = {
    "symbol": "SPOT_BTC_USDT",
    "side": "BUY",
    "type": "LIMIT",
    "price": "60000",
    "quantity": "0.01",
}
PLACE = "/v3/trade/order"
ASK = f"/v3/trade/order?clientOrderId={ID}"

# The rule of each row. A page of its own for some: a cut within the head is another thing than one within the body.
RULES = {
    "delay": "delay 1600ms on POST",
    "delay-after": "delay-after 1600ms on POST",
    "refuse": "refuse 1600ms",
    "reset": "reset on POST",
    "reset-after": "reset-after on POST",
    "no-reply": "no-reply on POST",
    "cut, in the head": "cut 40 on POST",
    "cut, in the body": "cut 180 on POST",
    "twice": "twice on POST",
    "twice, later": "twice 20ms on POST",
    "close": "close 1 on POST",
    "rate-limit": "rate-limit on POST",
    "html": "html 502 on POST",
    "html-after": "html-after 504 on POST",
    "gateway": "gateway on POST",
    "maintenance": "maintenance 1m on POST",
    "skew": "skew 400s on POST",
    "gzip": "gzip on POST",
    "chunked": "chunked on POST",
}
WAITING = ("delay", "delay-after", "no-reply")


class Client(Protocol):
    """`order` and `ask` give what the user is given, in a few words."""

    async def warm(self) -> None: ...

    async def order(self) -> str: ...

    async def ask(self) -> str: ...

    async def close(self) -> None: ...


def said(status: int, body: bytes | str) -> str:
    """A reply in a few words."""
    if not body:
        return f"{status}, empty"
    try:
        reply = json.loads(body)
    except ValueError:
        return f"{status}, HTML"
    if reply.get("success") is True:
        data = reply["data"]
        if "status" not in data:  # the reply to a new order
            return f"{status}, placed"
        return f"{status}, the order" if data.get("clientOrderId") == ID else f"{status}, another reply"
    return f"{status}, code {reply.get('code')}"


class Requests:
    def __init__(self, signer: Signer, url: str, timeout: float) -> None:
        self._url = url
        self._timeout = timeout
        self._session = woox_fast.adapters.requests.session(signer, origins=[url])

    async def warm(self) -> None:
        self._session.get(self._url + "/v3/account/info", timeout=self._timeout)

    async def order(self) -> str:
        return self._send("POST", PLACE, json={**ORDER, "clientOrderId": ID})

    async def ask(self) -> str:
        return self._send("GET", ASK)

    def _send(self, method: str, path: str, **options: Any) -> str:
        try:
            reply = self._session.request(method, self._url + path, timeout=self._timeout, **options)
        except requests.RequestException as error:
            return f"`{type(error).__name__}`"
        return said(reply.status_code, reply.content)

    async def close(self) -> None:
        self._session.close()


class Httpx:
    def __init__(self, signer: Signer, url: str, timeout: float) -> None:
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
        self._client = httpx.AsyncClient(auth=auth, base_url=url, timeout=timeout, trust_env=False)

    async def warm(self) -> None:
        await self._client.get("/v3/account/info")

    async def order(self) -> str:
        return await self._send("POST", PLACE, json={**ORDER, "clientOrderId": ID})

    async def ask(self) -> str:
        return await self._send("GET", ASK)

    async def _send(self, method: str, path: str, **options: Any) -> str:
        try:
            reply = await self._client.request(method, path, **options)
        except httpx.HTTPError as error:
            return f"`{type(error).__name__}`"
        return said(reply.status_code, reply.content)

    async def close(self) -> None:
        await self._client.aclose()


class Aiohttp:
    def __init__(self, signer: Signer, url: str, timeout: float) -> None:
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
        self._session = aiohttp.ClientSession(url, middlewares=(middleware,), timeout=aiohttp.ClientTimeout(timeout))

    async def warm(self) -> None:
        async with self._session.get("/v3/account/info") as reply:
            await reply.read()

    async def order(self) -> str:
        return await self._send("POST", PLACE, json={**ORDER, "clientOrderId": ID})

    async def ask(self) -> str:
        return await self._send("GET", ASK)

    async def _send(self, method: str, path: str, **options: Any) -> str:
        try:
            async with self._session.request(method, path, **options) as reply:
                return said(reply.status, await reply.read())
        except (aiohttp.ClientError, asyncio.TimeoutError) as error:
            return f"`{type(error).__name__}`"

    async def close(self) -> None:
        await self._session.close()


class Ccxt:
    """ccxt.woo, sync, with its own calls: it reads the reply, and raises errors of its own."""

    def __init__(self, signer: Signer, url: str, timeout: float) -> None:
        options = {
            "apiKey": DEMO_API_KEY,
            "secret": DEMO_API_SECRET,
            "enableRateLimit": False,
            "timeout": timeout * 1000,
            "urls": {"api": {"pub": url, "public": url, "private": url}},
        }
        self._woo = woox_fast.adapters.ccxt.accelerate(ccxt.woo(options))

    async def warm(self) -> None:
        self._woo.load_markets()
        self._woo.fetch_balance()

    async def order(self) -> str:
        try:
            made = self._woo.create_order("BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": ID})
        except ccxt.BaseError as error:
            return f"`{type(error).__name__}`"
        return "placed" if made["id"] else "an order without an id"

    async def ask(self) -> str:
        try:
            found = self._woo.fetch_order("", "BTC/USDT", {"clientOrderId": ID})
        except ccxt.BaseError as error:
            return f"`{type(error).__name__}`"
        return "the order" if found["clientOrderId"] == str(ID) and found["status"] == "open" else "another reply"

    async def close(self) -> None:
        self._woo.session.close()


class OfGateway:
    """woox_fast.gateway with one connection."""

    def __init__(self, signer: Signer, url: str, timeout: float) -> None:
        self._gateway = Gateway(signer, url, connections=1, timeout_s=timeout)
        self._gateway.__enter__()

    async def warm(self) -> None:
        self._gateway.request("GET", "/v3/account/info")

    async def order(self) -> str:
        return self._send("POST", PLACE, json.dumps({**ORDER, "clientOrderId": ID}))

    async def ask(self) -> str:
        return self._send("GET", ASK)

    def _send(self, method: str, path: str, body: str = "") -> str:
        try:
            reply = self._gateway.request(method, path, body)
        except ConnectionError as error:
            return f"`{type(error).__name__}`"
        return said(reply.status, reply.body)

    async def close(self) -> None:
        self._gateway.__exit__(None, None, None)


CLIENTS: dict[str, Callable[[Signer, str, float], Client]] = {
    "requests": Requests,
    "httpx": Httpx,
    "aiohttp": Aiohttp,
    "ccxt": Ccxt,
    "the gateway": OfGateway,
}


class Seen(NamedTuple):
    """One cell: what the order's sender got, what asking got, and whether the exchange holds the order then."""

    order: str
    ask: str
    held: bool

    def __str__(self) -> str:
        wanted = ("the order",) if self.held else ("code -1006", "`OrderNotFound`", "`BadRequest`", "`ExchangeError`")
        return self.order if self.ask.endswith(wanted) else f"{self.order}; asked: **{self.ask}**"


async def _run(client: str, row: str) -> Seen:
    sandbox = Sandbox()
    with sandbox as url:
        timeout = TIMEOUT_S if row in WAITING else 20.0
        user = CLIENTS[client](Signer(DEMO_API_KEY, DEMO_API_SECRET), url, timeout)
        if row == "refuse":
            sandbox.faults.add("close 1 on /v3/a*")  # no warm connection: it is new ones that are refused
        await user.warm()
        await asyncio.sleep(0.05)
        sandbox.faults.clear()
        rule = sandbox.faults.add(RULES[row])
        await asyncio.sleep(0.05)
        order = await user.order()
        await asyncio.sleep(2.5 if "1600ms" in RULES[row] else 0.05)
        assert rule.struck == 1, f"{rule} struck {rule.struck} requests of {client}"
        ask = await user.ask()
        await user.close()
        arrived = sandbox.orders()["clientOrderIds"].get(str(ID), 0)
        assert arrived <= 1, f"{client} sent an order twice"
        return Seen(order, ask, bool(sandbox.orders()["open"]))


def run(client: str, row: str) -> Seen:
    """One cell of the table."""
    return asyncio.run(_run(client, row))


def table_row(row: str) -> str:
    """The row as it happens now; all clients at once, each with a sandbox of its own."""
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        seen = list(pool.map(run, CLIENTS, [row] * len(CLIENTS)))
    held = {one.held for one in seen}
    says = "if placed" if len(held) > 1 else "yes" if held.pop() else "no"
    return " | ".join([f"| `{RULES[row]}`", says, *map(str, seen)]) + " |"


def table_head() -> list[str]:
    return [f"| rule | held | {' | '.join(CLIENTS)} |", "|---|---|" + "---|" * len(CLIENTS)]


def faults_list() -> list[str]:
    """The faults in words, from their table."""
    return [f"- **`{name}{fault.usage and ' ' + fault.usage}`**: {fault.sentence}" for name, fault in FAULTS.items()]


def written() -> dict[str, str]:
    """The rows that stand in the document, by their rule."""
    text = DOCUMENT.read_text("utf-8").partition(BEGIN)[2].partition(END)[0]
    return {line.split("`")[1]: line for line in text.splitlines() if line.startswith("| `")}


def main() -> int:
    rows = {row: table_row(row) for row in RULES}
    if "--check" in sys.argv:
        wrong = [line for row, line in rows.items() if written().get(RULES[row]) != line]
        print("\n".join(["These rows are not as they stand:", *wrong]) if wrong else "The table is what happens.")
        return len(wrong) > 0
    text = DOCUMENT.read_text("utf-8")
    for begin, lines in ((BEGIN, [*table_head(), *rows.values()]), (LIST, faults_list())):
        before, _, rest = text.partition(begin)
        text = "\n".join([before + begin, *lines, END + rest.partition(END)[2]])
    DOCUMENT.write_text(text, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
