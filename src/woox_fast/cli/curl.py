"""`woox-fast curl`: a signed request as a curl command, quoted for the shell, without the secret."""

from __future__ import annotations

import argparse
import re

from .._credentials import API_KEY_VARIABLE
from . import show
from .common import (
    UsageError,
    add_credentials,
    add_exchange,
    add_request,
    add_scheme,
    add_window,
    exchange,
    one_api_key,
    one_api_secret,
)
from .sign import sign

EXAMPLES = (
    "woox-fast curl GET /v3/asset/balances --production --example",
    """woox-fast curl POST /v3/trade/order --staging --example \\
    --body '{"symbol":"SPOT_BTC_USDT","side":"BUY"}'""",
    """woox-fast curl GET /v3/asset/balances --example |
    WOOX_API_KEY="AbmyVJGUpN064ks5ELjLfA==" sh""",
)

# What stands for itself in sh, bash and zsh; a '=' in front would be looked up by zsh as a command.
_PLAIN = re.compile(r"(?!=)[A-Za-z0-9_@%+=:,./-]+")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_request(parser)
    add_exchange(parser)
    add_scheme(parser, websocket=False)
    add_window(parser)
    add_credentials(parser)
    parser.epilog = f"The command names the API key as ${API_KEY_VARIABLE}; its signature is good for 300 s."


def main(args: argparse.Namespace) -> int:
    origin = exchange(args).origin
    api_key = one_api_key(args)
    signed = sign(args, api_key, one_api_secret(args), origin)
    command = ["curl", "--globoff", "--path-as-is", "--request", signed.method, origin + signed.path]
    for name, value in signed.headers.items():
        if name != "x-api-key":
            command += ["--header", f"{name}: {value}"]
    if args.body is not None:
        command += _data(args.body, signed.body)
    text = f'{" ".join(map(quoted, command))} --header "x-api-key: ${API_KEY_VARIABLE}"'
    if args.json:
        show.as_json({"command": text})
    else:
        show.line(text)
    return 0


def quoted(word: str) -> str:
    """`word` for a command line, as sh, bash and zsh read it."""
    return word if _PLAIN.fullmatch(word) else "'" + word.replace("'", "'\"'\"'") + "'"


def _data(option: str, body: bytes) -> list[str]:
    """The options that make curl send exactly `body`."""
    if option.startswith("@"):
        return ["--data-binary", option]
    if b"\0" in body:
        raise UsageError("the body holds a NUL, which no command line can; write it to a file and use --body @FILE")
    try:
        return ["--data-raw", body.decode()]
    except UnicodeDecodeError:
        raise UsageError("the body is not UTF-8; write it to a file and use --body @FILE") from None
