"""The choice of backend and SHA-256 implementation, also in frozen programs."""

from __future__ import annotations

import importlib
import modulefinder
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from helpers.backends import BUILT, DEFAULT, MODULES, installed_backends
from helpers.interpreter import PUBLISHED, SHOW, SIGN, run, sha256_names
from helpers.oracle import NOW, SECRET, oracle

import woox_fast
from woox_fast import _backend, _sign_py


def pure_copy(folder: Path) -> Path:
    """Copy the package without its compiled files."""
    source = Path(woox_fast.__file__).parent
    shutil.copytree(source, folder / "woox_fast", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return folder


def test_compiled_backend_is_the_default():
    if os.environ.get("WOOX_FAST_REQUIRE_EXTENSION") == "1":
        due = "cffi" if sys.implementation.name == "pypy" else "cython"
        assert due in BUILT, f"WOOX_FAST_REQUIRE_EXTENSION=1, but the {due} backend was not built"
        assert "cffi" in BUILT or os.environ.get("WOOX_FAST_CFFI") != "1", "WOOX_FAST_CFFI=1, but it was not built"
    result = run(SHOW + SIGN)
    expected = f"{DEFAULT} {sha256_names()[0]}" if BUILT else "python hashlib"
    assert (result.stdout.splitlines(), result.stderr) == ([expected, PUBLISHED], "")


@pytest.mark.skipif(not (BUILT and Path("/proc/cpuinfo").exists()), reason="no list of the processor's features")
def test_fastest_sha256_is_the_default():
    flags = Path("/proc/cpuinfo").read_text()
    assert ("sha-ni" in sha256_names()) == (" sha_ni" in flags)
    assert ("sha-ni+avx512" in sha256_names()) == all(flag in flags for flag in (" sha_ni", " avx512f", " avx512bw"))
    assert sha256_names()[-1] == "portable"


@pytest.mark.parametrize("policy", ["", "auto", *MODULES])
def test_named_backend_is_used(policy):
    result = run(SHOW + SIGN, WOOX_FAST_BACKEND=policy)
    if policy in MODULES and policy not in ("python", *BUILT):
        assert f"WOOX_FAST_BACKEND={policy}, but this backend cannot be loaded: " in result.stderr
        assert result.stderr.rstrip().endswith(f"; available here: {', '.join(['auto', *BUILT, 'python'])}")
        return
    assert result.stdout.split()[0] == {"": DEFAULT, "auto": DEFAULT}.get(policy, policy)
    assert result.stdout.split()[2] == PUBLISHED


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (ModuleNotFoundError("not built", name="woox_fast._sign"), ""),
        (ModuleNotFoundError("no module x", name="x"), "is installed but broken{}no module x; reinstall woox-fast"),
        (ImportError("undefined", name="woox_fast._sign"), "is installed but broken{}undefined; reinstall woox-fast"),
        (
            ModuleNotFoundError("cffi", name="_cffi_backend"),
            "needs cffi, which is not installed{}cffi; run: pip install cffi",
        ),
    ],
    ids=["not built", "a module is missing", "broken", "no cffi"],
)
def test_only_broken_backend_is_reported(error, words, monkeypatch):
    def fail(name):
        if name == "python":
            return _sign_py
        raise error if name == "cython" else ModuleNotFoundError("not built", name="woox_fast._sign_cffi_lib")

    monkeypatch.setattr(_backend, "_import", fail)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert _backend._load("auto").backend == "python"
    words = words and "woox_fast: the cython backend " + words.format(", a slower one is used: ")
    assert [(each.category, str(each.message)) for each in caught] == [(RuntimeWarning, words)] * bool(words)


def test_unknown_backend_raises():
    result = run(SHOW, WOOX_FAST_BACKEND="rust")
    assert result.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND must be auto, cython, cffi, python; got 'rust'" in result.stderr


@pytest.mark.parametrize(("backend", "name"), installed_backends())
def test_named_sha256_is_used(backend, name):
    result = run(SHOW + SIGN, WOOX_FAST_SHA256=name, WOOX_FAST_BACKEND=backend)
    assert (result.stdout.split(), result.stderr) == ([backend, name, PUBLISHED], "")


