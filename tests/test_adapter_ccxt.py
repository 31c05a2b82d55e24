"""`accelerate`: every private endpoint of ccxt's woo signed to the byte as without it, and nothing else changed."""

from __future__ import annotations

import asyncio
import gc
import hashlib
import hmac
import weakref

import ccxt
import ccxt.async_support
import ccxt.pro
import pytest
from helpers.oracle import KEY, NOW, SECRET

from woox_fast import Signer
from woox_fast.adapters.ccxt import accelerate
from woox_fast.sandbox import Sandbox

CREDENTIALS = {"apiKey": KEY, "secret": SECRET, "uid": "1", "enableRateLimit": False}


def endpoints(exchange):
    """(api, method, path) of each private endpoint: `api` nests as versions, private and verbs do."""

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


@pytest.mark.parametrize("module", [ccxt, ccxt.async_support, ccxt.pro], ids=["sync", "async", "pro"])
def test_every_private_endpoint_of_woo_is_signed_as_without_it(module, monkeypatch):
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
                except Exception as error:  # what ccxt cannot sign, it cannot sign with us either
                    results.append(repr(error))
            assert results[0] == results[1]
            signed += isinstance(results[0], dict) and "x-api-signature" in results[0]["headers"]
    assert signed > 200
    assert len(core) >= signed


class Watched(Exception):  # noqa: N818
    """Raised in place of the connection that would be opened."""


def test_the_websocket_login_is_signed_as_without_it(monkeypatch):
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
def test_every_algorithm_and_digest(algorithm, digest, secret):
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    for message in (b"", b"a", bytes(range(256)) * 9):
        expected = hmac.new(secret, message, algorithm)
        found = exchange.hmac(message, secret, algorithm, digest)
        assert found == ccxt.Exchange.hmac(message, secret, algorithm, digest)
        if digest == "hex":
            assert found == expected.hexdigest()
            assert type(found) is str
    assert exchange.hmac(b"m", b"s") == hmac.new(b"s", b"m", "sha256").hexdigest()
    assert exchange.hmac(b"m", b"s", digest="binary") == hmac.new(b"s", b"m", "sha256").digest()
    assert exchange.hmac(request=b"m", secret=b"s", algorithm=algorithm) == hmac.new(b"s", b"m", algorithm).hexdigest()


@pytest.mark.parametrize(
    "arguments",
    [("text", b"s"), (b"m", "text"), (None, b"s"), (b"m", None), (b"m", b"s", None), (b"m", b"s", "sha256")],
)
def test_what_ccxt_refuses_is_refused_in_its_own_words(arguments):
    with_it, without_it = [], []
    for found, function in ((with_it, accelerate(ccxt.woo()).hmac), (without_it, ccxt.Exchange.hmac)):
        try:
            found.append(function(*arguments))
        except Exception as error:
            found.append((type(error), str(error)))
    assert with_it == without_it


@pytest.mark.parametrize("name", ["binance", "bybit", "okx", "kucoin", "mexc"])
def test_other_exchanges_sign_as_without_it(name):
    plain, fast = (getattr(ccxt, name)({**CREDENTIALS, "password": "p"}) for _ in range(2))
    accelerate(fast)
    assert fast.hmac(b"message", b"secret", hashlib.sha256) == plain.hmac(b"message", b"secret", hashlib.sha256)
    assert fast.hmac(b"message", b"secret", hashlib.sha256, "base64") == plain.hmac(
        b"message", b"secret", hashlib.sha256, "base64"
    )


def test_only_this_exchange_is_changed():
    exchange, other = ccxt.woo(CREDENTIALS), ccxt.woo(CREDENTIALS)
    accelerate(exchange)
    assert other.hmac is ccxt.woo.hmac is ccxt.Exchange.hmac
    assert exchange.hmac is not other.hmac


def test_one_context_per_secret_and_not_without_end(monkeypatch):
    made = []

    def spy(api_key, secret):
        made.append(secret)
        return Signer(api_key, secret)

    monkeypatch.setattr("woox_fast.adapters.ccxt.Signer", spy)
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    for _ in range(3):
        for secret in (b"one", b"two"):
            exchange.hmac(b"m", secret)
    assert made == [b"one", b"two"]
    for number in range(100):
        assert exchange.hmac(b"m", b"%d" % number) == hmac.new(b"%d" % number, b"m", "sha256").hexdigest()
    kept = [cell.cell_contents for cell in exchange.hmac.__closure__ if isinstance(cell.cell_contents, dict)]
    assert 0 < len(kept[0]) <= 8


def test_the_contexts_go_with_the_exchange():
    exchange = accelerate(ccxt.woo(CREDENTIALS))
    exchange.hmac(b"m", b"s")
    gone = weakref.ref(exchange.hmac)
    exchange.session.close()
    del exchange
    gc.collect()
    assert gone() is None


@pytest.mark.parametrize("thing", [None, "woo", ccxt.woo, object(), hmac])
def test_what_is_no_exchange(thing):
    with pytest.raises(TypeError, match=r"exchange must be a ccxt exchange, such as ccxt.woo\(\), got "):
        accelerate(thing)
    assert ccxt.woo.hmac is ccxt.Exchange.hmac


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_it_trades_on_the_sandbox(kind):
    async def run(url):
        config = {**CREDENTIALS, "urls": {"api": {"pub": url, "public": url, "private": url}}}
        if kind == "async":
            async with ccxt.async_support.woo(config) as woo:
                accelerate(woo)
                placed = await woo.create_order("BTC/USDT", "limit", "buy", 0.01, 60000)
                await woo.edit_order(placed["id"], "BTC/USDT", "limit", "buy", 0.02, 60001)
                await woo.cancel_order(placed["id"], "BTC/USDT")
        else:
            woo = accelerate(ccxt.woo(config))
            with woo.session:
                placed = woo.create_order("BTC/USDT", "limit", "buy", 0.01, 60000)
                woo.edit_order(placed["id"], "BTC/USDT", "limit", "buy", 0.02, 60001)
                woo.cancel_order(placed["id"], "BTC/USDT")

    sandbox = Sandbox(KEY, SECRET)
    with sandbox as url:
        asyncio.run(run(url))
    assert (sandbox.verified, sandbox.refused) == (3, 0)
