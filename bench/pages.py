"""Figures into pages: a text between the lines <!-- name --> and <!-- /name --> of a Markdown file."""

from __future__ import annotations

import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]


def write_between(page: str, name: str, text: str) -> None:
    """Replace what is between them in `page`, a path from the repository's root."""
    path = ROOT / page
    before, begin, rest = path.read_text("utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not end:
        raise SystemExit(f"{page}: expected the lines <!-- {name} --> and <!-- /{name} -->, to write between them")
    path.write_text(f"{before}{begin}{text}\n{end}{after}", "utf-8")


def processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith(("model name", "Hardware")))
    except (OSError, StopIteration):
        return platform.processor() or platform.machine()
