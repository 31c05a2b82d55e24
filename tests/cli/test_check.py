"""`woox-fast check`: every check, good and bad, with its advice."""

from __future__ import annotations

import re
import socket
import time
from typing import Any

import pytest
from helpers.command import CREDENTIALS, answer, woox_fast
from helpers.oracle import KEY, SECRET, oracle
from helpers.recorder import Recorder, Reply

from woox_fast import backend, sha256_implementation
from woox_fast.cli import check
from woox_fast.sandbox import Sandbox

ITEMS = ["version", "backend", "self-test", "environment", "clock"]


def items_of(*arguments: str, status: int = 1, **changes: str) -> dict[str, dict[str, Any]]:
    return {item["name"]: item for item in answer("check", *arguments, status=status, **changes)["items"]}


def test_check_covers_installation() -> None:
    compiled = backend != "python"
    result = woox_fast("check", "--json", **CREDENTIALS)
    items = items_of(status=result.returncode, **CREDENTIALS)
    assert list(items) == ITEMS
    bad = {name for name, item in items.items() if not item["good"]}
    assert bad == (set() if compiled else {"backend"})
    assert items["backend"]["found"] == f"{backend} ({sha256_implementation})"
    assert ("C compiler" in items["backend"]["advice"]) is not compiled
    assert items["environment"]["found"] == "WOOX_API_KEY, WOOX_API_SECRET set"
    assert items["clock"]["found"] == "not compared"


def test_check_marks_faults() -> None:
    result = woox_fast("check", WOOX_API_KEY="abc", COLUMNS="80")
    assert result.returncode == 1
    assert re.search(r"^version +ok woox-fast ", result.stdout, re.MULTILINE)
    assert re.search(
        r"^credentials +!! WOOX_API_SECRET is not set, but its counterpart is;", result.stdout, re.MULTILINE
    )
    assert "Set both variables" in result.stdout


@pytest.mark.parametrize(("offset_s", "good"), [(-4, True), (4, True), (100, False), (-100, False)])
def test_clock_difference_is_judged(offset_s: int, good: bool) -> None:
    with Sandbox(clock=lambda: time.time() + offset_s) as url:
        clock = {item["name"]: item for item in look(url)}["clock"]
    assert clock["good"] is good
    assert re.fullmatch(r"the exchange's clock is [+-]\d+ ms from here \(round trip \d+ ms\)", clock["found"])
    offset_ms = int(re.search(r"[+-]\d+", clock["found"])[0])
    assert abs(offset_ms - offset_s * 1000) < 1500
    assert (f"clock_offset_ms={offset_ms})" in clock["advice"]) is not good


def look(url: str) -> list[dict[str, Any]]:
    result = woox_fast("check", "--url", url, "--json")
    return answer("check", "--url", url, status=result.returncode)["items"]


def test_silent_exchange_is_reported() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    items = items_of("--url", free)
    assert items["clock"]["good"] is False
    assert items["clock"]["found"] == f"no usable response from {free} (ConnectionRefusedError)"
    assert items["clock"]["advice"] == "Start a sandbox with `woox-fast sandbox`."
    assert all(item["advice"] for item in items.values() if not item["good"])


def test_unusable_response_suggests_no_sandbox() -> None:
    with Recorder(lambda _: Reply(404)) as server:
        clock = items_of("--url", server.url)["clock"]
    assert "no usable response" in clock["found"]
    assert "woox-fast sandbox" not in clock["advice"]


def test_chosen_backend_is_named() -> None:
    item = items_of(WOOX_FAST_BACKEND="python")["backend"]
    assert item["found"] == "python (hashlib)"
    assert item["advice"].startswith("WOOX_FAST_BACKEND=python chose it; unset that variable")


@pytest.mark.parametrize(
    ("variables", "found", "advice"),
    [
        ({"WOOX_API_KEY": "abc"}, "WOOX_API_SECRET is not set", "Set both"),
        ({"WOOX_API_SECRET": "abc"}, "WOOX_API_KEY is not set", "Set both"),
        ({"WOOX_API_KEY": f"{KEY}\u00a0", "WOOX_API_SECRET": SECRET}, "api_key must be printable ASCII", "Set both"),
    ],
)
def test_wrong_credentials_are_found(
    variables: dict[str, str], found: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in CREDENTIALS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in variables.items():
        monkeypatch.setenv(variable, value)
    (item,) = [item for item in check._check_environment() if not item.good]
    assert item.name == "credentials"
    assert found in item.found
    assert advice in item.advice
    assert not any(value in item.found + item.advice for value in variables.values())


def test_wrong_signature_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    class WrongSigner:
        def __init__(self, *_: str) -> None:
            self.count = 0

        def sign(self, *request: Any) -> str:
            self.count += 1
            return oracle(b"1578565539808POST/v3/x" + request[3]) if self.count <= 100 else "0" * 64

    monkeypatch.setattr(check, "Signer", WrongSigner)
    item = check._check_signatures()
    assert (item.good, item.found) == (False, "wrong signature for 100 bytes")
