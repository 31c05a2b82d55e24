"""Our own warnings are failures of ours; those of other people's code are not. Tried by a run of pytest of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
WARN = "import warnings\n\ndef call(level):\n    warnings.warn('made up', DeprecationWarning, stacklevel=level)\n"


@pytest.fixture
def run(tmp_path):
    """Run one test, with this project's settings and conftest.py, beside a package of other people and one of ours."""
    others = tmp_path / "site-packages" / "others"
    (others / "deep").mkdir(parents=True)
    (others / "__init__.py").write_text(WARN)
    (others / "deep" / "__init__.py").write_text(WARN)
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "conftest.py").write_text((ROOT / "tests" / "conftest.py").read_text())

    def run(body: str) -> subprocess.CompletedProcess[str]:
        lines = ["import sys, types, warnings", f"sys.path.insert(0, {str(ROOT / 'tests')!r})", "import others.deep"]
        test = [*lines, "def test_it():", *(f"    {line}" for line in body.splitlines())]
        (tmp_path / "tests" / "test_made_up.py").write_text("\n".join(test) + "\n")
        options = ["-p", "no:cacheprovider", "-c", ROOT / "pyproject.toml", f"--rootdir={tmp_path}", "-q"]
        command = [sys.executable, "-m", "pytest", *options, tmp_path / "tests"]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (others.parent, ROOT / "tests")))}
        return subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True)

    return run


@pytest.mark.parametrize("call", ["others.call(1)", "others.deep.call(1)"])
def test_a_warning_of_other_peoples_code_is_shown_and_no_failure(run, call):
    done = run(call)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "DeprecationWarning: made up" in done.stdout


OURS = """\
module = types.ModuleType("woox_fast.payload")
exec("import others\\n" + {code!r}, module.__dict__)
"""


@pytest.mark.parametrize(
    "body",
    [
        pytest.param(OURS.format(code="others.call(2)"), id="we call what is deprecated"),
        pytest.param(OURS.format(code="import warnings; warnings.warn('made up')"), id="we warn"),
        pytest.param("others.call(2)", id="a test calls what is deprecated"),
        pytest.param("import decimal; exec('import warnings; warnings.warn(\"up\")', vars(decimal))", id="the library"),
        pytest.param(
            "class Leaky:\n    def __del__(self):\n        raise ValueError\nLeaky()\nimport gc; gc.collect()",
            id="an error that nothing catches",
        ),
        pytest.param(
            "import threading\nthread = threading.Thread(target=lambda: 1 / 0)\nthread.start()\nthread.join()",
            id="an error in a thread",
        ),
    ],
)
def test_a_warning_of_ours_is_a_failure(run, body):
    done = run(body)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "1 failed" in done.stdout
