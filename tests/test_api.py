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
    ],
)
def test_a_question_that_cannot_be_asked_is_a_sentence(opened, refuses, name, asked, words):
    with refuses(*words):
        opened.find(name, **asked)


def test_a_run_that_is_not_there_is_a_sentence(kinds, refuses):
    with refuses("'nowhere'"):
        open_run("nowhere", kinds.workspace.path)


def test_the_findings_are_listed_in_reading_order():
    assert [name for name, _ in list_findings()] == list(FINDINGS)
