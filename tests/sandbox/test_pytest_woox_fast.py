"""Test the pytest plugin in a separate pytest process."""

from __future__ import annotations

import os
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest


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
