"""Compare: the difference where nobody reviewed, both labels, each cell's photos, and states."""

import json
import shutil
from collections.abc import Callable

import fake_run
import pandas as pd
import pytest
from app_driver import App

from zapcls import schema
from zapcls.__main__ import main
from zapcls.analysis.compare import IMAGES, LABELS, pair_runs, paired_interval
from zapcls.analysis.compare_groups import compare_by_group
from zapcls.analysis.permutations import sign_flip_p
from zapcls.blocks import numbers
from zapcls.config import build_config
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.evidence import open_evidence
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run, create_retraining

OpenPage = Callable[..., App]
PAGE_SIZE = 24
TASK = Task("gender", ("Women", "Men"))


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


def mark(run, workspace, image, mark, right_label=""):
    """Enter a reviewer's decision on an image."""
    open_reviews(workspace).mark(
        run.facts["catalogue_id"], image["image_id"], "gender", image["label"], mark,
        right_label=right_label, reviewer="Ann",
    )  # fmt: skip


def write(rate):
    return f"{round(100 * rate, 1):+.1f}".replace("-", "−") if round(100 * rate, 1) else "0.0"


def check_headline(said, pairs):
    """Check the sentence about the photos that nobody reviewed, which `pairs` are."""
    wrong = [numbers.percent(1 - pairs[f"right_{run}"].mean()) for run in ("first", "second")]
    start = f"### On {len(pairs)} photos that nobody reviewed: {wrong[0]} → {wrong[1]} wrong"
    assert start in said
    change = pairs["right_first"].astype(int) - pairs["right_second"].astype(int)
    products = change.groupby(pairs["product_id"]).agg(["size", "sum"])
    difference, low, high = paired_interval(products["size"].values, products["sum"].values)
    p = sign_flip_p(products["sum"].values)
    assert f"**{write(difference)} points** (95 % interval {write(low)} to {write(high)}, " in said
    assert f"counting {len(products)} products; p = {p:.2g})" in said


def test_says_what_differs_where_nobody_reviewed(pairs, finished, other, open_page):
    app = open_page("compare")

    assert app.sidebar.selectbox(key="run").value == other.run_id  # the newer one is the second
    assert app.field(f"with-{other.run_id}").value == finished.run_id
    check_headline(app.said, pairs)
    assert f"Both runs, valid: {len(pairs)} photos that neither of them learned from." in app.said
    table = app.table[0]
    difference = app.said.split(" points**")[0].rpartition("**")[2]
    assert table.value["points"].iloc[0].startswith(f"{difference} (")
    assert 0 <= float(table.value["p"].iloc[0]) <= 1
    assert not app.error


def test_reviewed_photos_leave_the_headline_and_are_graded_under_both_labels(
    pairs, other, workspace, open_page
):
    is_wrong = ~pairs["right_first"]
    relabelled, unclear, agreed = (pairs[is_wrong].iloc[place] for place in range(3))
    swapped = {"Women": "Men", "Men": "Women"}[relabelled["label"]]
    mark(other, workspace, relabelled, "label wrong", swapped)
    mark(other, workspace, unclear, "ambiguous")
    mark(other, workspace, agreed, "model wrong")
    reviewed = pairs["image_id"].isin([row["image_id"] for row in (relabelled, unclear, agreed)])
    app = open_page("compare")

    check_headline(app.said, pairs[~reviewed])
    table = app.table[0].value
    groups = [f"{images}, {labels}" for images in IMAGES for labels in LABELS]
    assert list(table.index) == groups
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


def test_with_every_photo_reviewed_there_is_no_fair_test(pairs, other, workspace, open_page):
    for _, image in pairs.iterrows():
        mark(other, workspace, image, "model wrong")
    app = open_page("compare")

    assert "every photo that is valid in both runs was reviewed." in app.said
    assert "nan" not in app.said


CELLS = {
    "fixed": (False, True),
    "broken": (True, False),
    "still wrong": (False, False),
}


