"""README and docs: every snippet runs as it is printed, and prints what is printed below it."""

from __future__ import annotations

from pathlib import Path

import pytest
from helpers.documents import DOCUMENTS, ROOT, examples_of, namespace_of
from sybil import Document

from woox_fast.sandbox import Sandbox


def _evaluate(document: Document) -> None:
    for example in document.examples():
        example.evaluate()


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: str(path.relative_to(ROOT)))
def test_document(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    document = examples_of(path)
    with Sandbox() as url:
        document.namespace.update(namespace_of(url, tmp_path))
        _evaluate(document)


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("```python\n1 / 0\n```\n", ZeroDivisionError),
        ("```python\nprint(1)\n```\n```text\n2\n```\n", AssertionError),
        ("```console\n$ echo one; echo two\none\n```\n", AssertionError),
        ("```console\n$ echo 1\n1\n$ echo 2\n3\n```\n", AssertionError),
        ("```sh\nmake no-such-target\n```\n", AssertionError),
        ("```python\nprint(1)\n```\n```text\n1\n```\n```console\n$ echo one... 5 ms\none... 7 ms\n```\n", None),
    ],
)
def test_what_is_not_as_shown_fails(text: str, error: type[Exception] | None, tmp_path: Path) -> None:
    (tmp_path / "page.md").write_text(text)
    document = examples_of(tmp_path / "page.md")
    document.namespace.update(namespace_of("http://127.0.0.1:1", tmp_path))
    if error is None:
        _evaluate(document)
        return
    with pytest.raises(error):
        _evaluate(document)
