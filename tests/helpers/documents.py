"""Run a Markdown document's examples.

- A `python` block is executed. A document's blocks share their names.
- A `text` block right after a `python` block must equal the output of that block.
- A `console` block contains `$ command` lines, followed by their expected output. Bash runs the commands.
- An `sh` block names slow commands and commands that change the machine. Only their existence is checked.

`...` matches any text, and durations are not compared. A sandbox of the test replaces http://127.0.0.1:8080.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import subprocess
import sys
from contextlib import redirect_stdout
from pathlib import Path

from sybil import Document, Example, Sybil
from sybil.parsers.markdown import CodeBlockParser

ROOT = Path(__file__).parents[2]
DOCUMENTS = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
SANDBOX_URL = "http://127.0.0.1:8080"
TIMEOUT_S = 600
# Programs that an example may use although README's packages do not include them.
OPTIONAL_PROGRAMS = {"curl"}

_DURATION = re.compile(r"\d[\d,]*(?:\.\d+)?(?= ?(?:ns|us|µs|ms|s|seconds|times)\b)")
_PROGRAM = re.compile(r"(?:^|[|&;(])\s*([\w.-]+)", re.MULTILINE)  # in command position
_COMMAND = re.compile(r"^\$ ((?:.*\\\n)*.*)\n?((?:(?!\$ ).*\n?)*)", re.MULTILINE)
_TARGETS = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))


def parse_document(path: Path) -> Document:
    """Return the document with its examples in order."""
    evaluators = {"python": _run_python, "text": _compare_output, "console": _run_commands, "sh": _check_commands}
    return Sybil([CodeBlockParser(language, evaluate) for language, evaluate in evaluators.items()]).parse(path)


def run_document(path: Path, sandbox_url: str, folder: Path) -> set[str]:
    """Run every example with `folder` as the working directory of commands.

    Returns:
        The missing optional programs. Their commands were skipped.
    """
    missing: set[str] = set()
    document = parse_document(path)
    document.namespace.update({"_url": sandbox_url, "_folder": folder, "_missing": missing, "__name__": "__main__"})
    for example in document.examples():
        example.evaluate()
    return missing


def _run_python(example: Example) -> None:
    output = io.StringIO()
    source = "\n" * (example.line + 1) + str(example.parsed).replace(SANDBOX_URL, example.namespace["_url"])
    with redirect_stdout(output):
        exec(compile(source, example.path, "exec"), example.namespace)  # noqa: S102 (our own documents)
    last_line = example.line + str(example.parsed).count("\n") + 2
    example.namespace["_printed"] = (last_line, output.getvalue())


def _compare_output(example: Example) -> None:
    line, printed = example.namespace.get("_printed", (None, ""))
    if line is not None and example.line - line <= 1:
        _assert_same(str(example.parsed), printed, example)


def _run_commands(example: Example) -> None:
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("WOOX_", "COLUMNS"))}
    environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{environment['PATH']}"
    for command, expected in _COMMAND.findall(str(example.parsed)):
        programs = OPTIONAL_PROGRAMS.intersection(_PROGRAM.findall(command))
        missing = {program for program in programs if not shutil.which(program)}
        example.namespace["_missing"].update(missing)
        if missing:
            continue
        result = subprocess.run(
            ["bash", "-c", command.replace(SANDBOX_URL, example.namespace["_url"])],
            cwd=example.namespace["_folder"],
            env=environment | {"COLUMNS": "100"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=TIMEOUT_S,
        )
        _assert_same(expected, result.stdout, example)


def _check_commands(example: Example) -> None:
    for line in str(example.parsed).splitlines():
        words = line.partition("#")[0].split()
        if words[:1] == ["make"]:
            assert words[1] in _TARGETS, f"{example.path}: {line}: Makefile has no such target"
        elif words[:1] == ["python"] and len(words) > 1 and words[1].endswith(".py"):
            assert (ROOT / words[1]).is_file(), f"{example.path}: {line}: there is no such file"


def _assert_same(expected: str, printed: str, example: Example) -> None:
    printed = printed.replace(example.namespace["_url"], SANDBOX_URL)
    wanted, got = (_DURATION.sub("N", text.strip()) for text in (expected, printed))
    pattern = ".*?".join(map(re.escape, wanted.split("...")))
    where = f"{example.path}:{example.line}"
    assert re.fullmatch(pattern, got, re.DOTALL), f"{where} shows\n{expected}\nbut the output was\n{printed}"
