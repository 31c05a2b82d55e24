"""Every client with real traffic: a server checks the signature over the received bytes."""

from __future__ import annotations

import json

import pytest
from helpers.clients import Call, Outcome, open_client, send, send_at_once
from helpers.oracle import KEY, SECRET
from helpers.recorder import Recorder
from helpers.request_parts import CONTENT, JSON, METHODS, MORE_PARAMS, PARAMS, TARGETS

from woox_fast import Signer
from woox_fast.sandbox import Sandbox

DOTS = ["//v3/x", "/v3/x/%2e%2e/y", "/v3/%2E%2e/y?a=..", "/v3/%2e/y", "/v3/x%2f..%2Fy"]


def is_refused_path(client: str, outcome: object) -> bool:
    """Report whether requests' WooXAuth refused the path, because urllib3 rewrites it for a proxy."""
    return client == "requests auth" and isinstance(outcome, ValueError) and "path must not" in str(outcome)


@pytest.mark.parametrize("method", METHODS)
def test_signature_covers_sent_bytes(client, signer, method):
    params = PARAMS + MORE_PARAMS * (not client.startswith("aiohttp"))
    calls = [
        Call(method, target) for target in TARGETS * (method == "DELETE")
    ]  # GET: test_signature_covers_hostile_paths
    calls += [Call(method, path, params=each) for each in params for path in ("/v3/x", "/v3/x?first=1")]
    calls += [Call(method, "/v3/x", json=value) for value in JSON]
    calls += [Call(method, "/v3/x?a=b c", content=content) for content in CONTENT]
    with Recorder() as server:
        outcomes = send(client, signer, server.url, calls)
    assert [outcome for outcome in outcomes if not isinstance(outcome, Outcome)] == []
    assert server.faults == []
    assert server.connections == 1  # keep-alive
    for call, received in zip(calls, server.received, strict=True):
        assert received.method == method
        if call.json is not None:
            assert json.loads(received.body) == call.json
            assert received.all("content-type") == ["application/json"]
        else:
            content = call.content or b""
            assert received.body == (content.encode() if isinstance(content, str) else content)
            kind = "json" if method in ("POST", "PUT") else "x-www-form-urlencoded"
            assert received.all("content-type") == [f"application/{kind}"]


@pytest.mark.parametrize("proxied", [False, True], ids=["direct", "proxy"])
def test_signature_covers_hostile_paths(client, signer, proxied):
    """A path that the client may rewrite after signing is refused instead."""
    calls = [Call("GET", target) for target in [*TARGETS, *DOTS]]
    with Recorder() as server:
        url, way = ("http://exchange.invalid:8080", {"proxy": server.url}) if proxied else (server.url, {})
        outcomes = send(client, signer, url, calls, **way)
    sent = [outcome for outcome in outcomes if not is_refused_path(client, outcome)]
    assert len(sent) >= len(TARGETS)
    assert [outcome for outcome in sent if not isinstance(outcome, Outcome)] == []
    assert server.faults == []
    assert len(server.received) == len(sent)


def test_sandbox_accepts_each_client(client, signer):
    order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "9000", "quantity": "0.11"}
    sandbox = Sandbox(KEY, SECRET)
    with sandbox as url, open_client(client, signer, url) as opened:
        calls = [
            Call("POST", "/v3/trade/order", json=order),
            Call("POST", "/v3/trade/order", content=json.dumps(order)),
            Call("GET", "/v3/trade/orders", params={"symbol": "SPOT_BTC_USDT", "status": "INCOMPLETE"}),
            Call("GET", "/v3/asset/balances"),
        ]
        responses = [opened(call) for call in calls]
        number = json.loads(responses[0].body)["data"]["orderId"]
        more = [
            Call("PUT", "/v3/trade/order", json={"orderId": number, "price": "9001", "quantity": "0.12"}),
            Call("DELETE", "/v3/trade/order", params={"symbol": "SPOT_BTC_USDT", "orderId": number}),
        ]
        responses += [opened(call) for call in more]
    assert [response.status for response in responses] == [200] * 6
    assert (sandbox.verified, sandbox.accepted) == (6, 6)


def test_concurrent_requests_share_signer(client, signer):
    # Plenty of connections: httpcore 1.0.9 may close a connection while a second thread waits for it.
    with Recorder() as server, open_client(client, signer, server.url, connections=60, timeout_s=30) as opened:
        calls = [Call("POST", "/v3/trade/order", json={"clientOrderId": number}) for number in range(60)]
        assert {response.status for response in send_at_once(opened, calls)} == {200}
    assert server.faults == []
    assert sorted(json.loads(one.body)["clientOrderId"] for one in server.received) == list(range(60))


# Headers


def test_receive_window_is_sent_once(client):
    with Recorder() as server:
        for signer in (Signer(KEY, SECRET, recv_window_ms=2000), Signer(KEY, SECRET)):
            send(client, signer, server.url, [Call("POST", "/v3/x", json={})])
    assert [received.all("x-api-recvwindow") for received in server.received] == [["2000"], []]
    assert server.faults[1:] == []


def test_user_headers_are_not_doubled(client):
    headers = {"X-API-RecvWindow": "3000", "X-Api-Key": "mine", "x-API-signature": "s"}
    with Recorder() as server:
        for signer in (Signer(KEY, SECRET, recv_window_ms=2000), Signer(KEY, SECRET)):
            send(client, signer, server.url, [Call("POST", "/v3/x", json={}, headers=headers)])
    assert [received.all("x-api-recvwindow") for received in server.received] == [["2000"], ["3000"]]
    for received in server.received:
        assert received.all("x-api-key") == [KEY]
        assert received.all("x-api-signature") != ["s"]
        assert len(received.all("x-api-signature")) == 1
