"""The demo, end to end against its own sandbox, and its check of the books."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from urllib.parse import urlsplit
from urllib.request import ProxyHandler, build_opener

import pytest
from helpers.command import answer, environment, needs_pty, read_until, terminal, woox_fast

from woox_fast.cli import demo
from woox_fast.cli.demo import Batch, Books, check_books
from woox_fast.gateway import NoReplyError, NotSentError


def test_demo_reports_figures() -> None:
    ignored = {"WOOX_API_KEY": "test-key", "WOOX_API_SECRET": "test-secret"}
    result = woox_fast("demo", "--orders", "50", "--connections", "2", **ignored)
    assert (result.returncode, result.stderr) == (0, "")
    assert re.sub("[ -~\n]", "", result.stdout) == ""
    rows = dict(re.findall(r"^(\w+) +(\S.*)$", result.stdout, re.MULTILINE))
    placed, filled, cancelled = map(int, re.findall(r"\d+", rows["orders"]))
    assert (placed, filled + cancelled) == (50, 50)
    assert re.fullmatch(r"[1-9][\d,]* orders a second", rows["speed"])
    assert re.fullmatch(r"[1-9][\d,]* us median, [1-9][\d,]* us p99", rows["latency"])
    assert int(rows["signatures"].split()[0]) >= placed
    assert rows["books"].startswith("ok: ")
    figures = answer("demo", "--orders", "4")
    assert (figures["placed"], figures["faults"]) == (4, [])


@needs_pty
def test_demo_terminal_shows_progress() -> None:
    with terminal("demo", "--orders", "50") as (process, screen):
        seen = read_until(screen, b"books")
        assert process.wait(60) == 0
    assert b"Placing" in seen


@contextmanager
def running_demo() -> Iterator[tuple[subprocess.Popen[str], str]]:
    command = [sys.executable, "-m", "woox_fast", "demo", "--orders", "10000"]
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command, env=environment(), stdout=pipe, stderr=pipe, text=True, start_new_session=True
    ) as process:
        try:
            url = re.search(r"http://\S+", process.stdout.readline())
            assert url
            wait_until(lambda: verified_signatures(url[0]) > 50)  # some orders are still to come
            yield process, url[0]
        finally:
            process.kill()


def verified_signatures(url: str) -> int:
    with build_opener(ProxyHandler({})).open(f"{url}/sandbox/stats", timeout=60) as response:
        return json.load(response)["data"]["verified"]


def is_listening(url: str) -> bool:
    parts = urlsplit(url)
    with socket.socket() as probe:
        return probe.connect_ex((parts.hostname, parts.port)) == 0


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_demo_leaves_no_sandbox(number: int) -> None:
    with running_demo() as (process, url):
        os.killpg(process.pid, number)  # the whole process group, as Ctrl-C does
        _, errors = process.communicate(timeout=60)
    wait_until(lambda: not is_listening(url))
    if number == signal.SIGINT:
        assert process.returncode == 130
        assert re.match(r"woox-fast demo: interrupted\. Of 10,000 orders: [\d,]+ acknowledged", errors)
        assert "Traceback" not in errors


def test_demo_reports_dead_sandbox() -> None:
    with running_demo() as (process, _):
        children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
        os.kill(int(children[0]), signal.SIGKILL)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 1
    assert re.search(r"the sandbox stopped responding \(\w+\)\. Of 10,000 orders: [\d,]+ acknowledged", errors)
    assert "Nothing was sent twice." in errors
    assert "Traceback" not in errors


def test_sandbox_failure_ends_demo(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    result = woox_fast("demo", "--orders", "1")
    assert (result.returncode, result.stdout) == (1, "")
    assert "the sandbox did not start" in result.stderr


def test_wrong_books_exit_1(monkeypatch: pytest.MonkeyPatch) -> None:
    read_books = demo.read_books

    def lose_an_order(gateway: Any, ids: range) -> Books:
        return (books := read_books(gateway, ids))._replace(orders=books.orders[1:])

    monkeypatch.setattr(demo, "read_books", lose_an_order)
    result = woox_fast("demo", "--orders", "8")
    assert result.returncode == 1
    assert "books       orders missing: 1, such as clientOrderId " in result.stdout
    assert "ok: every order" not in result.stdout


def fake_gateway(*outcomes: bytes | Exception) -> Any:
    """Answer every request with the next of `outcomes`: a body, or an exception to raise."""
    waiting, requests = list(outcomes), []

    def request(*given: Any) -> Any:
        requests.append(given)
        if isinstance(outcome := waiting.pop(0), Exception):
            raise outcome
        return SimpleNamespace(status=200, body=outcome, json=lambda: json.loads(outcome))

    return SimpleNamespace(request=request, requests=requests)


REQUESTS = [("POST", "/v3/trade/order", b"%d" % number) for number in range(4)]
ACCEPTED = b'{"success":true,"data":{}}'


@pytest.mark.parametrize(
    "body", [b'{"success":false,"code":-1000,"message":"\x1b[2J"}', b'{"success":1}', b"[]", b"<html>"]
)
def test_batch_collects_refusals(body: bytes) -> None:
    batch = Batch(1)
    batch.send(fake_gateway(ACCEPTED, body, ACCEPTED, body), REQUESTS)
    assert len(batch.refusals) == 2
    assert batch.refusals[0].isprintable()


@pytest.mark.parametrize(("error", "in_doubt"), [(NotSentError("no"), 0), (NoReplyError("maybe"), 1)])
def test_batch_stops_at_failure(error: Exception, in_doubt: int) -> None:
    batch, gateway = Batch(1), fake_gateway(error, *[ACCEPTED] * 2000)
    with pytest.raises(type(error)):
        batch.send(gateway, REQUESTS[:1] * 2000)
    assert batch.in_doubt == in_doubt
    assert len(gateway.requests) == 1


def build_row(client_order_id: int, side: str = "BUY", executed: str = "0", **more: Any) -> dict[str, Any]:
    fields = {"symbol": "SPOT_BTC_USDT", "side": side, "status": "FILLED", "executed": executed}
    price = {"averageExecutedPrice": "60000.1", "totalFee": "0", "feeAsset": ""}
    return {**fields, **price, "clientOrderId": client_order_id, **more}


def build_books(
    orders: list[dict[str, Any]], btc: str = "9.998", usdt: str = "1120.00019999", frozen: str = "0"
) -> Books:
    balances = {"BTC": (Decimal(btc), Decimal(0)), "USDT": (Decimal(usdt), Decimal(frozen))}
    return Books(orders, balances, {str(order["clientOrderId"]): 1 for order in orders}, 0)


BEFORE = build_books([], "10", "1000")
FILLED = [
    build_row(1, "BUY", "0.001"),
    build_row(2, "SELL", "0.003", totalFee="0.00000001", feeAsset="USDT"),
    build_row(3),
]


def test_right_books_have_no_fault() -> None:
    assert list(check_books(range(1, 4), BEFORE, build_books(FILLED))) == []


@pytest.mark.parametrize(
    ("after", "fault"),
    [
        (build_books(FILLED[:2]), "orders missing: 1, such as clientOrderId 3"),
        (build_books([*FILLED, FILLED[2]]), "orders there more than once: 1, such as clientOrderId 3"),
        (build_books(FILLED)._replace(arrivals={"3": 2}), "orders there more than once: 1, such as clientOrderId 3"),
        (
            build_books(FILLED, usdt="1120.0002"),
            "the balance is 1,120.0002 USDT, but the orders add up to 1,120.00019999",
        ),
        (build_books(FILLED, frozen="0.01"), "0.01 USDT are frozen, but no order is open"),
    ],
)
def test_wrong_books_are_found(after: Books, fault: str) -> None:
    (found,) = check_books(range(1, 4), BEFORE, after)
    assert found.startswith(fault)
