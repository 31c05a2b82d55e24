"""`woox-fast sign`, and the rules for a request that sign, curl and send share."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, ORDER, answer, woox_fast
from helpers.oracle import KEY, NOW, oracle
from helpers.recorder import Recorder


def test_sign_shows_signed_text() -> None:
    result = woox_fast("sign", "GET", "/v3/algo/orders?algoType=STOP", "--timestamp", str(NOW), **CREDENTIALS)
    signature = oracle(f"{NOW}GET/v3/algo/orders?algoType=STOP".encode())
    assert result.returncode == 0
    assert result.stdout == (
        f"signed     '{NOW}GET/v3/algo/orders?algoType=STOP'\n"
        "           45 bytes, without the quotes\n"
        f"signature  {signature}\n"
        f"headers    x-api-key: {KEY}\n"
        f"           x-api-timestamp: {NOW}\n"
        f"           x-api-signature: {signature}\n"
        "           Content-Type: application/x-www-form-urlencoded\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["POST", "/v3/trade/order", "--body", ORDER], f"{NOW}POST/v3/trade/order{ORDER}"),
        (["PUT", "/v3/trade/order", "--body", "café"], f"{NOW}PUT/v3/trade/ordercafé"),
        (["POST", "/v1/order", "--body", "b=2&a=1%2C"], f"a=1%2C&b=2|{NOW}"),
        (["GET", "/v1/orders?b=2&a=1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v2/orders?b=2&a=1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v3/orders?b=2&a=1", "--scheme", "v1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v1/orders?b=2&a=1", "--scheme", "v3"], f"{NOW}GET/v1/orders?b=2&a=1"),
        (["--scheme", "ws"], f"|{NOW}"),
    ],
)
def test_sign_json_has_signature(arguments: list[str], message: str) -> None:
    signed = answer("sign", *arguments, "--timestamp", str(NOW), **CREDENTIALS)
    assert signed["signed"] == message
    assert signed["signature"] == oracle(message.encode())
    assert signed["signature"] in signed["headers"].values()


def test_sign_uses_current_time() -> None:
    before = time.time_ns() // 1_000_000
    stamp = int(answer("sign", "GET", "/v3/x", **CREDENTIALS)["headers"]["x-api-timestamp"])
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_sign_escapes_odd_bytes(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b'\xef\xbb\xbf{"a":"\xc2\xa0\x1b[31m"}\xff\n')
    result = woox_fast("sign", "POST", "/v3/x", "--body", f"@{body}", "--timestamp", str(NOW), **CREDENTIALS)
    lines = result.stdout.splitlines()
    assert lines[0] == rf"""signed     b'{NOW}POST/v3/x\xef\xbb\xbf{{"a":"\xc2\xa0\x1b[31m"}}\xff\n'"""
    assert lines[1].strip() == "42 bytes, without the quotes"


def test_body_comes_from_stdin() -> None:
    signed = answer("sign", "POST", "/v3/x", "--body", "-", "--timestamp", str(NOW), given=b"a\r\n", **CREDENTIALS)
    assert signed["signed"] == f"{NOW}POST/v3/xa\r\n"
    assert woox_fast("curl", "POST", "/v3/x", "--body", "-", given=b"{}", **CREDENTIALS).returncode == 0


@pytest.mark.parametrize("name", ["sign", "curl", "send"])
def test_receive_window_is_sent(name: str) -> None:
    request = (name, "GET", "/v3/x", "--timestamp", str(NOW), "--recv-window", "2500", "--example")
    with Recorder() as server:
        shown = json.dumps(answer(*request, *(["--url", server.url] if name == "send" else [])))
    if name == "send":
        assert server.received[0].all("x-api-recvwindow") == ["2500"]
        shown = server.received[0].raw.decode()
    assert oracle(f"{NOW}GET/v3/x".encode()) in shown
    assert "recvwindow" in shown
    for wrong in ("0", "60001", "1.5"):
        assert woox_fast(*request[:-2], wrong, "--example").returncode == 2


@pytest.mark.parametrize("path", ["/v3/a b", "/v3/x#y", "/v3/caf\u00e9", "/v3/../x", "//v3/x", "/v1/x?a=b c"])
@pytest.mark.parametrize("name", ["sign", "curl", "send"])
def test_unsendable_path_is_refused(name: str, path: str) -> None:
    result = woox_fast(name, "GET", path, **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert "must be percent-encoded" in result.stderr
    assert "write it as %XX, such as %20 for a space" in result.stderr


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sign"], "METHOD and PATH are missing"),
        (["sign", "GET"], "METHOD and PATH are missing"),
        (["sign", "get", "/v3/x"], "write 'GET'"),
        (["sign", "GET", "https://api.woox.io/v3/x"], "leave out the scheme and host"),
        (["sign", "GET", "/v3/x", "--timestamp", "abc"], "leave --timestamp out for now's, or use `date +%s%3N`"),
        (["sign", "GET", "/v3/x", "--timestamp", ""], "exactly 13 digits"),
        (["sign", "POST", "/v1/order", "--body", "{}"], "got JSON"),
        (["sign", "GET", "/v3/x", "--body", "@/nowhere/at/all"], "cannot read the body from '/nowhere/at/all'"),
        (["sign", "GET", "/v3/x", "--body", "@/dev/zero"], "the body from '/dev/zero' is longer than"),
        (["sign", "GET", "/v3/x", "--body", "@a\0b"], "cannot read the body from 'a\\x00b'"),
        (["curl", "POST", "/v3/x", "--url", "ftp://x"], "--url must be scheme, host"),
        (["send", "GET", "/v3/x", "--url", "http://127.0.0.1.example.com"], "--url is for a sandbox on this machine"),
    ],
)
def test_bad_request_is_refused(arguments: list[str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("woox_fast.cli.common.MAX_INPUT_BYTES", 1000)
    result = woox_fast(*arguments, **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1
