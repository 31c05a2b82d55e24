"""The Signer under test, in every backend."""

from __future__ import annotations

import pytest
from helpers.oracle import KEY, SECRET


@pytest.fixture
def signer(implementation):
    return implementation.Signer(KEY, SECRET)
