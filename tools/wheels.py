"""Check the wheels: reproducible bytes, contents, oldest Linux, tests, speed of the compiled backends. Print the number
of wheels that cibuildwheel would build per system.

    python tools/wheels.py

Needs a C compiler, auditwheel, cibuildwheel, and pip's access to setuptools and Cython.
"""

from __future__ import annotations

import hashlib
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

REPOSITORY = Path(__file__).parent.parent
# The environment of the published wheels: see [tool.cibuildwheel] in pyproject.toml.
PUBLISHED = {"CFLAGS": "-g0", "LDFLAGS": "-Wl,--strip-all", "WOOX_FAST_REQUIRE_EXTENSION": "1"}
MAX_SIZE = 200 * 1024
TESTS = ("signatures", "errors", "signer", "threads")
CPYTHONS = ("cp310", "cp311", "cp312", "cp313", "cp314", "cp314t", "cp315", "cp315t")
PLATFORMS = {
    "linux": [f"{libc}linux_{arch}" for libc in ("many", "musl") for arch in ("x86_64", "aarch64")],
    "macos": ["macosx_x86_64", "macosx_arm64"],
    "windows": ["win_amd64"],
}


# The cffi backend is 80 times slower than the Cython backend at -O0, and 10 to 15 times slower at -O3.
MAX_CFFI_RATIO = 30
TIME_BOTH = """
import timeit
from woox_fast import _sign, _sign_cffi
def nanoseconds(module):
    sign = module.Signer("key", "secret").sign
    call = lambda: sign(1578565539808, "POST", "/v3/trade/order", b"b" * 136)
    return min(timeit.repeat(call, number=1000, repeat=30)) * 1e6
print(nanoseconds(_sign), nanoseconds(_sign_cffi))
"""


def run(*command: str | Path, cwd: Path = REPOSITORY, **environment: str) -> str:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("WOOX_FAST_")}
    done = subprocess.run(
        list(map(str, command)), cwd=cwd, env={**kept, **environment}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, f"{' '.join(map(str, command))}\n{done.stdout[-3000:]}{done.stderr[-3000:]}"
    return done.stdout


def build(folder: Path, **environment: str) -> Path:
    """Build the wheel of the last commit in its own folder."""
    source = folder / "source"
    source.mkdir(parents=True)
    run("git", "archive", "-o", folder / "source.tar", "HEAD")
    run("tar", "-xf", folder / "source.tar", "-C", source)
    time = run("git", "log", "-1", "--format=%ct").strip()
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "-w", folder, source]
    run(*command, SOURCE_DATE_EPOCH=time, **environment)
    (wheel,) = folder.glob("*.whl")
    return wheel


def check_contents(wheel: Path, compiled: int) -> str:
    with zipfile.ZipFile(wheel) as archive:
        sizes = {info.filename: info.file_size for info in archive.infolist()}
    libraries = [name for name in sizes if name.endswith((".so", ".pyd"))]
    assert len(libraries) == compiled, libraries
    assert {"woox_fast/py.typed", "woox_fast/_sign.pxd"} <= set(sizes), sorted(sizes)
    strangers = [name for name in sizes if re.search(r"\.(c|h|pyx|pxi|o)$|^(tests|bench|examples)/", name)]
    assert not strangers, strangers
    assert all(sizes[name] < MAX_SIZE for name in libraries), sizes
    return ", ".join(f"{Path(name).name} of {sizes[name] / 1024:.0f} KiB" for name in libraries) or "nothing compiled"


def check_planned() -> str:
    """Check that cibuildwheel would build all of CPYTHONS for all PLATFORMS, and PyPy for some."""
    counts = {}
    for name, platforms in PLATFORMS.items():
        shown = run(sys.executable, "-m", "cibuildwheel", "--print-build-identifiers", "--platform", name).split()
        wanted = {f"{python}-{platform}" for python in CPYTHONS for platform in platforms}
        others = set(shown) - wanted
        assert wanted <= set(shown), f"cibuildwheel would not build {sorted(wanted - set(shown))}"
        assert others, f"cibuildwheel would build nothing for PyPy on {name}"
        assert others <= {f"pp311-{platform}" for platform in platforms}, f"cibuildwheel would build {sorted(others)}"
        counts[name] = len(shown)
    return ", ".join(f"{count} for {name}" for name, count in counts.items())


def check_cffi(folder: Path) -> str:
    """Build the wheel with both compiled backends and compare their speeds."""
    wheel = build(folder / "cffi", **PUBLISHED, WOOX_FAST_CFFI="1")
    contents = check_contents(wheel, 2)
    python = folder / "cffi-venv" / "bin" / "python"
    run(sys.executable, "-m", "venv", folder / "cffi-venv")
    run(python, "-m", "pip", "install", "-q", wheel, "cffi")
    cython_ns, cffi_ns = map(float, run(python, "-c", TIME_BOTH, cwd=folder).split())
    assert cffi_ns < MAX_CFFI_RATIO * cython_ns, f"cffi {cffi_ns:.0f} ns, Cython {cython_ns:.0f} ns: compiled with -O0?"
    return f"{contents}; a signature costs {cffi_ns:.0f} ns with cffi, {cython_ns:.0f} ns with Cython"


def main() -> None:
    print(f"cibuildwheel would build {check_planned()}; it was not run")
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        one, two = (build(folder / name, **PUBLISHED) for name in ("one", "two, elsewhere"))
        digests = [hashlib.sha256(wheel.read_bytes()).hexdigest() for wheel in (one, two)]
        assert digests[0] == digests[1], "two builds of one commit differ"
        print(f"{one.name}: {one.stat().st_size / 1024:.0f} KiB, {check_contents(one, 1)}; built twice, same bytes")

        shown = " ".join(run(sys.executable, "-m", "auditwheel", "show", one).split())
        tags = re.findall(r'platform tag: "([^"]+)"', shown)
        assert tags, shown
        print(f"auditwheel: {tags[0]}")

        pure = build(folder / "pure", WOOX_FAST_NO_EXTENSION="1")
        assert pure.name.endswith("-py3-none-any.whl"), pure.name
        print(f"{pure.name}: {pure.stat().st_size / 1024:.0f} KiB, {check_contents(pure, 0)}")

        print(f"with cffi: {check_cffi(folder)}")

        for wheel, backend in (one, "cython"), (pure, "python"):
            venv = folder / backend
            run(sys.executable, "-m", "venv", venv)
            python = venv / "bin" / "python"
            run(python, "-m", "pip", "install", "-q", wheel, "pytest", "hypothesis")
            shown = run(python, "-c", "import woox_fast as w; print(w.backend, w.__file__)", cwd=folder)
            assert shown.split()[0] == backend, shown
            assert shown.split()[1].startswith(temporary), shown
            files = [REPOSITORY / f"tests/signer/test_{name}.py" for name in TESTS]
            done = run(python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *files)
            print(f"{wheel.name} installed: {backend}, {done.splitlines()[-1]}")


if __name__ == "__main__":
    main()
