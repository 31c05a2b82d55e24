"""The demo with each of its clients: the same orders, each once, and the same behaviour when something goes wrong."""

from __future__ import annotations

import json
import re
import sys
from functools import partial

import pytest
from helpers.demo import CREDENTIALS, accept, as_reply, exchange, private
from helpers.oracle import SECRET
from helpers.recorder import DROP, Recorder, Reply

from woox_fast.cli import main
from woox_fast.cli.common import UsageError
from woox_fast.cli.demo import clients, report, submit
from woox_fast.cli.demo.run import run as run_demo
from woox_fast.gateway import NotSentError
from woox_fast.sandbox import Sandbox

each_client = pytest.mark.parametrize("client", clients.CLIENTS)


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """What signing costs is tests/cli/test_demo_workload.py's."""
    monkeypatch.setattr("woox_fast.cli.demo.run.time_signing", partial(report.time_signing, rounds=1))


def run(*arguments, **options):
    return run_demo(*arguments, **options, quiet=True)


@each_client
def test_every_order_is_accepted_and_verified(client):
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        outcome = run(50, url, CREDENTIALS, client=client)
    assert (outcome.status, outcome.error) == (0, "")
    tally = outcome.tallies[client]
    assert tally.orders_accepted == 50
    assert (sandbox.verified, sandbox.refused, sandbox.exchange.orders.open) == (len(tally.sent), 0, {})


@each_client
def test_what_it_sends_is_signed_to_the_byte_over_one_connection(client):
    with exchange(accept) as server:
        assert run(20, server.url, CREDENTIALS, client=client).status == 0
    sent = private(server)
    assert [one.method for one in sent].count("POST") == 20
    assert [one.fault() for one in sent if one.fault() != ""] == []
    assert len({one.connection for one in sent}) == 1


def test_all_of_them_side_by_side(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "120")
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        outcome = run(30, url, CREDENTIALS, client="all")
        report.tell(outcome)
    output = capsys.readouterr()
    rows = [re.split(r" {2,}", line) for line in output.out.splitlines() if re.search(r"\S {2,}\S", line)]
    names = ["requests", "httpx", "aiohttp", "gateway", "gateway-async", "ccxt"]
    assert names == list(clients.CLIENTS)
    assert rows[0] == ["", *names]
    assert all(len(row) == 1 + len(names) for row in rows)
    assert ["orders placed", *["30"] * len(names)] in rows
    sent = [f"{len(outcome.tallies[name].sent)}" for name in names]
    assert ["signatures verified", *sent] in rows
    assert [row[0] for row in rows][-4:] == [
        "one order, p50",
        "one order, p99",
        "of it the client's CPU, p50",
        "share of signing in the p50",
    ]
    assert sandbox.verified == sum(map(int, sent))
    assert output.err == ""


@each_client
@pytest.mark.parametrize("status", [302, 307, 308])
def test_no_redirect_is_followed(client, status):
    with exchange(accept) as other:
        with exchange(lambda *_: Reply(status, {"Location": other.url + "/v3/x"}, b"{}")) as server:
            assert run(3, server.url, CREDENTIALS, client=client).status == 1
        assert other.connections == 0
    assert len(private(server)) == (1 if client == "ccxt" else 3)  # ccxt hands out no reply that redirects


@each_client
@pytest.mark.parametrize("answered", [0, 2, 13])
def test_a_server_that_dies_midway_gets_nothing_twice(client, answered):
    """13 answers: what is under way then is a GET or a DELETE, which some clients repeat by themselves."""
    with exchange(lambda number, one: accept(number, one) if number <= answered else DROP) as server:
        outcome = run(30, server.url, CREDENTIALS, client=client)
    assert outcome.status == 1
    assert f"({outcome.tallies[client].orders_accepted} accepted), in {answered} requests, " in outcome.error
    assert "one more request was in flight and may or may not have been carried out" in outcome.error
    assert len(private(server)) == answered + 1
    assert SECRET not in outcome.error


