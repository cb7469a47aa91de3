"""Commands on a run about labels: each column is a line, and each label can be asked about."""

import json

import pytest
from planned_run import THRESHOLD

from zapcls.__main__ import main

LABELS = ("Leather", "Suede", "Rubber")


@pytest.fixture
def answer(materials, capsys):
    """Return a function that runs a command on the run: its exit code and its lines."""

    def run(command, *words):
        where = ["--workspace", str(materials.workspace.path)]
        code = main([command, *map(str, words), *where])
        out, err = capsys.readouterr()
        return code, out.splitlines() or err.splitlines()

    return run


def test_a_run_is_summarized_by_column_and_in_json_by_label(materials, answer):
    _, lines = answer("runs")
    _, [line] = answer("runs", "--json")

    assert len(lines) == 2
    assert "material: 3 labels, mean average precision" in lines[1]
    facts = json.loads(line)
    assert facts["labels"]["material"]["labels"] == 3
    for label in LABELS:
        rates = facts["targets"][f"material: {label}"]
        assert rates["threshold"] == THRESHOLD
        assert set(rates["average_precision"]) == {"rate", "low", "high"}


@pytest.mark.parametrize("command", ["errors", "slices", "color-bias"])
def test_a_command_is_about_the_label_that_is_named(materials, answer, command):
    code, lines = answer(command, materials.run.run_id, "--target", "material: Suede", "--json")

    assert code == 0, lines
    if command == "errors":
        assert {json.loads(line)["label"] for line in lines} <= {"Suede", "not Suede"}


def test_classify_names_the_labels_of_a_photo_and_how_likely_each_is(
    materials, answer, jpeg, tmp_path
):
    photo = tmp_path / "red.jpg"
    photo.write_bytes(jpeg(color="red"))

    _, [said] = answer("classify", materials.run.run_id, photo)
    _, [line] = answer("classify", materials.run.run_id, photo, "--json")

    targets = json.loads(line)["targets"]
    given = [label for label in LABELS if targets[f"material: {label}"]["label"] == label]
    for label in LABELS:
        one = targets[f"material: {label}"]
        assert one["threshold"] == THRESHOLD
        assert (one["prob"][label] >= THRESHOLD) == (label in given)
    assert 0 < len(given) < 3
    assert "material: " in said
    assert [label in said for label in LABELS] == [label in given for label in LABELS]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--target", "category", "--cells", "labels"], "no category of this catalogue does"),
        (["--target", "material", "--cells", "labels", "--rare", "other"], "rare must be 'drop'"),
        (
            ["--target", "material", "--cells", "labels", "--class-weights", "balanced"],
            "class_weights must be 'none'",
        ),
    ],
)
def test_what_cannot_be_learned_as_labels_is_a_sentence(materials, answer, words, said):
    code, [*_, line] = answer("train", "--data", materials.data_dir, *words)

    assert code == 2
    assert said in line
