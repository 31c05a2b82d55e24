"""Place many orders at a faulty server, and check that each order arrives once, or that its error is true.

    python tools/exactly_once.py --orders 200000 --mode blocking|asyncio|uvloop [--seed N]

The server (tests/helpers/faulty_server.py) stores every byte. The last line has the figures. Exit status 1 means that
an order arrived twice, that a request got another request's response, that an order with NotSentError arrived, or that
the server's book differs from the client's.
"""

from __future__ import annotations

import argparse
import platform
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from helpers.exactly_once import place_orders
from helpers.gateways import MODES


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--orders", type=int, default=200_000, help="number of orders (default %(default)s)")
    parser.add_argument("--mode", choices=MODES, required=True)
    parser.add_argument("--seed", type=int, default=1, help="seed of the faults (default %(default)s)")
    args = parser.parse_args()
    try:
        figures = place_orders(args.mode, args.orders, args.seed)
    except AssertionError as error:
        print(f"CPython {platform.python_version()}, {args.mode}, seed {args.seed}: {error}")
        return 1
    print(f"CPython {platform.python_version()}, {figures}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
