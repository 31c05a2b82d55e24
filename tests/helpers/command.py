"""The installed `woox-fast`, run as a user runs it: in a process of its own, in a terminal of its own."""

from __future__ import annotations

import json
import os
import pty
import select
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from helpers.oracle import KEY, SECRET

SCRIPT = str(Path(sys.executable).with_name("woox-fast"))
ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"60000","quantity":"0.01"}'
CREDENTIALS = {"WOOX_API_KEY": KEY, "WOOX_API_SECRET": SECRET}


def environment(**changes: str) -> dict[str, str]:
    """This process's environment without credentials and colours, at 100 columns, its output in blocks as usual."""
    dropped = ("WOOX_API_KEY", "WOOX_API_SECRET", "FORCE_COLOR", "NO_COLOR", "PYTHONUNBUFFERED")
    kept = {name: value for name, value in os.environ.items() if name not in dropped}
    return {**kept, "COLUMNS": "100", **changes}


def woox_fast(*arguments: str, given: bytes | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    """Run a verb to its end. Whatever it does, it shows neither the secret nor a traceback."""
    result = subprocess.run(
        [SCRIPT, *arguments], env=environment(**changes), input=given or b"", capture_output=True, timeout=60
    )
    out, err = result.stdout.decode(), result.stderr.decode()
    assert SECRET not in out + err
    assert "Traceback" not in err
    return subprocess.CompletedProcess(result.args, result.returncode, out, err)


def answer(*arguments: str, status: int = 0, **more: Any) -> Any:
    """What a verb prints with --json."""
    result = woox_fast(*arguments, "--json", **more)
    assert result.returncode == status, result.stderr
    return json.loads(result.stdout)


def in_shell(line: str, **changes: str) -> subprocess.CompletedProcess[str]:
    """A line of bash, in which `woox-fast` is the installed one."""
    path = f"{Path(SCRIPT).parent}:{os.environ['PATH']}"
    return subprocess.run(
        ["bash", "-c", line],
        env=environment(PATH=path, **changes),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=60,
    )


def bash(*arguments: str) -> str:
    """`woox-fast` and its arguments as bash reads them."""
    return shlex.join(["woox-fast", *arguments])


def _has_pty() -> bool:
    try:
        ours, theirs = pty.openpty()
    except OSError:
        return False
    os.close(ours)
    os.close(theirs)
    return True


needs_pty = pytest.mark.skipif(not _has_pty(), reason="needs a pseudo-terminal, and this machine gives none (/dev/pts)")


@contextmanager
def terminal(*arguments: str, **changes: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The verb in a terminal of its own, and our end of that."""
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
    """What a terminal shows until `words` are there, or all of it if they never come."""
    seen = b""
    deadline = time.monotonic() + 30
    while words not in seen and time.monotonic() < deadline and select.select([descriptor], [], [], 30)[0]:
        try:
            more = os.read(descriptor, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not more:
            break
        seen += more
    return seen
