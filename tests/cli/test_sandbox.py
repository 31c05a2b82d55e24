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
from contextlib import contextmanager
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from helpers.command import CREDENTIALS, ORDER, SCRIPT, environment, woox_fast
from helpers.oracle import KEY, SECRET, oracle

from woox_fast import cli
from woox_fast.cli import sandbox as subcommand
from woox_fast.cli.sandbox import MAX_BURST, Printer
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, FAULTS, RequestRecord
from woox_fast.sandbox.explain_worker import ExplainedRequest, ExplainWorker

STAMP = "1795000000000"
EXPLAINED = ExplainedRequest(True, "", ("the cause",))


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url + "/v3/public/systemInfo", timeout=10) as response:
        return json.load(response)


@contextmanager
def own_sandbox(*options: str, **changes: str) -> Iterator[tuple[str, subprocess.Popen[str], str]]:
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


def exchange_of(url: str, *requests: tuple[str, str, str, str]) -> None:
    """Send every (method, target, body, string to sign); "{t}" in the string stands for the timestamp."""
    host, port = url.removeprefix("http://").split(":")
    for method, target, body, text in requests:
        stamp = str(time.time_ns() // 1_000_000)
        signature = oracle(text.format(t=stamp).encode())
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body.encode())}\r\nx-api-key: {KEY}\r\n"
                f"x-api-timestamp: {stamp}\r\nx-api-signature: {signature}\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\n\r\n{body}".encode()
            )
            while connection.recv(65536):
                pass


def lines_of(process: subprocess.Popen[str], last: str) -> list[str]:
    """Return the output up to the line that matches `last`, then stop the process."""
    lines: list[str] = []
    while last and not (lines and re.search(last, lines[-1])):
        line = process.stdout.readline()
        assert line, lines
        lines.append(line.rstrip("\n"))
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert err == ""
    assert SECRET not in "\n".join(lines) + out
    return lines + out.splitlines()


def test_requests_are_printed_and_explained() -> None:
    with own_sandbox(**CREDENTIALS) as (url, process, _):
        exchange_of(
            url,
            ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"),
            ("DELETE", "/v3/trade/orders?symbol=SPOT_BTC_USDT", "", "{t}DELETE/v3/trade/orders"),
            ("GET", "/v3/asset/balances", "", "nothing of the kind"),
        )
        lines = lines_of(process, r"expected .*GET/v3/asset/balances'$")
    when = r"\d\d:\d\d:\d\d\.\d{3} "
    assert re.fullmatch(when + r"GET    /v3/asset/balances  200 OK  \d+\.\d\d ms", lines[0])
    assert re.fullmatch(when + r"DELETE /v3/trade/orders\?symbol=SPOT_BTC_USDT  401 INVALID_SIGNATURE  .* ms", lines[1])
    first = next(number for number, line in enumerate(lines) if line.startswith("    expected"))
    assert lines[2].startswith("    The query was sent but not signed.")
    del lines[3:first]
    assert re.fullmatch(r"    expected  '\d{13}DELETE/v3/trade/orders\?symbol=SPOT_BTC_USDT'", lines[3])
    assert re.fullmatch(r"    signed    '\d{13}DELETE/v3/trade/orders'", lines[4])
    assert lines[5].strip() == "^" * len("?symbol=SPOT_BTC_USDT")
    said = " ".join(line.strip() for line in lines[7:-1])
    assert re.search(r"\bNo (?:known mistake|cause found)", said)
    assert re.search(r"Your secret is not the one", said)
    assert max(map(len, lines)) <= 100
    assert re.fullmatch(r"    expected  '\d{13}GET/v3/asset/balances'", lines[-1])


def test_json_and_quiet_output() -> None:
    with own_sandbox("--json", **CREDENTIALS) as (url, process, _):
        exchange_of(
            url,
            ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"),
            ("POST", "/v3/trade/order", ORDER, "{t}post/v3/trade/order" + ORDER.replace("{", "{{").replace("}", "}}")),
        )
        records = [json.loads(line) for line in lines_of(process, "method-lower-case")]
    assert [record["verdict"] for record in records] == ["OK", "INVALID_SIGNATURE"]
    assert [one["name"] for one in records[1]["explanation"]["mistakes"]] == ["method-lower-case"]
    with own_sandbox("--quiet", **CREDENTIALS) as (url, process, _):
        exchange_of(url, ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"))
        assert lines_of(process, "") == []


def test_faults_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sandbox", "--list-faults"]) == 0
    lines = capsys.readouterr().out
    assert cli.main(["sandbox", "--list-faults", "--json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert list(listed) == list(FAULTS)
    for name, fault in FAULTS.items():
        assert listed[name] == {"usage": fault.usage, "what": fault.sentence, "example": fault.example}
        assert re.search(rf"^{name}\b", lines, re.MULTILINE)


def test_empty_host_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sandbox", "--host", ""]) == 2
    assert "--host must be an address such as 127.0.0.1" in capsys.readouterr().err


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_sandbox_stops_on_signals(stop: int) -> None:
    with own_sandbox("--quiet") as (url, process, line):
        process.stdin.close()
        assert get(url)["success"] is True
        process.send_signal(stop)
        assert process.wait(20) == 0
        assert (process.stdout.read(), process.stderr.read()) == ("", "")
    assert DEMO_API_KEY in line
    assert DEMO_API_SECRET not in line


@pytest.mark.parametrize("is_interrupted", [False, True])
def test_sandbox_stops_with_stdin(is_interrupted: bool) -> None:
    mine = {"WOOX_API_KEY": "key-of-mine", "WOOX_API_SECRET": "hunter2"}
    with own_sandbox("--stop-with-stdin", "--quiet", **mine) as (url, process, line):
        process.stdin.write("more input\n")
        process.stdin.flush()
        assert get(url)["success"] is True
        if is_interrupted:
            process.send_signal(signal.SIGINT)
        else:
            process.stdin.close()
        assert process.wait(20) == 0
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


def test_sandbox_reports_taken_port() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = woox_fast("sandbox", "--port", str(port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(rf"woox-fast sandbox: cannot listen on 127\.0\.0\.1 port {port}: .*\n", result.stderr)


def record(signed: str = f"{STAMP}GET/v3/account/info", **changes: Any) -> RequestRecord:
    """Return a record for a refused GET with the signature of `signed`."""
    made = RequestRecord(1_795_000_000_000, "GET", "/v3/account/info", 401, -1001, "INVALID_SIGNATURE", 1.0, STAMP)
    return made._replace(**{"signature": oracle(signed.encode()), "message": "Wrong.", **changes})


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
    changes = {"method": HOSTILE[:20], "target": "/" + HOSTILE}
    changes |= dict.fromkeys(("stamp", "signature", "message"), HOSTILE)
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
