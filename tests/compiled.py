"""The C core compiled for a test, as it is or with one change, by each compiler that is here."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

CORE = Path(__file__).parent.parent / "src" / "core"
HARNESSES = Path(__file__).parent / "core"
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
    subprocess.run([compiler, "-std=gnu11", "-pthread", "-I", core, *flags, *sources, "-o", program], check=True)
    return program
