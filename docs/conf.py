"""Sphinx: `make docs` builds the manual and the API reference into build/docs, with every warning as an error."""

from __future__ import annotations

import os
import re
from pathlib import Path

os.environ["WOOX_FAST_BACKEND"] = "python"  # the typed surface of all backends

import woox_fast

project = "woox-fast"
author = "the woox-fast authors"
project_copyright = "the woox-fast authors, MIT licence"
release = version = woox_fast.__version__

extensions = ["myst_parser", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "sphinx_copybutton"]
exclude_patterns = ["_generated"]
html_theme = "furo"
html_title = f"woox-fast {release}"
html_static_path = ["_static"]
html_css_files = ["wide.css"]
myst_enable_extensions = ["colon_fence"]
myst_heading_anchors = 3
copybutton_prompt_text = "$ "

napoleon_use_ivar = True  # "Attributes" would repeat the annotated members
default_role = "code"  # docstrings write names in single backquotes
autodoc_member_order = "bysource"
autodoc_typehints = "signature"
autodoc_default_options = {
    "members": True,
    "inherited-members": "OSError,BaseException,tuple",
}  # but no errno, add_note, count or index
autodoc_preserve_defaults = True
autodoc_type_aliases = {
    name: name for name in ("Body", "Buffer", "Params", "Request", "Timestamp", "SignedRequest", "Explanation")
}
python_use_unqualified_type_names = True


def write_mistakes(_: object) -> None:
    """The table of every mistake that `explain` knows, from the tables that it searches."""
    from woox_fast._explain import list_mistakes

    folder = Path(__file__).parent / "_generated"
    folder.mkdir(exist_ok=True)
    rows = ["| part | cause | remedy |", "|---|---|---|"]
    for part, mistake in dict.fromkeys(list_mistakes()):
        cells = (part, mistake.cause, mistake.remedy)
        rows.append("| " + " | ".join(re.sub(r"[|<*]", r"\\\g<0>", cell) for cell in cells) + " |")
    (folder / "mistakes.md").write_text("\n".join(rows) + "\n", "utf-8")


def name_aliases(_: object, *described: object) -> tuple[str, str] | None:
    """Write a type alias by its name, also within a union."""
    *_, signature, returned = described
    if signature is None:
        return None
    return _name_aliases(signature), _name_aliases(returned or "")


def _name_aliases(text: object) -> str:
    return re.sub(r"TypeAliasForwardRef\('(\w+)'\)", r"\1", str(text))


def skip_fields(_: object, _kind: str, _name: str, member: object, skip: bool, _options: object) -> bool | None:
    """Skip a named tuple's fields: its docstring describes them."""
    return True if str(getattr(member, "__doc__", "")).startswith("Alias for field") else None


def setup(app: object) -> None:
    app.connect("autodoc-skip-member", skip_fields)  # type: ignore[attr-defined]
    app.connect("autodoc-process-signature", name_aliases)  # type: ignore[attr-defined]
    app.connect("builder-inited", write_mistakes)  # type: ignore[attr-defined]
