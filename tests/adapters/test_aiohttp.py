"""What aiohttp alone does: payloads that cannot be signed, options of the connector, and connections that are lost."""

from __future__ import annotations

import asyncio
import io

import aiohttp
import pytest
from helpers.clients import aiohttp_connector, aiohttp_middleware
from helpers.oracle import KEY, SECRET
from helpers.recorder import Recorder

from woox_fast import Signer
from woox_fast.adapters.aiohttp import WooXConnector


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@pytest.mark.parametrize("make", [aiohttp_connector, aiohttp_middleware])
def test_no_stream_no_multipart_and_nothing_compressed(make, signer):
    async def chunks():
        yield b"ab"

    async def run(url):
        async with make(signer, origins=[url]) as session:
            with aiohttp.MultipartWriter() as multipart:
                multipart.append("ab")
            for options in ({"data": chunks()}, {"data": io.BytesIO(b"ab")}, {"data": multipart}):
                with pytest.raises(ValueError, match=r"got another one \(\w+\); pass json="):
                    await session.post(url, **options)
            with pytest.raises(ValueError, match=r"got a compressed one \(\w+\); pass json="):
                await session.post(url, data=b"ab", compress="deflate")

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.connections == 0


def test_options_of_the_connector_are_passed_on(signer):
    async def run():
        connector = WooXConnector(signer, limit=7, limit_per_host=3, force_close=True)
        assert (connector.limit, connector.limit_per_host, connector.force_close) == (7, 3, True)
        await connector.close()
        with pytest.raises(TypeError, match="limits"):
            WooXConnector(signer, limits=7)

    asyncio.run(run())


def test_a_connection_is_given_back_when_the_signer_fails():
    class Failing:
        def headers(self, *_):
            raise RuntimeError("no clock")

    async def run(url):
        async with aiohttp_connector(Failing(), origins=[url]) as session:
            for _ in range(3):
                with pytest.raises(RuntimeError, match="no clock") as raised:
                    await session.get(url + "/v3/x")
                assert session.connector._acquired == set()  # at once, not when the traceback is forgotten
                del raised

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert (server.received, server.torn) == ([], [])


def test_the_connector_signs_what_a_middleware_made_of_the_request(signer):
    async def one_more_parameter(request, handler):
        request.url = request.url.update_query(c="d")
        request.method = "PUT"
        return await handler(request)

    async def run(url):
        async with aiohttp.ClientSession(connector=WooXConnector(signer, origins=[url])) as session:
            return await session.post(url + "/v3/x?a=b", json={}, middlewares=(one_more_parameter,))

    with Recorder() as server:
        asyncio.run(run(server.url))
        assert server.faults == []
        assert [(received.method, received.target) for received in server.received] == [("PUT", "/v3/x?a=b&c=d")]


@pytest.mark.parametrize("make", [aiohttp_connector, aiohttp_middleware])
def test_a_content_type_of_ones_own_is_kept(make, signer):
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


@pytest.mark.parametrize("make", [aiohttp_connector, aiohttp_middleware])
def test_a_websocket_is_not_signed_for_another_scheme(make, signer):
    async def run():
        async with make(signer) as session:
            with pytest.raises(ValueError, match="is not one of the origins"):
                await session.ws_connect("wss://wss.woox.io/v3/private")

    asyncio.run(run())
