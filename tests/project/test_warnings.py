"""Warnings about our code fail a test; those of other people's code do not. Tried in a pytest run of its own."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
WARN = "import warnings\n\ndef call(level):\n    warnings.warn('made up', DeprecationWarning, stacklevel=level)\n"


OURS = """\
module = types.ModuleType("woox_fast.prehash")
exec("import others\\n" + {code!r}, module.__dict__)
"""
OF_OTHERS = {"they warn": "others.call(1)", "they warn, deeper": "others.deep.call(1)"}
OF_OURS = {
    "we call what is deprecated": OURS.format(code="others.call(2)"),
    "we warn": OURS.format(code="import warnings; warnings.warn('made up')"),
    "a test calls what is deprecated": "others.call(2)",
    "the library": "import decimal; exec('import warnings; warnings.warn(\"up\")', vars(decimal))",
    "an error that nothing catches": (
        "class Leaky:\n    def __del__(self):\n        raise ValueError\nLeaky()\nimport gc; gc.collect()"
    ),
    "an error in a thread": (
        "import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()"
    ),
}


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    """The tests above, run with this project's settings and conftest.py beside a package of other people and one of
    ours: the outcome of each, and all that was printed."""
    folder = tmp_path_factory.mktemp("warnings")
    others = folder / "site-packages" / "others"
    (others / "deep").mkdir(parents=True)
    (others / "__init__.py").write_text(WARN)
    (others / "deep" / "__init__.py").write_text(WARN)
    (folder / "tests").mkdir()
    (folder / "tests" / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())
    lines = ["import sys, types, warnings", f"sys.path.insert(0, {str(ROOT / 'tests')!r})", "import others.deep"]
    for at, body in enumerate([*OF_OTHERS.values(), *OF_OURS.values()]):
        lines += [f"def test_{at}():", *(f"    {line}" for line in body.splitlines())]
    (folder / "tests" / "test_made_up.py").write_text("\n".join(lines) + "\n")
    options = ["-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", f"--rootdir={folder}", "-q", "-rA"]
    command = [sys.executable, "-m", "pytest", *options, folder / "tests"]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (others.parent, ROOT / "tests")))}
    said = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True)
    found = re.findall(r"^(PASSED|FAILED) \S+::test_(\d+)", said.stdout, re.MULTILINE)
    assert len(found) == len(OF_OTHERS | OF_OURS), said.stdout + said.stderr
    by_number = {int(number): outcome for outcome, number in found}
    return dict(zip([*OF_OTHERS, *OF_OURS], map(by_number.get, sorted(by_number)), strict=True)), said.stdout


@pytest.mark.parametrize("name", OF_OTHERS)
def test_a_warning_of_other_peoples_code_is_shown_and_no_failure(outcomes, name):
    by_name, said = outcomes
    assert by_name[name] == "PASSED"
    assert said.count("DeprecationWarning: made up") >= len(OF_OTHERS)


@pytest.mark.parametrize("name", OF_OURS)
def test_a_warning_of_ours_is_a_failure(outcomes, name):
    assert outcomes[0][name] == "FAILED"
