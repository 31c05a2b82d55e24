"""One Signer and one batch on many threads, with or without a GIL; importing does not switch the GIL on."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
from concurrent.futures import ThreadPoolExecutor

import pytest
from helpers.oracle import NOW, SECRET, oracle
from helpers.twins import MODULES, twins

REQUESTS = [(NOW + i, "POST" if i % 2 else "GET", f"/v3/x?i={i}", "b" * (i * 37 % 400)) for i in range(200)]
EXPECTED = [oracle("".join(map(str, request)).encode()) for request in REQUESTS]


@pytest.mark.parametrize("threads", [2, 8])
def test_one_signer_and_one_batch_on_many_threads(twin, threads):
    signer = twin.Signer("k", SECRET)

    def work(_: int) -> bool:
        alone = [signer.sign(*request) for request in REQUESTS]
        return signer.sign_many(REQUESTS) == EXPECTED == alone

    with ThreadPoolExecutor(threads) as pool:
        assert all(pool.map(work, range(threads * 4)))


@pytest.mark.skipif(not sysconfig.get_config_var("Py_GIL_DISABLED"), reason="this interpreter has a GIL")
@pytest.mark.parametrize("backend", sorted({backend for backend, _ in twins()}))
def test_importing_leaves_the_gil_off(backend):
    code = f"import sys, {MODULES[backend]}; sys.exit(sys._is_gil_enabled())"
    subprocess.run([sys.executable, "-W", "error", "-c", code], check=True, timeout=60)
