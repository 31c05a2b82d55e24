"""Compile and import the C files of this folder. Compile again if they or the core have changed."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import cache
from importlib.machinery import EXTENSION_SUFFIXES
from pathlib import Path
from types import ModuleType

from setuptools import Distribution, Extension

HERE = Path(__file__).parent
CORE = HERE.parent / "src" / "core"
BUILD = HERE.parent / "build" / "bench"


@contextmanager
def silence() -> Iterator[None]:
    """Hide the compiler's output. The ImportError already reports a missing library."""
    saved = os.dup(1), os.dup(2)
    with open(os.devnull, "w") as null:
        for number in (1, 2):
            os.dup2(null.fileno(), number)
    try:
        yield
    finally:
        for number, before in zip((1, 2), saved, strict=True):
            os.dup2(before, number)
            os.close(before)


def load_extension(name: str, *, sources: list[Path], libraries: list[str]) -> ModuleType:
    """Return the extension module `name`. Raise ImportError if it cannot be compiled."""
    target = BUILD / (name + EXTENSION_SUFFIXES[0])
    inputs = [*sources, *CORE.glob("*.h")]
    if not target.exists() or target.stat().st_mtime < max(path.stat().st_mtime for path in inputs):
        extension = Extension(
            name, [str(path) for path in sources], include_dirs=[str(CORE), str(CORE.parent)], libraries=libraries
        )
        build = Distribution({"ext_modules": [extension]}).get_command_obj("build_ext")
        build.build_lib, build.build_temp, build.force = str(BUILD), str(BUILD / "objects"), True
        build.ensure_finalized()
        try:
            with silence():
                build.run()
        except Exception as error:  # the steps of setuptools raise different errors
            needed = f"a C compiler, Python's headers{''.join(f', lib{library}' for library in libraries)}"
            raise ImportError(f"{name}.c cannot be compiled ({needed} needed): {error}") from error
    spec = importlib.util.spec_from_file_location(name, target)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return sys.modules.setdefault(name, module)


@cache
def load_limit() -> ModuleType:
    return load_extension("limit", sources=[HERE / "limit.c", *sorted(CORE.glob("*.c"))], libraries=[])


@cache
def load_steps() -> ModuleType:
    return load_extension("steps", sources=[HERE / "steps.c", *sorted(CORE.glob("*.c"))], libraries=[])


@cache
def load_multi_buffer() -> ModuleType:
    return load_extension("multi_buffer", sources=[HERE / "multi_buffer.c"], libraries=["IPSec_MB"])


def compile_program(name: str, *, sources: list[Path], libraries: list[str]) -> Path:
    """Compile the program `name` with $CC, and return its path. Raise ImportError if it cannot be compiled."""
    target = BUILD / name
    sources = [HERE / f"{name}.c", *sources]
    newest = max(path.stat().st_mtime for path in [*sources, *CORE.glob("*.h")])
    if not target.exists() or target.stat().st_mtime < newest:
        BUILD.mkdir(parents=True, exist_ok=True)
        command = [os.environ.get("CC", "cc"), "-std=c11", "-O2", f"-I{CORE}", *map(str, sources), "-o", str(target)]
        command += [f"-l{library}" for library in libraries]
        try:
            subprocess.run(command, check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            needed = f"a C compiler{''.join(f', lib{library}' for library in libraries)}"
            output = getattr(error, "stderr", "") or error
            raise ImportError(f"{name}.c cannot be compiled ({needed} needed): {output}") from error
    return target


def compile_fixed_response() -> Path:
    return compile_program("fixed_response", sources=[], libraries=["ssl", "crypto"])


def compile_order_loop() -> Path:
    return compile_program("order_loop", sources=sorted(CORE.glob("*.c")), libraries=["ssl", "crypto"])
