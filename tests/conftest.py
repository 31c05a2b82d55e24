"""The twins under test: every backend that is built here, with every SHA-256 that this processor has."""

from __future__ import annotations

import importlib
import json
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType

import pytest

VECTORS = Path(__file__).parent / "vectors"

# Backend -> module; the pure twin is the specification and always there.
MODULES = {"python": "woox_fast._sign_py", "cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi"}


def _twins() -> list[tuple[str, str]]:
    twins = []
    for backend, name in MODULES.items():
        if find_spec(f"{name}_lib" if backend == "cffi" else name):
            module = importlib.import_module(name)
            twins += [(backend, sha256) for sha256 in getattr(module, "_sha256_names", lambda: ["hashlib"])()]
    return twins


@pytest.fixture(scope="module", params=_twins(), ids="-".join)
def twin(request: pytest.FixtureRequest):
    """One backend's module, signing with one SHA-256 implementation."""
    backend, sha256 = request.param
    module: ModuleType = importlib.import_module(MODULES[backend])
    before = module.sha256_implementation
    if backend != "python":
        module._choose_sha256(sha256)
    assert (module.backend, module.sha256_implementation) == (backend, sha256)
    yield module
    if backend != "python":
        module._choose_sha256(before)


@pytest.fixture(scope="session")
def woox_vectors() -> dict:
    return json.loads((VECTORS / "woox.json").read_text())


@pytest.fixture(scope="session")
def rfc4231_vectors() -> list[dict]:
    return json.loads((VECTORS / "rfc4231_hmac_sha256.json").read_text())["vectors"]
