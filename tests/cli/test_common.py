"""Credentials: from the environment, a file or a prompt, never from the command line; and numbers."""

from __future__ import annotations

import os
import termios
import time
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, answer, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast.cli.common import MAX_SECRET_BYTES, UsageError, read_credentials

SIGN = ("sign", "GET", "/v3/x", "--timestamp", str(NOW))
SIGNATURE = oracle(f"{NOW}GET/v3/x".encode())


@pytest.mark.parametrize(
    ("api_key", "api_secret", "missing"),
    [("", "", ""), ("k", "s", ""), ("k", "", "WOOX_API_SECRET"), ("", "hunter2", "WOOX_API_KEY")],
)
def test_credentials_come_in_pairs(
    api_key: str, api_secret: str, missing: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WOOX_API_KEY", api_key)
    monkeypatch.setenv("WOOX_API_SECRET", api_secret)
    if missing:
        with pytest.raises(UsageError, match=f"^{missing} is not set, but its counterpart is; set both or neither$"):
            read_credentials()
    else:
        assert read_credentials() == ((api_key, api_secret) if api_key else None)


@pytest.mark.parametrize(
    ("arguments", "changes", "words"),
    [
        ([], {"WOOX_API_KEY": "k"}, "there is no secret; set WOOX_API_SECRET"),
        ([], {"WOOX_API_SECRET": SECRET}, "there is no API key; set WOOX_API_KEY"),
        (["--secret-file", "/nowhere"], {"WOOX_API_KEY": "k"}, "cannot read the secret from '/nowhere'"),
        (["--secret-file", "/"], {"WOOX_API_KEY": "k"}, "cannot read the secret from '/': Is a directory"),
        (
            ["--secret-file", "/dev/zero"],
            {"WOOX_API_KEY": "k"},
            f"'/dev/zero' is longer than {MAX_SECRET_BYTES:,} bytes",
        ),
        (["--secret-file", os.devnull], {"WOOX_API_KEY": "k"}, "the secret is empty"),
        (["--secret-file", "-"], {"WOOX_API_KEY": "k"}, "cannot read the secret from './-'"),
    ],
)
def test_missing_credentials_are_named(arguments: list[str], changes: dict[str, str], words: str) -> None:
    result = woox_fast(*SIGN, *arguments, **changes)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


@pytest.mark.parametrize("option", ["--api-key", "--secret-file"])
def test_example_contradicts_own_credentials(option: str) -> None:
    result = woox_fast(*SIGN, "--example", option, "another")
    assert (result.returncode, result.stdout) == (2, "")
    assert f"leave out {option} or --example" in result.stderr


def test_example_ignores_environment() -> None:
    assert answer(*SIGN, "--example", WOOX_API_KEY="k", WOOX_API_SECRET="s")["signature"] == SIGNATURE


def test_option_beats_environment(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text(SECRET)
    changes = {"WOOX_API_KEY": "k", "WOOX_API_SECRET": "s"}
    signed = answer(*SIGN, "--api-key", "mine", "--secret-file", str(secret), **changes)
    assert (signed["signature"], signed["headers"]["x-api-key"]) == (SIGNATURE, "mine")


@pytest.mark.parametrize("ending", ["", "\n", "\r\n"])
def test_secret_comes_from_file(ending: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes((SECRET + ending).encode())
    assert answer(*SIGN, f"--secret-file={file}", WOOX_API_KEY=KEY)["signature"] == SIGNATURE


def test_longest_secret_is_whole(tmp_path: Path) -> None:
    secret = "s" * (MAX_SECRET_BYTES - 1) + "t"
    (tmp_path / "secret").write_text(secret)
    signed = answer(*SIGN, "--secret-file", str(tmp_path / "secret"), WOOX_API_KEY=KEY)
    assert signed["signature"] == oracle(f"{NOW}GET/v3/x".encode(), secret.encode())


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"s" * (MAX_SECRET_BYTES + 1), f"is longer than {MAX_SECRET_BYTES:,} bytes"),
        (f"{SECRET}\n\n".encode(), "contains '\\n'"),
        (f"key=x\nsecret={SECRET}\n".encode(), "contains '\\n'"),
        (f"\ufeff{SECRET}".encode(), "contains '\\ufeff'"),
        (f"{SECRET}\0".encode(), "contains '\\x00'"),
        (SECRET.encode("utf-16"), "is not UTF-8"),
    ],
)
def test_wrong_secret_file_is_refused(data: bytes, words: str, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_bytes(data)
    result = woox_fast(*SIGN, "--secret-file", str(file), WOOX_API_KEY=KEY)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr


@needs_pty
def test_secret_prompt_is_hidden() -> None:
    with terminal(*SIGN, "--api-key", KEY, NO_COLOR="1") as (_, screen):
        assert b"hidden" in read_until(screen, b": ")
        while termios.tcgetattr(screen)[3] & termios.ECHO:  # getpass turns the echo off after the prompt
            time.sleep(0.01)
        os.write(screen, SECRET.encode() + b"\n")
        seen = read_until(screen, b"urlencoded")
    assert SIGNATURE.encode() in seen
    assert SECRET.encode() not in seen


@pytest.mark.parametrize("text", ["0.09", "601", "1e2", "-1", "", "1.", "\u0661"])
def test_bad_seconds_are_refused(text: str) -> None:
    result = woox_fast("bench", f"--seconds={text}")
    assert result.returncode == 2
    assert f"--seconds: must be a number of seconds from 0.1 to 600, got {text!a}" in result.stderr


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_secret_in_body_is_hidden(more: list[str]) -> None:
    body = f'{{"symbol":"{SECRET}"}}'
    explain = ["explain", "POST", "/v3/x", "--body", body, "--timestamp", str(NOW), "--signature"]
    for given in (
        ["sign", "POST", "/v3/x", "--body", body],
        [*explain, "0" * 64, "--seconds", "0.1"],
        [*explain, SIGNATURE],
    ):
        assert woox_fast(*given, *more, **CREDENTIALS).returncode in (0, 1)
