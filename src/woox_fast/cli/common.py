"""Shared by the subcommands: credentials, the request on the command line, and its destination."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

from .. import _urls
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import show

SANDBOX_PORT = 8080
SANDBOX_URL = f"http://127.0.0.1:{SANDBOX_PORT}"
MAX_SECRET_BYTES = 4096
MAX_INPUT_BYTES = 64 * 1024 * 1024
MAX_SKEW_MS = 5_000  # the shortest receive window: with a larger skew the exchange refuses orders

# Advice for Python in the library's messages, and its replacement for a shell.
_PERCENT = "write it as %XX, such as %20 for a space"
_IN_A_SHELL = {
    "use time.time_ns() // 1_000_000": "`date +%s%3N` prints it; leave --timestamp out for now's",
    "use params, or urllib.parse.quote": _PERCENT,
    "use urllib.parse.quote, or prepare(params=...)": _PERCENT,
}


class UsageError(Exception):
    """A subcommand cannot start. The text is a line for the user; the exit status is 2."""


def in_a_shell(error: Exception) -> UsageError:
    """Turn the library's message about a value into a UsageError with advice for a shell."""
    text = show.printable(str(error))
    for advice, replacement in _IN_A_SHELL.items():
        text = text.replace(advice, replacement)
    return UsageError(text)


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got {text!a}")
        return int(text)

    return parse


def add_seconds(parser: argparse.ArgumentParser, what: str, default: float) -> None:
    parser.add_argument("--seconds", type=_seconds, default=default, help=f"{what} (default {default:g})")


def _seconds(text: str) -> float:
    if not (re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) and 0.1 <= float(text) <= 600):
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0.1 to 600, got {text!a}")
    return float(text)


def add_credentials(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "credentials",
        f"The secret comes from {API_SECRET_VARIABLE}, a file or a hidden prompt.",
    )
    group.add_argument("--api-key", metavar="KEY", help=f"the API key (default: {API_KEY_VARIABLE})")
    group.add_argument("--secret-file", metavar="FILE", help="a file that contains only the secret")
    group.add_argument(
        "--example",
        action="store_true",
        help="the integration guide's key and secret, which the sandbox accepts, in place of your own",
    )


def credentials() -> tuple[str, str] | None:
    """Return API key and secret from the environment, if they are set. Raises UsageError if either is missing."""
    api_key, api_secret = os.environ.get(API_KEY_VARIABLE), os.environ.get(API_SECRET_VARIABLE)
    if api_key and api_secret:
        return api_key, api_secret
    if api_key or api_secret:
        missing = API_SECRET_VARIABLE if api_key else API_KEY_VARIABLE
        raise UsageError(f"{missing} is not set, but its counterpart is; set both or neither")
    return None


def one_api_key(args: argparse.Namespace, *, needed: bool = True) -> str:
    """Return the API key from the options, the environment or a prompt; "" without a key if it is not `needed`."""
    if args.example:
        if given := [name for name in ("api_key", "secret_file") if getattr(args, name) is not None]:
            option = "--" + given[0].replace("_", "-")
            raise UsageError(f"--example contradicts {option}, since it has its own key and secret; leave one out")
        return API_KEY
    api_key: str = args.api_key or os.environ.get(API_KEY_VARIABLE, "")
    if needed and not api_key:
        if not can_prompt(args):
            raise UsageError(f"there is no API key; set {API_KEY_VARIABLE}, or use --api-key, or run in a terminal")
        print("API key: ", end="", file=sys.stderr, flush=True)
        api_key = sys.stdin.readline().strip()
    if needed and not api_key:
        raise UsageError("the API key is empty; type it after the prompt, or use --api-key")
    return api_key


def one_api_secret(args: argparse.Namespace) -> str:
    """Return the secret from the options, the environment or a prompt, and store it in `args`, for redaction."""
    if args.example:
        secret = API_SECRET
    elif args.secret_file is not None:
        secret = _secret_in(args.secret_file)
    else:
        secret = os.environ.get(API_SECRET_VARIABLE, "") or _prompted_secret(args)
    if not secret:
        raise UsageError("the secret is empty; copy it from the exchange's API page")
    args.api_secret = secret
    return secret


