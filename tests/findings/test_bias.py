"""All findings on one group column: with 2, 4 and 21 classes, by any column, and as JSON."""

import json

import pytest
from hand_made import GENDER, HandMade, build_classes, list_texts

from zapcls.commands.sections import write_section
from zapcls.data.task import Task
from zapcls.findings import FINDINGS, find
from zapcls.findings.ask import build_ask
from zapcls.findings.bias import build_json, build_sections
from zapcls.report.document import build_bias

NAMES = [f"Kind {place}" for place in range(21)]
ON_GROUPS = ("claim", "groups", "pairs", "odds", "association", "directions")
PARTS = [
    "association", "verdict", "claim", "by_color", "adjusted", "recolor", "controls", "trade",
    "pairs",
]  # fmt: skip


@pytest.fixture(scope="module")
def make(build_table):
    """Return a function that makes the evidence of a run on so many classes."""

    def build(count):
        task = GENDER if count == 2 else Task("category", tuple(NAMES[:count]))
        return HandMade(build_classes(build_table, task.classes, task.target), task=task)

    return build


@pytest.mark.parametrize(
    ("count", "by"),
    [(2, "color"), (2, "brand"), (4, "color"), (4, "sub_category"), (21, "color")],
)
def test_every_finding_speaks_of_any_number_of_classes_and_any_column(make, count, by):
    evidence = make(count)
    ask = build_ask(evidence, by)

    sections = [FINDINGS[name].section(find(name, evidence, ask), ask) for name in ON_GROUPS]

    said = "\n".join(map(list_texts, sections)).lower()
    assert "nan" not in said
    if count > 2:
        assert not any(word in said for word in ("women", "men's", "sold as", "department"))
        assert "labelled kind 0" in said
    if by != "color":
        assert "pink" not in said
        assert f"of another {ask.word}" in said


def test_the_report_and_the_terminal_show_all_of_it(make):
    evidence = make(4)
    ask = build_ask(evidence)

    sections = build_bias(evidence, ask)

    names = [
        "answer",
        "summary",
        "association",
        "groups",
        "pairs",
        "odds",
        "ways",
        "recolor",
        "remedies",
    ]
    assert [section.name for section in sections] == names
    text = "\n".join(map(write_section, sections))
    assert "**" not in text
    assert all(said in text for said in evidence.missing.values())
    assert "No photo has been recolored" in text  # a catalogue need not be of shoes
    assert text.count("labelled Kind 3") > 3  # of each label
    two = build_sections(evidence, ask, (ask.label, ask.called))
    assert len(two[2].blocks) < len(build_sections(evidence, ask, evidence.classes)[2].blocks)


@pytest.mark.parametrize(("by", "group"), [("color", "pink"), ("brand", "brand 0")])
def test_json_has_a_key_a_table_and_a_sentence_for_each_that_is_not_there(make, by, group):
    found = json.loads(json.dumps(build_json(make(4), by), allow_nan=False))

    missing = found.pop("missing")
    changed = ["recolor", "controls", "trade"]
    assert sorted(found) == sorted(
        part.replace("color", by) if part == "by_color" else part
        for part in PARTS if by == "color" or part not in changed
    )  # fmt: skip
    assert list(missing) == (["oof", "recolor", "trade"] if by == "color" else ["oof"])
    assert set(missing) - {"oof"} <= set(found)
    assert [row[by] for row in found["claim"]] == [group, f"not {group}"]
    of_group = next(row for row in found[f"by_{by}"] if row[by] == group)
    assert set(of_group) >= {"label", "n", "n_products", "error_rate", "low", "p_adjusted"}
    assert {row["label"] for row in found["adjusted"]} == set(NAMES[:4])
    assert set(found["adjusted"][0]["fit"]) >= {"reference", "n_fitted"}
    assert {by, "share"} <= set(found["association"]["shares"][0])
    assert all(row["source"] == "run" for row in found["pairs"])


def test_a_column_that_there_is_not_is_refused(make, refuses):
    with refuses("grouped by one of color, brand", "'odd'", "Name one"):
        build_json(make(2), "odd")
