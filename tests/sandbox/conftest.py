"""Fixtures: a sandbox with a fake clock, and a client."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from helpers.sandbox_client import Client, Clock

from woox_fast.sandbox import Sandbox


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def sandbox(clock: Clock) -> Iterator[Sandbox]:
    sandbox = Sandbox(clock=clock)
    with sandbox:
        yield sandbox


@pytest.fixture
def client(sandbox: Sandbox, clock: Clock) -> Iterator[Client]:
    with Client(sandbox, clock) as client:
        yield client
