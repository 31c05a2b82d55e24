"""A user's Cython module builds against the installed package without our headers, signs, and cleanses a key."""

from __future__ import annotations

import os
import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import key_traces
from helpers.backends import BUILT
from helpers.oracle import NOW, SECRET, oracle

EXAMPLE = Path(__file__).parents[2] / "examples" / "cython_user"
CLEANSING = """
from woox_fast._sign cimport KeyContext, key_context, cleanse_key_context

def make_and_cleanse(bytes secret):
    cdef KeyContext key
    key_context(&key, <const char *>secret, len(secret))
    made = (<const char *>&key)[:sizeof(KeyContext)]
    cleanse_key_context(&key)
    return made, (<const char *>&key)[:sizeof(KeyContext)]
"""

pytestmark = pytest.mark.skipif("cython" not in BUILT, reason="the compiled core was not built")


def build(folder: Path) -> None:
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    own = os.environ | {"CFLAGS": "-O0"}  # the fastest build
    done = subprocess.run(command, cwd=folder, env=own, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_example_signs_without_gil(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "user")
    build(folder)
    bodies = [b"", b"{}", b'{"symbol":"SPOT_BTC_USDT"}' * 9, b"x" * 5000]
    code = f"import cython_user; print(*cython_user.sign_orders({SECRET.encode()!r}, {NOW}, {bodies!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [oracle(b"%dPOST/v3/trade/order" % NOW + body) for body in bodies]


def test_key_context_is_cleansed(tmp_path):
    (tmp_path / "cleansing.pyx").write_text(CLEANSING)
    (tmp_path / "setup.py").write_text(
        "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('cleansing', ['cleansing.pyx'])])\n"
    )
    build(tmp_path)
    code = f"import cleansing; print(*(each.hex() for each in cleansing.make_and_cleanse({SECRET.encode()!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    padded = SECRET.encode().ljust(64, b"\0")
    states = [key_traces.compress(key_traces.INITIAL, bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C)]
    assert done.stdout.split() == [struct.pack("=16I", *states[0], *states[1]).hex(), bytes(64).hex()]
