"""Imports run downwards only, without a circle: the contracts of pyproject.toml, and that they find a wrong import."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "woox_fast"
CHECK = "from importlinter.cli import lint_imports_command; lint_imports_command()"
IMPORT = re.compile(r"^ *(?:from woox_fast\S* c?import (?!\()[^#\n]+|import woox_fast\S*)", re.MULTILINE)


def imports_of_cython(text: str) -> str:
    """The imports of ours in a `.pyx` as Python: what is compiled can't be read by others."""
    found = [line.strip().replace(" cimport ", " import ") for line in IMPORT.findall(text)]
    return "\n".join(line for line in found if not line.startswith("from woox_fast._sign "))


def check(folder: Path, file: str = "", wrong: str = "") -> subprocess.CompletedProcess[str]:
    """The contracts' verdict on a copy of the package, where `file` has one import more."""
    copy = folder / "woox_fast"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    (copy / "_sign.py").write_text(imports_of_cython((ROOT / "src" / "_sign.pyx").read_text()))
    if file:
        with (copy / file).open("a") as out:
            out.write(f"\n{wrong}\n")
    command = [sys.executable, "-c", CHECK, "--config", str(ROOT / "pyproject.toml"), "--no-cache", "--verbose"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_imports_run_downwards_and_in_no_circle(tmp_path):
    done = check(tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "wrong", "reported"),
    [
        ("_checks.py", "from ._backend import Signer", "Layers BROKEN"),
        ("prehash.py", "def f():\n    from . import _prepare", "Layers BROKEN"),
        ("_sign.py", "from woox_fast import clock", "Layers BROKEN"),
        ("sandbox/auth.py", "from ..cli import main", "Layers BROKEN"),
        ("adapters/requests.py", "import woox_fast.sandbox", "Layers BROKEN"),
        ("brand_new.py", "", "not listed as layers"),
        ("sandbox/errors.py", "from .server import Sandbox", "whatever corner BROKEN"),
        ("adapters/_common.py", "if TYPE_CHECKING:\n    from .requests import WooXAuth", "whatever corner BROKEN"),
        ("_http.py", "from woox_fast import Signer", "does not import woox_fast BROKEN"),
    ],
)
def test_a_made_up_wrong_import_is_found(tmp_path, file, wrong, reported):
    """The control."""
    done = check(tmp_path, file, wrong)
    assert done.returncode != 0
    assert reported in done.stdout, done.stdout[-3000:]


def test_the_imports_of_cython_are_read():
    text = (ROOT / "src" / "_sign.pyx").read_text()
    assert re.search(r"from woox_fast import .*\b_checks\b", imports_of_cython(text))
    assert imports_of_cython(
        "from woox_fast._a cimport b\nfrom libc.string cimport memcpy\n  import woox_fast.c\n"
    ) == ("from woox_fast._a import b\nimport woox_fast.c")
