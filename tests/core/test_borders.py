"""The core signs every split message and reads no byte outside its parts, which end or begin at an unreadable page.

`make prove` covers every combination of sizes; these tests cover the sizes near borders."""

from __future__ import annotations

import signal
import subprocess

import pytest
from helpers.core_build import COMPILERS, RELEASE_FLAGS, compile_core
from helpers.slow import slow_after


@pytest.mark.parametrize("compiler", slow_after(1, COMPILERS))
def test_parts_reach_unreadable_pages(tmp_path, compiler):
    program = compile_core(tmp_path, compiler, "borders.c", *RELEASE_FLAGS)
    result = subprocess.run([program, "66", "66"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    signatures, verdict = result.stdout.split(maxsplit=1)
    assert int(signatures) > 100_000
    assert verdict == "signatures right, no read outside a part\n"


@pytest.mark.skipif(not COMPILERS, reason="no C compiler to build the core with")
def test_extra_byte_is_a_fault(tmp_path):
    """The control: every part claims an extra byte."""
    program = compile_core(tmp_path, COMPILERS[0], "borders.c", *RELEASE_FLAGS, "-DEXTRA_BYTES=1")
    assert subprocess.run([program, "8"], check=False).returncode == -signal.SIGSEGV
