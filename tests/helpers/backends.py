"""The twins under test: every backend that is built here, with every SHA-256 that this processor has."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

# Backend -> module; the pure twin is the specification, and is always there.
MODULES = {"python": "woox_fast._sign_py", "cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi"}

# What was compiled, in the order in which `auto` takes it.
_COMPILED = {"cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi_lib"}
BUILT = [backend for backend, module in _COMPILED.items() if find_spec(module)]
DEFAULT = [*BUILT, "python"][0]


def installed_backends() -> list[tuple[str, str]]:
    """Every built backend with each SHA-256 implementation that it can use on this processor."""
    found = []
    for backend, name in MODULES.items():
        if backend == "python" or backend in BUILT:
            module = importlib.import_module(name)
            found += [(backend, sha256) for sha256 in module._sha256_names()]
    return found
