"""Short forms of `make fuzz`: the core with sanitizers, and the Python API with hypothesis."""

from __future__ import annotations

import subprocess

import pytest
from helpers.core_build import FUZZ_FLAGS, HARNESSES, LIBFUZZER, SANITIZING, compile_core, fuzz_core
from helpers.slow import slow_after
from helpers.surface import GARBAGE, SECRETS, check_any_refusal, check_any_request, requests
from hypothesis import given, settings
from hypothesis import strategies as st


@pytest.mark.parametrize("compiler", slow_after(0, SANITIZING))
def test_sanitizers_find_no_fault(tmp_path, compiler):
    """Run every input of the corpus and 5,000 random inputs."""
    program = compile_core(tmp_path, compiler, "fuzz.c", "-DSTANDALONE", *FUZZ_FLAGS)
    corpus = sorted((HARNESSES / "corpus").iterdir())
    assert len(corpus) > 20
    result = subprocess.run([program, "5000", *corpus], capture_output=True, text=True)
    assert result.stdout == f"{5000 + len(corpus)} executions clean\n", result.stderr


@pytest.mark.parametrize("compiler", slow_after(0, SANITIZING))
def test_read_past_end_is_found(tmp_path, compiler):
    """The control: every part claims an extra byte."""
    program = compile_core(tmp_path, compiler, "fuzz.c", "-DSTANDALONE", "-DEXTRA_BYTES=1", *FUZZ_FLAGS)
    result = subprocess.run([program, "100"], capture_output=True, text=True)
    assert result.returncode != 0
    assert "ERROR: AddressSanitizer" in result.stderr


@pytest.mark.slow
@pytest.mark.skipif(not LIBFUZZER, reason="no clang with libFuzzer (.ci/run installs it)")
def test_libfuzzer_finds_no_fault(tmp_path):
    assert "Done 100000 runs" in fuzz_core(tmp_path, "-runs=100000")


@settings(max_examples=80, deadline=None)
@given(secret=SECRETS, wanted=st.lists(requests(), min_size=1, max_size=5))
def test_any_request_is_signed(implementation, secret, wanted):
    check_any_request(implementation, secret, wanted)


@settings(max_examples=80, deadline=None)
@given(request=st.tuples(GARBAGE, GARBAGE, GARBAGE, GARBAGE))
def test_backends_raise_equal_errors(implementation, request):
    check_any_refusal(implementation, request)
