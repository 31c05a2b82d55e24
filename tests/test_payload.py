"""What is signed: payload strings, query and JSON text, and `prepare`; the oracle is the standard library's hmac."""

from __future__ import annotations

import enum
import hashlib
import hmac
import json
import math
import string
from collections import OrderedDict
from decimal import Decimal
from pathlib import Path
from types import MappingProxyType
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from woox_fast import PRODUCTION_URL, STAGING_URL, SignedRequest, Signer, _sign_py, payload
from woox_fast._wire import FORM, JSON

VECTORS = json.loads((Path(__file__).parent / "vectors" / "woox.json").read_text("utf-8"))
BY_NAME = {vector["name"]: vector for vector in VECTORS["vectors"]}
API_KEY, API_SECRET = VECTORS["api_key"], VECTORS["api_secret"]
TIMESTAMP = 1578565539808

SIGNERS = [pytest.param(Signer, id="default"), pytest.param(_sign_py.Signer, id="python")]


class Side(str, enum.Enum):
    BUY = "BUY"


class Level(enum.IntEnum):
    FIVE = 5


def hmac_hex(message: bytes, secret: str = API_SECRET) -> str:
    return hmac.new(secret.encode(), message, hashlib.sha256).hexdigest()


@pytest.fixture(params=SIGNERS)
def signer(request: pytest.FixtureRequest) -> Any:
    return request.param(API_KEY, API_SECRET)


# Payload strings


@pytest.mark.parametrize("name", [name for name in BY_NAME if BY_NAME[name]["scheme"] == "v3"])
def test_v3_vectors(name: str) -> None:
    vector = BY_NAME[name]
    message = payload.message("v3", vector["timestamp"], vector["method"], vector["path"], vector["body"])
    assert message == vector["payload"].encode()
    assert hmac_hex(message) == vector["signature"]


def test_every_scheme_has_a_vector() -> None:
    assert {vector["scheme"] for vector in BY_NAME.values()} == {"v3", "v1", "websocket_v2"}


def test_v1_vector() -> None:
    vector = BY_NAME["v1_post"]
    message = payload.v1(vector["params"], vector["timestamp"])
    assert message == vector["payload"].encode()
    assert hmac_hex(message) == vector["signature"]


def test_websocket_vector() -> None:
    vector = BY_NAME["websocket_v2_auth"]
    message = payload.websocket(int(vector["timestamp"]))
    assert message == vector["payload"].encode()
    assert hmac_hex(message) == vector["signature"]


