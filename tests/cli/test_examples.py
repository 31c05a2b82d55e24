"""Each example that --help prints is run as it is printed, against a sandbox on a port of the test's own."""

from __future__ import annotations

import io
import os
import re
import signal
import stat
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import redirect_stdout, suppress
from pathlib import Path
from typing import Any

import pytest
from helpers.command import environment
from helpers.oracle import SECRET
from helpers.slow import slow

from woox_fast import _credentials, cli
from woox_fast.cli.common import SANDBOX_PORT, SANDBOX_URL
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

# Another may have a sandbox on the default port: here the defaults are the test's own sandbox, and any free port.
WRAPPER = """#!{python}
import sys
from woox_fast import cli
from woox_fast.cli import common
common.SANDBOX_URL, common.SANDBOX_PORT = {url!r}, 0
sys.exit(cli.main())
"""


def printed_help(verb: str) -> str:
    with redirect_stdout(io.StringIO()) as printed, pytest.MonkeyPatch.context() as patch, suppress(SystemExit):
        patch.setenv("COLUMNS", "80")
        cli.main([verb, "--help"])
    return printed.getvalue()


def examples() -> list[str]:
    """Whole commands, as the help of each verb prints them."""
    found = []
    for verb in cli.VERBS:
        text = printed_help(verb).partition("\nexamples:\n")[2]
        commands = re.split(r"^  (?! )", text, flags=re.MULTILINE)[1:]
        assert commands, verb
        found += [command.rstrip("\n") for command in commands]
    return found


EXAMPLES = examples()


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


@pytest.fixture
def run(url: str, tmp_path: Path) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts a command in bash, in an empty home of its own."""
    programs = tmp_path / "bin"
    programs.mkdir()
    wrapper = programs / "woox-fast"
    wrapper.write_text(WRAPPER.format(python=sys.executable, url=url))
    wrapper.chmod(wrapper.stat().st_mode | stat.S_IXUSR)
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


def test_each_verb_has_examples() -> None:
    assert len(EXAMPLES) >= 2 * len(cli.VERBS)
    for verb in cli.VERBS:
        assert any(f"woox-fast {verb}" in example for example in EXAMPLES)


# The tests of the verbs run the same with fewer orders, clients and seconds.
LONG = (
    "woox-fast demo",
    "woox-fast demo --orders 200 --client all",
    "woox-fast bench",
    "woox-fast bench --seconds 5 --json",
)


@pytest.mark.parametrize(
    "example",
    [slow(one) if one in LONG else one for one in EXAMPLES if not one.startswith("woox-fast sandbox")],
)
def test_example(example: str, run: Any) -> None:
    process = run(example)
    out, err = process.communicate(timeout=120)
    assert SECRET not in out + err
    assert "Traceback" not in err
    if example.startswith("woox-fast check") and "compiled core" in out:
        assert process.returncode == 1
        return
    assert process.returncode == 0, err
    if not example.endswith(" sh"):  # curl shows how far it is
        assert err == ""
    if "completion" not in example:
        assert out
    if example.endswith(" sh"):  # what curl printed was accepted
        assert '"success":true' in out


@pytest.mark.parametrize("example", [one for one in EXAMPLES if one.startswith("woox-fast sandbox")])
def test_example_that_runs_until_it_is_stopped(example: str, run: Any, tmp_path: Path) -> None:
    process = run(f"exec {example}")
    printed = tmp_path / "requests.jsonl"
    if str(printed.name) in example:
        while not printed.exists() or "\n" not in printed.read_text():
            assert process.poll() is None
    else:
        assert "listening on http://127.0.0.1:" in process.stdout.readline()
    os.killpg(process.pid, signal.SIGINT)
    _, err = process.communicate(timeout=30)
    assert (process.returncode, err) == (0, "")


def test_an_example_that_fails_is_seen_to(run: Any) -> None:
    """The control."""
    process = run("woox-fast sign GET /v3/x --no-such-option --example")
    assert "unrecognized arguments: --no-such-option" in process.communicate(timeout=60)[1]
    assert process.returncode == 2


def test_the_example_credentials_are_the_sandboxs() -> None:
    assert (_credentials.API_KEY, _credentials.API_SECRET) == (DEMO_API_KEY, DEMO_API_SECRET)
    assert f"http://127.0.0.1:{SANDBOX_PORT}" == SANDBOX_URL
