"""The parser of the command line: options are never abbreviated, and what may be a secret is never shown.

A secret that is typed where none is taken must not stand in an error message, and so in a log.
"""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from textwrap import wrap
from typing import Any, NoReturn

from .._credentials import API_SECRET_VARIABLE

NOT_SHOWN = "<not shown>"
HOW_TO_GIVE_IT = f"set {API_SECRET_VARIABLE}, or name a file that holds it with --secret-file, or type it when asked"

_SECRET_OPTIONS = re.compile(r"--?\w*[-_]?(secret|password|passphrase)(?!-file\b)", re.IGNORECASE)
_TOKEN = re.compile(r"(?!/)[A-Za-z0-9+/_-]{16,}={0,2}")
_RUN = re.compile(r"[A-Za-z0-9+_-]{16,}")


def looks_like_secret(text: str) -> bool:
    """Whether `text` may be a key, a secret or a signature: one long word of letters and digits."""
    if text and text == os.environ.get(API_SECRET_VARIABLE):
        return True
    if not _TOKEN.fullmatch(text):
        return False
    letters = any(c.isalpha() for c in text)
    digits = any(c.isdigit() for c in text)
    return bool(_RUN.search(text)) and letters and (digits or "-" not in text)


def without_secrets(message: str, argv: Iterable[str]) -> str:
    """`message` without those of the arguments that look like a secret, or their beginnings."""
    for argument in argv:
        for text in (argument.removeprefix("@"), argument.partition("=")[2]):
            if looks_like_secret(text):
                shown = rf"{re.escape(text[:12])}[A-Za-z0-9+/_=-]*" if len(text) >= 16 else re.escape(text)
                message = re.sub(shown, NOT_SHOWN, message)
    return message


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations, whose errors show no secret."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", HelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self._given: Sequence[str] = ()

    def parse_args(self, args: Sequence[str], namespace: Any = None) -> Any:  # type: ignore[override]
        """As argparse's, but for a secret on the command line, and for what it says of what it does not know."""
        if option := next((one.partition("=")[0] for one in args if _SECRET_OPTIONS.match(one)), ""):
            self.error(
                f"{option}: a secret is not taken from the command line, where the shell's history keeps it and "
                f"other users see it; {HOW_TO_GIVE_IT}"
            )
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:
            self.error(f"unrecognized arguments: {_named(unknown)}")
        return parsed

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        self._given = args = list(sys.argv[1:] if args is None else args)
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        super().error(without_secrets(message, self._given))


def _named(unknown: Sequence[str]) -> str:
    """Unknown arguments for a message: of an option only its name, and nothing that could be its value."""
    shown, is_value = [], False
    for argument in unknown:
        if argument.startswith("-"):
            name, equals, _ = argument.partition("=")
            shown.append(name + (f"={NOT_SHOWN}" if equals else ""))
            is_value = not equals
        else:
            shown.append(NOT_SHOWN if is_value or looks_like_secret(argument) else argument)
            is_value = False
    hint = f"; is it the secret? {HOW_TO_GIVE_IT}" if any(NOT_SHOWN in one for one in shown) else ""
    return " ".join(shown) + hint


class HelpFormatter(argparse.HelpFormatter):
    """Wraps each line of a description at the terminal's width, and leaves those that are indented as they are."""

    def _fill_text(self, text: str, width: int, indent: str) -> str:
        lines: list[str] = []
        for line in text.splitlines():
            lines += [line] if line.startswith(" ") or not line else wrap(line, width)
        return "\n".join(indent + line for line in lines)
