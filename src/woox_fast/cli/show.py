"""Output of the subcommands: labelled fields, sentences and JSON, coloured on a terminal.

Every line passes through `redact`. Text from a network or a file is untrusted: pass it through `quote` or
`escape` as well, and redact it before `shorten`, which could otherwise leave part of the secret.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Callable, Iterable
from contextlib import suppress
from textwrap import wrap
from typing import Any, NamedTuple

STANDARD_OUTPUT = "standard output"
MAX_SHOWN = 2000  # characters
REDACTED = "<the secret>"
SECRETS: list[str] = []  # that this process has read
_MIN_SECRET = 4  # replacing a shorter secret would garble the text
_MIN_CUT_SECRET = 5
_COLOURS = {"good": "32", "bad": "1;31", "label": "36", "quiet": "2"}


def quote(data: bytes) -> str:
    """Quote `data` as ASCII with every odd character escaped, in Python's notation for bytes if it is not UTF-8."""
    try:
        return f"'{_escape_twice(data.decode())}'"
    except UnicodeDecodeError:
        return f"b'{_escape_twice(data.decode('latin-1'))}'"


def _escape_twice(text: str) -> str:
    # Doubled backslashes distinguish a newline from a backslash and an n.
    return escape(text.replace("\\", "\\\\"))


def escape(text: str) -> str:
    """Escape control characters, terminal sequences and everything outside ASCII."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)


def redact(text: str, *more: str, cut: bool = False) -> str:
    """Redact SECRETS and `more` secrets, plain and escaped; also their beginnings if `text` may be `cut`."""
    for secret in (*SECRETS, *more):
        if len(secret) >= _MIN_SECRET:
            for form in {secret, escape(secret), _escape_twice(secret), json.dumps(secret)[1:-1]}:
                text = text.replace(form, REDACTED)
            for end in range(len(secret), _MIN_CUT_SECRET if cut else len(secret), -1):
                text = text.replace(secret[:end], REDACTED)
    return text


def shorten(text: str, limit: int = MAX_SHOWN) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def decode(data: bytes) -> str:
    """Decode `data` for JSON, with surrogate escapes for invalid UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def mark_difference(expected: bytes, signed: bytes, secret: str = "", width: int = 88) -> list[str]:
    """Return two lines that show both texts around their first difference, and a third line that marks it."""
    one, other = quote(expected), quote(signed)
    if one[0] != other[0]:  # use the notation for bytes in both lines, so that their columns agree
        one, other = (f"b'{_escape_twice(text.decode('latin-1'))}'" for text in (expected, signed))
    one, other = redact(one, secret), redact(other, secret)
    start = _count_common(one, other)
    end = _count_common(one[: start - 1 : -1], other[: start - 1 : -1])
    cut = max(0, start - width // 2) if max(len(one), len(other)) > width else 0
    marked = max(len(one), len(other)) - end - start
    at = start - cut + (3 if cut else 0)
    return [_cut(one, cut, width), _cut(other, cut, width), " " * at + "^" * max(1, min(marked, width - at))]


def _count_common(one: str, other: str) -> int:
    pairs = enumerate(zip(one, other, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(one), len(other)))


def _cut(text: str, cut: int, width: int) -> str:
    shown = ("..." if cut else "") + text[cut:]
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def get_width() -> int:
    """Return the terminal's columns, at most 100; 80 without a terminal, unless COLUMNS is set."""
    return max(20, min(shutil.get_terminal_size().columns, 100))


def print_line(text: str = "", style: str = "") -> None:
    """Print a line without wrapping it; `style` is a key of `_COLOURS`."""
    _write(print, _paint(redact(text), style))


def flush() -> None:
    _write(sys.stdout.flush)


def _write(write: Callable[..., None], *text: str) -> None:
    try:
        write(*text)
    except OSError as error:
        error.filename = STANDARD_OUTPUT
        raise


def _paint(text: str, style: str) -> str:
    coloured = style and text and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if coloured else text


def print_wrapped(text: str, style: str = "", indent: str = "") -> None:
    """Print a text wrapped between words; `indent` precedes all lines but the first."""
    for each in _wrap(redact(text), get_width(), indent):
        print_line(each, style)


class OutputField(NamedTuple):
    """A label and a text, which wraps on a terminal unless it is `whole`. An empty label continues a field."""

    label: str
    text: str
    style: str = ""
    whole: bool = False


def print_fields(given: Iterable[OutputField]) -> None:
    """Print fields with aligned texts."""
    given = list(given)
    label_width = max((len(field.label) for field in given), default=0)
    for label, text, style, whole in given:
        text = redact(text)
        wrapped = sys.stdout.isatty() and not whole
        lines = _wrap(text, max(20, get_width() - label_width - 2)) if wrapped else [text]
        for at, part in enumerate(lines):
            padded = f"{'' if at else label:<{label_width}}  "
            print_line(f"{_paint(padded, 'label')}{_paint(part, style)}".rstrip())


def _wrap(text: str, columns: int, indent: str = "") -> list[str]:
    return wrap(text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def print_error(text: str) -> None:
    """Print a message to standard error, wrapped on a terminal. Ignore a failure to write it."""
    text = redact(text, cut=True)
    with suppress(OSError, AttributeError):  # a full or closed stream
        if sys.stderr.isatty():
            text = "\n".join(_wrap(text, get_width(), "  "))
        print(text, file=sys.stderr, flush=True)


def print_json(value: Any) -> None:
    """Print `value` as strict JSON, in ASCII, which cannot control a terminal."""
    print_line(json.dumps(value, indent=2 if sys.stdout.isatty() else None, allow_nan=False))
