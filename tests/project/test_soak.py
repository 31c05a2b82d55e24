"""The short form of `make stress` for a process."""

from __future__ import annotations

import types

import pytest
from helpers.soak import check_flat_memory, sign_on_threads


def test_eight_threads_share_signer(implementation):
    sign_on_threads(implementation, threads=8, signatures=1000)


def test_memory_and_references_stay_flat(implementation):
    check_flat_memory(implementation, signatures=2000, constructions=500, refusals=1000)


def test_leak_is_found(implementation):
    """Control: a Signer that leaks every body."""
    kept = []

    class Signer:
        def __init__(self, *arguments, **options):
            self.real = implementation.Signer(*arguments, **options)

        def __getattr__(self, name):
            method = getattr(self.real, name)
            return lambda *arguments: (kept.append(arguments), method(*arguments))[1]

    leaky = types.SimpleNamespace(Signer=Signer, sign=implementation.sign)
    with pytest.raises(AssertionError, match=r"references went from|more blocks"):
        check_flat_memory(leaky, signatures=1000, constructions=100, refusals=100)
