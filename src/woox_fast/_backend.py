"""The only door to the core: one of three twins, chosen once at import by WOOX_FAST_BACKEND."""

from __future__ import annotations

from importlib import import_module
from os import environ

TYPE_CHECKING = False
if TYPE_CHECKING:  # the pure twin is the typed surface of all three
    from ._sign_py import Signer, backend, sha256_implementation, sign

# In the order in which `auto` takes them.
_MODULES = {"cython": "_sign", "cffi": "_sign_cffi", "python": "_sign_py"}


def _load(policy: str) -> object:
    if policy != "auto":
        if policy not in _MODULES:
            raise ImportError(f"WOOX_FAST_BACKEND must be auto, {', '.join(_MODULES)}; got {policy!r}", name=__package__)
        try:
            return import_module(f"{__package__}.{_MODULES[policy]}")
        except ImportError as error:
            message = f"WOOX_FAST_BACKEND={policy}, but this backend cannot be loaded: {error}"
            raise ImportError(message, name=__package__) from error
    for name, module in _MODULES.items():
        full_name = f"{__package__}.{module}"
        try:
            return import_module(full_name)
        except ImportError as error:
            if name == "python":
                raise
            # Else it is merely not built: the Cython twin itself, or the library under the cffi twin.
            if not (isinstance(error, ModuleNotFoundError) and error.name in (full_name, f"{full_name}_lib")):
                _warn_broken(name, error)
    raise ImportError("no woox_fast backend can be loaded; reinstall woox-fast")


def _warn_broken(name: str, error: ImportError) -> None:
    import warnings

    warnings.warn(
        f"woox_fast: the {name} backend is installed but broken, a slower one is used: {error}; reinstall woox-fast",
        RuntimeWarning,
        stacklevel=2,
    )


if not TYPE_CHECKING:
    _chosen = _load(environ.get("WOOX_FAST_BACKEND") or "auto")
    Signer = _chosen.Signer
    sign = _chosen.sign
    backend = _chosen.backend
    sha256_implementation = _chosen.sha256_implementation

__all__ = ["Signer", "backend", "sha256_implementation", "sign"]
