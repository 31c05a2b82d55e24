"""`woox-fast send`: a single request, the response or the failure, and the confirmation before production."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator

import pytest
from helpers.command import CREDENTIALS, ORDER, SCRIPT, answer, environment, needs_pty, read_until, terminal, woox_fast
from helpers.oracle import KEY, SECRET, oracle
from helpers.recorder import DROP, CannedResponse, Recorder

from woox_fast.cli import send
from woox_fast.sandbox import Sandbox

GET = ("send", "GET", "/v3/x", "--example")


@pytest.fixture(scope="module")
def url() -> Iterator[str]:
    with Sandbox() as url:
        yield url


@pytest.fixture
def free_url() -> str:
    with socket.create_server(("127.0.0.1", 0)) as server:
        return f"http://127.0.0.1:{server.getsockname()[1]}"


def test_send_sends_signed_bytes() -> None:
    body = '{"a": 1,\t"caf\u00e9":"x"}'
    with Recorder() as server:
        for request in (["POST", "/v3/x?a=%20b", "--body", body], ["GET", "/v3/x"], ["POST", "/v3/x"]):
            assert woox_fast("send", *request, "--url", server.url, "--example").returncode == 0
    assert server.faults == []
    assert [each.method for each in server.received] == ["POST", "GET", "POST"]
    assert (server.received[0].target, server.received[0].body) == ("/v3/x?a=%20b", body.encode())
    assert server.received[2].all("content-length") == ["0"]


def test_send_ignores_environment_proxy() -> None:
    with Recorder() as proxy, Recorder() as server:
        changes = {"http_proxy": proxy.url, "HTTP_PROXY": proxy.url, "no_proxy": "", "NO_PROXY": ""}
        assert woox_fast(*GET, "--url", server.url, **changes).returncode == 0
    assert (proxy.connections, len(server.received)) == (0, 1)


def test_send_selects_scheme() -> None:
    with Recorder() as server:
        for request in (
            ["POST", "/v1/order", "--body", "b=2&a=1"],
            ["GET", "/v2/x?b=2&a=1"],
            ["GET", "/v1/x", "--scheme", "v3"],
        ):
            assert woox_fast("send", *request, "--url", server.url, **CREDENTIALS).returncode == 0
    for received, message in zip(server.received, ("a=1&b=2|{}", "a=1&b=2|{}", "{}GET/v1/x"), strict=True):
        stamp = received.all("x-api-timestamp")[0]
        assert received.all("x-api-signature") == [oracle(message.format(stamp).encode())]
        assert received.all("content-type") == ["application/x-www-form-urlencoded"]
    assert server.received[0].body == b"b=2&a=1"


def test_redirect_is_not_followed() -> None:
    with (
        Recorder() as other,
        Recorder(lambda each: CannedResponse(307, {"Location": other.url + each.target})) as server,
    ):
        result = woox_fast(*GET, "--url", server.url)
    assert (result.returncode, other.connections) == (1, 0)
    assert re.search(r"^status +307", result.stdout, re.MULTILINE)


def test_send_shows_response(url: str) -> None:
    result = woox_fast("send", "POST", "/v3/trade/order", "--body", ORDER, "--url", url, "--example")
    assert (result.returncode, result.stderr) == (0, "")
    fields = rf"sent      POST {url}/v3/trade/order\nstatus    200 OK\nlatency   \d+\.\d ms\nresponse  "
    assert re.match(fields, result.stdout)
    assert '"success":true' in result.stdout
    shown = answer("send", "GET", "/v3/asset/balances", "--url", url, "--example")
    assert (shown["status"], shown["response"]["success"]) == (200, True)


@pytest.mark.parametrize("body", [b'{"a":NaN}', b"[1e999]", b"not JSON", b"[" * 100_000])
def test_json_output_is_strict(body: bytes) -> None:
    with Recorder(lambda _: CannedResponse(body=body)) as server:
        assert answer(*GET, "--url", server.url, status=1)["response"] == body.decode()


def test_hostile_response_is_escaped() -> None:
    raw = b"HTTP/1.1 401 No\x1b[2J\r\nContent-Length: 12\r\n\r\n\x1b]0;x\x07\x9b31m\r\xe2\x80"
    with Recorder(lambda _: CannedResponse(raw=raw)) as server:
        result = woox_fast(*GET, "--url", server.url)
    assert result.returncode == 1
    assert not re.search(r"[^\n\x20-\x7e]", result.stdout + result.stderr)
    assert r"\x1b]0;x\x07" in result.stdout


def test_echoed_secret_is_hidden() -> None:
    with Recorder(lambda _: CannedResponse(400, body=f'{{"message":"{SECRET}"}}'.encode())) as server:
        for more in ([], ["--json"]):
            assert woox_fast("send", "GET", "/v3/x", "--url", server.url, *more, **CREDENTIALS).returncode == 1


def test_unsent_request_is_reported(free_url: str) -> None:
    order = ("send", "POST", "/v3/trade/order", "--url", free_url, "--example")
    result = woox_fast(*order)
    assert (result.returncode, result.stdout) == (1, "")
    remedy = "Nothing was sent. Start a sandbox with `woox-fast sandbox`."
    reason = f"no complete response from {free_url}: Connection refused."
    assert result.stderr == f"woox-fast send: {reason} {remedy}\n"
    failure = {"status": None, "error": "Connection refused", "sent": False}
    assert answer(*order, status=1) == {"url": f"{free_url}/v3/trade/order", **failure}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_lost_response_leaves_doubt(method: str) -> None:
    with Recorder(lambda _: DROP) as server:
        request = ("send", method, "/v3/trade/order", "--url", server.url, "--example")
        result = woox_fast(*request)
        assert answer(*request, status=1)["sent"] is None
    assert result.returncode == 1
    assert ("query the order before you send it again" in result.stderr) is (method != "GET")
    assert "Nothing was sent" not in result.stderr
    assert "woox-fast sandbox" not in result.stderr
    assert len(server.received) == 2  # the two runs sent a request each


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{}", "closed 98 bytes before its end"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{}", "IncompleteRead"),
        (b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000, "longer than 1,000 bytes"),
        (b"SSH-2.0-OpenSSH\x1b[2J\r\n", r"SSH-2.0-OpenSSH\x1b[2J"),
        (b"", "closed connection without response"),
    ],
)
def test_broken_response_is_reported(raw: bytes, reason: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(send, "MAX_RESPONSE_BYTES", 1000)
    with Recorder(lambda _: CannedResponse(raw=raw, close=True)) as server:
        result = woox_fast(*GET, "--url", server.url)
    assert (result.returncode, result.stdout) == (1, "")
    assert reason in result.stderr
    assert result.stderr.removesuffix("\n").isprintable()


TRICKLE = """
import socket, sys, time
connection, _ = socket.socket(fileno=int(sys.argv[1])).accept()
connection.sendall(b"HTTP/1.1 200 OK\\r\\nX: ")
while True:
    connection.sendall(b"x")
    time.sleep(0.05)
