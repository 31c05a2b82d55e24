"""The table of docs/faults.md: the fate of orders, by client and by fault.

    python tools/fault_table.py            write the table and the list of faults
    python tools/fault_table.py --check    compare the table with the current behaviour

A cell is a run: a client with an open connection places an order, which meets the fault, and then asks for that
order by its clientOrderId.
"""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

import ccxt
from helpers.clients import Call, Client, open_client

from woox_fast import Signer
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, FAULTS, Sandbox

DOCUMENT = Path(__file__).parents[1] / "docs" / "faults.md"
BEGIN, END = "<!-- table: python tools/fault_table.py -->", "<!-- end -->"
LIST = "<!-- faults: python tools/fault_table.py -->"
ID = 42
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "60000", "quantity": "0.01"}
PLACE = Call("POST", "/v3/trade/order", json={**ORDER, "clientOrderId": ID})
ASK = Call("GET", f"/v3/trade/order?clientOrderId={ID}")
CLIENTS = {
    "requests": "requests session",
    "httpx": "httpx async",
    "aiohttp": "aiohttp connector",
    "ccxt": "ccxt",
    "the gateway": "gateway",
}
TIMEOUT_S = 1.0  # for faults that delay the response

RULES = [
    "delay 1600ms on POST", "delay-after 1600ms on POST", "refuse 1600ms", "reset on POST", "reset-after on POST",
    "no-reply on POST", "cut 40 on POST", "cut 180 on POST", "twice on POST", "twice 20ms on POST", "close 1 on POST",
    "rate-limit on POST", "html 502 on POST", "html-after 504 on POST", "gateway on POST", "maintenance 1m on POST",
    "skew 400s on POST", "gzip on POST", "chunked on POST",
]  # fmt: skip
TRUTH = {True: ("the order",), False: ("code -1006", "`OrderNotFound`", "`BadRequest`", "`ExchangeError`")}


class Cell(NamedTuple):
    """The results of the order and of the question, and whether the exchange has the order."""

    order: str
    ask: str
    exists: bool

    def __str__(self) -> str:
        return self.order if self.ask.endswith(TRUTH[self.exists]) else f"{self.order}; asked: **{self.ask}**"


def summarize(status: int, body: bytes) -> str:
    if not body:
        return f"{status}, empty"
    try:
        response = json.loads(body)
    except ValueError:
        return f"{status}, HTML"
    if response.get("success") is not True:
        return f"{status}, code {response.get('code')}"
    data = response["data"]
    if "status" not in data:  # the response to a new order
        return f"{status}, placed"
    return f"{status}, the order" if data.get("clientOrderId") == ID else f"{status}, a different response"


def submit(client: Client, call: Call) -> str:
    """Send `call` and summarize the result; ccxt sends it with its own methods."""
    try:
        if not isinstance(client.native, ccxt.Exchange):
            return summarize(*client(call))
        if call is PLACE:
            made = client.native.create_order("BTC/USDT", "limit", "buy", 0.01, 60000, {"clientOrderId": ID})
            return "placed" if made["id"] else "an order without an id"
        found = client.native.fetch_order("", "BTC/USDT", {"clientOrderId": ID})
        is_it = found["clientOrderId"] == str(ID) and found["status"] == "open"
        return "the order" if is_it else "a different response"
    except Exception as error:
        return f"`{type(error).__name__}`"


def run(name: str, text: str) -> Cell:
    """Return the cell for a client and a rule."""
    sandbox = Sandbox()
    has_timeout = text.startswith(("delay", "no-reply"))
    settings: dict[str, Any] = {"timeout_s": TIMEOUT_S if has_timeout else 20.0}
    if name == "ccxt":
        settings["options"] = {"apiKey": DEMO_API_KEY, "secret": DEMO_API_SECRET}
    signer = Signer(DEMO_API_KEY, DEMO_API_SECRET)
    with sandbox as url, open_client(CLIENTS[name], signer, url, **settings) as client:
        if name == "ccxt":
            client.native.load_markets()
        if text.startswith("refuse"):
            sandbox.faults.add("close 1 on /v3/a*")  # the sandbox refuses new connections only
        client(Call("GET", "/v3/asset/balances"))
        client.wait(0.05)
        sandbox.faults.clear()
        rule = sandbox.faults.add(text)
        client.wait(0.05)
        order = submit(client, PLACE)
        client.wait(2.5 if "1600ms" in text else 0.05)
        assert rule.uses == 1, f"{rule} applied to {rule.uses} requests of {name}"
        ask = submit(client, ASK)
        assert sandbox.orders()["clientOrderIds"].get(str(ID), 0) <= 1, f"{name} sent an order twice"
        return Cell(order, ask, bool(sandbox.orders()["open"]))


def format_line(text: str) -> str:
    """Run all clients at once, with separate sandboxes, and return the rule's line of the table."""
    with ThreadPoolExecutor(len(CLIENTS)) as pool:
        cells = list(pool.map(run, CLIENTS, [text] * len(CLIENTS)))
    found = {cell.exists for cell in cells}
    answer = "if placed" if len(found) > 1 else "yes" if found.pop() else "no"
    return " | ".join([f"| `{text}`", answer, *map(str, cells)]) + " |"


def main() -> int:
    lines = [format_line(text) for text in RULES]
    document = DOCUMENT.read_text("utf-8")
    if "--check" in sys.argv:
        wrong = [line for line in lines if line not in document.splitlines()]
        print("\n".join(["These lines differ:", *wrong]) if wrong else "The table is up to date.")
        return len(wrong) > 0
    head = [f"| rule | order exists | {' | '.join(CLIENTS)} |", "|---|---|" + "---|" * len(CLIENTS)]
    faults = [f"- **`{name}{fault.usage and ' ' + fault.usage}`**: {fault.sentence}" for name, fault in FAULTS.items()]
    for begin, written in ((BEGIN, [*head, *lines]), (LIST, faults)):
        before, _, rest = document.partition(begin)
        document = "\n".join([before + begin, *written, END + rest.partition(END)[2]])
    DOCUMENT.write_text(document, "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
