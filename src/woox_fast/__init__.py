"""The fastest way to sign a WOO X request from Python, and to get the signed bytes to the wire unchanged."""

from __future__ import annotations

from ._backend import Signer, backend, sha256_implementation, sign

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType

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


def __getattr__(name: str) -> object:
    """Import a name at its first use: signing does not need it, and its import costs milliseconds."""
    module: ModuleType
    # Static imports, so that PyInstaller and Nuitka find the modules.
    if name in ("explain", "Explanation"):
        from . import _explain as module
    elif name in ("PRODUCTION_URL", "STAGING_URL"):
        from . import _urls as module
    elif name == "SignedRequest":
        from . import _prepare as module
    elif name == "adapters":
        from importlib import import_module

        return import_module(f"{__name__}.{name}")  # computed: a frozen program that only signs needs no HTTP client
    else:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(module, name)
