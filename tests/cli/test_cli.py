"""The command line: verbs, exit statuses, and what it says when it cannot begin."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from typing import Any
from urllib.request import ProxyHandler, build_opener

import pytest

import woox_fast
from woox_fast import cli
from woox_fast.cli.common import UsageError
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET


def environment(**changes: str) -> dict[str, str]:
    return {**{name: value for name, value in os.environ.items() if not name.startswith("WOOX_API_")}, **changes}


def python(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, *arguments],
        env=environment(**changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def get(url: str) -> Any:
    with build_opener(ProxyHandler({})).open(url, timeout=10) as reply:
        return json.load(reply)


def test_version() -> None:
    result = python("-m", "woox_fast", "--version")
    assert (result.returncode, result.stdout) == (0, f"woox-fast {woox_fast.__version__}\n")


def test_help_lists_every_verb() -> None:
    result = python("-m", "woox_fast", "--help")
    assert result.returncode == 0
    for name, verb in cli.VERBS.items():
        assert re.search(rf"^ +{name}\s+{verb.summary.split()[0]} ", result.stdout, re.MULTILINE)


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_help(verb: str) -> None:
    result = python("-m", "woox_fast", verb, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert f"usage: woox-fast {verb}" in result.stdout


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["--nonsense"],
        ["sandbox", "--port", "-1"],
        ["sandbox", "--port", "65536"],
        ["sandbox", "--port", "http"],
        ["curl"],
        ["send", "GET"],
        ["send", "GET", "/v3/x", "--staging", "--production"],
        ["completion", "nonsense"],
        ["bench", "--seconds", "0"],
        ["demo", "--orders", "0"],
        ["demo", "--orders", "-5"],
        ["demo", "--orders", "1.5"],
        ["demo", "--orders", "²"],
        ["demo", "--orders", "9" * 5000],
    ],
)
def test_wrong_usage_is_exit_status_2(arguments: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit) as caught:
        cli.main(arguments)
    assert caught.value.code == 2
    assert "usage: woox-fast" in capsys.readouterr().err


@pytest.mark.parametrize("run", ["pass", "woox_fast.cli.main(['sign', 'GET', '/v3/x', '--example'])"])
def test_quick_start(run: str) -> None:
    heavy = {"aiohttp", "asyncio", "requests", "rich", "httpx", "ssl", "woox_fast._explain"}
    script = f"import sys, woox_fast.cli; {run}; print(sorted(sys.modules.keys() & {heavy}))"
    assert python("-c", script).stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("verb", "module"), [(name, module) for name, verb in cli.VERBS.items() for module in sorted(verb.modules)]
)
def test_a_missing_extra_is_one_clear_line(verb: str, module: str) -> None:
    arguments = [verb, *{"send": ["GET", "/v3/x", "--example"], "completion": ["bash"]}.get(verb, [])]
    script = f"import sys; sys.modules[{module!r}] = None; from woox_fast.cli import main; sys.exit(main({arguments}))"
    result = python("-c", script)
    assert (result.returncode, result.stdout) == (2, "")
    extra = cli.VERBS[verb].extra
    assert result.stderr == f"woox-fast {verb}: {module} is not installed; run: pip install 'woox-fast[{extra}]'\n"


def test_another_missing_module_is_not_blamed_on_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def run(_: Any) -> int:
        raise ModuleNotFoundError("No module named 'nonsense'", name="nonsense")

    monkeypatch.setattr("woox_fast.cli.demo.main", run)
    with pytest.raises(ModuleNotFoundError, match="nonsense"):
        cli.main(["demo"])


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [
        (UsageError("no such thing"), 2, "woox-fast demo: no such thing\n"),
        (KeyboardInterrupt(), 130, "woox-fast demo: interrupted\n"),
    ],
)
def test_exit_status_of_a_verb_that_gives_up(
    error: BaseException, status: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    def run(_: Any) -> int:
        raise error

    monkeypatch.setattr("woox_fast.cli.demo.main", run)
    assert cli.main(["demo"]) == status
    assert capsys.readouterr().err == line


# demo


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ([], (2000, None, ("k", "s"), {"really_send_orders": False, "client": "requests", "quiet": False})),
        (
            ["--orders", "7", "--url", "http://h", "--yes-really-send-orders", "--client", "all", "--json"],
            (7, "http://h", ("k", "s"), {"really_send_orders": True, "client": "all", "quiet": True}),
        ),
    ],
)
def test_what_the_demo_is_given(
    arguments: list[str], expected: tuple[Any, ...], monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    from woox_fast.cli.demo import report, run

    calls = []

    def record(orders: int, url: str | None, credentials: Any, **options: Any) -> report.Outcome:
        calls.append((orders, url, credentials, options))
        return report.Outcome(orders, url, {}).failed("no luck", 41)

    monkeypatch.setenv("WOOX_API_KEY", "k")
    monkeypatch.setenv("WOOX_API_SECRET", "s")
    monkeypatch.setattr(run, "run", record)
    assert cli.main(["demo", *arguments]) == 41
    assert calls == [expected]
    output = capsys.readouterr()
    if "--json" in arguments:
        assert (json.loads(output.out)["error"], output.err) == ("no luck", "")
    else:
        assert (output.out, output.err) == ("", "woox-fast demo: no luck\n")


def test_the_demo_refuses_another_machine_with_exit_status_2() -> None:
    result = python(
        "-m", "woox_fast", "demo", "--url", "http://127.0.0.1.evil.example", WOOX_API_KEY="k", WOOX_API_SECRET="hunter2"
    )
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr == (
        "woox-fast demo: http://127.0.0.1.evil.example is not this machine; "
        "orders go there only with --yes-really-send-orders\n"
    )


# sandbox


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
def test_sandbox_serves_until_it_is_told_to_stop(stop: int) -> None:
    with sandbox("--quiet") as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert url
            assert get(url[0] + "/v3/public/systemInfo")["success"] is True
            process.stdin.close()  # without the option this means nothing
            assert get(url[0] + "/v3/public/systemInfo")["success"] is True
            process.send_signal(stop)
            assert process.wait(20) == 0
            assert (process.stdout.read(), process.stderr.read()) == ("", "")
            assert DEMO_API_KEY in line
            assert DEMO_API_SECRET not in line
        finally:
            process.kill()


def test_ctrl_c_ends_the_sandbox_also_while_it_waits_for_the_end_of_its_standard_input() -> None:
    with sandbox("--stop-with-stdin", "--quiet") as process:
        try:
            assert "listening on" in process.stdout.readline()
            process.send_signal(signal.SIGINT)
            assert process.wait(20) == 0
        finally:
            process.kill()


def test_sandbox_stops_with_its_standard_input_if_asked() -> None:
    with sandbox("--stop-with-stdin", "--quiet", WOOX_API_KEY="key-of-mine", WOOX_API_SECRET="hunter2") as process:
        try:
            line = process.stdout.readline()
            url = re.search(r"http://127\.0\.0\.1:\d+", line)
            assert url
            process.stdin.write("this is no end\n")
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
def test_what_the_sandbox_is_given(arguments: list[str], limited: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    import woox_fast.sandbox

    calls = []
    monkeypatch.setenv("WOOX_API_KEY", "k")
    monkeypatch.setenv("WOOX_API_SECRET", "s")
    monkeypatch.setattr(woox_fast.sandbox, "run", lambda *given, **more: calls.append((*given, more)))
    assert cli.main(["sandbox", "--host", "::1", "--port", "0", "--quiet", *arguments]) == 0
    assert calls[0][:4] == ("::1", 0, "k", "s")
    assert (calls[0][4]["rate_limits"], calls[0][4]["on_request"]) == (limited, None)


def test_a_taken_port_is_one_clear_line() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        result = python("-m", "woox_fast", "sandbox", "--port", str(port))
    assert (result.returncode, result.stdout) == (1, "")
    assert re.fullmatch(rf"woox-fast sandbox: cannot listen on 127\.0\.0\.1 port {port}: .*\n", result.stderr)


@pytest.mark.parametrize("text", ["0", "0.09", "601", "1e2", "-1", "nan", "", "1.", "\u0661"])
@pytest.mark.parametrize("verb", ["bench", "explain"])
def test_seconds_that_cannot_be(capsys: pytest.CaptureFixture, verb: str, text: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        cli.main([verb, f"--seconds={text}"])
    assert f"--seconds: must be a number of seconds from 0.1 to 600, got {text!a}" in capsys.readouterr().err
