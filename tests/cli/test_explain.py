"""`woox-fast explain`: requests in every form, causes, and texts with their difference."""

from __future__ import annotations

import hmac
import json
import re
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, ORDER, answer, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast.cli import show


def explain_arguments(signature: str, method: str = "POST", path: str = "/v3/trade/order") -> list[str]:
    return ["explain", method, path, "--timestamp", str(NOW), "--signature", signature, "--seconds", "0.5"]


def test_explain_shows_cause_and_difference() -> None:
    spaced = json.dumps(json.loads(ORDER))
    result = woox_fast(
        *explain_arguments(oracle(f"{NOW}POST/v3/trade/order{spaced}".encode())), "--body", ORDER, **CREDENTIALS
    )
    assert result.returncode == 0
    cause, remedy, expected, signed, mark, tried = result.stdout.splitlines()
    assert cause.startswith("cause     The body was signed with spaces (json.dumps")
    assert remedy.startswith("remedy    Serialize the body once")
    at = mark.index("^")
    assert (expected[:10], signed[:10]) == ("expected  ", "signed    ")
    assert (expected[10:at], expected[at : at + 6]) == (signed[10:at], '"SPOT_')
    assert signed[at : at + 7] == ' "SPOT_'
    assert "combination" in tried


def test_file_output_has_whole_lines() -> None:
    body = json.dumps({"symbol": "X" * 3000, "side": "BUY"})
    signature = oracle(f"{NOW}POST/v3/trade/order{body.replace(' ', '')}".encode())
    result = woox_fast(*explain_arguments(signature), "--body", body, **CREDENTIALS, COLUMNS="60")
    cause, remedy, expected, signed, _, _ = result.stdout.splitlines()
    assert (cause[:6], remedy[:6]) == ("cause ", "remedy")
    assert expected == f"expected  '{NOW}POST/v3/trade/order{body}'"
    assert signed == f"signed    '{NOW}POST/v3/trade/order{body.replace(' ', '')}'"


def test_missing_timestamp_is_named() -> None:
    result = woox_fast("explain", "GET", "/v3/x", "--signature", "0" * 64, **CREDENTIALS)
    assert result.returncode == 2
    assert "--timestamp is required" in result.stderr


def test_header_overrides_request(tmp_path: Path) -> None:
    path = "/v3/asset/balances"
    headers = f"x-api-key: {KEY}\r\nx-api-timestamp: {NOW}\r\nx-api-signature: {'0' * 64}"
    (tmp_path / "request").write_text(f"GET {path} HTTP/1.1\r\n{headers}\r\n\r\n")
    right = oracle(f"{NOW + 1}GET{path}".encode())
    options = ["-H", f"X-API-Timestamp: {NOW + 1}", "-H", f"x-api-signature: {right}"]
    found = answer("explain", "--request", str(tmp_path / "request"), *options, WOOX_API_SECRET=SECRET)
    assert (found["right"], found["expected"]) == (True, f"{NOW + 1}GET{path}")
    again = ["--timestamp", str(NOW + 1), "--signature", right]
    assert answer("explain", "--request", str(tmp_path / "request"), *again, WOOX_API_SECRET=SECRET)["right"]


def test_request_without_signature_is_checked(tmp_path: Path) -> None:
    request = tmp_path / "request"
    request.write_text(f"GET https://cloud-api.wooxpro.com/v3/x HTTP/1.1\r\nX-BM-KEY: {KEY}\r\n\r\n")
    result = woox_fast("explain", "--request", str(request))
    assert result.returncode == 0
    for words in ("x-bm-key has a wrong name", "no x-api-timestamp", "no x-api-signature", "WOO X Pro"):
        assert words in result.stdout
    found = answer("explain", "--request", str(request))
    assert "header-x-api-key" in [fault["name"] for fault in found["faults"]]


def test_memo_finds_pro_rule() -> None:
    signature = oracle(f"{NOW}#desk#{ORDER}".encode())
    found = answer(*explain_arguments(signature), "--body", ORDER, "--memo", "desk", **CREDENTIALS)
    assert [one["name"] for one in found["mistakes"]] == ["rule-woox-pro"]


def test_mistakes_are_filtered() -> None:
    everything = answer("explain", "--mistakes")
    some = answer("explain", "--mistakes", "timestamp ISO")
    assert 0 < some["count"] == len(some["mistakes"]) < everything["count"] / 10
    assert all("ISO" in mistake["cause"] for mistake in some["mistakes"])
    lines = woox_fast("explain", "--mistakes", "ISO 8601").stdout.splitlines()
    assert lines[0].startswith("known mistakes with 'ISO 8601': ")
    assert "-  The timestamp was signed as an ISO 8601 time." in lines
    assert woox_fast("explain", "--mistakes", "no such words").stdout == "known mistakes with 'no such words': 0\n"


