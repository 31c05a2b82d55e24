"""The short form of `make soak`."""

from __future__ import annotations

import types

import pytest
from helpers.slow import slow
from helpers.soak import sign_on_threads, stays_flat


def test_one_signer_on_eight_threads(twin):
    sign_on_threads(twin, threads=8, signatures=4000)


@pytest.mark.parametrize("scale", [1, slow(8)])
def test_memory_and_references_stay_flat(twin, scale):
    stays_flat(twin, signatures=2500 * scale, constructions=500 * scale, refusals=1000 * scale)


def test_a_leak_is_found(twin):
    """The control: a Signer that keeps its bodies."""
    kept = []

    class Signer:
        def __init__(self, *arguments, **options):
            self.real = twin.Signer(*arguments, **options)

        def __getattr__(self, name):
            method = getattr(self.real, name)
            return lambda *arguments: (kept.append(arguments), method(*arguments))[1]

    leaky = types.SimpleNamespace(Signer=Signer, sign=twin.sign)
    with pytest.raises(AssertionError, match=r"references went from|blocks more"):
        stays_flat(leaky, signatures=1000, constructions=100, refusals=100)
