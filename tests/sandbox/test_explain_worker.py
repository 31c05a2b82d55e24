"""Test the explain worker, and the printer of `woox-fast sandbox`."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET
from helpers.sandbox_client import Client, Clock, data, refused_record

from woox_fast.sandbox import RequestRecord, Sandbox, explain_worker
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"


SPACED = {"method": "POST", "target": "/v3/trade/order", "body": b'{"a":1}', "size": 7}


@pytest.fixture
def worker() -> Iterator[ExplainWorker]:
    worker = ExplainWorker(KEY, SECRET, time_limit=10.0)
    yield worker
    worker.close()


def test_worker_explains_in_process(worker: ExplainWorker) -> None:
    found = worker.explain(refused_record(f'{STAMP}POST/v3/trade/order{{"a": 1}}', **SPACED))
    assert found.found
    assert found.causes[0].startswith("The body was signed with spaces")
    assert (found.expected, found.signed) == (
        f'{STAMP}POST/v3/trade/order{{"a":1}}'.encode(),
        f'{STAMP}POST/v3/trade/order{{"a": 1}}'.encode(),
    )
    assert found.report is not None
    assert found.report["mistakes"][0]["name"]
    assert SECRET not in repr(worker)


def start_search(worker: ExplainWorker) -> tuple[threading.Thread, list[ExplainedRequest], int]:
    """Start a search in a thread; return the thread, its future result and the process id."""
    results: list[ExplainedRequest] = []
    thread = threading.Thread(target=lambda: results.append(worker.explain(refused_record("something else"))))
    thread.start()
    while worker._child is None and thread.is_alive():
        time.sleep(0.001)
    assert worker._child is not None
    return thread, results, worker._child.pid


def test_process_list_hides_secret(worker: ExplainWorker) -> None:
    thread, _, pid = start_search(worker)
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as file:
            assert SECRET.encode() not in file.read()
    worker.close()
    thread.join(60)


@pytest.mark.parametrize(
    "changes",
    [
        {"target": "/v3/\udcff\ud800", "method": "\ud800", "stamp": "\ud800", "signature": "\ud800" * 64},
        {"signature": "", "stamp": ""},
        {"body": b"\xff\x00" * 1000, "size": 2000, "target": "http://[bad/v3"},
    ],
)
def test_any_request_gets_headline(changes: dict[str, Any]) -> None:
    worker = ExplainWorker(KEY, SECRET, time_limit=0.2)
    found = worker.explain(refused_record(**changes))
    assert (found.found, found.signed) == (False, None)
    assert found.headline


def test_long_body_is_not_explained(worker: ExplainWorker) -> None:
    assert (
        worker.explain(refused_record(size=70_000)).headline
        == "not explained: the log does not store a body of 70,000 bytes"
    )


def test_killed_process_is_reported(worker: ExplainWorker) -> None:
    thread, results, pid = start_search(worker)
    os.kill(pid, signal.SIGKILL)
    thread.join(60)
    assert results[0].headline.startswith("not explained: the search failed")
    assert worker.explain(refused_record(f"{STAMP}get/v3/account/info")).found


def test_hanging_process_is_killed(worker: ExplainWorker, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(explain_worker, "GRACE_S", -9.9)
    assert worker.explain(refused_record()).headline == "not explained: the search took too long"


@pytest.mark.parametrize("executable", ["/nowhere/python", "/bin/false"])
def test_missing_interpreter_is_reported(executable: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", executable)
    assert "the search failed" in ExplainWorker(KEY, SECRET).explain(refused_record()).headline


def test_close_stops_search(worker: ExplainWorker) -> None:
    thread, results, pid = start_search(worker)
    worker.close()
    thread.join(60)
    assert results[0].headline == "not explained: the sandbox stops"
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert worker.explain(refused_record()).headline == "not explained: the sandbox stops"


def test_server_answers_during_search(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    begun, done = threading.Event(), threading.Event()

    def search(self: object, record: RequestRecord) -> ExplainedRequest:
        begun.set()
        return ExplainedRequest.omitted(f"done: {done.wait(60)}")

    monkeypatch.setattr(ExplainWorker, "explain", search)
    sandbox = Sandbox(clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        client.request("GET", b"/v3/account/info", client.sign("GET", b"/x"))
        url = f"{sandbox.url}/sandbox/requests?number=1"
        thread = threading.Thread(target=data, args=[url])
        thread.start()
        assert begun.wait(60)
        assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
        done.set()
        thread.join()


def test_callback_receives_records(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    told: list[RequestRecord] = []

    def fail(record: RequestRecord) -> None:
        told.append(record)
        raise ZeroDivisionError

    sandbox = Sandbox(clock=clock, on_request=fail)
    with sandbox, Client(sandbox, clock) as client:
        for _ in range(2):
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
    assert "on_request failed" in caplog.text
    assert told == list(sandbox.requests)
