"""The command line: `woox-fast SUBCOMMAND` or `python -m woox_fast SUBCOMMAND`. Every subcommand has a file."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NamedTuple

from .. import __version__
from .._credentials import API_SECRET_VARIABLE
from . import show
from .common import Parser, UsageError, hide_secrets, wrap_lines

__all__ = ["SUBCOMMANDS", "build_parser", "main"]


class Subcommand(NamedTuple):
    """The module `cli.NAME` defines `add_arguments(parser)`, `main(args)`, which returns the exit status, and EXAMPLES.

    The optional dependency group `extra` installs `modules`.
    """

    summary: str
    extra: str = "cli"
    modules: frozenset[str] = frozenset()


SUBCOMMANDS = {
    "sign": Subcommand("sign a request; show the signed text, the signature and the headers"),
    "curl": Subcommand("print a signed request as a curl command"),
    "send": Subcommand("sign a request, send it once and show the response"),
    "explain": Subcommand("find out why a signature was refused"),
    "check": Subcommand("check this installation, its environment and its clock"),
    "sandbox": Subcommand("run an exchange that verifies every signature", "sandbox", frozenset({"aiohttp"})),
    "demo": Subcommand(
        "send orders to a sandbox and verify its books", "demo", frozenset({"aiohttp", "httptools", "rich"})
    ),
    "bench": Subcommand("time signing against the standard library"),
    "completion": Subcommand("print a completion script for a shell", modules=frozenset({"shtab"})),
}
EXIT_STATUS = "Exit status: 0 success; 1 failure; 2 wrong usage or a missing extra; 130 interrupted."


def main(argv: Sequence[str] | None = None) -> int:
    """Run the subcommand in `argv` (default `sys.argv[1:]`). Return its exit status, or raise argparse's SystemExit."""
    if None in (sys.stdin, sys.stdout, sys.stderr):  # the next file or socket would get its number
        return _fail(2, "woox-fast", "a standard stream is closed; redirect it to /dev/null instead")
    show.SECRETS[:] = [os.environ.get(API_SECRET_VARIABLE, "")]
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            show.flush()
    except KeyboardInterrupt:
        return _fail(130, "woox-fast", "interrupted")
    except OSError as error:
        if error.filename != show.STANDARD_OUTPUT:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # so that the interpreter's flush succeeds
        if isinstance(error, BrokenPipeError):  # `head`, for example, has read enough
            return 1
        return _fail(1, "woox-fast", f"cannot write to standard output: {error.strerror}")


def _run(argv: Sequence[str]) -> int:
    named = [name for name in SUBCOMMANDS if name in argv]
    root = build_parser(SUBCOMMANDS if "completion" in named else named)
    if not argv:
        root.print_help(sys.stderr)
        root.exit(2)
    args = root.parse_args(argv, Namespace(root=root))
    subcommand, name = SUBCOMMANDS[args.subcommand], f"woox-fast {args.subcommand}"
    try:
        status: int = import_module(f"{__name__}.{args.subcommand}").main(args)
        return status
    except UsageError as error:
        return _fail(2, name, hide_secrets(str(error)))
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in subcommand.modules:
            raise
        return _fail(2, name, f"{module} is not installed; run: pip install 'woox-fast[{subcommand.extra}]'")


def build_parser(with_arguments: Iterable[str] = SUBCOMMANDS) -> Parser:
    """Build the parser. To save time, add arguments to the subcommands in `with_arguments` alone."""
    wanted = set(with_arguments)
    root = Parser(
        prog="woox-fast",
        description="Signed requests for the WOO X exchange.",
        epilog=wrap_lines(f"`woox-fast SUBCOMMAND --help` shows its options and examples.\n{EXIT_STATUS}"),
    )
    root.add_argument("--version", action="version", version=f"woox-fast {__version__}")
    subparsers = root.add_subparsers(dest="subcommand", metavar="SUBCOMMAND", required=True)
    for name, subcommand in SUBCOMMANDS.items():
        description = f"{subcommand.summary[0].upper()}{subcommand.summary[1:]}."
        subparser = subparsers.add_parser(name, help=subcommand.summary, description=description)
        if name in wanted:
            module = import_module(f"{__name__}.{name}")
            module.add_arguments(subparser)
            subparser.add_argument("--json", action="store_true", help="print JSON, for scripts")
            epilog = "\n\n".join(filter(None, [subparser.epilog, EXIT_STATUS, "examples:"]))
            examples = "\n".join("  " + example.replace("\n", "\n  ") for example in module.EXAMPLES)
            subparser.epilog = f"{wrap_lines(epilog)}\n{examples}"
    return root


def _fail(status: int, name: str, message: str) -> int:
    show.print_error(f"{name}: {message}")
    return status
