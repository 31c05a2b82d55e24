"""Replace the text between the lines <!-- name --> and <!-- /name --> in Markdown files."""

from __future__ import annotations

import platform
from pathlib import Path

ROOT = Path(__file__).parents[1]


def split_at_marks(page: str, name: str) -> tuple[str, str]:
    """Return the text before and after the marks. `page` is relative to the repository; exit if a mark is missing."""
    before, begin, rest = (ROOT / page).read_text("utf-8").partition(f"<!-- {name} -->\n")
    _, end, after = rest.partition(f"<!-- /{name} -->")
    if not end:
        raise SystemExit(f"{page}: expected the lines <!-- {name} --> and <!-- /{name} -->, to write between them")
    return before + begin, end + after


def write_between(page: str, name: str, text: str) -> None:
    before, after = split_at_marks(page, name)
    (ROOT / page).write_text(f"{before}{text}\n{after}", "utf-8")


def read_processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        return next(line.partition(": ")[2] for line in lines if line.startswith(("model name", "Hardware")))
    except (OSError, StopIteration):
        return platform.read_processor() or platform.machine()
