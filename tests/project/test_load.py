"""The short form of the sandbox load test; `make stress` sends 100,000 orders."""

from __future__ import annotations

from helpers.load import check_load


def test_loaded_sandbox_refuses_attacks():
    check_load(orders=500, hostile=10)
