"""Test bounds, counts, records, and serving from a thread or a process."""

from __future__ import annotations

import ast
import json
import logging
import os
import signal
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, Clock, place

import woox_fast.sandbox
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox
from woox_fast.sandbox import algo as algo_module
from woox_fast.sandbox import exchange as exchange_module
from woox_fast.sandbox import orders as orders_module
from woox_fast.sandbox.endpoints import ENDPOINTS
from woox_fast.sandbox.exchange import Exchange
from woox_fast.sandbox.params import check_params


def test_memory_is_bounded(sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "MAX_CLOSED_ORDERS", 3)
    monkeypatch.setattr(exchange_module, "MAX_OPEN_ORDERS", 5)
    monkeypatch.setattr(algo_module, "MAX_OPEN_PER_SYMBOL", 2)
    ids = [place(client, clientOrderId=number) for number in range(1, 6)]
    assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "RPC_REJECT"
    client.data("DELETE", "/v3/trade/orders")
    for number, order_id in enumerate(ids, start=1):
        for query in (f"orderId={order_id}", f"clientOrderId={number}"):
            status, _ = client.call("GET", f"/v3/trade/order?{query}")
            assert status == (400 if number <= 2 else 200)
    for _ in range(2):
        client.data("POST", "/v3/trade/algoOrder", STOP_ORDER)
    assert client.refusal("POST", "/v3/trade/algoOrder", STOP_ORDER) == "RPC_REJECT"
    client.data("POST", "/v3/trade/algoOrder", {**STOP_ORDER, "symbol": "PERP_BTC_USDT"})
    for _ in range(1500):
        client.request("GET", b"/v3/public/systemInfo", {})
    assert len(sandbox.requests) == 1000


