"""The fixtures for users' own tests, run as a user runs them: pytest on a file, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import textwrap
from pathlib import Path
from types import SimpleNamespace

import httpx
import pytest
import requests
from helpers.oracle import KEY, NOW, SECRET, oracle

from woox_fast import SignedRequest, Signer, explain
from woox_fast.testing import RunningSandbox, assert_signed

pytestmark = pytest.mark.usefixtures("short_search")


def run(folder: Path, source: str) -> subprocess.CompletedProcess[str]:
    (folder / "test_users.py").write_text(textwrap.dedent(source))
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("WOOX_", "PYTEST_"))}
    return subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "-W",
            "error",
            "-c",
            os.devnull,
            ".",
        ],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_the_fixtures_serve_a_users_test(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        import requests
        from woox_fast.testing import assert_signed

        def test_an_order(woox_sandbox, woox_signer):
            order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "LIMIT", "price": "1", "quantity": "1"}
            signed = woox_signer.prepare("POST", "/v3/trade/order", json=order, base_url=woox_sandbox.url)
            assert_signed(signed)
            reply = requests.request(signed.method, signed.url, headers=signed.headers, data=signed.body)
            assert reply.json()["success"] is True
            (record,) = woox_sandbox.requests
            assert (record.verdict, record.method, record.body) == ("OK", "POST", signed.body)
            assert record.signature == signed.headers["x-api-signature"]

        def test_each_test_has_its_own(woox_sandbox):
            assert len(woox_sandbox.requests) == 0
            assert woox_sandbox.api_secret not in repr(woox_sandbox)

        def test_the_signer_alone(woox_signer):
            assert len(woox_signer.sign(1578565539808, "GET", "/v3/x")) == 64
        """,
    )
    assert result.returncode == 0, result.stdout + result.stderr
    assert "3 passed" in result.stdout


