"""What a run does not know: how many of how many photos, and a link that opens all of them."""

from types import SimpleNamespace

import pytest
from hand_made import GENDER, HandMade, pick, read_texts

from zapcls.blocks import Links
from zapcls.findings import familiar
from zapcls.findings.ask import Ask

ASK = Ask(GENDER)


@pytest.fixture
def make(build_table, monkeypatch):
    """Return a function that makes evidence of so many valid photos, the first 10 looked at."""

    def build(count, is_looked_at=True, is_imported=False):
        table = build_table([{}] * count)
        looked = table.head(10).assign(strangeness=range(10), familiar=[True] * 8 + [False] * 2)
        monkeypatch.setattr(
            HandMade, "familiar", property(lambda _: looked if is_looked_at else None)
        )
        return HandMade(table, run=SimpleNamespace(is_imported=is_imported))

    return build


@pytest.mark.parametrize(
    ("count", "photos"),
    [(10, "10 photos of valid"), (30, "10 looked at of the 30 photos of valid")],
)
def test_what_it_does_not_know_is_counted_and_opened_right_or_wrong(make, count, photos):
    section = familiar.section(familiar.find(make(count), ASK), ASK)

    assert f"; of {photos} **20.0 %" in read_texts(section)[0]
    [links] = pick(section, Links)
    [link] = links.links
    assert link.text == f"2 of {photos} that it does not know"
    assert link.opens == {"images": ("i9", "i8"), "split": "valid", "answer": "all"}


def test_nobody_is_sent_to_evaluate_what_was_imported(make):
    said = [
        familiar.section(familiar.find(make(10, False, is_imported), ASK), ASK).blocks[0].text
        for is_imported in (False, True)
    ]

    assert "Evaluate it again" in said[0]
    assert said[1].startswith("This run was imported")
    assert "evaluate" not in said[1]
