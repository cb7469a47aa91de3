"""Commands on a run about several targets: each is asked about the one that is named."""

import json

import pandas as pd
import pytest

from zapcls.__main__ import main
from zapcls.workspace.run_tables import read_predictions


@pytest.fixture
def answer(several, capsys):
    """Return a function that runs a command on the run: its exit code and its lines."""

    def run(command, *words):
        where = ["--workspace", str(several.workspace.path)]
        code = main([command, several.run.run_id, *map(str, words), *where])
        out, err = capsys.readouterr()
        return code, out.splitlines() or err.splitlines()

    return run


@pytest.mark.parametrize("target", ["sub_category", "gender"])
def test_errors_are_those_of_the_named_target(several, answer, target):
    _, lines = answer("errors", "--target", target, "--json")

    found = pd.DataFrame(map(json.loads, lines))
    table = read_predictions(several.run.about(target), several.workspace)
    is_wrong = (table["split"] == "valid") & (table["label"] != "") & ~table["correct"]
    assert set(found["image_id"]) == set(table.loc[is_wrong, "image_id"])
    assert len(found) == is_wrong.sum() > 0
    assert set(found["label"]) <= set(several.run.about(target).task.classes)


def test_the_first_target_is_looked_at_unless_another_is_named(answer):
    assert answer("errors", "--json") == answer("errors", "--target", "sub_category", "--json")


def test_another_target_is_refused_with_those_that_there_are(answer):
    code, [line] = answer("errors", "--target", "brand")

    assert code == 2
    assert "(sub_category, gender), got 'brand'" in line


def test_a_photo_is_answered_under_every_target(several, answer, jpeg, tmp_path):
    photo = tmp_path / "red.jpg"
    photo.write_bytes(jpeg(color="red"))

    _, [line] = answer("classify", photo, "--json")
    _, [other] = answer("classify", photo, "--target", "gender", "--json")

    facts, gender = json.loads(line), json.loads(other)
    assert list(facts) == ["file", "label", "prob", "sure", "familiar", "targets"]
    assert list(facts["targets"]) == ["sub_category", "gender"]
    for task in several.run.tasks:
        prob = facts["targets"][task.target]["prob"]
        assert list(prob) == list(task.classes)
        assert sum(prob.values()) == pytest.approx(1)
    assert facts["label"] == facts["targets"]["sub_category"]["label"]
    assert gender["label"] == facts["targets"]["gender"]["label"]
    assert gender["targets"] == facts["targets"]


def test_no_rate_counts_a_photo_without_a_label(several):
    rates = several.run.metrics["targets"]
    table = read_predictions(several.run.about("gender"), several.workspace)

    assert (table["label"] == "").sum() > 0
    n = ((table["split"] == "valid") & (table["label"] != "")).sum()
    assert rates["gender"]["splits"]["valid"]["n"] == n


@pytest.mark.parametrize("command", ["slices", "color-bias"])
@pytest.mark.parametrize("target", ["sub_category", "gender"])
def test_findings_are_of_the_named_target(answer, command, target):
    code, lines = answer(command, "--target", target, "--json")

    assert code == 0, lines
