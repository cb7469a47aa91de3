"""Where a run's report lies, and how a page becomes a PDF: Chromium prints it, where there is one.

Nothing here computes, so that a page may look for a report without loading what writes it.
"""

import shutil
import subprocess
import tempfile
from pathlib import Path

from zapcls.errors import BadInput, ZapError
from zapcls.workspace.run_tables import find_derived
from zapcls.workspace.runs import Run

KIND = "report"
BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome")
_TIMEOUT_S = 120
_DRAWING_MS = 20_000  # of the page's own clock, for its charts


def find_report(run: Run, suffix: str) -> Path | None:
    """Find a run's report (`suffix` .html or .pdf), None before it is written."""
    path = find_derived(run, KIND) / f"report{suffix}"
    return path if path.is_file() else None


def find_browser() -> str | None:
    """Find a Chromium on this machine, None where there is none."""
    return next((found for name in BROWSERS if (found := shutil.which(name))), None)


def need_browser() -> str:
    """Find a Chromium on this machine.

    Raises:
        BadInput: there is none.
    """
    browser = find_browser()
    if browser is None:
        raise BadInput(
            f"A PDF is printed by Chromium, but none of {', '.join(BROWSERS)} is installed here. "
            "Install one, or ask for a file that ends in .html and print that from any browser."
        )
    return browser


def print_pdf(page: Path, target: Path) -> None:
    """Print a page on disk as a PDF.

    Raises:
        BadInput: there is no Chromium on this machine.
        ZapError: it did not print.
    """
    browser = need_browser()
    with tempfile.TemporaryDirectory(prefix="zapcls-print-") as folder:
        printed = Path(folder) / "report.pdf"
        command = [
            browser, "--headless", "--no-sandbox", "--disable-gpu", "--no-pdf-header-footer",
            f"--user-data-dir={folder}/profile", f"--virtual-time-budget={_DRAWING_MS}",
            f"--print-to-pdf={printed}", page.resolve().as_uri(),
        ]  # fmt: skip
        try:
            process = subprocess.run(
                command, stdin=subprocess.DEVNULL, capture_output=True, timeout=_TIMEOUT_S
            )
        except subprocess.TimeoutExpired:
            raise ZapError(
                f"{browser} must print within {_TIMEOUT_S} s, but did not. "
                "Ask for a file that ends in .html and print that from any browser."
            ) from None
        if process.returncode or not printed.is_file():
            last = process.stderr.decode(errors="replace").strip().splitlines() or ["no message"]
            raise ZapError(
                f"{browser} could not print the report ({last[-1]}). "
                "Ask for a file that ends in .html and print that from any browser."
            )
        shutil.copyfile(printed, target)
