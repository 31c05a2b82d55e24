"""`accelerate`: the same signatures as plain ccxt, and no redirect to a foreign origin."""

from __future__ import annotations

import asyncio
import copy
import hashlib
import hmac
import pickle

import aiohttp
import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import requests
from helpers.clients import Call, send
from helpers.oracle import KEY, NOW, SECRET
from helpers.recorder import CannedResponse, Received, Recorder

from woox_fast.adapters.ccxt import accelerate

MODULES = [ccxt, ccxt.pro]
CREDENTIALS = {"apiKey": KEY, "secret": SECRET, "uid": "1", "enableRateLimit": False}


def endpoints(tree, names=()):
    """Yield (api, method, path) of every private endpoint."""
    for name, below in tree.items():
        if isinstance(below, dict) and name not in ("get", "post", "put", "delete", "patch"):
            yield from endpoints(below, (*names, name))
        elif "private" in names:
            yield from ((list(names), name.upper(), path) for path in below)


PARAMS = [
    {},
    {"symbol": "SPOT_BTC_USDT", "orderId": 60667653330, "price": "0.1", "reduceOnly": True},
    {"symbol": "SPOT_币安人生_USDT", "tag": "a b+c/d,e:f[g]&h=i%2C"},
    {"childOrders": [{"algoType": "STOP", "price": "1"}], "z": 1, "a": 2},
]


def find_outcome(function, *arguments):
    try:
        return function(*arguments)
    except Exception as error:
        return type(error), str(error)


@pytest.mark.parametrize("module", MODULES)
def test_private_endpoints_have_same_signature(module, monkeypatch):
    plain, fast = module.woo(CREDENTIALS), module.woo(CREDENTIALS)
    assert accelerate(fast) is fast
    for exchange in (plain, fast):
        monkeypatch.setattr(exchange, "nonce", lambda: NOW)
        monkeypatch.setattr(exchange, "uuid", lambda *arguments: "0" * 16)
    found = list(endpoints(plain.api))
    assert len(found) > 80
    signed = 0
    for api, method, path in found:
        names = dict.fromkeys(plain.extract_params(path), "1")
        for params in PARAMS[: 3 if method in ("GET", "DELETE") else 4]:
            one, other = (find_outcome(each.sign, path, api, method, {**params, **names}) for each in (plain, fast))
            assert one == other
            signed += isinstance(one, dict) and "x-api-signature" in one["headers"]
    assert signed > 200
    assert list(fast._contexts) == [SECRET.encode()]
    assert plain.hmac is module.woo.hmac is ccxt.Exchange.hmac  # no other object is changed


class Watched(Exception):  # noqa: N818
    """Raised instead of opening a connection."""


def test_websocket_login_has_same_signature(monkeypatch):
    def watch(*arguments):
        raise Watched(arguments[2])

    async def login(accelerated):
        exchange = ccxt.pro.woo(CREDENTIALS)
        monkeypatch.setattr(exchange, "nonce", lambda: NOW)
        monkeypatch.setattr(exchange, "watch", watch)
        try:
            with pytest.raises(Watched) as raised:
                await (accelerate(exchange) if accelerated else exchange).authenticate()
        finally:
            await exchange.close()
        return raised.value.args[0]

    message = asyncio.run(login(True))
    assert message == asyncio.run(login(False))
    assert message["params"]["sign"] == hmac.new(SECRET.encode(), f"|{NOW}".encode(), "sha256").hexdigest()


DIGESTS = ["hex", "base64", "binary"]
ALGORITHMS = [hashlib.sha256, hashlib.sha512, hashlib.sha384, hashlib.sha1, hashlib.md5]


@pytest.mark.parametrize("digest", DIGESTS)
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("secret", [b"k", b"s" * 64, b"s" * 65, b"\0\xff" * 100, b""])
def test_hmac_matches_ccxt(algorithm, digest, secret):
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    for message in (b"", b"a", bytes(range(256)) * 9):
        expected = hmac.new(secret, message, algorithm)
        found = exchange.hmac(message, secret, algorithm, digest)
        assert found == ccxt.Exchange.hmac(message, secret, algorithm, digest)
        if digest == "hex":
            assert found == expected.hexdigest()
            assert type(found) is str
    assert exchange.hmac(request=b"m", secret=b"s") == hmac.new(b"s", b"m", "sha256").hexdigest()


