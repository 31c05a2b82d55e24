"""`woox-fast check`: check this installation, with a remedy for every fault."""

from __future__ import annotations

import argparse
import hashlib
import hmac
import os
import platform
from collections.abc import Iterator
from typing import NamedTuple

from .. import Signer, __version__, _urls, backend, sha256_implementation
from .._credentials import API_KEY, API_KEY_VARIABLE, API_SECRET, API_SECRET_VARIABLE
from . import common, show
from .show import OutputField

EXAMPLES = ("woox-fast check", f"woox-fast check --url {common.SANDBOX_URL}", "woox-fast check --json")

_VARIABLES = (API_KEY_VARIABLE, API_SECRET_VARIABLE, "WOOX_FAST_BACKEND", "WOOX_FAST_SHA256")


class Item(NamedTuple):
    name: str
    good: bool
    found: str
    advice: str = ""  # the remedy


def add_arguments(parser: argparse.ArgumentParser) -> None:
    common.add_destination(parser, default="")
    parser.epilog = "Sends no request unless you name an exchange; then a few public requests, for its clock."


def main(args: argparse.Namespace) -> int:
    items = list(_check(args))
    good = all(item.good for item in items)
    if args.json:
        show.print_json({"good": good, "items": [item._asdict() for item in items]})
        return 0 if good else 1
    fields = []
    for item in items:
        style = "good" if item.good else "bad"
        fields.append(OutputField(item.name, f"{'ok' if item.good else '!!'} {item.found}", style))
        if item.advice:
            fields.append(OutputField("", item.advice, "" if item.good else "bad"))
    show.print_fields(fields)
    return 0 if good else 1


def _check(args: argparse.Namespace) -> Iterator[Item]:
    yield Item("version", True, f"woox-fast {__version__}, Python {platform.python_version()}, {platform.machine()}")
    yield _check_backend()
    yield _check_signatures()
    yield from _check_environment()
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
            return Item("self-test", False, f"wrong signature for {size} bytes", "Do not use it; report the fault.")
    return Item("self-test", True, "300 signatures equal hmac's")


def _check_environment() -> Iterator[Item]:
    names = [name for name in _VARIABLES if os.environ.get(name)]
    yield Item("environment", True, ", ".join(names) + " set" if names else "no WOOX_ variable is set")
    try:
        if found := common.read_credentials():
            Signer(*found)
    except (ValueError, common.UsageError) as error:
        yield Item("credentials", False, str(error), "Set both variables from the exchange's API page again.")


def _check_clock(args: argparse.Namespace) -> Item:
    if not (args.url or args.staging or args.production):
        return Item("clock", True, "not compared", "To compare it, name an exchange: --production, --staging or --url.")
    from ..clock import ServerClock

    origin = common.read_origin(args)
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
