"""The command line as a whole: subcommands, exit status, and closed or full streams."""

from __future__ import annotations

import shlex
import subprocess
import sys
from unittest.mock import Mock

import pytest
from helpers.command import ORDER, SCRIPT, environment, in_shell, woox_fast
from helpers.oracle import NOW

import woox_fast as package
from woox_fast import cli
from woox_fast.cli.common import UsageError

SIGN = ("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example")


def python(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, *arguments], env=environment(), capture_output=True, text=True, timeout=60)


def run_redirected(redirection: str, *arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return in_shell(f"woox-fast {shlex.join(arguments)} {redirection}", **changes)


def test_version_option() -> None:
    result = python("-m", "woox_fast", "--version")
    assert (result.returncode, result.stdout) == (0, f"woox-fast {package.__version__}\n")


def test_no_arguments_print_help() -> None:
    result = woox_fast()
    assert (result.returncode, result.stdout) == (2, "")
    for subcommand in cli.SUBCOMMANDS.values():
        assert subcommand.summary.split()[0] in result.stderr


@pytest.mark.parametrize("name", cli.SUBCOMMANDS)
def test_help_ends_with_examples(name: str) -> None:
    shown = woox_fast(name, "--help").stdout
    assert "Exit status: 0" in shown
    examples = shown.partition("\nexamples:\n")[2]
    assert examples.count(f"woox-fast {name}") >= 2
    assert examples == woox_fast(name, "--help", COLUMNS="40").stdout.partition("\nexamples:\n")[2]


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["sandbox", "--port", "65536"],
        ["send", "GET"],
        ["send", "GET", "/v3/x", "--staging", "--production"],
        ["demo", "--orders", "0"],
        ["demo", "--orders", "²"],
        ["demo", "--orders", "9" * 5000],
    ],
)
def test_wrong_usage_exits_2(arguments: list[str]) -> None:
    result = woox_fast(*arguments)
    assert (result.returncode, result.stdout) == (2, "")
    assert "usage: woox-fast" in result.stderr
    assert len(result.stderr) < 4000


def test_start_imports_little() -> None:
    heavy = {"aiohttp", "asyncio", "requests", "rich", "httpx", "ssl", "woox_fast._explain"}
    for run in ("pass", "woox_fast.cli.main(['sign', 'GET', '/v3/x', '--example'])"):
        script = f"import sys, woox_fast.cli; {run}; print(sorted(sys.modules.keys() & {heavy}))"
        assert python("-c", script).stdout.endswith("[]\n")


@pytest.mark.parametrize(
    ("name", "module"), [(name, module) for name, each in cli.SUBCOMMANDS.items() for module in sorted(each.modules)]
)
def test_missing_extra_names_install_command(name: str, module: str) -> None:
    arguments = [name, *{"completion": ["bash"]}.get(name, [])]
    script = f"import sys; sys.modules[{module!r}] = None; from woox_fast.cli import main; sys.exit(main({arguments}))"
    result = python("-c", script)
    assert (result.returncode, result.stdout) == (2, "")
    extra = cli.SUBCOMMANDS[name].extra
    assert result.stderr == f"woox-fast {name}: {module} is not installed; run: pip install 'woox-fast[{extra}]'\n"


@pytest.mark.parametrize(
    "error",
    [ModuleNotFoundError("No module named 'x'", name="x"), PermissionError(13, "Permission denied", "elsewhere")],
)
def test_unexpected_errors_propagate(error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woox_fast.cli.bench.main", Mock(side_effect=error))
    with pytest.raises(type(error)):
        cli.main(["bench"])


@pytest.mark.parametrize(
    ("error", "status", "line"),
    [(UsageError("no such thing"), 2, " bench: no such thing"), (KeyboardInterrupt(), 130, ": interrupted")],
)
def test_failures_set_exit_status(
    error: BaseException, status: int, line: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.setattr("woox_fast.cli.bench.main", Mock(side_effect=error))
    assert cli.main(["bench"]) == status
    assert capsys.readouterr().err == f"woox-fast{line}\n"


@pytest.mark.parametrize(("arguments", "unbuffered"), [(SIGN, "1"), (SIGN, ""), (("--version",), "")])
def test_full_output_is_reported(arguments: tuple[str, ...], unbuffered: str) -> None:
    result = run_redirected("> /dev/full", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert result.returncode == 1
    assert result.stderr == "woox-fast: cannot write to standard output: No space left on device\n"


@pytest.mark.parametrize(("arguments", "unbuffered"), [(SIGN, "1"), (("completion", "bash"), "")])
def test_closed_pipe_is_silent(arguments: tuple[str, ...], unbuffered: str) -> None:
    result = run_redirected("| head -1; exit ${PIPESTATUS[0]}", *arguments, PYTHONUNBUFFERED=unbuffered)
    assert (result.stderr, len(result.stdout.splitlines())) == ("", 1)


@pytest.mark.parametrize("closed", ["<&-", ">&-", "2>&-"])
def test_closed_stream_prevents_work(closed: str) -> None:
    """A file or socket would get the number of the closed stream, and `--body -` could read the secret's file."""
    result = run_redirected(closed, "send", "POST", "/v3/trade/order", "--body", ORDER, "--example")
    assert (result.returncode, result.stdout) == (2, "")
    expected = "woox-fast: a standard stream is closed; redirect it to /dev/null instead\n"
    assert result.stderr == ("" if "2>" in closed else expected)


def test_full_errors_stay_silent() -> None:
    result = run_redirected("2> /dev/full", "sign", "GET", "/v3/x")
    assert result.returncode != 0
    assert (result.stdout, result.stderr) == ("", "")


@pytest.mark.parametrize(
    ("start", "variable"),
    [([sys.executable, "-m", "woox_fast"], "WOOX_FAST_BACKEND"), ([SCRIPT], "WOOX_FAST_SHA256")],
)
def test_unavailable_backend_is_reported(start: list[str], variable: str) -> None:
    variables = environment(**{variable: "nonsense"})
    result = subprocess.run(start, env=variables, capture_output=True, text=True, timeout=60)
    assert result.returncode in (1, 2)
    assert variable in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_launcher_hides_no_import_error(monkeypatch: pytest.MonkeyPatch) -> None:
    import _woox_fast_command

    monkeypatch.setattr(sys, "argv", ["woox-fast", "sign"])
    assert _woox_fast_command.main() == 2
    monkeypatch.setitem(sys.modules, "woox_fast.cli", None)
    monkeypatch.delattr("woox_fast.cli")
    with pytest.raises(ImportError):
        _woox_fast_command.main()
