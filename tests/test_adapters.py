"""Each client with real traffic: what arrives is what was signed, whatever is asked for, and nothing goes elsewhere."""

from __future__ import annotations

import asyncio
import io
import json
import socket
import threading
import time
from collections import Counter
from decimal import Decimal

import aiohttp
import h2.config
import h2.connection
import h2.events
import httpx
import pytest
import requests
import urllib3
from helpers.clients import ADAPTERS, PREPARED, Answered, Call
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.sandbox import Sandbox

METHODS = ["GET", "DELETE", "POST", "PUT"]
ONCE = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})

# As they are written into a URL: each client encodes them in its own way, before or after it asks for a signature.
TARGETS = [
    "",
    "/",
    "/v3/trade/order",
    "/v3/trade/orders?symbol=SPOT_BTC_USDT&size=25",
    "/v3/x?a=b c",
    "/v3/x?a=b+c",
    "/v3/x?a=b%20c",
    "/v3/x?a=1%2C2",
    "/v3/x?a=1%2c2",
    "/v3/x?a=1,2",
    "/v3/x?a=b/c",
    "/v3/x?a=%2Fb",
    "/v3/x?a=[1]",
    "/v3/x?a[]=1&a[]=2",
    "/v3/x?a=%5B1%5D",
    "/v3/x?t=12:30:00",
    "/v3/x?a=%3A",
    "/v3/x?a=1&a=2&a=1",
    "/v3/x?a=&b&=c",
    "/v3/x?a=b?c",
    "/v3/x?",
    "/v3/x?symbol=SPOT_币安人生_USDT",
    "/v3/x?symbol=%E5%B8%81",
    "/v3/é/x?ü=ß",
    "/v3/x%2Fy",
    "/v3//x",
    "/v3/./y/../x",
    "/v3/x?a='\"<>|{}^`\\~!*()$;@",
    "/v3/x?a=%7E%41%zz%",
    "/v3/x?a=b#fragment",
    "/v3/x?" + "&".join(f"p{i}={i}" for i in range(300)),
]

PARAMS = [
    {"a": "b c", "b": "d+e", "c": "f,g", "d": "h/i", "e": "[j]", "f": "k:l", "g": "m%2Cn", "h": "&=#?"},
    [("a", "1"), ("a", "2"), ("b", "3"), ("a", "1")],
    {"symbol": "SPOT_币安人生_USDT"},
    {"id": 9223372036854775807, "big": 10**30},
    {},
]
# What aiohttp takes no part in: yarl raises a TypeError.
MORE_PARAMS = [{"yes": True, "no": False, "none": None, "price": "0.1"}]

JSON = [
    {},
    [],
    {"symbol": "SPOT_BTC_USDT", "price": "9000", "reduceOnly": True, "amount": None, "id": 9223372036854775807},
    {"childOrders": [{"algoType": "BRACKET", "childOrders": [{"a": {"b": [1, [2, {}]]}}]}], "z": 1, "a": 2},
    {"symbol": "SPOT_币安人生_USDT", "tag": 'é"\\\n\u2028\U0001f680'},
    {"price": 1e-7, "quantity": 0.1 + 0.2},
]
CONTENT = [
    b"",
    "",
    b'{"a":1}',
    '{"a": 1}',
    '{"symbol":"SPOT_币安人生_USDT"}',
    "é",
    "\U0001f680" * 100,
    b"\r\n\r\nGET / HTTP/1.1\r\n\r\n",
    bytes(range(256)),
    b"x" * 2**20,
]


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@pytest.fixture(params=ADAPTERS)
def client(request):
    return request.param


def one(client, signer, url, call=ONCE, follow=False):
    (outcome,) = ADAPTERS[client](signer, url, [call], follow)
    return outcome


# What arrives is what was signed


