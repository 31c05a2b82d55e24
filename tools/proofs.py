"""Run the proofs of `tests/core/proof.c` with CBMC.

CBMC is on PATH, or in a newer Debian's root file system (WOOX_FAST_MATRIX), since Debian 12 has no package `cbmc`.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
CORE = REPOSITORY / "src" / "core"
ROOT = Path(os.environ.get("WOOX_FAST_MATRIX", "/var/tmp/woox-fast-matrix"))
CHECKS = (
    "--bounds-check --pointer-check --pointer-overflow-check --pointer-primitive-check --signed-overflow-check "
    "--undefined-shift-check --div-by-zero-check --unwinding-assertions --slice-formula --object-bits 10"
)

# The functions of proof.c, and the maximum number of iterations of their loops.
PROOFS = {
    "proof_pad_message": 6,
    "proof_copy": 18,
    "proof_copy_bytes": 14,
    "proof_prehash_milliseconds": 14,
    "proof_prehash_milliseconds_after": 14,
    "proof_four_digits": 2,
    "proof_prehash_digits": 14,
    "proof_prehash_method": 14,
    "proof_store_hex": 9,
    "proof_portable": 65,
}
STAND_INS = "--replace-calls copy:copied --replace-calls memset:cleared"  # for the proofs of padding


class RefutedError(Exception):
    """CBMC refuted a property, or did not finish."""


def enter() -> list[str] | None:
    """Return the command prefix for CBMC: empty on PATH, chroot for a root with CBMC, or None without CBMC."""
    if shutil.which("cbmc"):
        return []
    if os.geteuid() == 0 and (ROOT / "usr/bin/cbmc").exists():
        return ["chroot", str(ROOT)]
    return None


def check(prefix: list[str], name: str, *defines: str) -> int:
    """Return the number of proved properties, or raise RefutedError with the refuted properties."""
    with tempfile.TemporaryDirectory(dir=ROOT / "tmp" if prefix else None) as folder:
        for file in [*CORE.iterdir(), REPOSITORY / "tests" / "core" / "proof.c"]:
            shutil.copyfile(file, Path(folder, file.name))
        inside = folder.removeprefix(str(ROOT)) if prefix else folder
        for command in (
            f"goto-cc {' '.join(defines)} proof.c --function {name} -o compiled.gb",
            f"goto-instrument {STAND_INS if 'pad_' in name else ''} --drop-unused-functions compiled.gb proof.gb",
            f"cbmc proof.gb {CHECKS} --unwind {PROOFS[name]}",
        ):
            full = [*prefix, "sh", "-c", f"cd {inside} && {command}"]
            done = subprocess.run(full, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
            if done.returncode:
                refuted = [line for line in done.stdout.splitlines() if line.endswith(": FAILURE")]
                raise RefutedError("\n".join([name, *(refuted or [done.stdout[-2000:]])]))
    found = re.search(r"\*\* 0 of (\d+) failed", done.stdout)
    assert found, done.stdout[-2000:]
    return int(found[1])


def refutes_control(prefix: list[str]) -> bool:
    """Check the control: every part claims an extra byte."""
    try:
        check(prefix, "proof_pad_message", "-DEXTRA_BYTES=1")
    except RefutedError as refuted:
        return "[copied.assertion" in str(refuted)
    return False


def prove() -> str:
    """Run every proof and the control, and return a line of figures."""
    prefix = enter()
    if prefix is None:
        return "not proved: CBMC is not installed; install Debian's package cbmc, or set WOOX_FAST_MATRIX"
    version = subprocess.run([*prefix, "cbmc", "--version"], capture_output=True, text=True, check=True).stdout.split()
    properties = 0
    for name in PROOFS:
        started = time.monotonic()
        proved = check(prefix, name)
        properties += proved
        print(f"{name}: {proved:,} properties, {time.monotonic() - started:.0f} s", flush=True)
    if not refutes_control(prefix):
        raise RefutedError("the control was not refuted: every part claims an extra byte")
    return f"{len(PROOFS)} proofs by CBMC {version[0]}, {properties:,} properties, and a control refuted"


if __name__ == "__main__":
    print(prove())
