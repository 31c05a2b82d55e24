"""Thirty mistakes of Python and JavaScript bots, written down before the tables of `_explain` were read.

A line contains the request as the exchange receives it, the signed string, and the words that the answer must contain.
The signatures come from the standard library alone.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
from typing import NamedTuple
from urllib.parse import quote, urlencode

import pytest

from woox_fast import explain

KEY = "AbmyVJGUpN064ks5ELjLfA=="
SECRET = "QHKRXHPAW1MC9YGZMAT8YDJG2HPR"
TIME = "1764601234567"
SECONDS = "1764601234"
ISO = "2025-12-01T15:00:34.567Z"
ORDER = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "45000.5", "quantity": "0.01"}
SPACED = json.dumps(ORDER)
COMPACT = json.dumps(ORDER, separators=(",", ":"))
SORTED = json.dumps(ORDER, sort_keys=True, separators=(",", ":"))
PLACE = "/v3/trade/order"
ORDERS = "/v3/trade/orders?symbol=SPOT_BTC_USDT&status=INCOMPLETE&size=50"
QUERY = {"symbol": "SPOT_BTC_USDT", "status": "INCOMPLETE", "size": 50}


def sign(message: str, secret: str | bytes = SECRET, digest: str = "sha256") -> str:
    """Sign as a bot does."""
    key = secret.encode() if isinstance(secret, str) else secret
    return hmac.new(key, message.encode(), digest).hexdigest()


def sign_base64(message: str) -> str:
    return base64.b64encode(hmac.new(SECRET.encode(), message.encode(), "sha256").digest()).decode()


class Trial(NamedTuple):
    """A mistake: the signature, patterns for the causes that the answer must name, and the request as sent."""

    name: str
    signature: str
    words: tuple[str, ...]
    body: str = ""
    path: str = PLACE
    api_key: str = ""


def post(name: str, signed: str, *words: str, sent: str = COMPACT) -> Trial:
    """Return a trial of POST with this signed string."""
    return Trial(name, sign(signed), words, sent)


def get(name: str, signed: str, *words: str, path: str = ORDERS) -> Trial:
    """Return a trial of GET with this signed string."""
    return Trial(name, sign(signed), words, "", path, KEY)


P, G = f"{TIME}POST{PLACE}", f"{TIME}GET"
FLOATS = COMPACT.replace('"0.01"', "0.01").replace('"45000.5"', "45000.5")
SORTED_QUERY = urlencode(sorted(QUERY.items()))
BALANCES = "/v3/asset/balances"
TRIALS = [
    # Python: the body that the client library writes is not the signed body.
    post("requests json=, signed compact", f"{P}{COMPACT}", "space|compact", sent=SPACED),
    post("httpx json=, signed json.dumps", f"{P}{SPACED}", "space"),
    post("str(order) signed", f"{P}{ORDER}", r"str\(|repr|Python", sent=SPACED),
    post("sort_keys signed, not sent", f"{P}{SORTED}", "sort|order of"),
    post("string passed to json=", f"{P}{COMPACT}", "json=|twice", sent=json.dumps(COMPACT)),
    post("order passed to data=", f"{P}{SPACED}", "form", sent=urlencode(ORDER)),
    post("quantity as float signed, as text sent", f"{P}{FLOATS}", "number|quotes"),
    post("body left out", P, "body"),
    # Path and query.
    get("query left out", f"{G}/v3/trade/orders", "query"),
    get("question mark left out", f"{G}{ORDERS}".replace("?", ""), r"\?|question"),
    get("GET parameters signed as JSON", f"{G}/v3/trade/orders{json.dumps(QUERY)}", "JSON"),
    get("whole URL signed", f"{G}https://api.woox.io{ORDERS}", "URL|host"),
    get("query sorted when signed", f"{G}/v3/trade/orders?{SORTED_QUERY}", "sort|order"),
    get(
        "comma escaped, aiohttp sends it plain",
        f"{G}/v3/x?tags={quote('a,b')}",
        "escape|encod|%",
        path="/v3/x?tags=a,b",
    ),
    get("path without /v3", f"{G}/asset/balances", "/v3", path=BALANCES),
    # Time.
    post("seconds signed, milliseconds sent", f"{SECONDS}POST{PLACE}{COMPACT}", "second"),
    post("clock read twice", f"{int(TIME) + 3}POST{PLACE}{COMPACT}", "later|twice|clock"),
    Trial("OKX: ISO time", sign_base64(f"{ISO}GET{BALANCES}"), ("ISO", "base64|Base64"), path=BALANCES),
    # Secret and digest.
    Trial("newline after secret", sign(f"{G}{ORDERS}", SECRET + "\n"), ("secret.*(line|space)",), path=ORDERS),
    Trial("secret and key swapped", sign(f"{G}{ORDERS}", KEY), ("API key",), path=ORDERS, api_key=KEY),
    Trial("secret and message swapped", sign(SECRET, f"{P}{COMPACT}"), ("swap|exchanged|as (the )?key",), COMPACT),
    Trial("SHA-512", sign(f"{P}{COMPACT}", digest="sha512"), ("SHA-?512",), COMPACT),
    Trial("no HMAC", hashlib.sha256(f"{G}{BALANCES}{SECRET}".encode()).hexdigest(), ("HMAC",), path=BALANCES),
    # Rules of V1 and of further exchanges.
    get("V1 rule", f"size=50&status=INCOMPLETE&symbol=SPOT_BTC_USDT|{TIME}", "V1"),
    get("Bybit V5", f"{TIME}{KEY}5000{ORDERS.partition('?')[2]}", "Bybit|key.*window"),
    get("Binance", f"{ORDERS.partition('?')[2]}&timestamp={TIME}", "Binance|timestamp="),
    # JavaScript.
    post("[object Object]", f"{P}[object Object]", "object"),
    get("undefined as the body of a GET", f"{G}{ORDERS}undefined", "undefined"),
    # Two mistakes at once.
    get("axios: lower-case method, no query", f"{TIME}get/v3/trade/orders", "lower", "query"),
    post("seconds, and json.dumps beside httpx json=", f"{SECONDS}POST{PLACE}{SPACED}", "second", "space"),
]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_blind_mistake_is_named(trial: Trial) -> None:
    method = "POST" if trial.body else "GET"
    found = explain(SECRET, trial.signature, TIME, method, trial.path, trial.body, api_key=trial.api_key)
    assert found.found
    for words in trial.words:
        assert re.search(words, str(found)), str(found)
