"""mypy's stubtest: the compiled twins have the public surface of the pure one, which is the typed one.

    python tools/drift.py

Each public method, property and function of `_sign_py`, with its parameters' names, kinds and defaults, is written into
a stub of `_sign` and of `_sign_cffi`, as far as these are built. As a control the stub is then made wrong in several
places, and each must be found.
"""

from __future__ import annotations

import ast
import os
import shutil
import subprocess
import sys
import tempfile
from importlib.util import find_spec
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "src" / "woox_fast"
COMPILED = {"_sign": "_sign", "_sign_cffi": "_sign_cffi_lib"}  # a twin, and what is compiled of it
ALLOWED = r"""
woox_fast\._sign\.__(pyx_capi|test)__  # Cython's own
woox_fast\._sign_cffi\.Signer\.__del__  # what __dealloc__ does in the other
"""
# What is changed in the stub, each in another place, and what must then be reported of it.
DRIFTS = {
    "Signer.sign": ("def sign(self, timestamp: Timestamp, method", "def sign(self, timestamp: Timestamp, verb"),
    "Signer.sign_many": ("requests: Iterable[Request]", "requests: Iterable[Request], threads: int"),
    "Signer.hexdigest": ("message: str | Buffer", "message: str | Buffer=b''"),
    "Signer.headers": ("*, timestamp: Timestamp | None=None) -> dict", "timestamp: Timestamp | None=None) -> dict"),
    "Signer.encode_request": ("host: str='api.woox.io'", "host: str='api.example'"),
    "Signer.__new__": ("*, clock_offset_ms: int=0", "*, offset_ms: int=0"),
    "Signer.api_key": ("@property\n    def api_key", "def api_key"),
    "Signer.digest": ("    def verify", "    def digest(self) -> bytes: ...\n    def verify"),
    "sign": ("def sign(api_secret", "def sign(secret"),
}  # fmt: skip


def without_bodies(statements: list[ast.stmt]) -> list[ast.FunctionDef]:
    functions = [node for node in statements if isinstance(node, ast.FunctionDef)]
    functions = [node for node in functions if node.name == "__new__" or not node.name.startswith("_")]
    for node in functions:
        node.body = [ast.Expr(ast.Constant(...))]
    return functions


def stub() -> str:
    """What is public of the pure twin, with what its class inherits."""
    pure, base = (ast.parse((PACKAGE / f"{name}.py").read_text("utf-8")).body for name in ("_sign_py", "_sign_base"))
    own, inherited = (
        without_bodies(next(node.body for node in body if isinstance(node, ast.ClassDef))) for body in (pure, base)
    )
    members = own + [node for node in inherited if node.name not in {node.name for node in own}]
    imports = [node for node in ast.walk(ast.Module(base, [])) if isinstance(node, ast.Import | ast.ImportFrom)]
    return "\n".join(
        [
            *map(ast.unparse, imports),
            "from typing import final",
            "from woox_fast._sign_base import Body, Buffer, Request, Timestamp",
            *("backend: str", "sha256_implementation: str", "@final", "class Signer:"),
            *(f"    {line}" for node in members for line in ast.unparse(node).splitlines()),
            *map(ast.unparse, without_bodies(pure)),
        ]
    )


def differences(text: str, twins: list[str]) -> list[str]:
    """What stubtest says of `twins`, if `text` is the stub of each."""
    with tempfile.TemporaryDirectory() as folder:
        stubs = Path(folder) / "stubs"
        ignored = shutil.ignore_patterns("*.so", "*.pyd", "__pycache__", *(f"{twin}.py" for twin in twins))
        shutil.copytree(PACKAGE, stubs / "woox_fast", ignore=ignored)
        for twin in twins:
            (stubs / "woox_fast" / f"{twin}.pyi").write_text(text, "utf-8")
        (stubs / "allowed").write_text(ALLOWED)
        command = [sys.executable, "-m", "mypy.stubtest", "--concise", "--ignore-unused-allowlist"]
        command += ["--allowlist", str(stubs / "allowed"), *(f"woox_fast.{twin}" for twin in twins)]
        environment = {**os.environ, "MYPYPATH": str(stubs)}
        done = subprocess.run(command, env=environment, cwd=folder, capture_output=True, text=True, check=False)
    assert not done.stderr, done.stderr
    assert "build error" not in done.stdout, done.stdout
    assert (done.returncode == 0) == (not done.stdout), done.stdout
    return done.stdout.splitlines()


def main() -> int:
    twins = [twin for twin, compiled in COMPILED.items() if find_spec(f"woox_fast.{compiled}")]
    if not twins:
        print("nothing is compiled that could drift from _sign_py")
        return 0
    text = stub()
    if found := differences(text, twins):
        print("\n".join(found))
        return 1
    for old, new in DRIFTS.values():
        assert text.count(old) == 1, f"the stub has {old!r} {text.count(old)} times"
        text = text.replace(old, new)
    found = differences(text, twins)
    missed = [f"{twin}.{at}" for twin in twins for at in DRIFTS if not any(f"{twin}.{at} " in line for line in found)]
    assert not missed, f"stubtest did not find what was made wrong: {missed}"
    print(f"{' and '.join(twins)}: no drift from _sign_py; {len(DRIFTS)} that were made in each were all found")
    return 0


if __name__ == "__main__":
    sys.exit(main())
