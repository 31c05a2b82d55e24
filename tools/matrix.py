"""Every interpreter that can be had: build, install, run the tests on each backend and SHA-256, print one table.

    python tools/matrix.py [--setup] [--present] [--whole] [--find] [NAME ...]

Names are those of INTERPRETERS; all of them when none is given. One that is missing or fails makes this fail, too;
`--present` leaves out what is missing. 3.10 to 3.13 are looked for on PATH and under pyenv. The others live in a folder
of their own (WOOX_FAST_MATRIX, else /var/tmp/woox-fast-matrix), a Debian of a newer suite: `--setup` makes it with
debootstrap, as root, and changes nothing else on this machine. The tests are those that need no client library;
`--whole` runs them all. `--find` only prints the command of an interpreter that is on this machine itself.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from collections import Counter
from pathlib import Path
from typing import NamedTuple

REPOSITORY = Path(__file__).parent.parent
ROOT = Path(os.environ.get("WOOX_FAST_MATRIX", "/var/tmp/woox-fast-matrix"))
SUITE, MIRROR = "sid", "http://deb.debian.org/debian"
PACKAGES = (
    "ca-certificates gcc libc6-dev make libffi-dev pypy3 pypy3-dev pypy3-venv python3.14-dev python3.14-venv "
    "python3.15-dev python3.15-venv dpkg-dev libbz2-dev libexpat1-dev liblzma-dev libsqlite3-dev libssl-dev zlib1g-dev "
    "cbmc"  # for `make prove`
)
FREE_THREADED = "/opt/python3.14t"

# Name: whether it lives in ROOT, and its command there or here.
INTERPRETERS = {
    "3.10": (False, "python3.10"),
    "3.11": (False, "python3.11"),
    "3.12": (False, "python3.12"),
    "3.13": (False, "python3.13"),
    "3.14": (True, "python3.14"),
    "3.14t": (True, f"{FREE_THREADED}/bin/python3.14t"),
    "3.15": (True, "python3.15"),
    "pypy3.11": (True, "pypy3"),
}
FILES = ("signatures", "errors", "signer", "backend", "prehash", "encoding", "prepare", "encode_request", "threads")
NEEDS = ("pytest", "hypothesis", "setuptools", "requests", "httpx", "yarl")

IDENTITY = """import platform, sys
pypy = ".".join(map(str, getattr(sys, "pypy_version_info", ())[:3]))
print(f"PyPy {pypy} ({platform.python_version()})" if pypy else f"CPython {platform.python_version()}")"""


class Place(NamedTuple):
    """Where an interpreter runs: a command put before its own, and one folder as seen from outside and inside."""

    before: tuple[str, ...]
    here: Path
    there: Path


def run(place: Place, *command: str | Path, **environment: str) -> subprocess.CompletedProcess[str]:
    kept = {"PATH": os.environ["PATH"], "HOME": str(place.there), "LANG": "C.UTF-8"} if place.before else os.environ
    return subprocess.run(
        [*place.before, *map(str, command)],
        env={**kept, "PIP_DISABLE_PIP_VERSION_CHECK": "1", **environment},
        cwd=place.here,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )


def in_root(there: str) -> Place:
    here = ROOT / there.lstrip("/")
    here.mkdir(parents=True, exist_ok=True)
    # The mounts are seen by this command alone, and end with it.
    enter = 'mount -t proc proc "$0/proc" && exec chroot "$0" sh -c "cd $1 && exec \\"\\$@\\"" "$@"'
    return Place(("unshare", "--mount", "sh", "-c", enter, str(ROOT), there), here, Path(there))


def find(name: str) -> tuple[Place, str] | None:
    """The place and the command of an interpreter, or None."""
    lives_in_root, command = INTERPRETERS[name]
    if lives_in_root:
        if os.geteuid() != 0 or not (ROOT / "usr").exists():
            return None
        place = in_root(f"/woox-fast/{name}")
        return (place, command) if run(place, command, "-c", IDENTITY).returncode == 0 else None
    folder = Path(tempfile.mkdtemp(prefix=f"woox-fast-{name}-"))
    place = Place((), folder, folder)
    candidates = [shutil.which(command) or ""]
    if shutil.which("pyenv"):
        pyenv = subprocess.run(["pyenv", "root"], capture_output=True, text=True, check=True).stdout.strip()
        candidates += sorted(map(str, Path(pyenv, "versions").glob(f"{name}.*/bin/python")), reverse=True)
    for candidate in filter(None, candidates):
        if run(place, candidate, "-c", IDENTITY).returncode == 0:
            return place, candidate
    shutil.rmtree(folder)
    return None


def setup() -> None:
    """Make ROOT, as far as it is not there yet."""

    def must(*command: str | Path) -> None:
        print("+", *command, flush=True)
        subprocess.run(list(map(str, command)), check=True)

    if not (ROOT / "usr").exists():
        must("debootstrap", "--variant=minbase", SUITE, ROOT, MIRROR)
    (ROOT / "etc/apt/sources.list").write_text(f"deb {MIRROR} {SUITE} main\ndeb-src {MIRROR} {SUITE} main\n")
    # An old mirror will do: what it serves is signed.
    (ROOT / "etc/apt/apt.conf.d/99matrix").write_text(
        'Acquire::Check-Valid-Until "false"; APT::Sandbox::User "root";\n'
    )
    apt = ("chroot", ROOT, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq")
    must(*apt, "update")
    must(*apt, "install", "--no-install-recommends", *PACKAGES.split())
    certificates = Path("etc/ssl/certs/ca-certificates.crt")
    if Path("/", certificates).exists():  # so that pip reaches what it reaches from here
        shutil.copyfile(Path("/", certificates), ROOT / certificates)
    if not (ROOT / FREE_THREADED[1:] / "bin").exists():
        source = os.environ.get("WOOX_FAST_MATRIX_CPYTHON")  # a source archive, where the mirror has none
        (ROOT / "build").mkdir(exist_ok=True)
        if source:
            shutil.copyfile(source, ROOT / "build/cpython.tar.xz")
            unpack = "tar -xf cpython.tar.xz && cd Python-*/"
        else:
            unpack = "apt-get -qq source python3.14 && cd python3.14-*/"
        configure = f"./configure -q --disable-gil --with-ensurepip=install --prefix={FREE_THREADED}"
        build = f"cd /build && {unpack} && {configure} && make -s -j2 && make -s install"
        try:
            must("chroot", ROOT, "sh", "-c", f"({build}) >/build/log 2>&1 || {{ tail -20 /build/log; exit 1; }}")
        except subprocess.CalledProcessError:  # it is then missing from the table, which fails
            print("no free-threaded Python: give its source archive in WOOX_FAST_MATRIX_CPYTHON")


def test(place: Place, python: str, whole: bool) -> tuple[str, dict[str, Counter[str]], str]:
    """Build, install and test; returns the interpreter's full name, outcomes by twin, and what went wrong."""
    identity = run(place, python, "-c", IDENTITY).stdout.split("\n")[-2]
    source, venv = place.here / "source", place.here / "venv"
    shutil.rmtree(source, ignore_errors=True)
    shutil.rmtree(venv, ignore_errors=True)
    for file in subprocess.run(
        ["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.splitlines():
        (source / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(REPOSITORY / file, source / file)
    installed = place.there / "venv/bin/python"
    pypy = "PyPy" in identity
    cffi = [] if pypy else ["cffi"]
    what = place.there / "source"
    flags = {"WOOX_FAST_REQUIRE_EXTENSION": "1", "WOOX_FAST_CFFI": "1"}
    for command in (
        (python, "-m", "venv", place.there / "venv"),
        # The newest that has a wheel: to build some of these takes longer than all tests, and Rust.
        (installed, "-m", "pip", "install", "-q", "--only-binary=:all:", *NEEDS, *cffi),
        (installed, "-m", "pip", "install", "-q", "--only-binary=:all:", f"{what}[test]" if whole else what),
    ):
        done = run(place, *command, **flags)
        if done.returncode != 0:
            return identity, {}, " ".join(map(str, command)) + "\n" + done.stdout[-2000:]
    files = [what / f"tests/signer/test_{name}.py" for name in FILES]
    if whole:
        files = ["-n", "auto", "--dist", "worksteal", what / "tests"]
    report = place.there / "report.xml"
    options = ["-q", f"--rootdir={what}", "-c", what / "pyproject.toml", "-p", "no:cacheprovider"]
    done = run(place, installed, "-m", "pytest", *options, f"--junitxml={report}", *files, **flags)
    outcomes: dict[str, Counter[str]] = {}
    for case in ElementTree.parse(place.here / "report.xml").iter("testcase"):
        name = (
            "" if case.get("classname", "").endswith("test_backend") else case.get("name", "")
        )  # asks for any of them
        twin = re.search(r"\[(?:.*-)?(cython|cffi|python)-(sha-ni\+avx512|sha-ni|armv8|portable|hashlib)\b", name)
        outcome = next((child.tag for child in case if child.tag in ("failure", "error", "skipped")), "passed")
        outcomes.setdefault(" ".join(twin.groups()) if twin else "-", Counter())[outcome] += 1
    return identity, outcomes, "" if done.returncode == 0 else done.stdout[-3000:]


def table(rows: list[tuple[str, dict[str, Counter[str]]]]) -> str:
    """One row for each interpreter, one column for each twin; `-` is what needs no twin."""
    twins = sorted({twin for _, outcomes in rows for twin in outcomes} - {"-"})
    lines = [["interpreter", *twins, "other tests"], ["---"] * (len(twins) + 2)]
    for label, outcomes in rows:
        lines.append([label])
        for twin in [*twins, "-"]:
            counts = outcomes.get(twin, Counter())
            failed = counts["failure"] + counts["error"]
            skipped = f", {counts['skipped']} skipped" if counts["skipped"] else ""
            cell = f"**{failed} failed**, " if failed else ""
            lines[-1].append(f"{cell}{counts['passed']} passed{skipped}" if counts else "")
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def main() -> int:
    options = {argument for argument in sys.argv[1:] if argument.startswith("--")}
    names = [argument for argument in sys.argv[1:] if argument not in options] or list(INTERPRETERS)
    if "--find" in options:
        found = None if INTERPRETERS[names[0]][0] and not shutil.which(INTERPRETERS[names[0]][1]) else find(names[0])
        if found is not None and not found[0].before:
            print(found[1])
            return 0
        return 1
    if "--setup" in options:
        setup()
    rows, problems = [], []
    for name in names:
        found = find(name)
        if found is None:
            if "--present" not in options:
                problems.append(f"{name}: not found; --setup, as root, makes what PATH and pyenv do not have")
            continue
        identity, outcomes, problem = test(*found, "--whole" in options)
        if problem:
            problems.append(f"{name}: {problem}")
        label = f"{identity}, free-threaded" if name.endswith("t") else identity
        rows.append((label, outcomes))
        print(label, {twin: dict(counts) for twin, counts in sorted(outcomes.items())}, flush=True)
    commit = subprocess.run(
        ["git", "describe", "--always", "--dirty"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    ).stdout.strip()
    print(f"\n{table(rows)}\n\nat commit {commit}")
    for problem in problems:
        print(f"\n{problem}")
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
