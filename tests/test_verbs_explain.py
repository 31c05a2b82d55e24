"""The verb explain, and how two texts are shown one above the other."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import re
import subprocess
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, ORDER, SCRIPT, answer, environment, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast.cli import show

# explain


def explain_arguments(signature: str, method: str = "POST", path: str = "/v3/trade/order") -> list[str]:
    return ["explain", method, path, "--timestamp", str(NOW), "--signature", signature]


def test_explain_names_the_mistake_and_shows_the_difference() -> None:
    spaced = json.dumps(json.loads(ORDER))
    result = woox_fast(
        *explain_arguments(oracle(f"{NOW}POST/v3/trade/order{spaced}".encode())), "--body", ORDER, **CREDENTIALS
    )
    assert result.returncode == 0
    cause, mend, expected, signed, mark, tried = result.stdout.splitlines()
    assert cause.startswith("cause     The body was signed with spaces")
    assert mend.endswith("send the same bytes (`Signer.prepare` does).")
    assert expected.startswith(f"""expected  '{NOW}POST/v3/trade/order{{"symbol":"SPOT""")
    assert signed.startswith(f"""signed    '{NOW}POST/v3/trade/order{{"symbol": "SPOT""")
    assert mark.index("^") == signed.index(' "SPOT')
    assert "combination" in tried


def test_explain_takes_a_refused_request_as_it_is(tmp_path: Path) -> None:
    signature = base64_of(f"{NOW}POST/v3/trade/order{ORDER}".encode())
    head = f"POST /v3/trade/order HTTP/1.1\r\nHost: api.woox.io\r\nX-API-Key: {KEY}\r\nx-api-timestamp: {NOW}\r\n"
    request = tmp_path / "refused.http"
    for text in (
        f"{head}x-api-signature: {signature}\r\nContent-Length: {len(ORDER)}\r\n\r\n{ORDER}\r\n\r\n",
        f"{head}x-api-signature: {signature}\r\n\r\n{ORDER}".replace("\r\n", "\n") + "\n",
    ):
        request.write_bytes(text.encode())
        found = answer("explain", "--request", str(request), WOOX_API_SECRET=SECRET)
        assert [one["name"] for one in found["mistakes"]] == ["signature-base64"]
        found = answer("explain", "--request", "-", given=text.encode(), WOOX_API_SECRET=SECRET)
        assert found["found"] is True


def base64_of(message: bytes) -> str:
    import base64

    return base64.b64encode(hmac.new(SECRET.encode(), message, hashlib.sha256).digest()).decode()


def test_explain_takes_curls_headers_and_a_url() -> None:
    signature = hmac.new(KEY.encode(), f"{NOW}GET/v3/asset/balances".encode(), "sha256").hexdigest()
    headers = [f"x-api-key: {KEY}", f"X-API-TIMESTAMP: {NOW}", f"x-api-signature:{signature}"]
    options = [option for header in headers for option in ("-H", header)]
    found = answer("explain", "GET", "https://api.woox.io/v3/asset/balances", *options, WOOX_API_SECRET=SECRET)
    assert [one["name"] for one in found["mistakes"]] == ["secret-api-key"]
    assert found["expected"] == f"{NOW}GET/v3/asset/balances"


def test_explain_is_honest() -> None:
    result = woox_fast(*explain_arguments("0" * 64), "--body", ORDER, **CREDENTIALS)
    assert result.returncode == 1
    assert re.match(r"verdict   None of [\d,]{5,} combinations", result.stdout)
    assert "What no signature shows:" in result.stdout
    assert "The clock:" in result.stdout
    right = woox_fast(*explain_arguments(oracle(f"{NOW}POST/v3/trade/order".encode())), **CREDENTIALS)
    assert right.returncode == 0
    assert right.stdout.startswith("verdict   The signature is right for this request.")
    assert "The clock:" in right.stdout


def test_explain_shows_hostile_bytes_escaped() -> None:
    path = "/v3/\x1b[31m\u202e\r\n"
    result = woox_fast(*explain_arguments("\x1b" * 64, "G\x1bT", path), "--body", "\x07\u2028", **CREDENTIALS)
    assert result.returncode == 1
    assert not re.search(r"[^\n\x20-\x7e]", result.stdout + result.stderr)


# readme


def test_the_readmes_transcript_is_what_is_printed() -> None:
    readme = (Path(__file__).parent.parent / "README.md").read_text()
    section = readme.partition("## My signature is refused")[2].partition("\n## ")[0]
    tried = 0
    for command, printed in re.findall(r"^\$ (woox-fast (?:.*\\\n)?.*)\n((?:[^$`\n].*\n)+)", section, re.MULTILINE):
        if " check " in command:  # this machine's figures
            continue
        path = f"{Path(SCRIPT).parent}:{os.environ['PATH']}"
        result = subprocess.run(["bash", "-c", command], env=environment(PATH=path), capture_output=True, text=True)
        assert re.sub(r"in \d.\d\d s", "in 0.00 s", result.stdout) == printed
        tried += 1
    assert tried == 2


# shown


@pytest.mark.parametrize(
    ("expected", "signed"),
    [
        ("abc", "abd"),
        ("abc", "abcd"),
        ("abcd", "abc"),
        ("", "x"),
        ("x" * 500 + "a", "x" * 500 + "b"),
        ("a" * 300, "b" * 300),
    ],
)
def test_the_mark_stands_under_the_first_difference(expected: str, signed: str) -> None:
    one, other, mark = show.difference(expected.encode(), signed.encode(), "no secret")
    at = mark.index("^")
    assert one[:at] == other[:at]
    assert one[at : at + 1] != other[at : at + 1]
    assert max(len(one), len(other), len(mark)) <= 92
