"""Other Cython code: the example builds against the installed package, with no header of ours, and signs right."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from helpers.oracle import NOW, SECRET, oracle
from helpers.twins import BUILT

EXAMPLE = Path(__file__).parent.parent / "examples" / "cython_user"


@pytest.mark.skipif("cython" not in BUILT, reason="the compiled core was not built")
def test_the_example_signs_without_the_gil(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "user")
    build = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(build, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    bodies = [b"", b"{}", b'{"symbol":"SPOT_BTC_USDT"}' * 9, b"x" * 5000]
    code = f"import cython_user; print(*cython_user.sign_orders({SECRET.encode()!r}, {NOW}, {bodies!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [oracle(b"%dPOST/v3/trade/order" % NOW + body) for body in bodies]
