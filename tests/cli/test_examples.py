"""Every example in --help, run against the test's sandbox."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest
from helpers.command import environment, woox_fast
from helpers.oracle import SECRET
from helpers.slow import slow

from woox_fast import _credentials, cli
from woox_fast.cli import common
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

# The default sandbox becomes the test's, and new sandboxes listen on a free port: the default port may be in use.
LAUNCHER = """#!{python}
import sys
from woox_fast import cli
from woox_fast.cli import common
common.SANDBOX_URL, common.SANDBOX_PORT = {url!r}, 0
sys.exit(cli.main())
"""
EXAMPLES = [example for name in cli.SUBCOMMANDS for example in import_module(f"woox_fast.cli.{name}").EXAMPLES]
SERVERS = [example for example in EXAMPLES if example.startswith("woox-fast sandbox")]
LONG = [example for example in EXAMPLES if example.startswith(("woox-fast demo", "woox-fast bench"))]
# Examples with shell operators run in bash.
LINES = [each for each in EXAMPLES if each not in SERVERS and any(sign in each for sign in ("|", "&&", "$("))]
CALLS = [each for each in EXAMPLES if each not in (*SERVERS, *LINES)]


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


@pytest.fixture
def variables(url: str, tmp_path: Path) -> dict[str, str]:
    """Return an environment with an empty home, in which `woox-fast` uses the test's sandbox."""
    launcher = tmp_path / "bin" / "woox-fast"
    launcher.parent.mkdir()
    launcher.write_text(LAUNCHER.format(python=sys.executable, url=url))
    launcher.chmod(0o755)
    return environment(PATH=f"{launcher.parent}:{os.environ['PATH']}", HOME=str(tmp_path))


@pytest.mark.parametrize("example", [slow(each) if each in LONG else each for each in CALLS])
def test_example_succeeds(example: str, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(common, "SANDBOX_URL", url)
    line = example.replace(f"http://127.0.0.1:{common.SANDBOX_PORT}", url).replace("\\\n", " ")
    result = woox_fast(*shlex.split(line)[1:])
    assert result.stdout
    if example.startswith("woox-fast check") and "compiled core" in result.stdout:
        assert result.returncode == 1
    else:
        assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.parametrize("example", LINES)
def test_shell_example_succeeds(example: str, variables: dict[str, str], tmp_path: Path) -> None:
    if example.endswith(" sh") and not any(Path(folder, "curl").exists() for folder in os.environ["PATH"].split(":")):
        pytest.skip("curl is not installed")
    done = subprocess.run(
        ["bash", "-c", example], cwd=tmp_path, env=variables, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    assert SECRET not in done.stdout + done.stderr
    assert ('"success":true' in done.stdout) if example.endswith(" sh") else not done.stderr


@pytest.mark.parametrize("example", [SERVERS[0], *map(slow, SERVERS[1:])])
def test_server_example_runs_until_stopped(example: str, variables: dict[str, str], tmp_path: Path) -> None:
    with subprocess.Popen(
        ["bash", "-c", f"exec {example}"], cwd=tmp_path, env=variables,
        stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        printed = tmp_path / "requests.jsonl"
        if printed.name in example:
            while not printed.exists() or "\n" not in printed.read_text():
                assert process.poll() is None
        else:
            assert "listening on http://127.0.0.1:" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.communicate(timeout=60)[1] == ""
    assert process.returncode == 0


def test_example_credentials_match_sandbox() -> None:
    assert (_credentials.API_KEY, _credentials.API_SECRET) == (DEMO_API_KEY, DEMO_API_SECRET)
    assert f"http://127.0.0.1:{common.SANDBOX_PORT}" == common.SANDBOX_URL
