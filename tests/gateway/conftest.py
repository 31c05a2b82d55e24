"""Fixtures of all gateway tests."""

from __future__ import annotations

import pytest
from helpers.gateways import MODES


@pytest.fixture(params=MODES)
def mode(request):
    return request.param


@pytest.fixture(params=MODES[1:])
def loop_mode(request):
    return request.param
