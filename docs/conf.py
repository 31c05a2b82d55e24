"""Sphinx: `make docs` builds the manual and the API reference into build/docs, with every warning as an error."""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ["WOOX_FAST_BACKEND"] = "python"  # the pure twin is the typed surface of all three

import woox_fast

project = "woox-fast"
author = "the woox-fast authors"
project_copyright = "the woox-fast authors, MIT licence"
release = version = woox_fast.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx_copybutton"]
exclude_patterns = ["_generated"]
html_theme = "furo"
html_title = f"woox-fast {release}"
html_static_path: list[str] = []
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "

default_role = "code"  # docstrings write names in single backquotes
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {"members": True, "inherited-members": True}
autodoc_type_aliases = {
    name: name for name in ("Body", "Buffer", "Params", "Request", "Timestamp", "SignedRequest", "Explanation")
}
python_use_unqualified_type_names = True


def write_mistakes(_: object) -> None:
    """The table of every mistake that `explain` knows, from the tables that it searches."""
    from woox_fast._explain import all_mistakes

    folder = Path(__file__).parent / "_generated"
    folder.mkdir(exist_ok=True)
    rows = ["| part | cause | remedy |", "|---|---|---|"]
    for part, mistake in dict.fromkeys(all_mistakes()):
        cells = (part, mistake.cause, mistake.remedy)
        rows.append("| " + " | ".join(re.sub(r"[|<*]", r"\\\g<0>", cell) for cell in cells) + " |")
    (folder / "mistakes.md").write_text("\n".join(rows) + "\n", "utf-8")


def setup(app: object) -> None:
    app.connect("builder-inited", write_mistakes)  # type: ignore[attr-defined]
