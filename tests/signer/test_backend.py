"""Which backend and which SHA-256 are taken, and the error when they cannot be had."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
import warnings
from pathlib import Path

import pytest
from helpers.interpreter import PUBLISHED, SHOW, SIGN, run, sha256_names
from helpers.oracle import NOW, SECRET, oracle
from helpers.twins import BUILT, DEFAULT, MODULES

import woox_fast
from woox_fast import _backend


def pure_copy(folder: Path) -> Path:
    """The package without any compiled file."""
    source = Path(woox_fast.__file__).parent
    shutil.copytree(source, folder / "woox_fast", ignore=shutil.ignore_patterns("*.so", "*.pyd", "__pycache__"))
    return folder


def test_the_compiled_backend_is_the_default_where_it_was_built():
    if os.environ.get("WOOX_FAST_REQUIRE_EXTENSION") == "1":
        due = "cffi" if sys.implementation.name == "pypy" else "cython"
        assert due in BUILT, f"WOOX_FAST_REQUIRE_EXTENSION=1, but the {due} twin was not built"
        assert "cffi" in BUILT or os.environ.get("WOOX_FAST_CFFI") != "1", "WOOX_FAST_CFFI=1, but it was not built"
    result = run(SHOW + SIGN)
    expected = f"{DEFAULT} {sha256_names()[0]}" if BUILT else "python hashlib"
    assert result.stdout.splitlines() == [expected, PUBLISHED], result.stderr
    assert result.stderr == ""


def test_the_fastest_sha256_is_the_default():
    if BUILT:
        flags = Path("/proc/cpuinfo").read_text() if Path("/proc/cpuinfo").exists() else ""
        assert ("sha-ni" in sha256_names()) == (" sha_ni" in flags)
        assert ("sha-ni+avx512" in sha256_names()) == all(flag in flags for flag in (" sha_ni", " avx512f", " avx512bw"))
        assert sha256_names()[-1] == "portable"


@pytest.mark.parametrize("policy", ["", "auto", *MODULES])
def test_backend_by_name(policy):
    result = run(SHOW + SIGN, WOOX_FAST_BACKEND=policy)
    if policy in MODULES and policy not in ("python", *BUILT):
        assert f"WOOX_FAST_BACKEND={policy}, but this backend cannot be loaded: " in result.stderr
        assert result.stderr.rstrip().endswith(f"; here it can be {', '.join(['auto', *BUILT, 'python'])}")
        return
    assert result.stdout.split()[0] == {"": DEFAULT, "auto": DEFAULT}.get(policy, policy)
    assert result.stdout.split()[2] == PUBLISHED


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (ModuleNotFoundError("not built", name="woox_fast._sign"), False),
        (ModuleNotFoundError("no module named x", name="x"), True),
        (ImportError("undefined symbol", name="woox_fast._sign"), True),
    ],
    ids=["not built", "a module is missing", "broken"],
)
def test_what_is_broken_is_told_and_what_was_not_built_is_not(error, told, monkeypatch):
    def load(name):
        if name == "woox_fast._sign":
            raise error
        if name == "woox_fast._sign_cffi":
            raise ModuleNotFoundError("not built", name="woox_fast._sign_cffi_lib")
        return name

    monkeypatch.setattr(_backend, "import_module", load)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        assert _backend._load("auto") == "woox_fast._sign_py"
    words = f"woox_fast: the cython backend is installed but broken, a slower one is used: {error}; reinstall woox-fast"
    assert [(one.category, str(one.message)) for one in caught] == [(RuntimeWarning, words)] * told


def test_unknown_backend():
    result = run(SHOW, WOOX_FAST_BACKEND="rust")
    assert result.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND must be auto, cython, cffi, python; got 'rust'" in result.stderr


def test_every_sha256_by_name():
    for backend in BUILT:
        for name in sha256_names():
            result = run(SHOW + SIGN, WOOX_FAST_SHA256=name, WOOX_FAST_BACKEND=backend)
            assert result.stdout.splitlines() == [f"{backend} {name}", PUBLISHED]


@pytest.mark.parametrize(
    "name", ["md5", "armv8", "sha-ni+avx512", "sha-ni", "portable", "hashlib", "SHA-NI", "sha-ni ", "\udcff"]
)
@pytest.mark.parametrize("backend", ["", "auto", *MODULES])
def test_a_sha256_that_was_named_is_taken_or_refused(backend, name):
    """Never another one, whether or not a backend is named too; the refusal names those that can be had."""
    if backend in MODULES and backend not in ("python", *BUILT):
        return
    taken = DEFAULT if backend in ("", "auto") else backend
    names = importlib.import_module(MODULES[taken])._sha256_names()
    result = run(SHOW, WOOX_FAST_SHA256=name, WOOX_FAST_BACKEND=backend)
    if name in names:
        assert (result.stdout.split(), result.stderr) == ([taken, name], "")
        return
    assert (result.returncode, result.stdout) == (1, "")
    shown = name.encode("ascii", "backslashreplace").decode()  # as standard error shows it
    assert result.stderr.splitlines()[-1] == (
        f"ImportError: WOOX_FAST_SHA256={shown} cannot be had: the {taken} backend has {', '.join(names)} "
        "on this processor; choose one of these, or leave it unset for the fastest"
    )
    assert "RuntimeWarning" not in result.stderr


def test_without_extension_the_pure_twin_is_taken_in_silence(tmp_path):
    result = run(SHOW + SIGN, pure_copy(tmp_path))
    assert result.stdout.splitlines() == ["python hashlib", PUBLISHED]
    assert result.stderr == ""
    missing = run(SHOW, tmp_path, WOOX_FAST_BACKEND="cython")
    assert missing.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND=cython, but this backend cannot be loaded" in missing.stderr
    assert missing.stderr.endswith("; here it can be auto, python\n")
    named = run(SHOW, tmp_path, WOOX_FAST_SHA256="portable")
    assert named.returncode == 1
    assert "WOOX_FAST_SHA256=portable cannot be had: the python backend has hashlib on this" in named.stderr


@pytest.mark.parametrize("broken", ["raise ImportError('undefined symbol: x')", "import nothing_of_this_name"])
def test_a_broken_extension_is_reported(tmp_path, broken):
    (pure_copy(tmp_path) / "woox_fast" / "_sign.py").write_text(broken)
    result = run(SHOW + SIGN, tmp_path)
    assert result.stdout.splitlines() == ["python hashlib", PUBLISHED]
    assert "RuntimeWarning: woox_fast: the cython backend is installed but broken" in result.stderr
    named = run(SHOW, tmp_path, WOOX_FAST_BACKEND="cython")
    assert named.returncode == 1
    assert "ImportError: WOOX_FAST_BACKEND=cython" in named.stderr


def test_import_is_light():
    code = "import sys; before = set(sys.modules); import woox_fast; print(*sorted(set(sys.modules) - before))"
    loaded = set(run(code).stdout.split())
    assert "woox_fast" in loaded
    assert not loaded & {"requests", "httpx", "aiohttp", "ccxt", "asyncio", "ssl", "json", "urllib.parse"}


def test_public_names():
    for name in woox_fast.__all__:
        assert getattr(woox_fast, name) is not None
    assert re.fullmatch(r"\d+\.\d+\.\d+", woox_fast.__version__)
    assert woox_fast.sign(SECRET, NOW, "GET", "/") == oracle(b"%dGET/" % NOW)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        woox_fast.nothing  # noqa: B018


@pytest.mark.parametrize("name", ["REQUIRE_EXTENSION", "NO_EXTENSION", "CFFI"])
def test_a_build_option_is_1_or_0(name):
    command = [sys.executable, "setup.py", "--version"]
    own = {key: value for key, value in os.environ.items() if not key.startswith("WOOX_FAST_")}
    folder = Path(__file__).parents[2]
    done = subprocess.run(command, cwd=folder, env=own | {f"WOOX_FAST_{name}": "yes"}, capture_output=True, text=True)
    assert done.returncode != 0
    assert f"WOOX_FAST_{name} must be 1 or 0, or unset; got 'yes'" in done.stderr