def test_a_marker_has_the_sandbox_fail(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        import pytest
        import requests

        pytestmark = pytest.mark.woox_faults("chunked")

        @pytest.mark.woox_faults("rate-limit first 1", "html 503 every 2")
        def test_marked(woox_sandbox):
            def get():
                return requests.get(woox_sandbox.url + "/v3/public/systemInfo")
            assert [get().status_code for _ in range(3)] == [429, 503, 200]
            woox_sandbox.faults.add("gateway")
            assert get().status_code == 503
            assert get().json()["code"] == 503
            woox_sandbox.faults.clear()
            assert "x-request-id" not in get().headers
            assert woox_sandbox.orders() == {"open": 0, "orders": [], "clientOrderIds": {}}

        def test_of_the_module(woox_sandbox):
            assert "x-request-id" in requests.get(woox_sandbox.url + "/v3/public/systemInfo").headers

        @pytest.mark.woox_faults("explode")
        def test_wrong(woox_sandbox): ...

        @pytest.mark.woox_faults(5)
        def test_no_text(woox_sandbox): ...
        """,
    )
    assert "2 passed, 2 errors" in result.stdout, result.stdout
    assert "woox_faults: there is no fault 'explode'; there are: delay" in result.stdout
    assert "woox_faults: a fault must be a str such as" in result.stdout


def test_others_tests_import_nothing_of_ours(tmp_path: Path) -> None:
    source = """
        import sys

        def test_others():
            assert not {"woox_fast", "aiohttp"} & sys.modules.keys()
        """
    result = run(tmp_path, source)
    assert result.returncode == 0, result.stdout + result.stderr


def test_without_the_extra_only_what_needs_it_fails(tmp_path: Path) -> None:
    (tmp_path / "conftest.py").write_text("import sys; sys.modules['aiohttp'] = None")
    result = run(
        tmp_path,
        """
        def test_others(woox_signer): ...

        def test_the_sandbox(woox_sandbox): ...
        """,
    )
    assert "1 passed, 1 error" in result.stdout
    assert "woox_sandbox needs aiohttp; run: pip install 'woox-fast[sandbox]'" in result.stdout


# assert_signed: the requests of several clients, signed by hand


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
        requests.Request("GET", URL + "?a=1%2C2", headers=headers("GET/v3/trade/order?a=1%2C2")).prepare(),
        httpx.Request("POST", URL, headers=headers(f"POST/v3/trade/order{BODY}"), content=BODY),
        httpx.Request("DELETE", URL + "?a=1", headers=headers("DELETE/v3/trade/order?a=1")),
        httpx.Request("GET", "https://api.woox.io", headers=headers("GET/")),
        httpx.Request("GET", URL + "?", headers=headers("GET/v3/trade/order?")),
        httpx.Request("GET", URL + "?a=[1]#b", headers=headers("GET/v3/trade/order?a=[1]")),
        httpx.Request("GET", URL, headers=headers("GET/v3/x"), extensions={"target": b"/v3/x"}),
        requests.Request("GET", URL + "?#a", headers=headers("GET/v3/trade/order")).prepare(),
        SignedRequest("GET", "https://api.woox.io", headers("GET/"), b""),
        SignedRequest("GET", "https://api.woox.io?a=1#b", headers("GET/?a=1"), b""),
        SignedRequest("GET", URL + "?a=//b/../c?", headers("GET/v3/trade/order?a=//b/../c?"), b""),
        SignedRequest("POST", "https://api.woox.io/v1/order", signed(f"a=2&b=1|{NOW}"), b"b=1&a=2"),
        Signer(KEY, SECRET).prepare("POST", "/v3/trade/order", json={"a": "é"}),
    ],
    ids=lambda request: f"{type(request).__module__}-{request.method}",
)
def test_a_signed_request_passes(request_: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explain.__kwdefaults__, "time_limit", 0.01)
    assert_signed(request_)
    assert_signed(request_, SECRET.encode(), api_key=KEY)
    with pytest.raises(AssertionError, match="is not signed as WOO X wants it"):
        assert_signed(request_, "another secret")
    with pytest.raises(AssertionError, match=r"has x-api-key 'Abmy'\.\.\., expected 'othe'\.\.\."):
        assert_signed(request_, api_key="other-key")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        (headers(f"POST/v3/trade/order{BODY}".replace(": ", ":")), "signed compact, without spaces"),
        (headers("GET/v3/trade/order"), "signed as GET"),
        (headers(f"POST/v3/trade/order{BODY}", stamp=str(NOW // 1000)), "seconds"),
        ({}, "not signed: it has no x-api-key, x-api-timestamp, x-api-signature"),
    ],
)
def test_what_is_signed_wrongly_is_explained(
    given: dict[str, str], words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(explain.__kwdefaults__, "time_limit", 60.0)  # on a busy machine two seconds may be little
    request = requests.Request("POST", URL, headers=given, data=BODY).prepare()
    with pytest.raises(AssertionError, match=words) as caught:
        assert_signed(request)
    assert SECRET not in str(caught.value)


@pytest.mark.parametrize(
    ("request_", "got"),
    [
        (SignedRequest("GET", URL + "?", headers("GET/v3/trade/order?"), b""), "'?' at index 15"),
        (SignedRequest("GET", URL + "?", headers("GET/v3/trade/order"), b""), "'?' at index 15"),
        (SignedRequest("GET", URL + "/../x", headers("GET/v3/trade/order/../x"), b""), "'..' at index 16"),
        (SignedRequest("GET", URL + "?a=[1]", headers("GET/v3/trade/order?a=[1]"), b""), "'[' at index 18"),
        (SignedRequest("GET", URL + "?a=\ud800", headers("GET/v3/trade/order"), b""), "'\\ud800' at index 18"),
        (SignedRequest("GET", "https://api.woox.io//v3/x", headers("GET//v3/x"), b""), "'//' at index 0"),
        (SignedRequest("GET", "https://api.woox.io//v3/x", headers("GET/v3/x"), b""), "'//' at index 0"),
        (requests.Request("GET", "https://api.woox.io//v3/x", headers=headers("GET//v3/x")).prepare(), "'//' at"),
        (httpx.Request("GET", "https://api.woox.io//v3/x", headers=headers("GET//v3/x")), "'//' at index 0"),
    ],
    ids=lambda each: each if isinstance(each, str) else type(each).__module__,
)
def test_what_a_client_would_send_otherwise_is_no_signed_request(request_: object, got: str) -> None:
    with pytest.raises(AssertionError, match=rf"would not be sent as it is written: .* got {re.escape(got)}"):
        assert_signed(request_)


def test_the_full_url_that_was_signed_is_this_ones() -> None:
    url = "http://127.0.0.1:8080/v3/x"
    with pytest.raises(AssertionError, match="The path was signed as the full URL"):
        assert_signed(SignedRequest("GET", url, headers(f"GET{url}"), b""))


def test_the_scheme_is_the_paths_unless_it_is_named() -> None:
    assert_signed(SignedRequest("POST", "https://h/x", signed(f"a=1|{NOW}"), b"a=1"), scheme="v1")
    by_v3 = SignedRequest("POST", "https://api.woox.io/v1/order", headers("POST/v1/ordera=1"), b"a=1")
    with pytest.raises(AssertionError, match="The V3 rule was used"):
        assert_signed(by_v3)
    assert_signed(by_v3, scheme="v3")
    with pytest.raises(ValueError, match=r"scheme must be 'v3', 'v1' or None .* got 'v2'"):
        assert_signed(by_v3, scheme="v2")


@pytest.mark.parametrize(("secret", "error"), [("", ValueError), (None, TypeError), ("\ud800", UnicodeEncodeError)])
def test_what_is_no_secret(secret: object, error: type[Exception]) -> None:
    with pytest.raises(error, match="api_secret"):
        assert_signed(Signer(KEY, SECRET).prepare("GET", "/v3/x"), secret)


def test_a_signature_that_is_right_under_a_timestamp_that_is_not() -> None:
    for stamp in (str(NOW // 1000), "\u0660" * 13):
        request = SignedRequest("GET", URL, headers("GET/v3/trade/order", stamp), b"")
        with pytest.raises(AssertionError, match=r"timestamp (?:is invalid|was sent in seconds)"):
            assert_signed(request)


@pytest.mark.parametrize("name", ["X-Api-Timestamp", "x-api-signature"])
def test_a_lone_surrogate_is_no_signature(name: str) -> None:
    given = {**headers("GET/v3/trade/order"), name: "\ud800"}
    with pytest.raises(AssertionError, match="is not signed as WOO X wants it"):
        assert_signed(SignedRequest("GET", URL, given, b""))


@pytest.mark.parametrize(
    "thing",
    [
        None,
        {"method": "GET"},
        requests.Response(),
        SimpleNamespace(method=b"GET", url=URL, headers={}, body=b""),
        SimpleNamespace(method="GET", url=None, headers={}, body=b""),
        SimpleNamespace(method="GET", url=URL, headers=[], body=b""),
    ],
)
def test_what_is_no_request(thing: object) -> None:
    with pytest.raises(TypeError, match="request must have method, url, headers"):
        assert_signed(thing)


def test_the_secret_is_not_shown() -> None:
    assert SECRET not in repr(RunningSandbox("http://127.0.0.1:1", KEY, SECRET, []))
