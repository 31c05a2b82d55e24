"""Mutation testing: change the code in one place, and see whether a test notices.

    python tools/mutate.py [ROOM ...] [--file NAME] [--sample 80] [--seed 1] [--jobs 2]

A mutant that makes a test fail, hang or crash is killed. One that no test notices survives, and is printed: it needs a
test, simpler code, or a line with its reason in tools/survivors.py. What is listed there is neither tried nor counted.

Every mutant of the rooms is tried, against the tests that execute the changed line, the quickest first; which those
are is seen once for each version of a file, and kept in build/reach. `--sample` tries so many in all, as many of each
room and the same each time, against all tests of the room, those of the file first.

Everything runs in copies of the tree. What killed must pass on the code as it is. Exit status 1 if a mutant survives.
Needs `os.fork`.
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
import traceback
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any, NamedTuple

from mutants import NEAREST, PACKAGE, ROOMS, ROOT, Mutant, mutants
from reach import CHILD, Only, Reached, Recorder, in_functions, tests_of
from survivors import SURVIVORS, Survivor

TEST_S = 60  # of one test: one that takes longer hangs
MOST_S = 30  # of tests for a mutant, the quickest first
NO_TESTS = 5  # a status of pytest
FAILED = re.compile(r"^(?:FAILED|ERROR) (\S+::.+?)(?: - .*)?$", re.MULTILINE)
# Slow, while others tell the same; and one SHA-256 of each backend is enough to see what Python does.
NOT_TRIED = ("-m", "not slow", "-k", "not (the_default_demo or a_hundred_thousand_orders or portable)")
# What every test process would import again, and nothing of ours.
CLIENTS = ("requests", "httpx", "aiohttp", "ccxt", "rich", "trustme")
PLUGINS = ("pytest_timeout", "pytest_benchmark.plugin", "anyio.pytest_plugin", "hypothesis", "_hypothesis_pytestplugin")
PRELOADED = (*CLIENTS, *PLUGINS)

# A file of tests, and those of it that are run, in this order: None for all.
Stage = tuple[str, "list[str] | None"]


def is_of(survivor: Survivor, mutant: Mutant) -> bool:
    """Whether the line of tools/survivors.py is of this mutant."""
    return survivor.file == mutant.file and survivor.line in mutant.line and survivor.new in ("*", mutant.new)


def test_files(globs: tuple[str, ...]) -> list[str]:
    found = {str(path.relative_to(ROOT)): None for glob in globs for path in sorted((ROOT / "tests").glob(glob))}
    return list(found)


def copy_tree(source: Path, tree: Path) -> None:
    ignored = shutil.ignore_patterns(".venv", ".git", "build", "dist", ".hypothesis", ".*_cache")
    shutil.copytree(source, tree, ignore=ignored)


def start(tree: Path, log: Path, files: list[str], *plugins: object, alone: bool = False) -> int:
    """Run the tests of `files` in a process of its own, which ends with pytest's status; returns its id.

    They import the package of `tree`. Unless `alone`, it ends at the first that fails, and keeps nothing compiled.
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
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.path[:] = [str(tree / "src"), *(part for part in sys.path if not part.startswith(f"{ROOT}/src"))]
    given = ["-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--benchmark-disable"]
    given += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *NOT_TRIED]
    if not alone:
        os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
        sys.dont_write_bytecode = True
        given += ["-x", "--timeout", str(TEST_S), "--timeout-method", "thread"]
    import pytest

    status = 1
    try:
        status = int(pytest.main([*given, *files], plugins=list(plugins)))
    except BaseException:
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run(*arguments: Any, **options: Any) -> int:
    """`start`, and pytest's status at its end."""
    _, status = os.waitpid(start(*arguments, **options), 0)
    return os.waitstatus_to_exitcode(status)


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


