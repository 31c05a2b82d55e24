"""`woox-fast completion`: a script that completes verbs and options, made by shtab."""

from __future__ import annotations

import argparse

from . import show

EXAMPLES = (
    "completion bash > ~/.local/share/bash-completion/completions/woox-fast",
    "completion zsh > ~/.zfunc/_woox-fast",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh"))


def run(args: argparse.Namespace) -> int:
    import shtab

    from . import parser

    script = shtab.complete(parser(), shell=args.shell)
    if args.json:
        show.as_json({"shell": args.shell, "script": script})
    else:
        print(script)
    return 0
