"""Mutation testing: change the code in one place, and see whether a test of that room fails.

    python tools/mutate.py [ROOM ...] [--sample 100] [--seed 1]

Without `--sample` every mutant of the rooms is tried. A mutant that fails, hangs or does not import is killed. One that
no test notices survives, and is printed. SURVIVORS holds those that cannot be killed, each with its reason: they are
neither tried nor counted. Exit status 1 if more than one survives in a room and less than 95 % are killed there.
Everything runs in copies of the tree. Needs `os.fork`.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib
import json
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mutants import PACKAGE, ROOMS, ROOT, Mutant, mutants
from reach import CHILD, Only, Reached, Recorder, in_functions, tests_of
from survivors import SURVIVORS

TIMEOUT_S = 60  # of one test: what hangs is killed
MOST_S = 30  # of tests for a mutant, the quickest first
NO_TESTS = 5  # a status of pytest
# Slow, while others tell the same; and one SHA-256 of each backend is enough to see what Python does.
NOT_TRIED = (
    "test_a_hundred_thousand_orders_rest",
    "test_nothing_is_left_in_memory",
    "test_the_default_demo",
    "portable",
)
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", re.MULTILINE)
# What every test process would import again. Nothing of ours, and nothing that pytest must see first.
PRELOADED = ("requests", "aiohttp", "ccxt", "rich", "trustme")


def listed(mutant: Mutant) -> bool:
    return any(
        each.file == mutant.file and each.line in mutant.line and each.new in ("*", mutant.new) for each in SURVIVORS
    )


def tests(name: str, tree: Path) -> list[str]:
    found = {str(path.relative_to(tree)): None for glob in ROOMS[name].tests for path in (tree / "tests").glob(glob)}
    return list(found)


def copy_tree(source: Path, tree: Path) -> None:
    ignored = shutil.ignore_patterns(".venv", ".git", "build", "dist", ".hypothesis", ".*_cache")
    shutil.copytree(source, tree, ignore=ignored)


def start(tree: Path, log: Path, files: list[str], *plugins: object, compiled: bool = False) -> int:
    """Run the tests of `files` in a process of its own, which ends with pytest's status; returns its id.

    They import the package of `tree`. `compiled`: what they import is kept compiled for those that come next.
    """
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(tree)
    os.environ.update(PYTHONPATH=str(tree / "src"))
    if not compiled:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.path[:] = [str(tree / "src"), *(part for part in sys.path if not part.startswith(f"{ROOT}/src"))]
    sys.dont_write_bytecode = not compiled
    import pytest

    options = ["-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--benchmark-disable"]
    options += [] if compiled else ["-x", "--timeout", str(TIMEOUT_S), "--timeout-method", "thread"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-k", f"not ({' or '.join(NOT_TRIED)})"]
    status = 1
    try:
        status = int(pytest.main([*options, *files], plugins=list(plugins)))
    finally:
        os._exit(status)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def reach(name: str, folder: Path) -> dict[str, Reached]:
    """What each test of a room reaches: as it was recorded before, for the test files and sources that are the same."""
    kept = ROOT / "build" / "reach" / f"{name}.json"
    tree = folder / "tree-0"
    sources = {str(path): digest(path) for glob in ROOMS[name].sources for path in sorted(PACKAGE.glob(glob))}
    known: dict[str, Any] = json.loads(kept.read_text()) if kept.exists() else {}
    files = known["files"] if known.get("sources") == sources else {}
    wanted = {file: digest(tree / file) for file in tests(name, tree)}
    files = {file: each for file, each in files.items() if wanted.get(file) == each["digest"]}
    missing = [file for file in wanted if file not in files]
    if missing:
        started = time.monotonic()
        (tree / "src" / "sitecustomize.py").write_text(CHILD)
        recorder = Recorder(tree / "src" / "woox_fast", folder / f"reach-{name}", folder / f"{name}.json")
        log = folder / "reach.log"
        _, status = os.waitpid(start(tree, log, missing, recorder, compiled=True), 0)
        (tree / "src" / "sitecustomize.py").unlink()
        if status:
            print(f"{name}: tests that fail while it is seen what they reach:\n{log.read_text()[-1500:]}", flush=True)
        files |= {file: {"digest": wanted[file], "tests": {}} for file in missing}
        for test, each in json.loads((folder / f"{name}.json").read_text()).items():
            files[test.partition("::")[0]]["tests"][test] = each
        kept.parent.mkdir(parents=True, exist_ok=True)
        kept.write_text(json.dumps({"sources": sources, "files": files}))
        print(f"{name}: what its tests reach, in {time.monotonic() - started:.0f} s", flush=True)
    return {test: Reached(*each) for file in files.values() for test, each in file["tests"].items()}


class Running(NamedTuple):
    mutant: Mutant
    tree: Path
    ends: float


def try_all(chosen: list[Mutant], reached: dict[str, dict[str, Reached]], folder: Path, jobs: int) -> list[Mutant]:
    """Run each against the tests that reach it, `jobs` at a time; returns those that survive."""
    trees = [folder / f"tree-{number}" for number in range(jobs)]
    for tree in trees[1:]:
        copy_tree(trees[0], tree)
    waiting = list(reversed(chosen))
    running: dict[int, Running] = {}
    survived: list[Mutant] = []
    killers: dict[str, Counter[str]] = defaultdict(Counter)  # of a file: what killed one may kill the next
    sources = {file: (PACKAGE / file).read_bytes() for file in {each.file for each in chosen}}
    inside = {file: in_functions(data.decode()) for file, data in sources.items()}
    while waiting or running:
        while trees and waiting:
            mutant = waiting.pop()
            data = sources[mutant.file]
            lines = range(data[: mutant.start].count(b"\n") + 1, data[: mutant.end].count(b"\n") + 2)
            nearest = tests_of(reached[mutant.room], mutant.file, lines, lines[0] not in inside[mutant.file], MOST_S)
            if not nearest:
                print(f"no test reaches it: {mutant.name}", flush=True)
                survived.append(mutant)
                continue
            first = [test for test, _ in killers[mutant.file].most_common(5) if test in nearest]
            nearest = [*first, *(test for test in nearest if test not in first)]
            tree = trees.pop()
            changed = data[: mutant.start] + mutant.new.encode() + data[mutant.end :]
            (tree / "src" / "woox_fast" / mutant.file).write_bytes(changed)
            files = list(dict.fromkeys(test.partition("::")[0] for test in nearest))
            child = start(tree, folder / f"{tree.name}.log", files, Only(nearest))
            running[child] = Running(mutant, tree, time.monotonic() + 10 * TIMEOUT_S)
        if not running:
            break
        child, status = os.waitpid(-1, os.WNOHANG)
        for pid in [pid for pid, each in running.items() if time.monotonic() > each.ends]:
            print(f"hangs: {running[pid].mutant.name}", flush=True)
            os.killpg(pid, signal.SIGKILL)
        if not child:
            time.sleep(0.01)
            continue
        done = running.pop(child)
        with suppress(ProcessLookupError):  # what its tests started and left
            os.killpg(child, signal.SIGKILL)
        trees.append(done.tree)
        (done.tree / "src" / "woox_fast" / done.mutant.file).write_bytes(sources[done.mutant.file])
        if os.waitstatus_to_exitcode(status) in (0, NO_TESTS):
            print(f"survived ({len(chosen) - len(waiting)} of {len(chosen)}): {done.mutant.name}", flush=True)
            survived.append(done.mutant)
        elif found := FAILED.search((folder / f"{done.tree.name}.log").read_text("utf-8", "replace")):
            killers[done.mutant.file][found[1]] += 1
    return survived


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", type=int, help="so many in all, as many of each room")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="at a time; all cores")
    parser.add_argument("--file", default="", help="only of the files that have this in their name")
    options = parser.parse_args()
    names = options.rooms or list(ROOMS)
    started = time.monotonic()
    chosen: list[Mutant] = []
    for name in names:
        ranked = sorted((each for each in mutants(name) if options.file in each.file and not listed(each)), key=lambda each: each.rank(options.seed))
        chosen += ranked[: -(-options.sample // len(names)) if options.sample else None]
    for module in PRELOADED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        copy_tree(ROOT, Path(folder) / "tree-0")
        reached = {name: reach(name, Path(folder)) for name in names}
        survived = Counter(each.room for each in try_all(chosen, reached, Path(folder), options.jobs))
    tried = Counter(each.room for each in chosen)
    for name in tried:
        killed = tried[name] - survived[name]
        print(f"{name:10} {killed:4} of {tried[name]:4} killed ({killed / tried[name]:.0%})")
    bad = [name for name in tried if survived[name] > 1 and survived[name] > (1 - GOAL) * tried[name]]
    all_killed = tried.total() - survived.total()
    took = time.monotonic() - started
    print(f"mutate: {all_killed} of {tried.total()} killed, {len(SURVIVORS)} listed; {took:,.0f} s")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
