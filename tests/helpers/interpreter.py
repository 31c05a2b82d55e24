"""Run code in a new interpreter, to see its choice of backend and its warnings."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from pathlib import Path

from helpers.backends import DEFAULT, MODULES
from helpers.oracle import KEY, NOW, SECRET

SHOW = "import woox_fast as w; print(w.backend, w.sha256_implementation)"
SIGN = f"; print(w.Signer({KEY!r}, {SECRET!r}).sign({NOW}, 'GET', '/v3/algo/orders?algoType=STOP'))"
PUBLISHED = "fddab579aff8c193f920c2d4f0cda6a21a60f06fd9c3916541ecc4f6461f5977"


def run(code: str, *path: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("WOOX_FAST_")}
    if path:
        kept["PYTHONPATH"] = os.pathsep.join(map(str, path))
    return subprocess.run(
        [sys.executable, *(["-S"] if path else []), "-W", "always", "-c", code],
        env=kept | environment,
        capture_output=True,
        text=True,
        timeout=60,
    )


def sha256_names() -> list[str]:
    """Return the SHA-256 implementations of the default backend, the fastest first."""
    return importlib.import_module(MODULES[DEFAULT])._sha256_names()
