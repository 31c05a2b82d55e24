"""The argument parser: no abbreviated options, and no secret in an error message, which a log may store."""

from __future__ import annotations

import argparse
import re
from collections.abc import Sequence
from textwrap import fill
from typing import Any, NoReturn

from .._credentials import API_SECRET_VARIABLE
from . import show

NOT_SHOWN = "<not shown>"
HOW_TO_GIVE_IT = f"set {API_SECRET_VARIABLE}, or name a file with --secret-file, or type it at the prompt"
MAX_MESSAGE = 600  # characters

_SECRET_OPTION = re.compile(r"--?\w*[-_]?(secret|password|passphrase)(?!-file\b)", re.IGNORECASE)
_WORD = re.compile(r"(?<![\w/.-])[A-Za-z0-9+_-][A-Za-z0-9+/_-]{15,}={0,2}")  # a path begins with a slash


def without_secrets(message: str) -> str:
    """Redact secrets and all words that look like a secret, then truncate."""
    message = _WORD.sub(lambda word: NOT_SHOWN if _is_random(word[0]) else word[0], show.redacted(message, cut=True))
    return show.shortened(message, MAX_MESSAGE)


def _is_random(word: str) -> bool:
    is_long = re.search("[A-Za-z0-9+_-]{16}", word) and re.search("[A-Za-z]", word)
    return bool(is_long) and (not re.search("[_-]", word) or bool(re.search("[0-9]", word)))


class Parser(argparse.ArgumentParser):
    """An ArgumentParser without abbreviations that shows no secret in its errors."""

    def __init__(self, **options: Any) -> None:
        options.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        super().__init__(allow_abbrev=False, **options)

    def parse_args(self, args: Sequence[str], namespace: Any = None) -> Any:  # type: ignore[override]
        if option := next((each.partition("=")[0] for each in args if _SECRET_OPTION.match(each)), ""):
            self.error(f"{option}: other users and the shell's history would see the secret; {HOW_TO_GIVE_IT}")
        parsed, unknown = self.parse_known_args(args, namespace)
        if unknown:  # show no values: they may be secret
            names = " ".join(each.partition("=")[0] for each in unknown if each.startswith("-"))
            has_values = not all(each.startswith("-") and "=" not in each for each in unknown)
            advice = f"; is a value the secret? {HOW_TO_GIVE_IT}" if has_values else ""
            self.error(f"unrecognized arguments: {names or NOT_SHOWN}{advice}")
        return parsed

    def error(self, message: str) -> NoReturn:
        super().error(without_secrets(message))


def wrapped(text: str) -> str:
    """Wrap the lines without indentation at the terminal's width."""
    lines = text.splitlines()
    return "\n".join(line if line.startswith(" ") else fill(line, show.width() - 2) for line in lines)