@pytest.mark.parametrize(
    ("backend", "name"),
    [("auto", "md5"), ("auto", "\udcff"), ("python", "portable"), *((each, "hashlib") for each in BUILT)],
)
def test_unknown_sha256_raises(backend, name):
    """No different implementation is used. The error lists the available implementations."""
    used = DEFAULT if backend == "auto" else backend
    names = importlib.import_module(MODULES[used])._sha256_names()
    result = run(SHOW + SIGN, WOOX_FAST_SHA256=name, WOOX_FAST_BACKEND=backend)
    assert (result.returncode, result.stdout) == (1, "")
    shown = name.encode("ascii", "backslashreplace").decode()  # as standard error shows it
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: WOOX_FAST_SHA256={shown} is unavailable: the {used} backend has {', '.join(names)} "
        "on this processor; choose one of these, or leave it unset for the fastest"
    )
    assert "RuntimeWarning" not in result.stderr


def test_unbuilt_extension_is_silent(tmp_path):
    result = run(SHOW + SIGN, pure_copy(tmp_path))
    assert (result.stdout.splitlines(), result.stderr) == (["python hashlib", PUBLISHED], "")
    missing = run(SHOW, tmp_path, WOOX_FAST_BACKEND="cython")
    assert missing.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND=cython, but this backend cannot be loaded" in missing.stderr
    assert missing.stderr.endswith("; available here: auto, python\n")


@pytest.mark.parametrize(
    ("frozen", "source", "words"),
    [
        (
            "",
            "import no_such",
            "installed but broken, a slower one is used: No module named 'no_such'; reinstall woox-fast",
        ),
        (
            "import sys; sys.frozen = True; ",
            "raise ImportError('undefined symbol: x')",
            "cannot be loaded in this frozen program, a slower one is used: undefined symbol: x; "
            "tell your freezer to include that",
        ),
    ],
)
def test_broken_extension_is_reported(tmp_path, frozen, source, words):
    (pure_copy(tmp_path) / "woox_fast" / "_sign.py").write_text(source)
    result = run(frozen + SHOW + SIGN, tmp_path)
    assert result.stdout.splitlines() == ["python hashlib", PUBLISHED]
    assert "RuntimeWarning: woox_fast: the cython backend " in result.stderr
    assert words in result.stderr
    named = run(frozen + SHOW, tmp_path, WOOX_FAST_BACKEND="cython")
    assert named.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND=cython" in named.stderr


def test_freezers_find_every_module(tmp_path):
    """The standard library's module finder follows static imports only, as PyInstaller and Nuitka do."""
    program = tmp_path / "program.py"
    program.write_text("import woox_fast\n")
    finder = modulefinder.ModuleFinder([str(Path(woox_fast.__file__).parents[1])])
    finder.run_script(str(program))
    needed = {"_checks", "_encoding", "_explain", "_http", "_prepare", "_sign_base", "_sign_cffi", "_sign_py", "_urls"}
    needed |= {"_sign"} if "cython" in BUILT else set()
    needed |= {"_sign_cffi_lib"} if "cffi" in BUILT else set()
    assert {f"woox_fast.{name}" for name in needed} <= set(finder.modules)
    assert not any(name.startswith("woox_fast.adapters") for name in finder.modules)


def test_import_is_light():
    code = "import sys; before = set(sys.modules); import woox_fast; print(*sorted(set(sys.modules) - before))"
    loaded = set(run(code).stdout.split())
    assert "woox_fast" in loaded
    if "typing" in loaded:  # typing, which only the pure backend needs, imports re before 3.13
        loaded.discard("re")
    assert not loaded & {"requests", "httpx", "aiohttp", "ccxt", "asyncio", "ssl", "json", "re", "urllib.parse"}


def test_public_names_exist():
    for name in woox_fast.__all__:
        assert getattr(woox_fast, name) is not None
    assert woox_fast.adapters.requests.session is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", woox_fast.__version__)
    assert woox_fast.sign(SECRET, NOW, "GET", "/") == oracle(b"%dGET/" % NOW)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        woox_fast.nothing  # noqa: B018


@pytest.mark.parametrize("name", ["REQUIRE_EXTENSION", "NO_EXTENSION", "CFFI"])
def test_invalid_build_option_fails(name):
    command = [sys.executable, "setup.py", "--version"]
    own = {key: value for key, value in os.environ.items() if not key.startswith("WOOX_FAST_")}
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=folder, env=own | {f"WOOX_FAST_{name}": "yes"}, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"WOOX_FAST_{name} must be 1 or 0, or unset; got 'yes'" in done.stderr
