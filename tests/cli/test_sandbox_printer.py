"""Test the lines that `woox-fast sandbox` prints for records."""

from __future__ import annotations

import json
import re
import threading
import time
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET, oracle

from woox_fast.cli import sandbox as subcommand
from woox_fast.cli.sandbox import MAX_BURST, Printer
from woox_fast.sandbox import RequestRecord
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"


def record(signed: str = f"{STAMP}GET/v3/account/info", **changes: Any) -> RequestRecord:
    """Return a record for a refused GET with the signature of `signed`."""
    made = RequestRecord(1_795_000_000_000, "GET", "/v3/account/info", 401, -1001, "INVALID_SIGNATURE", 1.0, STAMP)
    return made._replace(**{"signature": oracle(signed.encode()), "message": "Wrong.", **changes})


EXPLAINED = ExplainedRequest(True, "", ("the cause",))


def printed(records: list[RequestRecord], capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[str, str]:
    printer = Printer(KEY, SECRET, **options)
    for one in records:
        printer(one)
    deadline = time.monotonic() + 60
    while printer._queue.qsize() and time.monotonic() < deadline:
        time.sleep(0.01)
    printer.close()
    printer._thread.join(30)
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert not re.search(r"[^\n\x20-\x7e]", out + err), "unsafe for a terminal"
    return out, err


def test_line_shows_message(capsys: pytest.CaptureFixture[str]) -> None:
    stale = record(verdict="STALE_TIMESTAMP", code=-1002, message="It is 5 ms ahead of the server")
    fault = record(verdict="FAULT", status=0, code=0, message="", fault="reset")
    after = record(verdict="OK", status=200, code=0, message="", fault="reset-after")
    out, err = printed([stale, fault, after], capsys)
    assert [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "", line) for line in out.splitlines()] == [
        "GET    /v3/account/info  401 STALE_TIMESTAMP  0.00 ms",
        "    It is 5 ms ahead of the server",
        "GET    /v3/account/info  no response FAULT (reset)  0.00 ms",
        "GET    /v3/account/info  200 OK (reset-after)  0.00 ms",
    ]
    assert err == ""


def test_burst_limits_explanations(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The printer explains a signature only while fewer than MAX_BURST lines wait."""
    started = threading.Event()
    monkeypatch.setattr(ExplainWorker, "explain", lambda self, record: started.wait(20) and EXPLAINED)
    printer = Printer(KEY, SECRET)
    for _ in range(60):
        printer(record())
    started.set()
    printer._queue.put(None)
    printer._thread.join(30)
    lines = capsys.readouterr().out.splitlines()
    assert sum("INVALID_SIGNATURE" in line for line in lines) == 60
    omitted = sum("not explained: " in line for line in lines)
    assert (sum("the cause" in line for line in lines), omitted) in ((MAX_BURST - 1, 51), (MAX_BURST, 50))


def test_excess_lines_are_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subcommand, "MAX_BACKLOG", 5)
    printer = Printer(KEY, SECRET)
    printer._print = lambda record: time.sleep(0.05)  # type: ignore[method-assign]
    for number in range(40):
        printer(record(verdict="OK" if number % 2 else "INVALID_SIGNATURE"))
    printer._print(record())
    printer.close()
    printer._thread.join(30)
    _, err = capsys.readouterr()
    said = re.fullmatch(r"woox-fast sandbox: (\d+) requests came .*, (\d+) of which have a wrong signature .*\n", err)
    assert said, err
    assert 30 <= int(said[1]) <= 35
    assert 14 <= int(said[2]) <= 18


def test_failed_line_is_reported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExplainWorker, "explain", lambda self, one: 1 / 0)
    good = record(verdict="OK", status=200, code=0, message="")
    out, err = printed([good, record(), good], capsys)
    assert out.count("200 OK") == 2
    assert err == "woox-fast sandbox: a line could not be printed (ZeroDivisionError)\n"


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b\u202e\ud800\udcff\n\r\0" + SECRET


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_texts_are_escaped(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    body = HOSTILE.encode("utf-8", "surrogatepass")
    changes = {
        "method": HOSTILE[:20],
        "target": "/" + HOSTILE,
        "stamp": HOSTILE,
        "signature": HOSTILE,
        "message": HOSTILE,
    }
    records = [
        record(**changes, body=body, size=len(body)),
        record(**changes, verdict="FAULT", fault="reset"),
        record(f"{STAMP}get/v3/account/info"),
    ]
    out, err = printed(records, capsys, as_json=as_json)
    assert err == ""
    if as_json:
        one, other, last = map(json.loads, out.splitlines())
        assert one["target"].endswith("<the secret>")
        assert other["fault"] == "reset"
        assert last["explanation"]["mistakes"][0]["name"] == "method-lower-case"
    else:
        assert out.splitlines()[-3].endswith("GET    /v3/account/info  401 INVALID_SIGNATURE  0.00 ms") or "401" in out
