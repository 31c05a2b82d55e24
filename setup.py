"""Build the compiled extensions. Everything else about the package is in pyproject.toml."""

from __future__ import annotations

import os
import sys
from glob import glob

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# With a CFLAGS variable, setuptools drops Python's own flags, -O3 among them. src/core/cleanse.h reads HMAC_SHA256_O3.
FLAGS = ["-O3", "-DHMAC_SHA256_O3", "-DNDEBUG", "-fwrapv"]
if sys.platform == "linux":
    FLAGS.append("-fstack-clash-protection")  # a stack overflow faults at the guard page


class BuildExtensions(build_ext):
    """Build the Cython extension and the cffi library with the same flags."""

    def build_extension(self, ext: Extension) -> None:
        if self.compiler.compiler_type == "unix":
            ext.extra_compile_args = [*FLAGS, *ext.extra_compile_args]
        super().build_extension(ext)


def is_set(name: str) -> bool:
    value = os.environ.get(f"WOOX_FAST_{name}", "")
    if value not in ("", "0", "1"):
        sys.exit(f"WOOX_FAST_{name} must be 1 or 0, or unset; got {value!r}")
    return value == "1"


no_extension, require_extension, cffi = map(is_set, ("NO_EXTENSION", "REQUIRE_EXTENSION", "CFFI"))
on_pypy = sys.implementation.name == "pypy"
with_cython = not no_extension and not on_pypy  # PyPy runs C extensions, but slower than its own cffi
with_cffi = not no_extension and (on_pypy or cffi)

cython_extension = Extension(
    "woox_fast._sign",
    sources=["src/_sign.pyx", *sorted(glob("src/core/*.c"))],  # cythonize() would silently drop `optional`
    depends=["src/woox_fast/_sign.pxd", *sorted(glob("src/*.pxd") + glob("src/*.h") + glob("src/core/*.h"))],
    include_dirs=["src", "src/core"],
    optional=not require_extension,  # without a compiler, the pure Python package is installed
)

setup(
    cmdclass={"build_ext": BuildExtensions},
    ext_modules=[cython_extension] if with_cython else [],
    cffi_modules=["src/_sign_cffi_build.py:ffi"] if with_cffi else [],
    setup_requires=["cffi>=1.17"] if with_cffi and not on_pypy else [],  # PyPy includes cffi
)
