"""`woox-fast completion`: print a script that completes subcommands and options."""

from __future__ import annotations

import argparse

from . import show

EXAMPLES = (
    'eval "$(woox-fast completion bash)"',
    "mkdir -p ~/.zfunc && woox-fast completion zsh > ~/.zfunc/_woox-fast",
    """mkdir -p ~/.config/fish/completions &&
    woox-fast completion fish > ~/.config/fish/completions/woox-fast.fish""",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("shell", choices=("bash", "zsh", "fish"))
    parser.epilog = "bash: add the line to ~/.bashrc. zsh: ~/.zfunc must be in fpath, before compinit."


def main(args: argparse.Namespace) -> int:
    import shtab

    script = shtab.complete(args.root, shell=args.shell)
    if args.json:
        show.print_json({"shell": args.shell, "script": script})
    else:
        show.print_line(script)
    return 0