@pytest.mark.parametrize(
    ("path", "scheme", "message"),
    [("/v2/x?b=2&a=1", None, f"a=1&b=2|{NOW}"), ("/v1/x?b=2&a=1", "v3", f"{NOW}GET/v1/x?b=2&a=1")],
)
def test_scheme_follows_path(path: str, scheme: str | None, message: str) -> None:
    named = ["--scheme", scheme] if scheme else []
    found = answer(*explain_arguments(oracle(message.encode()), "GET", path), *named, **CREDENTIALS)
    assert (found["right"], found["expected"]) == (True, message)


def test_missing_body_is_named() -> None:
    signature = oracle(f"{NOW}POST/v3/trade/order{ORDER}".encode())
    head = f"POST /v3/trade/order HTTP/1.1\nx-api-timestamp: {NOW}\nx-api-signature: {signature}\n"
    log = f"{head}Content-Length: {len(ORDER)}\n\n".encode()
    result = woox_fast("explain", "--request", "-", given=log, **CREDENTIALS)
    assert result.returncode == 2
    assert "does not show its body; give it with --body" in result.stderr
    assert answer("explain", "--request", "-", "--body", ORDER, given=log, **CREDENTIALS)["right"] is True
    curl = b"curl -d a https://api.woox.io/v3/trade/order"
    result = woox_fast("explain", "--request", "-", "--body", "b", given=curl, **CREDENTIALS)
    assert "--request contains a body; do not give one again" in result.stderr


def test_secret_file_is_no_request(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    result = woox_fast("explain", "--request", str(tmp_path / "secret"), "--api-key", KEY)
    assert result.returncode == 2
    assert "found no request in the text that begins with '<not shown>" in result.stderr


def test_headers_and_url_are_read() -> None:
    signature = hmac.new(KEY.encode(), f"{NOW}GET/v3/asset/balances".encode(), "sha256").hexdigest()
    headers = [f"x-api-key: {KEY}", f"X-API-TIMESTAMP: {NOW}", f"x-api-signature:{signature}"]
    options = [option for header in headers for option in ("-H", header)]
    found = answer("explain", "GET", "https://api.woox.io/v3/asset/balances", *options, WOOX_API_SECRET=SECRET)
    assert [one["name"] for one in found["mistakes"]] == ["secret-api-key"]
    assert found["expected"] == f"{NOW}GET/v3/asset/balances"


def test_unexplained_signature_shows_causes() -> None:
    result = woox_fast(*explain_arguments("0" * 64), "--body", ORDER, **CREDENTIALS)
    assert result.returncode == 1
    assert re.match(r"verdict   No cause found: the time limit ended .* after \d+% .*--seconds", result.stdout)
    assert "\n-  The clock:" in result.stdout
    right = woox_fast(*explain_arguments(oracle(f"{NOW}POST/v3/trade/order".encode())), **CREDENTIALS)
    assert right.returncode == 0
    assert right.stdout.startswith("verdict   The signature is right for this request and this secret.\n")
    assert "it has a different secret for this API key" in right.stdout


def test_hostile_bytes_are_escaped() -> None:
    path = "/v3/\x1b[31m\u202e\r\n"
    signature = "\x1b" * 24 + "0" * 40
    result = woox_fast(*explain_arguments(signature, "G\x1bT", path), "--body", "\x07\u2028", **CREDENTIALS)
    assert result.returncode in (0, 1)
    assert not re.search(r"[^\n\x20-\x7e]", result.stdout + result.stderr)


@pytest.mark.parametrize(
    ("signature", "words"),
    [
        ("", "--signature is required"),
        ("00" * 7, "the signature must be 64 hex characters, got 14: "),
        ("\x1b" * 64, "the signature must be 64 hex characters, got 64: "),
    ],
)
def test_impossible_signature_is_refused(signature: str, words: str) -> None:
    result = woox_fast(*explain_arguments(signature), **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert not re.search(r"[^\n\x20-\x7e]", result.stderr)


def test_invalid_utf8_keeps_columns() -> None:
    one, other, mark = show.mark_difference("caf\u00e9!".encode(), b"caf\xe9!", "no secret")
    assert (one, other) == (r"b'caf\xc3\xa9!'", r"b'caf\xe9!'")
    assert mark.index("^") == one.index("c3")
    assert show.mark_difference(b"it's", b'it"s', "no secret")[:2] == ["'it's'", "'it\"s'"]


@pytest.mark.parametrize("more", [[], ["--json"]])
def test_cause_never_cuts_secret(more: list[str]) -> None:
    """Sentences of explain truncate long values, maybe in the middle of the secret."""
    for offset in (0, 20, 35):
        for given in (
            [*explain_arguments("+" * offset + SECRET), "--seconds", "0.1"],
            [*explain_arguments("0" * 64), "-H", f"x-api-keys: {'k' * offset}{SECRET}", "--seconds", "0.1"],
        ):
            assert SECRET[:6] not in woox_fast(*given, *more, **CREDENTIALS).stdout