@given(
    st.integers(10**12, 10**13 - 1),
    st.text(string.ascii_uppercase, min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.none()),
)
def test_v3_is_the_four_parts_and_is_what_both_signers_sign(
    timestamp: int, method: str, rest: str, body: str | bytes | None
) -> None:
    raw = body.encode() if isinstance(body, str) else body or b""
    expected = f"{timestamp}{method}/{rest}".encode() + raw
    assert payload.message("v3", timestamp, method, "/" + rest, body) == expected
    for kind in (Signer, _sign_py.Signer):
        assert kind(API_KEY, API_SECRET).sign(str(timestamp), method, "/" + rest, body) == hmac_hex(expected)


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        ((1578565539, "GET", "/"), ValueError, "looks like seconds"),
        ((True, "GET", "/"), TypeError, "bool"),
        ((TIMESTAMP, "get", "/"), ValueError, "write 'GET'"),
        ((TIMESTAMP, "GET", "https://api.woox.io/v3"), ValueError, "full URL"),
        ((TIMESTAMP, "GET", "/", {"a": 1}), TypeError, "json.dumps"),
        ((TIMESTAMP, "GET", "/\ud800"), UnicodeEncodeError, "surrogates"),
    ],
)
def test_v3_refuses(arguments: tuple[Any, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        payload.message("v3", *arguments)


@pytest.mark.parametrize("build", [payload.websocket, lambda timestamp: payload.v1({"a": 1}, timestamp)])
@pytest.mark.parametrize(("timestamp", "error"), [(1578565539, ValueError), ("x" * 13, ValueError), (1e12, TypeError)])
def test_v1_and_websocket_refuse_a_bad_timestamp(build: Any, timestamp: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="timestamp must be"):
        build(timestamp)


def test_v1_sorts_by_name_and_keeps_the_order_of_a_repeated_one() -> None:
    assert payload.v1([("b", 2), ("a", "z"), ("a", "y"), ("c", None)], TIMESTAMP) == b"a=z&a=y&b=2|1578565539808"


@pytest.mark.parametrize("empty", [None, {}, []])
def test_v1_without_parameters(empty: Any) -> None:
    assert payload.v1(empty, TIMESTAMP) == b"|1578565539808"


@pytest.mark.parametrize(
    ("path", "scheme"),
    [
        ("/v1/order", "v1"),
        ("/v1/", "v1"),
        ("/v2/order?a=/v3/", "v1"),
        ("/v3/trade/order", "v3"),
        ("/v3/x?a=/v1/", "v3"),
        ("/v11/order", "v3"),
        ("/v1", "v3"),
        ("/", "v3"),
    ],
)
def test_the_scheme_of_a_path(path: str, scheme: str) -> None:
    assert payload.scheme_of(path) == scheme


@pytest.mark.parametrize(
    ("path", "body", "text"),
    [
        ("/v1/orders?b=2&a=1%2C", "", "a=1%2C&b=2"),
        ("/v1/order", b"b=2&a=x%20y&c=", "a=x%20y&b=2&c="),
        ("/v1/order?c=3&a=1", "b=2&a=0", "a=1&a=0&b=2&c=3"),
        ("/v1/order?&flag&b==&", None, "b==&flag="),
        ("/v1/order", b"t=\xff", b"t=\xff"),
        ("/v1/order?q=a?b", "", "q=a?b"),
        ("/v1/order", "", ""),
    ],
)
def test_v1_of_a_request_as_it_is_sent(path: str, body: Any, text: str | bytes) -> None:
    signed = (text.encode() if isinstance(text, str) else text) + b"|1578565539808"
    assert payload.message("v1", TIMESTAMP, "POST", path, body) == signed


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(string.printable)))
def test_v1_of_parameters_is_v1_of_the_request_that_sends_them(params: dict[str, str]) -> None:
    query = payload.query_text(params)
    message = payload.v1(params, TIMESTAMP)
    assert message == payload.message("v1", TIMESTAMP, "GET", f"/v1/x?{query}")
    assert message == payload.message("v1", TIMESTAMP, "POST", "/v1/x", query)
    # All that is sent is signed, and nothing else.
    assert sorted(message.decode().partition("|")[0].split("&")) == sorted(query.split("&"))


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("v2", TIMESTAMP, "GET", "/"), ValueError, "scheme must be one of v3, v1, ws, got 'v2'"),
        (("v1", TIMESTAMP, "POST", "/v1/order", '{"a":1}'), ValueError, "as a form .* got JSON"),
        (("v1", TIMESTAMP, "POST", "/v1/order", b"[1]"), ValueError, "as a form .* got JSON"),
        (("v1", TIMESTAMP, "post", "/v1/order"), ValueError, "write 'POST'"),
        (("v1", TIMESTAMP, "POST", "v1/order"), ValueError, "put '/' before it"),
        (("v1", 1578565539, "POST", "/v1/order"), ValueError, "looks like seconds"),
        (("ws", 1578565539), ValueError, "looks like seconds"),
        (("v3", TIMESTAMP), ValueError, "method must be upper-case"),
    ],
)
def test_message_refuses(arguments: tuple[Any, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        payload.message(*arguments)


@given(st.binary(), st.binary(), st.binary(), st.binary())
def test_the_rules_hold_for_anything_that_was_sent(stamp: bytes, method: bytes, path: bytes, body: bytes) -> None:
    assert payload.unchecked("v3", stamp, method, path, body) == stamp + method + path + body
    assert payload.unchecked("ws", stamp, method, path, body) == b"|" + stamp
    assert payload.unchecked("v1", stamp, method, path, body).endswith(b"|" + stamp)


def test_v1_encodes_as_the_query_does() -> None:
    assert payload.v1({"t": "a b&c", "n": Decimal("1E-7")}, TIMESTAMP) == b"n=0.0000001&t=a%20b%26c|1578565539808"


# Query text


@pytest.mark.parametrize(
    ("params", "text"),
    [
        ({}, ""),
        ({"b": 1, "a": 2}, "b=1&a=2"),
        ([("a", 1), ("a", 2)], "a=1&a=2"),
        (iter([("a", 1)]), "a=1"),
        (MappingProxyType({"a": 1}), "a=1"),
        ({"a": True, "b": False}, "a=true&b=false"),
        ({"a": None, "b": 0, "c": ""}, "b=0&c="),
        ({"a": [1, None, "x", True]}, "a=1&a=x&a=true"),
        ({"a": (1, 2)}, "a=1&a=2"),
        ({"a": []}, ""),
        ({"a": 1e-7, "b": 1e22, "c": 60.0, "d": -0.5}, "a=0.0000001&b=10000000000000000000000&c=60.0&d=-0.5"),
        ({"a": Decimal("1E-7"), "b": Decimal("1E+3"), "c": Decimal("0.10")}, "a=0.0000001&b=1000&c=0.10"),
        ({"a": 2**70}, "a=1180591620717411303424"),
        ({"a": Side.BUY, "b": Level.FIVE}, "a=BUY&b=5"),
        ({"a b": "c d"}, "a%20b=c%20d"),
        ({Side.BUY: 1}, "BUY=1"),
        ({"a": "+/&=?#%~'"}, "a=%2B%2F%26%3D%3F%23%25~%27"),
        ({"a": "é€"}, "a=%C3%A9%E2%82%AC"),
        ({"a": "\x00\r\n"}, "a=%00%0D%0A"),
    ],
)
def test_query_text(params: Any, text: str) -> None:
    assert payload.query_text(params) == text


scalars = st.one_of(
    st.text(st.characters(exclude_categories=["Cs"])),
    st.integers(-(2**100), 2**100),
    st.floats(allow_nan=False, allow_infinity=False),
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.booleans(),
    st.none(),
)


@given(st.lists(st.tuples(st.text(st.characters(exclude_categories=["Cs"])), scalars)))
def test_parsing_the_query_returns_the_values(pairs: list[tuple[str, Any]]) -> None:
    text = payload.query_text(pairs)
    assert text.isascii()
    sent = [(name, value) for name, value in pairs if value is not None]
    parsed = parse_qsl(text, keep_blank_values=True, strict_parsing=bool(text))
    assert [name for name, _ in parsed] == [name for name, _ in sent]
    for (_, got), (_, value) in zip(parsed, sent, strict=True):
        if isinstance(value, bool):
            assert got == ("true" if value else "false")
        elif isinstance(value, str):
            assert got == value
        else:
            assert "e" not in got.lower()
            assert type(value)(got) == value


@pytest.mark.parametrize(
    ("params", "error", "words"),
    [
        ({"a": math.nan}, ValueError, "finite"),
        ({"a": math.inf}, ValueError, "finite"),
        ({"a": Decimal("NaN")}, ValueError, "finite"),
        ({"a": Decimal("-Infinity")}, ValueError, "finite"),
        ({"price": b"1"}, TypeError, r"params\['price'\] must be .* got bytes"),
        ({"a": {"b": 1}}, TypeError, "got dict"),
        ({"a": [[1]]}, TypeError, "got list"),
        ({"a": {1}}, TypeError, "got set"),
        ("a=1", TypeError, "mapping or pairs, got str"),
        (b"a=1", TypeError, "mapping or pairs, got bytes"),
        ({"a": "\ud800"}, UnicodeEncodeError, "surrogates"),
        ({1: 1, "1": 2}, TypeError, r"names that are str, got 1 \(int\)"),
        ([(True, 1)], TypeError, r"names that are str, got True \(bool\)"),
    ],
)
def test_query_text_refuses(params: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        payload.query_text(params)


# JSON text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, False, None]}, '{"b":1,"a":[true,false,null]}'),
        ({"price": Decimal("60.10"), "quantity": Decimal("1E-7")}, '{"price":"60.10","quantity":"0.0000001"}'),
        ({"childOrders": [{"b": {"c": Decimal(1)}, "a": ()}]}, '{"childOrders":[{"b":{"c":"1"},"a":[]}]}'),
        ({"tag": "é€𝄞"}, '{"tag":"é€𝄞"}'),
        ({"tag": 'a"\\\n\x7f'}, '{"tag":"a\\"\\\\\\n\x7f"}'),
        ({"side": Side.BUY, "level": Level.FIVE}, '{"side":"BUY","level":5}'),
        ({"clientOrderId": 2**63 - 1}, '{"clientOrderId":9223372036854775807}'),
        ({}, "{}"),
        ([], "[]"),
        (None, "null"),
    ],
)
def test_json_bytes(value: Any, text: str) -> None:
    assert payload.json_bytes(value) == text.encode()


json_values = st.recursive(
    st.one_of(
        st.none(),
        st.booleans(),
        st.integers(),
        st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_categories=["Cs"])),
    ),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), inner),
    max_leaves=20,
)