@pytest.mark.parametrize("cell", CELLS)
def test_a_cell_shows_exactly_its_photos_with_both_answers(pairs, open_page, cell):
    first, second = CELLS[cell]
    rows = pairs[(pairs["right_first"] == first) & (pairs["right_second"] == second)]
    assert 0 < len(rows) <= PAGE_SIZE
    app = open_page("compare", cell=cell)

    assert f"**{len(rows)}** {cell}" in app.said
    rows = rows.sort_values(["prob_second", "image_id"], ascending=[False, True])
    captions = [c.value for c in app.caption if c.value.startswith("sold as")]
    assert len(app.image) == len(captions) == len(rows)
    for caption, row in zip(captions, rows.itertuples(), strict=True):
        assert caption.startswith(f"sold as {TASK.name(row.label)}  \n")
        for run in ("first", "second"):
            called = TASK.name(getattr(row, f"prediction_{run}"))
            prob = numbers.percent(getattr(row, f"prob_{run}"))
            assert f" {run}: {called}, {prob}" in caption


def test_a_cell_is_chosen_by_hand_too_and_may_be_empty(finished, workspace, open_page):
    twin = fake_run.add_finished(workspace, minute=50)
    wrong = (~pair_by_hand(finished, twin)["right_first"]).sum()
    app = open_page("compare")

    assert [info.value for info in app.info] == ["No such shoes."]
    assert not app.image
    assert "p = 1): no difference beyond chance" in app.said
    assert len(app.choose("cell", "still wrong").image) == wrong


def answer(run, is_right):
    """Have a run answer every labelled photo right, or every one wrong."""
    path = run.path / "predictions.parquet"
    table = pd.read_parquet(path)
    turned = table["label"].map({"Women": "Men", "Men": "Women", "": "Men"})
    answers = table["label"].where(table["label"] != "", "Men") if is_right else turned
    table.assign(prediction=answers).to_parquet(path)


def test_many_photos_come_in_pages(pairs, finished, other, open_page):
    answer(finished, is_right=True)
    answer(other, is_right=False)
    assert PAGE_SIZE < len(pairs) < 2 * PAGE_SIZE
    app = open_page("compare", cell="broken")

    assert len(app.image) == PAGE_SIZE
    app.get("pagination")[0].set_value(2)
    assert len(app.run().image) == len(pairs) - PAGE_SIZE


@pytest.fixture
def oldest(finished, workspace):
    """A run that is older than the next older one."""
    return Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000000-old-0000"))


def test_the_first_run_is_chosen_by_hand_and_kept_in_the_url(finished, other, oldest, open_page):
    field = f"with-{other.run_id}"
    app = open_page("compare")
    assert app.field(field).value == finished.run_id  # the next older one
    app.choose(field, oldest.run_id)
    assert app.query_params["with"] == oldest.run_id
    assert app.field(field).value == oldest.run_id


def test_the_first_run_is_chosen_in_the_url(other, oldest, open_page):
    app = open_page("compare", **{"with": oldest.run_id})
    assert app.field(f"with-{other.run_id}").value == oldest.run_id


@pytest.mark.parametrize(
    ("odd", "warnings"),
    [("../../etc", 1), ("20260102-103000-resnet10t-0030", 0)],  # itself
)
def test_an_unknown_first_run_in_the_url_is_told_of(
    finished, other, oldest, open_page, odd, warnings
):
    app = open_page("compare", run=finished.run_id, **{"with": odd})
    assert app.field(f"with-{finished.run_id}").value == oldest.run_id  # `other` is newer
    assert len(app.warning) == warnings


def test_a_retraining_is_compared_with_its_parent(finished, other, workspace, pairs, open_page):
    image = pairs[~pairs["right_first"]].iloc[0]
    right = {"Women": "Men", "Men": "Women"}[image["label"]]
    mark(finished, workspace, image, "label wrong", right)
    corrections = pd.DataFrame(
        [(image["image_id"], right, "label wrong")], columns=list(schema.CORRECTIONS)
    )
    config = build_config("first-try", unfrozen_epochs=3)
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


