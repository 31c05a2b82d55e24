"""The short form of the load test of the sandbox; `make stress` sends 100,000 orders."""

from __future__ import annotations

from helpers.load import check_load


def test_fifty_connections_with_hostile_requests_among_them():
    check_load(orders=2000, hostile=40)
