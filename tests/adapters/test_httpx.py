"""httpx and httpx2 alone: hooks, custom transports, copies of requests, and extensions."""

from __future__ import annotations

import asyncio
import copy
import http.client
import importlib.util
import json
import pickle
import sys
from contextlib import contextmanager

import pytest
from helpers.clients import ADAPTERS, Call, send
from helpers.oracle import KEY, SECRET
from helpers.recorder import CannedResponse, Received, Recorder

import woox_fast.testing
from woox_fast import Signer
from woox_fast.adapters.httpx import WooXAuth

CLIENTS = [name for name in ADAPTERS if name.startswith("httpx")]


@pytest.fixture(name="httpx", params=["httpx", "httpx2"])
def httpx_or_fork(request):
    return pytest.importorskip(request.param)


@contextmanager
def serving(httpx, signer, answer=None, **options):
    """Yield a server and a client that signs for it."""
    with Recorder(answer) as server:
        auth = WooXAuth(signer, origins=[server.url])
        with httpx.Client(auth=auth, base_url=server.url, **options) as client:
            yield server, client


# Hooks, which the client calls after the auth


def library(request):
    return sys.modules[type(request).__module__.partition(".")[0]]


def change_headers(request):
    request.headers = library(request).Headers({"Host": request.url.netloc.decode()})


def change_body(request):
    request.stream, request._content = library(request).ByteStream(b'{"a":2}'), b'{"a":2}'
    request.headers["Content-Length"] = "7"


HOOKS = {
    "other headers": change_headers,
    "a copy of the headers": lambda request: setattr(request, "headers", request.headers.copy()),
    "one more header": lambda request: request.headers.update({"x-tag": "a"}),
    "a wrong signature": lambda request: request.headers.__setitem__("x-api-signature", "0" * 64),
    "another path": lambda request: setattr(request, "url", request.url.copy_with(path="/v3/y")),
    "another method": lambda request: setattr(request, "method", "DELETE"),
    "another body": change_body,
}


@pytest.mark.parametrize("hook", HOOKS.values(), ids=HOOKS)
def test_hook_changes_are_signed(hook, signer, httpx):
    with serving(httpx, signer, event_hooks={"request": [hook]}) as (server, client):
        assert client.get("/v3/x?a=b").status_code == 200
        assert server.faults == []


def test_hook_elsewhere_is_refused(signer, httpx):
    def elsewhere(request):
        request.url = httpx.URL(other.url + "/v3/x")

    with Recorder() as other, serving(httpx, signer, event_hooks={"request": [elsewhere]}) as (server, client):
        with pytest.raises(ValueError, match="is not one of the origins"):
            client.get("/v3/x")
        client.event_hooks = {}
        assert client.get("/v3/x").status_code == 200  # the client still works
        assert (other.received, other.torn, server.faults) == ([], [], [])


def test_stream_of_hook_is_refused(signer, httpx):
    def stream(request):
        request.stream = httpx._content.IteratorByteStream(iter([b"a"]))

    with serving(httpx, signer, event_hooks={"request": [stream]}) as (server, client):
        with pytest.raises(ValueError, match=r"got a stream \(IteratorByteStream\); pass json="):
            client.post("/v3/x", content=b"a")
        assert (server.received, server.torn) == ([], [])


@pytest.mark.parametrize("client", CLIENTS)
def test_stream_is_read_before_signing(client, signer):
    async def async_chunks():
        for chunk in (b"a", b"b"):
            yield chunk

    content = async_chunks() if "async" in client else iter([b"a", b"b"])
    with Recorder() as server:
        (outcome,) = send(client, signer, server.url, [Call("POST", "/v3/x", content=content)])
    assert outcome.status == 200
    assert (server.faults, server.received[0].body) == ([], b"ab")


# Extensions


def test_target_extension_is_signed(signer, httpx):
    with serving(httpx, signer) as (server, client):
        client.get("/v3/x", extensions={"target": b"/v3/[x]?a=b"})
        with pytest.raises(ValueError, match="path must begin with '/'"):
            client.get("/v3/x", extensions={"target": b"https://api.woox.io/v3/x"})
        assert ([received.target for received in server.received], server.faults) == (["/v3/[x]?a=b"], [])