class Reach:
    """What each test of a room executes: seen again when its file or a source of the room has changed."""

    def __init__(self, name: str, folder: Path) -> None:
        self._kept = ROOT / "build" / "reach" / f"{name}.json"
        sources = {str(path): digest(path) for glob in ROOMS[name].sources for path in sorted(PACKAGE.glob(glob))}
        known: dict[str, Any] = json.loads(self._kept.read_text()) if self._kept.exists() else {}
        if known.get("sources") != sources:
            known = {"sources": sources, "files": {}, "killers": known.get("killers", {})}
        wanted = {file: digest(ROOT / file) for file in test_files(ROOMS[name].tests)}
        files = {file: each for file, each in known["files"].items() if wanted.get(file) == each["digest"]}
        missing = [file for file in wanted if file not in files]
        if missing:
            started = time.monotonic()
            files |= {file: {"digest": wanted[file], "tests": {}} for file in missing}
            for test, each in self._see(missing, folder).items():
                files[test.partition("::")[0]]["tests"][test] = each
            print(f"{name}: seen what its tests execute, {time.monotonic() - started:.0f} s", flush=True)
        self._known = {**known, "files": files}
        self._tests = {test: Reached(*each) for file in files.values() for test, each in file["tests"].items()}
        self._inside = {
            path.relative_to(PACKAGE).as_posix(): in_functions(path.read_text("utf-8")) for path in map(Path, sources)
        }
        # What killed one mutant of a file is the first to be tried on the next.
        self.killers: dict[str, Counter[str]] = defaultdict(Counter)
        self.killers.update({file: Counter(tests) for file, tests in known.get("killers", {}).items()})
        self.save()

    @staticmethod
    def _see(files: list[str], folder: Path) -> Any:
        tree, out, log = folder / "tree-0", folder / "reach.json", folder / "reach.log"
        child = tree / "src" / "sitecustomize.py"
        child.write_text(CHILD)
        recorder = Recorder(tree / "src" / "woox_fast", Path(tempfile.mkdtemp(dir=folder)), out)
        status = run(tree, log, files, recorder, alone=True)
        child.unlink()
        if status:
            print(f"tests that fail while they are watched:\n{log.read_text()[-1500:]}", flush=True)
        return json.loads(out.read_text())

    def save(self) -> None:
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._kept.write_text(json.dumps({**self._known, "killers": self.killers}))

    def stages(self, mutant: Mutant) -> list[Stage]:
        """A file of tests at a time, since it costs seconds to read one: first the one that has killed most."""
        whole = mutant.lines[0] not in self._inside[mutant.file]
        by_file: dict[str, list[str]] = {}
        for test in tests_of(self._tests, mutant.file, mutant.lines, whole, MOST_S):
            by_file.setdefault(test.partition("::")[0], []).append(test)
        killed = self.killers[mutant.file]
        for tests in by_file.values():
            tests.sort(key=lambda test: -killed[test])
        return sorted(by_file.items(), key=lambda stage: -sum(killed[test] for test in stage[1]))


def of_the_file_first(mutant: Mutant) -> list[Stage]:
    files = test_files((*NEAREST.get(mutant.file, ()), *ROOMS[mutant.room].tests))
    return [(file, None) for file in files]


class Running(NamedTuple):
    mutant: Mutant
    tree: Path
    rest: list[Stage]
    ends: float


class Trial:
    """Mutants that are tried, `jobs` at a time, each in one of the copies of the tree in `folder`."""

    def __init__(self, stages: Callable[[Mutant], list[Stage]], folder: Path, jobs: int) -> None:
        self._stages = stages
        self._trees = [folder / f"tree-{number}" for number in range(jobs)]
        for tree in self._trees[1:]:
            copy_tree(self._trees[0], tree)
        self._sources: dict[str, bytes] = {}
        self._running: dict[int, Running] = {}
        self.survived: list[Mutant] = []

    def run(self, chosen: list[Mutant]) -> Iterator[tuple[Mutant, str]]:
        """Each that was killed, and the test that failed, or "" where none did but there was a crash."""
        self._sources = {file: (PACKAGE / file).read_bytes() for file in {each.file for each in chosen}}
        waiting = list(reversed(chosen))
        while waiting or self._running:
            while self._trees and waiting:
                mutant = waiting.pop()
                data = self._sources[mutant.file]
                changed = data[: mutant.start] + mutant.new.encode() + data[mutant.end :]
                tree = self._trees.pop()
                (tree / "src" / "woox_fast" / mutant.file).write_bytes(changed)
                self._next(mutant, tree, self._stages(mutant))
            for pid, each in self._running.items():
                if time.monotonic() > each.ends:
                    os.killpg(pid, signal.SIGKILL)
            child, status = os.waitpid(-1, os.WNOHANG) if self._running else (0, 0)
            if not child:
                time.sleep(0.01)
                continue
            done = self._running.pop(child)
            with suppress(ProcessLookupError):  # what its tests started and left
                os.killpg(child, signal.SIGKILL)
            if os.waitstatus_to_exitcode(status) in (0, NO_TESTS):
                self._next(done.mutant, done.tree, done.rest)
            else:
                self._give_back(done.tree, done.mutant)
                found = FAILED.search(self._log(done.tree).read_text("utf-8", "replace"))
                yield done.mutant, found[1] if found else ""

    @staticmethod
    def _log(tree: Path) -> Path:
        return tree.with_suffix(".log")

    def _next(self, mutant: Mutant, tree: Path, stages: list[Stage]) -> None:
        if stages:
            file, tests = stages[0]
            child = start(tree, self._log(tree), [file], *([Only(tests)] if tests else []))
            self._running[child] = Running(mutant, tree, stages[1:], time.monotonic() + 20 * TEST_S)
        else:
            self._give_back(tree, mutant)
            self.survived.append(mutant)
            print(f"survived: {mutant.name}", flush=True)

    def _give_back(self, tree: Path, mutant: Mutant) -> None:
        (tree / "src" / "woox_fast" / mutant.file).write_bytes(self._sources[mutant.file])
        self._trees.append(tree)


