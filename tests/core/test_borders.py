"""The core signs every split message and reads no byte outside its parts, which end or begin at an unreadable page.

`make prove` covers every combination of sizes; these tests cover the sizes near borders."""

from __future__ import annotations

import ctypes
import mmap
import signal
import subprocess

import pytest
from helpers.core_build import COMPILERS, FUZZ_FLAGS, SANITIZING, compile_core
from helpers.oracle import KEY, NOW, SECRET, oracle
from helpers.slow import slow_after

PAGE = mmap.PAGESIZE


BUILDS = [
    *((name, "-O3") for name in COMPILERS),
    *((name, " ".join(FUZZ_FLAGS)) for name in SANITIZING),
]


@pytest.mark.parametrize(("compiler", "flags"), slow_after(1, BUILDS))
def test_parts_at_unreadable_pages(tmp_path, compiler, flags):
    program = compile_core(tmp_path, compiler, "borders.c", *flags.split())
    result = subprocess.run([program, "66", "66"], capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    signatures, verdict = result.stdout.split(maxsplit=1)
    assert int(signatures) > 100_000
    assert verdict == "signatures right, no read outside a part\n"


def test_extra_byte_is_a_fault(tmp_path):
    """The control: every part claims an extra byte."""
    for compiler in COMPILERS[:1]:
        program = compile_core(tmp_path, compiler, "borders.c", "-O3", "-DEXTRA_BYTES=1")
        assert subprocess.run([program, "8"], check=False).returncode == -signal.SIGSEGV


@pytest.fixture(scope="module")
def guarded():
    """Yield the first and last address of two pages between unreadable pages."""
    libc = ctypes.CDLL(None, use_errno=True)
    libc.mmap.restype = ctypes.c_void_p
    libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *[ctypes.c_int] * 3, ctypes.c_long]
    libc.mprotect.argtypes = libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
    start = libc.mmap(None, 4 * PAGE, 0, mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS, -1, 0)
    assert libc.mprotect(start + PAGE, 2 * PAGE, mmap.PROT_READ | mmap.PROT_WRITE) == 0
    yield start + PAGE, start + 3 * PAGE
    libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
    assert libc.munmap(start, 4 * PAGE) == 0


def test_bodies_at_unreadable_pages(implementation, guarded):
    """Sign bodies of every size through Python, at every alignment of their beginning or end."""
    first, last = guarded
    signer = implementation.Signer(KEY, SECRET)
    for address in (first, last):
        for size in (*range(300), 4096):
            start = address if address == first else last - size
            body = (ctypes.c_ubyte * size).from_address(start)
            body[:] = data = bytes(i * 7 % 251 for i in range(size))
            expected = oracle(b"%dPOST/v3/x" % NOW + data)
            assert signer.sign(NOW, "POST", "/v3/x", body) == expected
            assert signer.hexdigest(memoryview(body)) == oracle(data)
            assert signer.sign_many([(NOW, "POST", "/v3/x", body)] * 3) == [expected] * 3
