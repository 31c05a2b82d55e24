"""The argument parser: options are never abbreviated, and no typed secret is repeated."""

from __future__ import annotations

import pytest
from helpers.command import woox_fast
from helpers.oracle import KEY, SECRET

from woox_fast.cli import common

# Exchanges use these lengths and letters.
SECRETS = (
    SECRET,
    "9f8e7d6c5b4a39281706f5e4d3c2b1a0",
    "aVeryLongOneWithoutDigits",
    "k3y/with+base64/AAAABBBBCCCCDDDD==",
)


@pytest.mark.parametrize("given", [["sign", "GET", "/v3/x"], ["completion", "bash"], ["sandbox"]])
def test_options_are_never_abbreviated(given: list[str]) -> None:
    result = woox_fast(*given, "--js")
    assert result.returncode == 2
    assert "unrecognized arguments: --js" in result.stderr


@pytest.mark.parametrize("option", ["--secret", "--api_secret", "--secret-key", "-secret", "--password", "--SECRET"])
def test_secret_option_explains_alternatives(option: str) -> None:
    for given in (["sign", option, "hunter2", "GET", "/v3/x"], ["sandbox", f"{option}=hunter2"]):
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
        ["{}", "sign"],
        ["sign", "{}", "/v3/x", "--example"],
        ["sign", "GET", "/v3/x", "--json={}"],
        ["sign", "GET", "/v3/x", "--timestamp", "{}", "--example"],
        ["sign", "GET", "/v3/x", "--secret-file", "{}", "--api-key", "k"],
        ["demo", "--orders", "{}"],
        ["curl", "GET", "/v3/x", "--url", "{}", "--example"],
        ["explain", "GET", "/v3/x", "-H", "{}"],
        ["completion", "{}"],
    ],
)
def test_typed_secret_is_not_repeated(typed: list[str], secret: str) -> None:
    result = woox_fast(*(argument.replace("{}", secret) for argument in typed), WOOX_API_KEY=KEY)
    assert (result.returncode, result.stdout) == (2, "")
    assert secret[:6] not in result.stderr


@pytest.mark.parametrize("typed", [["--sec=hunter2"], ["--verbose", "--sec", "hunter2"], ["hunter2"]])
def test_unknown_value_is_not_repeated(typed: list[str]) -> None:
    errors = woox_fast("sign", "GET", "/v3/x", *typed).stderr
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
    [
        *["/v3/trade/order", "v3/trade/algoOrder/cancelAll", "symbol=SPOT_BTC_USDT", "1578565539808"],
        *["/home/someone/averylongfilename12345", "WOOX_FAST_BACKEND", "application/x-www-form-urlencoded"],
    ],
)
def test_plain_words_are_shown(text: str) -> None:
    assert common.hide_secrets(f"got '{text}'") == f"got '{text}'"
