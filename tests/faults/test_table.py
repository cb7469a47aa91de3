"""The table in the docs is what was measured."""

from pathlib import Path

import results

DOCS = Path(__file__).parents[2] / "docs" / "reliability.md"


def test_the_docs_show_what_a_full_run_came_to():
    assert results.write_table() in DOCS.read_text()
