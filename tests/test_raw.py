"""`adapters.raw.Connection` with real traffic: to the byte, once, and a clear error where it cannot know."""

from __future__ import annotations

import asyncio
import json
import re
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest
import trustme
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

from woox_fast import Signer
from woox_fast.adapters.raw import Connection, NoReplyError
from woox_fast.sandbox import Sandbox

ORDER = ("POST", "/v3/trade/order", '{"symbol":"SPOT_BTC_USDT","clientOrderId":7}')
UNKNOWN = re.escape("the request went out and may or may not have been carried out; it was not sent again. ")


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@asynccontextmanager
async def connected(signer: Signer, server: Recorder, **options: object) -> AsyncIterator[Connection]:
    async with Connection(signer, server.url, **{"backoff_s": 0.001, **options}) as connection:
        yield connection


def run(walk):
    return asyncio.run(asyncio.wait_for(walk, 30))


PATHS = ["/", "/v3/x?a=b%20c", "/v3/x?a=%2C,[1]+:/?", "/v3/x?a=1&a=2", "/v3/x?symbol=%E5%B8%81", "/v3//x/../y#z"]
BODIES = ["", None, b"", "{}", '{"a": [1, {"b": "币"}]}', bytearray(b"abc"), bytes(range(256)), b"x" * 2**20]


@pytest.mark.parametrize("method", ["GET", "DELETE", "POST", "PUT"])
def test_what_arrives_is_what_was_signed(signer, method):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            for path in PATHS:
                for body in BODIES:
                    assert (await connection.request(method, path, body)).status == 200

    with Recorder() as server:
        run(walk())
    assert server.faults == []
    assert server.connections == 1
    sent = [(path, body) for path in PATHS for body in BODIES]
    for (path, body), received in zip(sent, server.received, strict=True):
        data = body.encode() if isinstance(body, str) else bytes(body or b"")
        assert (received.method, received.target, received.body) == (method, path, data)
        assert received.all("host") == [server.host]


def test_the_sandbox_accepts_it(signer):
    async def walk(url: str) -> None:
        async with Connection(signer, url) as connection:
            order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}
            reply = await connection.request("POST", "/v3/trade/order", json.dumps(order))
            order_id = json.loads(reply.body)["data"]["orderId"]
            assert reply.headers["content-type"].startswith("application/json")
            path = f"/v3/trade/order?orderId={order_id}"
            assert (await connection.request("GET", path)).status == 200
            assert (await connection.request("DELETE", path + "&symbol=SPOT_BTC_USDT")).status == 200

    sandbox = Sandbox(KEY, SECRET)
    with sandbox as url:
        run(walk(url))
    assert (sandbox.verified, sandbox.accepted) == (3, 3)


def test_the_example_trades():
    """As its docstring says, and on an exchange that is there already."""
    example = Path(__file__).parents[1] / "examples" / "raw_asyncio.py"
    sandbox = Sandbox()
    with sandbox as url:
        for arguments in ([], [url]):
            done = subprocess.run(
                [sys.executable, str(example), *arguments], capture_output=True, text=True, timeout=60
            )
            assert (done.returncode, done.stderr) == (0, "")
            assert len(re.findall(r"^order \d+: HTTP 200 in [\d,]+ us: .*orderId", done.stdout, re.MULTILINE)) == 5
    assert (sandbox.verified, sandbox.refused, sandbox.exchange.orders.open) == (10, 0, {})


def test_over_tls(signer):
    authority = trustme.CA()
    server_side, client_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER), ssl.create_default_context()
    authority.issue_cert("127.0.0.1").configure_cert(server_side)
    authority.configure_trust(client_side)

    async def walk() -> None:
        async with connected(signer, server, tls=client_side) as connection:
            for _ in range(3):
                assert (await connection.request(*ORDER)).status == 200
        async with connected(signer, server) as stranger:  # its certificate is not one the system trusts
            with pytest.raises(ssl.SSLCertVerificationError):
                await stranger.request(*ORDER)

    with Recorder(tls=server_side) as server:
        run(walk())
    assert (len(server.received), server.faults, server.connections) == (3, [], 2)


def test_nagle_is_off(signer):
    async def walk() -> int:
        async with connected(signer, server) as connection:
            await connection.request(*ORDER)
            sock = connection._wire.transport.get_extra_info("socket")
            return sock.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)

    with Recorder() as server:
        assert run(walk()) != 0


