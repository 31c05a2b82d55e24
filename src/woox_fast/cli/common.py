"""What several verbs share: credentials, the request on the command line, and the exchange it is for."""

from __future__ import annotations

import argparse
import os
import re
import sys
from collections.abc import Callable
from typing import NamedTuple

from .. import _urls
from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from . import show

SANDBOX_PORT = 8080
SANDBOX_URL = f"http://127.0.0.1:{SANDBOX_PORT}"

# What a message for Python advises, and what to type in a shell instead.
_IN_A_SHELL = {
    "use time.time_ns() // 1_000_000": "`date +%s%3N` prints it; leave --timestamp out for now's",
    "use params, or urllib.parse.quote": "write it as %XX, such as %20 for a space",
    "use urllib.parse.quote, or prepare(params=...)": "write it as %XX, such as %20 for a space",
    "; use query_text": "",
}


class UsageError(Exception):
    """A verb cannot begin. Its text is one line for the user, without secrets; the exit status is 2."""


def in_a_shell(error: Exception) -> UsageError:
    """A message of the library about a value, with advice for a shell in place of that for Python."""
    text = show.printable(str(error))
    for advice, instead in _IN_A_SHELL.items():
        text = text.replace(advice, instead)
    return UsageError(text)


def credentials() -> tuple[str, str] | None:
    """API key and secret from the environment, or None if neither is set. Raises UsageError if only one is."""
    api_key, api_secret = os.environ.get(API_KEY_VARIABLE), os.environ.get(API_SECRET_VARIABLE)
    if api_key and api_secret:
        return api_key, api_secret
    if api_key or api_secret:
        missing = API_SECRET_VARIABLE if api_key else API_KEY_VARIABLE
        raise UsageError(f"{missing} is not set, but its counterpart is; set both or neither")
    return None


def whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got {text[:20]!a}")
        return int(text)

    return parse


def add_seconds(parser: argparse.ArgumentParser, what: str, default: float) -> None:
    parser.add_argument("--seconds", type=_seconds, default=default, help=f"{what} (default {default:g})")


def _seconds(text: str) -> float:
    if not (re.fullmatch(r"[0-9]{1,3}(\.[0-9]{1,3})?", text) and 0.1 <= float(text) <= 600):
        raise argparse.ArgumentTypeError(f"must be a number of seconds from 0.1 to 600, got {text[:20]!a}")
    return float(text)


# credentials of one request


def add_credentials(parser: argparse.ArgumentParser) -> None:
    group = parser.add_argument_group(
        "credentials",
        f"The secret is read from {API_SECRET_VARIABLE}, a file or a hidden prompt, never from the command line.",
    )
    group.add_argument("--api-key", metavar="KEY", help=f"the API key (default: {API_KEY_VARIABLE})")
    group.add_argument("--secret-file", metavar="FILE", help="a file that holds the secret")
    group.add_argument(
        "--example", action="store_true", help="the guide's example credentials, which the sandbox takes"
    )


def one_api_key(args: argparse.Namespace, *, needed: bool = True) -> str:
    """The API key that was named; "" if there is none and none is needed."""
    if args.example:
        from .._credentials import API_KEY

        return API_KEY
    api_key: str = args.api_key or os.environ.get(API_KEY_VARIABLE, "")
    if needed and not api_key:
        if not _can_ask(args):
            raise UsageError(f"there is no API key; set {API_KEY_VARIABLE}, or use --api-key, or run in a terminal")
        print("API key: ", end="", file=sys.stderr, flush=True)
        api_key = sys.stdin.readline().strip()
        if not api_key:
            raise UsageError("no API key was given")
    return api_key


