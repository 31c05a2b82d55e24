"""What every verb has: help, examples, exit statuses, and an output that fits the terminal."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys

import pytest
from helpers.command import SCRIPT, environment, read_until, terminal, woox_fast
from helpers.oracle import NOW, oracle

from woox_fast import _credentials, cli
from woox_fast.cli import show
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET

# common


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_with_examples(verb: str) -> None:
    result = woox_fast(verb, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "--json" in result.stdout
    assert re.search(rf"examples:\n  woox-fast {verb}", result.stdout)


def test_the_examples_are_no_wrong_usage() -> None:
    for verb in cli.VERBS:
        module = __import__(f"woox_fast.cli.{verb}", fromlist=["EXAMPLES"])
        for example in module.EXAMPLES:
            words = shlex.split(re.split(r" [|>] ", example)[0])
            assert cli.parser().parse_args(words).verb == verb


def test_the_example_credentials_are_the_sandboxs() -> None:
    assert (_credentials.API_KEY, _credentials.API_SECRET) == (DEMO_API_KEY, DEMO_API_SECRET)


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{shlex.quote(SCRIPT)} completion bash | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, timeout=60)
    assert (result.stderr, len(result.stdout.splitlines())) == ("", 1)


# terminal


def test_colour_on_a_terminal_and_none_without_rich() -> None:
    arguments = ["sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example"]
    with terminal(*arguments) as (_, screen):
        seen = read_until(screen, b"urlencoded")
    assert b"\x1b[32m" + oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    with terminal(*arguments, NO_COLOR="1") as (_, screen):
        assert b"\x1b" not in read_until(screen, b"urlencoded")


def test_plain_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setattr(show, "_console", None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example"]) == 0
    out = capsys.readouterr().out
    assert oracle(f"{NOW}GET/v3/x".encode()) in out
    assert "\x1b" not in out
