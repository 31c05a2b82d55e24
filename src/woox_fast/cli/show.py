"""What the verbs print: rows of a label and text, in colour on a terminal where rich is installed, else plain.

Whatever came from a network or a file goes through `visible` or `printable` first: it is shown escaped.
"""

from __future__ import annotations

import os
import shutil
import sys
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager, suppress
from textwrap import wrap
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from rich.console import Console

STANDARD_OUTPUT = "standard output"
MOST_SHOWN = 2000  # characters of a text that was signed


def visible(data: bytes) -> str:
    """`data` between quotes, all ASCII, with every odd character escaped; what is not UTF-8 as Python writes bytes."""
    text = _decoded(data)
    return f"b'{_escaped(data.decode('latin-1'))}'" if text is None else f"'{_escaped(text)}'"


def _decoded(data: bytes) -> str | None:
    try:
        return data.decode()
    except UnicodeDecodeError:
        return None


def _escaped(text: str) -> str:
    """`printable`, with backslashes doubled: a line's end can be told from a backslash and an n."""
    return printable(text.replace("\\", "\\\\"))


def printable(text: str) -> str:
    """`text` without quotes, with control characters, escape sequences and everything not ASCII escaped."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)


def hidden(text: str, secret: str) -> str:
    """`text`, escaped or not, with the secret replaced, since what was sent may hold it."""
    if len(secret) > 3:
        for form in (secret, printable(secret), _escaped(secret)):
            text = text.replace(form, "<the secret>")
    return text


def shortened(text: str) -> str:
    return text if len(text) <= MOST_SHOWN else text[:MOST_SHOWN] + "..."


def odd_characters(data: bytes, most: int = 5) -> list[str]:
    """A line for each character of `data` that is not printable ASCII: where it stands, and its name."""
    text = data.decode("utf-8", "surrogateescape")
    odd = [(at, c) for at, c in enumerate(text) if not " " <= c <= "~"]
    lines = [f"character {at + 1} is {_name(c)}" for at, c in odd[:most]]
    return lines + ([f"and {len(odd) - most} more"] if len(odd) > most else [])


_CONTROLS = {"\n": "a newline", "\r": "a carriage return", "\t": "a tab", "\0": "a NUL"}


def _name(character: str) -> str:
    if "\udc80" <= character <= "\udcff":
        return f"the byte 0x{ord(character) - 0xDC00:02X}, not UTF-8"
    return f"U+{ord(character):04X}, {_CONTROLS.get(character) or unicodedata.name(character, 'without a name')}"


def size(data: bytes) -> str:
    characters = len(data.decode("utf-8", "surrogateescape"))
    return f"{len(data)} bytes" if characters == len(data) else f"{len(data)} bytes, {characters} characters"


def difference(expected: bytes, signed: bytes, secret: str, width: int = 88) -> list[str]:
    """Two texts, one above the other, around the first place where they differ, and a line that marks it."""
    as_bytes = (
        _decoded(expected) is None or _decoded(signed) is None
    )  # both in the same notation, so that the columns agree
    one, other = (
        hidden(f"b'{_escaped(text.decode('latin-1'))}'" if as_bytes else visible(text), secret)
        for text in (expected, signed)
    )
    start = next((at for at, (a, b) in enumerate(zip(one, other, strict=False)) if a != b), min(len(one), len(other)))
    longest = min(len(one), len(other)) - start
    same_end = next((n for n in range(longest) if one[-1 - n] != other[-1 - n]), longest)
    cut = max(0, start - width // 2) if max(len(one), len(other)) > width else 0
    lines = [_window(text, cut, width) for text in (one, other)]
    marked = [max(1, len(text) - same_end - start) for text in (one, other)]
    at = start - cut + (3 if cut else 0)
    return [*lines, " " * at + "^" * max(1, min(max(marked), width - at))]


def _window(text: str, cut: int, width: int) -> str:
    shown = ("..." if cut else "") + text[cut:]
    return shown if len(shown) <= width else shown[: width - 3] + "..."


# printing

_STYLES = {"good": "green", "bad": "bold red", "label": "cyan", "quiet": "dim"}
_console: Console | None = None


def use_colour() -> bool:
    """Whether standard output is a terminal that wants colour, and rich is there to give it."""
    global _console
    if _console is None and sys.stdout.isatty() and not os.environ.get("NO_COLOR"):
        try:
            from rich.console import Console
        except ImportError:
            return False
        _console = Console(markup=False, emoji=False, highlight=False, soft_wrap=True)
    return _console is not None and sys.stdout.isatty()


def width() -> int:
    """Columns of the terminal, at most 100; 80 where there is none and COLUMNS does not say."""
    return max(20, min(shutil.get_terminal_size().columns, 100))


@contextmanager
def output() -> Iterator[None]:
    """Names standard output as the file of an OSError that writing to it raises."""
    try:
        yield
    except OSError as error:
        error.filename = STANDARD_OUTPUT
        raise


def flush() -> None:
    with output():
        sys.stdout.flush()


def line(text: str = "", style: str = "") -> None:
    """Print a line as it is, however long; `style` is a name of `_STYLES`."""
    with output():
        if style and use_colour() and _console is not None:
            _console.print(text, style=_STYLES[style])
        else:
            print(text)


def sentence(text: str, style: str = "", indent: str = "") -> None:
    """Print a text in lines that fit the terminal, all but the first behind `indent`; no word is broken."""
    for one in _lines(text, width(), indent):
        line(one, style)


class Row(NamedTuple):
    """A label and a text, in lines that fit the terminal; or on one line if it is `whole`, as what is signed or sent.

    A label "" continues the row above. `style` is a name of `_STYLES`; `indent` stands before all lines but the first.
    """

    label: str
    text: str
    style: str = ""
    whole: bool = False
    indent: str = ""


def rows(given: Iterable[Row]) -> None:
    given = list(given)
    label_width = max(len(row.label) for row in given)
    for row in given:
        text_width = max(20, width() - label_width - 2)
        lines = [row.text] if row.whole else _lines(row.text, text_width, row.indent)
        for at, text in enumerate(lines):
            _row(f"{'' if at else row.label:<{label_width}}  ", text, row.style)


def _row(label: str, text: str, style: str) -> None:
    if use_colour() and _console is not None:
        from rich.text import Text

        with output():
            _console.print(Text.assemble((label, _STYLES["label"]), (text, _STYLES[style] if style else "")))
    else:
        line(f"{label}{text}".rstrip())


def _lines(text: str, columns: int, indent: str) -> list[str]:
    return wrap(
        text, columns, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    ) or [""]


def table(columns: Mapping[str, Mapping[str, str]]) -> None:
    """Print figures by their labels, a column for each key of `columns`, under it where there are several.

    Nothing is cut: as many columns as fit stand side by side, the others below them, and a long label is wrapped.
    """
    room = max(20, shutil.get_terminal_size().columns)
    names = list(columns)
    labels = list(columns[names[0]])
    cells = {name: [*([name] if len(names) > 1 else []), *columns[name].values()] for name in names}
    widths = {name: max(map(len, cells[name])) for name in names}
    label_width = min(max(map(len, labels)), max(12, room - 2 - max(widths.values())))
    while names:
        count = 1
        while count < len(names) and label_width + sum(widths[one] + 2 for one in names[: count + 1]) <= room:
            count += 1
        shown, names = names[:count], names[count:]
        heads = [*([""] if len(columns) > 1 else []), *labels]
        for at, head in enumerate(heads):
            *above, last = _lines(head, label_width, "  ")
            for text in above:
                _row(text, "", "")
            figures = "".join(f"  {cells[one][at]:>{widths[one]}}" for one in shown)
            _row(f"{last:<{label_width}}", figures, "")
        if names:
            line()


def error(text: str) -> None:
    """Print a line on standard error: in lines that fit, if that is a terminal. Where it cannot be written, nothing."""
    with suppress(OSError):
        if sys.stderr.isatty():
            text = "\n".join(_lines(text, width(), "  "))
        print(text, file=sys.stderr, flush=True)


def as_json(value: Any, secret: str = "") -> None:
    """Print `value` as JSON, without the secret: all ASCII, so nothing in it is hostile to a terminal."""
    import json

    text = json.dumps(value, indent=2 if sys.stdout.isatty() else None)
    line(hidden(text, json.dumps(secret)[1:-1]))


def text_of(data: bytes) -> str:
    """`data` for JSON: UTF-8, other bytes as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")
