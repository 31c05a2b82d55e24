"""Fixtures for all tests: the backends and the published vectors. Warnings about our code fail a test."""

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
from collections.abc import Generator
from pathlib import Path
from types import ModuleType

import hypothesis
import pytest
from helpers.backends import MODULES, installed_backends
from helpers.core_build import OBJECTS

import woox_fast

# No deadline: a test must not fail on a busy machine.
hypothesis.settings.register_profile("patient", deadline=None)
hypothesis.settings.load_profile("patient")

# A shell ignores SIGINT in its background jobs, and child processes inherit that. A handler in Python resets SIGINT to
# the system's default in every program that a test starts.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

VECTORS = Path(__file__).parent / "vectors"
OUR_MODULES = {"woox_fast", "pytest_woox_fast"}


def pytest_configure(config: pytest.Config) -> None:
    """Except warnings caused by third-party packages from "warnings are errors" in pyproject.toml.

    Python attributes a warning to the calling module, so a warning about our code has the name of our module. Warnings
    by pytest and hypothesis concern our tests and stay errors.
    """
    installed = {each.name for each in pkgutil.iter_modules() if each.module_finder.path.endswith("-packages")}
    others = "|".join(map(re.escape, sorted(installed - OUR_MODULES)))
    config.addinivalue_line("filterwarnings", rf"default:::({others})(\.|$)")
    config.addinivalue_line("filterwarnings", "error::pytest.PytestWarning")
    config.addinivalue_line("filterwarnings", "error::hypothesis.errors.HypothesisWarning")
    # mutmut stores this value in its own process too. A child process that inherited it could not start.
    if os.environ.get("MUTANT_UNDER_TEST") == "stats":
        del os.environ["MUTANT_UNDER_TEST"]
    if OBJECTS not in os.environ:  # the first process of a run creates the folder, its workers share it
        os.environ[OBJECTS] = tempfile.mkdtemp(prefix="woox-fast-objects-")
        config.add_cleanup(lambda: shutil.rmtree(os.environ.pop(OBJECTS), ignore_errors=True))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Pause garbage collection, and exempt the collected tests and modules, which live to the end."""
    gc.disable()
    try:
        return (yield)
    finally:
        if sys.implementation.name == "cpython":
            gc.freeze()
        gc.enable()


@pytest.fixture(scope="module", params=installed_backends(), ids="-".join)
def implementation(request: pytest.FixtureRequest):
    """Yield a backend's module with one of its SHA-256 implementations selected."""
    backend, sha256 = request.param
    module: ModuleType = importlib.import_module(MODULES[backend])
    before = module.sha256_implementation
    module._choose_sha256(sha256)
    assert (module.backend, module.sha256_implementation) == (backend, sha256)
    yield module
    module._choose_sha256(before)


@pytest.fixture
def short_search(monkeypatch: pytest.MonkeyPatch) -> None:
    """Limit `explain` to 0.1 s, here and in the sandbox, for tests of requests without an explanation."""
    from woox_fast.sandbox.explain_worker import ExplainWorker

    monkeypatch.setitem(woox_fast.explain.__kwdefaults__, "time_limit", 0.1)
    monkeypatch.setitem(ExplainWorker.__init__.__kwdefaults__, "time_limit", 0.1)


@pytest.fixture(scope="session")
def woox_vectors() -> dict:
    return json.loads((VECTORS / "woox.json").read_text())


@pytest.fixture(scope="session")
def rfc4231_vectors() -> list[dict]:
    return json.loads((VECTORS / "rfc4231_hmac_sha256.json").read_text())["vectors"]
