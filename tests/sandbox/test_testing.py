"""Test `assert_signed` with the requests of several clients."""

from __future__ import annotations

import json
import re
from types import SimpleNamespace

import httpx
import pytest
import requests
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import SignedRequest, Signer, explain
from woox_fast.testing import RunningSandbox, assert_signed

pytestmark = pytest.mark.usefixtures("short_search")


def headers(message: str, stamp: str = str(NOW)) -> dict[str, str]:
    return signed(stamp + message, stamp)


def signed(message: str, stamp: str = str(NOW)) -> dict[str, str]:
    return {"x-api-key": KEY, "X-Api-Timestamp": stamp, "x-api-signature": oracle(message.encode())}


URL = "https://api.woox.io/v3/trade/order"
BODY = json.dumps({"symbol": "SPOT_BTC_USDT"})


@pytest.mark.parametrize(
    "request_",
    [
        requests.Request("POST", URL, headers=headers(f"POST/v3/trade/order{BODY}"), data=BODY).prepare(),
        httpx.Request("POST", URL, headers=headers(f"POST/v3/trade/order{BODY}"), content=BODY),
        httpx.Request("GET", "https://api.woox.io", headers=headers("GET/")),
        httpx.Request("GET", URL + "?", headers=headers("GET/v3/trade/order?")),
        httpx.Request("GET", URL + "?a=[1]#b", headers=headers("GET/v3/trade/order?a=[1]")),
        httpx.Request("GET", URL, headers=headers("GET/v3/x"), extensions={"target": b"/v3/x"}),
        requests.Request("GET", URL + "?#a", headers=headers("GET/v3/trade/order")).prepare(),
        SignedRequest("GET", "https://api.woox.io?a=1#b", headers("GET/?a=1"), b""),
        SignedRequest("GET", URL + "?a=//b/../c?", headers("GET/v3/trade/order?a=//b/../c?"), b""),
        SignedRequest("POST", "https://api.woox.io/v1/order", signed(f"a=2&b=1|{NOW}"), b"b=1&a=2"),
        Signer(KEY, SECRET).prepare("POST", "/v3/trade/order", json={"a": "é"}),
    ],
    ids=lambda request: f"{type(request).__module__}-{request.method}",
)
def test_signed_requests_pass(request_: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explain.__kwdefaults__, "time_limit", 0.01)
    assert_signed(request_)
    assert_signed(request_, SECRET.encode(), api_key=KEY)
    with pytest.raises(AssertionError, match="is not signed correctly"):
        assert_signed(request_, "another secret")
    with pytest.raises(AssertionError, match=r"has x-api-key 'Abmy'\.\.\., expected 'othe'\.\.\."):
        assert_signed(request_, api_key="other-key")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (headers(f"POST/v3/trade/order{BODY}".replace(": ", ":")), "signed compact, without spaces"),
        (headers("GET/v3/trade/order"), "signed as GET"),
        (headers(f"POST/v3/trade/order{BODY}", stamp=str(NOW // 1000)), "seconds"),
        ({}, "not signed: it lacks x-api-key, x-api-timestamp, x-api-signature"),
    ],
)
def test_wrong_signatures_are_explained(given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explain.__kwdefaults__, "time_limit", 60.0)
    request = requests.Request("POST", URL, headers=given, data=BODY).prepare()
    with pytest.raises(AssertionError, match=words) as caught:
        assert_signed(request)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "got"),
    [
        (SignedRequest("GET", URL + "?", headers("GET/v3/trade/order?"), b""), "'?' at index 15"),
        (SignedRequest("GET", URL + "/../x", headers("GET/v3/trade/order/../x"), b""), "'..' at index 16"),
        (SignedRequest("GET", URL + "?a=[1]", headers("GET/v3/trade/order?a=[1]"), b""), "'[' at index 18"),
        (SignedRequest("GET", URL + "?a=\ud800", headers("GET/v3/trade/order"), b""), "'\\ud800' at index 18"),
        (SignedRequest("GET", "https://api.woox.io//v3/x", headers("GET//v3/x"), b""), "'//' at index 0"),
        (requests.Request("GET", "https://api.woox.io//v3/x", headers=headers("GET//v3/x")).prepare(), "'//' at"),
        (httpx.Request("GET", "https://api.woox.io//v3/x", headers=headers("GET//v3/x")), "'//' at index 0"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__module__,
)
def test_changed_targets_fail(request_: object, got: str) -> None:
    with pytest.raises(AssertionError, match=rf"would not reach the server unchanged: .* got {re.escape(got)}"):
        assert_signed(request_)


def test_signed_url_is_explained() -> None:
    url = "http://127.0.0.1:8080/v3/x"
    with pytest.raises(AssertionError, match="The path was signed as the full URL"):
        assert_signed(SignedRequest("GET", url, headers(f"GET{url}"), b""))


def test_scheme_follows_path() -> None:
    assert_signed(SignedRequest("POST", "https://h/x", signed(f"a=1|{NOW}"), b"a=1"), scheme="v1")
    by_v3 = SignedRequest("POST", "https://api.woox.io/v1/order", headers("POST/v1/ordera=1"), b"a=1")
    with pytest.raises(AssertionError, match="The V3 rule was used"):
        assert_signed(by_v3)
    assert_signed(by_v3, scheme="v3")
    with pytest.raises(ValueError, match=r"scheme must be 'v3', 'v1' or None .* got 'v2'"):
        assert_signed(by_v3, scheme="v2")


@pytest.mark.parametrize(("secret", "error"), [("", ValueError), (None, TypeError), ("\ud800", UnicodeEncodeError)])
def test_invalid_secrets_raise(secret: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="api_secret"):
        assert_signed(Signer(KEY, SECRET).prepare("GET", "/v3/x"), secret)


def test_wrong_timestamp_fails() -> None:
    for stamp in (str(NOW // 1000), "\u0660" * 13):
        request = SignedRequest("GET", URL, headers("GET/v3/trade/order", stamp), b"")
        with pytest.raises(AssertionError, match=r"timestamp (?:is invalid|was sent in seconds)"):
            assert_signed(request)


@pytest.mark.parametrize("name", ["X-Api-Timestamp", "x-api-signature"])
def test_lone_surrogate_fails(name: str) -> None:
    given = {**headers("GET/v3/trade/order"), name: "\ud800"}
    with pytest.raises(AssertionError, match="is not signed correctly"):
        assert_signed(SignedRequest("GET", URL, given, b""))


@pytest.mark.parametrize(
    "thing",
    [
        None,
        requests.Response(),
        SimpleNamespace(method=b"GET", url=URL, headers={}, body=b""),
        SimpleNamespace(method="GET", url=None, headers={}, body=b""),
        SimpleNamespace(method="GET", url=URL, headers=[], body=b""),
    ],
)
def test_other_objects_raise(thing: object) -> None:
    with pytest.raises(TypeError, match="request must have method, url, headers"):
        assert_signed(thing)


def test_repr_hides_secret() -> None:
    assert SECRET not in repr(RunningSandbox("http://127.0.0.1:1", KEY, SECRET, []))
