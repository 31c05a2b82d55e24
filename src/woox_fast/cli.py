"""The command line: `woox-fast VERB` or `python -m woox_fast VERB`. Each verb imports what it needs when it runs.

Exit status: 0 done, 1 the verb's work failed, 2 it could not begin (usage, a missing extra), 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import NamedTuple

from . import __version__

API_KEY_VARIABLE = "WOOX_API_KEY"
API_SECRET_VARIABLE = "WOOX_API_SECRET"  # noqa: S105 (the name of a variable)


class UsageError(Exception):
    """A verb cannot begin. Its text is one line for the user, without secrets; the exit status is 2."""


class Verb(NamedTuple):
    """A row of the table of verbs. `run` returns the exit status; it may import what `extra` installs, `modules`."""

    summary: str
    add_arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], int]
    extra: str
    modules: frozenset[str]


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb in `argv` (default `sys.argv[1:]`); returns its exit status. Raises SystemExit as argparse does."""
    parser = argparse.ArgumentParser(prog="woox-fast", description="Signed requests for the WOO X exchange.")
    parser.add_argument("--version", action="version", version=f"woox-fast {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        verb.add_arguments(subparsers.add_parser(name, help=verb.summary, description=verb.summary.capitalize() + "."))
    args = parser.parse_args(argv)
    verb = VERBS[args.verb]
    try:
        return verb.run(args)
    except UsageError as error:
        return _fail(2, args.verb, str(error))
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in verb.modules:
            raise
        return _fail(2, args.verb, f"{module} is not installed; run: pip install 'woox-fast[{verb.extra}]'")
    except KeyboardInterrupt:
        return _fail(130, args.verb, "interrupted")


def credentials() -> tuple[str, str] | None:
    """API key and secret from the environment, or None if neither is set. Raises UsageError if only one is."""
    api_key, api_secret = os.environ.get(API_KEY_VARIABLE), os.environ.get(API_SECRET_VARIABLE)
    if api_key and api_secret:
        return api_key, api_secret
    if api_key or api_secret:
        missing = API_SECRET_VARIABLE if api_key else API_KEY_VARIABLE
        raise UsageError(f"{missing} is not set, but its counterpart is; set both or neither")
    return None


def _fail(status: int, verb: str, message: str) -> int:
    print(f"woox-fast {verb}: {message}", file=sys.stderr)
    return status


def _whole_number(least: int, most: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not (text.isascii() and text.isdigit() and len(text) < 20 and least <= int(text) <= most):
            raise argparse.ArgumentTypeError(f"must be a whole number from {least} to {most}, got {text[:20]!r}")
        return int(text)

    return parse


# sandbox


def _sandbox_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument(
        "--port", type=_whole_number(0, 65535), default=8080, help="0: any free one (default %(default)s)"
    )
    parser.add_argument("--rate-limits", action="store_true", help="enforce the documented rate limits")
    parser.add_argument("--stop-with-stdin", action="store_true", help="stop when standard input is closed")
    parser.epilog = (
        f"The account's credentials are those in {API_KEY_VARIABLE} and {API_SECRET_VARIABLE}, else an example's."
    )


def _sandbox(args: argparse.Namespace) -> int:
    from . import sandbox

    api_key, api_secret = credentials() or (sandbox.DEMO_API_KEY, sandbox.DEMO_API_SECRET)
    if args.stop_with_stdin:
        threading.Thread(target=_interrupt_when_stdin_closes, name="woox-fast stdin", daemon=True).start()
    try:
        sandbox.run(args.host, args.port, api_key, api_secret, rate_limits=args.rate_limits)
    except OSError as error:
        return _fail(1, "sandbox", f"cannot listen on {args.host} port {args.port}: {error.strerror or error}")
    return 0


def _interrupt_when_stdin_closes() -> None:
    # os.read and not sys.stdin: a daemon thread that holds sys.stdin's lock would abort the interpreter's shut-down.
    with suppress(OSError):  # it is closed already
        while os.read(0, 4096):
            pass
    os.kill(os.getpid(), signal.SIGINT)


# demo


def _demo_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--orders", type=_whole_number(1, 10**7), default=2000, help="requests to send (default %(default)s)"
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


def _demo(args: argparse.Namespace) -> int:
    from . import demo

    return demo.run(
        args.orders, args.url, credentials(), really_send_orders=args.yes_really_send_orders, client=args.client
    )


VERBS = {
    "sandbox": Verb(
        "run an exchange that verifies every signature", _sandbox_arguments, _sandbox, "sandbox", frozenset({"aiohttp"})
    ),
    "demo": Verb(
        "sign orders, submit them to the sandbox and show what happened",
        _demo_arguments,
        _demo,
        "demo",
        frozenset({"aiohttp", "requests", "rich"}),
    ),
}
