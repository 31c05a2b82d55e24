"""No secret in any output: where it comes from, and what is never repeated."""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, answer, read_until, terminal, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import cli
from woox_fast.sandbox import Sandbox


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


def test_the_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text in (SECRET, SECRET + "\n", SECRET + "\r\n"):
        file.write_bytes(text.encode())
        signed = answer("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--secret-file", str(file), WOOX_API_KEY=KEY)
        assert signed["signature"] == oracle(f"{NOW}GET/v3/x".encode())


def test_the_secret_from_a_hidden_prompt() -> None:
    with terminal("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--api-key", KEY, NO_COLOR="1") as (_, screen):
        assert b"hidden" in read_until(screen, b": ")
        time.sleep(0.2)  # for getpass to turn the echo off
        os.write(screen, SECRET.encode() + b"\n")
        seen = read_until(screen, b"urlencoded")
    assert oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    assert SECRET.encode() not in seen


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        ([], {"WOOX_API_KEY": "k"}, "there is no secret; set WOOX_API_SECRET"),
        ([], {"WOOX_API_SECRET": SECRET}, "there is no API key; set WOOX_API_KEY"),
        (["--secret-file", "/nowhere"], {"WOOX_API_KEY": "k"}, "cannot read the secret from '/nowhere'"),
        (["--secret-file", os.devnull], {"WOOX_API_KEY": "k"}, "the secret is empty"),
    ],
)
def test_without_credentials(arguments: list[str], changes: dict[str, str], words: str) -> None:
    result = woox_fast("sign", "GET", "/v3/x", *arguments, **changes)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


def test_no_option_takes_the_secret() -> None:
    for verb in cli.VERBS:
        options = re.findall(r"--[a-z-]+", woox_fast(verb, "--help").stdout)
        assert not {one for one in options if "secret" in one} - {"--secret-file"}


def test_a_secret_that_stands_in_the_body_is_not_shown(url: str) -> None:
    body = f'{{"symbol":"{SECRET}"}}'
    signature = oracle(f"{NOW}GET/v3/x".encode())
    for arguments in (
        ["sign", "POST", "/v3/x", "--body", body],
        ["explain", "POST", "/v3/x", "--body", body, "--timestamp", str(NOW), "--signature", "0" * 64],
        ["explain", "POST", "/v3/x", "--body", body, "--timestamp", str(NOW), "--signature", signature],
        ["send", "POST", "/v3/trade/order", "--body", body, "--url", url],
    ):
        assert woox_fast(*arguments, **CREDENTIALS).returncode in (0, 1)
