"""`woox-fast curl`: a command that any shell accepts, and that contains no secret."""

from __future__ import annotations

import shlex
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, ORDER, environment, woox_fast
from helpers.oracle import KEY, SECRET, oracle

URL = "http://127.0.0.1:8080"


@pytest.mark.parametrize("body", [None, ORDER, "@order.json", 'it\'s "quoted" $HOME `x` \\ \n !'])
def test_curl_command_is_signed(body: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "order.json").write_text(ORDER + "\n")
    method, path = ("GET", "/v3/trade/orders?symbol=SPOT_BTC_USDT") if body is None else ("POST", "/v3/trade/order")
    arguments = [] if body is None else ["--body", body]
    command = woox_fast("curl", method, path, *arguments, "--url", URL, **CREDENTIALS).stdout
    assert KEY not in command
    words = shlex.split(command.replace("$WOOX_API_KEY", KEY))
    options = dict(pairwise(words))
    headers = dict(value.split(": ", 1) for name, value in pairwise(words) if name == "--header")
    sent = options.get("--data-raw", "").encode()
    if "--data-binary" in options:
        sent = (tmp_path / options["--data-binary"].removeprefix("@")).read_bytes()
    assert headers["x-api-key"] == KEY
    assert headers["x-api-signature"] == oracle(f"{headers['x-api-timestamp']}{method}{path}".encode() + sent)
    assert options["--request"] == method
    assert URL + path in words


WORDS = (
    r"""plain it's '' =ls a=b ~ ~/x !! * ? [a] {a,b} $HOME `x` " \ #a a#b ^a %1 (a) ; & | < > @file -n a:b,c.d/e_f+g"""
)


@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_body_survives_each_shell(shell: str) -> None:
    if shutil.which(shell) is None:
        pytest.skip(f"{shell} is not installed")
    for body in ("=ls", "~/x", "café\n\t", WORDS):
        command = woox_fast("curl", "POST", "/v3/x", "--body", body, "--example").stdout
        script = f"curl() {{ {sys.executable} -c 'import sys; print(ascii(sys.argv[1:]))' \"$@\"; }}; {command}"
        result = subprocess.run([shell, "-c", script], env=environment(), capture_output=True, text=True)
        assert f"'--data-raw', {body!a}," in result.stdout


@pytest.mark.parametrize(
    ("data", "words"), [(b"\0", "NUL"), (b"\xff", "not UTF-8"), (SECRET.encode(), "the API secret")]
)
def test_curl_refuses_unprintable_body(data: bytes, words: str) -> None:
    result = woox_fast("curl", "POST", "/v3/x", "--body", "-", given=data, **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
