"""Run `woox-fast` as users do: in this process, in a new process, in a shell or in a terminal."""

from __future__ import annotations

import io
import json
import os
import pty
import select
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

from helpers.oracle import KEY, SECRET
from woox_fast import cli

SCRIPT = str(Path(sys.executable).with_name("woox-fast"))
ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"60000","quantity":"0.01"}'
CREDENTIALS = {"WOOX_API_KEY": KEY, "WOOX_API_SECRET": SECRET}


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without credentials and colours, at 100 columns, plus `changes`."""
    dropped = ("WOOX_API_KEY", "WOOX_API_SECRET", "FORCE_COLOR", "NO_COLOR", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "COLUMNS": "100", **changes}


def woox_fast(*arguments: str, given: bytes | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a subcommand, and check that its output has neither the secret nor a traceback.

    It runs in this process, unless `changes` has a variable that Python or the package reads at its start.
    """
    if any(name.startswith(("WOOX_FAST_", "PYTHON", "PATH")) for name in changes):
        command = [SCRIPT, *arguments]
        done = subprocess.run(command, env=environment(**changes), input=given or b"", capture_output=True, timeout=60)
        status, out, err = done.returncode, done.stdout.decode(), done.stderr.decode()
    else:
        status, out, err = _call_main(arguments, given or b"", environment(**changes))
    assert SECRET not in out + err
    assert "Traceback" not in err
    return subprocess.CompletedProcess(arguments, status, out, err)


def _call_main(arguments: Sequence[str], given: bytes, variables: dict[str, str]) -> tuple[int, str, str]:
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8") for _ in range(2))
    with (
        patch.dict(os.environ, variables, clear=True),
        patch.object(sys, "stdin", io.TextIOWrapper(io.BytesIO(given), "utf-8")),
        redirect_stdout(out),
        redirect_stderr(err),
    ):
        try:
            status = cli.main(arguments)
        except SystemExit as exit:
            status = exit.code if isinstance(exit.code, int) else 1
        out.flush(), err.flush()
    return status, out.buffer.getvalue().decode(), err.buffer.getvalue().decode()


def answer(*arguments: str, status: int = 0, **more: Any) -> Any:
    """Return the JSON that a subcommand prints with --json, parsed as strict JSON."""
    result = woox_fast(*arguments, "--json", **more)
    assert result.returncode == status, result.stderr
    return json.loads(result.stdout, parse_constant=_refuse_constant)


def _refuse_constant(text: str) -> None:
    raise AssertionError(f"{text} is not JSON")


def in_shell(line: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a line of bash in which `woox-fast` is the installed program."""
    path = f"{Path(SCRIPT).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        env=environment(**{"PATH": path, **changes}),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def _has_pty() -> bool:
    try:
        ours, theirs = pty.openpty()
    except OSError:
        return False
    os.close(ours)
    os.close(theirs)
    return True


needs_pty = pytest.mark.skipif(not _has_pty(), reason="this machine has no pseudo-terminals (/dev/pts)")


@contextmanager
def terminal(*arguments: str, **changes: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """Start a subcommand in a terminal; yield its process and our end of the terminal."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *arguments],
        env=environment(TERM="xterm-256color", **changes),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(descriptor: int, words: bytes) -> bytes:
    """Return everything that a terminal shows until `words` appear, or until the program ends."""
    seen = b""
    deadline = time.monotonic() + 30
    while words not in seen and time.monotonic() < deadline and select.select([descriptor], [], [], 30)[0]:
        try:
            more = os.read(descriptor, 65536)
        except OSError:  # on Linux: the program closed its end
            break
        if not more:
            break
        seen += more
    return seen
