"""The padding's capacities are exact, and the known-answer test detects every injected fault."""

from __future__ import annotations

import subprocess

import pytest
from helpers.core_build import COMPILERS, compile_core
from helpers.slow import slow_after

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler to build the core with")


@pytest.fixture(scope="module", params=slow_after(1, COMPILERS))
def lines(request, tmp_path_factory):
    program = compile_core(tmp_path_factory.mktemp("internals"), request.param, "internals.c", "-O2")
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def test_padding_capacities_are_exact(lines):
    for extent in lines[0].split(", "):
        _, used, _, capacity = extent.split()
        assert used == capacity, extent


def test_known_answers_detect_faults(lines):
    assert len(lines) > 1
    for line in lines[1:]:
        name, outcome = line.split(": ")
        assert outcome == "right", name
