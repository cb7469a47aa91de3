"""The app in a process that gives freed memory back at SIGUSR1; it loads nothing but the app.

python -m benchmarks.served PORT
"""

import ctypes
import gc
import os
import signal
import sys
from pathlib import Path

from streamlit.web import cli

ROOT = Path(__file__).parents[1]


def main() -> None:
    def trim(signum: int, frame: object) -> None:
        gc.collect()
        ctypes.CDLL(None).malloc_trim(0)

    signal.signal(signal.SIGUSR1, trim)
    os.chdir(ROOT)  # where .streamlit/config.toml is
    sys.argv = ["streamlit", "run", str(ROOT / "server.py"), "--server.port", sys.argv[1]]
    cli.main()


if __name__ == "__main__":
    main()
