"""Logs and output contain no secret: from clients, their libraries, Python or the sandbox."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import key_traces
from helpers.backends import BUILT
from helpers.slow import slow_after

LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# Client → texts that only the lowest log level prints, written at once because two threads print.
SHOWN = {
    "requests session": ["urllib3.connectionpool DEBUG", "b'POST /v3/trade/order HTTP/1.1\\r"],
    "requests auth": ["urllib3.connectionpool DEBUG", "b'POST /v3/trade/order HTTP/1.1\\r"],
    "httpx": ["httpcore.http11 DEBUG", "httpx INFO", "x-api-signature"],
    "httpx async": ["httpcore.http11 DEBUG", "httpx INFO"],
    "aiohttp connector": ["asyncio DEBUG", "TraceRequestStartParams"],
    "gateway": ["x-api-signature: "],
    "gateway async": ["asyncio DEBUG", "x-api-signature: "],
    "ccxt": ["fetch Request:", "x-api-signature", "urllib3.connectionpool DEBUG"],
    "ccxt async": ["fetch Request:", "x-api-signature", "asyncio DEBUG"],
}


def run_all_clients(backend: str, secrets: list[str]) -> str:
    """Return the output of tests/helpers/logging_clients.py in Python's development mode."""
    tests = Path(__file__).parents[1]
    path = os.pathsep.join([str(tests), os.environ.get("PYTHONPATH", "")]).rstrip(os.pathsep)
    command = [sys.executable, "-X", "dev", tests / "helpers" / "logging_clients.py"]
    result = subprocess.run(
        command,
        input="".join(f"{secret}\n" for secret in secrets),
        env=os.environ | {"WOOX_FAST_BACKEND": backend, "PYTHONASYNCIODEBUG": "1", "PYTHONPATH": path},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def find_traces(secrets: list[str]) -> dict[str, list[bytes]]:
    return {f"{i} {name}": parts for i in (0, 1) for name, parts in key_traces.traces(secrets[i].encode()).items()}


@pytest.mark.parametrize("backend", slow_after(1, [*BUILT, "python"]))
def test_output_contains_no_secret(backend):
    # HMAC uses a short key unchanged, but hashes a long key.
    secrets = ["".join(random.SystemRandom().choices(LETTERS, k=size)) for size in (28, 70)]
    output = run_all_clients(backend, secrets)
    _, *parts = re.split(r"\n== (.+)\n", output)
    *sections, (last, leak) = zip(parts[::2], parts[1::2], strict=True)
    assert last == "leak"
    assert key_traces.find_in_text(output.removesuffix(leak).encode(), find_traces(secrets)) == set()
    # The controls: the search finds a logged secret, and every client logged.
    assert key_traces.find_in_text(leak.encode(), find_traces(secrets)) == {"0 secret", "1 secret"}
    for name, shown in SHOWN.items():
        accepted, refused, nobody = (text for each, text in sections if each == name)
        assert [word for word in ("/v3/trade/order", *shown) if word not in accepted] == []
        assert "INVALID_SIGNATURE" in refused or "-1001" in refused
        assert "Traceback" in nobody
    name, sandbox = sections[-1]
    assert name == "sandbox"
    assert "'INVALID_SIGNATURE': 9" in sandbox
    assert "asyncio WARNING Executing <Task" in output
