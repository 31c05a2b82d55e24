"""Each client with real traffic: what arrives is what was signed, whatever is asked for."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import textwrap
import threading
from collections import Counter
from decimal import Decimal

import httpx
import pytest
from helpers.clients import ADAPTERS, PREPARED, Answered, Call, aiohttp_connector, aiohttp_middleware, send
from helpers.oracle import KEY, SECRET
from helpers.recorder import Recorder, Reply
from helpers.written import CONTENT, JSON, METHODS, MORE_PARAMS, PARAMS, TARGETS

import woox_fast.adapters.httpx
import woox_fast.adapters.requests
from woox_fast import Signer
from woox_fast.sandbox import Sandbox


@pytest.fixture(scope="module")
def signer():
    return Signer(KEY, SECRET)


@pytest.fixture(params=ADAPTERS)
def client(request):
    return request.param


# What arrives is what was signed


@pytest.mark.parametrize("method", METHODS)
def test_what_arrives_is_what_was_signed(client, signer, method):
    calls = [Call(method, target) for target in TARGETS]
    calls += [Call(method, "/v3/x", params=params) for params in PARAMS]
    calls += [Call(method, "/v3/x?first=1", params=params) for params in PARAMS]
    calls += [Call(method, "/v3/x", json=value) for value in JSON]
    calls += [Call(method, "/v3/x?a=b c", content=content) for content in CONTENT]
    if not client.startswith("aiohttp"):
        calls += [Call(method, "/v3/x", params=params) for params in MORE_PARAMS]
    with Recorder() as server:
        outcomes = send(client, signer, server.url, calls)
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
                continue  # refused before it is signed: see tests/signer/test_prepare.py
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
        outcomes = send(client, signer, url, calls)
        ids = [json.loads(outcome.body)["data"]["orderId"] for outcome in outcomes[:2]]
        more = [
            Call("PUT", "/v3/trade/order", json={"orderId": ids[0], "price": "9001", "quantity": "0.12"}),
            Call("DELETE", "/v3/trade/order", params={"symbol": "SPOT_BTC_USDT", "orderId": ids[0]}),
            Call("DELETE", f"/v3/trade/order?symbol=SPOT_BTC_USDT&orderId={ids[1]}"),
        ]
        outcomes += send(client, signer, url, more)
    assert [outcome.status for outcome in outcomes] == [200] * 7
    assert (sandbox.verified, sandbox.accepted) == (7, 7)


# Many at once on one Signer


def test_8_threads_on_one_signer(signer):
    errors: list[BaseException] = []

    def work(session, number: int) -> None:
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
            threads = [threading.Thread(target=work, args=(session, number)) for number in range(8)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
    assert errors == []
    assert server.faults == []
    seen = Counter(json.loads(received.body)["clientOrderId"] for received in server.received)
    assert seen == Counter(number * 1000 + order for number in range(8) for order in range(40))


def with_httpx(signer, **options):
    return httpx.AsyncClient(auth=woox_fast.adapters.httpx.WooXAuth(signer, **options), timeout=30)


@pytest.mark.parametrize("make", [with_httpx, aiohttp_connector, aiohttp_middleware])
def test_200_tasks_on_one_signer(make, signer):
    async def run(url):
        async with make(signer, origins=[url]) as session:

            async def post(number):
                reply = await session.post(url + "/v3/x", json={"clientOrderId": number})
                return getattr(reply, "status_code", None) or reply.status

            return await asyncio.gather(*map(post, range(200)))

    with Recorder() as server:
        assert asyncio.run(run(server.url)) == [200] * 200
    assert server.faults == []
    assert sorted(json.loads(received.body)["clientOrderId"] for received in server.received) == list(range(200))


# The receive window


def test_a_receive_window_goes_out_once(client):
    signer = Signer(KEY, SECRET, recv_window_ms=2000)
    with Recorder() as server:
        send(client, signer, server.url, [Call("POST", "/v3/x", json={})])
        send(client, Signer(KEY, SECRET), server.url, [Call("POST", "/v3/x", json={})])
    assert [received.all("x-api-recvwindow") for received in server.received] == [["2000"], []]
    assert server.faults[1:] == []


@pytest.mark.parametrize("name", ["x-api-recvwindow", "X-API-RecvWindow"])
def test_a_header_of_ones_own_is_not_doubled(client, name):
    with Recorder() as server:
        for signer in (Signer(KEY, SECRET, recv_window_ms=2000), Signer(KEY, SECRET)):
            call = Call("POST", "/v3/x", json={}, headers={name: "3000", "X-Api-Key": "mine", "x-API-signature": "s"})
            send(client, signer, server.url, [call])
    assert [received.all("x-api-recvwindow") for received in server.received] == [["2000"], ["3000"]]
    for received in server.received:
        assert received.all("x-api-key") == [KEY]
        assert received.all("x-api-signature") != ["s"]
        assert len(received.all("x-api-signature")) == 1


# Clients that are not installed


def run(code: str) -> str:
    command = [sys.executable, "-c", textwrap.dedent(code)]
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=60).stdout.strip()


@pytest.mark.parametrize("name", ["aiohttp", "ccxt", "httpx", "requests"])
def test_a_client_that_is_not_installed(name):
    said = run(f"""
        import sys
        import woox_fast
        sys.modules["{name}"] = None
        for ask in ("woox_fast.adapters.{name}", "exec('import woox_fast.adapters.{name}')"):
            try:
                eval(ask)
            except ModuleNotFoundError as error:
                print(error.name, str(error).partition(" (")[0], str(error).rpartition("; ")[2])
    """)
    advice = f"{name} woox_fast.adapters.{name} needs {name} run: pip install 'woox-fast[{name}]'"
    assert said.splitlines() == [advice] * 2


def test_a_client_that_is_too_old():
    """What is asked of it is not there: the same advice."""
    said = run("""
        import sys, types
        sys.modules["aiohttp"] = old = types.ModuleType("aiohttp")
        try:
            import woox_fast.adapters.aiohttp
        except ImportError as error:
            print(type(error).__name__, error.name, error)
    """)
    assert said.startswith("ImportError aiohttp woox_fast.adapters.aiohttp needs aiohttp (cannot import name 'Client")
    assert said.endswith("; run: pip install 'woox-fast[aiohttp]'")


def test_what_a_client_itself_lacks_is_said_in_its_own_words():
    said = run("""
        import sys
        sys.modules["urllib3"] = None
        try:
            import woox_fast.adapters.requests
        except ModuleNotFoundError as error:
            print(error.name, error)
    """)
    assert said == "urllib3 import of urllib3 halted; None in sys.modules"


def test_adapters_are_there_when_they_are_asked_for():
    said = run("""
        import sys
        import woox_fast
        print([name for name in sys.modules if name.startswith(("woox_fast.adapters", "requests", "httpx", "aiohttp"))])
        print(woox_fast.adapters.requests.session, woox_fast.adapters.httpx.WooXAuth.__name__)
        print("aiohttp" in sys.modules, hasattr(woox_fast.adapters, "urllib3"))
    """)
    first, second, third = said.splitlines()
    assert first == "[]"
    assert second.startswith("<function session")
    assert second.endswith("WooXAuth")
    assert third == "False False"