"""


def test_trickling_response_times_out(monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that sends a byte now and then resets any limit on a single read."""
    monkeypatch.setattr(send, "TIMEOUT_S", 2)
    with socket.create_server(("127.0.0.1", 0)) as server:
        url, number = f"http://127.0.0.1:{server.getsockname()[1]}", server.fileno()
        with subprocess.Popen([sys.executable, "-c", TRICKLE, str(number)], pass_fds=[number]) as process:
            try:
                result = woox_fast(*GET, "--url", url)
                assert process.poll() is None
            finally:
                process.kill()
    assert result.returncode == 1
    assert "the time limit of 2 s passed" in result.stderr


def test_interrupted_send_leaves_doubt() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        process = subprocess.Popen(
            [SCRIPT, "send", "POST", "/v3/x", "--url", url, "--example"], env=environment(), stderr=subprocess.PIPE
        )
        connection, _ = server.accept()
        with connection:
            assert connection.recv(65536).startswith(b"POST /v3/x HTTP/1.1\r\n")
            process.send_signal(signal.SIGINT)
            _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert b"interrupted. The request may have been carried out" in errors
    assert b"Traceback" not in errors


def test_refused_signature_is_explained() -> None:
    with Sandbox(KEY, f"{SECRET}x") as other:
        result = woox_fast("send", "GET", "/v3/asset/balances", "--url", other, **CREDENTIALS)
        shown = answer("send", "GET", "/v3/asset/balances", "--url", other, status=1, **CREDENTIALS)
    assert result.returncode == 1
    assert '"code":-1001' in result.stdout
    assert "cause" in result.stdout
    assert shown["explanation"]["right"] is True


def test_production_needs_terminal() -> None:
    result = woox_fast("send", "DELETE", "/v3/x", "--production", **CREDENTIALS)
    assert (result.returncode, result.stdout) == (2, "")
    assert "needs a typed yes, in a terminal, or --yes" in result.stderr


@needs_pty
def test_production_needs_typed_yes() -> None:
    order = ["send", "POST", "/v3/trade/order", "--body", ORDER, "--production"]
    with terminal(*order, **CREDENTIALS) as (process, screen):
        asked = read_until(screen, b"to send it: ")
        assert b"POST /v3/trade/order to https://api.woox.io. Type yes" in asked
        os.write(screen, b"no\n")
        assert b"not sent" in read_until(screen, b"not sent")
        assert process.wait(20) == 2


@needs_pty
@pytest.mark.parametrize("body", ["-", "@-", "@/dev/stdin"])
def test_production_refuses_body_from_stdin(body: str) -> None:
    """The body's own input would answer the question."""
    arguments = ("send", "POST", "/v3/trade/order", "--body", body, "--production")
    with terminal(*arguments, **CREDENTIALS) as (_, screen):
        seen = read_until(screen, b"or --yes")
        assert b"needs a typed yes" in seen
        assert b"Type yes" not in seen