def _secret_in(name: str) -> str:
    data = read("secret", os.path.join(".", name), MAX_SECRET_BYTES)  # "./-" is a file, and "-" standard input
    try:
        secret = data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        raise UsageError(
            f"cannot read the secret from {name!a}: it is not UTF-8; save the file as plain text"
        ) from None
    odd = next((c for c in secret if not c.isprintable()), "")
    if odd:
        raise UsageError(
            f"the secret in {name!a} contains {odd!a}; the file must contain the secret alone, on one line"
        )
    return secret


def _prompted_secret(args: argparse.Namespace) -> str:
    if not can_prompt(args):
        raise UsageError(f"there is no secret; set {API_SECRET_VARIABLE}, or use --secret-file, or run in a terminal")
    from getpass import getpass

    try:
        return getpass("API secret (hidden): ")
    except EOFError:
        raise UsageError("the prompt for the secret was closed; type the secret, or use --secret-file") from None


def can_prompt(args: argparse.Namespace) -> bool:
    """Return whether standard input is a terminal, and not also the source of the body or the request."""
    return sys.stdin.isatty() and not any(map(_is_stdin, (args.body, f"@{getattr(args, 'request', None)}")))


def _is_stdin(option: str | None) -> bool:
    if option is None or not option.startswith(("-", "@")):
        return False
    try:
        return option in ("-", "@-") or os.path.samestat(os.stat(option[1:]), os.fstat(0))
    except (OSError, ValueError):
        return False


def add_request(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("method", metavar="METHOD", nargs=count, help="GET, POST, PUT or DELETE")
    parser.add_argument("path", metavar="PATH", nargs=count, help="path and query, percent-encoded: /v3/trade/order")
    parser.add_argument("--body", metavar="TEXT|@FILE|-", help="the body: a text, a file's bytes, or standard input")
    parser.add_argument("--timestamp", metavar="MS", help="Unix epoch milliseconds, 13 digits (default: now)")


def add_scheme(parser: argparse.ArgumentParser, *, websocket: bool = True) -> None:
    choices = ("v3", "v1", "ws") if websocket else ("v3", "v1")
    parser.add_argument("--scheme", choices=choices, help="the signing scheme (default: v1 for /v1/ and /v2/, else v3)")


def add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recv-window",
        metavar="MS",
        type=whole_number(1, 60_000),
        help="how old the request may be when it arrives, 1 to 60000 ms (VIP accounts; sent, not signed)",
    )


def body_bytes(text: str | None) -> bytes:
    """Return the body that `--body` names: a text, @FILE, or - for standard input."""
    if text is None:
        return b""
    if text == "-" or text.startswith("@"):
        return read("body", text.removeprefix("@"))
    return os.fsencode(text)


def read(what: str, name: str, limit: int = MAX_INPUT_BYTES) -> bytes:
    """Read a file, or standard input for "-". Raises UsageError if it is unreadable or too long."""
    where = "standard input" if name == "-" else ascii(name)
    try:
        if name == "-":
            data = sys.stdin.buffer.read(limit + 1)
        else:
            with open(name, "rb") as file:
                data = file.read(limit + 1)
    except (OSError, ValueError) as error:
        raise UsageError(f"cannot read the {what} from {where}: {getattr(error, 'strerror', '') or error}") from None
    if len(data) > limit:
        raise UsageError(f"the {what} from {where} is longer than {limit:,} bytes; is this the right file?")
    return data


class Destination(NamedTuple):
    """Scheme, host and port of the exchange; `kind` is sandbox (this machine), staging or production."""

    origin: str
    kind: str


def add_destination(parser: argparse.ArgumentParser, *, default: bool = True) -> None:
    group = parser.add_mutually_exclusive_group()
    sandbox = f" (default {SANDBOX_URL})" if default else ""
    group.add_argument("--url", default=None, help=f"a sandbox{sandbox}")
    group.add_argument("--staging", action="store_true", help="the exchange's staging system")
    group.add_argument("--production", action="store_true", help="the exchange itself")


def destination_of(args: argparse.Namespace) -> Destination:
    if args.production:
        return Destination(_urls.PRODUCTION_URL, "production")
    if args.staging:
        return Destination(_urls.STAGING_URL, "staging")
    try:
        origin = _urls.origin(args.url or SANDBOX_URL)
    except ValueError as error:
        raise UsageError(str(error).replace("base_url", "--url")) from None
    if not _urls.is_loopback(origin):
        raise UsageError(f"--url is for a sandbox on this machine, got {origin!a}; use --staging or --production")
    return Destination(origin, "sandbox")