def one_api_secret(args: argparse.Namespace) -> str:
    """The secret, from the source that the user named; that of a file without its newline."""
    if args.example:
        from .._credentials import API_SECRET

        return API_SECRET
    if args.secret_file is not None:
        try:
            with open(args.secret_file, encoding="utf-8", newline="") as file:
                secret = file.read(10_000)
        except (OSError, UnicodeDecodeError) as error:
            reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
            raise UsageError(f"cannot read the secret from {args.secret_file!a}: {reason}") from None
        secret = secret.removesuffix("\n").removesuffix("\r")
    else:
        secret = os.environ.get(API_SECRET_VARIABLE, "") or _prompted(args)
    if not secret:
        raise UsageError("the secret is empty")
    return secret


def _prompted(args: argparse.Namespace) -> str:
    if not _can_ask(args):
        raise UsageError(f"there is no secret; set {API_SECRET_VARIABLE}, or use --secret-file, or run in a terminal")
    from getpass import getpass

    try:
        return getpass("API secret (hidden): ")
    except EOFError:
        raise UsageError("no secret was given") from None


def _can_ask(args: argparse.Namespace) -> bool:
    """Whether the user can be asked: standard input is a terminal, and the request is not read from it."""
    return sys.stdin.isatty() and "-" not in (args.body, getattr(args, "request", None))


# the request


def add_request(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("method", metavar="METHOD", nargs=count, help="GET, POST, PUT or DELETE")
    parser.add_argument("path", metavar="PATH", nargs=count, help="path and query, percent-encoded: /v3/trade/order")
    parser.add_argument("--body", metavar="TEXT|@FILE|-", help="the body: as it is, of a file, or from standard input")
    parser.add_argument("--timestamp", metavar="MS", help="Unix epoch milliseconds, 13 digits (default: now's)")


def add_scheme(parser: argparse.ArgumentParser, *, websocket: bool = True) -> None:
    choices = ("v3", "v1", "ws") if websocket else ("v3", "v1")
    parser.add_argument(
        "--scheme", choices=choices, help="which rule signs it (default: v1 for /v1/ and /v2/, else v3)"
    )


def add_window(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--recv-window",
        metavar="MS",
        type=whole_number(1, 60_000),
        help="for how long it may be taken, 1 to 60000 ms (VIP accounts; sent, not signed)",
    )


def body_bytes(text: str | None) -> bytes:
    """The body that `--body` names: text, @FILE or - for standard input."""
    if text is None:
        return b""
    if text == "-" or text.startswith("@"):
        return read("body", text.removeprefix("@"))
    return os.fsencode(text)


def read(what: str, name: str) -> bytes:
    """The bytes of the file `name`, or of standard input for "-". Raises UsageError, which says `what` they are."""
    try:
        if name == "-":
            return sys.stdin.buffer.read()
        with open(name, "rb") as file:
            return file.read()
    except OSError as error:
        where = "standard input" if name == "-" else ascii(name)
        raise UsageError(f"cannot read the {what} from {where}: {error.strerror}") from None


# the exchange


class Exchange(NamedTuple):
    """Where a request goes: `origin` is scheme, host and port; `kind` sandbox (this machine), staging or production."""

    origin: str
    kind: str


def add_exchange(parser: argparse.ArgumentParser, *, default: bool = True) -> None:
    group = parser.add_mutually_exclusive_group()
    to = f" (default {SANDBOX_URL})" if default else ""
    group.add_argument("--url", default=None, help=f"a sandbox{to}")
    group.add_argument("--staging", action="store_true", help="the exchange's staging")
    group.add_argument("--production", action="store_true", help="the exchange itself")


def exchange(args: argparse.Namespace) -> Exchange:
    if args.production:
        return Exchange(_urls.PRODUCTION_URL, "production")
    if args.staging:
        return Exchange(_urls.STAGING_URL, "staging")
    try:
        origin = _urls.origin(args.url or SANDBOX_URL)
    except ValueError as error:
        raise UsageError(str(error).replace("base_url", "--url")) from None
    if not _urls.is_loopback(origin):
        raise UsageError(f"--url is for a sandbox on this machine, got {origin!a}; use --staging or --production")
    return Exchange(origin, "sandbox")
