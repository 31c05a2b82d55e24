"""The argument parser: no abbreviated options, and no secret in an error message, which a log may store."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Iterable, Sequence
from textwrap import fill
from typing import Any, NoReturn

from .._credentials import API_SECRET_VARIABLE
from . import show

NOT_SHOWN = "<not shown>"
HOW_TO_GIVE_IT = f"set {API_SECRET_VARIABLE}, or name a file with --secret-file, or type it at the prompt"
MAX_MESSAGE = 600  # characters

_SECRET_OPTIONS = re.compile(r"--?\w*[-_]?(secret|password|passphrase)(?!-file\b)", re.IGNORECASE)
_TOKEN = re.compile(r"(?!/)[A-Za-z0-9+/_-]{16,}={0,2}")
_RUN = re.compile(r"[A-Za-z0-9+_-]{16,}")


def looks_like_secret(text: str) -> bool:
    """Return whether `text` may be a key, a secret or a signature: a long word with letters and digits."""
    if text and text == os.environ.get(API_SECRET_VARIABLE):
        return True
    is_token = _TOKEN.fullmatch(text) and _RUN.search(text) and re.search("[A-Za-z]", text)
    return bool(is_token) and ("-" not in text or bool(re.search("[0-9]", text)))


def without_secrets(message: str, argv: Iterable[str]) -> str:
    """Redact the environment's secret and arguments that look like secrets, then truncate."""
    message = show.hidden(message, os.environ.get(API_SECRET_VARIABLE, ""))
    for argument in argv:
        for text in (argument.removeprefix("@"), argument.partition("=")[2]):
            if looks_like_secret(text):
                shown = rf"{re.escape(text[:12])}[A-Za-z0-9+/_=-]*" if len(text) >= 16 else re.escape(text)
                message = re.sub(shown, NOT_SHOWN, message)
    return show.shortened(message, MAX_MESSAGE)


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations that shows no secret in its errors."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)
        self._given: Sequence[str] = ()

    def parse_args(self, args: Sequence[str], namespace: Any = None) -> Any:  # type: ignore[override]
        if option := next((each.partition("=")[0] for each in args if _SECRET_OPTIONS.match(each)), ""):
            self.error(
                f"{option}: a secret is not accepted on the command line, where the shell's history stores it and "
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
    """Name the unknown options only: their values and all other words may be secret."""
    names = " ".join(each.partition("=")[0] for each in unknown if each.startswith("-"))
    if all(each.startswith("-") and "=" not in each for each in unknown):
        return names
    return f"{names or NOT_SHOWN}; is a value the secret? {HOW_TO_GIVE_IT}"


def wrapped(text: str) -> str:
    """Wrap the lines without indentation at the terminal's width."""
    lines = text.splitlines()
    return "\n".join(line if line.startswith(" ") else fill(line, show.width() - 2) for line in lines)
