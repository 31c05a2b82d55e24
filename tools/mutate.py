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
import sys
import tempfile
import time
from collections import Counter, defaultdict
from pathlib import Path
from typing import Any

from mutants import PACKAGE, ROOMS, ROOT, Mutant, mutants
from reach import CHILD, Only, Reached, Recorder, in_functions, tests_of
from survivors import SURVIVORS, Survivor
from trial import Order, copy_tree, run, trial

MOST_S = 30  # of tests for a mutant, the quickest first
# Of each file, the tests that have killed most of its mutants; a run of its room writes them.
KEPT_NEAREST = ROOT / "tools" / "nearest.json"
NEAREST: dict[str, list[str]] = json.loads(KEPT_NEAREST.read_text("utf-8"))
MOST_NEAREST = 12
# What every test process would import again, and nothing of ours.
CLIENTS = ("requests", "httpx", "aiohttp", "ccxt", "rich", "trustme")
PLUGINS = ("pytest_timeout", "pytest_benchmark.plugin", "anyio.pytest_plugin", "hypothesis", "_hypothesis_pytestplugin")
PRELOADED = (*CLIENTS, *PLUGINS)


def is_of(survivor: Survivor, mutant: Mutant) -> bool:
    """Whether the line of tools/survivors.py is of this mutant."""
    return survivor.file == mutant.file and survivor.line in mutant.line and survivor.new in ("*", mutant.new)


def test_files(globs: tuple[str, ...]) -> list[str]:
    found = {str(path.relative_to(ROOT)): None for glob in globs for path in sorted((ROOT / "tests").glob(glob))}
    return list(found)


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
        status = run(tree, log, files, recorder, alone=True, test_s=600)
        child.unlink()
        if status:
            print(f"tests that fail while they are watched:\n{log.read_text()[-1500:]}", flush=True)
        return json.loads(out.read_text())

    def save(self) -> None:
        self._kept.parent.mkdir(parents=True, exist_ok=True)
        self._kept.write_text(json.dumps({**self._known, "killers": self.killers}))

    def save_nearest(self) -> None:
        """Write down which tests have killed most of the mutants of each file: the first that a sample tries."""
        nearest = json.loads(KEPT_NEAREST.read_text("utf-8"))
        for file in self._inside:
            functions: Counter[str] = Counter()
            for test, kills in self.killers[file].items():
                functions[test.partition("[")[0]] += kills
            if functions:
                nearest[file] = [test for test, _ in functions.most_common(MOST_NEAREST)]
        KEPT_NEAREST.write_text(json.dumps(nearest, indent=1, sort_keys=True) + "\n", "utf-8")

    def order(self, mutant: Mutant) -> Order:
        """First what has killed most."""
        whole = mutant.lines[0] not in self._inside[mutant.file]
        killed = self.killers[mutant.file]
        return sorted(tests_of(self._tests, mutant.file, mutant.lines, whole, MOST_S), key=lambda test: -killed[test])


def nearest_first(mutant: Mutant) -> Order:
    return [*NEAREST.get(mutant.file, ()), *test_files(ROOMS[mutant.room].tests)]


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
        order = nearest_first
        if options.rooms or not options.sample:
            reached = {each: Reach(each, folder) for each in names}

            def order(mutant: Mutant) -> Order:
                return reached[mutant.room].order(mutant)

        def learn(mutant: Mutant, test: str) -> None:
            if mutant.room in reached:
                reached[mutant.room].killers[mutant.file][test] += 1

        survived: list[Mutant] = []
        killers, tried = set(), 0
        for number, killed, test in trial(chosen, order, learn, folder, options.jobs):
            mutant = chosen[number]
            tried += 1
            if not tried % 100:
                print(f"{tried} of {len(chosen)}, {time.monotonic() - started:.0f} s", flush=True)
            if not killed:
                survived.append(mutant)
                print(f"survived: {mutant.name}", flush=True)
            if test:
                killers.add(test)
                learn(mutant, test)
        for each in reached.values():
            each.save()
            each.save_nearest()
        check_killers(killers, folder)
    total, living = Counter(each.room for each in chosen), Counter(each.room for each in survived)
    for name in total:
        killed = total[name] - living[name]
        print(f"{name:10} {killed:4} of {total[name]:4} killed ({killed / total[name]:.0%})")
    seconds = time.monotonic() - started
    print(f"mutate: {tried - len(survived)} of {tried} killed, {len(SURVIVORS)} listed; {seconds:,.0f} s")
    for each in stale:
        print(f"tools/survivors.py: there is no such mutant any more: {each}")
    return 1 if survived or stale else 0


if __name__ == "__main__":
    sys.exit(main())