@given(json_values)
def test_json_round_trip_keeps_values_and_order(value: Any) -> None:
    text = payload.json_bytes(value)
    back = json.loads(text)
    assert back == value
    # The text of both is the same only if the order of every object is.
    assert json.dumps(back) == json.dumps(value)
    assert text == json.dumps(value, separators=(",", ":"), ensure_ascii=False).encode()


@pytest.mark.parametrize(
    ("value", "error", "words"),
    [
        (math.nan, ValueError, "finite"),
        ({"a": [math.inf]}, ValueError, "finite"),
        ({"a": -math.inf}, ValueError, "finite"),
        ({math.nan: 1}, ValueError, "finite"),
        ({"a": Decimal("NaN")}, ValueError, "finite"),
        ({"a": b"x"}, TypeError, "cannot hold a bytes"),
        ({"a": {1}}, TypeError, "cannot hold a set"),
        ({(1, 2): 3}, TypeError, "keys must be"),
        ("\ud800", UnicodeEncodeError, "surrogates"),
    ],
)
def test_json_bytes_refuses(value: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        payload.json_bytes(value)


@pytest.mark.parametrize(
    "value",
    [
        {1: "a", "1": "b"},
        {"true": 0, True: 1},
        {None: 0, "null": 1},
        {1.0: 0, "1.0": 1},
        {1e22: 0, "1e+22": 1},
        {Level.FIVE: 0, "x": 1, "5": 2},
        {"a": {1: 0, "1": 1}},
        {"a": [{"b": ({1: 0, "1": 1},)}]},
        [{}, {1: 0, "1": 1}],
        {"a": OrderedDict({1: 0, "1": 1})},
        {"{": type("List", (list,), {})([{1: 0, "1": 1}])},
    ],
)
def test_json_bytes_refuses_keys_that_are_written_alike(value: Any) -> None:
    with pytest.raises(
        ValueError, match=r"json must have each key once, got .* and .*, which are written alike"
    ) as caught:
        payload.json_bytes(value)
    assert caught.value.__cause__ is None


@given(
    st.recursive(
        st.integers(0, 3),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(st.sampled_from([0, 1, "0", "1", True, "true", None, "null", 1.5, "1.5", "{"]), inner)
        ),
        max_leaves=12,
    )
)
def test_json_bytes_writes_each_key_once_or_refuses(value: Any) -> None:
    """The judge is json's own reader, which gives the pairs of each object as they are written."""
    repeated = []

    def look(pairs: list[tuple[str, Any]]) -> None:
        repeated.extend([pairs] if len(dict(pairs)) < len(pairs) else [])

    json.loads(json.dumps(value), object_pairs_hook=look)
    try:
        payload.json_bytes(value)
    except ValueError:
        assert repeated
    else:
        assert not repeated


