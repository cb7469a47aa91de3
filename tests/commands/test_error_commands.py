"""The commands that look into a run, end to end on a small real training: check, fix, retrain."""

import csv
import io

import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.decisions import build_corrections, settle
from zapcls.data.color import BASIC_COLORS
from zapcls.evidence import open_evidence
from zapcls.schema import LABEL_ISSUES
from zapcls.work import perform
from zapcls.work.cross_validate import split_fold
from zapcls.workspace import jobs
from zapcls.workspace.new_runs import create_retraining
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.run_tables import read_derived, read_predictions
from zapcls.workspace.runs import list_runs

slow = pytest.mark.slow


@slow
def test_errors_lists_the_wrong_images_the_highest_loss_first(read_rows, run, workspace):
    rows = read_rows("errors", run.run_id)

    keys = ["image_id", "image_path", "label", "prediction", "prob", "loss", "color", "cause"]
    assert all(list(row) == keys for row in rows)
    table = read_predictions(run, workspace)
    wrong = table[(table["split"] == "valid") & ~table["correct"]]
    assert {row["image_id"] for row in rows} == set(wrong["image_id"])
    losses = [row["loss"] for row in rows]
    assert losses == sorted(losses, reverse=True)
    assert all(row["cause"] for row in rows)
    assert read_rows("errors", run.run_id, "--top", 2) == rows[:2]


@slow
def test_label_issues_lists_every_kept_image_with_who_accuses_it(read_rows, run, workspace):
    rows = read_rows("label-issues", run.run_id, "--all")

    keys = ["image_id", "label", "suggested_label", "label_quality", "reasons"]
    assert all(list(row) == keys for row in rows)
    table = read_predictions(run, workspace)
    assert {row["image_id"] for row in rows} == set(table[table["label"] != ""]["image_id"])
    quality = [row["label_quality"] for row in rows]
    assert quality == sorted(quality)
    assert quality[0] >= 0
    assert quality[-1] <= 1
    suspects = read_rows("label-issues", run.run_id)
    assert len(suspects) < len(rows)
    assert all(row["reasons"] for row in suspects)


@slow
def test_a_check_is_done_once_and_its_answers_are_out_of_fold(command, run, workspace):
    assert command("label-issues", run.run_id)[0] == 0
    check = open_evidence(run, workspace).check
    when = check.path.stat().st_mtime_ns

    assert command("label-issues", run.run_id)[0] == 0

    assert check.path.stat().st_mtime_ns == when
    table = pd.read_parquet(check.path / "predictions.parquet")
    assert set(table["source"]) == {"oof"}
    assert set(table["split"]) == {"valid"}
    assert sorted(table["fold"].unique()) == [0, 1, 2, 3, 4]
    assert (table.groupby("product_id")["fold"].nunique() == 1).all()
    assert check.read_probabilities().shape == (len(table), 2)
    assert list(check.read_issues()) == list(LABEL_ISSUES)
    assert check.facts["n"] == len(table)
    assert check.facts["error_rate"] == pytest.approx(1 - table["correct"].mean())


@slow
def test_slices_gives_groups_with_their_figures(read_rows, run):
    rows = read_rows("slices", run.run_id, "--all")

    assert {"name", "n", "n_products", "rate", "low", "high", "p"} <= set(rows[0])


@slow
def test_decisions_go_out_and_come_back(command, read_rows, run, workspace, tmp_path):
    table = read_predictions(run, workspace)
    image = table[table["split"] == "valid"].iloc[0]
    other = "Men" if image.label == "Women" else "Women"
    reviews = open_reviews(workspace)
    facts = (run.facts["catalogue_id"], image.image_id, "gender", image.label)
    reviews.mark(*facts, "label wrong", other, note="=1+1", reviewer="Ada")
    file = tmp_path / "decisions.csv"

    assert command("reviews", "export", run.run_id, file)[0] == 0
    [row] = csv.DictReader(io.StringIO(file.read_text(encoding="utf-8")))
    assert (row["image_id"], row["right_label"], row["note"]) == (image.image_id, other, "'=1+1")

    [same] = read_rows("reviews", "import", run.run_id, file)
    row = {"line": 2, "image_id": image.image_id, "outcome": "was there already"}
    assert same == {"decisions": 1, "new": 0, "conflicts": 0, "rows": [row]}
    file.write_text(file.read_text(encoding="utf-8").replace("Ada", "Bo").replace(
        "label wrong," + other, "ambiguous,"), encoding="utf-8")  # fmt: skip
    [changed] = read_rows("reviews", "import", run.run_id, file)
    [row] = changed.pop("rows")
    assert row["outcome"] == "added"
    assert changed == {"decisions": 1, "new": 1, "conflicts": 1}
    assert reviews.undo(run.facts["catalogue_id"], "gender", "Bo") == image.image_id


