"""Which lines of woox_fast each test executes, also in the processes that it starts, and how long it takes."""

from __future__ import annotations

import ast
import json
import os
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any, NamedTuple

import pytest

# For the processes of tests: what they execute goes into a file each as they do, since many are ended by a signal.
CHILD = """
import os, sys, threading

def _trace(prefix, folder, test):
    seen = set()
    out = os.open(os.path.join(folder, f"{os.getpid()}-{os.urandom(4).hex()}"), os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    os.write(out, test.encode("utf-8", "surrogateescape") + b"\\n")

    def local(frame, event, argument):
        line = (frame.f_code.co_filename, frame.f_lineno)
        if line not in seen:
            seen.add(line)
            try:
                os.write(out, f"{line[0][len(prefix):]}:{line[1]}\\n".encode())
            except OSError:
                pass
        return local

    def called(frame, event, argument):
        return local if frame.f_code.co_filename.startswith(prefix) else None

    threading.settrace(called)
    sys.settrace(called)

if os.environ.get("REACH_FOLDER") and os.environ.get("REACH_TEST"):
    _trace(os.environ["REACH_PREFIX"], os.environ["REACH_FOLDER"], os.environ["REACH_TEST"])
"""


class Reached(NamedTuple):
    seconds: float
    lines: dict[str, list[int]]  # of files under src/woox_fast


class Recorder:
    """A plugin of pytest that writes what the tests of one run reach into `out`."""

    def __init__(self, package: Path, folder: Path, out: Path) -> None:
        self._prefix = f"{package}/"
        self._folder, self._out = folder, out
        self._lines: set[tuple[str, int]] = set()
        self._tests: dict[str, Reached] = {}
        folder.mkdir(exist_ok=True)
        os.environ.update(REACH_FOLDER=str(folder), REACH_PREFIX=self._prefix)

    def _called(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        return self._local if frame.f_code.co_filename.startswith(self._prefix) else None

    def _local(self, frame: FrameType, _event: str, _argument: Any) -> Any:
        self._lines.add((frame.f_code.co_filename, frame.f_lineno))
        return self._local

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Iterator[None]:
        os.environ["REACH_TEST"] = item.nodeid.encode("ascii", "backslashreplace").decode()
        self._lines = set()
        threading.settrace(self._called)
        sys.settrace(self._called)
        started = time.monotonic()
        try:
            return (yield)
        finally:
            sys.settrace(None)
            threading.settrace(None)  # type: ignore[arg-type]
            lines: dict[str, list[int]] = {}
            for name, line in sorted(self._lines):
                lines.setdefault(name[len(self._prefix) :], []).append(line)
            self._tests[item.nodeid] = Reached(time.monotonic() - started, lines)

    def pytest_sessionfinish(self) -> None:
        names = {name.encode("ascii", "backslashreplace").decode(): name for name in self._tests}
        for path in self._folder.iterdir():
            test, *lines = path.read_text("utf-8", "replace").splitlines()
            reached = self._tests[names[test]].lines
            for line in lines:
                file, _, number = line.rpartition(":")
                if int(number) not in reached.setdefault(file, []):
                    reached[file].append(int(number))
        self._out.write_text(json.dumps(self._tests))


def selected(items: list[pytest.Item], names: list[str]) -> list[pytest.Item]:
    """The tests of these files, functions and sets of parameters, in this order."""
    place: dict[str, int] = {}
    for number, name in enumerate(names):
        place.setdefault(name, number)
    found = []
    for item in items:
        file, function = item.nodeid.partition("::")[0], item.nodeid.partition("[")[0]
        places = [place[name] for name in (item.nodeid, function, file) if name in place]
        if places:
            found.append((min(places), item))
    return [item for _, item in sorted(found, key=lambda each: each[0])]


class Only:
    """A plugin of pytest that runs these alone, in this order."""

    def __init__(self, names: list[str]) -> None:
        self._names = names

    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        items[:] = selected(items, self._names)


def in_functions(text: str) -> set[int]:
    """The lines of a file that run whenever a function is called: not those of its import, nor of what is cached."""
    return {
        line
        for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        if not any("cache" in ast.unparse(each) for each in getattr(node, "decorator_list", ()))
        for part in (node.body if isinstance(node.body, list) else [node.body])
        for line in range(part.lineno, (part.end_lineno or part.lineno) + 1)
    }


def tests_of(reached: dict[str, Reached], file: str, lines: range, whole: bool, most_s: float) -> list[str]:
    """The tests that execute one of `lines` of `file`, the quickest first, of `most_s` in all.

    If `whole`, the lines are of its import, and any test may tell.
    """
    found = [
        (each.seconds, test)
        for test, each in reached.items()
        if whole or any(line in lines for line in each.lines.get(file, ()))
    ]
    total, chosen = 0.0, []
    for seconds, test in sorted(found):
        total += seconds
        if chosen and total > most_s:
            break
        chosen.append(test)
    return chosen
