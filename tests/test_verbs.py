"""Every verb, run as a user runs it: the installed `woox-fast`, in a process of its own."""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import pty
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import _credentials, cli
from woox_fast.cli import show
from woox_fast.sandbox import DEMO_API_KEY, DEMO_API_SECRET, Sandbox

SCRIPT = str(Path(sys.executable).with_name("woox-fast"))
ORDER = '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"60000","quantity":"0.01"}'
CREDENTIALS = {"WOOX_API_KEY": KEY, "WOOX_API_SECRET": SECRET}


def environment(**changes: str) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WOOX_API_")}
    return {**kept, "COLUMNS": "100", **changes}


def woox_fast(*arguments: str, given: bytes | None = None, **changes: str) -> subprocess.CompletedProcess[str]:
    result = subprocess.run(
        [SCRIPT, *arguments], env=environment(**changes), input=given or b"", capture_output=True, timeout=60
    )
    out, err = result.stdout.decode(), result.stderr.decode()
    assert SECRET not in out + err
    assert "Traceback" not in err
    return subprocess.CompletedProcess(result.args, result.returncode, out, err)


def answer(*arguments: str, status: int = 0, **more: Any) -> Any:
    result = woox_fast(*arguments, "--json", **more)
    assert result.returncode == status, result.stderr
    return json.loads(result.stdout)


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


@contextmanager
def terminal(*arguments: str, **changes: str) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """The verb in a terminal of its own, and our end of that."""
    ours, theirs = pty.openpty()
    process = subprocess.Popen(
        [SCRIPT, *arguments],
        env=environment(TERM="xterm-256color", **changes),
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=lambda: os.set_inheritable(0, True),
    )
    os.close(theirs)
    try:
        yield process, ours
    finally:
        process.kill()
        process.wait()
        os.close(ours)


def read_until(descriptor: int, words: bytes) -> bytes:
    """What a terminal shows until `words` are there, or all of it if they never come."""
    seen = b""
    deadline = time.monotonic() + 30
    while words not in seen and time.monotonic() < deadline and select.select([descriptor], [], [], 30)[0]:
        try:
            more = os.read(descriptor, 65536)
        except OSError:  # Linux's way to say that the other end is closed
            break
        if not more:
            break
        seen += more
    return seen


# What every verb has.


@pytest.mark.parametrize("verb", cli.VERBS)
def test_help_with_examples(verb: str) -> None:
    result = woox_fast(verb, "--help")
    assert (result.returncode, result.stderr) == (0, "")
    assert "--json" in result.stdout
    assert re.search(rf"examples:\n  woox-fast {verb}", result.stdout)


def test_the_examples_are_no_wrong_usage() -> None:
    for verb in cli.VERBS:
        module = __import__(f"woox_fast.cli.{verb}", fromlist=["EXAMPLES"])
        for example in module.EXAMPLES:
            words = shlex.split(re.split(r" [|>] ", example)[0])
            assert cli.parser().parse_args(words).verb == verb


def test_the_example_credentials_are_the_sandboxs() -> None:
    assert (_credentials.API_KEY, _credentials.API_SECRET) == (DEMO_API_KEY, DEMO_API_SECRET)


def test_a_reader_that_goes_away_is_no_error() -> None:
    command = f"{shlex.quote(SCRIPT)} completion bash | head -1; exit ${{PIPESTATUS[0]}}"
    result = subprocess.run(["bash", "-c", command], env=environment(), capture_output=True, text=True, timeout=60)
    assert (result.stderr, len(result.stdout.splitlines())) == ("", 1)


# sign


def test_sign_shows_what_is_signed() -> None:
    result = woox_fast("sign", "GET", "/v3/algo/orders?algoType=STOP", "--timestamp", str(NOW), **CREDENTIALS)
    signature = oracle(f"{NOW}GET/v3/algo/orders?algoType=STOP".encode())
    assert result.returncode == 0
    assert result.stdout == (
        f"signed     '{NOW}GET/v3/algo/orders?algoType=STOP'\n"
        "           45 bytes (quotes not counted)\n"
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
        (["POST", "/v1/order", "--body", "b=2&a=1%2C", "--scheme", "v1"], f"a=1%2C&b=2|{NOW}"),
        (["GET", "/v1/orders?b=2&a=1", "--scheme", "v1"], f"a=1&b=2|{NOW}"),
        (["--scheme", "ws"], f"|{NOW}"),
    ],
)
def test_sign_as_json(arguments: list[str], message: str) -> None:
    signed = answer("sign", *arguments, "--timestamp", str(NOW), **CREDENTIALS)
    assert signed["signed"] == message
    assert signed["signature"] == oracle(message.encode())
    assert signed["signature"] in signed["headers"].values()


