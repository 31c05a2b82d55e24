"""Mutation testing: change the code in one place, and see whether a test of that room fails.

    python tools/mutate.py [ROOM ...] [--sample 100] [--seed 1] [--show]

Without `--sample` every mutant of the rooms is tried. A mutant that fails, hangs or does not import is killed. One that
no test notices survives, and is printed. SURVIVORS holds those that cannot be killed, each with its reason: they are
neither tried nor counted. Exit status 1 if more than one survives in a room and less than 95 % are killed there.
Everything runs in copies of the tree. Needs `os.fork`.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import signal
import sys
import tempfile
import time
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from mutants import PACKAGE, ROOMS, ROOT, Mutant, mutants
from survivors import SURVIVORS

GOAL, TIMEOUT_S = 0.95, 90.0
# Slow, while others tell the same; and one SHA-256 of each backend is enough to see what Python does.
NOT_TRIED = (
    "test_a_hundred_thousand_orders_rest",
    "test_nothing_is_left_in_memory",
    "test_the_default_demo",
    "portable",
)
# What every test process would import again. Nothing of ours, and nothing that pytest must see first.
PRELOADED = ("requests", "aiohttp", "ccxt", "rich", "trustme")


def listed(mutant: Mutant) -> bool:
    return any(
        each.file == mutant.file and each.line in mutant.line and each.new in ("*", mutant.new) for each in SURVIVORS
    )


def tests(name: str, tree: Path) -> list[str]:
    found = {str(path.relative_to(tree)): None for glob in ROOMS[name].tests for path in (tree / "tests").glob(glob)}
    return list(found)


def copy_tree(tree: Path) -> None:
    ignored = shutil.ignore_patterns("__pycache__", ".venv", ".git", "build", "dist", ".hypothesis", ".*_cache")
    shutil.copytree(ROOT, tree, ignore=ignored)


def run_tests(name: str, tree: Path, log: Path) -> int:
    """A process of its own, which ends with pytest's status; returns its id. The tests import the package of `tree`."""
    child = os.fork()
    if child:
        return child
    os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    os.chdir(tree)
    os.environ.update(PYTHONPATH=str(tree / "src"), PYTHONDONTWRITEBYTECODE="1")
    sys.path[:] = [str(tree / "src"), *(part for part in sys.path if not part.startswith(f"{ROOT}/src"))]
    sys.dont_write_bytecode = True
    import pytest

    options = ["-x", "-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--benchmark-disable"]
    options += ["-W", "ignore::pytest.PytestAssertRewriteWarning", "-k", f"not ({' or '.join(NOT_TRIED)})"]
    status = 1
    try:
        status = int(pytest.main([*options, *tests(name, tree)]))
    finally:
        os._exit(status)


class Running(NamedTuple):
    mutant: Mutant | None  # None: the code as it is, which must pass
    room: str
    tree: Path
    log: Path
    started: float


def try_all(chosen: list[Mutant], controls: list[str], folder: Path) -> list[Mutant]:
    """Run each against the tests of its room, one for each core at a time; returns those that survive.

    The tests of the rooms in `controls` must pass as long as nothing is changed.
    """
    trees = [folder / f"tree-{number}" for number in range(len(os.sched_getaffinity(0)))]
    for tree in trees:
        copy_tree(tree)
    waiting: list[tuple[Mutant | None, str]] = [(None, name) for name in controls]
    waiting += [(each, each.room) for each in chosen]
    running: dict[int, Running] = {}
    survived: list[Mutant] = []
    while waiting or running:
        while trees and waiting:
            mutant, room = waiting.pop(0)
            tree = trees.pop()
            if mutant:
                data = (PACKAGE / mutant.file).read_bytes()
                changed = data[: mutant.start] + mutant.new.encode() + data[mutant.end :]
                (tree / "src" / "woox_fast" / mutant.file).write_bytes(changed)
            log = folder / f"{tree.name}.log"
            running[run_tests(room, tree, log)] = Running(mutant, room, tree, log, time.monotonic())
        child, status = os.waitpid(-1, os.WNOHANG)
        late = [pid for pid, each in running.items() if time.monotonic() - each.started > TIMEOUT_S and each.mutant]
        for pid in late:
            os.killpg(pid, signal.SIGKILL)
        if not child:
            time.sleep(0.02)
            continue
        done = running.pop(child)
        with suppress(ProcessLookupError):  # what its tests started and left
            os.killpg(child, signal.SIGKILL)
        trees.append(done.tree)
        if done.mutant is None:
            if status:
                said = done.log.read_text("utf-8", "replace")[-3000:]
                raise SystemExit(f"{done.room}: its tests fail as it is\n{said}")
            print(f"{done.room}: {time.monotonic() - done.started:.1f} s as it is", flush=True)
            continue
        shutil.copyfile(PACKAGE / done.mutant.file, done.tree / "src" / "woox_fast" / done.mutant.file)
        if status == 0:
            print(f"survived: {done.mutant.name}", flush=True)
            survived.append(done.mutant)
    return survived


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--sample", type=int, help="so many in all, as many of each room")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    names = options.rooms or list(ROOMS)
    started = time.monotonic()
    chosen: list[Mutant] = []
    for name in names:
        ranked = sorted((each for each in mutants(name) if not listed(each)), key=lambda each: each.rank(options.seed))
        chosen += ranked[: -(-options.sample // len(names)) if options.sample else None]
    for module in PRELOADED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as folder:
        controls = names[:1] if options.sample else names
        survived = Counter(each.room for each in try_all(chosen, controls, Path(folder)))
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
