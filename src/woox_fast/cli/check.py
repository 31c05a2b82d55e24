"""`woox-fast check`: check this installation, with a remedy for every fault."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import platform
import re
from collections.abc import Iterator
from importlib.util import find_spec
from typing import NamedTuple

from .. import Signer, __version__, _urls, backend, sha256_implementation
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import common, show
from .show import Row

EXAMPLES = ("woox-fast check", f"woox-fast check --url {common.SANDBOX_URL}", "woox-fast check --json")

_VARIABLES = (API_KEY_VARIABLE, API_SECRET_VARIABLE, "WOOX_FAST_BACKEND", "WOOX_FAST_SHA256")
_EXTRAS = ("requests", "httpx", "aiohttp", "ccxt", "httptools", "rich", "shtab")


class Item(NamedTuple):
    """The result of a check; `advice` is the remedy for a bad result."""

    name: str
    good: bool
    found: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_destination(parser, default=False)
    parser.epilog = "Sends no request unless you name an exchange; then a few public requests, for its clock."


def main(args: argparse.Namespace) -> int:
    items = list(_check(args))
    good = all(item.good for item in items)
    if args.json:
        show.as_json({"good": good, "items": [item._asdict() for item in items]})
        return 0 if good else 1
    rows = []
    for item in items:
        style = "good" if item.good else "bad"
        rows.append(Row(item.name, f"{'ok' if item.good else '!!'} {item.found}", style, indent="   "))
        if item.advice:
            rows.append(Row("", f"   {item.advice}", "" if item.good else "bad", indent="   "))
    show.rows(rows)
    return 0 if good else 1


def _check(args: argparse.Namespace) -> Iterator[Item]:
    yield Item("version", True, f"woox-fast {__version__}, Python {platform.python_version()}, {platform.machine()}")
    yield _check_backend()
    yield _check_signatures()
    yield _check_speed()
    yield from _check_environment()
    yield Item("extras", True, ", ".join(name for name in _EXTRAS if find_spec(name)) or "none")
    yield _check_clock(args)


def _check_backend() -> Item:
    advice = ""
    if os.environ.get("WOOX_FAST_BACKEND") == "python":
        advice = "WOOX_FAST_BACKEND=python chose it; unset that variable to use the compiled core, if it was built."
    elif backend == "python":
        advice = "The compiled core is not in use. Install a C compiler and Python's headers, then woox-fast again."
    return Item("backend", backend != "python", f"{backend} ({sha256_implementation})", advice)


def _check_signatures() -> Item:
    sign = Signer(API_KEY, API_SECRET).sign
    for size in range(300):
        body = os.urandom(size)
        expected = hmac.new(API_SECRET.encode(), b"1578565539808POST/v3/x" + body, hashlib.sha256).hexdigest()
        if sign(1578565539808, "POST", "/v3/x", body) != expected:
            return Item(
                "self-test", False, f"a wrong signature for a body of {size} bytes", "Do not use it; report it."
            )
    return Item("self-test", True, "300 signatures equal hmac's")


def _check_speed() -> Item:
    from . import bench

    times = bench.measure(0.2)
    ours, hmac_new = times[bench.OURS]["GET"], times[bench.HMAC_NEW]["GET"]
    good = ours < hmac_new
    advice = "" if good else "It should be faster than hmac.new; is the machine busy? See backend above."
    found = f"{ours:,.0f} ns a signature, hmac.new {hmac_new:,.0f} ns: {hmac_new / ours:.1f} times as fast"
    return Item("speed", good, found, advice)


def _check_environment() -> Iterator[Item]:
    names = [name for name in _VARIABLES if os.environ.get(name)]
    yield Item("environment", True, ", ".join(names) + " set" if names else "none of the variables is set")
    api_key, api_secret = (os.environ.get(name, "") for name in (API_KEY_VARIABLE, API_SECRET_VARIABLE))
    try:
        if common.credentials():
            Signer(api_key, api_secret)
    except (ValueError, common.UsageError) as error:
        yield Item("credentials", False, str(error), "Set both variables from the exchange's API page again.")
    if api_secret.endswith("==") and re.fullmatch(r"[A-Z0-9]{28}", api_key):
        advice = f"The text that ends in == is the key: it belongs into {API_KEY_VARIABLE}."
        yield Item("credentials", False, "key and secret look swapped", advice)


def _check_clock(args: argparse.Namespace) -> Item:
    if not (args.url or args.staging or args.production):
        return Item("clock", True, "not compared", "To compare it, name an exchange: --production, --staging or --url.")
    from ..clock import ServerClock

    origin = common.destination_of(args).origin
    clock = ServerClock(Signer(API_KEY, API_SECRET), base_url=origin)
    try:
        offset_ms = clock.update()
    except (OSError, ValueError) as error:
        advice = "Check the network connection, and that this is WOO X or a sandbox."
        if _urls.is_loopback(origin) and isinstance(error, ConnectionRefusedError):
            advice = "Start a sandbox with `woox-fast sandbox`."
        return Item("clock", False, f"no usable response from {origin} ({type(error).__name__})", advice)
    finally:
        clock.stop()
    good = abs(offset_ms) <= common.MAX_SKEW_MS
    advice = "" if good else f"Set this machine's clock (NTP), or use Signer(..., clock_offset_ms={offset_ms})."
    found = f"the exchange's clock is {offset_ms:+d} ms from here (round trip {clock.round_trip_ms or 0:.0f} ms)"
    return Item("clock", good, found, advice)
