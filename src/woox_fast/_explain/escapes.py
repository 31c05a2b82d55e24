"""How the strings of a JSON text get escaped in two ways: text to text."""

from __future__ import annotations

import json
import re

from .rewrites import Text, tokens

_ESCAPED = re.compile(r"\\\\|(?:\\u[0-9a-fA-F]{4})+")


def ascii_escapes(upper: bool = False) -> Text:
    """Non-ASCII characters as \\u escapes."""

    def escape(found: re.Match[str]) -> str:
        units = found[0].encode("utf-16-be", "surrogatepass").hex()
        return "".join(
            f"\\u{(units[at : at + 4]).upper() if upper else units[at : at + 4]}" for at in range(0, len(units), 4)
        )

    return lambda text: re.sub("[^\x00-\x7f]", escape, text)


def no_ascii_escapes(text: str) -> str:
    """\\u escapes of non-ASCII characters as those characters."""
    return _ESCAPED.sub(lambda found: found[0] if found[0][1] == "\\" else _unescaped(found[0]), text)


def _unescaped(run: str) -> str:
    return "".join(
        f"\\u{ord(c):04x}" if c.isascii() or "\ud800" <= c <= "\udfff" else c for c in json.loads(f'"{run}"')
    )


def escaped(characters: str, upper: bool = False) -> Text:
    """These characters within strings as \\u escapes, as some libraries write them for HTML."""
    table = {ord(c): f"\\u{ord(c):04X}" if upper else f"\\u{ord(c):04x}" for c in characters}
    return lambda text: "".join([part.translate(table) if part[0] == '"' else part for part in tokens(text)])
