"""The core's stack frames have a budget, so a thread with a small stack can sign batches."""

from __future__ import annotations

import subprocess
import sys

import pytest
from helpers.backends import MODULES, installed_backends
from helpers.core_build import COMPILERS, SRC

MAX_FRAME = 15 * 1024
SMALL_STACK = 32 * 1024  # the minimum of threading.stack_size

SIGN_MANY = """
import importlib, sys, threading
module = importlib.import_module(sys.argv[1])
module._choose_sha256(sys.argv[2])
signer = module.Signer("key", "secret")
requests = [(1578565539808, "POST", "/v3/trade/order", b"b" * size) for size in [136] * 40 + [600] * 40]
expected = [signer.sign(*request) for request in requests]
threading.stack_size(int(sys.argv[3]))
thread = threading.Thread(target=lambda: print(signer.sign_many(requests) == expected))
thread.start()
thread.join()
"""


@pytest.mark.slow
@pytest.mark.parametrize("level", ["-O1", "-O3"])
@pytest.mark.parametrize("compiler", COMPILERS)
def test_frames_are_within_budget(tmp_path, compiler, level):
    flags = [level, f"-Wframe-larger-than={MAX_FRAME}", "-I", SRC / "core", "-c"]
    sources = sorted((SRC / "core").glob("*.c"))
    done = subprocess.run([compiler, *flags, *sources], cwd=tmp_path, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.skipif(sys.platform != "linux", reason="other systems have other minimum stacks")
@pytest.mark.parametrize("backend", sorted({backend for backend, _ in installed_backends()}))
def test_batch_fits_small_stack(backend):
    fastest = next(sha256 for name, sha256 in installed_backends() if name == backend)
    command = [sys.executable, "-c", SIGN_MANY, MODULES[backend], fastest, str(SMALL_STACK)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "True\n"), done.stderr
