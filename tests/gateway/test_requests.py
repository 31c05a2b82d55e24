"""Requests of both gateways against a server: the bytes, the responses, the errors."""

from __future__ import annotations

import json
import re
import socket
import ssl
import subprocess
import sys
import time
from pathlib import Path

import pytest
import trustme
from helpers.gateways import ORDER, Exchange, opened, shorten
from helpers.oracle import KEY, SECRET
from helpers.raw_server import RawServer
from helpers.recorder import DROP, CannedResponse, Received

from woox_fast import Signer
from woox_fast.gateway import AsyncGateway, Gateway, NoReplyError, NotSentError
from woox_fast.sandbox import Sandbox

UNKNOWN = re.escape(
    ": POST /v3/trade/order went out and may or may not have been carried out. It was not sent again; ask for the "
    "order (by its clientOrderId) before you send it again"
)
PATHS = ["/", "/v3/x?a=b%20c", "/v3/x?a=%2C,[1]+:/?", "/v3/x?a=1&a=2", "/v3/x?symbol=%E5%B8%81", "/v3//x/../y"]
BODIES = ["", None, b"", "{}", '{"a": [1, {"b": "币"}]}', bytearray(b"abc"), bytes(range(256)), b"x" * 2**20]


@pytest.fixture(scope="module")
def authority():
    return trustme.CA()


@pytest.fixture(scope="module")
def server_tls(authority):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("127.0.0.1", "localhost").configure_cert(context)
    return context


@pytest.fixture(scope="module")
def client_tls(authority):
    context = ssl.create_default_context()
    authority.configure_trust(context)
    return context


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT"])
@pytest.mark.parametrize("tls", [False, True], ids=["plain", "TLS"])
def test_received_bytes_are_signed(mode, method, tls, server_tls, client_tls):
    with (
        Exchange(tls=server_tls if tls else None) as server,
        opened(mode, server.url, connections=1, tls=client_tls if tls else None) as gateway,
    ):
        for path in PATHS:
            for body in BODIES:
                assert gateway.request(method, path, body).status == 200
    assert server.faults == []
    assert server.connections <= 2
    sent = [(path, body) for path in PATHS for body in BODIES]
    for (path, body), received in zip(sent, server.received, strict=True):
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        assert (received.method, received.target, received.body) == (method, path, data)
        assert received.all("host") == [server.host]


def test_sandbox_accepts_requests(mode):
    sandbox = Sandbox(KEY, SECRET)
    with sandbox as url, opened(mode, url) as gateway:
        order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}
        reply = gateway.request("POST", "/v3/trade/order", json.dumps(order))
        order_id = reply.json()["data"]["orderId"]
        assert reply.headers["content-type"].startswith("application/json")
        assert 0 < reply.latency_ns < 30e9
        path = f"/v3/trade/order?orderId={order_id}"
        assert gateway.request("GET", path).status == 200
        assert gateway.request("DELETE", path + "&symbol=SPOT_BTC_USDT").status == 200
    assert (sandbox.verified, sandbox.refused) == (3, 0)


