"""Test the pytest plugin: in this process, or in a new one where imports matter."""

from __future__ import annotations

from pathlib import Path

import pytest

# pytester forgets the modules that its own runs import first.
import woox_fast.adapters.requests
import woox_fast.sandbox
import woox_fast.testing  # noqa: F401

pytest_plugins = ["pytester"]
EXAMPLE = Path(__file__).parents[2] / "examples" / "test_lost_reply.py"


def run(pytester: pytest.Pytester, source: str, *, new_process: bool = False) -> pytest.RunResult:
    pytester.makepyfile(source)
    start = pytester.runpytest_subprocess if new_process else pytester.runpytest_inprocess
    return start("-q", "-p", "no:cacheprovider", "-W", "error")


def test_fixtures_serve_tests(pytester: pytest.Pytester) -> None:
    source = """
        import requests
        from woox_fast.testing import assert_signed

        def test_order(woox_sandbox, woox_signer):
            woox_sandbox.price("SPOT_BTC_USDT", "60000", quantity="0.4")
            order = {"symbol": "SPOT_BTC_USDT", "side": "BUY", "type": "IOC", "price": "60000", "quantity": "1"}
            signed = woox_signer.prepare("POST", "/v3/trade/order", json=order, base_url=woox_sandbox.url)
            assert_signed(signed)
            response = requests.request(signed.method, signed.url, headers=signed.headers, data=signed.body)
            assert response.json()["success"] is True
            (record,) = woox_sandbox.requests
            assert (record.verdict, record.method, record.body) == ("OK", "POST", signed.body)
            assert record.signature == signed.headers["x-api-signature"]
            account = woox_sandbox.account()
            assert account["addsUp"]
            assert account["balances"][0]["holding"] == "1000.4"

        def test_each_test_has_its_own(woox_sandbox):
            assert len(woox_sandbox.requests) == 0
            assert woox_sandbox.api_secret not in repr(woox_sandbox)

        def test_signer_alone(woox_signer):
            assert len(woox_signer.sign(1578565539808, "GET", "/v3/x")) == 64
        """
    run(pytester, source).assert_outcomes(passed=3)


def test_marker_adds_faults(pytester: pytest.Pytester) -> None:
    source = """
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
        """
    result = run(pytester, source)
    result.assert_outcomes(passed=2, errors=2)
    for words in ("there is no fault 'explode'; the faults are delay", "a fault must be a str such as"):
        result.stdout.fnmatch_lines(f"*woox_faults: {words}*")


def test_bad_marker_fails_test(pytester: pytest.Pytester) -> None:
    arguments = ['rule="reset"', '"reset", unused="yes"', "", '"reset", seed=5']
    source = "import pytest\n"
    for number, text in enumerate(arguments):
        for fixture in ("woox_sandbox", ""):
            source += f"@pytest.mark.woox_faults({text})\ndef test_{number}_{fixture}({fixture}): ...\n"
    result = run(pytester, source)
    result.assert_outcomes(errors=8)
    assert str(result.stdout).count('\nwoox_faults needs rules, and accepts unused="ok" only; got (') == 8


def test_unused_rule_fails_test(pytester: pytest.Pytester) -> None:
    source = """
        import pytest
        import requests

        @pytest.mark.woox_faults("reset on POST /v3/trade/oder")
        def test_typo(woox_sandbox):
            requests.post(woox_sandbox.url + "/v3/trade/order")

        def test_added(woox_sandbox):
            woox_sandbox.faults.remove(woox_sandbox.faults.add("html on GET").number)

        @pytest.mark.woox_faults("reset", unused="ok")
        def test_without_fixture(): ...

        @pytest.fixture
        def bot(woox_sandbox): ...

        @pytest.mark.woox_faults("reset", unused="ok")
        def test_unused_is_ok(bot): ...

        @pytest.mark.woox_faults("chunked")
        def test_own_failure(woox_sandbox):
            assert 1 == 2
        """
    result = run(pytester, source)
    result.assert_outcomes(failed=4, passed=1)
    result.stdout.fnmatch_lines("*never used: reset on POST /v3/trade/oder*")
    result.stdout.fnmatch_lines("*never used: html on GET*")
    result.stdout.fnmatch_lines("*the test does not use the fixture woox_sandbox*")
    result.stdout.fnmatch_lines("*assert 1 == 2*")
    assert "chunked." not in str(result.stdout)


def test_plugin_imports_lazily(pytester: pytest.Pytester) -> None:
    source = """
        import sys

        def test_others():
            assert not {"woox_fast", "aiohttp"} & sys.modules.keys()
        """
    run(pytester, source, new_process=True).assert_outcomes(passed=1)


def test_missing_aiohttp_is_reported(pytester: pytest.Pytester) -> None:
    pytester.makeconftest("import sys; sys.modules['aiohttp'] = None")
    source = """
        def test_others(woox_signer): ...

        def test_the_sandbox(woox_sandbox): ...
        """
    result = run(pytester, source, new_process=True)
    result.assert_outcomes(passed=1, errors=1)
    result.stdout.fnmatch_lines("*woox_sandbox needs aiohttp; run: pip install 'woox-fast?sandbox?'*")


def test_example_detects_blind_bot(pytester: pytest.Pytester) -> None:
    result = run(pytester, EXAMPLE.read_text("utf-8"))
    result.assert_outcomes(passed=1, failed=1)
    result.stdout.fnmatch_lines(["*an order is missing or duplicated*", "FAILED *BlindBot*"])