def check_killers(killers: set[str], folder: Path) -> None:
    """Raise SystemExit unless what killed passes on the code as it is."""
    if not killers:
        return
    tree, log = folder / "as-it-is", folder / "as-it-is.log"
    copy_tree(ROOT, tree)
    files = sorted({test.partition("::")[0] for test in killers})
    if run(tree, log, files, Only(sorted(killers))):
        raise SystemExit(f"a test fails on the code as it is:\n{log.read_text('utf-8', 'replace')[-3000:]}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rooms", nargs="*", metavar="ROOM", help=", ".join(ROOMS))
    parser.add_argument("--file", default="", help="only of the files that have this in their name")
    parser.add_argument("--sample", type=int, help="so many in all, as many of each room")
    parser.add_argument("--seed", type=int, default=1, help="another sample")
    parser.add_argument("--jobs", type=int, default=len(os.sched_getaffinity(0)), help="so many at a time; all cores")
    options = parser.parse_args()
    names = options.rooms or list(ROOMS)
    started = time.monotonic()
    chosen: list[Mutant] = []
    stale = [] if options.rooms else SURVIVORS
    for name in names:
        found = []
        for mutant in mutants(name):
            of_it = [each for each in SURVIVORS if is_of(each, mutant)]
            stale = [each for each in stale if each not in of_it]
            if options.file in mutant.file and not of_it:
                found.append(mutant)
        ranked = sorted(found, key=lambda each: each.rank(options.seed))
        chosen += ranked[: -(-options.sample // len(names)) if options.sample else None]
    for module in PRELOADED:
        importlib.import_module(module)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        copy_tree(ROOT, folder / "tree-0")
        reached: dict[str, Reach] = {}
        if options.sample:
            files = {file for each in chosen for file, _ in of_the_file_first(each)}
            run(folder / "tree-0", folder / "compiled.log", ["--collect-only", *sorted(files)], alone=True)
            trial = Trial(of_the_file_first, folder, options.jobs)
        else:
            reached = {each: Reach(each, folder) for each in names}
            trial = Trial(lambda mutant: reached[mutant.room].stages(mutant), folder, options.jobs)
        killers = set()
        for mutant, test in trial.run(chosen):
            if test:
                killers.add(test)
            if test and reached:
                reached[mutant.room].killers[mutant.file][test] += 1
        for each in reached.values():
            each.save()
        check_killers(killers, folder)
    tried, survived = Counter(each.room for each in chosen), Counter(each.room for each in trial.survived)
    for name in tried:
        killed = tried[name] - survived[name]
        print(f"{name:10} {killed:4} of {tried[name]:4} killed ({killed / tried[name]:.0%})")
    total = tried.total() - survived.total()
    print(f"mutate: {total} of {tried.total()} killed, {len(SURVIVORS)} listed; {time.monotonic() - started:,.0f} s")
    for each in stale:
        print(f"tools/survivors.py: there is no such mutant any more: {each}")
    return 1 if trial.survived or stale else 0


if __name__ == "__main__":
    sys.exit(main())
