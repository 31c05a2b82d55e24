"""Nothing is read outside of what is given, and every split of a message is signed right: up to the last byte before a
page that cannot be read. `make prove` has every combination of sizes; here are those near borders."""

from __future__ import annotations

import ctypes
import mmap
import signal
import subprocess

import pytest
from helpers.compiled import COMPILERS, FUZZ_FLAGS, SANITIZING, compile_core
from helpers.oracle import KEY, NOW, SECRET, oracle

PAGE = mmap.PAGESIZE


@pytest.mark.parametrize(
    ("compiler", "flags"),
    [
        pytest.param(name, flags, id=f"{name}-{kind}", marks=[pytest.mark.slow] if name != COMPILERS[0] else [])
        for names, flags, kind in ((COMPILERS, ["-O3"], "plain"), (SANITIZING, FUZZ_FLAGS, "sanitizers"))
        for name in names
    ],
)
def test_every_part_before_and_behind_a_page_that_cannot_be_read(tmp_path, compiler, flags):
    program = compile_core(tmp_path, compiler, "borders.c", *flags)
    result = subprocess.run([program, "100", "100"], capture_output=True, text=True)
    assert (result.returncode, result.stderr) == (0, "")
    signatures, said = result.stdout.split(maxsplit=1)
    assert int(signatures) > 100_000
    assert said == "signatures right, nothing read outside\n"


def test_one_byte_too_many_is_a_fault(tmp_path):
    """The control: each part is said to be one byte longer than it is."""
    for compiler in COMPILERS[:1]:
        program = compile_core(tmp_path, compiler, "borders.c", "-O3", "-DSAID_LONGER=1")
        assert subprocess.run([program, "8"]).returncode == -signal.SIGSEGV


@pytest.fixture(scope="module")
def guarded():
    """Addresses of 2 pages between pages that cannot be read."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    start = libc.mmap(None, 4 * PAGE, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    assert libc.mprotect(start + PAGE, 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE) == 0
    yield start + PAGE, start + 3 * PAGE
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    assert libc.munmap(start, 4 * PAGE) == 0


def test_a_body_before_and_behind_a_page_that_cannot_be_read(twin, guarded):
    """Through Python, for each backend: a body of every size, at every alignment that its end or its beginning has."""
    first, last = guarded
    signer = twin.Signer(KEY, SECRET)
    for address in (first, last):
        for size in (*range(300), 4096):
            start = address if address == first else last - size
            body = (ctypes.c_ubyte * size).from_address(start)
            body[:] = data = bytes(i * 7 % 251 for i in range(size))
            expected = oracle(b"%dPOST/v3/x" % NOW + data)
            assert signer.sign(NOW, "POST", "/v3/x", body) == expected
            assert signer.hexdigest(memoryview(body)) == oracle(data)
            assert signer.sign_many([(NOW, "POST", "/v3/x", body)] * 3) == [expected] * 3