def test_the_charts_show_both_runs_in_their_colors(pairs, open_page):
    differences, curves, women, women_apart, men, men_apart = open_page("compare").charts()

    assert len(differences[0]["y"]) == 6
    assert [trace["name"] for trace in curves[::2]] == ["first", "second"]
    for chart in (women, men):
        assert [bar["name"] for bar in chart] == ["first", "second"]
    for chart in (women_apart, men_apart):
        assert len(chart[0]["y"]) == len(BASIC_COLORS)


def read_groups(finished, other, workspace, by):
    """Compare the two runs by an attribute, as the analysis does."""
    first, second = (open_evidence(run, workspace) for run in (finished, other))
    tables = first.predictions, second.predictions
    pairs = pair_runs(*tables, first.verdicts, TASK.classes, by)
    return compare_by_group(pairs, second.list_groups(by), TASK.classes, by)


@pytest.mark.parametrize("by", ["color", "category"])
def test_groups_may_be_of_any_attribute(finished, other, workspace, open_page, by):
    groups = read_groups(finished, other, workspace, by)

    app = open_page("compare", by=by)

    assert f" of {groups['p'].notna().sum()}** groups of {by} and label differ" in app.said
    table = next(frame.value for frame in app.dataframe if "group" in frame.value)
    assert table["photos"].tolist() == groups["n"].tolist()
    row = groups[groups["n"] > 0].iloc[0]
    between = numbers.difference(row["difference"], row["low"], row["high"])
    assert table.loc[row.name, "points (95 % interval)"] == between


@pytest.mark.parametrize("option", ["--by-color", "--by=category"])
def test_the_command_prints_the_summary_and_then_the_groups(
    finished, other, workspace, capsys, option
):
    by = "color" if option == "--by-color" else "category"
    groups = read_groups(finished, other, workspace, by)
    command = ["compare", finished.run_id, other.run_id, option, "--json"]

    assert main([*command, "--workspace", str(workspace.path)]) == 0

    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert [(row["images"], row["labels"]) for row in rows[:6]] == [
        (images, labels) for images in IMAGES for labels in LABELS
    ]
    assert list(rows[6]) == list(groups.columns)
    assert [row[by] for row in rows[6:]] == groups[by].tolist()


def test_an_unknown_attribute_is_refused(finished, other, workspace, capsys):
    command = ["compare", finished.run_id, other.run_id, "--by", "mood"]

    assert main([*command, "--workspace", str(workspace.path)]) == 2
    assert "'mood'" in capsys.readouterr().err


def test_reviewed_photos_are_left_out_of_the_colors(finished, pairs, workspace, open_page):
    mark(finished, workspace, pairs.iloc[0], "model wrong")

    assert f"the {len(pairs) - 1} photos that nobody reviewed" in open_page("compare").said


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
    turned = {"Women": "Men", "Men": "Women"}
    photos = pairs.head(6)
    ids = photos["image_id"]
    add_recoloring(finished, list(zip(ids, photos["prediction_first"].map(turned), strict=True)))
    assert "missing: second." in open_page("compare").said
    add_recoloring(other, list(zip(ids, photos["prediction_second"], strict=True)))

    app = open_page("compare")

    assert "Hue of the shoe: 100 % → 0 % flipped" in app.said
    assert "(n = 6 edited photos)" in app.said
    bars, apart = app.charts()[-2:]
    assert [(bar["name"], bar["x"]) for bar in bars] == [("first", ["pink"]), ("second", ["pink"])]
    assert len(apart[0]["y"]) == 1


def test_one_run_is_not_enough(finished, open_page):
    app = open_page("compare")

    assert "this is the only one" in app.said
    assert app.link("Train another run").startswith("train?")
    assert not app.error


def test_a_run_that_is_not_evaluated_is_no_partner(finished, workspace, open_page):
    fake_run.add_stopped(workspace, minute=10)

    assert "this is the only one" in open_page("compare", run=finished.run_id).said


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


def test_no_photo_valid_in_both(finished, other, open_page):
    path = other.path / "predictions.parquet"
    table = pd.read_parquet(path)
    table.assign(split=table["split"].replace("valid", "train")).to_parquet(path)
    app = open_page("compare")

    assert "No photo is valid in both runs" in app.said
    assert not app.charts()


def test_no_run_yet(workspace, open_page):
    assert "There is no run yet." in open_page("compare").said
