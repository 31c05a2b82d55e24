"""Credentials: where they come from, and that no output shows the secret, wherever it was typed."""

from __future__ import annotations

import json
import os
import re
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, answer, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import cli
from woox_fast.cli import arguments, show
from woox_fast.cli.common import credentials
from woox_fast.sandbox import Sandbox

# Of the lengths and letters that exchanges use; the last is of another kind, but it is the one that is set.
SECRETS = (
    SECRET,
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "aVeryLongOneWithoutDigits",
    "k3y/with+base64/AAAABBBBCCCCDDDD==",
)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


# from the environment, a file or a prompt


def set_credentials(monkeypatch: pytest.MonkeyPatch, api_key: str | None, api_secret: str | None) -> None:
    for name, value in (("WOOX_API_KEY", api_key), ("WOOX_API_SECRET", api_secret)):
        monkeypatch.delenv(name, raising=False)
        if value is not None:
            monkeypatch.setenv(name, value)


@pytest.mark.parametrize(
    ("api_key", "api_secret", "expected"),
    [(None, None, None), ("", "", None), ("k", "s", ("k", "s"))],
)
def test_credentials(
    api_key: str | None, api_secret: str | None, expected: tuple[str, str] | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    set_credentials(monkeypatch, api_key, api_secret)
    assert credentials() == expected


@pytest.mark.parametrize(
    ("api_key", "api_secret", "missing"),
    [("k", None, "WOOX_API_SECRET"), ("k", "", "WOOX_API_SECRET"), (None, "hunter2", "WOOX_API_KEY")],
)
@pytest.mark.parametrize("verb", ["demo", "sandbox"])
def test_half_of_the_credentials_is_exit_status_2(
    verb: str,
    api_key: str | None,
    api_secret: str | None,
    missing: str,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture,
) -> None:
    set_credentials(monkeypatch, api_key, api_secret)
    assert cli.main([verb]) == 2
    errors = capsys.readouterr().err
    assert errors == f"woox-fast {verb}: {missing} is not set, but its counterpart is; set both or neither\n"


def test_the_secret_from_a_file(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    for text in (SECRET, SECRET + "\n", SECRET + "\r\n"):
        file.write_bytes(text.encode())
        signed = answer("sign", "GET", "/v3/x", "--timestamp", str(NOW), "--secret-file", str(file), WOOX_API_KEY=KEY)
        assert signed["signature"] == oracle(f"{NOW}GET/v3/x".encode())


@needs_pty
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


@needs_pty
def test_the_api_key_is_asked_for_before_the_secret() -> None:
    with terminal("sign", "GET", "/v3/x", "--timestamp", str(NOW), NO_COLOR="1") as (_, screen):
        asked = read_until(screen, b": ")
        assert asked.endswith(b"API key: ")
        assert b"ecret" not in asked
        os.write(screen, KEY.encode() + b"\n")
        assert b"hidden" in read_until(screen, b"hidden): ")
        time.sleep(0.2)
        os.write(screen, SECRET.encode() + b"\n")
        seen = read_until(screen, b"urlencoded")
    assert oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    assert SECRET.encode() not in seen


@needs_pty
def test_an_empty_answer_is_no_api_key() -> None:
    with terminal("sign", "GET", "/v3/x") as (process, screen):
        read_until(screen, b"API key: ")
        os.write(screen, b"\n")
        assert b"no API key was given" in read_until(screen, b"given")
        assert process.wait(20) == 2


@needs_pty
def test_nothing_is_asked_where_standard_input_is_the_body() -> None:
    with terminal("sign", "POST", "/v3/x", "--body", "-", WOOX_API_KEY=KEY) as (process, screen):
        assert b"there is no secret" in read_until(screen, b"in a terminal")
        assert process.wait(20) == 2


# on the command line, where none is taken


# What each verb needs besides.
WHOLE = {
    "sign": ["GET", "/v3/x"],
    "curl": ["GET", "/v3/x"],
    "send": ["GET", "/v3/x"],
    "explain": ["GET", "/v3/x"],
    "completion": ["bash"],
}


@pytest.mark.parametrize("verb", cli.VERBS)
def test_no_option_is_abbreviated(verb: str, capsys: pytest.CaptureFixture) -> None:
    whole = [verb, *WHOLE.get(verb, [])]
    assert cli.parser([verb]).parse_args(whole).verb == verb
    options = set(re.findall(r"--[a-z-]+", help_of(verb)))
    assert "--json" in options
    for option in options:
        for short in {option[:end] for end in range(3, len(option))} - options:
            with pytest.raises(SystemExit) as caught:
                cli.parser([verb]).parse_args([*whole, short])
            assert caught.value.code == 2
            refusal = f"{short}: a secret is not taken" if "secret" in short else f"unrecognized arguments: {short}"
            assert refusal in capsys.readouterr().err


def help_of(verb: str) -> str:
    return woox_fast(verb, "--help").stdout.partition("\nexamples:")[0]


def test_no_option_takes_the_secret() -> None:
    for verb in cli.VERBS:
        assert not {one for one in re.findall(r"--[a-z-]+", help_of(verb)) if "secret" in one} - {"--secret-file"}


@pytest.mark.parametrize("verb", cli.VERBS)
@pytest.mark.parametrize(
    "option", ["--secret", "--api-secret", "--api_secret", "--secret-key", "-secret", "--password", "--SECRET"]
)
def test_an_option_that_would_take_it_says_how_to_give_it(
    verb: str, option: str, capsys: pytest.CaptureFixture
) -> None:
    for typed in ([option, "hunter2"], [f"{option}=hunter2"]):
        for given in ([verb, *typed, *WHOLE.get(verb, [])], [verb, *WHOLE.get(verb, []), *typed]):
            with pytest.raises(SystemExit) as caught:
                cli.main(given)
            assert caught.value.code == 2
            output = capsys.readouterr()
            assert "hunter2" not in output.out + output.err
            assert f"{option}: a secret is not taken from the command line" in output.err
            assert "set WOOX_API_SECRET, or name a file that holds it with --secret-file" in output.err


def test_the_file_of_the_secret_is_no_such_option(tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text(SECRET)
    for typed in (["--secret-file", str(file)], [f"--secret-file={file}"]):
        assert woox_fast("sign", "GET", "/v3/x", *typed, WOOX_API_KEY=KEY).returncode == 0


@pytest.mark.parametrize("secret", SECRETS)
@pytest.mark.parametrize(
    "typed",
    [
        ["sign", "GET", "/v3/x", "{}"],
        ["sign", "GET", "/v3/x", "--sec", "{}"],
        ["sign", "GET", "/v3/x", "--sec={}"],
        ["{}"],
        ["{}", "sign"],
        ["sign", "{}", "/v3/x", "--example"],
        ["sign", "GET", "{}", "--example"],
        ["sign", "GET", "/v3/x", "--scheme", "{}"],
        ["sign", "GET", "/v3/x", "--json={}"],
        ["sign", "GET", "/v3/x", "--timestamp", "{}", "--example"],
        ["sign", "GET", "/v3/x", "--secret-file", "{}", "--api-key", "k"],
        ["sign", "POST", "/v3/x", "--body", "@{}", "--example"],
        ["sandbox", "--port", "{}"],
        ["demo", "--orders", "{}"],
        ["check", "--url", "{}"],
        ["demo", "--client", "{}"],
        ["curl", "GET", "/v3/x", "--url", "{}", "--example"],
        ["explain", "GET", "/v3/x", "-H", "{}"],
        ["explain", "--request", "{}"],
        ["completion", "{}"],
    ],
)
def test_whatever_it_is_typed_for_it_is_not_repeated(
    typed: list[str], secret: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture
) -> None:
    monkeypatch.delenv("WOOX_API_SECRET", raising=False)
    monkeypatch.setenv("WOOX_API_KEY", KEY)
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    try:
        status = cli.main([one.replace("{}", secret) for one in typed])
    except SystemExit as error:
        status = error.code
    output = capsys.readouterr()
    assert status == 2
    assert output.out == ""
    assert secret[:8] not in output.err
    assert arguments.NOT_SHOWN in output.err


@pytest.mark.parametrize("typed", [["--sec", "hunter2"], ["--sec=hunter2"], ["--verbose", "--sec", "hunter2"]])
def test_what_follows_an_unknown_option_is_not_repeated(typed: list[str], capsys: pytest.CaptureFixture) -> None:
    """However short it is and whatever it looks like."""
    with pytest.raises(SystemExit):
        cli.main(["sign", "GET", "/v3/x", *typed])
    errors = capsys.readouterr().err
    assert "hunter2" not in errors
    assert arguments.HOW_TO_GIVE_IT in errors


def test_a_stray_word_is_repeated(capsys: pytest.CaptureFixture) -> None:
    """The control: what is no secret is shown, so that the mistake is found."""
    with pytest.raises(SystemExit):
        cli.main(["sign", "GET", "/v3/x", "--frobnicate", "--verbose=very", "again"])
    assert "unrecognized arguments: --frobnicate --verbose=<not shown> again" in capsys.readouterr().err


@pytest.mark.parametrize(
    "text",
    ["", "GET", "/v3/trade/order", "v3/trade/algoOrder/cancelAll", "SPOT_BTC_USDT", "1578565539808", "http://127.0.0.1:8080",
     "--yes-really-send-orders", "symbol=SPOT_BTC_USDT", "/home/someone/averylongfilename12345", "2026-11-24T20:12:10"],
)  # fmt: skip
def test_what_is_no_secret(text: str) -> None:
    assert not arguments.looks_like_secret(text)


def test_the_secret_that_is_set_looks_like_one_however_short(monkeypatch: pytest.MonkeyPatch) -> None:
    assert not arguments.looks_like_secret("hunter2")
    monkeypatch.setenv("WOOX_API_SECRET", "hunter2")
    assert arguments.looks_like_secret("hunter2")
    assert arguments.without_secrets("got 'hunter2'", ["sign", "--json=hunter2"]) == "got '<not shown>'"


# in what is signed or sent


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_a_secret_in_the_body_is_not_shown(more: list[str], url: str) -> None:
    body = f'{{"symbol":"{SECRET}"}}'
    signature = oracle(f"{NOW}GET/v3/x".encode())
    explaining = ["explain", "POST", "/v3/x", "--body", body, "--timestamp", str(NOW), "--signature"]
    for given in (
        ["sign", "POST", "/v3/x", "--body", body],
        [*explaining, "0" * 64, "--seconds", "0.1"],
        [*explaining, signature],
        ["send", "POST", "/v3/trade/order", "--body", body, "--url", url],
    ):
        assert woox_fast(*given, *more, **CREDENTIALS).returncode in (0, 1)


@pytest.mark.parametrize("secret", ['with"quote', "with\\backslash", "caf\u00e9-secret", "plain-secret"])
def test_a_secret_is_hidden_in_each_of_its_spellings(secret: str, capsys: pytest.CaptureFixture) -> None:
    for text in (show.visible(f"a{secret}b".encode()), show.printable(f"a{secret}b")):
        assert show.hidden(text, secret).strip("'") == "a<the secret>b"
    show.as_json({"text": f"a{secret}b"}, secret)
    assert json.loads(capsys.readouterr().out) == {"text": "a<the secret>b"}
    assert show.hidden("abc", "abc") == "abc"  # so short a one would hide the text
