"""Cross-compile the C core for more processors, run it under qemu, and compare it with the standard library's hmac.

    python tools/cross.py [--present]

Every implementation signs messages of 0 to 300 bytes with secrets of 1 to 150 bytes. Programs for Windows run under
Wine, if it is installed. For macOS and MSVC, clang checks the sources without running them. A missing compiler or qemu
is a failure; with `--present`, the tool skips the target with a notice.
"""

from __future__ import annotations

import hashlib
import hmac
import os
import random
import shutil
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parents[1]
CORE = REPOSITORY / "src" / "core"
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


class Target(NamedTuple):
    compiler: str
    runner: tuple[str, ...]
    implementations: tuple[str, ...]
    packages: str  # Debian packages


TARGETS = {
    "aarch64": Target(
        "aarch64-linux-gnu-gcc",
        ("qemu-aarch64", "-cpu", "max"),
        ("armv8", "portable"),
        "gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user",
    ),
    "armhf, 32 bits": Target(
        "arm-linux-gnueabihf-gcc",
        ("qemu-arm",),
        ("portable",),
        "gcc-arm-linux-gnueabihf libc6-dev-armhf-cross qemu-user",
    ),
    "s390x, big-endian": Target(
        "s390x-linux-gnu-gcc", ("qemu-s390x",), ("portable",), "gcc-s390x-linux-gnu libc6-dev-s390x-cross qemu-user"
    ),
    "Windows x86-64": Target("x86_64-w64-mingw32-gcc", ("wine",), (), "gcc-mingw-w64-x86-64 wine64"),
}

# Compile without linking, with declarations that replace the systems' headers. To imitate MSVC, hide clang's own macro
# and enable the instructions by flags, since MSVC's intrinsics need no attributes.
CLANG = ["clang", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fsyntax-only", "-ffreestanding", "-fms-extensions"]
DIALECTS = {
    "macOS x64": ["-target", "x86_64-apple-macos11"],
    "macOS arm64": ["-target", "arm64-apple-macos11"],
    "clang-cl x64": ["-target", "x86_64-pc-windows-msvc"],
    "clang-cl arm64": ["-target", "aarch64-pc-windows-msvc"],
    "MSVC x64": ["-target", "x86_64-pc-windows-msvc", "-U__clang__", "-msha", "-mxsave", "-mavx512bw"],
    "MSVC arm64": ["-target", "aarch64-pc-windows-msvc", "-U__clang__", "-march=armv8-a+crypto"],
}
HEADERS = {
    "string.h": "#include <stddef.h>\nvoid *memcpy(void *, const void *, size_t); void *memset(void *, int, size_t);"
    "int memcmp(const void *, const void *, size_t); int strcmp(const char *, const char *);"
    "size_t strlen(const char *);",
    "malloc.h": "#include <stddef.h>\nvoid *_aligned_malloc(size_t, size_t); void _aligned_free(void *);",
    "stdlib.h": "#include <malloc.h>\nvoid *malloc(size_t); void free(void *);",
    "setjmp.h": "typedef int jmp_buf[64];",
    "windows.h": "int IsProcessorFeaturePresent(unsigned long);",
    "arm64_neon.h": "#include <arm_neon.h>",
    "sys/sysctl.h": "#include <stddef.h>\nint sysctlbyname(const char *, void *, size_t *, void *, size_t);",
}


def find_tools(target: Target) -> list[str]:
    return [tool for tool in (target.compiler, *target.runner[:1]) if tool != "wine"]


def format_vectors() -> str:
    """Return lines of `secret message hmac` in hex."""
    rng = random.Random(6)
    pairs = [(bytes(28), rng.randbytes(size)) for size in range(301)]
    pairs += [(rng.randbytes(size), rng.randbytes(rng.choice((0, 45, 181)))) for size in range(1, 151)]
    lines = []
    for secret, message in pairs:
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
        lines.append(f"{secret.hex()} {message.hex() or '-'} {expected}\n")
    return "".join(lines)


def check(target: Target, folder: Path) -> str:
    """Compile and run the program, and return its result. Raise AssertionError with its output."""
    program = folder / "vectors.exe"
    static = [] if target.compiler == "cc" else ["-static"]
    sources = [*sorted(CORE.glob("*.c")), REPOSITORY / "tests" / "core" / "vectors.c"]
    subprocess.run([target.compiler, *FLAGS, *static, "-I", CORE, *sources, "-o", program], check=True)
    if target.runner == ("wine",) and not shutil.which("wine"):
        return f"compiles; not run: apt-get install {target.packages}"
    command, own = [*target.runner, program], {**os.environ, "WINEPREFIX": str(folder / "wine"), "WINEDEBUG": "-all"}
    done = subprocess.run(
        command, input=format_vectors(), env=own, capture_output=True, text=True, timeout=600, check=False
    )
    if target.runner == ("wine",):  # its server would write into the folder
        subprocess.run(["wineserver", "-k"], env=own, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    right = dict(line.split() for line in done.stdout.splitlines())
    assert not target.implementations or tuple(right) == target.implementations, done.stdout
    return ", ".join(f"{name}: {count} signatures right" for name, count in right.items())


def check_dialects(folder: Path) -> str:
    """Compile without linking, and return a summary. Raise AssertionError with the compiler's messages."""
    for name, text in HEADERS.items():
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text + "\n")
    for flags in DIALECTS.values():
        for source in sorted(CORE.glob("*.c")):
            command = [*CLANG, *flags, "-isystem", folder, "-I", CORE, source]
            done = subprocess.run(command, stderr=subprocess.PIPE, text=True, check=False)
            assert done.returncode == 0, done.stderr
    return f"{', '.join(DIALECTS)}: accepted by clang; not run"


def main() -> int:
    checks = {name: partial(check, target) for name, target in TARGETS.items()}
    missing = {
        name: target.packages for name, target in TARGETS.items() if not all(map(shutil.which, find_tools(target)))
    }
    checks["others, by clang"] = check_dialects
    if not shutil.which("clang"):
        missing["others, by clang"] = "clang"
    failed = 0
    for name, run in checks.items():
        if name in missing:
            print(f"{name:18} not installed: apt-get install {missing[name]}")
            failed += "--present" not in sys.argv
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{name:18} {run(Path(folder))}", flush=True)
            except (AssertionError, subprocess.SubprocessError) as error:
                print(f"{name:18} FAILED: {error}")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
