"""Explanations in a process of their own: others are answered meanwhile, and a failure there is a line."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET, oracle
from helpers.sandbox_client import Client, Clock

from woox_fast.cli import sandbox as verb
from woox_fast.cli.sandbox import BURST, Printer
from woox_fast.sandbox import RequestRecord, Sandbox, explain_worker
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"


def record(signed: str = f"{STAMP}GET/v3/account/info", **changes: Any) -> RequestRecord:
    """A refused GET whose signature is that of `signed`."""
    made = RequestRecord(1_795_000_000_000, "GET", "/v3/account/info", 401, -1001, "INVALID_SIGNATURE", 1.0, STAMP)
    return made._replace(**{"signature": oracle(signed.encode()), "message": "Wrong.", **changes})


SPACED = {"method": "POST", "target": "/v3/trade/order", "body": b'{"a":1}', "size": 7}


@pytest.fixture
def explainer() -> Iterator[Explainer]:
    explainer = Explainer(KEY, SECRET, time_limit=1.0)
    yield explainer
    explainer.close()


def child(explainer: Explainer) -> subprocess.Popen[bytes]:
    assert explainer._child is not None
    return explainer._child


def test_it_explains_one_after_the_other_in_one_process(explainer: Explainer) -> None:
    found = explainer.explain(record(f'{STAMP}POST/v3/trade/order{{"a": 1}}', **SPACED))
    assert found.found
    assert found.causes[0].startswith("The body was signed with spaces")
    assert (found.expected, found.signed) == (
        f'{STAMP}POST/v3/trade/order{{"a":1}}'.encode(),
        f'{STAMP}POST/v3/trade/order{{"a": 1}}'.encode(),
    )
    assert found.report is not None
    assert found.report["mistakes"][0]["name"]
    first = child(explainer).pid
    assert os.getsid(first) == first  # so that Ctrl-C in a terminal is for the sandbox alone
    assert explainer.explain(record(f"{STAMP}get/v3/account/info")).found
    nothing = explainer.explain(record("something else"))
    assert not nothing.found
    assert nothing.headline
    assert nothing.signed is None
    assert child(explainer).pid == first
    assert first != os.getpid()
    assert SECRET not in repr(explainer)


def test_the_secret_is_nowhere_that_others_can_read(explainer: Explainer) -> None:
    explainer.explain(record())
    pid = child(explainer).pid
    for name in ("cmdline", "environ"):
        with open(f"/proc/{pid}/{name}", "rb") as file:
            assert SECRET.encode() not in file.read()


UNEXPLAINABLE: list[dict[str, Any]] = [
    {"target": "/v3/\udcff\ud800"},
    {"method": "\ud800"},
    {"stamp": "\ud800"},
    {"signature": "\ud800" * 64},
    {"signature": ""},
    {"stamp": ""},
    {"body": b"\xff\x00" * 1000, "size": 2000},
    {"body": b"[" * 60_000, "size": 60_000},
    {"body": b'{"a":' * 10_000, "size": 50_000},
    {"body": b"9" * 60_000, "size": 60_000},
    {"target": "/v3/x?" + "a=b&" * 15_000},
    {"target": "http://[bad/v3"},
]


def test_whatever_a_request_holds_there_is_an_answer() -> None:
    explainer = Explainer(KEY, SECRET, time_limit=0.2)
    try:
        for changes in UNEXPLAINABLE:
            found = explainer.explain(record(**changes))
            assert isinstance(found, Explained)
            assert found.found or found.headline, changes
            assert explainer.explain(record(f"{STAMP}get/v3/account/info")).found, changes  # and one for the next
    finally:
        explainer.close()


def test_a_body_that_was_not_kept_is_not_explained_as_if_empty(explainer: Explainer) -> None:
    found = explainer.explain(record(size=70_000))
    assert (found.found, found.headline) == (False, "not explained: the body of 70,000 bytes was not kept")
    assert explainer._child is None  # nothing was asked


def test_a_child_that_is_killed_hangs_or_talks_nonsense_is_replaced(
    explainer: Explainer, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = record(f"{STAMP}get/v3/account/info")
    assert explainer.explain(good).found
    child(explainer).kill()
    child(explainer).wait()
    assert "the process for explanations failed" in explainer.explain(good).headline
    assert explainer.explain(good).found

    monkeypatch.setattr(process, "GRACE_S", -0.5)
    os.kill(child(explainer).pid, signal.SIGSTOP)
    assert explainer.explain(good).headline == "not explained: no answer within 0.5 s"
    monkeypatch.undo()
    assert explainer.explain(good).found


def test_without_an_interpreter_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    for executable in ("/nowhere/python", "/bin/false"):
        monkeypatch.setattr(sys, "executable", executable)
        explainer = Explainer(KEY, SECRET)
        assert "the process for explanations failed" in explainer.explain(record()).headline
        explainer.close()


def test_closing_ends_the_child_also_in_a_search(explainer: Explainer) -> None:
    explainer.explain(record())
    pid = child(explainer).pid
    results: list[Explained] = []
    os.kill(pid, signal.SIGSTOP)
    thread = threading.Thread(target=lambda: results.append(explainer.explain(record())))
    thread.start()
    time.sleep(0.1)
    explainer.close()
    thread.join(20)
    assert not thread.is_alive()
    assert results[0].headline.startswith("not explained: ")
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert explainer.explain(record()).headline == "not explained: the sandbox stops"


@pytest.mark.usefixtures("short_search")
def test_others_are_answered_while_one_is_explained(clock: Clock) -> None:
    """The search has a process of its own; in a thread it would hold the GIL."""
    sandbox = Sandbox(clock=clock)
    with sandbox, Client(sandbox, clock) as client:
        body = json.dumps({str(number): number for number in range(7)}).encode()
        client.request("POST", b"/v3/trade/order", client.sign("POST", b"/x", b""), body)
        answered = threading.Event()

        def look() -> None:
            import urllib.request

            with urllib.request.urlopen(f"{sandbox.url}/sandbox/requests?number=1", timeout=60):
                answered.set()

        thread = threading.Thread(target=look)
        thread.start()
        count = 0
        while not answered.is_set():
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
            count += 1
        thread.join()
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
    assert not re.search(r"[^\n\x20-\x7e]", out + err), "hostile to a terminal"
    return out, err


def test_the_line_gives_the_reason_of_the_reply(capsys: pytest.CaptureFixture[str]) -> None:
    stale = record(verdict="STALE_TIMESTAMP", code=-1002, message="It is 5 ms ahead of the server")
    fault = record(verdict="FAULT", status=0, code=0, message="", fault="reset")
    after = record(verdict="OK", status=200, code=0, message="", fault="reset-after")
    out, err = printed([stale, fault, after], capsys)
    assert [re.sub(r"^\d\d:\d\d:\d\d\.\d{3} ", "", line) for line in out.splitlines()] == [
        "GET    /v3/account/info  401 STALE_TIMESTAMP  0.00 ms",
        "    It is 5 ms ahead of the server",
        "GET    /v3/account/info  no reply FAULT (reset)  0.00 ms",
        "GET    /v3/account/info  200 OK (reset-after)  0.00 ms",
    ]
    assert err == ""


def test_every_bad_signature_of_a_burst_is_explained_or_said_to_be_not(capsys: pytest.CaptureFixture[str]) -> None:
    burst = [record(f"{STAMP}get/v3/account/info")] * 60
    out, err = printed(burst, capsys)
    lines = out.splitlines()
    assert sum("INVALID_SIGNATURE" in line for line in lines) == 60
    explained = sum("lower case" in line or "upper case" in line for line in lines)
    omitted = sum("not explained: " in line and "wait for their line" in line for line in lines)
    assert explained >= BURST
    assert explained + omitted == 60
    assert err == ""


def test_more_than_can_be_printed_is_counted(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verb, "BACKLOG", 5)
    printer = Printer(KEY, SECRET)
    printer._print = lambda record: time.sleep(0.05)  # type: ignore[method-assign]
    for number in range(40):
        printer(record(verdict="OK" if number % 2 else "INVALID_SIGNATURE"))
    printer._print(record())
    printer.close()
    printer._thread.join(30)
    _, err = capsys.readouterr()
    said = re.fullmatch(r"woox-fast sandbox: (\d+) requests came .*, (\d+) of them with a wrong signature .*\n", err)
    assert said, err
    assert 30 <= int(said[1]) <= 35
    assert 14 <= int(said[2]) <= 18


def test_a_line_that_cannot_be_printed_does_not_silence_the_next(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Explainer, "explain", lambda self, one: 1 / 0)
    good = record(verdict="OK", status=200, code=0, message="")
    out, err = printed([good, record(), good], capsys)
    assert out.count("200 OK") == 2
    assert err == "woox-fast sandbox: a line could not be printed (ZeroDivisionError)\n"


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b\u202e\ud800\udcff\n\r\0" + SECRET


@pytest.mark.parametrize("as_json", [False, True])
def test_nothing_hostile_reaches_the_terminal(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
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


def test_a_callback_that_fails_does_not_change_the_reply(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    def fail(_: RequestRecord) -> None:
        raise ZeroDivisionError

    sandbox = Sandbox(clock=clock, on_request=fail)
    with sandbox, Client(sandbox, clock) as client:
        for _ in range(2):
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
    assert "on_request failed" in caplog.text
