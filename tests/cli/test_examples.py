"""Every example in --help, run as printed against the test's sandbox."""

from __future__ import annotations

import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from helpers.command import environment, woox_fast
from helpers.oracle import SECRET
from helpers.slow import slow

from woox_fast import _credentials, cli
from woox_fast.cli.common import SANDBOX_PORT, SANDBOX_URL
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

# The default sandbox becomes the test's, and new sandboxes listen on a free port: the default port may be in use.
LAUNCHER = """#!{python}
import sys
from woox_fast import cli
from woox_fast.cli import common
common.SANDBOX_URL, common.SANDBOX_PORT = {url!r}, 0
sys.exit(cli.main())
"""
SECONDS_LONG = (
    "woox-fast demo",
    "woox-fast demo --orders 500 --connections 4 --json",
    "woox-fast bench",
    "woox-fast bench --seconds 5 --json",
)

Start = Callable[[str], "subprocess.Popen[str]"]


def examples_of(name: str) -> list[str]:
    """Return whole commands, as the help prints them."""
    text = woox_fast(name, "--help", COLUMNS="80").stdout.partition("\nexamples:\n")[2]
    return [command.rstrip("\n") for command in re.split(r"^  (?! )", text, flags=re.MULTILINE)[1:]]


EXAMPLES = [example for name in cli.SUBCOMMANDS for example in examples_of(name)]
SERVERS = [example for example in EXAMPLES if example.startswith("woox-fast sandbox")]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


@pytest.fixture
def start(url: str, tmp_path: Path) -> Iterator[Start]:
    """Return a function that starts a command in bash, in an empty home."""
    programs = tmp_path / "bin"
    programs.mkdir()
    launcher = programs / "woox-fast"
    launcher.write_text(LAUNCHER.format(python=sys.executable, url=url))
    launcher.chmod(launcher.stat().st_mode | stat.S_IXUSR)
    started = []

    def start(command: str) -> subprocess.Popen[str]:
        process = subprocess.Popen(
            ["bash", "-c", command.replace(SANDBOX_URL, url)],
            cwd=tmp_path,
            env=environment(PATH=f"{programs}:{os.environ['PATH']}", HOME=str(tmp_path)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


@pytest.mark.parametrize("name", cli.SUBCOMMANDS)
def test_help_has_examples(name: str) -> None:
    examples = examples_of(name)
    assert len(examples) >= 2
    assert all(f"woox-fast {name}" in example for example in examples)


@pytest.mark.parametrize(
    "example", [slow(each) if each in SECONDS_LONG else each for each in EXAMPLES if each not in SERVERS]
)
def test_example_succeeds(example: str, start: Start) -> None:
    if example.endswith(" sh") and not any(Path(folder, "curl").exists() for folder in os.environ["PATH"].split(":")):
        pytest.skip("curl is not installed")
    process = start(example)
    out, err = process.communicate(timeout=120)
    assert SECRET not in out + err
    assert "Traceback" not in err
    if example.startswith("woox-fast check") and "compiled core" in out:
        assert process.returncode == 1
        return
    assert process.returncode == 0, err
    if example.endswith(" sh"):  # curl reports its progress to standard error
        assert '"success":true' in out
    else:
        assert err == ""
        assert bool(out) is ("completion" not in example)


@pytest.mark.parametrize("example", [SERVERS[0], *map(slow, SERVERS[1:])])
def test_server_example_runs_until_stopped(example: str, start: Start, tmp_path: Path) -> None:
    process = start(f"exec {example}")
    printed = tmp_path / "requests.jsonl"
    if printed.name in example:
        while not printed.exists() or "\n" not in printed.read_text():
            assert process.poll() is None
    else:
        assert "listening on http://127.0.0.1:" in process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_example_credentials_match_sandbox() -> None:
    assert (_credentials.API_KEY, _credentials.API_SECRET) == (DEMO_API_KEY, DEMO_API_SECRET)
    assert f"http://127.0.0.1:{SANDBOX_PORT}" == SANDBOX_URL