def test_json_bytes_refuses_what_is_nested_deeper_than_python_writes() -> None:
    deep: Any = []
    for _ in range(100_000):
        deep = [deep]
    with pytest.raises(ValueError, match="nested so deeply"):
        payload.json_bytes(deep)


def test_json_bytes_refuses_a_cycle() -> None:
    cycle: list[Any] = []
    cycle.append(cycle)
    with pytest.raises(ValueError, match="cycles"):
        payload.json_bytes(cycle)


# prepare()


def assert_signed_as_sent(request: SignedRequest, *, secret: str = API_SECRET) -> None:
    """The signature is hmac's over the very url (path and query) and body that would go out."""
    parts = urlsplit(request.url)
    target = parts.path + ("?" + parts.query if parts.query else "")
    assert request.url == f"{parts.scheme}://{parts.netloc}{target}"
    message = f"{request.headers['x-api-timestamp']}{request.method}{target}".encode() + request.body
    assert request.headers["x-api-signature"] == hmac_hex(message, secret)


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
        ("GET", "/v3/x", {"body": "b"}, "/v3/x", b"b", FORM),
        (
            "POST",
            "/v3/trade/order",
            {"json": {"symbol": "SPOT_é_USDT", "price": Decimal("1E-7"), "reduceOnly": False}},
            "/v3/trade/order",
            '{"symbol":"SPOT_é_USDT","price":"0.0000001","reduceOnly":false}'.encode(),
            JSON,
        ),
        ("PUT", "/v3/trade/order", {"body": '{"a": 1}'}, "/v3/trade/order", b'{"a": 1}', JSON),
        ("PUT", "/v3/x", {"body": memoryview(b"abcd")[1:3]}, "/v3/x", b"bc", JSON),
        ("POST", "/v3/account/listenKey", {}, "/v3/account/listenKey", b"", JSON),
        ("POST", "/v3/x", {"json": {}}, "/v3/x", b"{}", JSON),
        ("POST", "/v3/x", {"json": 0}, "/v3/x", b"0", JSON),
    ],
)
def test_prepare(
    signer: Any, method: str, path: str, options: dict[str, Any], target: str, body: bytes, content_type: str
) -> None:
    request = signer.prepare(method, path, timestamp=TIMESTAMP, **options)
    assert isinstance(request, SignedRequest)
    assert (request.method, request.url, request.body) == (method, PRODUCTION_URL + target, body)
    assert type(request.body) is bytes
    assert request.headers == {
        "x-api-key": API_KEY,
        "x-api-timestamp": str(TIMESTAMP),
        "x-api-signature": hmac_hex(f"{TIMESTAMP}{method}{target}".encode() + body),
        "Content-Type": content_type,
    }
    assert_signed_as_sent(request)


