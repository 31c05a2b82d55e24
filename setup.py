"""Build the compiled extensions. Everything else about the package is in pyproject.toml."""

from __future__ import annotations

import ast
import os
import sys
from glob import glob
from pathlib import Path

from setuptools import Extension, setup
from setuptools.command.build_ext import build_ext

# With a CFLAGS variable, setuptools drops Python's own flags, -O3 among them. src/core/cleanse.h reads HMAC_SHA256_O3.
FLAGS = ["-O3", "-DHMAC_SHA256_O3", "-DNDEBUG", "-fwrapv"]
if sys.platform == "linux":
    FLAGS.append("-fstack-clash-protection")  # a stack overflow faults at the guard page

CYTHON_SOURCE = Path("src/_sign.pyx")
DOCUMENTED = [Path("src/woox_fast/_sign_base.py"), Path("src/woox_fast/_sign_py.py")]


def insert_docstrings(source: str) -> str:
    """Replace the summary lines of Cython functions by the docstrings of the Python backends that begin with them."""
    for file in DOCUMENTED:
        for node in ast.walk(ast.parse(file.read_text("utf-8"))):
            docstring = ast.get_docstring(node) if isinstance(node, ast.ClassDef | ast.FunctionDef) else None
            if docstring:
                literal = docstring.replace("\\", r"\\").replace("\n", r"\n")  # on one line: the line numbers remain
                source = source.replace(f'{docstring.splitlines()[0]}"""\n', f'{literal}"""\n')
    return source


class BuildExtensions(build_ext):
    """Build the Cython extension and the cffi library with the same flags."""

    def build_extension(self, ext: Extension) -> None:
        if str(CYTHON_SOURCE) in ext.sources:
            documented = Path(self.build_temp, CYTHON_SOURCE.name)
            text = insert_docstrings(CYTHON_SOURCE.read_text("utf-8"))
            if not (documented.exists() and documented.read_text("utf-8") == text):
                documented.parent.mkdir(parents=True, exist_ok=True)
                documented.write_text(text, "utf-8")
            ext.sources = [str(documented), *ext.sources[1:]]
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
    sources=[str(CYTHON_SOURCE), *sorted(glob("src/core/*.c"))],  # cythonize() would silently drop `optional`
    depends=[
        "src/woox_fast/_sign.pxd",
        *map(str, DOCUMENTED),
        *sorted(glob("src/*.pxd") + glob("src/*.h") + glob("src/core/*.h")),
    ],
    include_dirs=["src", "src/core"],
    optional=not require_extension,  # without a compiler, the pure Python package is installed
)

setup(
    cmdclass={"build_ext": BuildExtensions},
    ext_modules=[cython_extension] if with_cython else [],
    cffi_modules=["src/_sign_cffi_build.py:ffi"] if with_cffi else [],
    setup_requires=["cffi>=1.17"] if with_cffi and not on_pypy else [],  # PyPy includes cffi
)