def test_unusual_responses_are_returned(mode):
    raw = {
        "/head": b"HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n",
        "/until": b"HTTP/1.1 200 OK\r\n\r\n{}",
        "/204": b"HTTP/1.1 204 No Content\r\n\r\n",
        "/307": b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n",
        "/100": b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 500 No\r\nContent-Length: 1\r\n\r\nx",
    }

    def answer(received: Received) -> CannedResponse:
        return CannedResponse(raw=raw[received.target], close=received.target == "/until")

    with Exchange(answer) as server, opened(mode, server.url, connections=1) as gateway:
        for _ in range(2):
            assert gateway.request("HEAD", "/head").body == b""
            assert gateway.request("GET", "/until").body == b"{}"
            assert gateway.request("DELETE", "/204").status == 204
            assert gateway.request("POST", "/307", "{}").status == 307
            assert gateway.request("POST", "/100", "{}").status == 500
    assert server.faults == []
    assert len(server.received) == 10


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (
            DROP,
            r"(\[Errno 104\] Connection reset by peer|the server closed the connection before its response)",
        ),
        (CannedResponse(raw=b"", close=True), "the server closed the connection before its response was complete"),
        (
            CannedResponse(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", close=True),
            "the server closed the connection",
        ),
        (CannedResponse(raw=b"HTTP/1.1 100 Continue\r\n\r\n", close=True), "the server closed the connection before"),
        (CannedResponse(raw=b"SSH-2.0-OpenSSH\r\n"), "the response is not HTTP/1.1"),
        (
            CannedResponse(raw=b"HTTP/1.1 101 Up\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n"),
            "the response changes to another protocol",
        ),
        (CannedResponse(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), "no whole response came within 0.2 s"),
        (CannedResponse(raw=b"HTTP/1.1 200 OK\r\n\r\n{"), "no whole response came within 0.2 s"),  # and does not close
        (CannedResponse(raw=b""), "no whole response came within 0.2 s"),
    ],
)
def test_lost_response_is_not_repeated(mode, reply, why):
    def answer(received: Received) -> CannedResponse | None:
        return reply if received.method == "POST" else CannedResponse()

    with Exchange(answer) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        with pytest.raises(NoReplyError, match="^" + why + ".*" + UNKNOWN) as raised:
            gateway.request(*ORDER, timeout_s=0.2 if "within" in why else None)
        assert gateway.request("GET", "/v3/trade/order?clientOrderId=7").status == 200
        shorten(gateway.gateway, 0.2)
    error = raised.value
    assert (error.method, error.path, error.body) == ("POST", "/v3/trade/order", ORDER[2].encode())
    assert server.received[0].all("x-api-timestamp") == [str(error.timestamp)]
    assert error.last_error is error.__cause__
    assert [received.method for received in server.received] == ["POST", "GET"]
    assert server.faults == []


def test_send_within_bounds_replacement(mode):
    """The connection was found closed, and no other connection can be opened."""
    with RawServer() as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:
        server.answer_get = lambda peer, request: time.sleep(2) or True
        gateway.run(server.hang_up)
        started = time.monotonic()
        while time.monotonic() - started < 10:
            try:
                gateway.request(*ORDER, send_within_s=0.1)
            except NotSentError:
                break
            server.hang_up()
        assert time.monotonic() - started < 10


def test_short_timeout_wakes_housekeeping(mode, monkeypatch):
    """The deadline comes before the next round that was planned."""
    for module in ("pool", "keeper"):
        monkeypatch.setattr(f"woox_fast.gateway.{module}.TICK_NS", 60 * 10**9)
    with RawServer(lambda peer, request: True) as server, opened(mode, server.url, connections=1) as gateway:  # noqa: SIM117
        with pytest.raises(NoReplyError, match=r"^no whole response came within 0.2 s"):
            gateway.request(*ORDER, timeout_s=0.2)


def test_dripping_response_times_out(mode):
    """`timeout_s` bounds the whole response."""

    def drip(peer, request):
        while True:
            peer.send(b"\r\n")
            time.sleep(0.05)

    with RawServer(drip) as server, opened(mode, server.url, connections=1, timeout_s=20) as gateway:  # noqa: SIM117
        with pytest.raises(NoReplyError, match=r"^no whole response came within 0.3 s"):
            gateway.request(*ORDER, timeout_s=0.3)


def test_invalid_request_keeps_connection(mode):
    with Exchange() as server, opened(mode, server.url, connections=1) as gateway:
        for bad in (("GET", "/a b"), ("get", "/"), ("GET", "http://evil.example/"), ("POST", "/", {"a": 1})) * 3:
            with pytest.raises((TypeError, ValueError)):
                gateway.request(*bad)
        assert gateway.request(*ORDER).status == 200
    assert len(server.received) == 1
    assert server.connections <= 2


def test_unknown_certificate_is_refused(mode, server_tls):
    with Exchange(tls=server_tls) as server:
        with pytest.raises(NotSentError, match="certificate verify failed") as raised, opened(mode, server.url):
            pass
        assert isinstance(raised.value.__cause__, ssl.SSLCertVerificationError)


