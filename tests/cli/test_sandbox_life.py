"""The life of `woox-fast sandbox`: how it starts and stops."""

from __future__ import annotations

import json
import re
import signal
import socket
import subprocess
import sys
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest
from helpers.command import environment, woox_fast

from woox_fast import cli
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=10) as response:
        return json.load(response)


def sandbox(*arguments: str, **changes: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "woox_fast", "sandbox", "--port", "0", *arguments],
        env=environment(**changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


@pytest.mark.parametrize("stop", [signal.SIGINT, signal.SIGTERM])
def test_sandbox_stops_on_signals(stop: int) -> None:
    with sandbox("--quiet") as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert url
            assert get(url[0] + "/v3/public/systemInfo")["success"] is True
            process.stdin.close()
            assert get(url[0] + "/v3/public/systemInfo")["success"] is True
            process.send_signal(stop)
            assert process.wait(20) == 0
            assert (process.stdout.read(), process.stderr.read()) == ("", "")
            assert DEMO_API_KEY in line
            assert DEMO_API_SECRET not in line
        finally:
            process.kill()


def test_sandbox_reading_stdin_stops_on_interrupt() -> None:
    with sandbox("--stop-with-stdin", "--quiet") as process:
        try:
            assert "listening on" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_sandbox_stops_with_stdin() -> None:
    with sandbox("--stop-with-stdin", "--quiet", WOOX_API_KEY="key-of-mine", WOOX_API_SECRET="hunter2") as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert url
            process.stdin.write("more input\n")
            process.stdin.flush()
            assert get(url[0] + "/v3/public/systemInfo")["success"] is True
            process.stdin.close()
            assert process.wait(20) == 0
            assert (process.stdout.read(), process.stderr.read()) == ("", "")
            assert "key-of-mine" in line
            assert "hunter2" not in line
        finally:
            process.kill()


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
