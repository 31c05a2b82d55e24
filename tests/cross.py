"""The C core on processors that are not this one: cross-compiled, run under qemu, against the standard library's hmac.

    python tests/cross.py [--present]

Every message length from 0 to 300 bytes and every secret length from 1 to 150, with each SHA-256 that the target has.
A target whose tools are not installed is a failure; with `--present` it is only named.
"""

from __future__ import annotations

import hashlib
import hmac
import random
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).parent
CORE = HERE.parent / "src" / "core"
FLAGS = ["-std=c11", "-O2", "-Wall", "-Wextra", "-Wpedantic", "-Wconversion", "-Wshadow", "-Werror"]


class Target(NamedTuple):
    compiler: str
    runner: tuple[str, ...]  # nothing: only compiled
    implementations: tuple[str, ...]
    packages: str  # Debian's


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
    "Windows x86-64": Target("x86_64-w64-mingw32-gcc", (), (), "gcc-mingw-w64-x86-64"),
}


def vectors() -> str:
    """Lines of `secret message hmac` in hex."""
    rng = random.Random(6)
    pairs = [(bytes(28), rng.randbytes(size)) for size in range(301)]
    pairs += [(rng.randbytes(size), rng.randbytes(rng.choice((0, 45, 181)))) for size in range(1, 151)]
    lines = []
    for secret, message in pairs:
        expected = hmac.new(secret, message, hashlib.sha256).hexdigest()
        lines.append(f"{secret.hex()} {message.hex() or '-'} {expected}\n")
    return "".join(lines)


def check(target: Target, folder: Path) -> str:
    """Compile and run; returns what passed. Raises CalledProcessError or AssertionError, with the program's words."""
    program = folder / "vectors.exe"
    static = [] if target.compiler == "cc" else ["-static"]
    sources = [*sorted(CORE.glob("*.c")), HERE / "core" / "vectors.c"]
    subprocess.run([target.compiler, *FLAGS, *static, "-I", CORE, *sources, "-o", program], check=True)
    if target.compiler != "cc" and not target.runner:
        return "compiles; not run"
    command = [*target.runner, str(program)]
    done = subprocess.run(command, input=vectors(), capture_output=True, text=True, timeout=600, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    right = dict(line.split() for line in done.stdout.splitlines())
    assert not target.implementations or tuple(right) == target.implementations, done.stdout
    return ", ".join(f"{name}: {count} signatures right" for name, count in right.items())


def main() -> int:
    failed = 0
    for name, target in TARGETS.items():
        if not all(shutil.which(tool) for tool in (target.compiler, *target.runner[:1])):
            print(f"{name:18} not installed: apt-get install {target.packages}")
            failed += "--present" not in sys.argv
            continue
        with tempfile.TemporaryDirectory() as folder:
            try:
                print(f"{name:18} {check(target, Path(folder))}")
            except (AssertionError, subprocess.SubprocessError) as error:
                print(f"{name:18} FAILED: {error}")
                failed += 1
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
