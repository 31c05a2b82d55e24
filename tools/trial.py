"""Mutants are tried: a change within a function in a process that has read all tests, any other in one that has not.

It costs seconds to read the tests, and milliseconds to fork. So a process of each core reads them once, and forks for
each mutant: the fork gives the function its new code, and runs the tests. What a function has done before, while its
module was imported, is not done again. So what survives this way, and what is outside of functions, is tried again in a
process that imports the changed file.
"""

from __future__ import annotations

import gc
import json
import math
import os
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import partial
from pathlib import Path
from types import CodeType, FunctionType
from typing import Any, NamedTuple

from mutants import PACKAGE, ROOT, Mutant
from reach import Only, in_functions, selected

TEST_S = 30  # of one test: one that takes longer hangs
MUTANT_S = 900  # of all tests of a mutant
NO_TESTS = 5  # a status of pytest
# Slow, while others tell the same; and one SHA-256 of each backend is enough to see what Python does.
NOT_TRIED = ("-m", "not slow", "-k", "not (the_default_demo or a_hundred_thousand_orders or portable)")

# Tests in the order in which they are tried: each the name of a file, of a function, or of one set of its parameters.
Order = list[str]
Ordered = Callable[[Mutant], Order]
Learn = Callable[[Mutant, str], None]
# Of one file, by name and first line.
Functions = dict[tuple[str, str, int], list[FunctionType]]


class Result(NamedTuple):
    number: int  # of the mutant
    killed: bool
    test: str  # that failed; "" where none did but there was a crash


def copy_tree(source: Path, tree: Path) -> None:
    ignored = shutil.ignore_patterns(".venv", ".git", "build", "dist", ".hypothesis", ".*_cache")
    shutil.copytree(source, tree, ignore=ignored)


def _in_a_child(log: Path, function: Callable[[], int], in_a_group: bool = False) -> int:
    """The id of a process that prints to `log`, and ends with what `function` returns as its status.

    In a group of its own it can be ended with all that it has started.
    """
    child = os.fork()
    if child:
        return child
    if in_a_group:
        os.setpgid(0, 0)
    output = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    status = 1
    try:
        status = function()
    except BaseException:
        traceback.print_exc()
    finally:
        with suppress(Exception):
            sys.stdout.flush()
            sys.stderr.flush()
        os._exit(status)


def _ended(child: int, most_s: float = MUTANT_S) -> int:
    """The status of a child, which is ended if it takes too long, and with it all that its tests have left running."""
    ends, wait_s = time.monotonic() + most_s, 0.001
    while True:
        pid, status = os.waitpid(child, os.WNOHANG)
        if not pid and time.monotonic() > ends:
            os.killpg(child, signal.SIGKILL)
        if pid:
            with suppress(ProcessLookupError):
                os.killpg(child, signal.SIGKILL)
            return os.waitstatus_to_exitcode(status)
        time.sleep(wait_s)
        wait_s = min(2 * wait_s, 0.02)


def _at_home_in(tree: Path) -> None:
    """What this process imports, and those that it starts, is the tree's."""
    os.chdir(tree)
    old = os.environ.get("PYTHONPATH", "")
    os.environ["PYTHONPATH"] = str(tree / "src")
    sys.path[:] = [str(tree / "src"), *(part for part in sys.path if part not in (old, f"{ROOT}/src"))]


def _pytest(tree: Path, files: list[str], plugins: tuple[object, ...], alone: bool, test_s: int) -> int:
    _at_home_in(tree)
    given = ["-q", "--no-header", "-p", "no:cacheprovider", "-p", "no:xdist", "--benchmark-disable"]
    given += ["-W", "ignore::pytest.PytestAssertRewriteWarning", *NOT_TRIED]
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    sys.dont_write_bytecode = not alone
    given += ["--timeout", str(test_s), "--timeout-method", "thread"]
    if not alone:
        given += ["-x"]
    import pytest

    return int(pytest.main([*given, *files], plugins=list(plugins)))


