"""The verdict on color agrees with the evidence that it lists."""

import pytest

from zapcls.data.task import DEFAULT_TASK
from zapcls.findings.ask import Ask
from zapcls.findings.summary import (
    IN_PART,
    MOSTLY_NOT,
    UNTOLD,
    YES,
    Found,
    Row,
    ask_aloud,
    write_rows,
)
from zapcls.findings.verdict import HIGHER, LOWER, NONE, UNDECIDED, Verdict


def build_found(pairs, groups, of_any):
    rows = (
        Row("pairs", "−8.6 points", Verdict(pairs), "", "pairs"),
        Row("groups", "+4.7 points", Verdict(groups), "", "groups"),
    )
    return Found(rows, Verdict(of_any))


@pytest.mark.parametrize(
    ("pairs", "groups", "of_any", "answer"),
    [
        (HIGHER, UNDECIDED, HIGHER, YES),
        (LOWER, UNDECIDED, HIGHER, IN_PART),
        (LOWER, UNDECIDED, UNDECIDED, MOSTLY_NOT),
        (UNDECIDED, HIGHER, UNDECIDED, MOSTLY_NOT),
        (UNDECIDED, UNDECIDED, UNDECIDED, UNTOLD),
        (HIGHER, UNDECIDED, NONE, IN_PART),  # nothing was recolored yet
        (LOWER, HIGHER, NONE, UNTOLD),
    ],
)
def test_the_answer_follows_from_what_is_told(pairs, groups, of_any, answer):
    assert build_found(pairs, groups, of_any).answer == answer


def test_the_question_and_the_rows_are_written():
    assert ask_aloud(Ask(DEFAULT_TASK)) == "Is color to blame?"
    assert ask_aloud(Ask(DEFAULT_TASK, by="brand")) == "Is the brand to blame?"
    table = write_rows(build_found(LOWER, HIGHER, UNDECIDED))
    assert list(table["figure"]) == ["−8.6 points", "+4.7 points"]
