"""Measure the cost of `cimport`: sign in turn through `_sign.pxd` and through a core compiled into the same module.

    python bench/cimport.py

Prints the minimum of many short rounds in nanoseconds per signature for both, and their ratio.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

CORE = Path(__file__).parents[1] / "src" / "core"
MODULE = """
# cython: language_level=3, cdivision=True
from posix.time cimport clock_gettime, timespec, CLOCK_MONOTONIC
from libc.stdint cimport uint8_t, uint32_t
from woox_fast._sign cimport KeyContext, key_context, sign_into

cdef extern from "hmac_sha256.h" nogil:
    ctypedef struct hmac_sha256_key:
        pass
    ctypedef struct hmac_sha256_part:
        const void *data
        size_t size
    ctypedef struct hmac_sha256_message:
        uint8_t *head
        size_t head_size
        hmac_sha256_part *parts
    const void *hmac_sha256_choose(const char *name, const char **refused)
    void hmac_sha256_hex(const hmac_sha256_key *key, const hmac_sha256_message *message, char *hex)

cdef double now():
    cdef timespec t
    clock_gettime(CLOCK_MONOTONIC, &t)
    return t.tv_sec * 1e9 + t.tv_nsec

def measure(bytes secret, bytes head, bytes body, int count):
    cdef KeyContext key
    cdef hmac_sha256_message m
    cdef const char *refused
    cdef char hex[64]
    cdef char same[64]
    cdef int i
    cdef const char *h = head
    cdef const char *b = body
    cdef size_t hs = len(head), bs = len(body)
    hmac_sha256_choose(b"", &refused)
    key_context(&key, <const char *>secret, len(secret))
    start = now()
    for i in range(count):
        sign_into(&key, h, hs, b, bs, hex)
    middle = now()
    for i in range(count):
        m.head_size = 0
        m.parts[0].data, m.parts[0].size = h, hs
        m.parts[1].data, m.parts[1].size = b, bs
        hmac_sha256_hex(<hmac_sha256_key *>&key, &m, same)
    end = now()
    assert hex[:64] == same[:64]
    return (middle - start) / count, (end - middle) / count
"""
SETUP = """
from glob import glob
from setuptools import Extension, setup
core = {core!r}
setup(ext_modules=[Extension("both", ["both.pyx", *glob(core + "/*.c")], include_dirs=[core])])
"""


def main() -> None:
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "both.pyx").write_text(MODULE)
        Path(folder, "setup.py").write_text(SETUP.format(core=str(CORE)))
        subprocess.run([sys.executable, "setup.py", "-q", "build_ext", "--inplace"], cwd=folder, check=True)
        sys.path.insert(0, folder)
        import both

        for name, body in ("45 bytes", b""), ("181 bytes", b"b" * 136):
            rounds = [both.measure(b"secret" * 5, b"1" * 45, body, 500) for _ in range(4001)]
            through, direct = map(min, zip(*rounds, strict=True))
            print(
                f"{name}: cimport {through:.1f} ns, the core's own call {direct:.1f} ns, ratio {through / direct:.3f}"
            )


if __name__ == "__main__":
    main()
