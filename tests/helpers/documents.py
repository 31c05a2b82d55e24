"""Runs what a Markdown document shows.

- A `python` block runs; the document's blocks share their names.
- A `text` block right after a `python` block is what that block printed.
- A `console` block holds `$ command` lines, and what each printed, which a shell runs here.
- An `sh` block names commands that take long or change the machine: they are checked for existence, and not run.

`...` stands for any text, and durations are not compared. http://127.0.0.1:8080 is a sandbox of the test's own.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
EXCHANGE = "http://127.0.0.1:8080"
SECONDS = 60

_DURATION = re.compile(r"\d[\d,]*(?:\.\d+)?(?= ?(?:ns|us|µs|ms|s|seconds|times)\b)")
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?((?:(?!\$ ).*\n?)*)", re.MULTILINE)
_TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def examples_of(path: Path) -> Document:
    """The document with its examples, each of which can be evaluated, in order."""
    evaluators = {"python": _run, "text": _printed, "console": _shell, "sh": _exists}
    parsers = [CodeBlockParser(language, evaluate) for language, evaluate in evaluators.items()]
    return Sybil(parsers).parse(path)


def _run(example: Example) -> None:
    printed = io.StringIO()
    source = "\n" * (example.line + 1) + str(example.parsed).replace(EXCHANGE, example.namespace["_exchange"])
    with redirect_stdout(printed):
        exec(compile(source, example.path, "exec"), example.namespace)  # noqa: S102 (our own documents)
    example.namespace["_printed"] = (_end_line(example, closing=2), printed.getvalue())


def _end_line(example: Example, closing: int) -> int:
    return example.line + str(example.parsed).count("\n") + closing


def _printed(example: Example) -> None:
    line, printed = example.namespace.get("_printed", (None, ""))
    if line is not None and example.line - line <= 1:
        _same(str(example.parsed), printed, example)


def _shell(example: Example) -> None:
    for command, expected in _COMMAND.findall(str(example.parsed)):
        environment = {k: v for k, v in os.environ.items() if not k.startswith(("WOOX_", "COLUMNS"))}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
        result = subprocess.run(
            ["bash", "-c", command.replace(EXCHANGE, example.namespace["_exchange"])],
            cwd=example.namespace["_folder"],
            env=environment | {"COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS,
        )
        _same(expected, result.stdout, example)


def _exists(example: Example) -> None:
    for line in str(example.parsed).splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["make"]:
            assert words[1] in _TARGETS, f"{example.path}: {line}: Makefile has no such target"
        elif words[:1] == ["python"] and len(words) > 1 and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), f"{example.path}: {line}: there is no such file"


def _same(expected: str, printed: str, example: Example) -> None:
    printed = printed.replace(example.namespace["_exchange"], EXCHANGE)
    wanted, got = (_DURATION.sub("N", text.strip()) for text in (expected, printed))
    pattern = ".*?".join(map(re.escape, wanted.split("...")))
    where = f"{example.path}:{example.line}"
    assert re.fullmatch(pattern, got, re.DOTALL), f"{where} shows\n{expected}\nbut this was printed:\n{printed}"


def namespace_of(exchange: str, folder: Path) -> dict[str, Any]:
    """What every document can name: nothing but what its runner needs."""
    return {"_exchange": exchange, "_folder": folder, "__name__": "__main__"}
