"""aiohttp alone: bodies, connector options, lost connections, and further middlewares."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import pytest
from helpers.recorder import Recorder

from woox_fast.adapters.aiohttp import WooXConnector, WooXMiddleware


def with_connector(signer, **options):
    return aiohttp.ClientSession(connector=WooXConnector(signer, **options))


def with_middleware(signer, **options):
    return aiohttp.ClientSession(middlewares=(WooXMiddleware(signer, **options),))


def with_both(signer, **options):
    middlewares = (WooXMiddleware(signer, **options),)
    return aiohttp.ClientSession(connector=WooXConnector(signer, **options), middlewares=middlewares)


@pytest.mark.parametrize("make", [with_connector, with_middleware])
def test_incomplete_body_is_refused(make, signer):
    async def chunks():
        yield b"ab"

    async def run(url):
        async with make(signer, origins=[url]) as session:
            for options in ({"data": chunks()}, {"data": io.BytesIO(b"ab")}, {"data": aiohttp.MultipartWriter()}):
                with pytest.raises(ValueError, match=r"must be complete before signing, got \w+; pass json="):
                    await session.post(url, **options)
            with pytest.raises(ValueError, match=r"got compressed \w+; pass json="):
                await session.post(url, data=b"ab", compress="deflate")

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.connections == 0


@pytest.mark.parametrize("make", [with_connector, with_middleware, with_both])
def test_each_body_is_signed(make, signer):
    bodies = [{"data": {"symbol": "币"}}, {"data": bytearray(b"ab")}, {"data": memoryview(b"ab")}, {"json": {"é": 1}}]

    async def run(url):
        async with make(signer, origins=[url]) as session:
            for options in bodies:
                await session.post(url + "/v3/x", params={"é": "币 &"}, **options)

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert (len(server.received), server.faults) == (len(bodies), [])


def test_connector_passes_options_on(signer):
    async def run():
        connector = WooXConnector(signer, limit=7, limit_per_host=3, force_close=True)
        assert (connector.limit, connector.limit_per_host, connector.force_close) == (7, 3, True)
        await connector.close()
        with pytest.raises(TypeError, match="limits"):
            WooXConnector(signer, limits=7)

    asyncio.run(run())


def test_failing_signer_releases_connection():
    class Failing:
        def headers(self, *_):
            raise RuntimeError("no clock")

    async def run(url):
        async with with_connector(Failing(), origins=[url]) as session:
            for _ in range(3):
                with pytest.raises(RuntimeError, match="no clock") as raised:
                    await session.get(url + "/v3/x")
                assert session.connector._acquired == set()  # before the traceback is collected
                del raised

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert (server.received, server.torn) == ([], [])


def test_connector_signs_middleware_changes(signer):
    async def change(request, handler):
        request.url = request.url.update_query(c="d")
        request.method = "PUT"
        return await handler(request)

    async def run(url):
        async with with_connector(signer, origins=[url]) as session:
            return await session.post(url + "/v3/x?a=b", json={}, middlewares=(change,))

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.faults == []
        assert [(received.method, received.target) for received in server.received] == [("PUT", "/v3/x?a=b&c=d")]


@pytest.mark.parametrize("make", [with_connector, with_middleware])
def test_user_content_type_stays(make, signer):
    async def run(url):
        async with make(signer, origins=[url]) as session:
            for options in ({"headers": {"Content-Type": "text/csv"}}, {}):
                await session.post(url + "/v3/x", data="a", **options)
            await session.post(url + "/v3/x", data=b"a")

    with Recorder() as server:
        asyncio.run(run(server.url))
        kinds = [received.all("content-type") for received in server.received]
        assert kinds == [["text/csv"], ["application/json"], ["application/json"]]
        assert server.faults == []


@pytest.mark.parametrize("make", [with_connector, with_middleware])
def test_websocket_elsewhere_is_refused(make, signer):
    async def run():
        async with make(signer) as session:
            with pytest.raises(ValueError, match="is not one of the origins"):
                await session.ws_connect("wss://wss.woox.io/v3/private")

    asyncio.run(run())
