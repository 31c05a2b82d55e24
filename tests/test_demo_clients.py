"""The demo with each of its clients: the same orders, each once, and the same behaviour when something goes wrong."""

from __future__ import annotations

import json
import re
import sys
from functools import partial

import pytest
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

from woox_fast import _demo_clients, demo
from woox_fast.cli import UsageError, main
from woox_fast.sandbox import Sandbox
from woox_fast.sandbox.market import INSTRUMENTS, instrument_row

CREDENTIALS = (KEY, SECRET)
ROWS = Reply(body=json.dumps({"success": True, "data": {"rows": [*map(instrument_row, INSTRUMENTS)]}}).encode())

each_client = pytest.mark.parametrize("client", _demo_clients.CLIENTS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What signing costs is tests/test_demo.py's."""
    monkeypatch.setattr(demo, "time_signing", partial(demo.time_signing, rounds=1))


def exchange(answer) -> Recorder:
    """Lists its instruments, keeps no stats, and answers orders with `answer(number of the order)`."""

    def answer_any(received: Received) -> Reply | None:
        if received.target == "/v3/public/instruments":
            return ROWS
        if received.target == demo.STATS_PATH:
            return Reply(404, body=b"{}")
        return answer(len(orders(server)))

    server = Recorder(answer_any)
    return server


def orders(server: Recorder) -> list[Received]:
    return [one for one in server.received if one.target not in ("/v3/public/instruments", demo.STATS_PATH)]


def accept(number: int) -> Reply:
    return Reply(body=b'{"success":true,"data":{"orderId":%d,"status":"OK"}}' % number)


@each_client
def test_every_order_is_accepted_and_verified(client, capsys):
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        assert demo.run(100, url, CREDENTIALS, client=client) == 0
    output = capsys.readouterr()
    assert output.err == ""
    assert re.search(r"^signatures the exchange verified +100$", output.out, re.MULTILINE)
    assert (sandbox.verified, sandbox.refused, sandbox.exchange.orders.open) == (100, 0, {})


@each_client
def test_what_it_sends_is_signed_to_the_byte_over_one_connection(client):
    with exchange(accept) as server:
        assert demo.run(40, server.url, CREDENTIALS, client=client) == 0
    sent = orders(server)
    assert len(sent) == 40
    assert [one.fault() for one in sent if one.fault() != ""] == []
    assert len({one.connection for one in sent}) == 1


def test_all_of_them_side_by_side(capsys):
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        assert demo.run(30, url, CREDENTIALS, client="all") == 0
    output = capsys.readouterr()
    rows = [re.split(r" {2,}", line) for line in output.out.splitlines() if re.search(r"\S {2,}\S", line)]
    assert rows[0] == ["client", "requests", "httpx", "aiohttp", "raw", "ccxt"]
    assert all(len(row) == 6 for row in rows)
    assert ["accepted", *["30"] * 5] in rows
    assert ["signatures the exchange verified", *["30"] * 5] in rows
    labels = [row[0] for row in rows]
    assert labels[-4:] == [
        "one order, p50",
        "one order, p99",
        "of it the client's CPU, p50",
        "share of signing in the p50",
    ]
    assert sandbox.verified == 150


@each_client
@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_redirect_is_followed(client, status, capsys):
    with exchange(accept) as other:
        with exchange(lambda number: Reply(status, {"Location": other.url + "/v3/x"}, b"{}")) as server:
            assert demo.run(3, server.url, CREDENTIALS, client=client) == 1
        assert other.connections == 0
    assert len(orders(server)) == (1 if client == "ccxt" else 3)


@each_client
@pytest.mark.parametrize("answered", [0, 2, 13])
def test_a_server_that_dies_midway_gets_nothing_twice(client, answered, capsys):
    """13 answers: what is under way then is a GET or a DELETE, which some clients repeat by themselves."""
    with exchange(lambda number: accept(number) if number <= answered else DROP) as server:
        assert demo.run(30, server.url, CREDENTIALS, client=client) == 1
    errors = capsys.readouterr().err
    assert f"{answered} of 30 orders were acknowledged ({answered} accepted)" in errors
    assert "one more was in flight and may or may not have been carried out, nothing was sent again" in errors
    assert len(orders(server)) == answered + 1
    assert SECRET not in errors


@each_client
def test_a_refusal_is_counted(client, capsys):
    refusal = Reply(400, body=b'{"success":false,"code":-1005,"message":"no"}')
    with exchange(lambda number: refusal) as server:
        assert demo.run(5, server.url, CREDENTIALS, client=client) == 1
    output = capsys.readouterr()
    assert "refused 5 times: HTTP 400, code -1005: no\n" in output.out
    assert output.err == "woox-fast demo: 5 of 5 orders were not accepted\n"


@each_client
def test_no_proxy_is_taken_from_the_environment(client, monkeypatch):
    with Recorder() as proxy, exchange(accept) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert demo.run(4, server.url, CREDENTIALS, client=client) == 0
    assert proxy.connections == 0


@each_client
def test_ctrl_c_leaves_no_task_behind(client, monkeypatch, capsys):
    with exchange(accept) as server:
        monkeypatch.setattr(demo, "_read", _interrupt_at(3, demo._read))
        assert demo.run(30, server.url, CREDENTIALS, client=client) == 130
    assert "interrupted: 4 of 30 orders were acknowledged" in capsys.readouterr().err


def _interrupt_at(number, read):
    calls = []

    def interrupting(reply):
        if len(reply.body) < 200:  # an order's, and not the instruments
            calls.append(reply)
        if len(calls) == number + 2:  # one is the question for stats
            raise KeyboardInterrupt
        return read(reply)

    return interrupting


@pytest.mark.parametrize("client", ["httpx", "aiohttp", "raw", "ccxt"])  # requests: tests/test_cli.py
def test_a_client_that_is_not_installed_is_one_clear_line(client, monkeypatch):
    module = {"raw": "httptools"}.get(client, client)
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delitem(sys.modules, "woox_fast.adapters.raw", raising=False)
    for name in (client, "all"):
        with pytest.raises(UsageError) as raised:
            demo.run(1, "http://127.0.0.1:1", CREDENTIALS, client=name)
        assert str(raised.value) == f"{module} is not installed; run: pip install 'woox-fast[{client}]'"


def test_the_command_line_knows_each_of_them(monkeypatch):
    for name in (*_demo_clients.CLIENTS, "all"):
        seen = {}
        monkeypatch.setattr(demo, "run", lambda *arguments, **options: seen.update(options) or 0)  # noqa: B023
        assert main(["demo", "--client", name]) == 0
        assert seen["client"] == name
    with pytest.raises(SystemExit):
        main(["demo", "--client", "curl"])
