"""Starts the commands: `python -m zapcls COMMAND`; `--help` lists them."""

import sys

from zapcls.commands.parser import main

if __name__ == "__main__":
    sys.exit(main())
