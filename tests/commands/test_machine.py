"""How a job behaves towards the rest of the machine."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
LOOK = """
import os
from pathlib import Path
from zapcls.commands.machine import step_back
before = os.nice(0)
step_back()
session = Path("/proc/self/autogroup")
print(os.nice(0) - before, session.read_text() if session.exists() else "")
"""


@pytest.mark.skipif(not hasattr(os, "nice"), reason="this system has no niceness")
def test_a_job_gives_way_to_the_app_as_a_process_and_as_a_session():
    found = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=PROJECT,
        start_new_session=True,
        capture_output=True,
        text=True,
        check=True,
    )
    niceness, _, session = found.stdout.strip().partition(" ")
    assert niceness == "5"
    assert not session or session.endswith(" nice 5")
