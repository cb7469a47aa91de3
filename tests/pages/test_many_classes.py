"""Results and Errors of runs that tell 4 and 21 classes: readable, and worded by their target."""

import pandas as pd
import pytest
from app_driver import OPEN
from fake_run import add_check, add_map, relabel

from zapcls.blocks.charts import NEUTRAL
from zapcls.data.color import BASIC_COLORS

KINDS = ("Boots", "Sandals", "Shoes", "Slippers")
MANY = tuple(f"Kind {number:02}" for number in range(21))


@pytest.fixture(params=[("category", KINDS), ("sub_category", MANY)], ids=["4", "21"])
def told(request, own_store, finished):
    """A run that tells 4 or 21 classes, its labels checked."""
    run = relabel(finished, own_store, *request.param)
    add_check(run, own_store)
    return run


def test_results_draw_every_class_and_open_the_most_confused_pairs(told, open_page):
    classes = told.task.classes
    table = pd.read_parquet(told.path / "predictions.parquet")
    wrong = table[(table["split"] == "train") & (table["label"] != "") & ~table["correct"]]
    pairs = wrong.groupby(["label", "prediction"]).size().sort_values(ascending=False)

    app = open_page("results", results_split="train")

    [squares] = app.charts()[0]
    assert len(squares["customdata"]) == len(classes) ** 2
    buttons = [b for b in app.button if b.key and b.key.startswith("cell-")]
    assert len(buttons) == min(10, len(pairs))
    counts = [int(button.label.rpartition(": ")[2]) for button in buttons]
    assert counts == pairs.head(10).to_list()
    by_class = app.charts()[3 if len(classes) > 7 else 4]
    [dots] = [trace for trace in by_class if len(trace["x"]["bdata"] if isinstance(
        trace["x"], dict) else trace["x"])]  # fmt: skip
    assert len(set(dots["marker"]["color"])) == (1 if len(classes) > 7 else 4)
    assert (NEUTRAL in dots["marker"]["color"]) == (len(classes) > 7)
    assert "sold as" not in app.said

    label, called = buttons[0].key.removeprefix("cell-").split("-")
    app.click(buttons[0].key)

    assert app.title[0].value == "Errors"
    assert f"**{counts[0]}** photo" in app.said
    assert (app.query_params["label"], app.query_params["prediction"]) == (label, called)


def test_each_view_of_errors_is_worded_by_the_target(told, open_page):
    add_map(told)
    app = open_page("errors", tint="label")
    assert "labelled" in app.said
    for view in ("Gallery", "Suspects", "Slices", "Map"):
        app.choose("view", view)
        for word in ("sold as", "women's", "men's", "department"):
            assert word not in app.said.lower()
    [traces] = app.charts()
    assert 1 < len(traces) <= 7


def test_color_bias_is_of_any_target_and_number_of_classes(told, open_page):
    app = open_page("color_bias", **OPEN)
    [groups] = [f.value for f in app.dataframe if "mean probability of the label" in f.value]
    assert len(groups) == len(told.task.classes) * len(BASIC_COLORS)
    assert "labelled" in app.said
    assert "women's" not in app.said


def test_an_uploaded_photo_is_answered_in_the_words_of_the_target(told, open_page, jpeg):
    app = open_page("classify")
    app.file_uploader(key="photos").set_value([("red.jpg", jpeg(color="red"), "image/jpeg")])
    assert f"### Looks like {told.task.classes[0]}: 100 %" in app.run().said
    assert f"Which {told.task.word} does this shoe belong to?" in app.said
    assert "department" not in app.said


def test_a_photo_shows_its_likeliest_classes(told, open_page):
    image = pd.read_parquet(told.path / "predictions.parquet").query("split == 'valid'").iloc[0]

    app = open_page("errors", image=image["image_id"])

    [bars] = app.charts()[0]
    n = len(told.task.classes)
    assert len(bars["y"]) == (n if n <= 8 else 8)
    assert bars["y"][-1] == ("Slippers" if n <= 8 else f"{n - 7} others")
