"""The verbs that look at this installation: check, bench and completion."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, answer, woox_fast
from helpers.oracle import SECRET

from woox_fast.sandbox import Sandbox


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


# check


def test_check_without_an_exchange() -> None:
    items = {item["name"]: item for item in answer("check", **CREDENTIALS)["items"]}
    assert list(items) == ["version", "backend", "self-test", "speed", "environment", "extras", "clock"]
    assert items["environment"]["found"] == "WOOX_API_KEY, WOOX_API_SECRET set"
    assert items["clock"]["found"] == "not compared"
    assert re.search(r"\d ns a signature, hmac.new [\d,]+ ns: [\d.]+ times", items["speed"]["found"])


def test_check_compares_the_clock(url: str) -> None:
    result = woox_fast("check", "--url", url)
    assert re.search(r"clock +ok the exchange is [+-]\d+ ms from here \(round trip \d+ ms\)", result.stdout)
    with Sandbox(clock=lambda: time.time() + 100) as ahead:
        (clock,) = [one for one in answer("check", "--url", ahead, status=1)["items"] if one["name"] == "clock"]
    assert clock["good"] is False
    assert re.fullmatch(r"the exchange is \+(99|100)\d{3} ms from here .*", clock["found"])
    assert re.search(r"clock_offset_ms=(99|100)\d{3}\b", clock["advice"])


def test_check_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    held = {"WOOX_API_KEY": "", "WOOX_API_SECRET": f" {SECRET}", "WOOX_FAST_BACKEND": "python"}
    items = answer("check", "--url", free, status=1, **held)["items"]
    bad = {item["name"]: item for item in items if not item["good"]} | {"speed": None}  # as it may be on this backend
    assert list(bad) == ["backend", "credentials", "WOOX_API_SECRET", "clock", "speed"] or list(bad) == [
        "backend",
        "speed",
        "credentials",
        "WOOX_API_SECRET",
        "clock",
    ]
    assert all(item["advice"] for item in items if not item["good"])
    same = answer("check", status=1, WOOX_API_KEY="abc", WOOX_API_SECRET="abc")["items"]
    assert [item["found"] for item in same if not item["good"]] == ["key and secret are the same text"]


# bench


def test_bench() -> None:
    times = answer("bench", "--seconds", "1")["nanoseconds"]
    assert list(times) == ["woox_fast Signer.sign", "hmac.new", "hmac object, copied"]
    assert all(20 < one < 10**6 for pair in times.values() for one in pair)


def test_demo_as_json() -> None:
    report = answer("demo", "--orders", "50")
    assert report["status"] == 0
    assert any(re.match(r"requests sent +50$", line) for line in report["output"])


@pytest.mark.parametrize("shell", ["bash", "zsh"])
def test_completion(shell: str) -> None:
    script = answer("completion", shell)["script"]
    for name in ("explain", "--signature", "--production"):
        assert name in script


def test_bash_completes_verbs_and_options(tmp_path: Path) -> None:
    script = tmp_path / "woox-fast"
    script.write_text(woox_fast("completion", "bash").stdout)
    trial = f"""
        source {script}
        COMP_WORDS=(woox-fast ex); COMP_CWORD=1; _shtab_woox_fast; echo "${{COMPREPLY[@]}}"
        COMP_WORDS=(woox-fast explain --sig); COMP_CWORD=2; _shtab_woox_fast; echo "${{COMPREPLY[@]}}"
    """
    result = subprocess.run(["bash", "-c", trial], capture_output=True, text=True, timeout=60)
    assert result.stdout.split() == ["explain", "--signature"], result.stderr
