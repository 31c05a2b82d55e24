"""The fixture that runs a test on every twin, the published test vectors, and which warnings are failures."""

from __future__ import annotations

import gc
import importlib
import json
import os
import pkgutil
import re
import shutil
import signal
import sys
import tempfile
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from helpers.backends import MODULES, installed_backends
from helpers.core_build import OBJECTS

import woox_fast

# No test may fail because the machine is busy.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# A shell starts what runs in its background with Ctrl-C ignored, and every program that a test starts inherits that.
# Where Python handles the signal, they get the system's default again.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

VECTORS = Path(__file__).parent / "vectors"
OURS = {"woox_fast", "pytest_woox_fast"}


def pytest_configure(config: pytest.Config) -> None:
    """Warnings are errors, as pyproject.toml says, but not those that the code of other people raises by itself.

    A warning about our code names one of our modules, since Python names the caller's. Those of pytest and hypothesis
    are about our tests.
    """
    installed = {each.name for each in pkgutil.iter_modules() if each.module_finder.path.endswith("-packages")}
    others = "|".join(map(re.escape, sorted(installed - OURS)))
    config.addinivalue_line("filterwarnings", rf"default:::({others})(\.|$)")
    config.addinivalue_line("filterwarnings", "error::pytest.PytestWarning")
    config.addinivalue_line("filterwarnings", "error::hypothesis.errors.HypothesisWarning")
    if OBJECTS not in os.environ:  # the first process of a run; those that it starts inherit it
        os.environ[OBJECTS] = tempfile.mkdtemp(prefix="woox-fast-objects-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(OBJECTS), ignore_errors=True))


def pytest_collection_finish() -> None:
    """Keep the garbage collector from scanning what lives to the end: thousands of tests, and their modules."""
    if sys.implementation.name == "cpython":
        gc.collect()
        gc.freeze()


@pytest.fixture(scope="module", params=installed_backends(), ids="-".join)
def twin(request: pytest.FixtureRequest):
    """One backend's module, signing with one SHA-256 implementation."""
    backend, sha256 = request.param
    module: ModuleType = importlib.import_module(MODULES[backend])
    before = module.sha256_implementation
    module._choose_sha256(sha256)
    assert (module.backend, module.sha256_implementation) == (backend, sha256)
    yield module
    module._choose_sha256(before)


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """`explain`, and the sandbox's, give up after 0.1 s: for tests of what is said where nothing fits."""
    from woox_fast.sandbox.process import Explainer

    monkeypatch.setitem(woox_fast.explain.__kwdefaults__, "time_limit", 0.1)
    monkeypatch.setitem(Explainer.__init__.__kwdefaults__, "time_limit", 0.1)


@pytest.fixture(scope="session")
def woox_vectors() -> dict:
    return json.loads((VECTORS / "woox.json").read_text())


@pytest.fixture(scope="session")
def rfc4231_vectors() -> list[dict]:
    return json.loads((VECTORS / "rfc4231_hmac_sha256.json").read_text())["vectors"]
