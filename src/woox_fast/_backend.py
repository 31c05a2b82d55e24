"""Select a backend, once, at import.

WOOX_FAST_BACKEND names a backend, and WOOX_FAST_SHA256 names an implementation of SHA-256. An unavailable name raises
ImportError with a list of the available names. There is no silent fallback.
"""

from __future__ import annotations

from os import environ

TYPE_CHECKING = False
if TYPE_CHECKING:  # the pure backend is the typed surface of all three
    from types import ModuleType

    from ._sign_py import Signer, backend, sha256_implementation, sign


_BACKENDS = ("cython", "cffi", "python")  # in the order of preference
# The extension modules of the compiled backends.
_EXTENSIONS = {"cython": "woox_fast._sign", "cffi": "woox_fast._sign_cffi_lib"}


def _import(name: str) -> ModuleType:
    module: ModuleType
    # Static imports: PyInstaller and Nuitka do not find a module whose name is computed.
    if name == "cython":
        import woox_fast._sign as module  # type: ignore[import-not-found,import-untyped,no-redef,unused-ignore]
    elif name == "cffi":
        import woox_fast._sign_cffi as module

        # isort: split
        import _cffi_backend  # type: ignore[import-untyped]  # noqa: F401 (imported by C code)
    else:
        import woox_fast._sign_py as module
    return module


def _load(policy: str) -> ModuleType:
    if policy == "auto":
        return _load_preferred()
    if policy not in _BACKENDS:
        raise ImportError(f"WOOX_FAST_BACKEND must be auto, {', '.join(_BACKENDS)}; got {policy!r}", name=__package__)
    try:
        return _import(policy)
    except ImportError as error:
        raise ImportError(
            f"WOOX_FAST_BACKEND={policy}, but this backend cannot be loaded: {error}; "
            f"available here: {', '.join(_list_available(policy))}",
            name=__package__,
        ) from error


def _load_preferred() -> ModuleType:
    """Load the first backend that loads. Warn if a backend was built and does not load."""
    for name, extension in _EXTENSIONS.items():
        try:
            return _import(name)
        except ImportError as error:
            was_built = not (isinstance(error, ModuleNotFoundError) and error.name == extension)
            if was_built:
                _warn_unloadable(name, error)
    return _import("python")


def _list_available(policy: str) -> list[str]:
    """Return the settings of WOOX_FAST_BACKEND that can work here, without `policy`."""
    from importlib.util import find_spec

    built = [name for name, extension in _EXTENSIONS.items() if find_spec(extension)]
    return [name for name in ("auto", *built, "python") if name != policy]


def _warn_unloadable(name: str, error: ImportError) -> None:
    import sys
    import warnings

    is_frozen = getattr(sys, "frozen", False) or "__compiled__" in globals()  # PyInstaller and others; Nuitka
    if "interpreter" in str(error):
        problem = "cannot be loaded in this interpreter"
        remedy = "import woox_fast in the main interpreter only, or set WOOX_FAST_BACKEND=python"
    elif is_frozen:
        problem, remedy = "cannot be loaded in this frozen program", "tell your freezer to include that module"
    elif error.name == "_cffi_backend":
        problem, remedy = "needs cffi, which is not installed", "run: pip install cffi"
    else:
        problem, remedy = "is installed but broken", "reinstall woox-fast"
    words = f"woox_fast: the {name} backend {problem}, a slower one is used: {error}; {remedy}"
    warnings.warn(words, RuntimeWarning, stacklevel=2)


if not TYPE_CHECKING:
    _chosen = _load(environ.get("WOOX_FAST_BACKEND") or "auto")
    if environ.get("WOOX_FAST_SHA256"):
        _chosen._choose_sha256(environ["WOOX_FAST_SHA256"])
    Signer = _chosen.Signer
    sign = _chosen.sign
    backend = _chosen.backend
    sha256_implementation = _chosen.sha256_implementation

__all__ = ["Signer", "backend", "sha256_implementation", "sign"]
