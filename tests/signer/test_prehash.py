"""The prehashes of all schemes. The oracle of the signatures is the standard library's hmac."""

from __future__ import annotations

import json
import string
from pathlib import Path
from typing import Any

import pytest
from helpers.oracle import KEY, SECRET, oracle
from hypothesis import given
from hypothesis import strategies as st

from woox_fast import Signer, prehash
from woox_fast._encoding import encode_query

VECTORS = json.loads((Path(__file__).parents[1] / "vectors" / "woox.json").read_text("utf-8"))
BY_NAME = {vector["name"]: vector for vector in VECTORS["vectors"]}
TIMESTAMP = 1578565539808


@pytest.mark.parametrize("name", [name for name in BY_NAME if BY_NAME[name]["scheme"] == "v3"])
def test_v3_matches_vectors(name: str) -> None:
    vector = BY_NAME[name]
    message = prehash.v3(vector["timestamp"], vector["method"], vector["path"], vector["body"])
    assert message == vector["payload"].encode()
    assert oracle(message) == vector["signature"]


def test_other_schemes_match_vectors() -> None:
    v1, websocket = BY_NAME["v1_post"], BY_NAME["websocket_v2_auth"]
    messages = prehash.v1(v1["params"], v1["timestamp"]), prehash.websocket(int(websocket["timestamp"]))
    for vector, message in zip((v1, websocket), messages, strict=True):
        assert message == vector["payload"].encode()
        assert oracle(message) == vector["signature"]


def test_websocket_ignores_request() -> None:
    assert prehash.build_unchecked("ws", b"1578565539808", b"GET", b"/v1/x?a=1", b"b=2") == b"|1578565539808"


@given(
    st.integers(10**12, 10**13 - 1),
    st.text(string.ascii_uppercase, min_size=1, max_size=8),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.one_of(st.text(st.characters(exclude_categories=["Cs"])), st.binary(), st.none()),
)
def test_v3_equals_signed_message(timestamp: int, method: str, rest: str, body: str | bytes | None) -> None:
    raw = body.encode() if isinstance(body, str) else body or b""
    expected = f"{timestamp}{method}/{rest}".encode() + raw
    assert prehash.v3(timestamp, method, "/" + rest, body) == expected
    assert prehash.v3(timestamp, method, "/" + rest) == f"{timestamp}{method}/{rest}".encode()
    assert Signer(KEY, SECRET).sign(str(timestamp), method, "/" + rest, body) == oracle(expected)


@pytest.mark.parametrize(("timestamp", "error"), [(1578565539, ValueError), ("x" * 13, ValueError), (1e12, TypeError)])
def test_invalid_timestamp_raises(timestamp: Any, error: type[Exception]) -> None:
    with pytest.raises(error, match="timestamp must be"):
        prehash.websocket(timestamp)
    with pytest.raises(error, match="timestamp must be"):
        prehash.v1({"a": 1}, timestamp)


@pytest.mark.parametrize(
    ("params", "text"),
    [([("b", 2), ("a", "z"), ("a", "y"), ("c", None)], b"a=z&a=y&b=2"), (None, b""), ({}, b""), ([], b"")],
)
def test_v1_sorts_stably(params: Any, text: bytes) -> None:
    assert prehash.v1(params, TIMESTAMP) == text + b"|1578565539808"


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
def test_path_selects_scheme(path: str, scheme: str) -> None:
    assert prehash.scheme_of(path) == scheme


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
def test_v1_matches_request(path: str, body: Any, text: str | bytes) -> None:
    signed = (text.encode() if isinstance(text, str) else text) + b"|1578565539808"
    assert prehash.build("v1", TIMESTAMP, "POST", path, body) == signed


@given(st.dictionaries(st.text(st.characters(exclude_categories=["Cs"]), min_size=1), st.text(string.printable)))
def test_v1_of_params_equals_request(params: dict[str, str]) -> None:
    query = encode_query(params)
    message = prehash.v1(params, TIMESTAMP)
    assert message == prehash.build("v1", TIMESTAMP, "GET", f"/v1/x?{query}")
    assert message == prehash.build("v1", TIMESTAMP, "POST", "/v1/x", query)
    assert sorted(message.decode().partition("|")[0].split("&")) == sorted(query.split("&"))


JSON_FORM = r"^V1 takes its body as a form \(.*\), got JSON$"


@pytest.mark.parametrize(
    ("arguments", "error", "words"),
    [
        (("v2", TIMESTAMP, "GET", "/"), ValueError, "scheme must be one of v3, v1, ws, got 'v2'"),
        (("v1", TIMESTAMP, "POST", "/v1/order", ' {"a":1}'), ValueError, JSON_FORM),
        (("v1", TIMESTAMP, "POST", "/v1/order", b"\r\n\t[1]"), ValueError, JSON_FORM),
        (("v1", TIMESTAMP, "post", "/v1/order"), ValueError, "write 'POST'"),
        (("v1", TIMESTAMP, "POST", "v1/order"), ValueError, "put '/' before it"),
        (("v1", 1578565539, "POST", "/v1/order"), ValueError, "looks like seconds"),
        (("ws", 1578565539), ValueError, "looks like seconds"),
        (("v3", TIMESTAMP), ValueError, "method must be upper-case .* got ''$"),
        (("v3", TIMESTAMP, "GET"), ValueError, "got ''; put '/' before it"),
        (("v3", True, "GET", "/"), TypeError, "bool"),
        (("v3", TIMESTAMP, "GET", "/", {"a": 1}), TypeError, "json.dumps"),
        (("v3", TIMESTAMP, "GET", "/\ud800"), UnicodeEncodeError, "surrogates"),
    ],
)
def test_invalid_request_raises(arguments: tuple[Any, ...], error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        prehash.build(*arguments)
