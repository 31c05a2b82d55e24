"""`woox-fast bench`: time signing against the standard library."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import platform
from collections.abc import Callable

from .. import Signer, backend, sha256_implementation
from .._credentials import API_KEY, API_SECRET
from .._timing import measure_rounds
from . import show
from .common import add_seconds

EXAMPLES = ("woox-fast bench", "woox-fast bench --seconds 5 --json")
OURS, HMAC_NEW = "woox_fast Signer.sign", "hmac.new"

_STAMP = 1578565539808
_ORDER = '{"clientOrderId":1578565539808,"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"9000"}'
_REQUESTS = {"GET": ("/v3/algo/orders?algoType=STOP", ""), "POST": ("/v3/trade/order", _ORDER)}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_seconds(parser, "how long the measurement runs", 2)
    parser.epilog = "A quick look. `make bench` in the source tree compares with every rival and with the limit."


def main(args: argparse.Namespace) -> int:
    calls = {(name, method): call for method in _REQUESTS for name, call in list_implementations(method).items()}
    rounds = measure_rounds(calls, number=2000, seconds=args.seconds)
    table = {name: {method: min(rounds[name, method]) for method in _REQUESTS} for name in (OURS, HMAC_NEW)}
    if args.json:
        show.print_json({"backend": backend, "sha256": sha256_implementation, "nanoseconds": table})
        return 0
    python = f"Python {platform.python_version()}, {platform.machine()}"
    show.print_line(f"{backend} ({sha256_implementation}), {python}", "quiet")
    show.print_line(f"{'ns per signature':<22}  {'GET':>7}  {'POST':>7}", "label")
    for name, times in table.items():
        show.print_line(f"{name:<22}  {times['GET']:>7,.0f}  {times['POST']:>7,.0f}", "good" if name == OURS else "")
    return 0


def list_implementations(method: str) -> dict[str, Callable[[], str]]:
    path, body = _REQUESTS[method]
    secret = API_SECRET.encode()
    sign = Signer(API_KEY, secret).sign
    return {
        OURS: lambda: sign(_STAMP, method, path, body),
        HMAC_NEW: lambda: hmac.new(secret, f"{_STAMP}{method}{path}{body}".encode(), hashlib.sha256).hexdigest(),
    }
