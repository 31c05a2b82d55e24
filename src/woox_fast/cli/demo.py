"""`woox-fast demo`."""

from __future__ import annotations

import argparse
from contextlib import redirect_stdout
from io import StringIO

from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from . import show
from .common import credentials, whole_number

EXAMPLES = ("demo", "demo --orders 200 --url http://127.0.0.1:8080")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--orders", type=whole_number(1, 10**7), default=2000, help="requests to send (default %(default)s)"
    )
    parser.add_argument(
        "--url", help="an exchange that is running already, instead of an embedded one of the demo's own"
    )
    parser.add_argument(
        "--client",
        choices=("requests", "httpx", "aiohttp", "raw", "ccxt", "all"),
        default="requests",
        help="what sends them; all: each in turn, side by side (default %(default)s)",
    )
    parser.add_argument(
        "--yes-really-send-orders",
        action="store_true",
        help="allow a --url on another machine; the orders are small, at the lowest price, and are cancelled",
    )
    parser.epilog = f"Credentials come from {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}."


def run(args: argparse.Namespace) -> int:
    given = credentials()
    from .. import demo

    def submit() -> int:
        return demo.run(
            args.orders, args.url, given, really_send_orders=args.yes_really_send_orders, client=args.client
        )

    if not args.json:
        return submit()
    with redirect_stdout(StringIO()) as output:
        status = submit()
    show.as_json({"status": status, "output": output.getvalue().splitlines()})
    return status
