"""`woox-fast check`: is everything as it should be, and what to do about what is not."""

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

from .. import Signer, __version__, _credentials, _urls, backend, sha256_implementation
from .._credentials import API_KEY_VARIABLE, API_SECRET_VARIABLE
from . import show
from .common import SANDBOX_URL, add_exchange, exchange
from .show import Row

EXAMPLES = ("woox-fast check", f"woox-fast check --url {SANDBOX_URL}", "woox-fast check --json")
MOST_SKEW_MS = 5_000  # the shortest receive window; a clock that is further off has orders refused

_VARIABLES = (API_KEY_VARIABLE, API_SECRET_VARIABLE, "WOOX_FAST_BACKEND", "WOOX_FAST_SHA256")
_EXTRAS = ("requests", "httpx", "aiohttp", "ccxt", "httptools", "rich", "shtab")


class Item(NamedTuple):
    """One thing that was looked at: whether it is as it should be, what was found, and what to do if it is not."""

    name: str
    good: bool
    found: str
    advice: str = ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_exchange(parser, default=False)
    parser.epilog = (
        "No request is sent unless an exchange is named; then one public one, a few times, for its clock.\n"
        "Exit status 1 if something is not as it should be."
    )


def main(args: argparse.Namespace) -> int:
    items = list(look(args))
    good = all(item.good for item in items)
    if args.json:
        show.as_json({"good": good, "items": [item._asdict() for item in items]})
    else:
        rows = []
        for item in items:
            style = "good" if item.good else "bad"
            rows.append(Row(item.name, f"{'ok' if item.good else '!!'} {item.found}", style, indent="   "))
            if item.advice:
                rows.append(Row("", f"   {item.advice}", "" if item.good else "bad", indent="   "))
        show.rows(rows)
    return 0 if good else 1


def look(args: argparse.Namespace) -> Iterator[Item]:
    yield Item("version", True, f"woox-fast {__version__}, Python {platform.python_version()}, {platform.machine()}")
    yield _backend()
    yield _self_test()
    yield _speed()
    yield from _environment()
    yield Item("extras", True, ", ".join(name for name in _EXTRAS if find_spec(name)) or "none")
    yield _clock(args)


def _backend() -> Item:
    advice = ""
    if backend == "python":
        advice = "The compiled core is not in use. Install a C compiler and Python's headers, then woox-fast again."
        if os.environ.get("WOOX_FAST_BACKEND") == "python":
            advice = "WOOX_FAST_BACKEND=python chose it; unset that, and the compiled core is used where it was built."
    return Item("backend", backend != "python", f"{backend} ({sha256_implementation})", advice)


def _self_test() -> Item:
    secret = _credentials.API_SECRET
    signer = Signer(_credentials.API_KEY, secret)
    tried = 0
    for size in range(300):
        body = os.urandom(size)
        expected = hmac.new(secret.encode(), b"1578565539808POST/v3/x" + body, hashlib.sha256).hexdigest()
        if signer.sign(1578565539808, "POST", "/v3/x", body) != expected:
            return Item(
                "self-test", False, f"a wrong signature for a body of {size} bytes", "Do not use it; report it."
            )
        tried += 1
    return Item("self-test", True, f"{tried} signatures equal hmac's")


def _speed() -> Item:
    from .bench import measure

    times = measure(0.2)
    (ours, _), (theirs, _) = times["woox_fast Signer.sign"], times["hmac.new"]
    good = ours < theirs
    advice = "" if good else "It should be faster than hmac.new; is the machine busy? See backend above."
    return Item(
        "speed", good, f"{ours:,.0f} ns a signature, hmac.new {theirs:,.0f} ns: {theirs / ours:.1f} times", advice
    )


def _environment() -> Iterator[Item]:
    found = [name for name in _VARIABLES if os.environ.get(name)]
    yield Item("environment", True, ", ".join(found) + " set" if found else "none of the variables is set")
    api_key, api_secret = (os.environ.get(name, "") for name in (API_KEY_VARIABLE, API_SECRET_VARIABLE))
    if bool(api_key) != bool(api_secret):
        missing = API_SECRET_VARIABLE if api_key else API_KEY_VARIABLE
        yield Item("credentials", False, f"{missing} is not set, but its counterpart is", "Set both.")
    for name, value in ((API_KEY_VARIABLE, api_key), (API_SECRET_VARIABLE, api_secret)):
        if any(not "!" <= c <= "~" for c in value) or value[:1] in ("'", '"'):
            yield Item(
                name, False, "holds spaces, quotes or characters that are not ASCII", "Copy it from the console again."
            )
    if api_key and api_key == api_secret:
        yield Item("credentials", False, "key and secret are the same text", "The console shows two; copy each.")
    elif api_secret.endswith("==") and re.fullmatch(r"[A-Z0-9]{28}", api_key):
        yield Item(
            "credentials",
            False,
            "key and secret look exchanged",
            f"The text that ends in == is the key: it belongs into {API_KEY_VARIABLE}.",
        )


def _clock(args: argparse.Namespace) -> Item:
    if not (args.url or args.staging or args.production):
        return Item(
            "clock", True, "not compared", "Name an exchange to compare with: --production, --staging or --url."
        )
    from ..clock import ServerClock

    origin = exchange(args).origin
    clock = ServerClock(Signer(_credentials.API_KEY, _credentials.API_SECRET), base_url=origin)
    try:
        offset_ms = clock.update()
    except (OSError, ValueError) as error:
        advice = "Start one with `woox-fast sandbox`." if _urls.is_loopback(origin) else "Look at the network."
        return Item("clock", False, f"{origin} does not answer as it should ({type(error).__name__})", advice)
    finally:
        clock.stop()
    good = abs(offset_ms) <= MOST_SKEW_MS
    advice = "" if good else f"Set this machine's clock (NTP), or use Signer(..., clock_offset_ms={offset_ms})."
    found = f"the exchange is {offset_ms:+d} ms from here (round trip {clock.round_trip_ms or 0:.0f} ms)"
    return Item("clock", good, found, advice)
