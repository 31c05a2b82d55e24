"""The fastest way to sign a WOO X request from Python, and to get the signed bytes to the wire unchanged."""

from __future__ import annotations

from ._backend import Signer, backend, sha256_implementation, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._explain import Explanation, explain
    from ._prepare import SignedRequest
    from ._urls import PRODUCTION_URL, STAGING_URL

__version__ = "0.1.0"

__all__ = [
    "PRODUCTION_URL",
    "STAGING_URL",
    "Explanation",
    "SignedRequest",
    "Signer",
    "__version__",
    "backend",
    "explain",
    "sha256_implementation",
    "sign",
]

# Imported when first asked for: signing itself needs none of them, and they would cost the import milliseconds.
_LAZY = {
    "explain": "_explain",
    "Explanation": "_explain",
    "PRODUCTION_URL": "_urls",
    "STAGING_URL": "_urls",
    "SignedRequest": "_prepare",
    "adapters": "adapters",
}


def __getattr__(name: str) -> object:
    if name not in _LAZY:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    module = import_module(f"{__name__}.{_LAZY[name]}")
    return module if name == _LAZY[name] else getattr(module, name)
