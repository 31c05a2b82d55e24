"""Test `woox-fast sandbox` as a process: its output for requests."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from helpers.command import CREDENTIALS, ORDER, SCRIPT, environment
from helpers.oracle import KEY, SECRET, oracle

from woox_fast import cli
from woox_fast.sandbox import FAULTS


@contextmanager
def own_sandbox(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0", *options],
        env=environment(**CREDENTIALS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        yield found[0], process
    finally:
        process.kill()
        process.communicate()


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
    with own_sandbox() as (url, process):
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
    with own_sandbox("--json") as (url, process):
        exchange_of(
            url,
            ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"),
            ("POST", "/v3/trade/order", ORDER, "{t}post/v3/trade/order" + ORDER.replace("{", "{{").replace("}", "}}")),
        )
        records = [json.loads(line) for line in lines_of(process, "method-lower-case")]
    assert [record["verdict"] for record in records] == ["OK", "INVALID_SIGNATURE"]
    assert [one["name"] for one in records[1]["explanation"]["mistakes"]] == ["method-lower-case"]
    with own_sandbox("--quiet") as (url, process):
        exchange_of(url, ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"))
        assert lines_of(process, "") == []


def test_hostile_requests_are_escaped() -> None:
    with own_sandbox() as (url, process):
        body = json.dumps({"a": "\x1b]0;owned\x07"}, ensure_ascii=False) + "\x9b\u202e\x1b[2J" + SECRET
        exchange_of(
            url,
            ("POST", "/v3/trade/order", body, "x"),
            ("GET", "/v3/\u202e\x9b", "", "x"),
            ("GET", f"/v3/asset/balances?{SECRET}", "", "{t}GET/v3/asset/balances"),
        )
        lines = lines_of(process, r"GET +/v3/asset/balances\?")
    assert not re.search(r"[^\n\x20-\x7e]", "\n".join(lines))
    assert len([line for line in lines if re.match(r"\d\d:", line)]) == 3


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
