"""Fixtures: a signer, and the name of every client in turn."""

from __future__ import annotations

import pytest
from helpers.clients import ADAPTERS
from helpers.oracle import KEY, SECRET

from woox_fast import Signer


@pytest.fixture(scope="session")
def signer():
    return Signer(KEY, SECRET)


@pytest.fixture(params=ADAPTERS)
def client(request):
    return request.param