@pytest.mark.parametrize("method", METHODS)
def test_what_arrives_is_what_was_signed(client, signer, method):
    calls = [Call(method, target) for target in TARGETS]
    calls += [Call(method, "/v3/x", params=params) for params in PARAMS]
    calls += [Call(method, "/v3/x?first=1", params=params) for params in PARAMS]
    calls += [Call(method, "/v3/x", json=value) for value in JSON]
    calls += [Call(method, "/v3/x?a=b c", content=content) for content in CONTENT]
    if client != "aiohttp":
        calls += [Call(method, "/v3/x", params=params) for params in MORE_PARAMS]
    with Recorder() as server:
        outcomes = ADAPTERS[client](signer, server.url, calls, False)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Answered)] == []
    assert server.faults == []
    assert len(server.received) == len(calls)
    assert server.connections == 1  # keep-alive
    for call, received in zip(calls, server.received, strict=True):
        assert received.method == method
        if call.json is not None:
            assert json.loads(received.body) == call.json
            assert received.all("content-type") == ["application/json"]
        elif call.content is not None:
            assert received.body == (call.content.encode() if isinstance(call.content, str) else call.content)
        else:
            assert received.body == b""
        if call.json is None:
            kind = "json" if method in ("POST", "PUT") else "x-www-form-urlencoded"
            assert received.all("content-type") == [f"application/{kind}"]


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("client", PREPARED)
def test_a_signed_request_goes_out_to_the_byte(client, signer, method):
    queries = [target for target in TARGETS if target.startswith("/v3/")]
    with Recorder() as server:
        signed = []
        for target in queries:
            try:
                signed.append(signer.prepare(method, target, base_url=server.url))
            except ValueError:
                continue  # what a client would encode anew is refused before it is signed: tests/test_prepare.py
        assert len(signed) >= 14
        if method in ("GET", "DELETE"):
            more = [*PARAMS, *MORE_PARAMS, {"price": Decimal("1E-7"), "sizes": [1, 2], "ok": True}]
            signed += [signer.prepare(method, "/v3/x?z=0", params=params, base_url=server.url) for params in more]
        else:
            more = [*JSON, {"price": Decimal("0.1000"), "quantity": Decimal("1E-7")}]
            signed += [signer.prepare(method, "/v3/x", json=value, base_url=server.url) for value in more]
        signed += [signer.prepare(method, "/v3/x", body=content, base_url=server.url) for content in CONTENT]
        outcomes = PREPARED[client](signed)
    assert {outcome.status for outcome in outcomes} == {200}
    assert server.faults == []
    for request, received in zip(signed, server.received, strict=True):
        assert received.method == method
        assert server.url + received.target == request.url
        assert received.body == request.body
        for name, value in request.headers.items():
            assert received.all(name.lower()) == [value]


@pytest.mark.parametrize("client", PREPARED)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_signed_request_follows_no_redirect(client, status, signer):
    with Recorder() as other:
        with Recorder(lambda received: Reply(status, {"Location": other.url + "/v3/x"})) as server:
            (outcome,) = PREPARED[client]([signer.prepare("POST", "/v3/x", json={}, base_url=server.url)])
        assert outcome.status == status
        assert (other.connections, len(server.received)) == (0, 1)


def test_the_sandbox_accepts_what_each_client_sends(client, signer):
    order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}
    sandbox = Sandbox(KEY, SECRET)
    with sandbox as url:
        calls = [
            Call("POST", "/v3/trade/order", json=order),
            Call("POST", "/v3/trade/order", content=json.dumps(order)),
            Call("GET", "/v3/trade/orders", params={"symbol": "SPOT_BTC_USDT", "status": "INCOMPLETE"}),
            Call("GET", "/v3/asset/balances"),
        ]
        outcomes = ADAPTERS[client](signer, url, calls, False)
        ids = [json.loads(outcome.body)["data"]["orderId"] for outcome in outcomes[:2]]
        more = [
            Call("PUT", "/v3/trade/order", json={"orderId": ids[0], "price": "9001", "quantity": "0.12"}),
            Call("DELETE", "/v3/trade/order", params={"symbol": "SPOT_BTC_USDT", "orderId": ids[0]}),
            Call("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={ids[1]}"),
        ]
        outcomes += ADAPTERS[client](signer, url, more, False)
    assert [outcome.status for outcome in outcomes] == [200] * 7
    assert (sandbox.verified, sandbox.accepted) == (7, 7)