@pytest.mark.parametrize(
    ("raw", "status", "body"),
    [
        (b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
        (b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n3\r\nabc\r\n0\r\n\r\n", 200, b"{}abc"),
        (b"HTTP/1.1 429 Too Many\r\nContent-Length: 0\r\n\r\n", 429, b""),
        (b"HTTP/1.1 204 No Content\r\n\r\n", 204, b""),
        (b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\nx", 200, b"x"),
        (b"HTTP/1.1 307 There\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n", 307, b""),
        (b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\n{}", 200, b"{}"),
    ],
)
def test_replies(signer, raw, status, body):
    """Whatever the status, it is the caller's to read; no redirect is followed."""

    async def walk() -> None:
        async with connected(signer, server) as connection:
            for _ in range(3):
                reply = await connection.request(*ORDER)
                assert (reply.status, reply.body) == (status, body)

    with Recorder(lambda received: Reply(raw=raw, close=b"Connection: close" in raw)) as server:
        run(walk())
    assert server.faults == []
    assert server.connections == (3 if b"Connection: close" in raw else 1)


@pytest.mark.parametrize(
    ("reply", "why"),
    [
        (DROP, "the server closed the connection before its reply was whole"),
        (Reply(raw=b"", close=True), "the server closed the connection before its reply was whole"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}", close=True), "the server closed the connection"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nConte", close=True), "the server closed the connection before"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\n\r\n{}", close=True), "the server closed the connection before"),
        (Reply(raw=b"HTTP/1.1 100 Continue\r\n\r\n", close=True), "the server closed the connection before"),
        (Reply(raw=b"SSH-2.0-OpenSSH\r\n"), "the reply is not HTTP/1.1"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n"), "the reply is not HTTP/1.1"),
        (Reply(raw=b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{}"), "no whole reply came within 0.2 s"),
    ],
)
def test_an_order_without_a_whole_reply_is_an_error_and_never_sent_again(signer, reply, why):
    async def walk() -> None:
        async with connected(signer, server, timeout_s=0.2) as connection:
            with pytest.raises(NoReplyError, match="^" + re.escape(why) + ".*: " + UNKNOWN + "Ask for the order"):
                await connection.request(*ORDER)
            answers.append(Reply())
            assert (await connection.request("GET", "/v3/trade/order?clientOrderId=7")).status == 200

    answers = [reply]
    with Recorder(lambda received: answers[-1]) as server:
        run(walk())
    assert [received.method for received in server.received] == ["POST", "GET"]
    assert server.faults == []
    assert server.connections == 2


def test_a_connection_reset_before_the_order_was_read(signer):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            with pytest.raises(NoReplyError):
                await connection.request(*ORDER)

    with Recorder(deaf=1) as server:
        run(walk())
    assert (server.received, server.connections) == ([], 1)


def test_a_connection_that_the_server_closed_between_requests_is_opened_again(signer):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            for number in range(4):
                assert (await connection.request(*ORDER)).status == 200
                server.hang_up()
                if number % 2:
                    await asyncio.sleep(0.05)
                else:
                    time.sleep(0.05)  # the loop has not heard of it when the next request is made

    with Recorder() as server:
        run(walk())
    assert (len(server.received), server.connections, server.faults) == (4, 4, [])


@pytest.mark.parametrize("extra", [b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\nforged", b"HTTP/1.1 20", b"\0"])
def test_no_second_reply_is_taken_for_the_answer_to_the_next_request(signer, extra):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            for _ in range(3):
                try:
                    assert (await connection.request(*ORDER)).body == b"{}"
                except NoReplyError:
                    assert extra == b"\0"  # what follows is no HTTP, so neither is the whole

    whole = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}"
    with Recorder(lambda received: Reply(raw=whole + extra)) as server:
        run(walk())
    assert len(server.received) == server.connections == 3


def test_a_reply_that_comes_after_its_request_was_cancelled_is_nobodys(signer):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            with pytest.raises(asyncio.TimeoutError):
                await asyncio.wait_for(connection.request("POST", "/slow"), 0.05)
            assert (await connection.request("GET", "/quick")).body == b"/quick"

    def answer(received: Received) -> Reply:
        if received.target == "/slow":
            time.sleep(0.15)
        return Reply(body=received.target.encode())

    with Recorder(answer) as server:
        run(walk())
    assert [received.target for received in server.received] == ["/slow", "/quick"]


def test_nothing_is_sent_where_nobody_listens(signer):
    with Recorder() as server:
        pass

    async def walk() -> None:
        async with connected(signer, server, attempts=3) as connection:
            with pytest.raises(ConnectionError, match="in 3 attempts, so nothing was sent: ") as raised:
                await connection.request(*ORDER)
            assert not isinstance(raised.value, NoReplyError)

    run(walk())


def test_it_tries_again_until_somebody_listens(signer):
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = probe.getsockname()[1]

    async def walk() -> None:
        async with Connection(signer, f"http://127.0.0.1:{port}", backoff_s=0.05, attempts=6) as connection:
            order = asyncio.create_task(connection.request(*ORDER))
            await asyncio.sleep(0.1)
            served = []

            async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
                served.append(await reader.readuntil(b"\r\n\r\n"))
                writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
                await writer.drain()
                writer.close()

            async with await asyncio.start_server(serve, "127.0.0.1", port):
                assert (await order).status == 200
            assert len(served) == 1

    run(walk())


def test_what_cannot_be_signed_is_not_sent(signer):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            for bad in (("GET", "/a b"), ("get", "/"), ("GET", "http://evil.example/"), ("POST", "/", {"a": 1})):
                with pytest.raises((TypeError, ValueError)):
                    await connection.request(*bad)
            assert (await connection.request(*ORDER)).status == 200

    with Recorder() as server:
        run(walk())
    assert len(server.received) == 1


@pytest.mark.parametrize("url", ["api.woox.io", "https://api.woox.io/v3", "ftp://api.woox.io", "http://a\r\nb"])
def test_bad_urls(signer, url):
    with pytest.raises(ValueError, match="base_url must be scheme, host and maybe port"):
        Connection(signer, url)


def test_200_tasks_on_one_connection(signer):
    async def walk() -> None:
        async with connected(signer, server) as connection:
            replies = await asyncio.gather(
                *(connection.request("POST", f"/{number}", str(number)) for number in range(200))
            )
        assert [reply.body for reply in replies] == [b"/%d" % number for number in range(200)]

    with Recorder(lambda received: Reply(body=received.target.encode())) as server:
        run(walk())
    assert server.faults == []
    assert (server.connections, len(server.received)) == (1, 200)
