"""The fixtures `woox_sandbox` and `woox_signer`, for the tests of those who use woox-fast with pytest.

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


@pytest.fixture
def woox_sandbox() -> Iterator[RunningSandbox]:
    """An exchange of this test's own on 127.0.0.1: `url`, `api_key`, `api_secret`, `requests` (what it was sent)."""
    try:
        import woox_fast.sandbox as sandbox
    except ModuleNotFoundError as error:
        if error.name != "aiohttp":
            raise
        pytest.fail("woox_sandbox needs aiohttp; run: pip install 'woox-fast[sandbox]'", pytrace=False)
    from woox_fast.testing import RunningSandbox

    exchange = sandbox.Sandbox()
    with exchange as url:
        yield RunningSandbox(url, sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET, exchange.requests)


@pytest.fixture
def woox_signer() -> Signer:
    """A `woox_fast.Signer` with the credentials of the `woox_sandbox` account."""
    from woox_fast import Signer, _credentials

    return Signer(_credentials.API_KEY, _credentials.API_SECRET)