def test_trace_extension_is_called(signer, httpx):
    names = []

    def trace(name, info):
        names.append(name)

    with serving(httpx, signer) as (server, client):
        client.get("/v3/x", extensions={"trace": trace})
        signed = names.copy()
        names.clear()
        client.get("/v3/x", extensions={"trace": trace}, auth=None)
        assert server.received[0].fault() == ""
    first = names.index("http11.send_request_headers.started")
    assert signed[-len(names[first:]) :] == names[first:]


def test_async_trace_extension_is_called(signer, httpx):
    names = []

    async def trace(name, info):
        await asyncio.sleep(0)
        names.append(name)

    async def run(url):
        async with httpx.AsyncClient(auth=WooXAuth(signer, origins=[url])) as client:
            await client.get(url + "/v3/x", extensions={"trace": trace})

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.faults == []
    assert names.count("http11.send_request_headers.started") == names.count("http11.response_closed.complete") == 1


def test_resent_request_is_resigned(signer, httpx):
    traced = []

    def trace(name, info):
        traced.append(name)

    with serving(httpx, signer) as (server, client):
        request = client.build_request("POST", "/v3/x", json={}, extensions={"trace": trace})
        for _ in range(3):
            client.send(request)
        client.send(request, auth=WooXAuth(Signer("other", "secret"), origins=[server.url]))
        assert [received.fault() == "" for received in server.received] == [True, True, True, False]
        assert server.received[3].all("x-api-key") == ["other"]
    assert traced.count("http11.send_request_headers.started") == 4


# Custom transports


def plain_transport(httpx, read=dict):
    """Return a transport that sends the headers that `read` returns with http.client, without httpcore."""

    class Plain(httpx.BaseTransport):
        def handle_request(self, request):
            connection = http.client.HTTPConnection(request.url.host, request.url.port, timeout=10)
            target = request.url.raw_path.decode()
            connection.request(request.method, target, b"".join(request.stream), read(request.headers))
            response = connection.getresponse()
            content = response.read()
            connection.close()
            return httpx.Response(response.status, headers=response.getheaders(), content=content)

    return Plain()


READERS = {
    "dict": lambda headers: dict(headers),
    "items": lambda headers: dict(headers.items()),
    "multi_items": lambda headers: dict(headers.multi_items()),
    "raw": lambda headers: {name.decode(): value.decode() for name, value in headers.raw},
    "keys and []": lambda headers: {name: headers[name] for name in headers},
    "get": lambda headers: {name: headers.get(name) for name in headers.keys()},  # noqa: SIM118
    "get_list": lambda headers: {name: headers.get_list(name)[0] for name in headers},
    "zip": lambda headers: dict(zip(headers.keys(), headers.values(), strict=True)),
}


def test_headers_reflect_later_changes(signer, httpx):
    request = httpx.Request("GET", "https://api.woox.io/v3/x", headers={"a": "1", "b": "é".encode("latin-1")})
    next(WooXAuth(signer).auth_flow(request))
    headers = request.headers
    assert (headers["a"], headers["b"], headers["x-api-key"]) == ("1", "é", signer.api_key)
    signature = headers["x-api-signature"]
    headers["a"] = "2"
    assert headers["a"] == "2"
    del headers["b"]
    assert "b" not in headers
    assert headers["x-api-signature"] == signature


@pytest.mark.parametrize("read", READERS.values(), ids=READERS)
def test_other_transport_sends_signature(read, signer, httpx):
    with serving(httpx, signer, transport=plain_transport(httpx, read)) as (server, client):
        response = client.post("/v3/x?a=b c", json={"a": 1}, headers={"X-API-KEY": "mine"})
        assert (response.status_code, server.faults) == (200, [])
        assert len(response.request.headers) == len(server.received[0].headers)
        assert "x-api-signature" in response.request.headers
        assert response.request.headers == httpx.Headers(response.request.headers.raw)


