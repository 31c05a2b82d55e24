"""The only door to the core: one of three twins, chosen once at import.

WOOX_FAST_BACKEND names a twin and WOOX_FAST_SHA256 one of its implementations of SHA-256. What is named and cannot be
had is an ImportError that says what can; nothing else is taken instead.
"""

from __future__ import annotations

from importlib import import_module
from os import environ

TYPE_CHECKING = False
if TYPE_CHECKING:  # the pure twin is the typed surface of all three
    from types import ModuleType

    from ._sign_py import Signer, backend, sha256_implementation, sign

# In the order in which `auto` takes them.
_MODULES = {"cython": "_sign", "cffi": "_sign_cffi", "python": "_sign_py"}
# What is compiled of each: the module itself, or the library under it.
_COMPILED = {"cython": "_sign", "cffi": "_sign_cffi_lib"}


def _load(policy: str) -> ModuleType:
    if policy == "auto":
        return _load_first()
    if policy not in _MODULES:
        raise ImportError(f"WOOX_FAST_BACKEND must be auto, {', '.join(_MODULES)}; got {policy!r}", name=__package__)
    try:
        return import_module(f"{__package__}.{_MODULES[policy]}")
    except ImportError as error:
        raise ImportError(
            f"WOOX_FAST_BACKEND={policy}, but this backend cannot be loaded: {error}; here it can be {_others(policy)}",
            name=__package__,
        ) from error


def _load_first() -> ModuleType:
    """The first twin that can be loaded. One that was not built is passed over in silence, a broken one is reported."""
    for name, compiled in _COMPILED.items():
        try:
            return import_module(f"{__package__}.{_MODULES[name]}")
        except ImportError as error:
            if not (isinstance(error, ModuleNotFoundError) and error.name == f"{__package__}.{compiled}"):
                _warn_broken(name, error)
    return import_module(f"{__package__}.{_MODULES['python']}")


def _others(policy: str) -> str:
    """The backends that are installed, other than `policy`."""
    from importlib.util import find_spec

    here = [name for name in _MODULES if name == "python" or find_spec(f"{__package__}.{_COMPILED[name]}")]
    return ", ".join(name for name in ["auto", *here] if name != policy)


def _warn_broken(name: str, error: ImportError) -> None:
    import warnings

    warnings.warn(
        f"woox_fast: the {name} backend is installed but broken, a slower one is used: {error}; reinstall woox-fast",
        RuntimeWarning,
        stacklevel=2,
    )


if not TYPE_CHECKING:
    _chosen = _load(environ.get("WOOX_FAST_BACKEND") or "auto")
    if environ.get("WOOX_FAST_SHA256"):
        _chosen._choose_sha256(environ["WOOX_FAST_SHA256"])
    Signer = _chosen.Signer
    sign = _chosen.sign
    backend = _chosen.backend
    sha256_implementation = _chosen.sha256_implementation

__all__ = ["Signer", "backend", "sha256_implementation", "sign"]
