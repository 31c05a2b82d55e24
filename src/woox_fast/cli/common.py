"""Shared by the subcommands: the argument parser, credentials, the request on the command line, its destination."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable, Sequence
from textwrap import fill
from typing import Any, NoReturn

from .. import _urls
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import show

SANDBOX_PORT = 8080
SANDBOX_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
MAX_SECRET_BYTES = 4096
MAX_INPUT_BYTES = 64 * 1024 * 1024
MAX_SKEW_MS = 5_000  # the shortest receive window: with a larger skew the exchange refuses orders

_PYTHON_ADVICE = re.compile(
    r"use params, or urllib\.parse\.quote|use urllib\.parse\.quote, or prepare\(params=\.\.\.\)"
)


NOT_SHOWN = "<not shown>"
HOW_TO_GIVE_IT = f"set {API_SECRET_VARIABLE}, or name a file with --secret-file, or type it at the prompt"
MAX_MESSAGE = 600  # characters

_SECRET_OPTION = re.compile(r"--?\w*[-_]?(secret|password|passphrase)(?!-file\b)", re.IGNORECASE)
_WORD = re.compile(r"(?<![\w/.-])[A-Za-z0-9+_-][A-Za-z0-9+/_-]{15,}={0,2}")  # a path begins with a slash


class UsageError(Exception):
    """A subcommand cannot start. The text is a line for the user; the exit status is 2."""


def advise_for_shell(error: Exception) -> UsageError:
    """Turn the library's message about a value into a UsageError with advice for a shell."""
    now = "leave --timestamp out for now's, or use `date +%s%3N`"
    text = show.escape(str(error)).replace("use time.time_ns() // 1_000_000", now)
    return UsageError(_PYTHON_ADVICE.sub("write it as %XX, such as %20 for a space", text))


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got {text!a}")
        return int(text)

    return parse


def add_seconds(parser: argparse.ArgumentParser, purpose: str, default: float) -> None:
    parser.add_argument("--seconds", type=_seconds, default=default, help=f"{purpose} (default {default:g})")


def _seconds(text: str) -> float:
    if not (re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) and 0.1 <= float(text) <= 600):
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0.1 to 600, got {text!a}")
    return float(text)


def add_request(
    parser: argparse.ArgumentParser, *, optional: bool = False, schemes: tuple[str, ...] = ("v3", "v1"),
    when: str = "default: now",
) -> None:  # fmt: skip
    """Add the request and the credentials."""
    count = "?" if optional else None
    parser.add_argument("method", metavar="METHOD", nargs=count, help="GET, POST, PUT or DELETE")
    parser.add_argument("path", metavar="PATH", nargs=count, help="path and query, percent-encoded: /v3/trade/order")
    parser.add_argument("--body", metavar="TEXT|@FILE|-", help="the body: a text, a file's bytes, or standard input")
    parser.add_argument("--timestamp", metavar="MS", help=f"Unix epoch milliseconds, 13 digits ({when})")
    parser.add_argument("--scheme", choices=schemes, help="the signing scheme (default: v1 for /v1/ and /v2/, else v3)")
    group = parser.add_argument_group(
        "credentials", f"The secret comes from {API_SECRET_VARIABLE}, a file or a hidden prompt."
    )
    group.add_argument("--api-key", metavar="KEY", help=f"the API key (default: {API_KEY_VARIABLE})")
    group.add_argument("--secret-file", metavar="FILE", help="a file that contains only the secret")
    group.add_argument(
        "--example", action="store_true", help="use the integration guide's key and secret, as the sandbox does"
    )


def add_window(parser: argparse.ArgumentParser) -> None:
    age = "the maximum age on arrival, 1 to 60000 ms (VIP accounts; sent, not signed)"
    parser.add_argument("--recv-window", metavar="MS", type=whole_number(1, 60_000), help=age)


def read_credentials() -> tuple[str, str] | None:
    """Return API key and secret from the environment, if they are set. Raises UsageError if either is missing."""
    api_key, api_secret = os.environ.get(API_KEY_VARIABLE), os.environ.get(API_SECRET_VARIABLE)
    if api_key and api_secret:
        return api_key, api_secret
    if api_key or api_secret:
        missing = API_SECRET_VARIABLE if api_key else API_KEY_VARIABLE
        raise UsageError(f"{missing} is not set, but its counterpart is; set both or neither")
    return None