def test_wrong_host_name_is_refused(mode, authority, client_tls):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.woox.io").configure_cert(context)
    with (
        Exchange(tls=context) as server,
        pytest.raises(NotSentError, match="IP address mismatch"),
        opened(mode, server.url, tls=client_tls),
    ):
        pass


def test_refused_connection_is_reported(mode):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        url = f"http://127.0.0.1:{probe.getsockname()[1]}"
    started = time.monotonic()
    refused = r"^cannot open a connection to 127.*refused; nothing was sent$"
    with pytest.raises(NotSentError, match=refused) as raised, opened(mode, url):
        pass
    assert isinstance(raised.value.__cause__, ConnectionRefusedError)
    assert time.monotonic() - started < 5


@pytest.mark.parametrize("where", ["connect", "first response"])
def test_connect_timeout_sends_nothing(mode, where):
    """The order cannot have gone out."""
    with socket.create_server(("127.0.0.1", 0), backlog=0 if where == "connect" else 9) as listener:
        full = [socket.socket() for _ in range(4)] if where == "connect" else []
        for sock in full:
            sock.setblocking(False)
            sock.connect_ex(listener.getsockname())
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
        with pytest.raises(NotSentError, match="nothing was sent"), opened(mode, url, timeout_s=0.3):
            pass
        for sock in full:
            sock.close()


@pytest.mark.parametrize("kind", [Gateway, AsyncGateway])
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"url": "api.woox.io"}, ValueError, "base_url must be scheme, host and maybe port"),
        ({"url": "https://api.woox.io/v3"}, ValueError, "base_url must be"),
        ({"url": "http://a\r\nb"}, ValueError, "base_url must be"),
        (
            {"url": "http://a", "tls": ssl.create_default_context()},
            ValueError,
            "tls is for https, got it with 'http://a'",
        ),
        ({"connections": 0}, ValueError, "connections must be 1 or more, got 0"),
        ({"connections": True}, TypeError, "connections must be an int, got bool"),
        ({"connections": 1.0}, TypeError, "connections must be an int, got float"),
        ({"reserved": -1}, ValueError, "reserved must be 0 or more, got -1"),
        ({"url": "http://a:0"}, ValueError, "url must have a port from 1 to 65535"),
        ({"url": 7}, TypeError, "url must be a str such as"),
        ({"timeout_s": 0}, ValueError, "timeout_s must be from 0.001 to 86400 seconds, got 0"),
        ({"timeout_s": float("nan")}, ValueError, "timeout_s must be from 0.001 to 86400 seconds, got nan"),
        ({"warm_s": "20"}, TypeError, "warm_s must be a number of seconds, got str"),
        ({"warm_s": float("inf")}, ValueError, "warm_s must be from 0.001 to 86400 seconds, got inf"),
    ],
)
def test_invalid_option_is_refused(kind, options, error, message):
    with pytest.raises(error, match=re.escape(message)):
        kind(Signer(KEY, SECRET), **options)


def test_output_has_no_secret(mode):
    with Exchange(lambda received: DROP) as server, opened(mode, server.url) as gateway:
        with pytest.raises(NoReplyError) as raised:
            gateway.request(*ORDER)
        assert SECRET not in repr(gateway.gateway) + repr(raised.getrepr(showlocals=True, style="long"))


@pytest.mark.parametrize("name", ["gateway_threads.py", "gateway_asyncio.py"])
def test_example_places_orders(name):
    """With an embedded exchange, and with a running exchange."""
    example = Path(__file__).parents[2] / "examples" / name
    with Sandbox() as url:
        for arguments in ([], [url]):
            command = [sys.executable, str(example), *arguments]
            done = subprocess.run(command, capture_output=True, text=True, timeout=60)
            assert (done.returncode, done.stderr) == (0, "")
            assert len(re.findall(r"^order \d+: placed in [\d,]+ us: .*orderId", done.stdout, re.MULTILINE)) == 8
