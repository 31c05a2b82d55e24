"""Test the effects of faults on responses, connections and orders, byte for byte."""

from __future__ import annotations

import gzip
import json
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
from helpers.gateways import eventually
from helpers.sandbox_client import LIMIT_ORDER, Client, Clock, place

from woox_fast.sandbox import Sandbox

ORDER = json.dumps({**LIMIT_ORDER, "clientOrderId": 42}).encode()
PATH = b"/v3/trade/order"


@contextmanager
def serve(*rules: str, **options: Any) -> Iterator[tuple[Sandbox, Client]]:
    clock = Clock()
    sandbox = Sandbox(faults=rules, clock=clock, **options)
    with sandbox, Client(sandbox, clock) as client:
        yield sandbox, client


def post(client: Client, **headers: str) -> None:
    """Send the order without reading the response."""
    client.send_request("POST", PATH, client.sign("POST", PATH, ORDER) | headers, ORDER)


def read_rest(client: Client) -> bytes:
    """Read until the server closes the connection, or resets it, which appends b" reset"."""
    client.socket.settimeout(60)
    got = b""
    try:
        while piece := client.socket.recv(65536):
            got += piece
    except ConnectionResetError:
        return got + b" reset"
    return got


def is_silent(client: Client) -> bool:
    client.socket.settimeout(0.1)
    try:
        return not client.socket.recv(1, socket.MSG_PEEK)
    except TimeoutError:
        return True


def split_response(response: bytes) -> tuple[list[str], bytes]:
    head, _, body = response.partition(b"\r\n\r\n")
    return head.decode().split("\r\n"), body


def count_open(sandbox: Sandbox) -> int:
    return sandbox.orders()["open"]


@pytest.mark.parametrize(
    ("rule", "got", "held", "verdict"),
    [
        ("reset", b" reset", 0, "FAULT"),
        ("reset-after", b" reset", 1, "OK"),
        ("cut 0", b"", 1, "OK"),
        ("cut 17", b"HTTP/1.1 200 OK\r\n", 1, "OK"),
    ],
)
def test_lost_responses_have_status_zero(rule: str, got: bytes, held: int, verdict: str) -> None:
    with serve(f"{rule} on POST first 1") as (sandbox, client):
        post(client)
        assert read_rest(client) == got
        assert count_open(sandbox) == held
        (record,) = sandbox.requests
        assert (record.verdict, record.status, record.fault, record.body) == (verdict, 0, rule.split()[0], ORDER)
        assert sandbox.stats()["faults"] == {rule.split()[0]: 1}
        assert (sandbox.accepted, sandbox.refused, sandbox.seen) == (held, 0, 1)
        with Client(sandbox, client.clock) as other:
            place(other)


def test_missing_reply_has_status_zero() -> None:
    with serve("no-reply on POST first 1") as (sandbox, client):
        post(client)
        eventually(lambda: len(sandbox.requests) == 1)
        assert is_silent(client)
        assert count_open(sandbox) == 1
        assert (sandbox.requests[0].verdict, sandbox.requests[0].status) == ("OK", 0)


