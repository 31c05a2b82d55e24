"""The program `woox-fast`, outside the package so that it can report an ImportError of woox_fast."""

from __future__ import annotations

import sys


def main() -> int:
    try:
        from woox_fast import cli

        return cli.main()
    except KeyboardInterrupt:  # during the imports
        return 130
    except ImportError as error:
        if error.name != "woox_fast":  # unlike an unavailable choice, such as WOOX_FAST_BACKEND=cyton
            raise
        print(f"woox-fast: {error}", file=sys.stderr)
        return 2