@pytest.mark.parametrize(
    "arguments",
    [("text", b"s"), (b"m", "text"), (None, b"s"), (b"m", None), (b"m", b"s", None), (b"m", b"s", "sha256")],
)
def test_hmac_errors_match_ccxt(arguments):
    assert find_outcome(accelerate(ccxt.woo()).hmac, *arguments) == find_outcome(ccxt.Exchange.hmac, *arguments)


def test_contexts_are_cached_and_bounded():
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    for number in range(100):
        secret = b"%d" % number
        for _ in range(2):
            assert exchange.hmac(b"m", secret) == hmac.new(secret, b"m", "sha256").hexdigest()
        assert secret in exchange._contexts
        assert len(exchange._contexts) <= 8


@pytest.mark.parametrize("thing", [None, "woo", ccxt.woo, object(), hmac])
def test_other_objects_are_refused(thing):
    with pytest.raises(TypeError, match=r"exchange must be a ccxt exchange, such as ccxt.woo\(\), got "):
        accelerate(thing)
    assert ccxt.woo.hmac is ccxt.Exchange.hmac


class Own(ccxt.woo):
    @staticmethod
    def hmac(request, secret, algorithm=hashlib.sha256, digest="hex"):
        return "signed by another"


def with_replaced_hmac():
    exchange = ccxt.woo(CREDENTIALS)
    exchange.hmac = Own.hmac
    return exchange


@pytest.mark.parametrize("make", [Own, with_replaced_hmac])
def test_replaced_hmac_is_refused(make):
    exchange = make()
    with pytest.raises(TypeError, match=r"must use ccxt's own hmac, got a \w+ that replaces it"):
        accelerate(exchange)
    assert exchange.hmac(b"m", b"s") == "signed by another"
    assert not hasattr(exchange, "_contexts")


def test_subclass_can_be_accelerated_twice():
    class Mine(ccxt.woo):
        def nonce(self):
            return NOW

    exchange = accelerate(accelerate(Mine(CREDENTIALS)))
    assert isinstance(exchange, Mine)
    assert [kind.__name__ for kind in type(exchange).__mro__[:3]] == ["Mine", "_Accelerated", "Mine"]
    assert (exchange.nonce(), type(exchange).__module__) == (NOW, __name__)
    assert repr(exchange) == repr(Mine(CREDENTIALS))
    assert type(accelerate(Mine(CREDENTIALS))) is type(exchange)


# Copies


def pickle_and_load(exchange):
    return pickle.loads(pickle.dumps(exchange, protocol=0))  # noqa: S301


@pytest.mark.parametrize("again", [pickle_and_load, copy.copy, copy.deepcopy])
@pytest.mark.parametrize("module", MODULES)
def test_exchange_can_be_copied(module, again):
    exchange = accelerate(module.woo({**CREDENTIALS, "options": {"mine": [1]}}))
    exchange.hmac(b"m", b"s")
    other = again(exchange)
    assert type(other) is type(exchange)
    assert {**vars(other), "_contexts": None, "logger": None}.keys() == {**vars(exchange), "logger": None}.keys()
    assert (other.apiKey, other.secret, other.options["mine"]) == (KEY, SECRET, [1])
    assert other.hmac(b"m", b"s") == hmac.new(b"s", b"m", "sha256").hexdigest()
    if again is not copy.copy:
        assert list(exchange._contexts) == list(other._contexts) == [b"s"]
        assert other._contexts is not exchange._contexts
        assert other.options["mine"] is not exchange.options["mine"]
    assert b"sha256" not in pickle.dumps(exchange._contexts)


# Redirects

CALLS = [Call("POST", "/v3/trade/order", json={"symbol": "SPOT_BTC_USDT"}), Call("GET", "/v3/asset/balances")]


def send_both(client, signer, server):
    return send(client, signer, server.url, CALLS, options={"apiKey": KEY, "secret": SECRET})


