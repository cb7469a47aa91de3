"""What a full run came to, in benchmarks/results/faults.json, and the table that the docs show."""

import json
import re
import tempfile
from pathlib import Path

from zapcls.workspace.layout import write_json

FILE = Path(__file__).parents[2] / "benchmarks" / "results" / "faults.json"


def write_part(part, tried, seed):
    """Put a part's counts into the file; the other parts stay as they are."""
    from benchmarks.machine import describe_machine

    lost = [{"what": one.what[:300], "fault": _hide(one.fault)} for one in tried if one.fault]
    facts = {"tried": len(tried), "told": sum(bool(one.said) for one in tried), "lost": len(lost)}
    about = {"seed": seed, "machine": describe_machine(), "lost_ones": lost}
    write_json(FILE, read_parts() | {part: facts | about})


def _hide(fault):
    """Leave out where this machine keeps what is temporary."""
    return re.sub(rf"{re.escape(tempfile.gettempdir())}/pytest-of-[^/]+/[^/]+/[^/]+/", "", fault)


def read_parts():
    return json.loads(FILE.read_text()) if FILE.is_file() else {}


def write_table():
    """Write the parts of each row together as a table in Markdown."""
    rows = {}
    for part, facts in read_parts().items():
        row = rows.setdefault(part.split(":")[0], dict.fromkeys(("tried", "told", "lost"), 0))
        for name in row:
            row[name] += facts[name]
    lines = ["| | tried | survived | of them told in a sentence | lost |", "|---|---|---|---|---|"]
    for name, row in sorted(rows.items()):
        survived = row["tried"] - row["lost"]
        told = row["told"] or ""
        lines.append(f"| {name} | {row['tried']:,} | {survived:,} | {told} | {row['lost']} |")
    return "\n".join(lines)
