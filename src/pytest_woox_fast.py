"""The fixtures `woox_sandbox` and `woox_signer`, for the tests of those who use woox-fast with pytest.

    @pytest.mark.woox_faults("reset-after on POST /v3/trade/order first 1")
    def test_a_lost_reply(woox_sandbox): ...

A module of its own beside the package: pytest loads it at every start, in projects too that only have woox-fast
installed, so it imports nothing of woox_fast until a test asks for a fixture.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from woox_fast import Signer
    from woox_fast.testing import RunningSandbox


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line(
        "markers", "woox_faults(*rules): faults of the woox_sandbox, see `woox-fast sandbox --help`"
    )


@pytest.fixture
def woox_sandbox(request: pytest.FixtureRequest) -> Iterator[RunningSandbox]:
    """An exchange of this test's own on 127.0.0.1: `url`, `api_key`, `api_secret`, `requests` (what it was sent),
    `faults` (what goes wrong, from the marker `woox_faults` or by `faults.add(RULE)`), `orders()` (what it holds)."""
    try:
        import woox_fast.sandbox as sandbox
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        pytest.fail("woox_sandbox needs aiohttp; run: pip install 'woox-fast[sandbox]'", pytrace=False)
    from woox_fast.testing import RunningSandbox

    rules = [rule for marker in request.node.iter_markers("woox_faults") for rule in marker.args]
    try:
        exchange = sandbox.Sandbox(faults=rules)
    except (sandbox.FaultError, TypeError) as error:
        pytest.fail(f"woox_faults: {error}", pytrace=False)
    with exchange as url:
        yield RunningSandbox(
            url,
            sandbox.DEMO_API_KEY,
            sandbox.DEMO_API_SECRET,
            exchange.requests,
            exchange.faults,
            exchange.orders,
        )


@pytest.fixture
def woox_signer() -> Signer:
    """A `woox_fast.Signer` with the credentials of the `woox_sandbox` account."""
    from woox_fast import Signer, _credentials

    return Signer(_credentials.API_KEY, _credentials.API_SECRET)
