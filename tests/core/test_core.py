"""The inside of the core: its sizes are exact, and its self-test sees every fault."""

from __future__ import annotations

import subprocess

import pytest
from helpers.compiled import COMPILERS, compile_core

pytestmark = pytest.mark.skipif(not COMPILERS, reason="no C compiler to build the core with")


@pytest.fixture(scope="module", params=COMPILERS)
def lines(request, tmp_path_factory):
    program = compile_core(tmp_path_factory.mktemp("inside"), request.param, "inside.c", "-O2")
    return subprocess.run([program], check=True, capture_output=True, text=True).stdout.splitlines()


def test_a_message_has_the_room_that_it_may_need_and_no_more(lines):
    scratch, runs = (part.split(": ")[1].split(" of ") for part in lines[0].split(", "))
    assert scratch[0] == scratch[1]
    assert runs[0] == runs[1]


def test_the_self_test_sees_each_fault(lines):
    assert len(lines) > 1
    for line in lines[1:]:
        name, said = line.split(": ")
        assert said == "right", name
