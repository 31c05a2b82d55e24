"""Tools that replace the network in users' tests: they see signed requests, and no order leaves the process."""

from __future__ import annotations

import httpx
import pytest
from helpers.clients import ADAPTERS, Call, open_client
from helpers.oracle import SECRET
from helpers.recorder import Recorder

import woox_fast.adapters.requests
from woox_fast.testing import assert_signed

responses = pytest.importorskip("responses")
vcr = pytest.importorskip("vcr")

ORDER = Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"})
URL = "https://api.woox.io"


# vcrpy


@pytest.mark.parametrize("warm", [False, True], ids=["new", "used before"])
@pytest.mark.parametrize("client", ADAPTERS)
def test_cassette_replays_order(client, warm, signer, tmp_path):
    """The client exists before the cassette, and may have an open connection."""
    cassette = str(tmp_path / "order.yaml")
    with Recorder() as server, open_client(client, signer, server.url) as opened:
        if warm:
            opened(ORDER)
        with vcr.use_cassette(cassette) as recorded:
            assert opened(ORDER).status == 200
        if not client.startswith("aiohttp"):  # vcrpy records aiohttp's requests before the connector signs them
            assert_signed(recorded.requests[0], SECRET)
        sent = len(server.received)
        assert sent == 1 + warm
        assert server.faults == []
        with vcr.use_cassette(cassette, record_mode="none") as played:
            assert opened(ORDER).status == 200
            assert played.play_count == 1
        assert len(server.received) == sent
        assert opened(ORDER).status == 200  # signed again after the cassette
        assert (len(server.received), server.faults) == (sent + 1, [])


@pytest.mark.parametrize("client", ADAPTERS)
def test_strict_cassette_sends_no_order(client, signer, tmp_path):
    with Recorder() as server, open_client(client, signer, server.url) as opened:
        refused = pytest.raises(vcr.errors.CannotOverwriteExistingCassetteException)
        with vcr.use_cassette(str(tmp_path / "empty.yaml"), record_mode="none"), refused:
            opened(ORDER)
        assert (server.connections, server.received) == (0, [])


# responses


@pytest.mark.parametrize("client", ["requests session", "requests auth"])
@pytest.mark.parametrize("proxy", [None, "http://127.0.0.1:1"])
def test_responses_receives_signed_request(client, proxy, signer):
    with open_client(client, signer, URL, proxy=proxy) as opened, responses.RequestsMock() as mock:
        mock.add("POST", f"{URL}/v3/trade/order", json={"success": True})
        for _ in range(2):
            opened(Call("POST", "/v3/trade/order", params={"a": "b c"}, json={"symbol": "币"}))
        for call in mock.calls:
            assert_signed(call.request, SECRET)
            assert_signed(call.response.request, SECRET)


def test_responses_refuses_other_origin(signer):
    session = woox_fast.adapters.requests.session(signer)
    with session, responses.RequestsMock(), pytest.raises(ValueError, match="is not one of the origins"):
        session.get("https://evil.example/", timeout=5)


# httpx.MockTransport


@pytest.mark.parametrize("name", ["httpx", "httpx async", "httpx2", "httpx2 async"])
def test_mock_transport_receives_signed_request(name, signer):
    module = pytest.importorskip(name.split()[0])
    kinds = []

    def handler(request):
        assert_signed(request, SECRET)
        kinds.extend(request.headers.get_list("Content-Type"))
        return module.Response(200)

    with open_client(name, signer, URL, options={"transport": module.MockTransport(handler)}) as opened:
        opened(Call("POST", "/v3/x?a=b", json={"a": 1}))
        opened(Call("GET", "/v3/x?a=b"))
    assert kinds == ["application/json", "application/x-www-form-urlencoded"]


def test_mock_transport_sees_hook_changes(signer):
    def hook(request):
        request.headers.update({"x-tag": "a", "x-api-key": "mine"})
        del request.headers["x-api-timestamp"]

    def handler(request):
        assert (request.headers["x-tag"], request.headers["x-api-key"]) == ("a", "mine")
        assert "x-api-timestamp" not in request.headers
        return httpx.Response(200)

    options = {"transport": httpx.MockTransport(handler), "event_hooks": {"request": [hook]}}
    refused = pytest.raises(ValueError, match="a hook changed the request after signing")
    with open_client("httpx", signer, URL, options=options) as opened, refused:
        opened(Call("GET", "/v3/x", headers={"X-Api-Key": "first"}))
