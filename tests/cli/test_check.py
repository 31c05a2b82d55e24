"""`woox-fast check`: every check, good and bad, with its advice."""

from __future__ import annotations

import json
import re
import socket
import time
from typing import Any

import pytest
from helpers.command import CREDENTIALS, answer, woox_fast
from helpers.oracle import KEY, SECRET, oracle
from helpers.recorder import CannedResponse, Recorder

from woox_fast import backend, sha256_implementation
from woox_fast.cli import check
from woox_fast.sandbox import Sandbox


def read_items(*arguments: str, status: int = 1, **changes: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in answer("check", *arguments, status=status, **changes)["items"]}


def test_check_covers_installation() -> None:
    compiled = backend != "python"
    items = read_items(status=0 if compiled else 1, **CREDENTIALS)
    bad = {name for name, item in items.items() if not item["good"]}
    assert bad == (set() if compiled else {"backend"})
    assert items["backend"]["found"] == f"{backend} ({sha256_implementation})"
    assert ("C compiler" in items["backend"]["advice"]) is not compiled
    assert items["environment"]["found"] == "WOOX_API_KEY, WOOX_API_SECRET set"
    assert items["clock"]["found"] == "not compared"


def test_check_marks_faults() -> None:
    result = woox_fast("check", WOOX_API_KEY="abc", COLUMNS="80")
    assert result.returncode == 1
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert any(line.startswith("version ok woox-fast ") for line in lines)
    assert any(line.startswith("credentials !! WOOX_API_SECRET is not set, but its counterpart is;") for line in lines)
    assert "Set both variables" in result.stdout


@pytest.mark.parametrize(("offset_s", "good"), [(-4, True), (4, True), (100, False), (-100, False)])
def test_clock_difference_is_judged(offset_s: int, good: bool) -> None:
    with Sandbox(clock=lambda: time.time() + offset_s) as url:
        result = woox_fast("check", "--url", url, "--json")
    clock = {item["name"]: item for item in json.loads(result.stdout)["items"]}["clock"]
    assert clock["good"] is good
    assert re.fullmatch(r"the exchange's clock is [+-]\d+ ms from here \(round trip \d+ ms\)", clock["found"])
    offset_ms = int(re.search(r"[+-]\d+", clock["found"])[0])
    assert abs(offset_ms - offset_s * 1000) < 1500
    assert (f"clock_offset_ms={offset_ms})" in clock["advice"]) is not good


def test_silent_exchange_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    items = read_items("--url", free)
    assert items["clock"]["good"] is False
    assert items["clock"]["found"] == f"no usable response from {free} (ConnectionRefusedError)"
    assert items["clock"]["advice"] == "Start a sandbox with `woox-fast sandbox`."
    assert all(item["advice"] for item in items.values() if not item["good"])


def test_unusable_response_suggests_no_sandbox() -> None:
    with Recorder(lambda _: CannedResponse(404)) as server:
        clock = read_items("--url", server.url)["clock"]
    assert "no usable response" in clock["found"]
    assert "woox-fast sandbox" not in clock["advice"]


def test_chosen_backend_is_named() -> None:
    item = read_items(WOOX_FAST_BACKEND="python")["backend"]
    assert item["found"] == "python (hashlib)"
    assert item["advice"].startswith("WOOX_FAST_BACKEND=python chose it; unset that variable")


def test_wrong_credentials_are_found() -> None:
    items = read_items(WOOX_API_KEY=f"{KEY}\u00a0", WOOX_API_SECRET=SECRET)
    assert items["credentials"]["good"] is False
    assert "api_key must be printable ASCII" in items["credentials"]["found"]
    assert KEY not in str(items)


def test_wrong_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class WrongSigner:
        def __init__(self, *_: str) -> None:
            self.count = 0

        def sign(self, *request: Any) -> str:
            self.count += 1
            return oracle(b"1578565539808POST/v3/x" + request[3]) if self.count <= 100 else "0" * 64

    monkeypatch.setattr(check, "Signer", WrongSigner)
    item = read_items()["self-test"]
    assert (item["good"], item["found"]) == (False, "wrong signature for 100 bytes")
