"""Test bounds, counts, records, and serving from a thread or a process."""

from __future__ import annotations

import logging
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from helpers.sandbox_client import LIMIT_ORDER, STOP_ORDER, Client, Clock, data, place

import woox_fast.sandbox
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox
from woox_fast.sandbox import algo as algo_module
from woox_fast.sandbox import exchange as exchange_module
from woox_fast.sandbox import orders as orders_module
from woox_fast.sandbox.endpoints import ENDPOINTS


def test_memory_is_bounded(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
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
    counts: dict[str, Any] = {"requests": 4, "verified": 2, "accepted": 2, "refused": 2, "faults": {}, "openOrders": 1}
    counts["verdicts"] = {"OK": 2, "RESOURCE_NOT_FOUND": 1, "MISSING_HEADER": 1}
    for _ in range(2):  # the admin API does not count itself
        assert data(f"{sandbox.url}/sandbox/stats") == counts
    assert sandbox.stats() == counts


def test_internal_error_is_logged(
    sandbox: Sandbox, client: Client, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise ZeroDivisionError("raised by the test")

    endpoint = ENDPOINTS["GET", "/v3/account/info"]
    monkeypatch.setitem(ENDPOINTS, ("GET", "/v3/account/info"), endpoint._replace(handler=fail))
    with caplog.at_level(logging.ERROR, "woox_fast.sandbox"):
        assert client.refusal("GET", "/v3/account/info") == "UNKNOWN"
    assert "raised by the test" in caplog.text
    with Client(sandbox, client.clock) as other:
        place(other)


def test_sandbox_imports_no_signer() -> None:
    """The sandbox verifies signatures with the standard library, independently of woox-fast's own signer."""
    package = Path(woox_fast.sandbox.__file__).parent
    sources = "".join(path.read_text("utf-8") for path in package.glob("*.py"))
    ours = set(re.findall(r"^ *from \.\.(\w* import .+)$", sources, re.MULTILINE))
    credentials = {one for one in ours if one.startswith("_credentials")}
    assert ours - credentials == {"_urls import is_loopback", " import explain", " import _checks"}
    assert not re.search(r"^ *(?:import|from) woox_fast", sources, re.MULTILINE)


def test_newer_client_id_stays(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(orders_module, "MAX_CLOSED_ORDERS", 1)
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={place(client, clientOrderId=7)}")
    newer = place(client, clientOrderId=7)
    client.data("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={place(client)}")  # the first is forgotten
    assert client.data("GET", "/v3/trade/order?clientOrderId=7")["orderId"] == newer


@pytest.mark.parametrize(("host", "url"), [("0.0.0.0", "http://127.0.0.1:"), ("::", "http://[::1]:")])  # noqa: S104
def test_wildcard_host_has_usable_url(host: str, url: str) -> None:
    with Sandbox(host=host) as local:
        assert local.startswith(url)
        assert data(f"{local}/sandbox/stats")["requests"] == 0


def test_serving_ends_with_block(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock)
    for _ in range(2):
        with sandbox as url:
            assert url == sandbox.url
            assert url.startswith("http://127.0.0.1:")
            assert int(url.rpartition(":")[2]) > 1023
            client = Client(sandbox, clock)
            place(client)
        assert client.closed_by_server()
        client.__exit__()
        with pytest.raises(ConnectionRefusedError):
            Client(sandbox, clock)
    assert len(sandbox.exchange.orders.open) == 2


def test_unusable_address_raises(sandbox: Sandbox) -> None:
    with pytest.raises(ValueError, match="host must be an address"):
        Sandbox(host="")
    with pytest.raises(OSError, match="address already in use"), Sandbox(port=int(sandbox.url.rsplit(":", 1)[1])):
        pass


def test_run_serves_until_signal() -> None:
    code = "from woox_fast.sandbox import run; run()"
    environment = {**os.environ, "PYTHONWARNINGS": "error", "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(
        [sys.executable, "-c", code], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        url = next(word for word in line.split() if word.startswith("http://127.0.0.1:"))
        assert data(f"{url}/sandbox/stats")["requests"] == 0
        process.send_signal(signal.SIGTERM)
        rest, errors = process.communicate(timeout=60)
    assert (process.returncode, rest, errors) == (0, "", "")
    assert DEMO_API_KEY in line
    assert DEMO_API_SECRET not in line