@slow
def test_a_map_has_a_place_for_each_prediction(run, workspace):
    perform(jobs.create(workspace.jobs_dir, "map", {"run": str(run.path)}), workspace)

    places = read_derived(run, "map")
    assert places is not None
    assert list(places) == ["image_id", "x", "y"]
    assert len(places) == len(read_predictions(run, workspace))
    assert np.isfinite(places[["x", "y"]].to_numpy()).all()
    assert not list((run.path / "derived").glob(".*map*"))


@slow
def test_cross_validation_answers_every_labelled_image_once(read_rows, command, run, workspace):
    [facts] = read_rows("cross-validate", run.run_id, "--folds", 2)

    table = pd.read_parquet(run.path / "derived" / "cross-validation" / "predictions.parquet")
    labelled = read_predictions(run, workspace).query("label != ''")
    assert set(table["image_id"]) == set(labelled["image_id"])
    assert table["image_id"].is_unique
    assert (facts["folds"], facts["n"]) == (2, len(table))
    assert facts["error_rate"] == pytest.approx(1 - table["correct"].mean())
    assert set(table["source"]) == {"cv"}
    assert not list((run.path / "derived").glob(".*"))


def test_a_fold_is_held_out_and_a_tenth_of_the_rest_is_tune():
    products = np.repeat(np.arange(200), 2)
    codes = products % 2
    fold = products % 5

    parts = split_fold(fold, codes, products, number=3, seed=0)

    assert set(np.unique(fold[parts == "valid"])) == {3}
    assert 3 not in fold[parts != "valid"]
    assert (parts == "tune").sum() == 32  # of 320
    assert not set(products[parts == "tune"]) & set(products[parts == "train"])


def test_a_fold_of_few_products_has_a_tune_too():
    products = np.repeat(np.arange(10), 3)
    fold = products % 5

    parts = split_fold(fold, products % 2, products, number=3, seed=0)

    assert set(parts[fold != 3]) == {"tune", "train"}
    assert len(set(products[parts == "tune"])) == 1


@slow
def test_a_retraining_keeps_the_split_takes_the_corrections_and_is_compared(
    run, workspace, read_rows
):
    table = read_predictions(run, workspace)
    train = table[table["split"] == "train"].iloc[:2]
    valid = table[table["split"] == "valid"].iloc[1]
    reviews = open_reviews(workspace)
    catalogue_id = run.facts["catalogue_id"]
    for image in train.itertuples():
        other = "Men" if image.label == "Women" else "Women"
        reviews.mark(catalogue_id, image.image_id, "gender", image.label, "label wrong", other)
    reviews.mark(catalogue_id, valid.image_id, "gender", valid.label, "not a shoe")
    corrections = build_corrections(
        settle(reviews.read(catalogue_id, "gender")), run.facts["classes"]
    )

    child = create_retraining(workspace, run, run.train_config, corrections)
    perform(child, workspace)

    assert child.is_evaluated
    assert child.parent_id == run.run_id
    assert child.run_id in [known.run_id for known in list_runs(workspace)]
    now = read_predictions(child, workspace).set_index("image_id")
    before = table.set_index("image_id")
    assert (now["split"] == before["split"]).all()
    changed = now.index[now["label"] != before["label"]]
    assert set(train["image_id"]) | {valid.image_id} <= set(changed)
    assert now.loc[valid.image_id, "label"] == ""
    assert (now["catalog_label"] == before["catalog_label"]).all()

    rows = {(row["images"], row["labels"]): row for row in read_rows(
        "compare", run.run_id, child.run_id)}  # fmt: skip
    assert set(rows) == {
        (images, labels)
        for images in ("not reviewed", "reviewed", "all")
        for labels in ("old", "corrected")
    }
    n_valid = (table["split"] == "valid").sum()
    assert rows["all", "old"]["n"] == n_valid
    decided = reviews.read(catalogue_id, "gender")["image_id"].unique()
    n_reviewed = before.loc[decided, "split"].eq("valid").sum()
    assert n_reviewed > 0
    assert rows["not reviewed", "old"]["n"] == n_valid - n_reviewed
    assert rows["reviewed", "old"]["n"] == n_reviewed
    assert rows["all", "corrected"]["n"] == n_valid - 1  # the one that is not a shoe
    assert rows["all", "old"]["errors_first"] == run.rates["splits"]["valid"]["errors"]
    lines = read_rows("compare", run.run_id, child.run_id, "--by-color")
    assert lines[: len(rows)] == list(rows.values())
    colors = lines[len(rows) :]
    assert {row["color"] for row in colors} == set(BASIC_COLORS)
    assert len(colors) == 2 * len(BASIC_COLORS)
    assert sum(row["n"] for row in colors) == n_valid - n_reviewed
    assert all(row["p_holm"] is None or row["p_holm"] >= row["p"] for row in colors)
