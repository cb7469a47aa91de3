"""Color bias: rates by color and label, an empty cell that says so, and bars that open photos."""

import pandas as pd
import pytest
from app_driver import OPEN
from fake_run import add_check

from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.findings.ask import SOURCES
from zapcls.ui import filters
from zapcls.ui.ask_form import SOURCE
from zapcls.workspace.checks import read_predictions as read_checked

RUN, HEADS = SOURCES.values()
PHOTOS = "mean probability of the label"  # a column of the table of groups


def find_table(app, column=PHOTOS):
    """The table on the page that has this column."""
    return next(frame.value for frame in app.dataframe if column in frame.value.columns)


def test_the_claim_compares_pink_women_s_shoes_with_the_others(valid, open_page):
    women = valid[valid["label"] == "Women"]
    pink, others = women[women["color"] == "pink"], women[women["color"] != "pink"]
    hits = [(rows["prediction"] == "Men").sum() for rows in (pink, others)]
    assert len(pink) > 0
    said = open_page("color_bias", **OPEN).said
    assert f"### {hits[0]} of {len(pink)} pink women's shoes are called men's" in said
    assert f"({hits[1]} of {len(others)})" in said
    assert f"**{numbers.points(hits[0] / len(pink) - hits[1] / len(others))} (" in said
    assert "This run, valid, product split." in said


def test_out_of_fold_answers_are_chosen_for_the_whole_first_screen(
    finished, own_store, valid, open_page
):
    assert open_page("color_bias", **OPEN).button_group(key=SOURCE).options == [RUN]
    table = read_checked(add_check(finished, own_store), own_store)
    pink = table[(table["label"] == "Women") & (table["color"] == "pink")]
    assert "This run, valid, product split." in open_page("color_bias", **OPEN, source="odd").said

    app = open_page("color_bias", **OPEN, source=HEADS)

    hits = (pink["prediction"] == "Men").sum()
    assert len(pink) > (valid["color"].eq("pink") & valid["label"].eq("Women")).sum()
    assert f"### {hits} of {len(pink)} pink women's shoes are called men's" in app.said
    assert "Label check, all photos, product split." in app.said
    assert find_table(app)["photos"].sum() == (table["color"] != "").sum()
    app = app.choose(SOURCE, RUN)
    assert "This run, valid, product split." in app.said
    assert app.query_params["source"] == RUN
    app = click_bar(app.choose(SOURCE, HEADS), "black", "Women")
    assert app.button_group(key="source").value == filters.HEADS
    assert app.multiselect(key="color").value == ["black"]


def test_the_groups_are_those_of_the_chosen_source(finished, own_store, open_page):
    check = add_check(finished, own_store)
    table = read_checked(check, own_store)
    gone, *_, kept = table["category"].value_counts().index
    bare = pd.read_parquet(check.path / "predictions.parquet")
    bare[(table["category"] != gone).to_numpy()].to_parquet(check.path / "predictions.parquet")
    app = open_page("color_bias", **OPEN, by="category", claim_category=gone)
    assert set(app.selectbox(key="claim_category").options) >= {gone, kept}
    assert app.selectbox(key="claim_category").value == gone

    app = app.choose(SOURCE, HEADS)

    assert gone not in app.selectbox(key="claim_category").options
    assert app.selectbox(key="claim_category").value in table["category"].to_list()
    app = app.choose(SOURCE, RUN)
    assert gone in app.selectbox(key="claim_category").options


def test_the_table_has_a_row_for_each_color_and_label(valid, open_page):
    table = find_table(open_page("color_bias", **OPEN))
    cells = list(zip(table["color"], table["label"], strict=True))
    shops = {"sold as women's": "Women", "sold as men's": "Men"}
    assert cells == [(color, shop) for color in BASIC_COLORS for shop in shops]
    for (color, shop), (_, row) in zip(cells, table.iterrows(), strict=True):
        rows = valid[(valid["color"] == color) & (valid["label"] == shops[shop])]
        assert (row["photos"], row["products"]) == (len(rows), rows["product_id"].nunique())
        if rows.empty:
            assert row["wrong"] == "no such shoes"
            assert row["too sure by, points"] == "–"
            continue
        right = rows["label"] == rows["prediction"]
        percent = float(row["wrong"].split(" %")[0])
        assert percent == pytest.approx(100 * (1 - right.mean()), abs=0.05)
        mean = float(row["mean probability of the label"])
        assert mean == pytest.approx(rows["prob_label"].mean(), abs=0.0005)
        gap = numbers.points(rows["prob"].mean() - right.mean())
        assert row["too sure by, points"] == gap


def click_bar(app, color, label):
    """Click the bar of a group; it leads to Errors."""
    point = {"customdata": [color, label, 3, 1, 0.1, 0.5]}
    app.session_state["groups-1"] = {"selection": {"points": [point]}}
    app.run()
    assert app.title[0].value == "Errors"
    return app


def test_a_bar_opens_exactly_its_photos(valid, open_page):
    wrong = valid[valid["label"] != valid["prediction"]]
    color, label = wrong.iloc[0][["color", "label"]]
    app = click_bar(open_page("color_bias", **OPEN), color, label)
    assert app.multiselect(key="color").value == [color]
    assert app.multiselect(key="label").value == [label]
    expected = ((wrong["color"] == color) & (wrong["label"] == label)).sum()
    assert f"**{expected}** photo" in app.said


def test_photos_are_grouped_by_another_attribute(valid, open_page):
    group = valid["category"].value_counts().index[0]

    app = open_page("color_bias", **OPEN, by="category")

    assert app.selectbox(key="by").value == "category"
    assert app.selectbox(key="claim_category").value == group
    women = valid[(valid["category"] == group) & (valid["label"] == "Women")]
    hits = (women["prediction"] == "Men").sum()
    assert f"### {hits} of {len(women)} women's shoes of category {group} are called" in app.said
    assert find_table(app)["photos"].sum() == len(valid)
    assert "there are no adjusted odds" in app.said
    assert "recolored" not in app.said.lower()
    app = app.choose("by", "color")
    assert app.selectbox(key="claim_color").value == "pink"
