"""Other Cython code: it builds against the installed package, without our headers, signs right, and can wipe a key."""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
from pathlib import Path

import pytest
from helpers import memory
from helpers.oracle import NOW, SECRET, oracle
from helpers.twins import BUILT

EXAMPLE = Path(__file__).parents[2] / "examples" / "cython_user"
WIPING = """
from woox_fast._sign cimport KeyContext, key_context, wipe_key_context

def make_and_wipe(bytes secret):
    cdef KeyContext key
    key_context(&key, <const char *>secret, len(secret))
    made = (<const char *>&key)[:sizeof(KeyContext)]
    wipe_key_context(&key)
    return made, (<const char *>&key)[:sizeof(KeyContext)]
"""

pytestmark = pytest.mark.skipif("cython" not in BUILT, reason="the compiled core was not built")


def build(folder: Path) -> None:
    command = [sys.executable, "setup.py", "-q", "build_ext", "--inplace"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_example_signs_without_the_gil(tmp_path):
    folder = shutil.copytree(EXAMPLE, tmp_path / "user")
    build(folder)
    bodies = [b"", b"{}", b'{"symbol":"SPOT_BTC_USDT"}' * 9, b"x" * 5000]
    code = f"import cython_user; print(*cython_user.sign_orders({SECRET.encode()!r}, {NOW}, {bodies!r}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=folder, capture_output=True, text=True, check=True)
    assert done.stdout.split() == [oracle(b"%dPOST/v3/trade/order" % NOW + body) for body in bodies]


def test_a_key_context_is_the_two_states_and_is_wiped(tmp_path):
    (tmp_path / "wiping.pyx").write_text(WIPING)
    (tmp_path / "setup.py").write_text(
        "from setuptools import Extension, setup\nsetup(ext_modules=[Extension('wiping', ['wiping.pyx'])])\n"
    )
    build(tmp_path)
    code = f"import wiping; print(*(each.hex() for each in wiping.make_and_wipe({SECRET.encode()!r})))"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    padded = SECRET.encode().ljust(64, b"\0")
    states = [memory.compress(memory.INITIAL, bytes(byte ^ pad for byte in padded)) for pad in (0x36, 0x5C)]
    assert done.stdout.split() == [struct.pack("=16I", *states[0], *states[1]).hex(), bytes(64).hex()]
