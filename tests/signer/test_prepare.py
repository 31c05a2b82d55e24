"""`prepare`: clients send the signed bytes. The oracle of the signatures is the standard library's hmac."""

from __future__ import annotations

import math
import string
from decimal import Decimal
from typing import Any

import httpx
import pytest
import requests
from helpers.oracle import KEY, SECRET, oracle
from hypothesis import given
from hypothesis import strategies as st

from woox_fast import PRODUCTION_URL, SignedRequest, Signer, _sign_py
from woox_fast._http import FORM, JSON

TIMESTAMP = 1578565539808


@pytest.fixture(params=[pytest.param(Signer, id="default"), pytest.param(_sign_py.Signer, id="python")])
def signer(request: pytest.FixtureRequest) -> Any:
    return request.param(KEY, SECRET)


@pytest.mark.parametrize(
    ("method", "path", "options", "target", "body", "content_type"),
    [
        ("GET", "/v3/trade/orders", {}, "/v3/trade/orders", b"", FORM),
        (
            "GET",
            "/v3/trade/orders",
            {"params": {"symbol": "SPOT_BTC_USDT", "realizedPnl": True, "page": None, "size": 25}},
            "/v3/trade/orders?symbol=SPOT_BTC_USDT&realizedPnl=true&size=25",
            b"",
            FORM,
        ),
        (
            "DELETE",
            "/v3/trade/order?orderId=1",
            {"params": [("tag", "a b/c")]},
            "/v3/trade/order?orderId=1&tag=a%20b%2Fc",
            b"",
            FORM,
        ),
        ("DELETE", "/v3/trade/allOrders", {"params": {"a": None}}, "/v3/trade/allOrders", b"", FORM),
        (
            "POST",
            "/v3/trade/order",
            {"json": {"symbol": "SPOT_é_USDT", "price": Decimal("1E-7"), "reduceOnly": False}},
            "/v3/trade/order",
            '{"symbol":"SPOT_é_USDT","price":"0.0000001","reduceOnly":false}'.encode(),
            JSON,
        ),
        ("PUT", "/v3/trade/order", {"body": '{"a": 1}'}, "/v3/trade/order", b'{"a": 1}', JSON),
        ("PUT", "/v3/trade/order", {"body": bytearray(b"{}")}, "/v3/trade/order", b"{}", JSON),
        ("POST", "/v3/account/listenKey", {}, "/v3/account/listenKey", b"", JSON),
        ("POST", "/v3/x", {"json": {}}, "/v3/x", b"{}", JSON),
        ("POST", "/v3/x", {"json": 0}, "/v3/x", b"0", JSON),
    ],
)
def test_prepare_builds_request(
    signer: Any, method: str, path: str, options: dict[str, Any], target: str, body: bytes, content_type: str
) -> None:
    request = signer.prepare(method, path, timestamp=TIMESTAMP, **options)
    assert isinstance(request, SignedRequest)
    assert (request.method, request.url, request.body) == (method, PRODUCTION_URL + target, body)
    assert type(request.body) is bytes
    assert request.headers == {
        "x-api-key": KEY,
        "x-api-timestamp": str(TIMESTAMP),
        "x-api-signature": oracle(f"{TIMESTAMP}{method}{target}".encode() + body),
        "Content-Type": content_type,
    }


TEXT = st.text(st.characters(exclude_categories=["Cs"]))
PATHS = st.text(string.ascii_letters + string.digits + "/.?&=%~_-+:;,@!$'()*[#| \xe9", max_size=20)


@given(PATHS, st.dictionaries(TEXT, TEXT | st.integers() | st.booleans() | st.none(), max_size=4))
def test_clients_preserve_url(rest: str, params: dict[str, Any]) -> None:
    signer = Signer(KEY, SECRET)
    try:
        request = signer.prepare("GET", "/" + rest, params=params, base_url="http://localhost", timestamp=TIMESTAMP)
    except ValueError as error:
        assert "path must be percent-encoded ASCII" in str(error)  # noqa: PT017 (for some paths only)
        request = signer.prepare("GET", "/v3/x", params=params, base_url="http://localhost", timestamp=TIMESTAMP)
    target = request.url.removeprefix("http://localhost")
    assert request.headers["x-api-signature"] == oracle(f"{TIMESTAMP}GET{target}".encode())
    assert requests.Request("GET", request.url).prepare().path_url == target
    assert httpx.Request("GET", request.url).url.raw_path == target.encode()


@pytest.mark.parametrize(
    ("path", "index"),
    [
        ("/a b", 2),
        ("/a#b", 2),
        ("/é", 1),
        ("/\ud800", 1),
        ("/a\r\nx-evil: 1", 2),
        ("/a?x=[1]", 5),
        ('/a?x="', 5),
        ("/a?x=%zz", 5),
        ("/a?x=%c3%a9", 5),
        ("/a?x=%7E", 5),
        ("/a?x=100%", 8),
        ("//evil.example/x", 0),
        ("/a/../b", 3),
        ("/a/.", 3),
        ("/..?a=1", 1),
        ("/a/./../b", 3),
        ("/a/..", 3),
        ("/a?", 2),
    ],
)
def test_rewritten_path_raises(signer: Any, path: str, index: int) -> None:
    with pytest.raises(ValueError, match=f"percent-encoded ASCII .* at index {index};"):
        signer.prepare("GET", path)


@pytest.mark.parametrize(
    ("method", "path", "options", "error", "words"),
    [
        ("POST", "/v3/x", {"params": {"a": 1}}, ValueError, "params are for GET and DELETE, got them with POST"),
        ("PUT", "/v3/x", {"params": {}}, ValueError, "params are for GET and DELETE"),
        ("GET", "/v3/x", {"params": {"a": 1}, "json": {}}, ValueError, "params or json with GET"),
        ("DELETE", "/v3/x", {"params": {}, "json": {"a": 1}}, ValueError, "params or json with DELETE"),
        ("POST", "/v3/x", {"json": {}, "body": b""}, ValueError, "json or body, not both"),
        ("POST", "/v3/x", {"json": {"a": math.nan}}, ValueError, "finite"),
        ("POST", "/v3/x", {"body": {"a": 1}}, TypeError, "json.dumps"),
        ("GET", "/v3/x", {"params": {"a": object()}}, TypeError, "got object"),
        ("get", "/v3/x", {}, ValueError, "write 'GET'"),
        ("GET", "v3/x", {}, ValueError, "put '/' before it"),
        ("GET", "/v3/x", {"timestamp": 1578565539}, ValueError, "looks like seconds"),
        ("GET", "/v3/x", {"data": b""}, TypeError, "data"),
        ("GET", "/v3/x", {"base_url": None}, TypeError, "base_url must be a str, got NoneType"),
        ("GET", "/v3/x", {"base_url": "api.woox.io"}, ValueError, "base_url must be scheme, host"),
        ("GET", "/v3/x", {"base_url": "https://me:hunter2@h"}, ValueError, "got one with a user name or password$"),
    ],
)
def test_invalid_arguments_raise(
    signer: Any, method: str, path: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        signer.prepare(method, path, **options)


def test_repr_shows_no_key(signer: Any) -> None:
    request = signer.prepare("POST", "/v3/trade/order", json={"a": 1}, timestamp=TIMESTAMP)
    assert repr(request) == "<SignedRequest POST https://api.woox.io/v3/trade/order with a body of 7 bytes>"
