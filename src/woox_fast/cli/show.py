"""Output of the subcommands: labelled rows, sentences and JSON, coloured on a terminal.

Text from a network or a file is untrusted. Pass it through `visible` or `printable`, then `hidden`, then `shortened`:
escape, redact, truncate. Truncating first could leave part of the secret.
"""

from __future__ import annotations

import json
import os
import shutil
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from textwrap import wrap
from typing import Any, NamedTuple

STANDARD_OUTPUT = "standard output"
MAX_SHOWN = 2000  # characters
REDACTED = "<the secret>"
_MIN_SECRET = 4  # replacing a shorter secret would garble the text
_MIN_CUT_SECRET = 6
_COLOURS = {"good": "32", "bad": "1;31", "label": "36", "quiet": "2"}


def visible(data: bytes) -> str:
    """Quote `data` as ASCII with every odd character escaped, in Python's notation for bytes if it is not UTF-8."""
    try:
        return f"'{_escaped(data.decode())}'"
    except UnicodeDecodeError:
        return f"b'{_escaped(data.decode('latin-1'))}'"


def _escaped(text: str) -> str:
    # With doubled backslashes, a newline differs from a backslash and an n.
    return printable(text.replace("\\", "\\\\"))


def printable(text: str) -> str:
    """Escape control characters, terminal sequences and everything outside ASCII."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)


def hidden(text: str, secret: str) -> str:
    """Redact `secret` in `text`, which may be escaped, including a secret that an error message cut off."""
    if len(secret) < _MIN_SECRET:
        return text
    for form in dict.fromkeys((secret, printable(secret), _escaped(secret))):
        text = _without_cut(text.replace(form, REDACTED), form)
    return text


def _without_cut(text: str, secret: str) -> str:
    """Redact a beginning of `secret` followed by a quote, an ellipsis or the end of `text`."""
    at = text.find(secret[:_MIN_CUT_SECRET])
    while at >= 0:
        end = at + _common_length(text[at : at + len(secret)], secret)
        if end == len(text) or text[end] in "'\"\\" or text.startswith("...", end):
            text = text[:at] + REDACTED + text[end:]
            end = at + len(REDACTED)
        at = text.find(secret[:_MIN_CUT_SECRET], end)
    return text


def _common_length(one: str, other: str) -> int:
    shortest = min(len(one), len(other))
    return next((at for at in range(shortest) if one[at] != other[at]), shortest)


def shortened(text: str, limit: int = MAX_SHOWN) -> str:
    return text if len(text) <= limit else text[:limit] + "..."


def text_of(data: bytes) -> str:
    """Decode `data` for JSON, with surrogate escapes for invalid UTF-8."""
    return data.decode("utf-8", "surrogateescape")


def difference(expected: bytes, signed: bytes, secret: str, width: int = 88) -> list[str]:
    """Return two lines that show both texts around their first difference, and a third line that marks it."""
    one, other = hidden(visible(expected), secret), hidden(visible(signed), secret)
    if one[0] != other[0]:  # use the notation for bytes in both lines, so that their columns agree
        one, other = (hidden(f"b'{_escaped(text.decode('latin-1'))}'", secret) for text in (expected, signed))
    start = _common_length(one, other)
    shortest = min(len(one), len(other)) - start
    same_end = next((n for n in range(shortest) if one[-1 - n] != other[-1 - n]), shortest)
    cut = max(0, start - width // 2) if max(len(one), len(other)) > width else 0
    marked = max(1, len(one) - same_end - start, len(other) - same_end - start)
    at = start - cut + (3 if cut else 0)
    return [_window(one, cut, width), _window(other, cut, width), " " * at + "^" * max(1, min(marked, width - at))]


def _window(text: str, cut: int, width: int) -> str:
    shown = ("..." if cut else "") + text[cut:]
    return shown if len(shown) <= width else shown[: width - 3] + "..."


def width() -> int:
    """Return the terminal's columns, at most 100; 80 without a terminal, unless COLUMNS is set."""
    return max(20, min(shutil.get_terminal_size().columns, 100))


@contextmanager
def output() -> Iterator[None]:
    """Mark an OSError from writing to standard output by its filename."""
    try:
        yield
    except OSError as error:
        error.filename = STANDARD_OUTPUT
        raise


def flush() -> None:
    with output():
        sys.stdout.flush()


def line(text: str = "", style: str = "") -> None:
    """Print a line without wrapping it; `style` is a key of `_COLOURS`."""
    with output():
        print(_painted(text, style))


def _painted(text: str, style: str) -> str:
    coloured = style and text and sys.stdout.isatty() and not os.environ.get("NO_COLOR")
    return f"\x1b[{_COLOURS[style]}m{text}\x1b[0m" if coloured else text


def sentence(text: str, style: str = "", indent: str = "") -> None:
    """Print a text wrapped between words at the terminal's width; `indent` precedes all lines but the first."""
    for each in _lines(text, width(), indent):
        line(each, style)


class Row(NamedTuple):
    """A label and a text. The text wraps at the terminal's width unless `whole`. An empty label continues a row."""

    label: str
    text: str
    style: str = ""
    whole: bool = False
    indent: str = ""


def rows(given: Iterable[Row]) -> None:
    """Print rows with aligned texts."""
    given = list(given)
    label_width = max(len(row.label) for row in given)
    for row in given:
        text_width = max(20, width() - label_width - 2)
        lines = [row.text] if row.whole else _lines(row.text, text_width, row.indent)
        for at, text in enumerate(lines):
            label = f"{'' if at else row.label:<{label_width}}  "
            line(f"{_painted(label, 'label')}{_painted(text, row.style)}".rstrip())


def _lines(text: str, columns: int, indent: str) -> list[str]:
    return wrap(text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False) or [""]


def error(text: str) -> None:
    """Print a message to standard error, wrapped on a terminal. Ignore a failure to write it."""
    with suppress(OSError, AttributeError):  # a full or closed stream
        if sys.stderr.isatty():
            text = "\n".join(_lines(text, width(), "  "))
        print(text, file=sys.stderr, flush=True)


def as_json(value: Any, secret: str = "") -> None:
    """Print `value` as strict JSON without the secret, in ASCII, which cannot control a terminal."""
    text = json.dumps(value, indent=2 if sys.stdout.isatty() else None, allow_nan=False)
    line(hidden(text, json.dumps(secret)[1:-1]))