def test_sign_takes_the_clock() -> None:
    before = time.time_ns() // 1_000_000
    stamp = int(answer("sign", "GET", "/v3/x", **CREDENTIALS)["headers"]["x-api-timestamp"])
    assert before <= stamp <= time.time_ns() // 1_000_000


def test_sign_marks_odd_characters(tmp_path: Path) -> None:
    body = tmp_path / "body"
    body.write_bytes(b'\xef\xbb\xbf{"a":"\xc2\xa0\x1b[31m"}\xff\n')
    result = woox_fast("sign", "POST", "/v3/x", "--body", f"@{body}", "--timestamp", str(NOW), **CREDENTIALS)
    lines = result.stdout.splitlines()
    assert lines[0] == rf"""signed     b'{NOW}POST/v3/x\xef\xbb\xbf{{"a":"\xc2\xa0\x1b[31m"}}\xff\n'"""
    assert [line.strip() for line in lines[1:7]] == [
        "42 bytes, 39 characters (quotes not counted)",
        "character 23 is U+FEFF, ZERO WIDTH NO-BREAK SPACE",
        "character 30 is U+00A0, NO-BREAK SPACE",
        "character 31 is U+001B, without a name",
        "character 38 is the byte 0xFF, not UTF-8",
        "character 39 is U+000A, a newline",
    ]
    assert "\x1b" not in result.stdout


