"""Two packages that wrap httpx: the transport of httpx-aiohttp and the mock of pytest-httpx.

tools/client_versions.py installs them and runs these tests.
"""

from __future__ import annotations

import asyncio

import httpx
import pytest
from httpx_aiohttp import AiohttpTransport, HttpxAiohttpClient

from helpers.oracle import KEY, SECRET
from helpers.recorder import Recorder, Reply
from helpers.written import METHODS
from woox_fast import Signer
from woox_fast.adapters.httpx import WooXAuth
from woox_fast.testing import assert_signed


def auth(url: str) -> WooXAuth:
    return WooXAuth(Signer(KEY, SECRET), origins=[url])


@pytest.mark.parametrize("make", [lambda: httpx.AsyncClient(transport=AiohttpTransport()), HttpxAiohttpClient])
def test_httpx_aiohttp_sends_signature(make):
    async def run():
        async with make() as client:
            for method in METHODS:
                response = await client.request(
                    method, server.url + "/v3/x?a=b%20c", content=b'{"a":1}', auth=auth(server.url)
                )
                assert response.status_code == 200

    with Recorder() as server:
        asyncio.run(run())
        assert (len(server.received), server.faults) == (4, [])


@pytest.mark.parametrize("status", [302, 307])
def test_httpx_aiohttp_redirects_unsigned(status):
    async def run():
        async with HttpxAiohttpClient(auth=auth(server.url), follow_redirects=True) as client:
            with pytest.raises(ValueError, match="followed unsigned"):
                await client.post(server.url + "/v3/x", json={})

    with Recorder() as other, Recorder(lambda _: Reply(status, {"Location": other.url + "/v3/x"})) as server:
        asyncio.run(run())
        assert server.faults == []
        assert [received.api_headers for received in other.received] == [[]]


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_pytest_httpx_receives_signed_request(kind, httpx_mock):
    async def run():
        async with httpx.AsyncClient(auth=auth("https://api.woox.io")) as client:
            await client.post("https://api.woox.io/v3/x?a=b", json={"a": 1})

    httpx_mock.add_response(match_headers={"x-api-key": KEY, "Content-Type": "application/json"})
    if kind == "async":
        asyncio.run(run())
    else:
        with httpx.Client(auth=auth("https://api.woox.io")) as client:
            client.post("https://api.woox.io/v3/x?a=b", json={"a": 1})
    assert_signed(httpx_mock.get_request(), SECRET)
