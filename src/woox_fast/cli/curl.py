"""`woox-fast curl`: print a signed request as a curl command, quoted for the shell, without the secret."""

from __future__ import annotations

import argparse
import shlex

from .._credentials import API_KEY_VARIABLE
from . import common, show
from .common import UsageError
from .sign import sign_request

EXAMPLES = (
    "woox-fast curl GET /v3/asset/balances --production --example",
    """woox-fast curl GET /v3/asset/balances --example |
    WOOX_API_KEY="AbmyVJGUpN064ks5ELjLfA==" sh""",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_request(parser)
    common.add_window(parser)
    common.add_destination(parser)
    parser.epilog = f"The command reads the API key from ${API_KEY_VARIABLE}. Its signature is valid for 300 s."


def main(args: argparse.Namespace) -> int:
    origin = common.read_origin(args)
    signed = sign_request(args, origin)
    command = ["curl", "--globoff", "--path-as-is", "--request", signed.method, origin + signed.path]
    headers = [f"{name}: {value}" for name, value in signed.headers.items() if name != "x-api-key"]
    command += [word for header in headers for word in ("--header", header)]
    if args.body is not None:
        command += _build_data_options(args.body, signed.body)
    text = f'{" ".join(map(_quote, command))} --header "x-api-key: ${API_KEY_VARIABLE}"'
    if show.redact(text) != text:
        raise UsageError("the request contains the API secret, and so would the command; remove it from the request")
    if args.json:
        show.print_json({"command": text})
    else:
        show.print_line(text)
    return 0


def _quote(word: str) -> str:
    """Quote `word` for sh, bash and zsh, which looks a word that begins with "=" up as a command."""
    return f"'='{shlex.quote(word[1:])}" if word.startswith("=") else shlex.quote(word)


def _build_data_options(option: str, body: bytes) -> list[str]:
    """Return curl's options for exactly this body."""
    if option.startswith("@"):
        return ["--data-binary", option]
    if b"\0" in body:
        raise UsageError("the body contains a NUL, which a command line cannot; save it to a file and use --body @FILE")
    try:
        return ["--data-raw", body.decode()]
    except UnicodeDecodeError:
        raise UsageError("the body is not UTF-8; save it to a file and use --body @FILE") from None
