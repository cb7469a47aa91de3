"""Compare: the difference where nobody reviewed, both labels, each cell's photos, and states."""

import json
import shutil

import fake_run
import pandas as pd
import pytest
from small import small_config

from zapcls import schema
from zapcls.__main__ import main
from zapcls.analysis.compare import IMAGES, LABELS, pair_runs
from zapcls.analysis.compare_groups import compare_by_group
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.evidence import open_evidence
from zapcls.workspace.new_runs import create_retraining
from zapcls.workspace.runs import Run

PAGE_SIZE = 24
TASK = Task("gender", ("Women", "Men"))
OTHER = {"Women": "Men", "Men": "Women"}


def plan_other_logits(split):
    """Answer as `fake_run.plan_logits`, but every third photo of each split the other way."""
    logits = PLAN(split)
    turn = split.groupby("split").cumcount().to_numpy() % 3 == 0
    logits[turn] *= -1
    return logits


PLAN = fake_run.plan_logits


def add_other(workspace, **settings):
    """A finished run, newer than `finished`, that answers otherwise."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fake_run, "plan_logits", plan_other_logits)
        return fake_run.add_finished(workspace, **{"minute": 40} | settings)


@pytest.fixture
def other(workspace):
    return add_other(workspace)


def pair_by_hand(first, second):
    """Join what two runs say of the photos that are valid in both: right_first, right_second."""
    tables = [pd.read_parquet(run.path / "predictions.parquet") for run in (first, second)]
    valid = [table[(table["split"] == "valid") & (table["label"] != "")] for table in tables]
    pairs = valid[0].merge(
        valid[1][["image_id", "prediction", "prob"]], on="image_id", suffixes=("_first", "_second")
    )
    for run in ("first", "second"):
        pairs[f"right_{run}"] = pairs[f"prediction_{run}"] == pairs["label"]
    return pairs


@pytest.fixture
def pairs(finished, other):
    return pair_by_hand(finished, other)


def check_headline(said, pairs):
    """Check the sentence about the photos that nobody reviewed, which `pairs` are."""
    wrong = [numbers.percent(1 - pairs[f"right_{run}"].mean()) for run in ("first", "second")]
    start = f"### On {len(pairs)} photos that nobody reviewed: {wrong[0]} → {wrong[1]} wrong"
    assert start in said
    assert f"counting {pairs['product_id'].nunique()} products" in said


def test_says_and_draws_what_differs_where_nobody_reviewed(pairs, finished, other, open_page):
    app = open_page("compare")

    assert app.sidebar.selectbox(key="run").value == other.run_id  # the newer one is the second
    assert app.field(f"with-{other.run_id}").value == finished.run_id
    check_headline(app.said, pairs)
    assert f"Both runs, valid: {len(pairs)} photos that neither of them learned from." in app.said
    difference = app.said.split(" points**")[0].rpartition("**")[2]
    assert app.table[0].value["points"].iloc[0].startswith(f"{difference} (")
    curves, women, women_apart, men, men_apart = app.charts()
    for chart in (curves[::2], women, men):
        assert [trace["name"] for trace in chart] == ["first", "second"]
    assert len(women_apart[0]["y"]) == len(men_apart[0]["y"]) == len(BASIC_COLORS)
    assert not app.error


def test_the_older_run_is_the_first_whichever_is_chosen(pairs, finished, other, open_page):
    app = open_page("compare", run=finished.run_id, **{"with": other.run_id})

    check_headline(app.said, pairs)


def test_a_photo_that_changed_opens_with_both_answers(pairs, finished, other, open_page):
    app = open_page("compare", cell="broken")
    image_id = app.list_keys("open-compare-")[0]
    app.click(f"open-compare-{image_id}")

    assert app.query_params["image"] == image_id
    assert app.query_params["with"] == finished.run_id
    assert "The run compared with: called" in app.said


def test_reviewed_photos_leave_the_headline_and_are_graded_under_both_labels(
    pairs, decide, open_page
):
    is_wrong = ~pairs["right_first"]
    relabelled, unclear, agreed = (pairs[is_wrong].iloc[place] for place in range(3))
    swapped = OTHER[relabelled["label"]]
    decide(relabelled, "label wrong")
    decide(unclear, "ambiguous")
    decide(agreed, "model wrong")
    reviewed = pairs["image_id"].isin([row["image_id"] for row in (relabelled, unclear, agreed)])
    app = open_page("compare")

    check_headline(app.said, pairs[~reviewed])
    assert f"the {len(pairs) - 3} photos that nobody reviewed" in app.said  # of the colors
    table = app.table[0].value
    n = len(pairs)
    assert list(table["n"].astype(int)) == [n - 3, n - 3, 3, 2, n, n - 1]
    assert list(table["relabelled"]) == [0, 0, 0, 1, 0, 1]
    assert list(table["first, wrong"])[2].startswith("100 % (")
    assert list(table["first, wrong"])[3].startswith("50.0 % (")
    assert "**1** taken out · **1** by relabelling" in app.said
    app.choose("cell", "by relabelling")
    label, right = map(TASK.name, (relabelled["label"], swapped))
    assert len(app.image) == 1
    assert f"sold as {label}, corrected to {right}" in app.said


def test_a_cell_shows_exactly_its_photos_with_both_answers(pairs, open_page):
    app = open_page("compare", cell="broken")
    for cell, first, second in (
        ("broken", True, False), ("fixed", False, True), ("still wrong", False, False)
    ):  # fmt: skip
        if cell != "broken":
            app.choose("cell", cell)
        rows = pairs[(pairs["right_first"] == first) & (pairs["right_second"] == second)]
        assert 0 < len(rows) <= PAGE_SIZE
        assert f"**{len(rows)}** {cell}" in app.said
        rows = rows.sort_values(["prob_second", "image_id"], ascending=[False, True])
        captions = [c.value for c in app.caption if c.value.startswith("sold as")]
        assert len(app.image) == len(captions) == len(rows)
        for caption, row in zip(captions, rows.itertuples(), strict=True):
            assert caption.startswith(f"sold as {TASK.name(row.label)}  \n")
            for run in ("first", "second"):
                called = TASK.name(getattr(row, f"prediction_{run}"))
                prob = numbers.probability(getattr(row, f"prob_{run}"))
                assert f" {run}: {called}, {prob}" in caption


def test_many_photos_come_in_pages(pairs, finished, other, open_page):
    for run, is_right in ((finished, True), (other, False)):
        path = run.path / "predictions.parquet"
        table = pd.read_parquet(path)
        label = table["label"].where(table["label"] != "", "Men")
        table.assign(prediction=label if is_right else label.map(OTHER)).to_parquet(path)
    assert PAGE_SIZE < len(pairs) < 2 * PAGE_SIZE
    app = open_page("compare", cell="broken")

    assert len(app.image) == PAGE_SIZE
    app.get("pagination")[0].set_value(2)
    assert len(app.run().image) == len(pairs) - PAGE_SIZE
    assert [info.value for info in app.choose("cell", "fixed").info] == ["No shoes here."]

    table.assign(split=table["split"].replace("valid", "train")).to_parquet(path)
    app = open_page("compare")
    assert "No photo is valid in both runs" in app.said
    assert not app.charts()


def test_the_first_run_is_chosen_by_hand_or_in_the_url(finished, other, workspace, open_page):
    oldest = Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000000-old-0000"))
    field = f"with-{other.run_id}"
    app = open_page("compare")
    assert app.field(field).value == finished.run_id  # the next older one
    app.choose(field, oldest.run_id)
    assert app.query_params["with"] == oldest.run_id
    assert app.field(field).value == oldest.run_id
    asked = open_page("compare", **{"with": oldest.run_id})
    assert asked.field(field).value == oldest.run_id
    for odd, warnings in (("../../etc", 1), (finished.run_id, 0)):  # the latter is itself
        app = open_page("compare", run=finished.run_id, **{"with": odd})
        assert app.field(f"with-{finished.run_id}").value == oldest.run_id  # `other` is newer
        assert len(app.warning) == warnings


def test_a_retraining_is_compared_with_its_parent(finished, workspace, pairs, decide, open_page):
    image = pairs[~pairs["right_first"]].iloc[0]
    right = OTHER[image["label"]]
    decide(image, "label wrong")
    corrections = pd.DataFrame(
        [(image["image_id"], right, "label wrong")], columns=list(schema.CORRECTIONS)
    )
    config = small_config(unfrozen_epochs=3)
    child = create_retraining(workspace, finished, config, corrections)
    fake_run.perform(child, workspace, None, weights=True)
    app = open_page("compare", run=child.run_id)

    assert app.field(f"with-{child.run_id}").value == finished.run_id  # not the newer `other`
    assert "retraining of the first on the same split, 1 of its labels corrected." in app.said
    assert list(app.table[0].value["n"])[4] == str(len(pairs))
    assert list(app.table[0].value["relabelled"])[5] == 1
    settings = app.table[1].value
    assert settings.reset_index().to_numpy().tolist() == [["unfrozen_epochs", "8", "3"]]


def test_runs_of_two_splits_are_compared_where_both_are_valid(finished, workspace, open_page):
    seeded = add_other(workspace, seed=1)
    pairs = pair_by_hand(finished, seeded)
    valid = [run.rates["splits"]["valid"]["n"] for run in (finished, seeded)]
    assert 0 < len(pairs) < min(valid)
    app = open_page("compare")

    check_headline(app.said, pairs)
    left_out = [n - len(pairs) for n in valid]
    assert f"{left_out[0]} valid photos of the first run and {left_out[1]} of the sec" in app.said


def test_page_and_command_group_by_any_attribute(finished, other, workspace, open_page, capsys):
    first, second = (open_evidence(run, workspace) for run in (finished, other))
    pairs = pair_runs(
        first.predictions, second.predictions, first.verdicts, TASK.classes, "category"
    )
    expected = second.list_groups("category")
    groups = compare_by_group(pairs, expected, TASK.classes, "category")

    app = open_page("compare", by="category")

    assert f" of {groups['p'].notna().sum()}** groups of category and label differ" in app.said
    table = next(frame.value for frame in app.dataframe if "group" in frame.value)
    assert table["photos"].tolist() == groups["n"].tolist()
    row = groups[groups["n"] > 0].iloc[0]
    between = numbers.difference(row["difference"], row["low"], row["high"])
    assert table.loc[row.name, "points (95 % interval)"] == between

    command = ["compare", finished.run_id, other.run_id, "--workspace", str(workspace.path)]
    assert main([*command, "--by=category", "--json"]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["images"], row["labels"]) for row in rows[:6]] == [
        (images, labels) for images in IMAGES for labels in LABELS
    ]
    assert list(rows[6]) == list(groups.columns)
    assert [row["category"] for row in rows[6:]] == groups["category"].tolist()
    assert main([*command, "--by", "mood"]) == 2
    assert "'mood'" in capsys.readouterr().err


def add_recoloring(run, answers):
    """Write what a run says of photos, and of them in pink: (image_id, answer in pink)."""
    table = pd.read_parquet(run.path / "predictions.parquet").set_index("image_id")
    rows = []
    for image_id, pink in answers:
        rows.append((image_id, "identity", "", table.loc[image_id, "prediction"]))
        rows.append((image_id, "hue", "pink", pink))
    edits = pd.DataFrame(rows, columns=["image_id", "edit", "to", "prediction"])
    edits = edits.assign(
        named=edits["to"], is_reached=True, delta_e=1, delta_l=0, prob_label=0.5, prob_first=0.5
    )
    folder = run.path / "derived" / "recolor"
    folder.mkdir(parents=True)
    schema.conform(edits, schema.RECOLORING, "recoloring").to_parquet(folder / "recolor.parquet")


def test_flips_of_both_runs_are_compared(finished, other, pairs, open_page):
    photos = pairs.head(6)
    ids = photos["image_id"]
    add_recoloring(finished, list(zip(ids, photos["prediction_first"].map(OTHER), strict=True)))
    assert "missing: second." in open_page("compare").said
    add_recoloring(other, list(zip(ids, photos["prediction_second"], strict=True)))

    app = open_page("compare")

    assert "Hue of the shoe: 100 % → 0 % flipped" in app.said
    assert "(n = 6 edited photos)" in app.said
    bars, apart = app.charts()[-2:]
    assert [(bar["name"], bar["x"]) for bar in bars] == [("first", ["pink"]), ("second", ["pink"])]
    assert len(apart[0]["y"]) == 1


def test_one_evaluated_run_is_not_enough(finished, workspace, open_page):
    fake_run.add_stopped(workspace, minute=10)
    app = open_page("compare", run=finished.run_id)

    assert "this is the only one" in app.said
    assert app.link("Train another run").startswith("train?")
    assert not app.error


def test_runs_about_other_classes_are_not_compared(finished, workspace, open_page):
    settings = {"target": "category", "classes": ("Boots", "Shoes")}
    boots = fake_run.add_finished(workspace, minute=25, **settings)
    app = open_page("compare", run=finished.run_id)

    assert app.field(f"with-{finished.run_id}").value == boots.run_id  # there is no other
    [error] = app.error
    assert error.value.startswith("Runs are compared under the same target, got category")
    older = fake_run.add_finished(workspace, minute=20)
    app = open_page("compare", run=finished.run_id)
    assert app.field(f"with-{finished.run_id}").value == older.run_id
    assert not app.error
