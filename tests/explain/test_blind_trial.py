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
    """A mistake: the request as sent, its signature, and patterns for the causes that the answer must name."""

    name: str
    method: str
    path: str
    body: str
    signature: str
    words: tuple[str, ...]
    api_key: str = ""


TRIALS = [
    # Python: the body that the client library writes is not the signed body.
    Trial(
        "requests json=, signed compact", "POST", PLACE, SPACED, sign(f"{TIME}POST{PLACE}{COMPACT}"), ("space|compact",)
    ),
    Trial("httpx json=, signed json.dumps", "POST", PLACE, COMPACT, sign(f"{TIME}POST{PLACE}{SPACED}"), ("space",)),
    Trial("str(order) signed", "POST", PLACE, SPACED, sign(f"{TIME}POST{PLACE}{ORDER}"), ("str\\(|repr|Python",)),
    Trial("sort_keys signed, not sent", "POST", PLACE, COMPACT, sign(f"{TIME}POST{PLACE}{SORTED}"), ("sort|order of",)),
    Trial(
        "string passed to json=",
        "POST",
        PLACE,
        json.dumps(COMPACT),
        sign(f"{TIME}POST{PLACE}{COMPACT}"),
        ("json=|twice",),
    ),
    Trial("order passed to data=", "POST", PLACE, urlencode(ORDER), sign(f"{TIME}POST{PLACE}{SPACED}"), ("form",)),
    Trial(
        "quantity as float signed, as text sent",
        "POST",
        PLACE,
        COMPACT,
        sign(f"{TIME}POST{PLACE}{COMPACT}".replace('"0.01"', "0.01").replace('"45000.5"', "45000.5")),
        ("number|quotes",),
    ),
    Trial("body left out", "POST", PLACE, COMPACT, sign(f"{TIME}POST{PLACE}"), ("body",)),
    # Path and query.
    Trial("query left out", "GET", ORDERS, "", sign(f"{TIME}GET/v3/trade/orders"), ("query",)),
    Trial("question mark left out", "GET", ORDERS, "", sign(f"{TIME}GET{ORDERS}".replace("?", "")), (r"\?|question",)),
    Trial(
        "GET parameters signed as JSON",
        "GET",
        ORDERS,
        "",
        sign(f"{TIME}GET/v3/trade/orders{json.dumps(QUERY)}"),
        ("JSON",),
    ),
    Trial("whole URL signed", "GET", ORDERS, "", sign(f"{TIME}GEThttps://api.woox.io{ORDERS}"), ("URL|host",)),
    Trial(
        "query sorted when signed",
        "GET",
        ORDERS,
        "",
        sign(f"{TIME}GET/v3/trade/orders?{urlencode(sorted(QUERY.items()))}"),
        ("sort|order",),
    ),
    Trial(
        "comma escaped when signed, aiohttp sends it plain",
        "GET",
        "/v3/trade/orders?tags=a,b",
        "",
        sign(f"{TIME}GET/v3/trade/orders?tags={quote('a,b')}"),
        ("escape|encod|%",),
    ),
    Trial("path without /v3", "GET", "/v3/asset/balances", "", sign(f"{TIME}GET/asset/balances"), ("/v3",)),
    # Time.
    Trial(
        "seconds signed, milliseconds sent", "POST", PLACE, COMPACT, sign(f"{SECONDS}POST{PLACE}{COMPACT}"), ("second",)
    ),
    Trial(
        "clock read twice", "POST", PLACE, COMPACT, sign(f"{int(TIME) + 3}POST{PLACE}{COMPACT}"), ("later|twice|clock",)
    ),
    Trial(
        "OKX: ISO time",
        "GET",
        "/v3/asset/balances",
        "",
        sign_base64(f"{ISO}GET/v3/asset/balances"),
        ("ISO", "base64|Base64"),
    ),
    # Secret and digest.
    Trial(
        "newline after the secret",
        "GET",
        ORDERS,
        "",
        sign(f"{TIME}GET{ORDERS}", SECRET + "\n"),
        ("secret.*(line|space)",),
    ),
    Trial("secret and key swapped", "GET", ORDERS, "", sign(f"{TIME}GET{ORDERS}", KEY), ("API key",), KEY),
    Trial(
        "secret and message swapped",
        "POST",
        PLACE,
        COMPACT,
        hmac.new(f"{TIME}POST{PLACE}{COMPACT}".encode(), SECRET.encode(), "sha256").hexdigest(),
        ("swap|exchanged|as (the )?key",),
    ),
    Trial("SHA-512", "POST", PLACE, COMPACT, sign(f"{TIME}POST{PLACE}{COMPACT}", digest="sha512"), ("SHA-?512",)),
    Trial(
        "SHA-256 without HMAC",
        "GET",
        "/v3/asset/balances",
        "",
        hashlib.sha256(f"{TIME}GET/v3/asset/balances{SECRET}".encode()).hexdigest(),
        ("HMAC",),
    ),
    # Rules of V1 and of further exchanges.
    Trial("V1 rule", "GET", ORDERS, "", sign(f"size=50&status=INCOMPLETE&symbol=SPOT_BTC_USDT|{TIME}"), ("V1",)),
    Trial(
        "Bybit V5",
        "GET",
        ORDERS,
        "",
        sign(f"{TIME}{KEY}5000{ORDERS.partition('?')[2]}"),
        ("Bybit|key.*window",),
        KEY,
    ),
    Trial("Binance", "GET", ORDERS, "", sign(f"{ORDERS.partition('?')[2]}&timestamp={TIME}"), ("Binance|timestamp=",)),
    # JavaScript.
    Trial("[object Object]", "POST", PLACE, COMPACT, sign(f"{TIME}POST{PLACE}[object Object]"), ("object",)),
    Trial("undefined as the body of a GET", "GET", ORDERS, "", sign(f"{TIME}GET{ORDERS}undefined"), ("undefined",)),
    # Two mistakes at once.
    Trial(
        "axios: config.method is lower case, config.url has no query",
        "GET",
        ORDERS,
        "",
        sign(f"{TIME}get/v3/trade/orders"),
        ("lower", "query"),
    ),
    Trial(
        "seconds, and json.dumps beside httpx json=",
        "POST",
        PLACE,
        COMPACT,
        sign(f"{SECONDS}POST{PLACE}{SPACED}"),
        ("second", "space"),
    ),
]


@pytest.mark.parametrize("trial", TRIALS, ids=lambda trial: trial.name)
def test_blind_mistake_is_named(trial: Trial) -> None:
    found = explain(SECRET, trial.signature, TIME, trial.method, trial.path, trial.body, api_key=trial.api_key)
    assert found.found
    for words in trial.words:
        assert re.search(words, str(found)), str(found)
