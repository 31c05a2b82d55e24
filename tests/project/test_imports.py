"""The import contracts of pyproject.toml pass, can fail, and agree with the picture in CONTRIBUTING.md."""

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
LINT_IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"
CYTHON_IMPORT = re.compile(r"^ *(?:from woox_fast\S* c?import (?!\()[^#\n]+|import woox_fast\S*)", re.MULTILINE)
NAME = r"\b[a-z_]\w*"


def read_cython_imports(text: str) -> str:
    """Return the imports of this package in a `.pyx` file as Python, because import-linter cannot read Cython."""
    found = [line.strip().replace(" cimport ", " import ") for line in CYTHON_IMPORT.findall(text)]
    return "\n".join(line for line in found if not line.startswith("from woox_fast._sign "))


def lint_changed_copy(folder: Path, file: str = "", extra_import: str = "") -> subprocess.CompletedProcess[str]:
    """Check the contracts on a copy of the package whose `file` has an extra import."""
    copy = folder / "woox_fast"
    shutil.copytree(PACKAGE, copy, ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    (copy / "_sign.py").write_text(read_cython_imports((ROOT / "src" / "_sign.pyx").read_text()))
    if file:
        with (copy / file).open("a") as out:
            out.write(f"\n{extra_import}\n")
    command = [sys.executable, "-c", LINT_IMPORTS, "--config", str(ROOT / "pyproject.toml"), "--no-cache", "--verbose"]
    environment = {**os.environ, "PYTHONPATH": str(folder), "PYTHONUTF8": "1"}
    return subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)


def test_import_contracts_hold(tmp_path):
    done = lint_changed_copy(tmp_path)
    assert done.returncode == 0, done.stdout[-3000:]
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("file", "extra_import", "reported"),
    [
        ("_checks.py", "from ._backend import Signer", "Layers BROKEN"),
        ("_sign.py", "from woox_fast import clock", "Layers BROKEN"),
        ("adapters/requests.py", "import woox_fast.sandbox", "Layers BROKEN"),
        ("brand_new.py", "", "not listed as layers"),
        ("adapters/_common.py", "if TYPE_CHECKING:\n    from .requests import WooXAuth", "BROKEN"),
        ("_http.py", "from woox_fast import Signer", "BROKEN"),
    ],
)
def test_wrong_import_is_reported(tmp_path, file, extra_import, reported):
    """Control: every contract can fail."""
    done = lint_changed_copy(tmp_path, file, extra_import)
    assert done.returncode != 0
    assert reported in done.stdout, done.stdout[-3000:]


def test_cython_imports_are_read():
    text = (ROOT / "src" / "_sign.pyx").read_text()
    assert re.search(r"from woox_fast import .*\b_checks\b", read_cython_imports(text))
    example = "from woox_fast._a cimport b\nfrom libc.string cimport memcpy\n  import woox_fast.c\n"
    assert read_cython_imports(example) == "from woox_fast._a import b\nimport woox_fast.c"


def test_contributing_shows_the_layers():
    contract = re.search(r"^layers = \[\n(.*?)^\]", (ROOT / "pyproject.toml").read_text(), re.MULTILINE | re.DOTALL)
    picture = re.search(
        r"^```text\n(__main__.*?)^```", (ROOT / "CONTRIBUTING.md").read_text(), re.MULTILINE | re.DOTALL
    )
    assert contract is not None
    assert picture is not None
    layers = [re.findall(NAME, line.partition("#")[0]) for line in contract[1].splitlines()]
    rows = [re.findall(NAME, line.partition("  ")[0]) for line in picture[1].splitlines()]
    assert rows == layers
