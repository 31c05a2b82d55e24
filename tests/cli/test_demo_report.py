"""The demo's report of an outcome that is made up: every figure, in its place."""

from __future__ import annotations

import re

import pytest
from helpers.stored import same_as_stored

from woox_fast.cli.demo import report
from woox_fast.cli.demo.submit import Tally
from woox_fast.cli.demo.workload import Request

US = 1000


def tally() -> Tally:
    made = Tally()
    place, read = Request("POST", "/v3/trade/order", json={}), Request("GET", "/v3/trade/orders")
    assert (place.is_order, read.is_order) == (True, False)
    made.sent = [place, read, place, place, read]
    made.accepted = 3
    made.orders_accepted = 2
    made.refusals.update({"x" * 301: 5, "no\x1b[31m": 2} | {f"reason {n}": 4 for n in range(4)})
    made.latencies_ns = [640 * US, 10 * US, 1_234_567 * US, 700 * US, 20 * US]
    made.cpu_ns = [610_250, 1 * US, 620 * US, 600 * US, 2 * US]
    made.resting = {7: "PERP_BTC_USDT", 8: "SPOT_ETH_USDT"}
    return made


@pytest.fixture
def outcome(monkeypatch: pytest.MonkeyPatch) -> report.Outcome:
    monkeypatch.setattr(report, "_RIVAL_NAMES", {**report._RIVAL_NAMES, "core": "cython (sha-ni)"})
    monkeypatch.setattr(report, "backend", "cython")
    monkeypatch.setattr(report, "sha256_implementation", "sha-ni")
    monkeypatch.setenv("COLUMNS", "100")
    made = report.Outcome(2345, "http://127.0.0.1:1", {"requests": tally(), "gateway": tally()})
    made.tallies["gateway"].verified = 1234
    made.signing_ns = {"core": 150.4, "fallback": 1500.0, "hmac.new": 2500.0}
    return made.failed("no luck", 3)


def test_what_is_printed(outcome: report.Outcome, capsys: pytest.CaptureFixture) -> None:
    report.tell(outcome)
    shown = capsys.readouterr()
    same_as_stored("demo-report.json", {"out": shown.out.splitlines(), "err": shown.err.splitlines()})
    joined = shown.out.replace("\n", "").replace(" ", "")
    assert [len(run) for run in re.findall("x{100,}", joined)] == [300, 300]  # the exchange's words are cut


def test_as_numbers(outcome: report.Outcome) -> None:
    same_as_stored("demo-numbers.json", report.as_numbers(outcome))