def test_the_body_from_standard_input() -> None:
    for command in (["sign"], ["curl"]):
        assert woox_fast(*command, "POST", "/v3/x", "--body", "-", given=b"{}", **CREDENTIALS).returncode == 0
    signed = answer("sign", "POST", "/v3/x", "--body", "-", "--timestamp", str(NOW), given=b"a\r\n", **CREDENTIALS)
    assert signed["signed"] == f"{NOW}POST/v3/xa\r\n"


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["sign"], "METHOD and PATH are needed"),
        (["sign", "GET"], "METHOD and PATH are needed"),
        (["sign", "get", "/v3/x"], "write 'GET'"),
        (["sign", "GET", "https://api.woox.io/v3/x"], "leave out the scheme and host"),
        (["sign", "GET", "/v3/x", "--timestamp", "1578565539"], "looks like seconds"),
        (["sign", "GET", "/v3/x", "--body", "@/nowhere/at/all"], "cannot read the body from '/nowhere/at/all'"),
        (["curl", "POST", "/v3/x", "--url", "http://example.com"], "--url is for a sandbox on this machine"),
        (["curl", "POST", "/v3/x", "--url", "ftp://x"], "--url must be scheme, host"),
        (["send", "GET", "v3/x"], "put '/' before it"),
        (["send", "GET", "/v3/x?a=[1]"], "must be percent-encoded"),
        (["send", "GET", "/v3/x", "--url", "http://127.0.0.1.example.com"], "--url is for a sandbox on this machine"),
        (["send", "POST", "/v3/x", "--production"], "needs a typed yes"),
        (["send", "DELETE", "/v3/x", "--production"], "needs a typed yes"),
        (["explain", "GET", "/v3/x"], "--signature is needed"),
        (["explain", "--signature", "00", "--timestamp", "1"], "METHOD and PATH are needed"),
        (["explain", "GET", "/v3/x", "--signature", "00"], "--timestamp is needed"),
        (["explain", "GET", "/v3/x", "-H", "nonsense"], "a header is 'name: value'"),
        (["explain", "GET", "/v3/x", "--request", "-"], "do not give them again"),
        (["explain", "--request", "/nowhere"], "cannot read the request from '/nowhere'"),
        (["explain", "--request", "-"], "a request begins as"),
    ],
)
def test_what_cannot_begin_is_one_line_and_exit_status_2(arguments: list[str], words: str) -> None:
    result = woox_fast(*arguments, **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


# the secret


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


# curl


@pytest.mark.parametrize("body", [None, ORDER, "@order.json", 'it\'s "quoted" $HOME `x` \\ \n !', "@"])
def test_curl_is_accepted_by_a_shell_and_an_exchange(body: str | None, url: str, tmp_path: Path) -> None:
    (tmp_path / "order.json").write_text(ORDER + "\n")
    (tmp_path / "@").write_text("{}")
    method, path = ("GET", "/v3/trade/orders?symbol=SPOT_BTC_USDT") if body is None else ("POST", "/v3/trade/order")
    arguments = [] if body is None else ["--body", body if body != "@" else "@@"]
    command = subprocess.run(
        [SCRIPT, "curl", method, path, *arguments, "--url", url],
        cwd=tmp_path,
        env=environment(**CREDENTIALS),
        capture_output=True,
        text=True,
        timeout=60,
    ).stdout
    assert SECRET not in command
    assert KEY not in command
    assert "$WOOX_API_KEY" in command
    words = shlex.split(command.replace("$WOOX_API_KEY", KEY))
    options: dict[str, list[str]] = {}
    for name, value in pairwise(words):
        options.setdefault(name, []).append(value)
    headers = dict(header.split(": ", 1) for header in options["--header"])
    sent = b""
    if "--data-raw" in options:
        sent = options["--data-raw"][0].encode()
    elif "--data-binary" in options:
        sent = (tmp_path / options["--data-binary"][0][1:]).read_bytes()
    message = f"{headers['x-api-timestamp']}{method}{path}".encode() + sent
    assert headers["x-api-signature"] == oracle(message)
    assert options["--request"] == [method]
    assert url + path in words


def test_curl_refuses_what_no_command_line_can_hold() -> None:
    for data, words in ((b"\0", "NUL"), (b"\xff", "not UTF-8")):
        result = woox_fast("curl", "POST", "/v3/x", "--body", "-", given=data, **CREDENTIALS)
        assert (result.returncode, result.stdout) == (2, "")
        assert words in result.stderr


# send


def test_send_shows_the_reply(url: str) -> None:
    result = woox_fast("send", "POST", "/v3/trade/order", "--body", ORDER, "--url", url, "--example")
    assert (result.returncode, result.stderr) == (0, "")
    assert re.match(rf"sent     POST {url}/v3/trade/order\nstatus   200 OK\nlatency  \d+\.\d ms\n", result.stdout)
    assert '"success":true' in result.stdout
    reply = answer("send", "GET", "/v3/trade/orders?symbol=SPOT_BTC_USDT", "--url", url, "--example")
    assert (reply["status"], reply["reply"]["success"]) == (200, True)
    assert abs(reply["clock_skew_s"]) < 60


def test_send_explains_a_refusal_by_itself(url: str) -> None:
    quoted = {"WOOX_API_KEY": KEY, "WOOX_API_SECRET": f'"{SECRET}"'}
    result = woox_fast("send", "GET", "/v3/asset/balances", "--url", url, **quoted)
    assert result.returncode == 1
    assert '"code":-1001' in result.stdout
    assert "cause     Double quotes stood round the secret." in result.stdout
    reply = answer("send", "GET", "/v3/asset/balances", "--url", url, status=1, **quoted)
    assert [one["name"] for one in reply["explanation"]["mistakes"]] == ["secret-double-quotes"]
    old = answer("send", "GET", "/v3/asset/balances", "--url", url, "--timestamp", str(NOW), status=1, **CREDENTIALS)
    assert old["explanation"]["right"] is True
    assert old["clock_skew_s"] > 10**6


def test_send_says_when_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    result = woox_fast("send", "POST", "/v3/trade/order", "--url", free, "--example")
    assert (result.returncode, result.stdout) == (1, "")
    assert "gave no answer" in result.stderr
    assert "woox-fast sandbox" in result.stderr
    assert "look before you send again" in result.stderr


def test_a_hostile_reply_is_shown_escaped() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        origin = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(
            [SCRIPT, "send", "GET", "/v3/x", "--url", origin, "--example"],
            env=environment(),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        connection, _ = server.accept()
        with connection:
            assert connection.recv(65536).startswith(b"GET /v3/x HTTP/1.1\r\n")
            connection.sendall(b"HTTP/1.1 401 No\x1b[2J\r\nContent-Length: 12\r\n\r\n\x1b]0;x\x07\x9b31m\r\xe2\x80")
        out, err = process.communicate(timeout=60)
    assert process.returncode == 1
    assert not re.search(rb"[^\n\x20-\x7e]", out + err)
    assert rb"\x1b]0;x\x07" in out


def test_a_redirect_is_not_followed() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.create_server(("127.0.0.1", 0)) as other:
        other.settimeout(0.5)
        origin, away = (f"http://127.0.0.1:{one.getsockname()[1]}" for one in (server, other))
        process = subprocess.Popen(
            [SCRIPT, "send", "GET", "/v3/x", "--url", origin, "--example"], env=environment(), stdout=subprocess.PIPE
        )
        connection, _ = server.accept()
        with connection:
            connection.recv(65536)
            connection.sendall(f"HTTP/1.1 307 Away\r\nLocation: {away}/v3/x\r\nContent-Length: 0\r\n\r\n".encode())
        out, _ = process.communicate(timeout=60)
        assert process.returncode == 1
        assert b"status   307" in out
        with pytest.raises(TimeoutError):
            other.accept()


def test_production_wants_a_typed_yes() -> None:
    """Answered with no: nothing goes out."""
    order = ["send", "POST", "/v3/trade/order", "--body", ORDER, "--production"]
    with terminal(*order, **CREDENTIALS) as (process, screen):
        asked = read_until(screen, b"to send it: ")
        assert b"POST /v3/trade/order to https://api.woox.io. Type yes" in asked
        os.write(screen, b"no\n")
        assert b"not sent" in read_until(screen, b"not sent")
        assert process.wait(20) == 2


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


# check


def test_check_without_an_exchange() -> None:
    items = {item["name"]: item for item in answer("check", **CREDENTIALS)["items"]}
    assert list(items) == ["version", "backend", "self-test", "speed", "environment", "extras", "clock"]
    assert items["environment"]["found"] == "WOOX_API_KEY, WOOX_API_SECRET set"
    assert items["clock"]["found"] == "not compared"
    assert re.search(r"\d ns a signature, hmac.new [\d,]+ ns: [\d.]+ times", items["speed"]["found"])


def test_check_compares_the_clock(url: str) -> None:
    result = woox_fast("check", "--url", url)
    assert re.search(r"clock +ok the exchange is [+-]\d+ ms from here \(round trip \d+ ms\)", result.stdout)
    with Sandbox(clock=lambda: time.time() + 100) as ahead:
        (clock,) = [one for one in answer("check", "--url", ahead, status=1)["items"] if one["name"] == "clock"]
    assert clock["good"] is False
    assert re.fullmatch(r"the exchange is \+(99|100)\d{3} ms from here .*", clock["found"])
    assert re.search(r"clock_offset_ms=(99|100)\d{3}\b", clock["advice"])


def test_check_says_what_to_do() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    held = {"WOOX_API_KEY": "", "WOOX_API_SECRET": f" {SECRET}", "WOOX_FAST_BACKEND": "python"}
    items = answer("check", "--url", free, status=1, **held)["items"]
    bad = {item["name"]: item for item in items if not item["good"]} | {"speed": None}  # as it may be on this backend
    assert list(bad) == ["backend", "credentials", "WOOX_API_SECRET", "clock", "speed"] or list(bad) == [
        "backend",
        "speed",
        "credentials",
        "WOOX_API_SECRET",
        "clock",
    ]
    assert all(item["advice"] for item in items if not item["good"])
    same = answer("check", status=1, WOOX_API_KEY="abc", WOOX_API_SECRET="abc")["items"]
    assert [item["found"] for item in same if not item["good"]] == ["key and secret are the same text"]


# bench, demo, completion


def test_bench() -> None:
    times = answer("bench", "--seconds", "1")["nanoseconds"]
    assert list(times) == ["woox_fast Signer.sign", "hmac.new", "hmac object, copied"]
    assert all(20 < one < 10**6 for pair in times.values() for one in pair)


def test_demo_as_json() -> None:
    report = answer("demo", "--orders", "50")
    assert report["status"] == 0
    assert any(re.match(r"requests sent +50$", line) for line in report["output"])


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


# sandbox


@contextmanager
def own_sandbox(*options: str) -> Iterator[tuple[str, subprocess.Popen[str]]]:
    process = subprocess.Popen(
        [SCRIPT, "sandbox", "--port", "0", *options],
        env=environment(**CREDENTIALS),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        found = re.search(r"http://127\.0\.0\.1:\d+", process.stdout.readline())
        assert found
        yield found[0], process
    finally:
        process.kill()
        process.communicate()


def exchange_of(url: str, *requests: tuple[str, str, str, str]) -> None:
    """Send (method, target, body, signed text) as it is, the last without timestamp, signed by hand."""
    host, port = url.removeprefix("http://").split(":")
    for method, target, body, text in requests:
        stamp = str(time.time_ns() // 1_000_000)
        signature = oracle(text.format(t=stamp).encode())
        with socket.create_connection((host, int(port)), timeout=20) as connection:
            connection.sendall(
                f"{method} {target} HTTP/1.1\r\nHost: h\r\nContent-Length: {len(body.encode())}\r\nx-api-key: {KEY}\r\n"
                f"x-api-timestamp: {stamp}\r\nx-api-signature: {signature}\r\nContent-Type: application/json\r\n"
                f"Connection: close\r\n\r\n{body}".encode()
            )
            while connection.recv(65536):
                pass


def lines_of(process: subprocess.Popen[str]) -> list[str]:
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert err == ""
    assert SECRET not in out
    return out.splitlines()


def test_the_sandbox_prints_a_line_a_request_and_explains() -> None:
    with own_sandbox() as (url, process):
        exchange_of(
            url,
            ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"),
            ("DELETE", "/v3/trade/orders?symbol=SPOT_BTC_USDT", "", "{t}DELETE/v3/trade/orders"),
            ("GET", "/v3/asset/balances", "", "nothing of the kind"),
        )
        lines = lines_of(process)
    when = r"\d\d:\d\d:\d\d\.\d{3} "
    assert re.fullmatch(when + r"GET    /v3/asset/balances  200 OK  \d+\.\d\d ms", lines[0])
    assert re.fullmatch(when + r"DELETE /v3/trade/orders\?symbol=SPOT_BTC_USDT  401 INVALID_SIGNATURE  .* ms", lines[1])
    assert lines[2] == (
        "    The query was sent but not signed. Sign the path and query exactly as they go out on the request line."
    )
    assert re.fullmatch(r"    expected  '\d{13}DELETE/v3/trade/orders\?symbol=SPOT_BTC_USDT'", lines[3])
    assert re.fullmatch(r"    signed    '\d{13}DELETE/v3/trade/orders'", lines[4])
    assert lines[5].strip() == "^" * len("?symbol=SPOT_BTC_USDT")
    assert re.match(r"    None of [\d,]+ combinations", lines[7])
    assert re.fullmatch(r"    expected  '\d{13}GET/v3/asset/balances'", lines[8])


def test_the_sandbox_as_json_and_quiet() -> None:
    with own_sandbox("--json") as (url, process):
        exchange_of(
            url,
            ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"),
            ("POST", "/v3/trade/order", ORDER, "{t}post/v3/trade/order" + ORDER.replace("{", "{{").replace("}", "}}")),
        )
        records = [json.loads(line) for line in lines_of(process)]
    assert [record["verdict"] for record in records] == ["OK", "INVALID_SIGNATURE"]
    assert [one["name"] for one in records[1]["explanation"]["mistakes"]] == ["method-lower-case"]
    with own_sandbox("--quiet") as (url, process):
        exchange_of(url, ("GET", "/v3/asset/balances", "", "{t}GET/v3/asset/balances"))
        assert lines_of(process) == []


def test_the_sandbox_shows_hostile_requests_escaped() -> None:
    with own_sandbox() as (url, process):
        body = json.dumps({"a": "\x1b]0;owned\x07"}, ensure_ascii=False) + "\x9b\u202e\x1b[2J" + SECRET
        exchange_of(
            url,
            ("POST", "/v3/trade/order", body, "x"),
            ("GET", "/v3/\u202e\x9b", "", "x"),
            ("GET", f"/v3/asset/balances?{SECRET}", "", "{t}GET/v3/asset/balances"),
        )
        lines = lines_of(process)
    assert not re.search(r"[^\n\x20-\x7e]", "\n".join(lines))
    assert len([line for line in lines if re.match(r"\d\d:", line)]) == 3


# a terminal


def test_colour_on_a_terminal_and_none_without_rich() -> None:
    arguments = ["sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example"]
    with terminal(*arguments) as (_, screen):
        seen = read_until(screen, b"urlencoded")
    assert b"\x1b[32m" + oracle(f"{NOW}GET/v3/x".encode()).encode() in seen
    with terminal(*arguments, NO_COLOR="1") as (_, screen):
        assert b"\x1b" not in read_until(screen, b"urlencoded")


def test_plain_without_rich(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    monkeypatch.setattr(show, "_console", None)
    monkeypatch.setattr(sys.stdout, "isatty", lambda: True)
    assert cli.main(["sign", "GET", "/v3/x", "--timestamp", str(NOW), "--example"]) == 0
    out = capsys.readouterr().out
    assert oracle(f"{NOW}GET/v3/x".encode()) in out
    assert "\x1b" not in out


# the README


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


# what is shown


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
