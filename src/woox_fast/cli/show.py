"""What the verbs print: rows of a label and text, in colour on a terminal where rich is installed, else plain.

Every text goes through `visible`, `line` or `printable`: whatever came from a network or a file is shown escaped.
"""

from __future__ import annotations

import os
import sys
import unicodedata
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

MOST_SHOWN = 2000  # characters of a text that was signed


def visible(data: bytes) -> str:
    """`data` as a Python literal: quoted, all ASCII, with every odd character escaped."""
    try:
        return ascii(data.decode())
    except UnicodeDecodeError:
        return repr(data)


def printable(text: str) -> str:
    """`text` without quotes, with control characters, escape sequences and everything not ASCII escaped."""
    return "".join(c if " " <= c <= "~" else ascii(c)[1:-1] for c in text)


def hidden(text: str, secret: str) -> str:
    """`text` without the secret, should it stand in what was sent."""
    return text.replace(secret, "<the secret>") if len(secret) > 3 else text


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
    one, other = (hidden(visible(text), secret) for text in (expected, signed))
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


def line(text: str = "", style: str = "") -> None:
    """Print a line; `style` is a name of `_STYLES`."""
    if style and use_colour() and _console is not None:
        _console.print(text, style=_STYLES[style])
    else:
        print(text)


def rows(pairs: Iterable[tuple[str, str, str]]) -> None:
    """Print rows of label, text and style; a label "" continues the row above."""
    pairs = list(pairs)
    width = max(len(label) for label, _, _ in pairs)
    for label, text, style in pairs:
        if use_colour() and _console is not None:
            from rich.text import Text

            _console.print(
                Text.assemble((f"{label:<{width}}  ", _STYLES["label"]), (text, _STYLES[style] if style else ""))
            )
        else:
            print(f"{label:<{width}}  {text}".rstrip())


def as_json(value: Any) -> None:
    """Print `value` as JSON: all ASCII, so nothing in it is hostile to a terminal."""
    import json

    print(json.dumps(value, indent=2 if sys.stdout.isatty() else None))


def text_of(data: bytes) -> str:
    """`data` for JSON: UTF-8, other bytes as surrogate escapes."""
    return data.decode("utf-8", "surrogateescape")
