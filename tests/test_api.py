"""The Python face on runs of 4 and 21 classes: findings as tables and sentences, bad questions."""

import pandas as pd
import pytest

from zapcls.api import list_findings, open_run
from zapcls.findings import FINDINGS


@pytest.fixture(scope="module")
def opened(kinds):
    return open_run(kinds.run.run_id, kinds.workspace.path)


def test_every_finding_is_a_table_and_sentences(opened):
    for name, question in list_findings():
        tables, said = opened.find(name), opened.describe(name)
        assert all(isinstance(table, pd.DataFrame) for table in tables.values()), name
        assert said.strip(), name
        assert question, name


def test_the_group_column_is_an_argument(opened):
    [groups] = opened.find("groups", by="brand").values()

    labels = set(groups["label"])
    assert labels == set(opened.task.classes)
    assert set(groups["brand"]) == set(opened.predictions["brand"])


@pytest.mark.parametrize(
    ("name", "asked", "words"),
    [
        ("moods", {}, ["groups", "'moods'"]),
        ("groups", {"mood": 1}, ["source", "'mood'"]),
        ("groups", {"by": "image_path"}, ["color", "'image_path'"]),
        ("rates", {"source": ""}, ["source must be", "''"]),
        ("claim", {"group": "teal"}, ["group must be one of black", "'teal'"]),
        ("claim", {"label": "Girls"}, ["label must be one of", "'Girls'"]),
        ("directions", {"called": "x" * 200}, ["called must be one of", "xx. Name one."]),
        ("rates", {"split": "foo"}, ["split must be one of valid, ", "'foo'"]),
        ("recolor", {"edit": 3}, ["edit must be one of hue, color", "3"]),
    ],
)
def test_a_question_that_cannot_be_asked_is_a_sentence(opened, refuses, name, asked, words):
    with refuses(*words):
        opened.find(name, **asked)


def test_a_label_alone_is_asked_about_against_another_class(opened):
    first, second, *_ = opened.task.classes
    for label, called in ((first, second), (second, first)):
        [claim] = opened.find("claim", label=label).values()
        assert set(claim["called"]) == {called}
        [claim] = opened.find("claim", called=called).values()
        assert set(claim["label"]) == {label}


def test_what_is_asked_in_vain_leaves_nothing_behind(opened, monkeypatch):
    evidence = opened.evidence
    monkeypatch.setattr(evidence, "_computing", {})
    for number in range(3):
        with pytest.raises(ZeroDivisionError):
            evidence.keep(("vain", number), (), lambda: 1 / 0)
    assert evidence._computing == {}


def test_a_run_that_is_not_there_is_a_sentence(kinds, refuses):
    with refuses("'nowhere'"):
        open_run("nowhere", kinds.workspace.path)


def test_the_findings_are_listed_in_reading_order():
    assert [name for name, _ in list_findings()] == list(FINDINGS)
