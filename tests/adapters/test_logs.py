"""No log or print of a client, its libraries, Python or the sandbox gives a key away."""

from __future__ import annotations

import base64
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
# Adapter -> texts that only the lowest log level shows; each is one write, since two threads print.
SHOWN = {
    "requests": ["urllib3.connectionpool DEBUG", "b'POST /v3/trade/order HTTP/1.1\\r"],
    "httpx": ["httpcore.http11 DEBUG", "httpx INFO"],
    "httpx async": ["httpcore.http11 DEBUG", "httpx INFO"],
    "aiohttp": ["asyncio DEBUG", "TraceRequestStartParams"],
    "gateway": ["x-api-signature: ", "<Reply 200"],
    "gateway async": ["asyncio DEBUG", "<Reply 200"],
    "ccxt": ["fetch Request:", "x-api-signature", "urllib3.connectionpool DEBUG"],
    "ccxt async": ["fetch Request:", "x-api-signature", "asyncio DEBUG"],
}


def everything_said(backend: str, secrets: list[str]) -> str:
    """Standard output and standard error of tests/helpers/logged.py, with Python's development mode on."""
    command = [sys.executable, "-X", "dev", Path(__file__).parents[1] / "helpers" / "logged.py"]
    result = subprocess.run(
        command,
        input="".join(f"{secret}\n" for secret in secrets),
        env=os.environ | {"WOOX_FAST_BACKEND": backend, "PYTHONASYNCIODEBUG": "1"},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        timeout=120,
    )
    assert result.returncode == 0, result.stdout[-3000:]
    return result.stdout


def traces(secrets: list[str]) -> dict[str, list[bytes]]:
    return {f"{i} {name}": parts for i in (0, 1) for name, parts in key_traces.traces(secrets[i].encode()).items()}


@pytest.mark.parametrize("backend", slow_after(1, [*BUILT, "python"]))
def test_nothing_that_is_logged_or_printed_tells_a_key(backend):
    # One that is a key as it is, and one that is hashed first.
    secrets = ["".join(random.SystemRandom().choices(LETTERS, k=size)) for size in (28, 70)]
    said = everything_said(backend, secrets)
    _, *parts = re.split(r"\n== (.+)\n", said)
    *heard, (last, leak) = zip(parts[::2], parts[1::2], strict=True)
    assert last == "leak"
    assert key_traces.find_in_text(said.removesuffix(leak).encode(), traces(secrets)) == set()
    # The controls: what is logged is found, and all of it was heard.
    assert key_traces.find_in_text(leak.encode(), traces(secrets)) == {"0 secret", "1 secret"}
    for name, shown in SHOWN.items():
        accepted, refused, nobody = (text for each, text in heard if each == name)
        assert [word for word in ("/v3/trade/order", *shown) if word not in accepted] == []
        assert "INVALID_SIGNATURE" in refused or "-1001" in refused
        assert "Traceback" in nobody
    name, sandbox = heard[-1]
    assert name == "sandbox"
    assert "'INVALID_SIGNATURE': 9" in sandbox
    assert "asyncio WARNING Executing <Task" in said


def test_each_spelling_of_what_tells_a_key_is_found():
    wanted = traces(["QHKRXHPAW1MC9YGZMAT8YDJG2HPR", LETTERS * 2])
    for name, chunks in wanted.items():
        for chunk in chunks:
            shown = base64.b64encode(b"a" + chunk).decode(), chunk.hex(), str(list(chunk)), repr(chunk)
            assert all(key_traces.find_in_text(f"a {each} b".encode(), {name: [chunk]}) == {name} for each in shown)
