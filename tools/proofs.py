"""The proofs of `core/proof.c`, by CBMC (Debian's package `cbmc`: not in 12, but in newer suites).

Install it, or put its programs on PATH.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

REPOSITORY = Path(__file__).parents[1]
CORE = REPOSITORY / "src" / "core"
CHECKS = [
    "--bounds-check",
    "--pointer-check",
    "--pointer-overflow-check",
    "--pointer-primitive-check",
    "--signed-overflow-check",
    "--undefined-shift-check",
    "--div-by-zero-check",
    "--unwinding-assertions",
    "--slice-formula",
    "--object-bits",
    "10",
]

# Each function of proof.c, and the most rounds of any loop in it.
PROOFS = {
    "proof_pad_message": 6,
    "proof_copy": 38,
    "proof_copy_bytes": 14,
    "proof_prehash_milliseconds": 14,
    "proof_prehash_milliseconds_after": 14,
    "proof_four_digits": 2,
    "proof_prehash_digits": 14,
    "proof_prehash_method": 14,
    "proof_store_hex": 9,
    "proof_portable": 65,
}
# What takes the place of functions that proof_pad_message does not look into.
STAND_INS = {"proof_pad_message": ["--replace-calls", "copy:copied", "--replace-calls", "memset:cleared"]}


class RefutedError(Exception):
    """A property does not hold, or CBMC did not come to an end."""


def run(folder: Path, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(command, cwd=folder, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)


def check(folder: Path, name: str, *defines: str) -> int:
    """How many properties were proved; RefutedError with what was not."""
    for file in [*CORE.iterdir(), REPOSITORY / "tests" / "core" / "proof.c"]:
        shutil.copyfile(file, folder / file.name)
    for command in (
        ["goto-cc", *defines, "proof.c", "--function", name, "-o", "compiled.gb"],
        ["goto-instrument", *STAND_INS.get(name, []), "--drop-unused-functions", "compiled.gb", "proof.gb"],
        ["cbmc", "proof.gb", *CHECKS, "--unwind", str(PROOFS[name])],
    ):
        done = run(folder, *command)
        if done.returncode:
            refuted = [line for line in done.stdout.splitlines() if line.endswith(": FAILURE")]
            raise RefutedError("\n".join([name, *(refuted or [done.stdout[-2000:]])]))
    found = re.search(r"\*\* 0 of (\d+) failed", done.stdout)
    assert found, done.stdout[-2000:]
    return int(found[1])


def finds_what_is_wrong(place: Path) -> bool:
    """The control: each part is said to be a byte longer than it is."""
    try:
        check(place, "proof_pad_message", "-DEXTRA_BYTES=1")
    except RefutedError as refuted:
        return "[copied.assertion" in str(refuted)
    return False


def prove() -> str:
    """Every proof, and the control; returns a line of figures."""
    if shutil.which("cbmc") is None:
        return "not proved by CBMC, which is not on PATH (Debian: the package cbmc of a suite newer than 12)"
    folder = Path(tempfile.mkdtemp(prefix="woox-fast-proofs-"))
    version = run(folder, "cbmc", "--version").stdout.split()[0]
    properties = 0
    try:
        for name in PROOFS:
            started = time.monotonic()
            proved = check(folder, name)
            properties += proved
            print(f"{name}: {proved:,} properties, {time.monotonic() - started:.0f} s", flush=True)
        if not finds_what_is_wrong(folder):
            raise RefutedError("the control: parts said to be a byte longer than they are were not found")
    finally:
        shutil.rmtree(folder)
    return f"{len(PROOFS)} proofs by CBMC {version}, {properties:,} properties, and a control refuted"
