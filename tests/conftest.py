"""The fixture that runs a test on every twin, and the published test vectors."""

from __future__ import annotations

import importlib
import json
from pathlib import Path
from types import ModuleType

import pytest
from helpers.twins import MODULES, twins

VECTORS = Path(__file__).parent / "vectors"


@pytest.fixture(scope="module", params=twins(), ids="-".join)
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