def test_prepare_reproduces_the_published_vector(signer: Any) -> None:
    vector = BY_NAME["v3_get"]
    request = signer.prepare("GET", "/v3/algo/orders", params={"algoType": "STOP"}, timestamp=vector["timestamp"])
    assert request.headers["x-api-signature"] == vector["signature"]
    vector = BY_NAME["v3_post_compact"]
    request = signer.prepare("POST", vector["path"], json=json.loads(vector["body"]), timestamp=vector["timestamp"])
    assert request.headers["x-api-signature"] == vector["signature"]


def test_prepare_takes_the_clock_plus_the_offset(signer: Any) -> None:
    signer.clock_offset_ms = 0
    now = int(signer.prepare("GET", "/v3/x").headers["x-api-timestamp"])
    signer.clock_offset_ms = 3_600_000
    later = int(signer.prepare("GET", "/v3/x").headers["x-api-timestamp"])
    assert 3_600_000 <= later - now < 3_660_000


@pytest.mark.parametrize(
    ("base_url", "origin"),
    [
        (STAGING_URL, "https://api.staging.woox.io"),
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
        ("http://[::1]:80/", "http://[::1]:80"),
        ("https://api.woox.io/", "https://api.woox.io"),
    ],
)
def test_prepare_base_url(signer: Any, base_url: str, origin: str) -> None:
    request = signer.prepare("GET", "/v3/x", params={"a": 1}, base_url=base_url, timestamp=TIMESTAMP)
    assert request.url == origin + "/v3/x?a=1"
    assert request.headers["x-api-signature"] == hmac_hex(b"1578565539808GET/v3/x?a=1")


