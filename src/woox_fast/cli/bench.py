"""`woox-fast bench`: nanoseconds per signature, ours beside the standard library's."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import platform
from collections.abc import Callable

from .. import Signer, _credentials, backend, sha256_implementation
from .._timing import rounds_ns
from . import show
from .common import add_seconds

EXAMPLES = ("woox-fast bench", "woox-fast bench --seconds 5 --json")

_STAMP = 1578565539808
_GET = ("GET", "/v3/algo/orders?algoType=STOP", "")
_POST = (
    "POST",
    "/v3/trade/order",
    '{"symbol":"SPOT_BTC_USDT","side":"BUY","type":"LIMIT","price":"9000","quantity":"0.11","clientOrderId":1578565539808}',
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_seconds(parser, "how long it may take", 2)
    parser.epilog = "A quick look. `make bench` in the source tree compares with every rival, and with the limit."


def main(args: argparse.Namespace) -> int:
    table = measure(args.seconds)
    if args.json:
        show.as_json({"backend": backend, "sha256": sha256_implementation, "nanoseconds": table})
        return 0
    show.line(f"{backend} ({sha256_implementation}), Python {platform.python_version()}, {platform.machine()}", "quiet")
    width = max(map(len, table))
    show.line(f"{'ns per signature':<{width}}  {'GET':>7}  {'POST':>7}", "label")
    for name, (get, post) in table.items():
        show.line(f"{name:<{width}}  {get:>7,.0f}  {post:>7,.0f}", "good" if name.startswith("woox") else "")
    return 0


def measure(seconds: float) -> dict[str, tuple[float, float]]:
    """Name to nanoseconds of a GET's and of a POST's signature: the best of interleaved rounds. Each is right first."""
    ways = {(name, request): way for request in (_GET, _POST) for name, way in _ways(*request).items()}
    for request in (_GET, _POST):
        if len({way() for (_, of), way in ways.items() if of is request}) != 1:
            raise ArithmeticError("two ways of signing disagree")
    best = {key: min(times) for key, times in rounds_ns(ways, number=2000, seconds=seconds).items()}
    return {name: (best[name, _GET], best[name, _POST]) for name, request in ways if request is _GET}


def _ways(method: str, path: str, body: str) -> dict[str, Callable[[], str]]:
    secret = _credentials.API_SECRET.encode()
    sign = Signer(_credentials.API_KEY, secret).sign
    keyed = hmac.new(secret, digestmod="sha256")

    def by_new() -> str:
        return hmac.new(secret, f"{_STAMP}{method}{path}{body}".encode(), hashlib.sha256).hexdigest()

    def by_copy() -> str:
        copied = keyed.copy()
        copied.update(f"{_STAMP}{method}{path}{body}".encode())
        return copied.hexdigest()

    return {
        "woox_fast Signer.sign": lambda: sign(_STAMP, method, path, body),
        "hmac.new": by_new,
        "hmac object, copied": by_copy,
    }
