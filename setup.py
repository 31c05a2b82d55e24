"""The compiled core. All else about the package is in pyproject.toml."""

from __future__ import annotations

import os
import sys
from glob import glob

from setuptools import Extension, setup


def asked(name: str) -> bool:
    value = os.environ.get(f"WOOX_FAST_{name}", "")
    if value not in ("", "0", "1"):
        sys.exit(f"WOOX_FAST_{name} must be 1 or 0, or unset; got {value!r}")
    return value == "1"


no_extension, require_extension, cffi = map(asked, ("NO_EXTENSION", "REQUIRE_EXTENSION", "CFFI"))
on_pypy = sys.implementation.name == "pypy"
compiled = not no_extension
with_cython = compiled and not on_pypy  # PyPy runs C extensions, but slower than its own cffi
with_cffi = compiled and (on_pypy or cffi)

setup(
    ext_modules=[
        Extension(
            "woox_fast._sign",
            # The .pyx itself: cythonize() would silently drop `optional`.
            sources=["src/_sign.pyx", *sorted(glob("src/core/*.c"))],
            depends=["src/woox_fast/_sign.pxd", *sorted(glob("src/*.pxd") + glob("src/*.h") + glob("src/core/*.h"))],
            include_dirs=["src", "src/core"],
            # setuptools drops Python's own flags, -O3 among them, where CFLAGS is set.
            extra_compile_args=["-O3", "-DHMAC_SHA256_O3", "-DNDEBUG", "-fwrapv", "-fstack-clash-protection"] if os.name == "posix" else [],
            optional=not require_extension,  # a machine without a compiler gets the pure package
        )
    ]
    if with_cython
    else [],
    cffi_modules=["src/_sign_cffi_build.py:ffi"] if with_cffi else [],
    # cffi is fetched only if it was asked for; PyPy has it built in.
    setup_requires=["cffi>=1.17"] if with_cffi and not on_pypy else [],
)
