"""The floors hold: imports point down, and only the pages know Streamlit."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_import_contracts_are_kept() -> None:
    code = "from importlinter.cli import lint_imports_command; lint_imports_command()"
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=600
    )
    assert process.returncode == 0, process.stdout + process.stderr
    assert "0 broken." in process.stdout


def test_only_the_page_floors_name_streamlit() -> None:
    below = [
        path.relative_to(ROOT).as_posix()
        for path in (ROOT / "zapcls").rglob("*.py")
        if "import streamlit" in path.read_text() or "from streamlit" in path.read_text()
    ]
    assert below
    assert all(path.startswith("zapcls/ui/") for path in below)
