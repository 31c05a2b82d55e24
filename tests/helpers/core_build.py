"""Compile the C core and the extensions for a test, optionally with changes, by all installed compilers."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Sequence
from pathlib import Path

SRC = Path(__file__).parents[2] / "src"
HARNESSES = Path(__file__).parents[1] / "core"
RELEASE_FLAGS = ["-O3", "-DHMAC_SHA256_O3"]  # as in setup.py
FUZZ_FLAGS = ["-O2", "-g", "-fsanitize=address,undefined", "-fno-sanitize-recover=all"]
LIBFUZZER_FLAGS = [*FUZZ_FLAGS, "-fsanitize=fuzzer", "-fno-sanitize-coverage=trace-cmp"]
HARNESS_MACROS = ("-DSTANDALONE", "-DEXTRA_BYTES=1")  # the core does not read them
# Recording the stack of every allocation, and a large quarantine, would cost more than the test itself.
ASAN = {"ASAN_OPTIONS": "malloc_context_size=0:quarantine_size_mb=4"}
OBJECTS = "WOOX_FAST_OBJECTS"  # the folder of the objects compiled in this run; tests/conftest.py creates it
Change = tuple[str, str, str]  # a file below src/, a text that occurs once in it, and the replacement
COMPILERS = [name for name in ("gcc", "clang") if shutil.which(name)]


def _links(compiler: str, flags: list[str], function: str) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        command = [compiler, *flags, "-x", "c", "-", "-o", f"{folder}/program"]
        source = f"int {function}(void) {{ return 0; }}"
        return subprocess.run(command, input=source, text=True, capture_output=True).returncode == 0


# Flags for the processor. Without a 32-bit C library, -m32 is missing.
TARGETS = {
    name: [flags for flags in ("", "-mavx2", "-march=native", "-m32") if not flags or _links(name, [flags], "main")]
    for name in COMPILERS
}
# A compiler may lack the sanitizers or libFuzzer: Debian packages clang's separately.
SANITIZING = [name for name in COMPILERS if _links(name, FUZZ_FLAGS, "main")]
LIBFUZZER = "clang" in SANITIZING and _links("clang", LIBFUZZER_FLAGS, "LLVMFuzzerTestOneInput")


def change(folder: Path, *changes: Change) -> None:
    """Apply the changes to the files in `folder`."""
    for file, old, new in changes:
        text = (folder / file).read_text()
        assert text.count(old) == 1, f"{file} has {old!r} {text.count(old)} times"
        (folder / file).write_text(text.replace(old, new))


def compile_core(folder: Path, compiler: str, harness: str, *flags: str, changes: Sequence[Change] = ()) -> Path:
    """Compile the core, with the changes, and `harness`, which may include .c files of the core."""
    core = folder / "core"
    shutil.copytree(SRC / "core", core, dirs_exist_ok=True)
    change(folder, *changes)
    program = folder / harness.removesuffix(".c")
    text = (HARNESSES / harness).read_text()
    language = ["-std=gnu11", "-pthread", *(flag for flag in flags if flag not in HARNESS_MACROS)]
    sources = (each for each in sorted(core.glob("*.c")) if f'"{each.name}"' not in text)
    objects = [_object(compiler, language, source, core) for source in sources]
    libraries = ["-l:libcrypto.so.3"] if "openssl.h" in text else []  # the oracle
    command = [compiler, "-std=gnu11", "-pthread", "-I", core, *flags, HARNESSES / harness, *objects, *libraries]
    subprocess.run([*command, "-o", program], check=True)
    return program


def _object(compiler: str, flags: list[str], source: Path, *includes: Path) -> Path:
    """Compile `source`, once for the same text in a test run: all processes of the run share a folder."""
    read = [source, *(header for folder in includes for header in sorted(folder.glob("*.h")))]
    key = hashlib.sha256(repr([compiler, flags, *((each.name, each.read_bytes()) for each in read)]).encode())
    made = Path(os.environ.get(OBJECTS, source.parent)) / f"{key.hexdigest()}.o"
    if not made.exists():
        unfinished = made.with_suffix(f".{os.getpid()}")
        command = [compiler, *flags, *(f"-I{folder}" for folder in includes), "-c", source, "-o", unfinished]
        subprocess.run(command, check=True)
        unfinished.replace(made)
    return made


def fuzz_core(folder: Path, limit: str) -> str:
    """Run libFuzzer on the core from the corpus until its option `limit` ends it, and return its output."""
    program = compile_core(folder, "clang", "fuzz.c", *LIBFUZZER_FLAGS)
    found = folder / "found"  # new inputs; merge the useful ones into the corpus by hand
    found.mkdir()
    command = [program, "-max_len=400", "-detect_leaks=0", limit, found, HARNESSES / "corpus"]
    done = subprocess.run(command, env=os.environ | ASAN, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-6000:]
    return done.stderr


def compile_package(folder: Path, *changes: Change) -> Path:
    """Copy the package to `folder`, for PYTHONPATH, and compile it with the changes."""
    shutil.copytree(SRC, folder, ignore=shutil.ignore_patterns("*.so", "__pycache__", "_sign.c"), dirs_exist_ok=True)
    change(folder, *changes)
    compile_extension(folder)
    return folder


def compile_extension(folder: Path) -> None:
    """Compile the Cython backend of the sources in `folder`, faster than setup.py."""
    read = sorted((*folder.glob("*.p[xy]*"), *folder.glob("woox_fast/*.pxd")))
    key = hashlib.sha256(repr([(each.name, each.read_bytes()) for each in read]).encode())
    made = Path(os.environ.get(OBJECTS, folder)) / f"{key.hexdigest()}.c"
    if not made.exists():
        unfinished = made.with_suffix(f".{os.getpid()}")
        cython = [sys.executable, "-m", "cython", "-3", "-I", folder, "--module-name", "woox_fast._sign"]
        subprocess.run([*cython, folder / "_sign.pyx", "-o", unfinished], check=True)
        unfinished.replace(made)
    shutil.copyfile(made, folder / "_sign.c")
    _compile_shared(folder, "_sign.c", f"_sign{sysconfig.get_config_var('EXT_SUFFIX')}")


def compile_cffi(folder: Path) -> None:
    """Compile the library of the cffi backend of the sources in `folder`, which is a `src`."""
    code = "import _sign_cffi_build as build; build.ffi.emit_c_code('src/_sign_cffi_lib.c')"
    own = os.environ | {"PYTHONPATH": str(folder)}
    subprocess.run([sys.executable, "-c", code], cwd=folder.parent, env=own, check=True)
    _compile_shared(folder, "_sign_cffi_lib.c", "_sign_cffi_lib.abi3.so")


def _compile_shared(folder: Path, source: str, name: str) -> None:
    flags = ["-fPIC", "-O1", "-w", f"-I{sysconfig.get_path('include')}"]
    sources = [folder / source, *sorted((folder / "core").glob("*.c"))]
    objects = [_object(COMPILERS[0], flags, each, folder, folder / "core") for each in sources]
    subprocess.run([COMPILERS[0], "-shared", *objects, "-o", folder / "woox_fast" / name], check=True)
