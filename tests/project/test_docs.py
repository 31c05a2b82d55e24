"""Every example of README and docs/ runs, and prints the output that the document shows."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest
from helpers.documents import DOCUMENTS, ROOT, run_document

from woox_fast.sandbox import Sandbox


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document_examples_run(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    try:
        with Sandbox() as url:
            missing = run_document(path, url, tmp_path)
    finally:
        logging.getLogger("woox_fast.gateway").setLevel(logging.NOTSET)  # docs/logging.md turns it up
    if missing:
        pytest.skip(f"the examples that need {', '.join(sorted(missing))} did not run; all others passed")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```python\nprint(1)\n```\n```text\n2\n```\n", AssertionError),
        ("```console\n$ echo one; echo two\none\n```\n", AssertionError),
        ("```console\n$ echo 1\n1\n$ echo 2\n3\n```\n", AssertionError),
        ("```console\n$ no-such-program\n```\n", AssertionError),
        ("```sh\nmake no-such-target\n```\n", AssertionError),
    ],
)
def test_wrong_example_fails(text: str, error: type[Exception], tmp_path: Path) -> None:
    """Control: the checks above can fail."""
    (tmp_path / "page.md").write_text(text)
    with pytest.raises(error):
        run_document(tmp_path / "page.md", "http://127.0.0.1:1", tmp_path)
