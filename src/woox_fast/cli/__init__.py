"""The command line: `woox-fast VERB` or `python -m woox_fast VERB`. Each verb imports what it needs when it runs.

Exit status: 0 done, 1 the verb's work failed, 2 it could not begin (usage, a missing extra), 130 interrupted.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NamedTuple

from .. import __version__
from . import show
from .arguments import Parser, without_secrets
from .common import UsageError

__all__ = ["VERBS", "main", "parser"]


class Verb(NamedTuple):
    """A row of the table of verbs. It may import what `extra` installs, `modules`.

    Its module is `cli.` and the verb's name: it has `add_arguments(parser)`, `main(args)`, which gives the exit status,
    and `EXAMPLES`, whole commands.
    """

    summary: str
    extra: str = "cli"
    modules: frozenset[str] = frozenset()


VERBS = {
    "sign": Verb("sign a request; show what is signed, the signature and the headers"),
    "curl": Verb("print a signed request as a curl command"),
    "send": Verb("sign a request, send it and show the reply", modules=frozenset({"requests"})),
    "explain": Verb("find out why a signature was refused"),
    "check": Verb("check this installation, its speed, its environment and its clock"),
    "sandbox": Verb("run an exchange that verifies every signature", "sandbox", frozenset({"aiohttp"})),
    "demo": Verb(
        "sign orders, submit them to the sandbox and show what happened",
        "demo",
        frozenset({"aiohttp", "requests", "rich"}),
    ),
    "bench": Verb("time signing against the standard library"),
    "completion": Verb("print a completion script for a shell", modules=frozenset({"shtab"})),
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the verb in `argv` (default `sys.argv[1:]`); returns its exit status. Raises SystemExit as argparse does."""
    _open_closed_streams()
    if sys.stdout is None:
        return _fail(2, "woox-fast", "standard output is closed; to see nothing, send it to /dev/null")
    try:
        try:
            return _run(sys.argv[1:] if argv is None else argv)
        finally:
            _flush_errors()
            show.flush()
    except OSError as error:
        if error.filename != show.STANDARD_OUTPUT:
            raise
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # what is left must not fail once more
        if isinstance(error, BrokenPipeError):  # the reader, such as `head`, has gone: no error, and no more to say
            return 1
        return _fail(1, "woox-fast", f"cannot write to standard output: {error.strerror}")


def _run(argv: Sequence[str]) -> int:
    named = [verb for verb in VERBS if verb in argv]
    root = parser(VERBS if "completion" in named else named)
    if not argv:
        root.print_help(sys.stderr)
        root.exit(2)
    args = root.parse_args(argv)
    args.root = root
    verb, name = VERBS[args.verb], f"woox-fast {args.verb}"
    try:
        status: int = import_module(f"{__name__}.{args.verb}").main(args)
        return status
    except UsageError as error:
        return _fail(2, name, without_secrets(str(error), argv))
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in verb.modules:
            raise
        return _fail(2, name, f"{module} is not installed; run: pip install 'woox-fast[{verb.extra}]'")
    except KeyboardInterrupt:
        return _fail(130, name, "interrupted")


def parser(with_arguments: Iterable[str] = VERBS) -> Parser:
    """The parser of every verb, and of the arguments of those in `with_arguments`: building all takes its time."""
    wanted = set(with_arguments)
    parser = Parser(
        prog="woox-fast",
        description="Signed requests for the WOO X exchange.",
        epilog="`woox-fast VERB --help` shows the options of a verb, and examples.",
    )
    parser.add_argument("--version", action="version", version=f"woox-fast {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        subparser = subparsers.add_parser(
            name, help=verb.summary, description=verb.summary[0].upper() + verb.summary[1:] + "."
        )
        if name in wanted:
            module = import_module(f"{__name__}.{name}")
            module.add_arguments(subparser)
            subparser.add_argument("--json", action="store_true", help="print JSON, for scripts")
            examples = "\n".join("  " + example.replace("\n", "\n  ") for example in module.EXAMPLES)
            subparser.epilog = "\n\n".join(filter(None, [subparser.epilog, f"examples:\n{examples}"]))
    return parser


def _open_closed_streams() -> None:
    """Put /dev/null where a standard stream was closed: the next file or socket would take its number."""
    for number, flags in ((0, os.O_RDONLY), (1, os.O_WRONLY), (2, os.O_WRONLY)):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, flags)
    if sys.stdin is None:
        sys.stdin = os.fdopen(0, closefd=False)
    if sys.stderr is None:
        sys.stderr = os.fdopen(2, "w", closefd=False)


def _flush_errors() -> None:
    """Write out what is left for standard error; where that fails there is nobody to tell."""
    try:
        sys.stderr.flush()
    except OSError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stderr.fileno())


def _fail(status: int, name: str, message: str) -> int:
    show.error(f"{name}: {message}")
    return status