def test_counts_and_records(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.refusal("DELETE", "/v3/trade/order?symbol=SPOT_BTC_USDT&orderId=1")
    client.request("GET", b"/v3/account/info?a=%5b", {})
    client.request("GET", b"/v3/public/systemInfo", {})
    seen = [(r.method, r.target, r.status, r.code, r.verdict) for r in sandbox.requests]
    assert seen == [
        ("POST", "/v3/trade/order", 200, 0, "OK"),
        ("DELETE", "/v3/trade/order?symbol=SPOT_BTC_USDT&orderId=1", 400, -1006, "RESOURCE_NOT_FOUND"),
        ("GET", "/v3/account/info?a=%5b", 401, -1001, "MISSING_HEADER"),
        ("GET", "/v3/public/systemInfo", 200, 0, "OK"),
    ]
    assert all(r.time_ms == 1_795_000_000_000 and 0 < r.latency_us < 1e6 for r in sandbox.requests)
    verdicts = {"OK": 2, "RESOURCE_NOT_FOUND": 1, "MISSING_HEADER": 1}
    counts: dict[str, object] = {
        "requests": 4,
        "verified": 2,
        "accepted": 2,
        "refused": 2,
        "verdicts": verdicts,
        "faults": {},
    }
    counts["openOrders"] = 1
    for _ in range(2):
        with urllib.request.urlopen(f"{sandbox.url}/sandbox/stats") as reply:
            assert json.load(reply)["data"] == counts
    assert sandbox.stats() == counts


def test_internal_error_is_logged(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("raised by the test")

    endpoint = ENDPOINTS["GET", "/v3/account/info"]
    monkeypatch.setitem(ENDPOINTS, ("GET", "/v3/account/info"), endpoint._replace(handler=fail))
    with caplog.at_level(logging.ERROR, "woox_fast.sandbox"):
        status, reply = client.call("GET", "/v3/account/info")
    assert (status, reply["code"], client.verdict(status, reply)) == (500, -1000, "UNKNOWN")
    assert "raised by the test" in caplog.text
    with Client(sandbox, client.clock) as other:
        place(other)


def test_secret_is_not_shown(sandbox: Sandbox, client: Client) -> None:
    place(client)
    client.call("GET", "/v3/nope")
    shown = [repr(sandbox), repr(sandbox.requests), repr(sandbox.stats()), repr(sandbox.exchange)]
    shown += [json.dumps(client.data("GET", path)) for path in ("/v3/account/info", "/v3/asset/balances")]
    assert not any(DEMO_API_SECRET in text for text in shown)


def test_verification_uses_standard_library() -> None:
    """The sandbox must not verify signatures with woox-fast's own signer."""
    package = Path(woox_fast.sandbox.__file__).parent
    modules = {path.stem for path in package.glob("*.py")}
    imported, ours = set(), set()
    for path in package.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                imported |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 2:
                ours |= {(path.stem, node.module, alias.name) for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level:
                assert node.level == 1
                assert node.module is None or node.module in modules
            elif isinstance(node, ast.ImportFrom):
                imported.add(str(node.module).split(".")[0])
    assert imported - sys.stdlib_module_names == {"aiohttp"}
    assert {one for one in ours if one[1] != "_credentials"} == {
        ("admin", "_urls", "is_loopback"),
        ("explain_worker", None, "explain"),
        ("handler", None, "_checks"),
    }


def test_connections_do_not_mix(sandbox: Sandbox, clock: Clock) -> None:
    def trade(number: int) -> set[int]:
        with Client(sandbox, clock) as client:
            return {place(client, clientOrderId=1 + number * 20 + order) for order in range(20)}

    with ThreadPoolExecutor(10) as pool:
        placed = set().union(*pool.map(trade, range(20)))
    assert len(placed) == sandbox.verified == sandbox.accepted == 400
    assert (sandbox.refused, sandbox.exchange.orders.open.keys()) == (0, placed)


def test_forgotten_order_keeps_newer_client_id(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "MAX_CLOSED_ORDERS", 1)
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={place(client, clientOrderId=7)}")
    newer = place(client, clientOrderId=7)
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={place(client)}")  # the first is forgotten
    assert client.data("GET", "/v3/trade/order?clientOrderId=7")["orderId"] == newer


@pytest.mark.slow
def test_many_orders_stay_open() -> None:
    exchange = Exchange()
    for number in range(1, 100_001):
        params = check_params(ENDPOINTS["POST", "/v3/trade/order"].fields, {**LIMIT_ORDER, "clientOrderId": number})
        exchange.place_order(params, number)
    listing = ENDPOINTS["GET", "/v3/trade/orders"]
    page = listing.handler(exchange, check_params(listing.fields, {"status": "NEW", "size": "2"}), 10**12)
    assert page["meta"]["total"] == 100_000
    assert [row["clientOrderId"] for row in page["rows"]] == [100_000, 99_999]
    exchange.cancel_all_orders({}, 10**12)
    assert not exchange.orders.open
    assert len(exchange.orders.closed) == orders_module.MAX_CLOSED_ORDERS


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:")])  # noqa: S104
def test_wildcard_host_has_usable_url(host: str, url: str) -> None:
    with Sandbox(host=host) as local:
        assert local.startswith(url)
        with urllib.request.urlopen(f"{local}/sandbox/stats") as reply:
            assert reply.status == 200


def test_serving_ends_with_block(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock)
    for _ in range(2):
        with sandbox as url:
            assert url == sandbox.url
            assert url.startswith("http://127.0.0.1:")
            assert int(url.rpartition(":")[2]) > 1023
            client = Client(sandbox, clock)
            place(client)
            ended = time.monotonic()
        assert client.closed_by_server()
        assert time.monotonic() - ended < 2
        client.__exit__()
        with pytest.raises(ConnectionRefusedError):
            Client(sandbox, clock)
    assert len(sandbox.exchange.orders.open) == 2


def test_unusable_address_raises(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="host must be an address"):
        Sandbox(host="")
    with pytest.raises(OSError, match="address already in use"), Sandbox(port=int(sandbox.url.rsplit(":", 1)[1])):
        pass


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
def test_run_serves_until_signal(signal_number: signal.Signals) -> None:
    code = "from woox_fast.sandbox import run; run()"
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        with urllib.request.urlopen(f"{url}/sandbox/stats") as reply:
            assert json.load(reply)["data"]["requests"] == 0
        process.send_signal(signal_number)
        rest, errors = process.communicate(timeout=10)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert DEMO_API_KEY in line
    assert DEMO_API_SECRET not in line
