"""The command `woox-fast`, outside of the package: it says in one line why woox_fast cannot be imported."""

from __future__ import annotations

import sys


def main() -> int:
    try:
        from woox_fast import cli
    except ImportError as error:
        if error.name != "woox_fast":  # else it is a choice that cannot be had, such as WOOX_FAST_BACKEND=cyton
            raise
        print(f"woox-fast: {error}", file=sys.stderr)
        return 2
    return cli.main()
