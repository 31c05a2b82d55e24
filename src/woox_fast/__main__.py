"""The command line: `python -m woox_fast SUBCOMMAND`."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
