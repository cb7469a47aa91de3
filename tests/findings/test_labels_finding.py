"""The labels of a column read together: what is counted of each, and what is said."""

import pytest
from planned_run import THRESHOLD
from sklearn.metrics import average_precision_score, precision_recall_fscore_support

from zapcls.api import open_run
from zapcls.findings import FINDINGS, find
from zapcls.findings.ask import Ask
from zapcls.workspace.run_tables import read_predictions

LEATHER = "material: Leather"


@pytest.fixture(scope="module")
def opened(materials):
    return open_run(materials.run.run_id, materials.workspace.path, LEATHER)


@pytest.fixture(scope="module")
def counted(opened):
    return opened.find("labels")["labels"].set_index("label")


def test_each_label_of_the_column_is_a_row(materials, counted):
    assert list(counted.index) == ["Leather", "Suede", "Rubber"]
    assert list(counted["target"]) == [task.target for task in materials.run.tasks]
    assert (counted["threshold"] == THRESHOLD).all()


@pytest.mark.parametrize("label", ["Leather", "Rubber"])
def test_the_figures_are_those_of_the_labels_own_answers(materials, counted, label):
    run = materials.run.about(f"material: {label}")
    valid = read_predictions(run, materials.workspace).query("split == 'valid' and label != ''")
    has, given = valid["label"] == label, valid["prediction"] == label
    prob = valid["prob"].where(given, 1 - valid["prob"])

    row = counted.loc[label]

    assert (row["n"], row["n_with"], row["n_given"]) == (len(valid), has.sum(), given.sum())
    assert row["n_products"] == valid.loc[has, "product_id"].nunique()
    precision, recall, f1, _ = precision_recall_fscore_support(has, given, average="binary")
    expected = {
        "share": has.mean(), "average_precision": average_precision_score(has, prob),
        "precision": precision, "recall": recall, "f1": f1,
    }  # fmt: skip
    assert {name: row[name] for name in expected} == pytest.approx(expected, abs=1e-6)
    for name in ("average_precision", "precision", "recall", "f1"):
        assert 0 <= row[f"{name}_low"] <= row[name] <= row[f"{name}_high"] <= 1


def test_an_answer_is_the_label_from_the_threshold_on(opened):
    table = opened.predictions

    is_given = table["prediction"] == "Leather"
    assert (table.loc[is_given, "prob"] >= THRESHOLD).all()
    assert (table.loc[~is_given, "prob"] < 0.5).any()  # the likelier class is not given
    assert (table.loc[~is_given, "prob"] > 1 - THRESHOLD).all()


def test_a_photo_whose_cell_is_blank_is_counted_for_no_label(materials, counted):
    split = read_predictions(materials.run, materials.workspace).query("label == ''")

    assert len(split)
    assert set(split["split"]) == {"none"}
    assert counted["n"].nunique() == 1


def test_the_metrics_of_the_run_have_the_same_figures(materials, opened, counted):
    metrics = materials.run.metrics
    mean = opened.find("labels")["mean_average_precision"].iloc[0].to_dict()

    assert metrics["labels"]["material"] == {
        "labels": 3, "mean_average_precision": pytest.approx(mean),
    }  # fmt: skip
    for row in counted.itertuples():
        rates = metrics["targets"][row.target]
        assert rates["average_precision"]["rate"] == pytest.approx(row.average_precision)
        assert rates["threshold"] == row.threshold


def test_a_row_opens_the_photos_of_its_label(opened):
    ask = Ask(opened.task)
    [table] = [
        block
        for block in FINDINGS["labels"].section(find("labels", opened.evidence, ask), ask).blocks
        if hasattr(block, "opens")
    ]

    assert [opens["target"] for opens in table.opens] == [
        "material: Leather", "material: Suede", "material: Rubber",
    ]  # fmt: skip
    assert table.cells["material"].to_list() == ["Leather", "Suede", "Rubber"]


def test_a_target_that_is_a_column_has_no_labels(several):
    run = open_run(several.run.run_id, several.workspace.path)

    assert run.find("labels") == {}
    assert "not a label" in run.describe("labels")
