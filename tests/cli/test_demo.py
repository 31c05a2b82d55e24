"""The demo, end to end: against its own embedded exchange, and a sandbox."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from typing import Any

import pytest
from helpers.command import environment
from helpers.command import woox_fast as run_verb
from helpers.demo import CREDENTIALS, refuses_connections, table, wait_until
from helpers.oracle import KEY, SECRET
from helpers.slow import slow

import woox_fast
from woox_fast import cli
from woox_fast.cli.demo.run import embedded_exchange, run
from woox_fast.sandbox import DEMO_API_SECRET, Sandbox
from woox_fast.sandbox.market import INSTRUMENTS


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "woox_fast", "demo", *arguments]


def demo(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """The demo in a process of its own."""
    return subprocess.run(
        command(*arguments), env=environment(**changes), capture_output=True, encoding="utf-8", timeout=280
    )


# The embedded exchange


@pytest.mark.parametrize("options", [["--orders", "200"], slow([])], ids=["200", "the default"])
def test_all_orders_are_accepted_and_verified(options: list[str]) -> None:
    result = demo(*options)
    assert (result.returncode, result.stderr) == (0, "")
    rows = table(result.stdout)
    orders = int(options[-1]) if options else 2000
    assert rows["orders placed"] == f"{orders:,}"
    assert rows["requests sent"] == rows["requests accepted"] == rows["signatures verified"]
    # Each order is cancelled, some are read and changed.
    assert int(rows["requests sent"].replace(",", "")) > 2 * orders
    assert rows["requests refused"] == "0"
    costs = {
        name: float(value.split()[0].replace(",", ""))
        for name, value in rows.items()
        if name.startswith(("to sign", "one order"))
    }
    core = [f"to sign, {woox_fast.backend} ({woox_fast.sha256_implementation})"]
    assert list(costs) == [
        *(core if woox_fast.backend != "python" else []),
        "to sign, the fallback",
        "to sign, hmac.new",
        "one order, p50",
        "one order, p99",
    ]
    assert all(cost > 0 for cost in costs.values())
    assert costs["one order, p50"] <= costs["one order, p99"]
    assert 0 < float(rows["share of signing in the p50"].removesuffix(" %")) < 100
    assert DEMO_API_SECRET not in result.stdout
    url = re.search(r"http://\S+", result.stdout)
    assert url
    assert refuses_connections(url[0])


def test_as_json_it_gives_numbers() -> None:
    result = run_verb("demo", "--orders", "20", "--json")
    assert (result.returncode, result.stderr) == (0, "")
    outcome = json.loads(result.stdout)
    assert (outcome["status"], outcome["error"], outcome["embedded"], outcome["orders"]) == (0, None, True, 20)
    figures = outcome["clients"]["requests"]
    assert figures["orders_placed"] == 20
    assert figures["requests_sent"] == figures["accepted"] == figures["signatures_verified"] > 40
    assert (figures["refused"], figures["refusals"], figures["still_open"]) == (0, {}, [])
    assert figures["order_cpu_p50_ns"] > 0
    assert 0 < figures["order_p50_ns"] <= figures["order_p99_ns"]
    signing_ns = outcome["signing_ns"]
    ours = signing_ns["core" if woox_fast.backend != "python" else "fallback"]
    assert figures["signing_share"] == pytest.approx(ours / figures["order_p50_ns"])


def test_as_json_it_says_what_went_wrong(capsys: pytest.CaptureFixture, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WOOX_API_KEY", KEY)
    monkeypatch.setenv("WOOX_API_SECRET", SECRET)
    with Sandbox(KEY, "another secret") as url:
        assert cli.main(["demo", "--orders", "3", "--url", url, "--json"]) == 1
    outcome = json.loads(capsys.readouterr().out)
    assert (outcome["status"], outcome["error"]) == (1, "3 of 3 requests were not accepted")
    figures = outcome["clients"]["requests"]
    assert (figures["orders_placed"], figures["requests_sent"], figures["refused"]) == (0, 3, 3)
    assert sum(figures["refusals"].values()) == 3
    with Sandbox(*CREDENTIALS) as url:
        pass
    assert cli.main(["demo", "--orders", "3", "--url", url, "--json"]) == 1
    outcome = json.loads(capsys.readouterr().out)
    assert outcome["error"].startswith(f"{url} does not answer")
    assert outcome["signing_ns"] is None
    assert outcome["clients"]["requests"]["order_p50_ns"] is None


def test_the_pure_fallback_says_so_in_one_line() -> None:
    result = demo("--orders", "20", WOOX_FAST_BACKEND="python")
    assert (result.returncode, result.stderr) == (0, "")
    assert result.stdout.count("The compiled core is not in use: the pure fallback signs.\n") == 1
    assert "to sign, python" not in result.stdout
    assert table(result.stdout)["orders placed"] == "20"


def test_a_terminal_gets_a_progress_bar_that_counts_orders() -> None:
    result = demo("--orders", "20", FORCE_COLOR="1", PYTHONIOENCODING="utf-8", COLUMNS="100")
    assert result.returncode == 0
    text = re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", result.stdout)
    assert "Submitting" in text
    assert "20/20" in text
    assert table(text)["orders placed"] == "20"


def test_a_terminal_without_utf8_gets_the_table_too() -> None:
    result = demo("--orders", "9", FORCE_COLOR="1", PYTHONIOENCODING="ascii")
    assert (result.returncode, result.stderr) == (0, "")
    assert "signatures verified" in result.stdout


@pytest.mark.parametrize("columns", [24, 40, 80])
def test_neither_labels_nor_figures_are_cut(columns: int) -> None:
    text = run_verb("demo", "--orders", "2", COLUMNS=str(columns)).stdout
    assert max(len(line) for line in text.splitlines() if not line.startswith("Exchange: ")) <= columns
    words = text.split()
    for word in ("signatures", "verified", "placed", "accepted", "fallback", "client's", "CPU,", "hmac.new", "%", "us"):
        assert word in words
    assert "..." not in text


def test_credentials_of_the_environment_are_those_of_the_embedded_exchange() -> None:
    result = run_verb("demo", "--orders", "10", WOOX_API_KEY="test-key", WOOX_API_SECRET="test-secret-6f1d0c")
    assert result.returncode == 0
    assert table(result.stdout)["orders placed"] == "10"
    assert "test-secret-6f1d0c" not in result.stdout + result.stderr


@pytest.mark.parametrize("signal_number", [signal.SIGINT, signal.SIGTERM, signal.SIGKILL])
def test_the_embedded_exchange_never_outlives_the_demo(signal_number: int) -> None:
    with subprocess.Popen(
        command("--orders", "1000000"),
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            line = next(line for line in process.stdout if line.startswith("Exchange: "))
            url = re.search(r"http://\S+", line)
            assert url
            time.sleep(0.3)
            assert not refuses_connections(url[0])
            os.killpg(process.pid, signal_number)  # as Ctrl-C does: the whole process group
            _, errors = process.communicate(timeout=20)
        finally:
            process.kill()
    assert wait_until(lambda: refuses_connections(url[0]))
    if signal_number == signal.SIGINT:
        assert process.returncode == 130
        assert re.match(r"woox-fast demo: interrupted: [\d,]+ of 1,000,000 orders were acknowledged", errors)
        assert "Traceback" not in errors
    else:
        assert process.returncode == -signal_number


def test_the_embedded_exchange_stops_when_told(capfd: pytest.CaptureFixture) -> None:
    with embedded_exchange(*CREDENTIALS) as url:
        assert not refuses_connections(url)
        started = time.monotonic()
    assert time.monotonic() - started < 4  # it was not waited for and killed
    assert refuses_connections(url)
    assert capfd.readouterr() == ("", "")


def test_an_embedded_exchange_that_cannot_start_is_an_error(monkeypatch: Any) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    outcome = run(10)
    assert (outcome.status, outcome.error) == (1, "the embedded exchange does not answer (it did not start)")


def test_what_the_embedded_exchange_says_on_stderr_is_shown(capfd: pytest.CaptureFixture, monkeypatch: Any) -> None:
    monkeypatch.setattr(subprocess, "Popen", _failing_popen(subprocess.Popen))
    assert run(10).status == 1
    assert "the embedded exchange said:\nno luck today" in capfd.readouterr().err


def _failing_popen(popen: Any) -> Any:
    def start(_: list[str], **options: Any) -> Any:
        return popen([sys.executable, "-c", "import sys; sys.exit('no luck today')"], **options)

    return start


# A sandbox elsewhere on this machine


def test_url_of_a_sandbox() -> None:
    sandbox = Sandbox(*CREDENTIALS)
    with sandbox as url:
        outcome = run(100, url, CREDENTIALS, quiet=True)
        stats = sandbox.stats()
        records = list(sandbox.requests)
    assert (outcome.status, outcome.error) == (0, "")
    private = [(record.method, record.target) for record in records if "/public/" not in record.target]
    tally = outcome.tallies["requests"]
    assert tally.verified == tally.accepted == len(tally.sent) == len(private)
    assert (stats["verified"], stats["refused"], stats["openOrders"]) == (len(private), 0, 0)
    kinds = [(method, target.partition("?")[0]) for method, target in private]
    assert {(method, "/v3/trade/order") for method in ("POST", "PUT", "GET", "DELETE")} < set(kinds)
    assert kinds.count(("POST", "/v3/trade/order")) == kinds.count(("DELETE", "/v3/trade/order")) == 100
    assert 10 <= kinds.count(("PUT", "/v3/trade/order")) <= 30
    assert all("?" not in target for method, target in private if method in ("POST", "PUT"))
    assert set(INSTRUMENTS) == {symbol for _, target in private for symbol in re.findall(r"symbol=(\w+)", target)}


def test_it_counts_from_what_the_exchange_had_verified_before() -> None:
    with Sandbox(*CREDENTIALS) as url:
        outcomes = [run(orders, url, CREDENTIALS, quiet=True) for orders in (10, 12)]
    assert [outcome.status for outcome in outcomes] == [0, 0]
    tally = outcomes[1].tallies["requests"]
    assert tally.verified == len(tally.sent)


def test_a_wrong_secret_is_refused_throughout() -> None:
    sandbox = Sandbox(KEY, "another secret")
    with sandbox as url:
        outcome = run(10, url, CREDENTIALS, quiet=True)
    tally = outcome.tallies["requests"]
    assert (tally.accepted, tally.refused, tally.verified, sandbox.verified) == (0, 10, 0, 0)
    assert all(reason.startswith("HTTP 401, code -1001: ") for reason in tally.refusals)
    assert (outcome.status, outcome.error) == (1, "10 of 10 requests were not accepted")


def test_a_part_refused_is_a_failure() -> None:
    started = time.time()
    # Its clock stands still: however long the orders take here, they come within one window of the limit.
    with Sandbox(*CREDENTIALS, rate_limits=True, clock=lambda: started) as url:
        outcome = run(200, url, CREDENTIALS, quiet=True)
    tally = outcome.tallies["requests"]
    assert outcome.status == 1
    assert tally.accepted + tally.refused == len(tally.sent) == tally.verified
    assert len(tally.orders) == 200
    assert 0 < tally.orders_accepted < 200
    assert outcome.error == f"{tally.refused} of {len(tally.sent)} requests were not accepted"