def run(tree: Path, log: Path, files: list[str], *plugins: object, alone: bool = False, test_s: int = TEST_S) -> int:
    """Run the tests of `files`, which import the package of `tree`, in a process of their own; returns pytest's status.

    It keeps what it compiles if it is `alone`; else it ends at the first that fails.
    """
    child = _in_a_child(log, lambda: _pytest(tree, files, plugins, alone, test_s), in_a_group=not alone)
    return _ended(child, math.inf if alone else MUTANT_S)


def _codes(old: CodeType, new: CodeType) -> Iterator[tuple[CodeType, CodeType]]:
    """The code of each function within `old`, and of the same function within `new`."""
    inside = [[each for each in code.co_consts if isinstance(each, CodeType)] for code in (old, new)]
    if [each.co_name for each in inside[0]] == [each.co_name for each in inside[1]]:
        for pair in zip(*inside, strict=True):
            yield pair
            yield from _codes(*pair)


class Failed:
    """A plugin of pytest that keeps the name of the first test that fails in a file."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def pytest_runtest_logreport(self, report: Any) -> None:
        if report.failed and not self._file.exists():
            self._file.write_text(report.nodeid, "utf-8")

    def test(self) -> str:
        """That name, which is forgotten; "" where none failed."""
        name = self._file.read_text("utf-8") if self._file.exists() else ""
        self._file.unlink(missing_ok=True)
        return name


class Warm:
    """A plugin of pytest that, in the place of running the tests that it has read, lets workers try mutants."""

    def __init__(self, workers: list[Worker], queue: int) -> None:
        self._workers, self._queue = workers, queue

    def pytest_runtestloop(self, session: Any) -> bool:
        import woox_fast

        gc.unfreeze()  # conftest.py froze them
        prefix = f"{woox_fast.__path__[0]}/"
        functions: Functions = {}
        for each in gc.get_objects():
            if isinstance(each, FunctionType) and each.__code__.co_filename.startswith(prefix):
                code = each.__code__
                key = (code.co_filename[len(prefix) :], code.co_name, code.co_firstlineno)
                functions.setdefault(key, []).append(each)
        gc.freeze()
        tasks = [partial(worker.warm, self._queue, session, functions) for worker in self._workers]
        session.testsfailed = sum(_at_once(self._workers, tasks))
        return True


def _warm(
    session: Any, failed: Failed, tests: list[Any], functions: Functions, file: str, old: bytes, new: bytes
) -> int:
    """Run these tests with the functions of a file changed; whether one fails."""
    from _pytest.main import pytest_runtestloop

    for before, after in _codes(compile(old, "-", "exec"), compile(new, "-", "exec")):
        for function in functions.get((file, before.co_name, before.co_firstlineno), ()):
            with suppress(ValueError):  # it closes over other names than before: it is tried again, cold
                function.__code__ = after.replace(co_filename=function.__code__.co_filename)
    session.items = tests
    session.config.option.maxfail = 1
    session.config.pluginmanager.register(failed)
    with suppress(session.Failed):
        pytest_runtestloop(session)
    return int(bool(session.testsfailed))


class Worker:
    """One of the processes that try mutants, in a copy of the tree of its own."""

    def __init__(self, tree: Path, chosen: list[Mutant], order: Ordered, learn: Learn, results: int) -> None:
        self._tree, self._chosen, self._order, self._learn, self._results = tree, chosen, order, learn, results
        self.package = tree / "src" / "woox_fast"
        self.prints = tree.with_suffix(".txt")
        self._log = tree.with_suffix(".log")
        self._failed = Failed(tree.with_suffix(".failed"))

    @contextmanager
    def _changed(self, mutant: Mutant) -> Iterator[tuple[bytes, bytes]]:
        """While the tree has the mutant: the file as it is, and as it is now."""
        file = self.package / mutant.file
        old, status = file.read_bytes(), file.stat()
        new = old[: mutant.start] + mutant.new.encode() + old[mutant.end :]
        file.write_bytes(new)
        try:
            yield old, new
        finally:
            file.write_bytes(old)
            os.utime(file, ns=(status.st_atime_ns, status.st_mtime_ns))  # what is compiled of it is right again

    def _tell(self, number: int, killed: bool) -> None:
        test = self._failed.test() if killed else ""
        if test:
            self._learn(self._chosen[number], test)
        os.write(self._results, json.dumps([number, killed, test]).encode() + b"\n")

    def warm(self, queue: int, session: Any, functions: Functions) -> int:
        """Try the mutants of functions; what survives goes into a file."""
        import woox_fast

        read = woox_fast.__path__[0]
        for module in list(sys.modules.values()):  # what is imported from now on is of this worker's tree
            path = getattr(module, "__path__", None)
            if isinstance(path, list):
                path[:] = [f"{self.package}{each[len(read) :]}" if each.startswith(read) else each for each in path]
        copy_tree(Path(read).parents[1], self._tree)  # with what is compiled
        _at_home_in(self._tree)
        sys.dont_write_bytecode = True
        for number in _taken(queue):
            mutant = self._chosen[number]
            tests = selected(session.items, self._order(mutant))
            with self._changed(mutant) as texts:
                task = partial(_warm, session, self._failed, tests, functions, mutant.file, *texts)
                if _ended(_in_a_child(self._log, task, in_a_group=True)):
                    self._tell(number, True)
                else:
                    with self._tree.with_suffix(".again").open("ab") as again:
                        again.write(number.to_bytes(4, "little"))
        return 0

    def cold(self, queue: int) -> int:
        """Try the rest, and these again, in processes that have not imported anything of ours."""
        with self._tree.with_suffix(".again").open("a+b") as again:
            again.seek(0)
            for number in (*_taken(again.fileno()), *_taken(queue)):
                mutant = self._chosen[number]
                by_file: dict[str, Order] = {}
                for test in self._order(mutant):
                    by_file.setdefault(test.partition("::")[0], []).append(test)
                with self._changed(mutant):
                    killed = any(
                        run(self._tree, self._log, [file], Only(tests), self._failed) not in (0, NO_TESTS)
                        for file, tests in by_file.items()
                    )
                    self._tell(number, killed)
        return 0


def _at_once(workers: list[Worker], tasks: list[Callable[[], int]]) -> list[int]:
    """Their statuses: a process for each."""
    children = [_in_a_child(worker.prints, task) for worker, task in zip(workers, tasks, strict=True)]
    return [_ended(child, math.inf) for child in children]


def _taken(queue: int) -> Iterator[int]:
    """Numbers of mutants, each of which one worker takes: all read the same open file."""
    while number := os.read(queue, 4):
        yield int.from_bytes(number, "little")


def _queue(numbers: list[int]) -> int:
    file, name = tempfile.mkstemp()
    os.unlink(name)
    os.write(file, b"".join(number.to_bytes(4, "little") for number in numbers))
    os.lseek(file, 0, os.SEEK_SET)
    return file


def trial(chosen: list[Mutant], order: Ordered, learn: Learn, folder: Path, jobs: int) -> Iterator[Result]:
    """What became of each, in no order; `folder` has a copy of the tree, tree-0.

    A process calls `learn` with each mutant that it sees killed and the test that failed, before it asks for the next
    `order`.
    """
    inside = {file: in_functions((PACKAGE / file).read_text("utf-8")) for file in {each.file for each in chosen}}
    numbers: dict[bool, list[int]] = {True: [], False: []}
    for number, mutant in enumerate(chosen):
        numbers[mutant.lines[0] in inside[mutant.file]].append(number)
    warm, cold = _queue(numbers[True]), _queue(numbers[False])
    files = sorted({test.partition("::")[0] for mutant in chosen for test in order(mutant)})
    reading, results = os.pipe()
    workers = []
    for job in range(jobs):
        workers.append(Worker(folder / f"tree-{job + 1}", chosen, order, learn, results))

    def work() -> int:
        if run(folder / "tree-0", folder / "read.txt", files, Warm(workers, warm), alone=True):
            return 1
        return sum(_at_once(workers, [partial(worker.cold, cold) for worker in workers]))

    child = _in_a_child(folder / "work.txt", work)
    os.close(results)
    try:
        with os.fdopen(reading) as lines:
            for line in lines:
                yield Result(*json.loads(line))
    finally:
        status = _ended(child, math.inf)
    if status:
        printed = "".join(each.read_text("utf-8", "replace")[-3000:] for each in sorted(folder.glob("*.txt")))
        raise SystemExit(f"mutants cannot be tried:\n{printed}")
