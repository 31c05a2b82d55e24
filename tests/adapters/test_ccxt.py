"""`accelerate`: the same signatures as plain ccxt, and no redirect to a foreign origin."""

from __future__ import annotations

import asyncio
import copy
import gc
import hashlib
import hmac
import pickle
import weakref

import aiohttp
import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
import requests
from helpers.oracle import KEY, NOW, SECRET
from helpers.recorder import Received, Recorder, Reply

from woox_fast.adapters.ccxt import accelerate

MODULES = [ccxt, ccxt.async_support, ccxt.pro]
CREDENTIALS = {"apiKey": KEY, "secret": SECRET, "uid": "1", "enableRateLimit": False}


def endpoints(exchange):
    """Return (api, method, path) of every private endpoint."""

    def walk(tree, names):
        for name, below in tree.items():
            if name in ("get", "post", "put", "delete", "patch"):
                for path in below:
                    yield names, name.upper(), path
            elif isinstance(below, dict):
                yield from walk(below, [*names, name])

    return [found for found in walk(exchange.api, []) if "private" in found[0]]


PARAMS = [
    {},
    {"symbol": "SPOT_BTC_USDT", "orderId": 60667653330, "price": "0.1", "reduceOnly": True},
    {"symbol": "SPOT_币安人生_USDT", "tag": "a b+c/d,e:f[g]&h=i%2C"},
    {"childOrders": [{"algoType": "STOP", "price": "1"}], "z": 1, "a": 2},
]


@pytest.mark.parametrize("module", MODULES)
def test_private_endpoints_have_same_signature(module, monkeypatch):
    plain, fast = module.woo(CREDENTIALS), module.woo(CREDENTIALS)
    assert accelerate(fast) is fast
    core = []
    spied = fast.hmac
    fast.hmac = lambda *arguments: core.append(arguments) or spied(*arguments)
    found = endpoints(plain)
    assert len(found) > 80
    for exchange in (plain, fast):
        monkeypatch.setattr(exchange, "nonce", lambda: NOW)
        monkeypatch.setattr(exchange, "uuid", lambda *arguments: "0" * 16)
    signed = 0
    for api, method, path in found:
        names = dict.fromkeys(plain.extract_params(path), "1")
        for params in PARAMS:
            if "childOrders" in params and method in ("GET", "DELETE"):
                continue
            results = []
            for exchange in (plain, fast):
                try:
                    results.append(exchange.sign(path, api, method, {**params, **names}))
                except Exception as error:  # plain ccxt cannot sign this endpoint either
                    results.append(repr(error))
            assert results[0] == results[1]
            signed += isinstance(results[0], dict) and "x-api-signature" in results[0]["headers"]
    assert signed > 200
    assert len(core) >= signed


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
    outcomes = []
    for function in (accelerate(ccxt.woo()).hmac, ccxt.Exchange.hmac):
        try:
            outcomes.append(function(*arguments))
        except Exception as error:
            outcomes.append((type(error), str(error)))
    assert outcomes[0] == outcomes[1]


def test_other_exchange_objects_are_unchanged():
    exchange, other = ccxt.woo(CREDENTIALS), ccxt.woo(CREDENTIALS)
    accelerate(exchange)
    assert other.hmac is ccxt.woo.hmac is ccxt.Exchange.hmac
    assert exchange.hmac is not other.hmac


def test_contexts_are_cached_and_bounded():
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    for number in range(100):
        secret = b"%d" % number
        for _ in range(2):
            assert exchange.hmac(b"m", secret) == hmac.new(secret, b"m", "sha256").hexdigest()
        assert secret in exchange._contexts
        assert len(exchange._contexts) <= 8


def test_contexts_die_with_exchange():
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    exchange.hmac(b"m", b"s")
    gone = weakref.ref(exchange)
    contexts = weakref.ref(exchange._contexts)
    exchange.session.close()
    del exchange
    gc.collect()
    assert (gone(), contexts()) == (None, None)


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


def pickled(protocol):
    return lambda exchange: pickle.loads(pickle.dumps(exchange, protocol))  # noqa: S301


@pytest.mark.parametrize("again", [*map(pickled, range(6)), copy.copy, copy.deepcopy])
@pytest.mark.parametrize("module", MODULES)
def test_exchange_can_be_pickled(module, again):
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