class Http2:
    """An HTTP/2 server without TLS for one connection: keeps each request as the recorder does, headers in order."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Http2:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.join(10)
        self._listener.close()

    def _serve(self) -> None:
        heads: dict[int, list[tuple[str, str]]] = {}
        bodies: dict[int, bytes] = {}
        connection = h2.connection.H2Connection(h2.config.H2Configuration(client_side=False, header_encoding="utf-8"))
        peer, _ = self._listener.accept()
        with peer:
            connection.initiate_connection()
            while True:
                peer.sendall(connection.data_to_send())
                data = peer.recv(65536)
                if not data:
                    return
                for event in connection.receive_data(data):
                    if isinstance(event, h2.events.RequestReceived):
                        heads[event.stream_id], bodies[event.stream_id] = event.headers, b""
                    elif isinstance(event, h2.events.DataReceived):
                        bodies[event.stream_id] += event.data
                        connection.acknowledge_received_data(event.flow_controlled_length, event.stream_id)
                    elif isinstance(event, h2.events.StreamEnded):
                        head = dict(heads[event.stream_id])
                        lines = [f"{name}: {value}\r\n" for name, value in heads[event.stream_id] if name[0] != ":"]
                        lines.append(f"host: {head[':authority']}\r\n")
                        raw = f"{head[':method']} {head[':path']} HTTP/2\r\n{''.join(lines)}\r\n".encode("latin-1")
                        self.received.append(Received(raw, bodies[event.stream_id], 1))
                        connection.send_headers(event.stream_id, [(":status", "200")], end_stream=True)


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_httpx_over_http2(kind, signer):
    calls = [Call(method, target) for method in METHODS for target in TARGETS]
    calls += [Call(method, "/v3/x", json=value) for method in METHODS for value in JSON]
    calls += [Call("POST", "/v3/x", content=b"x" * 2**20)]

    async def run_async(auth) -> None:
        async with httpx.AsyncClient(auth=auth, http1=False, http2=True) as client:
            for call in calls:
                reply = await client.request(call.method, server.url + call.path, json=call.json, content=call.content)
                assert (reply.status_code, reply.http_version) == (200, "HTTP/2")

    with Http2() as server:
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[server.url])
        if kind == "async":
            asyncio.run(run_async(auth))
        else:
            with httpx.Client(auth=auth, http1=False, http2=True) as client:
                for call in calls:
                    reply = client.request(call.method, server.url + call.path, json=call.json, content=call.content)
                    assert (reply.status_code, reply.http_version) == (200, "HTTP/2")
    assert len(server.received) == len(calls)
    assert [one.target for one in server.received if one.fault() != ""] == []


# Bodies that cannot be signed


def refused(outcome, *words):
    """A ValueError that says what was got and what to do."""
    assert isinstance(outcome, ValueError), outcome
    assert all(word in str(outcome) for word in words), str(outcome)


STREAMS = [lambda: iter([b"a", b"b"]), lambda: io.BytesIO(b"ab"), lambda: (chunk for chunk in [b"ab"]), lambda: [b"ab"]]


@pytest.mark.parametrize("client", ["requests auth", "requests session"])
@pytest.mark.parametrize("content", STREAMS[:3])
def test_requests_signs_no_stream(client, signer, content):
    with Recorder() as server:
        outcome = one(client, signer, server.url, Call("POST", "/v3/x", content=content()))
        assert server.connections == 0
    refused(outcome, "body must be whole before it can be signed, got a stream", "pass json=")


@pytest.mark.parametrize("kind", ["auth", "session"])
def test_requests_signs_no_multipart(kind, signer):
    with Recorder() as server:
        module = woox_fast.adapters.requests
        made = module.session(signer, origins=[server.url]) if kind == "session" else requests.Session()
        auth = None if kind == "session" else module.WooXAuth(signer, origins=[server.url])
        with made as session, pytest.raises(ValueError, match="got a multipart one; pass json="):
            session.post(server.url, files={"a": b"b"}, auth=auth, timeout=10)
        assert server.connections == 0


def test_aiohttp_signs_no_stream_no_multipart_and_nothing_compressed(signer):
    async def chunks():
        yield b"ab"

    async def run(url):
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
        async with aiohttp.ClientSession(middlewares=(middleware,)) as session:
            with aiohttp.MultipartWriter() as multipart:
                multipart.append("ab")
            for options in ({"data": chunks()}, {"data": io.BytesIO(b"ab")}, {"data": multipart}):
                with pytest.raises(ValueError, match="body must be whole before it can be signed, got another one"):
                    await session.post(url, **options)
            with pytest.raises(ValueError, match="got a compressed one"):
                await session.post(url, data=b"ab", compress="deflate")

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.connections == 0


@pytest.mark.parametrize("client", ["httpx", "httpx async"])
def test_httpx_reads_a_stream_before_it_signs(client, signer):
    def sync_chunks():
        yield b"a"
        yield b"b"

    async def async_chunks():
        yield b"a"
        yield b"b"

    content = sync_chunks() if client == "httpx" else async_chunks()
    with Recorder() as server:
        outcome = one(client, signer, server.url, Call("POST", "/v3/x", content=content))
    assert outcome.status == 200
    assert (server.faults, server.received[0].body) == ([], b"ab")


# Origins


ELSEWHERE = [
    "http://api.woox.io",
    "https://api.woox.io:8443",
    "https://api.woox.io.evil.example",
    "https://evil.example",
    "https://evil.example/api.woox.io",
    "https://user:topsecret@evil.example",
    "https://api.woox.io@evil.example",
    "https://api.woox.io:topsecret@evil.example",
    "https://xapi.woox.io",
    "https://woox.io",
    "https://api.woox.io.",
    "http://127.0.0.1:1",
    "http://localhost",
    "https://[::1]",
]


@pytest.mark.parametrize("url", ELSEWHERE)
def test_nothing_is_sent_elsewhere(client, signer, url, monkeypatch):
    def never(*arguments: object) -> None:
        raise AssertionError(f"a connection to {arguments}")

    monkeypatch.setattr("socket.socket.connect", never)
    monkeypatch.setattr("socket.getaddrinfo", never)
    run = _against_production(client)
    outcome = run(signer, url)
    refused(
        outcome, "is not one of the origins this signer signs for (https://api.woox.io, https://api.stag", "origins="
    )
    assert "topsecret" not in str(outcome)


def _against_production(client):
    """The client with its default origins, asked to send to another URL."""

    def run(signer, url):
        try:
            if client == "requests auth":
                requests.post(url, json={}, auth=woox_fast.adapters.requests.WooXAuth(signer), timeout=10)
            elif client == "requests session":
                with woox_fast.adapters.requests.session(signer) as session:
                    session.post(url, json={}, timeout=10)
            elif client == "httpx":
                httpx.post(url, json={}, auth=woox_fast.adapters.httpx.WooXAuth(signer))
            else:
                asyncio.run(run_async(signer, url))
        except Exception as error:
            return error
        return None

    async def run_async(signer, url):
        if client == "httpx async":
            async with httpx.AsyncClient(auth=woox_fast.adapters.httpx.WooXAuth(signer)) as session:
                await session.post(url, json={})
        else:
            middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer)
            async with aiohttp.ClientSession(middlewares=(middleware,)) as session:
                await session.post(url, json={})

    return run


@pytest.mark.parametrize(
    "make",
    [
        woox_fast.adapters.requests.WooXAuth,
        woox_fast.adapters.requests.session,
        woox_fast.adapters.httpx.WooXAuth,
        woox_fast.adapters.aiohttp.WooXMiddleware,
    ],
)
@pytest.mark.parametrize(
    ("origins", "error", "words"),
    [
        (
            "https://api.woox.io",
            TypeError,
            "origins must be several URLs, such as ('https://api.woox.io',), got one str",
        ),
        ((), ValueError, "origins must not be empty"),
        (("https://api.woox.io/v3",), ValueError, "base_url must be scheme, host and maybe port"),
        (("api.woox.io",), ValueError, "base_url must be scheme, host and maybe port"),
        (("ftp://api.woox.io",), ValueError, "base_url must be scheme, host and maybe port"),
        (("https://a:b@api.woox.io",), ValueError, "got one with a user name or password"),
        ((None,), TypeError, "base_url must be a str, got NoneType"),
    ],
)
def test_bad_origins(make, signer, origins, error, words):
    with pytest.raises(error) as raised:
        make(signer, origins=origins)
    assert words in str(raised.value)


@pytest.mark.parametrize(
    ("origin", "url"),
    [
        ("https://api.woox.io", "https://api.woox.io"),
        ("https://api.woox.io/", "https://api.woox.io?a=b"),
        ("https://api.woox.io", "https://api.woox.io:443/v3"),
        ("https://api.woox.io:443", "https://api.woox.io/v3"),
        ("http://h:80", "http://h/"),
        ("HTTPS://API.woox.io", "https://api.WOOX.io/v3"),
        ("http://[::1]:8080", "http://[::1]:8080/v3?x=//evil.example"),
        ("https://api.woox.io", "https://api.woox.io/@evil.example"),
    ],
)
def test_origins_are_the_same_whatever_the_spelling(origin, url):
    from woox_fast.adapters._common import Origins

    Origins([origin]).check(url)


@pytest.mark.parametrize(
    "url",
    [
        "https://api.woox.io\\@evil.example/",
        "https://api.woox.io\t.evil.example/",
        "https://api.woox.io%2f.evil.example/",
        "https://api.woox.io:443@evil.example/",
        "https://api.woox.io:80/",
        "https://api.woox.io:0443/",
        "https:/api.woox.io/",
        "https:api.woox.io/",
        "//api.woox.io/",
        "/v3",
        "",
        "https://\uff41pi.woox.io/",
        " https://api.woox.io/",
    ],
)
def test_what_two_readers_could_take_for_different_hosts_is_refused(url):
    from woox_fast.adapters._common import Origins

    with pytest.raises(ValueError, match="is not one of the origins"):
        Origins(["https://api.woox.io"]).check(url)


# Redirects


LOCATIONS = {
    "another host": lambda server, other: f"http://localhost:{server.port}/v3/landed",
    "another host and port": lambda server, other: f"{other.url}/v3/landed",
    "without a scheme": lambda server, other: f"//{other.host}/v3/landed",
    "another scheme": lambda server, other: f"https://{server.host}/v3/landed",
    "a user name": lambda server, other: f"http://{server.host}@{other.host}/v3/landed",
}


@pytest.mark.parametrize("location", LOCATIONS.values(), ids=LOCATIONS)
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_no_signature_follows_a_redirect_elsewhere(client, signer, status, location):
    with Recorder() as other:

        def answer(received: Received) -> Reply:
            if received.target == "/v3/landed":
                return Reply()
            return Reply(status, {"Location": location(server, other)})

        with Recorder(answer) as server:
            for method in METHODS:
                outcome = one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
                if client.startswith("httpx"):
                    # The hop is httpx's own, and unsigned: it fails to connect, or its reply is refused.
                    assert isinstance(outcome, httpx.HTTPError | ValueError), outcome
                else:
                    refused(outcome, "is not one of the origins this signer signs for", "origins=")
    assert server.faults == [fault for fault in server.faults if "/v3/landed" in fault]
    landed = [one for one in server.received if one.target == "/v3/landed"] + other.received
    assert [one.api_headers for one in landed if one.api_headers] == []
    assert (KEY.encode() in b"".join(one.raw for one in landed)) is False
    if not client.startswith("httpx"):
        assert (landed, other.connections) == ([], 0)


@pytest.mark.parametrize("status", [302, 307, 308])
def test_a_redirect_that_is_not_followed(client, signer, status):
    """To the same origin it is the caller's to read."""
    with Recorder(lambda received: Reply(status, {"Location": "/v3/landed"})) as server:
        outcome = one(client, signer, server.url)
        assert outcome.status == status
        assert (len(server.received), server.faults) == (1, [])


