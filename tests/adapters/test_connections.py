"""Connections that break, are kept, or are waited for: each request goes out once, signed just before."""

from __future__ import annotations

import asyncio
import threading
import time
from itertools import pairwise

import aiohttp
import httpx
import pytest
import requests
import urllib3
from helpers.clients import ADAPTERS, Answered, Call, send
from helpers.oracle import KEY, SECRET
from helpers.recorder import DROP, Received, Recorder, Reply

import woox_fast.adapters.aiohttp
import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer

ONCE = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@pytest.fixture(params=ADAPTERS)
def client(request):
    return request.param


def stamps(server: Recorder) -> list[int]:
    return [int(received.all("x-api-timestamp")[0]) for received in server.received]


def test_a_keep_alive_that_the_server_closed_between_requests(client, signer):
    """Nothing was sent on it, so each client opens another, and signs for that."""

    def calls():
        for number in range(4):
            if number:
                server.hang_up()
                time.sleep(0.05)
            yield ONCE

    with Recorder() as server:
        outcomes = send(client, signer, server.url, calls())
        assert server.faults == []
        if client.startswith("aiohttp") or client == "httpx async":
            assert all(isinstance(one, Answered | ConnectionError | aiohttp.ClientError) for one in outcomes)
        else:
            assert [one.status for one in outcomes] == [200] * 4
        assert len(server.received) == sum(isinstance(one, Answered) for one in outcomes)


@pytest.mark.parametrize("deaf", [0, 1])
def test_an_order_is_never_sent_twice_when_the_connection_drops(client, signer, deaf):
    """Reset before it was read (deaf), or once it was."""
    with Recorder(lambda received: DROP, deaf=deaf) as server:
        (outcome,) = send(client, signer, server.url, [ONCE])
        assert isinstance(outcome, OSError | httpx.TransportError | aiohttp.ClientError), outcome
        assert len(server.received) == 1 - deaf
        assert server.connections == 1
        assert server.faults == []


@pytest.mark.parametrize("client", ["aiohttp connector", "aiohttp middleware"])
@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_the_retry_that_aiohttp_makes_is_signed_again(client, signer, method):
    def answer(received: Received) -> Reply | None:
        time.sleep(0.003)
        return DROP if len(server.received) == 1 else Reply()

    with Recorder(answer) as server:
        (outcome,) = send(client, signer, server.url, [Call(method, "/v3/x", json={"a": 1})])
    assert outcome.status == 200
    assert server.faults == []
    first, second = stamps(server)
    assert first < second


@pytest.mark.parametrize("deaf", [0, 2])
def test_each_retry_that_urllib3_makes_is_signed_again(signer, deaf):
    def answer(received: Received) -> Reply | None:
        time.sleep(0.003)
        number = len(server.received)
        return DROP if number == 1 and not deaf else Reply(503) if number == 2 - bool(deaf) else Reply()

    module = woox_fast.adapters.requests
    retries = urllib3.Retry(5, status_forcelist=[503], backoff_factor=0)
    with Recorder(answer, deaf=deaf) as server, module.session(signer, origins=[server.url]) as session:
        session.mount(server.url, module.WooXAdapter(signer, origins=[server.url], max_retries=retries))
        assert session.get(server.url + "/v3/x?a=b c", timeout=10).status_code == 200
    assert server.faults == []
    assert len(server.received) == 3 - bool(deaf)
    assert stamps(server) == sorted(set(stamps(server)))


def test_a_transport_of_httpx_that_retries_signs_again(signer):
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
    first, second = stamps(server)
    assert first < second


# One connection for all, and a reply that takes its time

AT_ONCE, REPLY_S = 5, 0.1


def by_threads(post):
    threads = [threading.Thread(target=post) for _ in range(AT_ONCE)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def waits_in_requests(signer, url):
    options = {"pool_connections": 1, "pool_maxsize": 1, "pool_block": True}
    with requests.Session() as session:
        session.mount(url, woox_fast.adapters.requests.WooXAdapter(signer, origins=[url], **options))
        by_threads(lambda: session.post(url + "/v3/x", json={}, timeout=10))


def waits_in_httpx(signer, url):
    auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
    with httpx.Client(auth=auth, limits=httpx.Limits(max_connections=1), timeout=10) as client:
        by_threads(lambda: client.post(url + "/v3/x", json={}))


def waits_in_async_httpx(signer, url):
    async def run():
        auth = woox_fast.adapters.httpx.WooXAuth(signer, origins=[url])
        async with httpx.AsyncClient(auth=auth, limits=httpx.Limits(max_connections=1), timeout=10) as client:
            await asyncio.gather(*(client.post(url + "/v3/x", json={}) for _ in range(AT_ONCE)))

    asyncio.run(run())


def waits_in_aiohttp(signer, url):
    async def run():
        connector = woox_fast.adapters.aiohttp.WooXConnector(signer, origins=[url], limit=1)
        async with aiohttp.ClientSession(connector=connector) as session:

            async def post():
                async with session.post(url + "/v3/x", json={}) as reply:
                    await reply.read()

            await asyncio.gather(*(post() for _ in range(AT_ONCE)))

    asyncio.run(run())


def middleware_waits_in_aiohttp(signer, url):
    async def run():
        middleware = woox_fast.adapters.aiohttp.WooXMiddleware(signer, origins=[url])
        connector = aiohttp.TCPConnector(limit=1)
        async with aiohttp.ClientSession(connector=connector, middlewares=(middleware,)) as session:

            async def post():
                async with session.post(url + "/v3/x", json={}) as reply:
                    await reply.read()

            await asyncio.gather(*(post() for _ in range(AT_ONCE)))

    asyncio.run(run())


def spread_ms(wait, signer) -> list[int]:
    """Milliseconds between one signature and the next, as they arrive."""

    def answer(received: Received) -> Reply:
        time.sleep(REPLY_S)
        return Reply()

    with Recorder(answer) as server:
        wait(signer, server.url)
    assert server.faults == []
    assert (server.connections, len(server.received)) == (1, AT_ONCE)
    made = stamps(server)
    return [after - before for before, after in pairwise(made)]


@pytest.mark.parametrize("wait", [waits_in_requests, waits_in_httpx, waits_in_async_httpx, waits_in_aiohttp])
def test_no_wait_for_a_connection_makes_a_signature_old(wait, signer):
    """Each reply takes 100 ms, so each signature is made at least that long after the one before it."""
    assert min(spread_ms(wait, signer)) >= REPLY_S * 1000 - 1


def test_a_middleware_of_aiohttp_signs_before_the_wait(signer):
    """As its docstring says; and the control of the test above."""
    assert min(spread_ms(middleware_waits_in_aiohttp, signer)) < REPLY_S * 1000 - 1