def read_api_key(args: argparse.Namespace, *, required: bool = True) -> str:
    """Return the API key from the options or the environment; "" without a key that is not `required`."""
    if args.example:
        for option, value in (("--api-key", args.api_key), ("--secret-file", args.secret_file)):
            if value is not None:
                raise UsageError(f"--example has its own key and secret; leave out {option} or --example")
        return API_KEY
    api_key: str = args.api_key or os.environ.get(API_KEY_VARIABLE, "")
    if required and not api_key:
        raise UsageError(f"there is no API key; set {API_KEY_VARIABLE}, or use --api-key")
    return api_key


def read_api_secret(args: argparse.Namespace) -> str:
    """Return the secret from the options, the environment or a prompt, and redact it in all output from now on."""
    if args.example:
        secret = API_SECRET
    elif args.secret_file is not None:
        secret = _read_secret_file(args.secret_file)
    else:
        secret = os.environ.get(API_SECRET_VARIABLE, "") or _prompt_for_secret(args)
    if not secret:
        raise UsageError("the secret is empty; copy it from the exchange's API page")
    show.SECRETS.append(secret)
    return secret


def _read_secret_file(name: str) -> str:
    data = read_input("secret", "./-" if name == "-" else name, MAX_SECRET_BYTES)
    try:
        secret = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(f"the secret in {name!a} is not UTF-8; save the file as plain text") from None
    if odd := next((c for c in secret if not c.isprintable()), ""):
        raise UsageError(f"the secret in {name!a} contains {odd!a}; the file must contain only the secret, in one line")
    return secret


def can_prompt(args: argparse.Namespace) -> bool:
    """Return True if standard input is a terminal, and not also the source of the body or the request."""
    return sys.stdin.isatty() and not any(map(_is_stdin, (args.body, f"@{getattr(args, 'request', None)}")))


def _is_stdin(option: str | None) -> bool:
    try:
        if option is None or not option.startswith("@"):
            return option == "-"
        return option == "@-" or os.path.samestat(os.stat(option[1:]), os.fstat(0))
    except (OSError, ValueError):
        return False


def _prompt_for_secret(args: argparse.Namespace) -> str:
    if not can_prompt(args):
        raise UsageError(f"there is no secret; set {API_SECRET_VARIABLE}, or use --secret-file, or run in a terminal")
    from getpass import getpass

    try:
        return getpass("API secret (hidden): ")
    except EOFError:
        return ""


def read_body(text: str | None) -> bytes:
    """Return the body that `--body` names: a text, @FILE, or - for standard input."""
    if text is None:
        return b""
    if text == "-" or text.startswith("@"):
        return read_input("body", text.removeprefix("@"))
    return os.fsencode(text)


def read_input(purpose: str, name: str, limit: int | None = None) -> bytes:
    """Read a file, or standard input for "-". Raises UsageError if it is unreadable or too long."""
    limit = limit or MAX_INPUT_BYTES
    where = "standard input" if name == "-" else ascii(name)
    try:
        if name == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the {purpose} from {where}: {getattr(error, 'strerror', '') or error}") from None
    if len(data) > limit:
        raise UsageError(f"the {purpose} from {where} is longer than {limit:,} bytes; is this the right file?")
    return data


def add_destination(parser: argparse.ArgumentParser, default: str = f" (default {SANDBOX_URL})") -> None:
    group = parser.add_mutually_exclusive_group()
    group.add_argument("--url", help=f"a sandbox on this machine{default}")
    group.add_argument("--staging", action="store_true", help="the exchange's staging system")
    group.add_argument("--production", action="store_true", help="the exchange itself")


def read_origin(args: argparse.Namespace) -> str:
    """Return scheme, host and port of the exchange."""
    if args.production or args.staging:
        return _urls.PRODUCTION_URL if args.production else _urls.STAGING_URL
    try:
        origin = _urls.parse_origin(args.url or SANDBOX_URL)
    except ValueError as error:
        raise UsageError(str(error).replace("base_url", "--url")) from None
    if not _urls.is_loopback(origin):
        raise UsageError(f"--url is for a sandbox on this machine, got {origin!a}; use --staging or --production")
    return origin


def hide_secrets(message: str) -> str:
    """Redact secrets and all words that look like a secret, then truncate."""
    message = _WORD.sub(lambda word: NOT_SHOWN if _is_random(word[0]) else word[0], show.redact(message, cut=True))
    return show.shorten(message, MAX_MESSAGE)


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
        super().error(hide_secrets(message))


def wrap_lines(text: str) -> str:
    """Wrap the lines without indentation at the terminal's width."""
    lines = text.splitlines()
    return "\n".join(line if line.startswith(" ") else fill(line, show.get_width() - 2) for line in lines)
