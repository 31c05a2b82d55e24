"""The verbs that look at this installation: check, bench and completion."""

from __future__ import annotations

import re
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from helpers.command import CREDENTIALS, answer, woox_fast
from helpers.oracle import KEY, SECRET, oracle

from woox_fast import backend, sha256_implementation
from woox_fast.cli import bench, check
from woox_fast.sandbox import Sandbox


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


# check


ITEMS = ["version", "backend", "self-test", "speed", "environment", "extras", "clock"]


def test_check_without_an_exchange() -> None:
    compiled = backend != "python"
    report = answer("check", status=0 if compiled else 1, **CREDENTIALS)
    items = {item["name"]: item for item in report["items"]}
    assert list(items) == ITEMS
    assert report["good"] is compiled
    assert {name for name, item in items.items() if not item["good"]} - {"speed"} == (
        set() if compiled else {"backend"}
    )
    assert items["backend"]["found"] == f"{backend} ({sha256_implementation})"
    assert ("C compiler" in items["backend"]["advice"]) is not compiled
    assert items["environment"]["found"] == "WOOX_API_KEY, WOOX_API_SECRET set"
    assert items["clock"]["found"] == "not compared"
    assert re.search(r"\d ns a signature, hmac.new [\d,]+ ns: [\d.]+ times", items["speed"]["found"])


def test_check_shows_what_is_good_and_what_is_not() -> None:
    result = woox_fast("check", WOOX_API_KEY="abc", COLUMNS="80")
    assert result.returncode == 1
    assert re.search(r"^version +ok woox-fast ", result.stdout, re.MULTILINE)
    assert re.search(
        r"^credentials +!! WOOX_API_SECRET is not set, but its counterpart is$", result.stdout, re.MULTILINE
    )
    assert re.search(r"^ +Set both\.$", result.stdout, re.MULTILINE)
    narrow = woox_fast("check", WOOX_API_KEY="abc", COLUMNS="50").stdout
    assert max(map(len, narrow.splitlines())) <= 50


def test_check_compares_the_clock(url: str) -> None:
    result = woox_fast("check", "--url", url)
    assert re.search(r"clock +ok the exchange is [+-]\d+ ms from here \(round trip \d+ ms\)", result.stdout)
    with Sandbox(clock=lambda: time.time() + 100) as ahead:
        (clock,) = [one for one in answer("check", "--url", ahead, status=1)["items"] if one["name"] == "clock"]
    assert clock["good"] is False
    assert re.fullmatch(r"the exchange is \+(99|100)\d{3} ms from here .*", clock["found"])
    assert re.search(r"clock_offset_ms=(99|100)\d{3}\b", clock["advice"])


def test_a_backend_that_was_chosen_by_name_is_said_to_be() -> None:
    (item,) = [
        one for one in answer("check", status=1, WOOX_FAST_BACKEND="python")["items"] if one["name"] == "backend"
    ]
    assert item["found"] == "python (hashlib)"
    assert item["advice"].startswith("WOOX_FAST_BACKEND=python chose it; unset that")


@pytest.mark.parametrize(
    ("held", "name", "found", "advice"),
    [
        ({"WOOX_API_KEY": "abc"}, "credentials", "WOOX_API_SECRET is not set", "Set both"),
        ({"WOOX_API_SECRET": "abc"}, "credentials", "WOOX_API_KEY is not set", "Set both"),
        ({"WOOX_API_KEY": "abc", "WOOX_API_SECRET": "abc"}, "credentials", "the same text", "copy each"),
        ({"WOOX_API_KEY": SECRET, "WOOX_API_SECRET": KEY}, "credentials", "look exchanged", "ends in == is the key"),
        ({"WOOX_API_KEY": KEY, "WOOX_API_SECRET": f" {SECRET}"}, "WOOX_API_SECRET", "holds spaces", "Copy it"),
        ({"WOOX_API_KEY": KEY, "WOOX_API_SECRET": f"'{SECRET}'"}, "WOOX_API_SECRET", "quotes", "Copy it"),
        ({"WOOX_API_KEY": f"{KEY}\u00a0", "WOOX_API_SECRET": SECRET}, "WOOX_API_KEY", "not ASCII", "Copy it"),
    ],
)
def test_check_finds_what_is_wrong_with_the_credentials(
    held: dict[str, str], name: str, found: str, advice: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for variable in CREDENTIALS:
        monkeypatch.delenv(variable, raising=False)
    for variable, value in held.items():
        monkeypatch.setenv(variable, value)
    (item,) = [one for one in check._environment() if not one.good]
    assert item.name == name
    assert found in item.found
    assert advice in item.advice
    assert not any(value in item.found + item.advice for value in held.values())


def test_check_names_the_variables_that_are_set(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ["WOOX_API_KEY", "WOOX_API_SECRET", "WOOX_FAST_BACKEND", "WOOX_FAST_SHA256"]
    for name in names:
        monkeypatch.delenv(name, raising=False)
    assert next(check._environment()).found == "none of the variables is set"
    for name in names:
        monkeypatch.setenv(name, "x")
        assert next(check._environment()).found == f"{name} set"
        monkeypatch.delenv(name)


def test_check_says_what_to_do_where_no_exchange_answers() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    items = {item["name"]: item for item in answer("check", "--url", free, status=1)["items"]}
    assert items["clock"]["good"] is False
    assert items["clock"]["found"] == f"{free} does not answer as it should (ConnectionRefusedError)"
    assert items["clock"]["advice"] == "Start one with `woox-fast sandbox`."
    assert all(item["advice"] for item in items.values() if not item["good"])


def test_check_finds_a_signature_that_is_wrong(monkeypatch: pytest.MonkeyPatch) -> None:
    class Wrong:
        def __init__(self, *_: str) -> None:
            self.tried = 0

        def sign(self, *request: Any) -> str:
            self.tried += 1
            return oracle(b"1578565539808POST/v3/x" + request[3]) if self.tried <= 100 else "0" * 64

    monkeypatch.setattr(check, "Signer", Wrong)
    item = check._self_test()
    assert (item.good, item.found) == (False, "a wrong signature for a body of 100 bytes")


def test_check_says_when_it_is_slow(monkeypatch: pytest.MonkeyPatch) -> None:
    for ours, good in ((99.0, True), (100.0, False)):
        times = {"woox_fast Signer.sign": (ours, 1.0), "hmac.new": (100.0, 1.0)}
        monkeypatch.setattr(bench, "measure", lambda _, times=times: times)
        item = check._speed()
        assert item.good is good
        assert bool(item.advice) is not good


# bench


def test_bench() -> None:
    times = answer("bench", "--seconds", "0.2")["nanoseconds"]
    assert list(times) == ["woox_fast Signer.sign", "hmac.new", "hmac object, copied"]
    assert all(20 < one < 10**6 for pair in times.values() for one in pair)


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
