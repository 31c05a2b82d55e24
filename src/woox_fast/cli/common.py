"""What several verbs share: credentials, the request on the command line, and the exchange it is for."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from typing import NamedTuple

from .. import _urls
from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE

SANDBOX_URL = "http://127.0.0.1:8080"


class UsageError(Exception):
    """A verb cannot begin. Its text is one line for the user, without secrets; the exit status is 2."""


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
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got {text[:20]!r}")
        return int(text)

    return parse


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
        raise UsageError(f"there is no API key; set {API_KEY_VARIABLE}, or use --api-key")
    return api_key


def one_api_secret(args: argparse.Namespace) -> str:
    """The secret, from where it was said to be; of a file without a line's end."""
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
        secret = os.environ.get(API_SECRET_VARIABLE, "") or _prompted()
    if not secret:
        raise UsageError("the secret is empty")
    return secret


def _prompted() -> str:
    if not sys.stdin.isatty():
        raise UsageError(f"there is no secret; set {API_SECRET_VARIABLE}, or use --secret-file, or run in a terminal")
    from getpass import getpass

    try:
        return getpass("API secret (hidden): ")
    except EOFError:
        raise UsageError("no secret was given") from None


# the request


def add_request(parser: argparse.ArgumentParser, *, optional: bool = False) -> None:
    count = "?" if optional else None
    parser.add_argument("method", metavar="METHOD", nargs=count, help="GET, POST, PUT or DELETE")
    parser.add_argument("path", metavar="PATH", nargs=count, help="path and query, percent-encoded: /v3/trade/order")
    parser.add_argument("--body", metavar="TEXT|@FILE|-", help="the body: as it is, of a file, or from standard input")
    parser.add_argument("--timestamp", metavar="MS", help="Unix epoch milliseconds, 13 digits (default: now)")


def body_bytes(text: str | None) -> bytes:
    """The body that `--body` names: text, @FILE or - for standard input."""
    if text is None:
        return b""
    if text == "-":
        return sys.stdin.buffer.read()
    if text.startswith("@"):
        try:
            with open(text[1:], "rb") as file:
                return file.read()
        except OSError as error:
            raise UsageError(f"cannot read the body from {text[1:]!a}: {error.strerror}") from None
    return os.fsencode(text)


# the exchange


class Exchange(NamedTuple):
    """Where a request goes: `origin` is scheme, host and port; `kind` sandbox (this machine), staging or production."""

    origin: str
    kind: str


def add_exchange(parser: argparse.ArgumentParser, *, default: str | None = SANDBOX_URL) -> None:
    group = parser.add_mutually_exclusive_group()
    to = f" (default {default})" if default else ""
    group.add_argument("--url", default=None, help=f"a sandbox{to}")
    group.add_argument("--staging", action="store_true", help="the exchange's staging")
    group.add_argument("--production", action="store_true", help="the exchange itself")


def exchange(args: argparse.Namespace, default: str = SANDBOX_URL) -> Exchange:
    if args.production:
        return Exchange(_urls.PRODUCTION_URL, "production")
    if args.staging:
        return Exchange(_urls.STAGING_URL, "staging")
    try:
        origin = _urls.origin(args.url or default)
    except ValueError as error:
        raise UsageError(str(error).replace("base_url", "--url")) from None
    if not _urls.is_loopback(origin):
        raise UsageError(f"--url is for a sandbox on this machine, got {origin!a}; use --staging or --production")
    return Exchange(origin, "sandbox")