path_text = st.text(string.ascii_letters + string.digits + "/.?&=%~_-+:;,@!$'()*[#| \xe9", max_size=20)


@given(path_text, st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), scalars, max_size=4))
def test_clients_leave_what_prepare_accepts_as_it_is(rest: str, params: dict[str, Any]) -> None:
    signer = Signer(API_KEY, API_SECRET)
    try:
        request = signer.prepare("GET", "/" + rest, params=params, base_url="http://localhost", timestamp=TIMESTAMP)
    except ValueError as error:
        assert "path must be percent-encoded ASCII" in str(error)  # noqa: PT017 - some paths only
        request = signer.prepare("GET", "/v3/x", params=params, base_url="http://localhost", timestamp=TIMESTAMP)
    assert_signed_as_sent(request)
    target = request.url.removeprefix("http://localhost")
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
        ("/a?", 2),
    ],
)
def test_prepare_refuses_a_path_that_a_client_would_change(signer: Any, path: str, index: int) -> None:
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
        ("POST", "/v3/x", {"body": memoryview(b"abcd")[::2]}, BufferError, "contiguous"),
        ("GET", "/v3/x", {"params": {"a": object()}}, TypeError, "got object"),
        ("get", "/v3/x", {}, ValueError, "write 'GET'"),
        ("GET", "v3/x", {}, ValueError, "put '/' before it"),
        ("GET", "https://api.woox.io/v3/x", {}, ValueError, "full URL"),
        ("GET", "/v3/x", {"timestamp": 1578565539}, ValueError, "looks like seconds"),
        ("GET", "/v3/x", {"timestamp": 1.5}, TypeError, "float"),
        ("GET", "/v3/x", {"data": b""}, TypeError, "data"),
    ],
)
def test_prepare_refuses(
    signer: Any, method: str, path: str, options: dict[str, Any], error: type[Exception], words: str
) -> None:
    with pytest.raises(error, match=words):
        signer.prepare(method, path, **options)


@pytest.mark.parametrize(
    "base_url",
    [
        "",
        "api.woox.io",
        "//api.woox.io",
        "ftp://api.woox.io",
        "https://",
        "https://:443",
        "https://api.woox.io/v3",
        "https://api.woox.io?",
        "https://api.woox.io#",
        "https://api.woox.io:https",
        "https://api.woox.io ",
        "https://api.woox.io\n",
        "https://api .woox.io",
        "https://api.woox.io\\.evil.example",
        "https://[::1",
        "https://bücher.example",
    ],
)
def test_prepare_refuses_a_base_url(signer: Any, base_url: str) -> None:
    with pytest.raises(ValueError, match="base_url must be scheme, host"):
        signer.prepare("GET", "/v3/x", base_url=base_url)


def test_prepare_refuses_a_base_url_of_another_type(signer: Any) -> None:
    with pytest.raises(TypeError, match="base_url must be a str, got NoneType"):
        signer.prepare("GET", "/v3/x", base_url=None)


def test_a_password_in_base_url_is_refused_and_not_shown(signer: Any) -> None:
    with pytest.raises(ValueError, match="user name or password") as caught:
        signer.prepare("GET", "/v3/x", base_url="https://me:hunter2@api.woox.io")
    assert "hunter2" not in str(caught.value)


def test_repr_of_a_signed_request_shows_no_key_and_no_signature(signer: Any) -> None:
    request = signer.prepare("POST", "/v3/trade/order", json={"a": 1}, timestamp=TIMESTAMP)
    assert repr(request) == "<SignedRequest POST https://api.woox.io/v3/trade/order with a body of 7 bytes>"
