"""Test malformed HTTP, JSON and orders: all get the envelope, and the server goes on."""

from __future__ import annotations

import json
import socket

import pytest
from helpers.sandbox_client import HEAD, LIMIT_ORDER, Client, Clock, place

from woox_fast.sandbox import Sandbox


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"null",
        b'{"quantity": 1e999}',
        b'{"quantity": ' + b"9" * 10_000 + b"}",
        b'{"side": "BUY", "side": "SELL"}',
        b'{"marginMode": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
        b'\xef\xbb\xbf{"symbol": "SPOT_BTC_USDT"}',
        b'{"symbol": "\xed\xa0\x80"}',
        b'{"symbol": "\\ud800"}',
        b"{}" + b" " * 500_000 + b"{}",
    ],
    ids=lambda body: repr(body[:24]),
)
def test_malformed_bodies_are_refused(sandbox: Sandbox, client: Client, body: bytes) -> None:
    assert client.refusal("POST", "/v3/trade/order", body) == "INVALID_PARAM"
    assert sandbox.verified == 1
    place(client)


def test_python_constants_are_refused(client: Client) -> None:
    for number in ("NaN", "Infinity", "-Infinity"):
        response = client.call("POST", "/v3/trade/order", f'{{"clientOrderId": {number}}}'.encode())
        words = f"The body is not UTF-8 JSON: {number} is not JSON"
        assert client.verdict(*response, words) == "INVALID_PARAM"


@pytest.mark.parametrize("content_type", ["", "text/plain", "application/jsonp", "multipart/form-data; boundary=x"])
def test_undeclared_json_is_refused(client: Client, content_type: str) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = {**client.sign("POST", b"/v3/trade/order", body), "Content-Type": content_type}
    response = client.request("POST", b"/v3/trade/order", headers, body)
    assert client.verdict(*response, "Content-Type: application/json") == "INVALID_PARAM"


def test_form_body_is_accepted(client: Client) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded; charset=utf-8"}
    path, body, wrong = b"/v3/trade/cancelAllAfter", b"triggerAfter=5000", b"triggerAfter=%ff"
    status, response = client.request("POST", path, client.sign("POST", path, body) | form, body)
    assert (status, response["data"]) == (200, {"expectedTriggerTime": 1_795_000_005_000})
    response = client.request("POST", path, client.sign("POST", path, wrong) | form, wrong)
    assert client.verdict(*response) == "INVALID_PARAM"


def test_misplaced_parameters_are_refused(client: Client) -> None:
    assert client.refusal("POST", "/v3/trade/order?symbol=SPOT_BTC_USDT", LIMIT_ORDER) == "INVALID_PARAM"
    assert client.refusal("DELETE", "/v3/trade/orders", b"symbol=SPOT_BTC_USDT") == "INVALID_PARAM"
    assert client.refusal("GET", "/v3/trade/orders", {"symbol": "SPOT_BTC_USDT"}) == "INVALID_PARAM"


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"garbage\r\n\r\n", 400),
        (b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(range(200)), 400),  # a TLS client hello
        (b"GET /" + b"a" * 100_000 + b" HTTP/1.1\r\nHost: h\r\n\r\n", 400),
        (b"GET / HTTP/1.1\r\nHost: h\r\nX-Long: " + b"a" * 100_000 + b"\r\n\r\n", 400),
        (HEAD + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n\r\n", 400),
        (HEAD + b"Content-Length: 1048577\r\n\r\n" + b"x" * 1_048_577, 413),
        (HEAD + b"Content-Length: 2\r\n\r\n{", 408),
        (HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab", 408),
        (b"CONNECT h:1 HTTP/1.1\r\nHost: h\r\n\r\n", 404),
    ],
    ids=lambda value: repr(value[:32]) if isinstance(value, bytes) else str(value),
)
def test_malformed_http_gets_envelope(clock: Clock, data: bytes, status: int) -> None:
    sandbox = Sandbox(clock=clock, timeout=2.0 if status == 408 else 60)
    verdicts = {400: "MALFORMED_HTTP", 404: "NO_SUCH_ENDPOINT", 408: "BODY_TIMEOUT", 413: "BODY_TOO_LARGE"}
    with sandbox, Client(sandbox, clock) as broken:
        broken.send(data)
        got, response = broken.read_response()
        assert (got, broken.verdict(got, response)) == (status, verdicts[status])
        if status in (400, 408):
            assert broken.closed_by_server()
        with Client(sandbox, clock) as client:
            assert client.request("GET", b"/v3/public/systemInfo", {})[0] == 200
    assert sandbox.verdicts == {verdicts[status]: 1, "OK": 1}


@pytest.mark.parametrize("sent", [b"", HEAD, b"GET /v3/public/systemInfo HTTP/1.1\r\nHost: h\r\n\r\nGET /v3/acc"])
def test_silent_connection_is_closed(clock: Clock, sent: bytes) -> None:
    sandbox = Sandbox(clock=clock, timeout=0.2)
    with sandbox, Client(sandbox, clock) as client:
        client.send(sent)
        while client.socket.recv(65536):
            pass


def test_surplus_bytes_are_refused(sandbox: Sandbox, client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = client.sign("POST", b"/v3/trade/order", body)
    assert client.request("POST", b"/v3/trade/order", headers, body)[0] == 200
    client.send(b"surplus bytes\r\n\r\n")
    assert client.verdict(*client.read_response()) == "MALFORMED_HTTP"
    assert client.closed_by_server()
    assert len(sandbox.exchange.orders.open) == 1


def test_unread_body_closes_connection(client: Client) -> None:
    """The server must not parse the rest of the body as the next request."""
    client.send(b"POST /v3/no/such HTTP/1.1\r\nHost: h\r\nContent-Length: 100\r\n\r\nGET / HTTP/1.1\r\n")
    head = b"".join(iter(client._reader.readline, b"\r\n"))
    assert head.startswith(b"HTTP/1.1 404 ")
    assert b"\r\nConnection: close\r\n" in head


def test_leaving_clients_are_harmless(sandbox: Sandbox, clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    for sent in (b"", b"POST /v3/tra", HEAD, HEAD + b"Content-Length: 100\r\n\r\n" + body[:10]):
        with Client(sandbox, clock) as leaving:
            leaving.send(sent)
    with Client(sandbox, clock) as half_closed:
        half_closed.send(HEAD + b"Content-Length: 100\r\n\r\n" + body[:10])
        half_closed.socket.shutdown(socket.SHUT_WR)
        half_closed.closed_by_server()
    with Client(sandbox, clock) as client:
        place(client)
    assert not sandbox.verdicts["UNKNOWN"]
    assert not caplog.records


def test_expect_continue_is_answered(client: Client) -> None:
    body = json.dumps(LIMIT_ORDER).encode()
    headers = {"Expect": "100-continue", "Content-Length": str(len(body))}
    client.send_request("POST", b"/v3/trade/order", client.sign("POST", b"/v3/trade/order", body) | headers)
    assert client.socket.recv(100) == b"HTTP/1.1 100 Continue\r\n\r\n"
    client.send(body)
    assert client.read_response()[0] == 200
