"""The verbs that sign a request: sign, curl and send."""

from __future__ import annotations

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import pytest
from helpers.command import CREDENTIALS, ORDER, SCRIPT, answer, environment, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import KEY, NOW, SECRET, oracle
from helpers.recorder import DROP, Recorder, Reply

from woox_fast.cli.curl import quoted
from woox_fast.sandbox import Sandbox


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


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
        (["POST", "/v1/order", "--body", "b=2&a=1%2C"], f"a=1%2C&b=2|{NOW}"),
        (["GET", "/v1/orders?b=2&a=1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v2/orders?b=2&a=1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v3/orders?b=2&a=1", "--scheme", "v1"], f"a=1&b=2|{NOW}"),
        (["GET", "/v1/orders?b=2&a=1", "--scheme", "v3"], f"{NOW}GET/v1/orders?b=2&a=1"),
        (["--scheme", "ws"], f"|{NOW}"),
    ],
)
def test_sign_as_json(arguments: list[str], message: str) -> None:
    signed = answer("sign", *arguments, "--timestamp", str(NOW), **CREDENTIALS)
    assert signed["signed"] == message
    assert signed["signature"] == oracle(message.encode())
    assert signed["signature"] in signed["headers"].values()


@pytest.mark.parametrize("verb", ["sign", "curl", "send"])
def test_the_receive_window_is_sent_and_not_signed(verb: str) -> None:
    request = (verb, "GET", "/v3/x", "--timestamp", str(NOW), "--recv-window", "2500", "--example")
    with Recorder() as server:
        shown = json.dumps(answer(*request, *(["--url", server.url] if verb == "send" else [])))
    if verb == "send":
        assert server.received[0].all("x-api-recvwindow") == ["2500"]
        shown = server.received[0].raw.decode()
    assert oracle(f"{NOW}GET/v3/x".encode()) in shown
    assert "recvwindow" in shown
    for wrong in ("0", "60001", "1.5", "x"):
        assert woox_fast(*request[:-2], wrong, "--example").returncode == 2


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
        (["sign", "GET", "/v3/x", "--timestamp", "abc"], "`date +%s%3N` prints it; leave --timestamp out for now's"),
        (["sign", "GET", "/v3/x", "--timestamp", ""], "exactly 13 digits"),
        (["send", "GET", "/v3/x", "--timestamp", "abc"], "`date +%s%3N` prints it"),
        (["curl", "GET", "/v3/x", "--timestamp", "abc"], "`date +%s%3N` prints it"),
        (["sign", "POST", "/v1/order", "--body", "{}"], "got JSON"),
        (["sign", "GET", "/v3/x", "--body", "@/nowhere/at/all"], "cannot read the body from '/nowhere/at/all'"),
        (["curl", "POST", "/v3/x", "--url", "http://example.com"], "--url is for a sandbox on this machine"),
        (["curl", "POST", "/v3/x", "--url", "ftp://x"], "--url must be scheme, host"),
        (["send", "GET", "v3/x"], "put '/' before it"),
        (["send", "GET", "/v3/x?a=[1]"], "write it as %XX, such as %20 for a space"),
        *(
            ([verb, "GET", path], "must be percent-encoded")
            for verb in ("curl", "send")
            for path in (
                "/v3/x?a=b c",
                "/v3/x#there",
                "/v3/x?a=[1]",
                "/v3/caf\u00e9",
                "/v3/../x",
                "//v3/x",
                "/v1/x?a=b c",
            )
        ),
        (["send", "GET", "/v3/x", "--url", "http://127.0.0.1.example.com"], "--url is for a sandbox on this machine"),
        (["send", "POST", "/v3/x", "--production"], "needs a typed yes"),
        (["send", "DELETE", "/v3/x", "--production"], "needs a typed yes"),
        (["explain", "GET", "/v3/x"], "--signature is required"),
        (["explain", "--signature", "00", "--timestamp", "1"], "METHOD and PATH are needed"),
        (["explain", "GET", "/v3/x", "--signature", "0" * 64], "--timestamp is required"),
        (["explain", "GET", "/v3/x", "-H", "nonsense"], "a header is 'name: value'"),
        (["explain", "GET", "/v3/x", "--request", "-"], "do not give them again"),
        (["explain", "--request", "/nowhere"], "cannot read the request from '/nowhere'"),
        (["explain", "--request", "-"], "the request is empty; expected a curl command"),
    ],
)
def test_what_cannot_begin_is_one_line_and_exit_status_2(arguments: list[str], words: str) -> None:
    result = woox_fast(*arguments, **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert words in result.stderr
    assert len(result.stderr.splitlines()) == 1


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


WORDS = (
    r"""plain it's '' =ls a=b ~ ~/x !! * ? [a] {a,b} $HOME `x` " \ #a a#b ^a %1 (a) ; & | < > @file -n a:b,c.d/e_f+g"""
)


@pytest.mark.parametrize("word", [*WORDS.split(), "", " ", "\n", "\t", "caf\u00e9"])
@pytest.mark.parametrize("shell", ["sh", "bash", "zsh"])
def test_a_word_is_quoted_for_each_shell(word: str, shell: str) -> None:
    assert shlex.split(quoted(word)) == [word]
    if shutil.which(shell) is None:
        # What zsh takes for itself and sh does not: a word that begins with '=' or '~', '^', '#' and braces.
        assert quoted(word)[0] == "'" or not re.search(r"^[=~]|[\^#{}*?\[\]!]", word)
        return
    command = f"{sys.executable} -c 'import sys; print(ascii(sys.argv[1:]))' {quoted(word)}"
    result = subprocess.run([shell, "-c", command], capture_output=True, text=True)
    assert result.stdout == f"{[word]!a}\n"


def test_curl_follows_the_path_to_its_scheme() -> None:
    command = answer("curl", "POST", "/v1/order", "--body", "b=2&a=1", "--timestamp", str(NOW), **CREDENTIALS)[
        "command"
    ]
    assert f"'x-api-signature: {oracle(f'a=1&b=2|{NOW}'.encode())}'" in command
    assert "'Content-Type: application/x-www-form-urlencoded'" in command
    named = answer("curl", "GET", "/v1/x", "--scheme", "v3", "--timestamp", str(NOW), **CREDENTIALS)["command"]
    assert oracle(f"{NOW}GET/v1/x".encode()) in named


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
    assert re.search(r"^cause +The secret had double quotes around it\.", result.stdout, re.MULTILINE)
    reply = answer("send", "GET", "/v3/asset/balances", "--url", url, status=1, **quoted)
    assert [one["name"] for one in reply["explanation"]["mistakes"]] == ["secret-double-quotes"]
    old = answer("send", "GET", "/v3/asset/balances", "--url", url, "--timestamp", str(NOW), status=1, **CREDENTIALS)
    assert old["explanation"]["right"] is True
    assert old["clock_skew_s"] > 10**6


def test_send_says_that_the_exchange_has_another_secret() -> None:
    """The request is signed right, and yet refused: no search finds that, and it is the likeliest of all."""
    with Sandbox(KEY, "the secret that the exchange has") as url:
        result = woox_fast("send", "GET", "/v3/asset/balances", "--url", url, **CREDENTIALS)
        reply = answer("send", "GET", "/v3/asset/balances", "--url", url, status=1, **CREDENTIALS)
    assert result.returncode == 1
    cause = " ".join(result.stdout.partition("\n\n")[2].split())
    assert cause.startswith("cause The signature is right for this request and for the secret that you gave.")
    assert "its secret for this API key is not this one. expected" in cause
    assert result.stdout.count("not this one") == 1
    assert reply["explanation"]["right"] is True
    assert reply["explanation"]["other_causes"][0].endswith("not this one.")


def test_send_does_not_blame_the_secret_for_an_old_timestamp(url: str) -> None:
    result = woox_fast("send", "GET", "/v3/asset/balances", "--url", url, "--timestamp", str(NOW), **CREDENTIALS)
    shown = " ".join(result.stdout.split())
    assert re.search(
        r"The exchange's clock is \+\d+ s from the timestamp that was sent: set this machine's clock", shown
    )
    assert "cause The signature is right" not in shown


@pytest.mark.parametrize(("date", "blamed"), [("Wed, 08 Jan 2020 10:25:39 GMT", False), ("", True)])
def test_the_secret_is_blamed_only_where_the_clock_is_right(date: str, blamed: bool) -> None:
    refused = Reply(401, {"Date": date} if date else {}, b'{"success":false,"code":-1001,"message":"no"}')
    with Recorder(lambda _: refused) as server:
        result = woox_fast("send", "GET", "/v3/x", "--url", server.url, **CREDENTIALS)
    assert ("cause     The signature is right for this request" in result.stdout) is blamed
    assert ("set this machine's clock" in " ".join(result.stdout.split())) is not blamed


def test_send_takes_no_proxy_from_the_environment() -> None:
    with Recorder() as proxy, Recorder() as server:
        changes = {"http_proxy": proxy.url, "HTTP_PROXY": proxy.url, "no_proxy": "", "NO_PROXY": ""}
        assert woox_fast("send", "GET", "/v3/x", "--url", server.url, "--example", **changes).returncode == 0
    assert (proxy.connections, len(server.received)) == (0, 1)


def test_send_follows_the_path_to_its_scheme() -> None:
    with Recorder() as server:
        assert (
            woox_fast("send", "POST", "/v1/order", "--body", "b=2&a=1", "--url", server.url, **CREDENTIALS).returncode
            == 0
        )
        assert woox_fast("send", "GET", "/v2/x?b=2&a=1", "--url", server.url, **CREDENTIALS).returncode == 0
        assert woox_fast("send", "GET", "/v1/x", "--scheme", "v3", "--url", server.url, **CREDENTIALS).returncode == 0
    assert len(server.received) == 3
    for one, message in zip(server.received, ("a=1&b=2|{}", "a=1&b=2|{}", "{}GET/v1/x"), strict=True):
        stamp = one.all("x-api-timestamp")[0]
        assert one.all("x-api-signature") == [oracle(message.format(stamp).encode())]
        assert one.all("content-type") == ["application/x-www-form-urlencoded"]
    assert server.received[0].body == b"b=2&a=1"


def test_send_says_when_there_is_no_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        free = f"http://127.0.0.1:{server.getsockname()[1]}"
    order = ("send", "POST", "/v3/trade/order", "--url", free, "--example")
    result = woox_fast(*order)
    assert (result.returncode, result.stdout) == (1, "")
    assert result.stderr == (
        f"woox-fast send: {free} gave no answer (ConnectionError); "
        "start one with `woox-fast sandbox`. Nothing was sent\n"
    )
    failed = answer(*order, status=1)
    assert failed == {"url": f"{free}/v3/trade/order", "status": None, "error": "ConnectionError", "sent": False}


@pytest.mark.parametrize("method", ["GET", "POST", "DELETE"])
def test_what_may_have_been_carried_out_is_said_to_be(method: str) -> None:
    with Recorder(lambda _: DROP) as server:
        result = woox_fast("send", method, "/v3/trade/order", "--url", server.url, "--example")
        failed = answer("send", method, "/v3/trade/order", "--url", server.url, "--example", status=1)
    assert result.returncode == 1
    assert "gave no answer (ConnectionError)" in result.stderr
    assert ("look before you send it again" in result.stderr) is (method != "GET")
    assert "Nothing was sent" not in result.stderr
    assert failed["sent"] is None
    assert len(server.received) == 2  # each of the two was sent once


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


@needs_pty
def test_production_wants_a_typed_yes() -> None:
    """Answered with no: nothing goes out."""
    order = ["send", "POST", "/v3/trade/order", "--body", ORDER, "--production"]
    with terminal(*order, **CREDENTIALS) as (process, screen):
        asked = read_until(screen, b"to send it: ")
        assert b"POST /v3/trade/order to https://api.woox.io. Type yes" in asked
        os.write(screen, b"no\n")
        assert b"not sent" in read_until(screen, b"not sent")
        assert process.wait(20) == 2
