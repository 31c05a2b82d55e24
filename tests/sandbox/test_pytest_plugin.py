"""Test the pytest plugin as a user runs it, and `assert_signed`."""

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
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-W", "error", "-c", os.devnull, "."],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
    )


def test_fixtures_serve_tests(tmp_path: Path) -> None:
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


def test_marker_adds_faults(tmp_path: Path) -> None:
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
            assert woox_sandbox.orders()["open"] == 0

        def test_of_the_module(woox_sandbox):
            assert "x-request-id" in requests.get(woox_sandbox.url + "/v3/public/systemInfo").headers

        @pytest.mark.woox_faults("explode")
        def test_wrong(woox_sandbox): ...

        @pytest.mark.woox_faults(5)
        def test_no_text(woox_sandbox): ...
        """,
    )
    assert "2 passed, 2 errors" in result.stdout, result.stdout
    assert "woox_faults: there is no fault 'explode'; the faults are delay" in result.stdout
    assert "woox_faults: a fault must be a str such as" in result.stdout


def test_price_and_account(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        import requests

        def test_fill(woox_sandbox, woox_signer):
            woox_sandbox.price("SPOT_BTC_USDT", "60000", quantity="0.4")
            order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "IOC", "price": "60000", "quantity": "1"}
            signed = woox_signer.prepare("POST", "/v3/trade/order", json=order, base_url=woox_sandbox.url)
            requests.request(signed.method, signed.url, headers=signed.headers, data=signed.body)
            account = woox_sandbox.account()
            assert account["addsUp"]
            assert account["balances"][0]["holding"] == "1000.4"
        """,
    )
    assert "1 passed" in result.stdout, result.stdout


TYPOS = {
    "path": ("reset-after on POST /v3/trade/oder first 1", "never struck: reset-after on POST /v3/trade/oder first 1"),
    "method": ("reset-after on POTS", "the method must be GET, POST, PUT, DELETE, got 'POTS'"),
    "query": ("reset on GET /v3/x?a=1", "the path must not contain a query"),
    "never": ("gateway every 5", "never struck: gateway every 5"),
}


@pytest.mark.parametrize(("rule", "words"), TYPOS.values(), ids=TYPOS)
def test_typo_fails_test(tmp_path: Path, rule: str, words: str) -> None:
    result = run(
        tmp_path,
        f"""
        import pytest, requests

        @pytest.mark.woox_faults({rule!r})
        def test_fault(woox_sandbox):
            requests.post(woox_sandbox.url + "/v3/trade/order")
        """,
    )
    assert result.returncode == 1
    assert words in result.stdout


MARKERS = {
    "keyword": 'rule="reset"',
    "value": '"reset", unused="yes"',
    "empty": "",
    "unknown": '"reset", seed=5',
}


@pytest.mark.parametrize("arguments", MARKERS.values(), ids=MARKERS)
@pytest.mark.parametrize("fixture", ["woox_sandbox", ""])
def test_bad_marker_fails_test(tmp_path: Path, arguments: str, fixture: str) -> None:
    result = run(tmp_path, f"import pytest\n@pytest.mark.woox_faults({arguments})\ndef test_fault({fixture}): ...\n")
    assert "1 error" in result.stdout
    assert 'woox_faults needs rules, and accepts unused="ok" only' in result.stdout


def test_marker_needs_fixture(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        import pytest

        @pytest.mark.woox_faults("reset", unused="ok")
        def test_unused(): ...

        @pytest.fixture
        def bot(woox_sandbox): ...

        @pytest.mark.woox_faults("reset", unused="ok")
        def test_indirect(bot): ...

        def test_added(woox_sandbox):
            woox_sandbox.faults.remove(woox_sandbox.faults.add("html on GET").number)
        """,
    )
    assert "2 failed, 1 passed" in result.stdout
    assert "the test does not use the fixture woox_sandbox" in result.stdout
    assert "never struck: html on GET" in result.stdout


def test_failing_test_keeps_failure(tmp_path: Path) -> None:
    result = run(
        tmp_path,
        """
        import pytest

        @pytest.mark.woox_faults("reset")
        def test_fault(woox_sandbox):
            assert 1 == 2
        """,
    )
    assert "assert 1 == 2" in result.stdout
    assert "never struck" not in result.stdout


def test_plugin_imports_lazily(tmp_path: Path) -> None:
    source = """
        import sys

        def test_others():
            assert not {"woox_fast", "aiohttp"} & sys.modules.keys()
        """
    result = run(tmp_path, source)
    assert result.returncode == 0, result.stdout + result.stderr


def test_missing_aiohttp_is_reported(tmp_path: Path) -> None:
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


# assert_signed


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
def test_signed_requests_pass(request_: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(explain.__kwdefaults__, "time_limit", 0.01)
    assert_signed(request_)
    assert_signed(request_, SECRET.encode(), api_key=KEY)
    with pytest.raises(AssertionError, match="carries a wrong signature"):
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
        with pytest.raises(AssertionError, match="timestamp that was sent is refused"):
            assert_signed(request)


@pytest.mark.parametrize("name", ["X-Api-Timestamp", "x-api-signature"])
def test_lone_surrogate_fails(name: str) -> None:
    given = {**headers("GET/v3/trade/order"), name: "\ud800"}
    with pytest.raises(AssertionError, match="carries a wrong signature"):
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
def test_other_objects_raise(thing: object) -> None:
    with pytest.raises(TypeError, match="request must have method, url, headers"):
        assert_signed(thing)


def test_repr_hides_secret() -> None:
    assert SECRET not in repr(RunningSandbox("http://127.0.0.1:1", KEY, SECRET, []))