@pytest.mark.parametrize("client", ["httpx", "httpx async"])
def test_httpx_believes_no_reply_that_a_redirect_led_to(client, signer):
    with Recorder(lambda one: Reply() if one.target == "/v3/y" else Reply(307, {"Location": "/v3/y"})) as server:
        outcome = one(client, signer, server.url, follow=True)
    refused(
        outcome, "redirected to 127.0.0.1, and httpx followed it, without a signature", "leave follow_redirects off"
    )
    assert server.received[0].fault() == ""
    assert server.received[1].api_headers == []


@pytest.mark.parametrize("client", ["requests session", "aiohttp"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("absolute", [False, True])
def test_a_redirect_within_the_origin_is_signed_anew(client, signer, status, absolute):
    def answer(received: Received) -> Reply:
        time.sleep(0.003)
        if received.target == "/v3/landed?a=b%20c":
            return Reply()
        return Reply(status, {"Location": (server.url if absolute else "") + "/v3/landed?a=b%20c"})

    with Recorder(answer) as server:
        for method in METHODS:
            outcome = one(client, signer, server.url, Call(method, "/v3/x", json={"a": 1}), follow=True)
            assert outcome.status == 200
    assert server.faults == []
    assert len(server.received) == 8
    for first, second in zip(server.received[::2], server.received[1::2], strict=True):
        stamps = [int(one.all("x-api-timestamp")[0]) for one in (first, second)]
        assert stamps[0] < stamps[1]
        assert second.body == (first.body if second.method == first.method and second.body else b"")


@pytest.mark.parametrize(
    "location",
    ["//evil.example/", "/\\evil.example/", "/\t/evil.example", "/ /evil", "\\\\evil.example", "v3", "?a=b", ""],
)
def test_a_redirect_that_readers_could_take_for_another_host_is_refused(location):
    from woox_fast.adapters._common import Origins

    with pytest.raises(ValueError, match="a reply redirects elsewhere, which is not followed"):
        Origins(["http://h"]).check_redirect(location)


# Connections that break


def test_a_keep_alive_that_the_server_closed_between_requests(client, signer):
    """Nothing was sent on it, so each client opens another, and signs for that."""

    def calls():
        for number in range(4):
            if number:
                server.hang_up()
                time.sleep(0.05)
            yield ONCE

    with Recorder() as server:
        outcomes = ADAPTERS[client](signer, server.url, calls(), False)
        assert server.faults == []
        if client == "aiohttp" or client == "httpx async":
            assert all(isinstance(one, Answered | ConnectionError | aiohttp.ClientError) for one in outcomes)
        else:
            assert [one.status for one in outcomes] == [200] * 4
        assert len(server.received) == sum(isinstance(one, Answered) for one in outcomes)


@pytest.mark.parametrize("deaf", [0, 1])
def test_an_order_is_never_sent_twice_when_the_connection_drops(client, signer, deaf):
    """Reset before it was read (deaf), or once it was."""
    with Recorder(lambda received: DROP, deaf=deaf) as server:
        outcome = one(client, signer, server.url)
        assert isinstance(outcome, OSError | httpx.TransportError | aiohttp.ClientError), outcome
        assert len(server.received) == 1 - deaf
        assert server.connections == 1
        assert server.faults == []


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_retry_that_aiohttp_makes_is_signed_anew(signer, method):
    def answer(received: Received) -> Reply | None:
        time.sleep(0.003)
        return DROP if len(server.received) == 1 else Reply()

    with Recorder(answer) as server:
        outcome = one("aiohttp", signer, server.url, Call(method, "/v3/x", json={"a": 1}))
    assert outcome.status == 200
    assert server.faults == []
    first, second = (int(one.all("x-api-timestamp")[0]) for one in server.received)
    assert first < second


@pytest.mark.parametrize("deaf", [0, 2])
def test_each_retry_that_urllib3_makes_is_signed_anew(signer, deaf):
    def answer(received: Received) -> Reply | None:
        time.sleep(0.003)
        number = len(server.received)
        return DROP if number == 1 and not deaf else Reply(503) if number == 2 - bool(deaf) else Reply()

    retries = urllib3.Retry(5, status_forcelist=[503], backoff_factor=0)
    with Recorder(answer, deaf=deaf) as server:
        auth = woox_fast.adapters.requests.WooXAuth(signer, origins=[server.url])
        with woox_fast.adapters.requests.session(signer, origins=[server.url]) as session:
            session.mount(server.url, woox_fast.adapters.requests.WooXAdapter(auth, max_retries=retries))
            assert session.get(server.url + "/v3/x?a=b c", timeout=10).status_code == 200
    assert server.faults == []
    stamps = [int(one.all("x-api-timestamp")[0]) for one in server.received]
    assert len(stamps) == 3 - bool(deaf)
    assert stamps == sorted(set(stamps))


def test_a_transport_of_httpx_that_retries_signs_anew(signer):
    class Retrying(httpx.HTTPTransport):
        def handle_request(self, request: httpx.Request) -> httpx.Response:
            try:
                return super().handle_request(request)
            except httpx.ReadError:
                time.sleep(0.003)
                return super().handle_request(request)

    with Recorder(lambda received: DROP if len(server.received) == 1 else Reply()) as server:
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[server.url])
        with httpx.Client(auth=auth, transport=Retrying()) as client:
            assert client.get(server.url + "/v3/x").status_code == 200
    assert server.faults == []
    first, second = (int(one.all("x-api-timestamp")[0]) for one in server.received)
    assert first < second


# Proxies


def _through(client, signer, url, proxy):
    async def run_async():
        if client == "httpx async":
            auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
            async with httpx.AsyncClient(auth=auth, proxy=proxy, verify=False) as session:
                return (await session.post(url + "/v3/x?a=b c", json={"a": 1})).status_code
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
        async with (
            aiohttp.ClientSession(middlewares=(middleware,)) as session,
            session.post(url + "/v3/x?a=b c", json={"a": 1}, proxy=proxy) as reply,
        ):
            return reply.status

    try:
        if client.startswith("requests"):
            module = woox_fast.adapters.requests
            auth = None if client == "requests session" else module.WooXAuth(signer, origins=[url])
            with requests.Session() if auth else module.session(signer, origins=[url]) as session:
                options = {"auth": auth, "proxies": {"http": proxy, "https": proxy}, "timeout": 10}
                return session.post(url + "/v3/x?a=b c", json={"a": 1}, **options).status_code
        if client == "httpx":
            auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
            with httpx.Client(auth=auth, proxy=proxy, verify=False) as session:
                return session.post(url + "/v3/x?a=b c", json={"a": 1}).status_code
        return asyncio.run(run_async())
    except Exception as error:
        return error


def test_a_proxy_is_told_the_signature_of_what_it_passes_on(client, signer):
    with Recorder() as proxy:
        assert _through(client, signer, "http://exchange.invalid:8080", proxy.url) == 200
        assert proxy.faults == []
        (received,) = proxy.received
        space = "+" if client == "aiohttp" else "%20"
        assert received.target == f"http://exchange.invalid:8080/v3/x?a=b{space}c"
        assert received.all("host") == ["exchange.invalid:8080"]


@pytest.mark.parametrize("reply", [Reply(502), Reply(407), Reply(302, {"Location": "/v3/x"}), DROP])
def test_a_proxy_that_fails_to_open_a_tunnel_never_sees_a_signature(client, signer, reply):
    with Recorder(lambda received: reply) as proxy:
        outcome = _through(client, signer, "https://exchange.invalid:8080", proxy.url)
        assert isinstance(outcome, Exception), outcome
        assert proxy.received
        for received in proxy.received:
            assert (received.method, received.target, received.body) == ("CONNECT", "exchange.invalid:8080", b"")
            assert received.api_headers == []
            assert KEY.encode() not in received.raw


# Many at once on one Signer


def test_8_threads_on_one_signer(signer):
    errors: list[BaseException] = []

    def work(session, auth, number: int) -> None:
        try:
            for order in range(40):
                options = {"json": {"clientOrderId": number * 1000 + order}, "timeout": 10}
                if order % 2:
                    session.post(server.url + "/v3/trade/order", **options)
                else:
                    httpx_client.post(server.url + "/v3/trade/order", **options)
        except BaseException as error:
            errors.append(error)

    with Recorder() as server:
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[server.url])
        with (
            woox_fast.adapters.requests.session(signer, origins=[server.url]) as session,
            httpx.Client(auth=auth) as httpx_client,
        ):
            threads = [threading.Thread(target=work, args=(session, auth, number)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert errors == []
    assert server.faults == []
    seen = Counter(json.loads(received.body)["clientOrderId"] for received in server.received)
    assert seen == Counter(number * 1000 + order for number in range(8) for order in range(40))


@pytest.mark.parametrize("client", ["httpx async", "aiohttp"])
def test_200_tasks_on_one_signer(client, signer):
    async def run(url):
        if client == "aiohttp":
            middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
            async with aiohttp.ClientSession(middlewares=(middleware,)) as session:

                async def post(number):
                    async with session.post(url + "/v3/x", json={"clientOrderId": number}) as reply:
                        return reply.status

                return await asyncio.gather(*map(post, range(200)))
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
        async with httpx.AsyncClient(auth=auth, timeout=30) as session:
            replies = await asyncio.gather(
                *(session.post(url + "/v3/x", json={"clientOrderId": number}) for number in range(200))
            )
            return [reply.status_code for reply in replies]

    with Recorder() as server:
        assert asyncio.run(run(server.url)) == [200] * 200
    assert server.faults == []
    assert sorted(json.loads(received.body)["clientOrderId"] for received in server.received) == list(range(200))
