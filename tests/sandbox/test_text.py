"""Test the text filter: redaction, escapes and truncation."""

from __future__ import annotations

import pytest

from woox_fast.sandbox.text import REDACTED, TextFilter

SECRET = 'my "secret" +é'


@pytest.mark.parametrize(
    "spelling",
    [
        SECRET,
        "my%20%22secret%22%20%2B%C3%A9",
        "my+%22secret%22+%2b%c3%a9",
        'my \\"secret\\" +\\u00e9',
        'my \\"secret\\" +\\xe9',
    ],
)
def test_secret_is_redacted(spelling: str) -> None:
    assert TextFilter(SECRET)(f"a{spelling}b") == f"a{REDACTED}b"


def test_redaction_precedes_truncation() -> None:
    for limit in range(40):
        assert 'my "s' not in TextFilter(SECRET)("x" * 10 + SECRET, limit)


@pytest.mark.parametrize("near_miss", [SECRET[:-1], "\\" + SECRET[0], "%6d", "\\"])
def test_near_misses_are_fast(near_miss: str) -> None:
    """A pattern with ambiguous spellings would take exponential time here."""
    text = near_miss * 20_000
    assert TextFilter(SECRET).redact(text) == text


def test_controls_are_escaped() -> None:
    text = TextFilter("")
    assert text(b"\x1b[2J\xff\n") == "\\x1b[2J\\udcff\\n"
    assert text("é", ascii_only=True) == "\\xe9"
    assert text("abcdef", 3) == "abc…"