@pytest.mark.parametrize("client", ["ccxt", "ccxt async"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_redirect_elsewhere_is_refused(client, status, signer):
    with Recorder() as other, Recorder(lambda _: CannedResponse(status, {"Location": other.url + "/v3/x"})) as server:
        outcomes = send_both(client, signer, server)
    assert len(server.received) == 2
    assert (other.connections, other.received) == (0, [])
    for outcome in outcomes:
        assert isinstance(outcome, ccxt.ExchangeError)
        assert f"redirect refused: {other.url} is not one of the origins" in str(outcome)


@pytest.mark.parametrize("client", ["ccxt", "ccxt async"])
def test_redirect_within_host_is_followed(client, signer):
    def answer(received: Received) -> CannedResponse:
        return CannedResponse() if received.target == "/v3/y" else CannedResponse(307, {"Location": "/v3/y"})

    with Recorder(answer) as server:
        outcomes = send_both(client, signer, server)
    assert [outcome.status for outcome in outcomes] == [200, 200]
    assert [received.method for received in server.received] == ["POST", "POST", "GET", "GET"]


def test_uri_header_elsewhere_is_refused(signer):
    """aiohttp follows this predecessor of Location, too."""
    with Recorder() as other, Recorder(lambda _: CannedResponse(307, {"URI": other.url + "/v3/x"})) as server:
        outcomes = send_both("ccxt async", signer, server)
        assert [type(outcome) for outcome in outcomes] == [ccxt.ExchangeError] * 2
        server.answer = lambda _: CannedResponse(307)  # no target, so ccxt reads the response
        assert [outcome.status for outcome in send_both("ccxt async", signer, server)] == [307, 307]
        assert other.connections == 0


def test_own_session_refuses_redirect_elsewhere():
    hooked = []

    async def fetch_async(config):
        async with aiohttp.ClientSession() as session, accelerate(ccxt.pro.woo({**config, "session": session})) as woo:
            for _ in range(2):
                with pytest.raises(ccxt.ExchangeError, match="redirect refused"):
                    await woo.fetch_balance()
            assert len(session.trace_configs) == 1

    with Recorder() as other, Recorder(lambda _: CannedResponse(307, {"Location": other.url})) as server:
        config = {**CREDENTIALS, "urls": {"api": dict.fromkeys(("pub", "public", "private"), server.url)}}
        asyncio.run(fetch_async(config))
        woo = accelerate(ccxt.woo(config))
        woo.session.close()
        with requests.Session() as woo.session:  # replaced after `accelerate`
            woo.session.hooks = {"response": lambda response, **_: hooked.append(response.status_code)}
            for _ in range(2):
                with pytest.raises(ccxt.ExchangeError, match="redirect refused"):
                    woo.fetch_balance()
            assert len(woo.session.hooks["response"]) == 2
        assert other.connections == 0
    assert hooked == [307, 307]


def test_websocket_refuses_redirect_elsewhere():
    async def run(url):
        exchange = accelerate(ccxt.pro.woo(CREDENTIALS))
        exchange.open()
        async with exchange:
            with pytest.raises(ccxt.ExchangeError, match="redirect refused"):
                await exchange.session.ws_connect(url + "/v3/private")
            proxied = exchange.get_socks_proxy_session
            assert proxied.__self__ is exchange

    with Recorder() as other, Recorder(lambda _: CannedResponse(307, {"Location": other.url})) as server:
        asyncio.run(run(server.url))
        assert other.connections == 0


def test_socks_session_is_guarded(monkeypatch):
    made = []

    def without_aiohttp_socks(self, proxy):
        made.append((proxy, aiohttp.ClientSession()))
        return made[-1][1]

    async def run():
        monkeypatch.setattr(ccxt.async_support.Exchange, "get_socks_proxy_session", without_aiohttp_socks)
        exchange = accelerate(ccxt.pro.woo(CREDENTIALS))
        async with exchange, exchange.get_socks_proxy_session("socks5://127.0.0.1:1") as session:
            assert session is made[0][1]
            assert session.trace_configs == exchange.session.trace_configs != []

    asyncio.run(run())
    assert [proxy for proxy, _ in made] == ["socks5://127.0.0.1:1"]
