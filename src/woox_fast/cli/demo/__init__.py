"""`woox-fast demo`: `workload` (what is sent), `clients` (by which client), `submit`, `report`, and `run` over all."""

from __future__ import annotations

import argparse

from ..._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from .. import show
from ..common import credentials, whole_number
from .clients import CLIENTS

EXAMPLES = (
    "woox-fast demo",
    "woox-fast demo --orders 200 --client all",
    "woox-fast demo --orders 200 --json",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--orders", type=whole_number(1, 10**7), default=2000, help="orders to place and cancel (default %(default)s)"
    )
    parser.add_argument(
        "--url", help="an exchange that is running already, instead of an embedded one of the demo's own"
    )
    parser.add_argument(
        "--client",
        choices=(*CLIENTS, "all"),
        default="requests",
        help="what sends them; all: each in turn, side by side (default %(default)s)",
    )
    parser.add_argument(
        "--yes-really-send-orders",
        action="store_true",
        help="allow a --url on another machine; the orders are small, at the lowest price, and are cancelled",
    )
    parser.epilog = f"Credentials come from {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}."


def main(args: argparse.Namespace) -> int:
    given = credentials()
    from . import report
    from .run import run

    outcome = run(
        args.orders,
        args.url,
        given,
        really_send_orders=args.yes_really_send_orders,
        client=args.client,
        quiet=args.json,
    )
    if args.json:
        show.as_json(report.as_numbers(outcome))
    else:
        report.tell(outcome)
    return outcome.status
