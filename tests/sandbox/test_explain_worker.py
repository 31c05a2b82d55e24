"""Test the explain worker, and the printer of `woox-fast sandbox`."""

from __future__ import annotations

import json
import os
import re
import signal
import sys
import threading
import time
import urllib.request
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET, oracle
from helpers.sandbox_client import Client, Clock

from woox_fast.cli import sandbox as subcommand
from woox_fast.cli.sandbox import MAX_BURST, Printer
from woox_fast.sandbox import RequestRecord, Sandbox, explain_worker
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"


def record(signed: str = f"{STAMP}GET/v3/account/info", **changes: Any) -> RequestRecord:
    """Return the record of a refused GET with the signature of `signed`."""
    made = RequestRecord(1_795_000_000_000, "GET", "/v3/account/info", 401, -1001, "INVALID_SIGNATURE", 1.0, STAMP)
    return made._replace(**{"signature": oracle(signed.encode()), "message": "Wrong.", **changes})


EXPLAINED = ExplainedRequest(True, "", ("the cause",))
SPACED = {"method": "POST", "target": "/v3/trade/order", "body": b'{"a":1}', "size": 7}


@pytest.fixture
def worker() -> Iterator[ExplainWorker]:
    worker = ExplainWorker(KEY, SECRET, time_limit=10.0)
    yield worker
    worker.close()


def test_worker_explains_in_process(worker: ExplainWorker) -> None:
    found = worker.explain(record(f'{STAMP}POST/v3/trade/order{{"a": 1}}', **SPACED))
    assert found.found
    assert found.causes[0].startswith("The body was signed with spaces")
    assert (found.expected, found.signed) == (
        f'{STAMP}POST/v3/trade/order{{"a":1}}'.encode(),
        f'{STAMP}POST/v3/trade/order{{"a": 1}}'.encode(),
    )
    assert found.report is not None
    assert found.report["mistakes"][0]["name"]
    unexplained = worker.explain(record("something else"))
    assert not unexplained.found
    assert unexplained.headline
    assert unexplained.signed is None
    assert SECRET not in repr(worker)


def running_child(worker: ExplainWorker) -> tuple[threading.Thread, list[ExplainedRequest], int]:
    """Start a search in a thread; return the thread, its future result and the process id."""
    results: list[ExplainedRequest] = []
    thread = threading.Thread(target=lambda: results.append(worker.explain(record("something else"))))
    thread.start()
    while worker._child is None and thread.is_alive():
        time.sleep(0.001)
    assert worker._child is not None
    return thread, results, worker._child.pid


def test_secret_is_not_in_process_list(worker: ExplainWorker) -> None:
    thread, _, pid = running_child(worker)
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as file:
            assert SECRET.encode() not in file.read()
    worker.close()
    thread.join(20)


UNEXPLAINABLE: list[dict[str, Any]] = [
    {"target": "/v3/\udcff\ud800", "method": "\ud800", "stamp": "\ud800"},
    {"signature": "\ud800" * 64},
    {"signature": "", "stamp": ""},
    {"body": b"\xff\x00" * 1000, "size": 2000},
    {"body": b"[" * 60_000, "size": 60_000},
    {"target": "http://[bad/v3"},
]


@pytest.mark.parametrize("changes", UNEXPLAINABLE, ids=lambda changes: ",".join(changes))
def test_any_request_gets_headline(changes: dict[str, Any]) -> None:
    worker = ExplainWorker(KEY, SECRET, time_limit=0.2)
    found = worker.explain(record(**changes))
    assert found.found or found.headline


def test_long_body_is_not_explained(worker: ExplainWorker) -> None:
    assert (
        worker.explain(record(size=70_000)).headline == "not explained: the log does not store a body of 70,000 bytes"
    )


def test_killed_process_is_reported(worker: ExplainWorker) -> None:
    thread, results, pid = running_child(worker)
    os.kill(pid, signal.SIGKILL)
    thread.join(20)
    assert results[0].headline.startswith("not explained: the search failed")
    assert worker.explain(record(f"{STAMP}get/v3/account/info")).found


def test_hanging_process_is_killed(worker: ExplainWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_worker, "GRACE_S", -9.9)
    assert worker.explain(record()).headline == "not explained: the search took too long"


@pytest.mark.parametrize("executable", ["/nowhere/python", "/bin/false"])
def test_missing_interpreter_is_reported(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert "the search failed" in ExplainWorker(KEY, SECRET).explain(record()).headline


def test_close_stops_search(worker: ExplainWorker) -> None:
    thread, results, pid = running_child(worker)
    worker.close()
    thread.join(20)
    assert results[0].headline == "not explained: the sandbox stops"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.explain(record()).headline == "not explained: the sandbox stops"


@pytest.mark.usefixtures("short_search")
def test_server_answers_during_search(clock: Clock) -> None:
    sandbox = Sandbox(clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        body = json.dumps({str(number): number for number in range(7)}).encode()
        client.request("POST", b"/v3/trade/order", client.sign("POST", b"/x", b""), body)
        url = f"{sandbox.url}/sandbox/requests?number=1"
        thread = threading.Thread(target=lambda: urllib.request.urlopen(url, timeout=60).close())
        thread.start()
        count = 0
        while thread.is_alive():
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
            count += 1
        assert count >= 3


# the printer


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


def test_failing_callback_is_logged(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: RequestRecord) -> None:
        raise ZeroDivisionError

    sandbox = Sandbox(clock=clock, on_request=fail)
    with sandbox, Client(sandbox, clock) as client:
        for _ in range(2):
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
    assert "on_request failed" in caplog.text
