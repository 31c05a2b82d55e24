"""The C core compiled for a test, as it is or with one change, by each compiler that is here."""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

CORE = Path(__file__).parent.parent / "src" / "core"
HARNESSES = Path(__file__).parent / "core"
FUZZ_FLAGS = ["-O2", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]


def compile_core(
    folder: Path, compiler: str, harness: str, *flags: str, change: tuple[str, str, str] | None = None
) -> Path:
    """The program made of the core and `harness`; `change` is (file, text that occurs once, what replaces it)."""
    core = folder / "core"
    shutil.copytree(CORE, core, dirs_exist_ok=True)
    if change is not None:
        file, old, new = change
        text = (core / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (core / file).write_text(text.replace(old, new))
    program = folder / harness.removesuffix(".c")
    sources = [*sorted(core.glob("*.c")), HARNESSES / harness]
    libraries = ["-l:libcrypto.so.3"] if "openssl.h" in (HARNESSES / harness).read_text() else []  # the oracle
    command = [compiler, "-std=gnu11", "-pthread", "-I", core, *flags, *sources, *libraries, "-o", program]
    subprocess.run(command, check=True)
    return program


def compile_package(folder: Path, *changes: tuple[str, str, str]) -> Path:
    """A copy of the package in `folder` whose compiled core has these changes; for PYTHONPATH."""
    package, core = folder / "woox_fast", folder / "core"
    shutil.copytree(CORE.parent / "woox_fast", package, ignore=shutil.ignore_patterns("*.so", "__pycache__"))
    shutil.copytree(CORE, core)
    for file, old, new in changes:
        text = (core / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (core / file).write_text(text.replace(old, new))
    cython = [sys.executable, "-m", "cython", "-3", "-I", folder, "--module-name", "woox_fast._sign"]
    subprocess.run([*cython, CORE.parent / "_sign.pyx", "-o", folder / "_sign.c"], check=True)
    includes = [f"-I{core}", f"-I{CORE.parent}", f"-I{sysconfig.get_path('include')}"]
    extension = package / f"_sign{sysconfig.get_config_var('EXT_SUFFIX')}"
    sources = [folder / "_sign.c", *sorted(core.glob("*.c"))]
    subprocess.run([COMPILERS[0], "-shared", "-fPIC", "-O1", "-w", *includes, *sources, "-o", extension], check=True)
    return folder