async def calls(kind, url, exchange_of, **config):
    """Send an order and a read through ccxt's fetch, and return the outcomes."""
    urls = {"api": {"pub": url, "public": url, "private": url}}
    exchange = exchange_of({**CREDENTIALS, "urls": urls, **config})
    outcomes = []
    for path, method, params in (("trade/order", "POST", {"symbol": "SPOT_BTC_USDT"}), ("asset/balances", "GET", {})):
        try:
            reply = exchange.request(path, ["v3", "private"], method, params)
            outcomes.append(await reply if kind == "async" else reply)
        except Exception as error:
            outcomes.append(error)
    if kind == "async":
        await exchange.close()
    else:
        exchange.session.close()
    return outcomes


def exchanges(kind):
    return ccxt.pro.woo if kind == "async" else ccxt.woo


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("accelerated", [True, False])
def test_redirect_elsewhere_is_refused(kind, status, accelerated):
    """Plain ccxt, the control, sends key and signature to the foreign server."""
    make = exchanges(kind)
    with Recorder() as other, Recorder(lambda _: Reply(status, {"Location": other.url + "/v3/x"})) as server:
        made = (lambda config: accelerate(make(config))) if accelerated else make
        outcomes = asyncio.run(calls(kind, server.url, made))
    assert len(server.received) == 2
    if accelerated:
        assert (other.connections, other.received) == (0, [])
        for outcome in outcomes:
            assert isinstance(outcome, ccxt.ExchangeError)
            assert f"redirect refused: {other.url} is not one of the origins" in str(outcome)
    else:
        assert [received.all("x-api-key") for received in other.received] == [[KEY]] * 2


@pytest.mark.parametrize("kind", ["sync", "async"])
@pytest.mark.parametrize("accelerated", [True, False])
def test_redirect_within_host_is_followed(kind, accelerated):
    def answer(received: Received) -> Reply:
        return Reply() if received.target == "/v3/y" else Reply(307, {"Location": "/v3/y"})

    make = exchanges(kind)
    with Recorder(answer) as server:
        made = (lambda config: accelerate(make(config))) if accelerated else make
        outcomes = asyncio.run(calls(kind, server.url, made))
    assert [outcome["success"] for outcome in outcomes] == [True, True]
    assert [received.method for received in server.received] == ["POST", "POST", "GET", "GET"]


def test_uri_header_elsewhere_is_refused():
    """aiohttp follows this predecessor of Location, too."""
    with Recorder() as other, Recorder(lambda _: Reply(307, {"URI": other.url + "/v3/x"})) as server:
        outcomes = asyncio.run(calls("async", server.url, lambda config: accelerate(ccxt.pro.woo(config))))
        assert [type(outcome) for outcome in outcomes] == [ccxt.ExchangeError] * 2
        server.answer = lambda _: Reply(307)  # without a target: ccxt reads the response
        outcomes = asyncio.run(calls("async", server.url, lambda config: accelerate(ccxt.pro.woo(config))))
        assert [outcome["success"] for outcome in outcomes] == [True, True]
        assert other.connections == 0


def test_own_session_refuses_redirect_elsewhere():
    async def run(url):
        async with aiohttp.ClientSession() as session:
            outcomes = await calls("async", url, lambda config: accelerate(ccxt.pro.woo(config)), session=session)
            assert len(session.trace_configs) == 1
            return outcomes

    def later(config):
        exchange = accelerate(ccxt.woo(config))
        exchange.session.close()
        exchange.session = mine
        return exchange

    hooked = []
    mine = requests.Session()
    mine.hooks = {"response": lambda reply, **_: hooked.append(reply.status_code)}
    with Recorder() as other, Recorder(lambda _: Reply(307, {"Location": other.url})) as server:
        outcomes = [*asyncio.run(run(server.url)), *asyncio.run(calls("sync", server.url, later))]
        assert other.connections == 0
    assert [type(outcome) for outcome in outcomes] == [ccxt.ExchangeError] * 4
    assert hooked == [307, 307]
    assert len(mine.hooks["response"]) == 2


def test_websocket_refuses_redirect_elsewhere():
    async def run(url):
        exchange = accelerate(ccxt.pro.woo(CREDENTIALS))
        exchange.open()
        async with exchange:
            with pytest.raises(ccxt.ExchangeError, match="redirect refused"):
                await exchange.session.ws_connect(url + "/v3/private")
            proxied = exchange.get_socks_proxy_session
            assert proxied.__self__ is exchange

    with Recorder() as other, Recorder(lambda _: Reply(307, {"Location": other.url})) as server:
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
