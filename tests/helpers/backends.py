"""The backends under test: all built backends, with all SHA-256 implementations for this processor."""

from __future__ import annotations

import importlib
from importlib.util import find_spec

# Backend -> module. The pure backend is the specification and always available.
MODULES = {"python": "woox_fast._sign_py", "cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi"}

# Compiled backends, in the order of preference.
_COMPILED = {"cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi_lib"}
BUILT = [backend for backend, module in _COMPILED.items() if find_spec(module)]
DEFAULT = [*BUILT, "python"][0]


def installed_backends() -> list[tuple[str, str]]:
    """Return (backend, SHA-256 implementation) for every pair that this processor can use."""
    found = []
    for backend, name in MODULES.items():
        if backend == "python" or backend in BUILT:
            module = importlib.import_module(name)
            found += [(backend, sha256) for sha256 in module._sha256_names()]
    return found