def test_response_can_be_cut() -> None:
    with serve("close 1") as (_, client):
        post(client)
        whole = read_rest(client)
    with serve("close 1", "twice") as (_, client):
        post(client)
        assert read_rest(client) == whole * 2
    for length in (1, len(whole) // 2, len(whole), len(whole) + 5):
        with serve(f"cut {length} on POST") as (sandbox, client):
            post(client)
            assert read_rest(client) == whole[:length]
            assert sandbox.requests[0].status == (200 if length >= len(whole) else 0)


def test_second_response_comes_later() -> None:
    with serve("twice 1ms on POST") as (sandbox, client):
        post(client)
        assert [client.read_response()[0] for _ in range(2)] == [200, 200]
        assert count_open(sandbox) == 1
    with serve("twice 60m on POST") as (_, client):
        post(client)
        assert client.read_response()[0] == 200
        client.socket.settimeout(0.1)
        with pytest.raises(TimeoutError):
            client.read_response()


def test_late_request_is_handled() -> None:
    with serve("delay 60m on POST first 1", "delay 10ms on POST") as (sandbox, client):
        post(client)
        assert is_silent(client)
        assert count_open(sandbox) == 0
        with Client(sandbox, client.clock) as leaving:
            post(leaving)
        eventually(lambda: count_open(sandbox) == 1)


def test_late_response_follows_order() -> None:
    with serve("delay-after 60m on POST") as (sandbox, client):
        post(client)
        eventually(lambda: count_open(sandbox) == 1)
        assert is_silent(client)
        assert sandbox.requests[-1].verdict == "OK"


def test_connection_closes_after_requests() -> None:
    with serve("close 3") as (sandbox, client):
        for _ in range(3):
            assert place(client)
        assert read_rest(client) == b""
        assert [record.fault for record in sandbox.requests] == ["", "", "close"]
        with Client(sandbox, client.clock) as other:
            place(other)
            place(other)


# changed responses


def test_rate_limit_and_gateway() -> None:
    with serve("rate-limit every 3") as (sandbox, client):
        place(client)
        place(client)
        assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "TOO_MANY_REQUEST"
        place(client)
        assert count_open(sandbox) == 3
    with serve("gateway on POST") as (sandbox, client):
        gateway = {"code": 503, "message": "[GW] no upstream server"}
        assert client.call("POST", "/v3/trade/order", LIMIT_ORDER) == (200, gateway)
        assert (sandbox.requests[-1].verdict, sandbox.requests[-1].status, count_open(sandbox)) == (
            "FAULT",
            200,
            0,
        )


@pytest.mark.parametrize(("rule", "status"), [("html", 502), ("html 500", 500), ("html-after 504", 504)])
def test_html_pages(rule: str, status: int) -> None:
    with serve(f"{rule} on POST first 1") as (sandbox, client):
        post(client, Connection="close")
        (first, *headers), body = split_response(read_rest(client))
        assert first.split()[1] == str(status)
        expected = {"Content-Type: text/html; charset=utf-8", "Connection: close", f"Content-Length: {len(body)}"}
        assert expected <= set(headers)
        assert body.startswith(b"<html>")
        assert count_open(sandbox) == ("after" in rule)
        assert sandbox.requests[-1].status == status


def test_maintenance_lasts() -> None:
    with serve("maintenance 10s") as (sandbox, client):
        assert client.refusal("POST", "/v3/trade/order", LIMIT_ORDER) == "MAINTENANCE"
        client.clock.now += 9.999
        data = {"status": 2, "msg": "System is under maintenance.", "estimatedEndTime": 1_795_000_010_000}
        status, response = client.request("GET", b"/v3/public/systemInfo", {})
        assert (status, response) == (200, {"success": True, "data": data, "timestamp": 1_795_000_009_999})
        client.clock.now += 0.001
        place(client)
        assert sandbox.stats()["faults"] == {"maintenance": 2}


@pytest.mark.parametrize(("skew", "accepted"), [("301s", False), ("-301s", False), ("299s", True), ("-4.5m", True)])
def test_skew_moves_clock(skew: str, accepted: bool) -> None:
    with serve(f"skew {skew}") as (_, client):
        assert client.call("POST", "/v3/trade/order", LIMIT_ORDER)[1]["success"] is accepted
        status, response = client.request("GET", b"/v3/public/systemInfo", {})
        assert status == 200
        seconds = float(skew[:-1]) * (60 if skew.endswith("m") else 1)
        assert response["timestamp"] == 1_795_000_000_000 + seconds * 1000


# encodings


def dechunk(body: bytes) -> list[bytes]:
    parts = []
    while body:
        size, _, body = body.partition(b"\r\n")
        parts.append(body[: int(size, 16)])
        assert body[len(parts[-1]) :][:2] == b"\r\n"
        body = body[len(parts[-1]) + 2 :]
    assert parts.pop() == b""
    return parts


@pytest.mark.parametrize(
    ("rule", "accepts", "compressed"),
    [("chunked", "gzip", False), ("gzip", "gzip, deflate", True), ("gzip", "identity", False)],
)
def test_chunks_and_compression(rule: str, accepts: str, compressed: bool) -> None:
    with serve(f"{rule} on POST") as (_, client):
        post(client, **{"Accept-Encoding": accepts, "Connection": "close"})
        (first, *lines), body = split_response(read_rest(client))
    headers = dict(line.split(": ", 1) for line in lines)
    assert first == "HTTP/1.1 200 OK"
    assert (headers["Transfer-Encoding"], len(headers["x-request-id"])) == ("chunked", 32)
    assert "Content-Length" not in headers
    assert ("Content-Encoding" in headers) is compressed
    parts = dechunk(body)
    assert len(parts) == 5
    data = gzip.decompress(b"".join(parts)) if compressed else b"".join(parts)
    assert json.loads(data)["data"]["clientOrderId"] == 42


def test_http10_has_no_chunks() -> None:
    with serve("chunked on POST") as (_, client):
        client.send(b"POST /v3/nope HTTP/1.0\r\nHost: h\r\nContent-Length: 0\r\n\r\n")
        lines, body = split_response(read_rest(client))
    assert f"Content-Length: {len(body)}" in lines
    assert "Transfer-Encoding: chunked" not in lines


@pytest.mark.parametrize(
    ("rules", "seen", "status"),
    [
        (("reset-after", "html-after"), " reset", 0),
        (("html-after", "chunked"), "502 Bad Gateway", 502),
        (("chunked", "html-after"), "502 Bad Gateway", 502),
        (("html-after", "delay-after 1ms"), "502 Bad Gateway", 502),
    ],
)
def test_first_rule_is_outermost(rules: tuple[str, ...], seen: str, status: int) -> None:
    with serve(*(f"{rule} on POST" for rule in rules)) as (sandbox, client):
        post(client, Connection="close")
        assert seen in read_rest(client).decode()
        assert count_open(sandbox) == 1
        (record,) = sandbox.requests
        assert (record.fault, record.status) == (", ".join(rules).removesuffix(" 1ms"), status)


# refused connections


def is_refused(sandbox: Sandbox) -> bool:
    host, port = sandbox.url.removeprefix("http://").split(":")
    try:
        socket.create_connection((host, int(port)), timeout=60).close()
    except (ConnectionRefusedError, ConnectionResetError):
        return True
    return False


def test_refuse_keeps_open_connections() -> None:
    with serve() as (sandbox, client):
        sandbox.faults.add("refuse 1ms")
        eventually(lambda: not is_refused(sandbox))
        with Client(sandbox, client.clock) as other:
            place(other)
        sandbox.faults.add("refuse 60m")
        assert is_refused(sandbox)
        place(client)


def test_refuse_begins_at_start() -> None:
    sandbox = Sandbox(faults=["refuse 60m"])
    with sandbox as url:
        assert url.startswith("http://127.0.0.1:")
        assert is_refused(sandbox)
    assert is_refused(sandbox)


def test_refuse_after_every_second() -> None:
    with serve("refuse 60m every 2") as (sandbox, client):
        place(client)
        with Client(sandbox, client.clock) as second:
            place(second)
            eventually(lambda: is_refused(sandbox))
            place(second)


def test_malformed_request_skips_faults() -> None:
    with serve("html", timeout=2.0) as (_, client):
        client.send(b"POST /v3/trade/order HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\n\r\n{")
        assert client.verdict(*client.read_response()) == "BODY_TIMEOUT"
    with serve("html") as (_, client):
        client.send(b"garbage\r\n\r\n")
        assert client.verdict(*client.read_response()) == "MALFORMED_HTTP"