@each_client
def test_a_refusal_is_counted(client):
    refusal = as_reply({"success": False, "code": -1005, "message": "no"}, 400)
    with exchange(lambda *_: refusal) as server:
        outcome = run(5, server.url, CREDENTIALS, client=client)
    assert outcome.tallies[client].refusals == {"HTTP 400, code -1005: no": 5}
    assert outcome.error == "5 of 5 requests were not accepted"


@each_client
def test_no_proxy_is_taken_from_the_environment(client, monkeypatch):
    with Recorder() as proxy, exchange(accept) as server:
        for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.delenv("no_proxy", raising=False)
        monkeypatch.delenv("NO_PROXY", raising=False)
        assert run(4, server.url, CREDENTIALS, client=client).status == 0
    assert proxy.connections == 0


@each_client
def test_ctrl_c_leaves_no_task_behind(client, monkeypatch):
    with exchange(accept) as server:
        monkeypatch.setattr(submit, "read_reply", _interrupt_at(4, submit.read_reply))
        outcome = run(30, server.url, CREDENTIALS, client=client)
    assert outcome.status == 130
    assert outcome.error.startswith("interrupted: 1 of 30 orders were acknowledged (1 accepted), in 4 requests, ")


def _interrupt_at(number, read):
    replies = []

    def interrupting(reply):
        replies.append(reply)
        if len(replies) == number:
            raise KeyboardInterrupt
        return read(reply)

    return interrupting


class NeverSent:
    """A client that finds the connection closed before it sends, at the third request."""

    def __init__(self, *_):
        self.requests = 0

    def submit(self, request):
        self.requests += 1
        if self.requests == 3:
            raise clients.NoAnswerError("NotSentError", was_sent=False)
        return clients.Reply(200, json.dumps({"success": True, "data": {"orderId": self.requests}}).encode())

    def close(self):
        pass


@pytest.mark.parametrize(("error", "was_sent"), [(NotSentError("no"), False), (ConnectionError("no"), True)])
def test_what_a_gateway_did_not_send_is_known(error, was_sent):
    with pytest.raises(clients.NoAnswerError) as raised, clients._gateway_errors():
        raise error
    assert (raised.value.was_sent, str(raised.value)) == (was_sent, type(error).__name__)


def test_a_request_that_was_not_sent_is_not_said_to_be_in_flight(monkeypatch):
    monkeypatch.setitem(clients.CLIENTS, "requests", clients.Kind(NeverSent, "json", "requests"))
    with exchange(accept) as server:
        outcome = run(30, server.url, CREDENTIALS)
    assert outcome.error == (
        "the exchange stopped answering (NotSentError): 1 of 30 orders were acknowledged (1 accepted), in 2 requests, "
        "one more request was not sent, nothing was sent again"
    )
    assert len(outcome.tallies["requests"].sent) == 2


@pytest.mark.parametrize("client", clients.CLIENTS)
def test_a_client_that_is_not_installed_is_one_clear_line(client, monkeypatch):
    module, extra = {"gateway": ("httptools", "gateway"), "gateway-async": ("httptools", "gateway")}.get(
        client, (client, client)
    )
    monkeypatch.setitem(sys.modules, module, None)
    for name in (client, "all"):
        with pytest.raises(UsageError) as raised:
            run(1, "http://127.0.0.1:1", CREDENTIALS, client=name)
        assert str(raised.value) == f"{module} is not installed; run: pip install 'woox-fast[{extra}]'"


def test_the_command_line_knows_each_of_them(monkeypatch, capsys):
    for name in (*clients.CLIENTS, "all"):
        seen = {}

        def record(orders, url, credentials, seen=seen, **options):
            seen.update(options)
            return report.Outcome(orders, url, {})

        monkeypatch.setattr("woox_fast.cli.demo.run.run", record)
        assert main(["demo", "--client", name]) == 0
        assert seen["client"] == name
    with pytest.raises(SystemExit):
        main(["demo", "--client", "curl"])
