"""The argument parser: options are never abbreviated, and no typed secret is repeated."""

from __future__ import annotations

import re

import pytest
from helpers.command import woox_fast
from helpers.oracle import KEY, SECRET

from woox_fast import cli
from woox_fast.cli import common

# Exchanges use these lengths and letters.
SECRETS = (
    SECRET,
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "aVeryLongOneWithoutDigits",
    "k3y/with+base64/AAAABBBBCCCCDDDD==",
)
# Required arguments by subcommand.
REQUIRED = {
    "sign": ["GET", "/v3/x"],
    "curl": ["GET", "/v3/x"],
    "send": ["GET", "/v3/x"],
    "explain": ["GET", "/v3/x"],
    "completion": ["bash"],
}


def options_of(name: str) -> set[str]:
    return set(re.findall(r"--[a-z-]+", woox_fast(name, "--help").stdout.partition("\nexamples:")[0]))


@pytest.mark.parametrize("name", cli.SUBCOMMANDS)
def test_options_are_never_abbreviated(name: str, capsys: pytest.CaptureFixture) -> None:
    whole = [name, *REQUIRED.get(name, [])]
    assert cli.parser([name]).parse_args(whole).subcommand == name
    options = options_of(name)
    assert "--json" in options
    for option in options:
        for short in {option[:end] for end in range(3, len(option))} - options:
            with pytest.raises(SystemExit) as caught:
                cli.parser([name]).parse_args([*whole, short])
            assert caught.value.code == 2
            refusal = f"{short}: other users" if "secret" in short else f"unrecognized arguments: {short}"
            assert refusal in capsys.readouterr().err


@pytest.mark.parametrize(
    "option", ["--secret", "--api-secret", "--api_secret", "--secret-key", "-secret", "--password", "--SECRET"]
)
def test_secret_option_explains_alternatives(option: str) -> None:
    for typed in ([option, "hunter2"], [f"{option}=hunter2"]):
        for given in (["sign", *typed, "GET", "/v3/x"], ["sandbox", *typed], ["completion", "bash", *typed]):
            result = woox_fast(*given)
            assert (result.returncode, result.stdout) == (2, "")
            assert "hunter2" not in result.stderr
            assert f"{option}: other users and the shell's history would see the secret" in result.stderr
            assert common.HOW_TO_GIVE_IT in result.stderr


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
        ["curl", "GET", "/v3/x", "--url", "{}", "--example"],
        ["explain", "GET", "/v3/x", "-H", "{}"],
        ["explain", "--request", "{}"],
        ["completion", "{}"],
    ],
)
def test_typed_secret_is_not_repeated(typed: list[str], secret: str) -> None:
    result = woox_fast(*(argument.replace("{}", secret) for argument in typed), WOOX_API_KEY=KEY)
    assert (result.returncode, result.stdout) == (2, "")
    assert secret[:6] not in result.stderr


@pytest.mark.parametrize(
    "typed", [["--sec", "hunter2"], ["--sec=hunter2"], ["--verbose", "--sec", "hunter2"], ["hunter2"]]
)
def test_unknown_value_is_not_repeated(typed: list[str], capsys: pytest.CaptureFixture) -> None:
    with pytest.raises(SystemExit):
        cli.main(["sign", "GET", "/v3/x", *typed])
    errors = capsys.readouterr().err
    assert "hunter2" not in errors
    assert all(option.partition("=")[0] in errors for option in typed if option.startswith("-"))
    assert common.HOW_TO_GIVE_IT in errors


@pytest.mark.parametrize("offset", range(0, 24, 4))
def test_secret_inside_value_is_hidden(offset: int) -> None:
    for given in (["demo", "--orders"], ["bench", "--seconds"], ["completion"]):
        result = woox_fast(*given, "= " + "x" * offset + SECRET, WOOX_API_SECRET=SECRET)
        assert result.returncode == 2
        assert SECRET[:6] not in result.stderr
    assert "hunter2" not in woox_fast("completion", "hunter2", WOOX_API_SECRET="hunter2").stderr


@pytest.mark.parametrize(
    "text",
    ["", "GET", "/v3/trade/order", "v3/trade/algoOrder/cancelAll", "SPOT_BTC_USDT", "1578565539808", "http://127.0.0.1:8080",
     "--list-faults", "symbol=SPOT_BTC_USDT", "/home/someone/averylongfilename12345", "2026-11-24T20:12:10",
     "WOOX_FAST_BACKEND", "application/x-www-form-urlencoded"],
)  # fmt: skip
def test_plain_words_are_shown(text: str) -> None:
    assert common.without_secrets(f"got '{text}'") == f"got '{text}'"
