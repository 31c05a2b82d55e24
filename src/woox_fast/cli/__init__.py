"""The command line: `woox-fast VERB` or `python -m woox_fast VERB`. Each verb imports what it needs when it runs.

Exit status: 0 done, 1 the verb's work failed, 2 it could not begin (usage, a missing extra), 130 interrupted.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Iterable, Sequence
from importlib import import_module
from typing import NamedTuple

from .. import __version__
from .common import UsageError, credentials

__all__ = ["VERBS", "UsageError", "credentials", "main", "parser"]


class Verb(NamedTuple):
    """A row of the table of verbs. It may import what `extra` installs, `modules`.

    Its module is `cli.` and the verb's name: it has `add_arguments(parser)`, `run(args)`, which gives the exit status,
    and `EXAMPLES`.
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
    argv = sys.argv[1:] if argv is None else argv
    args = parser(verb for verb in VERBS if verb in argv).parse_args(argv)
    verb = VERBS[args.verb]
    try:
        status: int = import_module(f"{__name__}.{args.verb}").run(args)
        sys.stdout.flush()
        return status
    except UsageError as error:
        return _fail(2, args.verb, str(error))
    except ModuleNotFoundError as error:
        module = (error.name or "").partition(".")[0]
        if module not in verb.modules:
            raise
        return _fail(2, args.verb, f"{module} is not installed; run: pip install 'woox-fast[{verb.extra}]'")
    except BrokenPipeError:  # the reader, such as `head`, has gone: no error, and nothing more to say
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 1
    except KeyboardInterrupt:
        return _fail(130, args.verb, "interrupted")


def parser(with_arguments: Iterable[str] = VERBS) -> argparse.ArgumentParser:
    """The parser of every verb, and of the arguments of those in `with_arguments`: building all takes its time."""
    wanted = set(with_arguments)
    parser = argparse.ArgumentParser(
        prog="woox-fast",
        description="Signed requests for the WOO X exchange.",
        epilog="`woox-fast VERB --help` shows the options of a verb, and examples.",
    )
    parser.add_argument("--version", action="version", version=f"woox-fast {__version__}")
    subparsers = parser.add_subparsers(dest="verb", metavar="VERB", required=True)
    for name, verb in VERBS.items():
        subparser = subparsers.add_parser(
            name,
            help=verb.summary,
            description=verb.summary[0].upper() + verb.summary[1:] + ".",
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        if name in wanted:
            module = import_module(f"{__name__}.{name}")
            module.add_arguments(subparser)
            subparser.add_argument("--json", action="store_true", help="print JSON, for scripts")
            examples = "\n".join(f"  woox-fast {example}" for example in module.EXAMPLES)
            subparser.epilog = "\n\n".join(filter(None, [subparser.epilog, f"examples:\n{examples}"]))
    return parser


def _fail(status: int, verb: str, message: str) -> int:
    print(f"woox-fast {verb}: {message}", file=sys.stderr)
    return status
