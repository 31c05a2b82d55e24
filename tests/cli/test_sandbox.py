"""Test `woox-fast sandbox`: how it starts and stops, and the lines that it prints for requests."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any
from urllib.error import HTTPError
from urllib.request import ProxyHandler, Request, build_opener

import pytest
from helpers.command import CREDENTIALS, SCRIPT, environment, woox_fast
from helpers.gateways import eventually
from helpers.oracle import KEY, SECRET, oracle
from helpers.sandbox_client import refused_record

from woox_fast import cli
from woox_fast.cli import sandbox as subcommand
from woox_fast.cli.sandbox import MAX_BURST, Printer
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, FAULTS, RequestRecord
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"
EXPLAINED = ExplainedRequest(True, "", ("the cause",))


@contextmanager
def start_sandbox(*options: str, **changes: str) -> Iterator[tuple[str, subprocess.Popen[str], str]]:
    """Start a sandbox. Yield its URL, the process, and the line with the URL."""
    with subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0", *options], env=environment(**changes), stdin=subprocess.PIPE,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        try:
            line = process.stdout.readline()
            found = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert found
            yield found[0], process, line
        finally:
            process.kill()


def get_signed(url: str, target: str, signed: str) -> None:
    """Send a GET whose signature covers `signed` instead of `target`."""
    stamp = str(time.time_ns() // 1_000_000)
    headers = {"x-api-key": KEY, "x-api-timestamp": stamp, "x-api-signature": oracle(f"{stamp}GET{signed}".encode())}
    with suppress(HTTPError):
        build_opener(ProxyHandler({})).open(Request(url + target, headers=headers), timeout=60).close()


def test_requests_are_printed_and_explained() -> None:
    with start_sandbox(**CREDENTIALS) as (url, process, _):
        get_signed(url, "/v3/asset/balances", "/v3/asset/balances")
        get_signed(url, "/v3/trade/orders?symbol=SPOT_BTC_USDT", "/v3/trade/orders")
        lines: list[str] = []
        while not (lines and lines[-1].lstrip().startswith("^")):
            lines.append(process.stdout.readline().rstrip("\n"))
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert err == ""
    assert SECRET not in "\n".join(lines) + out
    when = r"\d\d:\d\d:\d\d\.\d{3} "
    assert re.fullmatch(when + r"GET    /v3/asset/balances  200 OK  \d+\.\d\d ms", lines[0])
    assert re.fullmatch(when + r"GET    /v3/trade/orders\?symbol=SPOT_BTC_USDT  401 INVALID_SIGNATURE  .* ms", lines[1])
    assert lines[2].startswith("    The query was sent but not signed.")
    assert re.fullmatch(r"    expected  '\d{13}GET/v3/trade/orders\?symbol=SPOT_BTC_USDT'", lines[-3])
    assert re.fullmatch(r"    signed    '\d{13}GET/v3/trade/orders'", lines[-2])
    assert lines[-1].strip() == "^" * len("?symbol=SPOT_BTC_USDT")
    assert max(map(len, lines)) <= 100


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sandbox", "--list-faults"]) == 0
    lines = capsys.readouterr().out
    assert cli.main(["sandbox", "--list-faults", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert list(listed) == list(FAULTS)
    delay = FAULTS["delay"]
    assert listed["delay"] == {"usage": delay.usage, "what": delay.sentence, "example": delay.example}
    assert lines.startswith("delay ")


def test_empty_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sandbox", "--host", ""]) == 2
    assert "--host must be an address such as 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("options", "is_interrupted"), [([], True), (["--stop-with-stdin"], True), (["--stop-with-stdin"], False)]
)
def test_sandbox_stops_silently(options: list[str], is_interrupted: bool) -> None:
    mine = {"WOOX_API_KEY": "key-of-mine", "WOOX_API_SECRET": "hunter2"}
    with start_sandbox("--quiet", *options, **mine) as (url, process, line):
        process.stdin.write("more input\n")
        process.stdin.flush()
        with build_opener(ProxyHandler({})).open(url + "/v3/public/systemInfo", timeout=60) as response:
            assert json.load(response)["success"] is True
        if is_interrupted:
            process.send_signal(signal.SIGINT)
        else:
            process.stdin.close()
        assert process.wait(60) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert "key-of-mine" in line
    assert "hunter2" not in line


@pytest.mark.parametrize(("arguments", "limited"), [([], False), (["--rate-limits"], True)])
def test_sandbox_receives_its_options(arguments: list[str], limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import woox_fast.sandbox

    calls = []
    monkeypatch.setenv("WOOX_API_KEY", "k")
    monkeypatch.setenv("WOOX_API_SECRET", "s")
    monkeypatch.setattr(woox_fast.sandbox, "run", lambda *given, **more: calls.append((*given, more)))
    assert cli.main(["sandbox", "--host", "::1", "--port", "0", "--quiet", *arguments]) == 0
    assert calls[0][:4] == ("::1", 0, "k", "s")
    assert (calls[0][4]["rate_limits"], calls[0][4]["on_request"]) == (limited, None)


def test_json_option_prints_records(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def run(host: str, port: int, *account: str, on_request: Any, on_listening: Any, **options: Any) -> None:
        assert account == (DEMO_API_KEY, DEMO_API_SECRET)
        on_listening("http://127.0.0.1:1")
        on_request(refused_record(verdict="OK"))

    for variable in CREDENTIALS:
        monkeypatch.delenv(variable, raising=False)
    monkeypatch.setattr("woox_fast.sandbox.run", run)
    assert cli.main(["sandbox", "--json"]) == 0
    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert (first["url"], second["verdict"]) == ("http://127.0.0.1:1", "OK")


def test_sandbox_reports_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = woox_fast("sandbox", "--port", str(port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(rf"woox-fast sandbox: cannot listen on 127\.0\.0\.1 port {port}: .*\n", result.stderr)


def print_records(records: list[RequestRecord], capsys: pytest.CaptureFixture[str], **options: Any) -> tuple[str, str]:
    printer = Printer(KEY, SECRET, **options)
    for one in records:
        printer(one)
    eventually(printer._queue.empty)
    printer.close()
    printer._thread.join(30)
    out, err = capsys.readouterr()
    assert SECRET not in out + err
    assert not re.search(r"[^\n\x20-\x7e]", out + err), "unsafe for a terminal"
    return out, err


def test_line_shows_message(capsys: pytest.CaptureFixture[str]) -> None:
    stale = refused_record(verdict="STALE_TIMESTAMP", code=-1002, message="It is 5 ms ahead of the server")
    fault = refused_record(verdict="FAULT", status=0, code=0, message="", fault="reset")
    after = refused_record(verdict="OK", status=200, code=0, message="", fault="reset-after")
    out, err = print_records([stale, fault, after], capsys)
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
    monkeypatch.setattr(ExplainWorker, "explain", lambda self, record: started.wait(60) and EXPLAINED)
    printer = Printer(KEY, SECRET)
    for _ in range(60):
        printer(refused_record())
    started.set()
    printer._queue.put(None)
    printer._thread.join(30)
    lines = capsys.readouterr().out.splitlines()
    assert sum("INVALID_SIGNATURE" in line for line in lines) == 60
    counts = [sum(words in line for line in lines) for words in ("the cause", "not explained: ")]
    assert counts in ([MAX_BURST - 1, 51], [MAX_BURST, 50])


def test_excess_lines_are_counted(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subcommand, "MAX_BACKLOG", 5)
    started = threading.Event()
    printer = Printer(KEY, SECRET)
    printer._print = lambda record: started.wait(60)  # type: ignore[method-assign]
    for _ in range(40):
        printer(refused_record(verdict="OK"))
        printer(refused_record())
    started.set()
    printer.close()
    printer._thread.join(60)
    found = re.search(r"sandbox: (\d+) requests came .*, (\d+) of which have a wrong", capsys.readouterr().err)
    assert found
    assert (int(found[1]), int(found[2])) in ((74, 37), (74, 38), (75, 38))  # 5 wait, and one may be in print


def test_unexplained_signature_shows_headline(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    unexplained = ExplainedRequest(False, "No cause found.", ("Is it your secret?",), b"to sign")
    monkeypatch.setattr(ExplainWorker, "explain", lambda self, record: unexplained)
    out, _ = print_records([refused_record()], capsys)
    assert out.splitlines()[1:] == ["    No cause found.", "    Is it your secret?", "    expected  'to sign'"]


def test_failed_line_is_reported(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ExplainWorker, "explain", lambda self, one: 1 / 0)
    good = refused_record(verdict="OK", status=200, code=0, message="")
    out, err = print_records([good, refused_record(), good], capsys)
    assert out.count("200 OK") == 2
    assert err == "woox-fast sandbox: a line could not be printed (ZeroDivisionError)\n"


HOSTILE = "\x1b[2J\x1b]0;owned\x07\x9b\u202e\ud800\udcff\n\r\0" + SECRET


@pytest.mark.parametrize("as_json", [False, True])
def test_hostile_texts_are_escaped(capsys: pytest.CaptureFixture[str], as_json: bool) -> None:
    body = HOSTILE.encode("utf-8", "surrogatepass")
    changes = dict.fromkeys(("stamp", "signature", "message"), HOSTILE)
    changes |= {"method": HOSTILE[:20], "target": "/" + HOSTILE}
    odd, faulty = (
        refused_record(**changes, body=body, size=len(body)),
        refused_record(**changes, verdict="FAULT", fault="reset"),
    )
    records = [odd, faulty, refused_record(f"{STAMP}get/v3/account/info")]
    out, err = print_records(records, capsys, as_json=as_json)
    assert err == ""
    if as_json:
        one, other, last = map(json.loads, out.splitlines())
        assert one["target"].endswith("<the secret>")
        assert other["fault"] == "reset"
        assert last["explanation"]["mistakes"][0]["name"] == "method-lower-case"
    else:
        assert "GET    /v3/account/info  401 INVALID_SIGNATURE  0.00 ms" in out
