"""Pytest plugin with the fixtures `woox_sandbox` and `woox_signer` and the marker `woox_faults`.

    @pytest.mark.woox_faults("reset-after on POST /v3/trade/order first 1")
    def test_lost_response(woox_sandbox): ...

A passing test fails if a rule was never used, since that rule tested nothing; `unused="ok"` turns this off. pytest
loads this module at every start, so it imports woox_fast only when a test uses it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from woox_fast import Signer
    from woox_fast.testing import RunningSandbox

_RULES = pytest.StashKey[Any]()


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", 'woox_faults(*rules, unused="ok"): failures of woox_sandbox, see `woox-fast sandbox --help`'
    )


def _sandbox_module() -> Any:
    try:
        import woox_fast.sandbox as sandbox
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        pytest.fail("woox_sandbox needs aiohttp; run: pip install 'woox-fast[sandbox]'", pytrace=False)
    return sandbox


def _marked_rules(item: pytest.Item) -> list[str]:
    """Return the rules of the item's markers; fail the test for an invalid marker."""
    rules: list[str] = []
    for marker in item.iter_markers("woox_faults"):
        if not (marker.args or marker.kwargs) or marker.kwargs not in ({}, {"unused": "ok"}):
            given = ", ".join([*map(repr, marker.args), *(f"{k}={v!r}" for k, v in marker.kwargs.items())])
            pytest.fail(f'woox_faults needs rules, and accepts unused="ok" only; got ({given})', pytrace=False)
        rules += marker.args
    return rules


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    rules = _marked_rules(item)
    if rules:
        sandbox = _sandbox_module()
        try:
            sandbox.Sandbox(faults=rules)
        except (sandbox.FaultError, TypeError) as error:
            pytest.fail(f"woox_faults: {error}", pytrace=False)


@pytest.hookimpl(trylast=True)  # after the test, if it passed
def pytest_runtest_call(item: pytest.Item) -> None:
    markers = list(item.iter_markers("woox_faults"))
    faults = item.stash.get(_RULES, None)
    if markers and faults is None:
        pytest.fail("woox_faults has no effect: the test does not use the fixture woox_sandbox", pytrace=False)
    unused = [] if faults is None or any(marker.kwargs for marker in markers) else faults.unused()
    if unused:
        remedy = 'Check method and path, or mark the test with @pytest.mark.woox_faults(..., unused="ok").'
        pytest.fail(f"these faults were never used: {'; '.join(unused)}. {remedy}", pytrace=False)


@pytest.fixture
def woox_sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """Serve an exchange on 127.0.0.1 for this test.

    Its attributes are `url`, `api_key`, `api_secret`, `requests` (a record of every request), `faults` (the
    rules of the marker `woox_faults`, and `faults.add(RULE)`), `orders()`, `price(SYMBOL, PRICE)` and `account()`.
    """
    sandbox = _sandbox_module()
    from woox_fast.testing import RunningSandbox

    exchange = sandbox.Sandbox(faults=_marked_rules(request.node))
    request.node.stash[_RULES] = exchange.faults
    with exchange as url:
        key, secret = sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET
        yield RunningSandbox(url, key, secret, exchange.requests, exchange.faults, exchange.orders, exchange.price,
                             exchange.account)  # fmt: skip


@pytest.fixture
def woox_signer() -> Signer:
    """Return a `woox_fast.Signer` with the credentials of the `woox_sandbox` account."""
    from woox_fast import Signer, _credentials

    return Signer(_credentials.API_KEY, _credentials.API_SECRET)