@pytest.mark.parametrize("name", ["a copy of the headers", "another path", "another method", "another body"])
def test_other_transport_reports_hook_changes(name, signer, httpx):
    options = {"transport": plain_transport(httpx), "event_hooks": {"request": [HOOKS[name]]}}
    with serving(httpx, signer, **options) as (server, client):
        with pytest.raises(ValueError, match="a hook changed the request after signing"):
            client.get("/v3/x")
        assert [received.fault() == "" for received in server.received] == [False]


@pytest.mark.parametrize("mounted", ["http://", "other"])
@pytest.mark.parametrize("status", [301, 307])
def test_other_transport_redirects_unsigned(status, mounted, signer, httpx):
    def answer(received):
        return CannedResponse(status, {"Location": other.url + "/v3/x"})

    refused = pytest.raises(ValueError, match=r"redirect to 127\.0\.0\.1 followed unsigned")
    with Recorder() as other:
        mounts = {other.url if mounted == "other" else mounted: plain_transport(httpx)}
        with serving(httpx, signer, answer, mounts=mounts, follow_redirects=True) as (server, client), refused:
            client.post("/v3/x", json={})
        assert server.faults == []
        assert [received.api_headers for received in other.received] == [[]]
        assert KEY.encode() not in other.received[0].raw


def test_ipv6_host_is_signed(signer, httpx):
    """No network: httpcore writes to a list."""
    httpcore = importlib.import_module({"httpx": "httpcore", "httpx2": "httpcore2"}[httpx.__name__])
    written = []

    class Stream(httpcore.MockStream):
        def write(self, buffer, timeout=None):
            written.append(buffer)

    backend = httpcore.MockBackend([])
    backend.connect_tcp = lambda *_, **__: Stream([b"HTTP/1.1 204 No Content\r\n\r\n"])
    transport = httpx.HTTPTransport()
    transport._pool = httpcore.ConnectionPool(network_backend=backend)
    with httpx.Client(auth=WooXAuth(signer, origins=["http://[::1]:8080"]), transport=transport) as client:
        assert client.get("http://[::1]:8080/v3/x").status_code == 204
    head, _, body = b"".join(written).partition(b"\r\n\r\n")
    assert Received(head + b"\r\n\r\n", body, 1).fault() == ""


def test_copying_release_is_refused(monkeypatch, httpx):
    """A release that copies headers by their pairs would send the signature along a redirect."""

    class Copying(httpx.Headers):
        def __init__(self, headers=None, encoding=None):
            super().__init__(headers.multi_items() if isinstance(headers, httpx.Headers) else headers, encoding)

    spec = importlib.util.find_spec("woox_fast.adapters.httpx")
    spec.loader.exec_module(importlib.util.module_from_spec(spec))
    monkeypatch.setattr(httpx, "Headers", Copying)
    with pytest.raises(ImportError, match=r"would send a signature along a redirect; use 0\.28"):
        spec.loader.exec_module(importlib.util.module_from_spec(spec))


# Copies


@pytest.mark.parametrize("kind", ["its own transport", "another transport"])
def test_response_can_be_pickled(kind, signer, httpx):
    options = {} if kind == "its own transport" else {"transport": plain_transport(httpx)}
    with (
        Recorder(lambda received: CannedResponse(307, {"Location": "/v3/y"})) as server,
        httpx.Client(**options) as client,
    ):
        response = client.post(server.url + "/v3/x", json={"a": 1}, auth=WooXAuth(signer, origins=[server.url]))
    for again in (pickle.loads(pickle.dumps(response)), copy.copy(response), copy.deepcopy(response)):  # noqa: S301
        assert (again.json(), json.loads(again.request.content)) == (response.json(), {"a": 1})
        woox_fast.testing.assert_signed(again.request, SECRET)
        assert type(again.request.headers) is type(response.request.headers)
    copies = [response.request.headers.copy(), httpx.Headers(response.request.headers), response.next_request.headers]
    assert [[name for name in headers if name.startswith("x-api")] for headers in copies] == [[]] * 3
