"""Errors: each filter, alone and from the URL, shows exactly the rows that it should."""

import gc
import io
import weakref

import pandas as pd
import pytest
from fake_run import add_check

from zapcls.analysis import causes
from zapcls.analysis.mistakes import build_index
from zapcls.blocks import numbers
from zapcls.data.task import DEFAULT_TASK
from zapcls.evidence import open_evidence
from zapcls.findings.causes import sort_errors
from zapcls.ui import filters, gallery, map_view, navigation, suspects_view

PAGE_SIZE = 24


@pytest.fixture
def table(table):
    """The labelled photos, worst first."""
    return table[table["label"] != ""]


def list_ids(rows):
    return rows["image_id"].head(PAGE_SIZE).to_list()


def test_opens_on_the_wrong_photos_of_valid_the_worst_first(wrong, open_page):
    app = open_page("errors")
    assert app.list_keys() == list_ids(wrong)
    worst = wrong.iloc[0]
    sold, called = (DEFAULT_TASK.name(worst[column]) for column in ("label", "prediction"))
    assert f"Sold as {sold}, {worst['color']}" in app.said
    assert f"**{called}**, {numbers.probability(worst['prob'])}" in app.said
    assert "photos · This run, valid" in app.said


FILTERS = [
    (
        {"prediction": ["Men"], "color": ["pink", "brown", "black"]},
        lambda t: t["wrong"] & (t["prediction"] == "Men")
        & t["color"].isin(["pink", "brown", "black"]),
    ),
    (
        {"answer": "right", "sure": ["80", "95"]},
        lambda t: ~t["wrong"] & (t["prob"] >= 0.8) & (t["prob"] <= 0.95),
    ),
    (
        {"answer": "all", "label": ["Women"], "color": ["black"], "text": "bOOts"},
        lambda t: (t["label"] == "Women") & (t["color"] == "black") & (t["category"] == "Boots"),
    ),
    (
        {"answer": "all", "category": ["Shoes"], "sub_category": ["Oxfords", "Heels"]},
        lambda t: t["sub_category"].isin(["Oxfords", "Heels"]),
    ),
    (
        {"answer": "all", "brand": ["Tallowick", "Norbeck"]},
        lambda t: t["brand"].isin(["Tallowick", "Norbeck"]),
    ),
    (
        {"answer": "all", "loss": ["0.5", "2"]},
        lambda t: (t["loss"] >= 0.5) & (t["loss"] <= 2),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("params", "choose"), FILTERS)
def test_filters_show_exactly_their_rows(table, open_page, params, choose):
    train = table[table["split"] == "train"]
    expected = train[choose(train)]
    assert 0 < len(expected) < len(train)
    app = open_page("errors", split="train", **params)
    assert app.list_keys() == list_ids(expected)
    assert f"**{len(expected)}** photo" in app.said


def test_the_end_of_the_loss_filter_takes_all_above(finished, table, open_page):
    path = finished.path / "predictions.parquet"
    stored = pd.read_parquet(path)
    worst = table["image_id"].iloc[0]
    stored.loc[stored["image_id"] == worst, ["loss", "split"]] = [12.5, "valid"]
    stored.to_parquet(path)
    assert worst in open_page("errors", loss=["2", "10"]).list_keys()
    assert worst not in open_page("errors", loss=["2", "9.9"]).list_keys()


def test_sorts(checked, own_store, table, open_page):
    issues = add_check(checked, own_store).read_issues()[["image_id", "label_quality"]]
    rows = table[(table["split"] == "train") & table["wrong"]].merge(issues, on="image_id")
    app = open_page("errors", split="train")
    for sort, column, ascending in (
        ("prob", "prob", False), ("uncertain", "prob", True), ("product", "product_id", True),
        ("quality", "label_quality", True),
    ):  # fmt: skip
        expected = rows.sort_values([column, "image_id"], ascending=[ascending, True])
        assert app.choose("sort", sort).list_keys() == list_ids(expected)


def test_pages_follow_each_other(table, open_page):
    ids = table[table["split"] == "train"]["image_id"].to_list()
    pages = [ids[start : start + PAGE_SIZE] for start in range(0, len(ids), PAGE_SIZE)]
    assert len(pages) == 4
    app = open_page("errors", split="train", answer="all", page="2")
    assert app.list_keys() == pages[1]
    shortcuts = [app.button(key=key).proto.shortcut for key in ("page_back", "page_next")]
    assert shortcuts == ["left", "right"]
    assert app.click("page_back").list_keys() == pages[0]
    assert app.click("page_next").list_keys() == pages[1]
    assert app.click("page_next").list_keys() == pages[2]
    assert app.query_params["page"] == "3"
    assert app.click("page_next").list_keys() == pages[3]
    assert app.button(key="page_next").disabled
    app.get("pagination")[0].set_value(1)
    assert app.run().list_keys() == pages[0]
    assert app.button(key="page_back").disabled
    app.click("page_next").choose("label", ["Men"])  # another filter begins at the first page
    train = table[table["split"] == "train"]
    assert app.list_keys() == list_ids(train[train["label"] == "Men"])
    assert "page" not in app.query_params


def test_values_of_the_url_that_are_not_known_are_ignored(table, open_page):
    odd = {
        "label": "Aliens", "color": "<b>pink</b>", "answer": "perhaps", "split": "../../etc",
        "sort": "random", "page": "-3", "category": "Hats",
        "view": "../../etc",
    }  # fmt: skip
    app = open_page("errors", **odd)
    assert app.list_keys() == list_ids(table[(table["split"] == "valid") & table["wrong"]])


def test_clear_puts_all_filters_to_rest(table, open_page):
    app = open_page("errors", text="no shoe is called this")
    assert [info.value for info in app.info] == ["No shoes match. Remove a filter."]
    assert "**0** photos" in app.said
    assert app.list_keys() == []
    assert app.click("clear").list_keys()  # the way out stands there
    app = open_page(
        "errors", split="train", answer="all", label="Men", category="Shoes", sure=["60", "90"],
        sort="most sure first",
    )  # fmt: skip
    assert "Filter · 2" in [popover.proto.popover.label for popover in app.get("popover")]
    app.click("clear")
    rows = table[(table["split"] == "valid") & table["wrong"]]
    expected = rows.sort_values(["prob", "image_id"], ascending=[False, True])
    assert app.list_keys() == list_ids(expected)  # the sort is no filter
    assert app.button(key="clear").disabled
    assert set(app.query_params) == {"run", "sort"}


def test_filters_are_kept_on_the_way_but_a_link_s_are_all_there_are(table, open_page):
    app = open_page("errors").choose("answer", "all").choose("category", ["Boots"])
    shown = app.list_keys()
    app.switch_page(navigation.PAGES["results"])
    app.query_params.clear()
    app.run()
    app.switch_page(navigation.PAGES["errors"])
    assert app.run().list_keys() == shown
    assert app.query_params["category"] == "Boots"
    app.switch_page(navigation.PAGES["results"])
    app.query_params.clear()
    app.run().click("cell-Women-Men")
    rows = table[(table["split"] == "valid") & (table["label"] == "Women") & table["wrong"]]
    assert app.list_keys() == list_ids(rows)


def test_photos_picked_elsewhere_are_shown_until_they_are_let_go(table, open_page):
    valid = table[table["split"] == "valid"]
    picked = valid["image_id"].iloc[[0, 3, 7]].to_list()
    app = open_page("errors", view="Map").choose("view", "Gallery")
    app.session_state["picked_images"] = picked
    app.choose("answer", "all")
    assert app.list_keys() == picked
    assert "3 photos picked" in app.said
    assert app.choose("answer", "wrong").list_keys() == list_ids(
        valid[valid["image_id"].isin(picked) & valid["wrong"]]
    )
    app.click("clear_picked")
    assert app.list_keys() == list_ids(valid[valid["wrong"]])
    assert "photos picked" not in app.said


def test_reviewed_or_not(wrong, decide, open_page):
    first, second, third, *rest = wrong["image_id"]
    decide(wrong.iloc[0], "model wrong")
    decide(wrong.iloc[1], "ambiguous")
    decide(wrong.iloc[2], "ambiguous")
    decide(wrong.iloc[2], "model wrong", by="Ben")  # they disagree
    app = open_page("errors", reviewed="reviewed")
    for reviewed, expected in (
        ("reviewed", [first, second, third]),
        ("not yet", rest),
        ("model wrong", [first]),
        ("ambiguous", [second]),
    ):
        app.choose("reviewed", reviewed)
        assert app.list_keys() == expected[:PAGE_SIZE]
        badges = {
            "model wrong": "blue-badge[label is right",
            "ambiguous": "violet-badge[can't tell",
        }
        for mark, badge in badges.items():
            assert (badge in app.said) == (reviewed in ("reviewed", mark))
        assert ("reviewers disagree" in app.said) == (reviewed == "reviewed")


def test_by_cause(checked, workspace, table, open_page):
    wrong = table[(table["split"] == "valid") & table["wrong"]]
    found = sort_errors(open_evidence(checked, workspace)).set_index("image_id")["cause"]
    sorted_errors = wrong["image_id"].map(found)
    assert sorted_errors.nunique() > 1
    app = open_page("errors", cause=causes.CAUSES[0])
    for cause in causes.CAUSES:
        assert app.choose("cause", [cause]).list_keys() == list_ids(wrong[sorted_errors == cause])


def test_the_source_is_offered_once_the_labels_are_checked(finished, own_store, table, open_page):
    assert not [
        w for w in open_page("errors", source="label check").button_group if w.key == "source"
    ]
    heads = pd.read_parquet(add_check(finished, own_store).path / "predictions.parquet")
    app = open_page("errors", source="label check")
    wrong = heads[~heads["correct"]].sort_values(["loss", "image_id"], ascending=[False, True])
    assert app.list_keys() == list_ids(wrong)
    assert (
        f"**{len(wrong)}** photos · Label check: classifiers that never saw this product"
        in app.said
    )
    rows = table[(table["split"] == "valid") & table["wrong"]]
    assert app.choose("source", "this run").list_keys() == list_ids(rows)
    assert "photos · This run, valid" in app.said


def test_the_csv_holds_the_whole_list_and_nothing_that_a_spreadsheet_runs(table):
    table = table.assign(target="gender", source="run")
    odd = table["image_path"].where(table.index != table.index[1], "=HYPERLINK(1)")
    index = build_index(table.assign(image_path=odd))
    found = gallery.Found(index, index.orders["loss"][:40], "this run", "valid")

    read = pd.read_csv(io.StringIO(gallery.write_csv(found)), dtype=str)
    rows = table.sort_values(["loss", "image_id"], ascending=[False, True]).head(40)
    assert list(read.columns) == gallery.CSV_COLUMNS
    assert read["image_id"].to_list() == rows["image_id"].to_list()
    assert read["image_path"].iloc[0] == rows["image_path"].iloc[0]
    assert "'=HYPERLINK(1)" in read["image_path"].to_list()
    assert read["loss"].astype(float).to_list() == pytest.approx(rows["loss"].to_list(), rel=1e-5)


def test_only_the_chosen_view_runs_and_it_stands_in_the_url(finished, open_page, monkeypatch):
    ran = []
    for module, function in (
        (gallery, "show_gallery"), (suspects_view, "show_suspects"), (map_view, "show_map")
    ):  # fmt: skip
        monkeypatch.setattr(module, function, lambda *args, name=function: ran.append(name))
    app = open_page("errors", view="Gallery")
    for view in ("Suspects", "Slices", "Map"):
        assert app.choose("view", view).query_params["view"] == view
    assert ran == ["show_gallery", "show_suspects", "show_map"]
    assert "valid photos are wrong" in app.said


def test_what_is_let_go_of_after_an_index_is_collected_at_the_next(checked):
    class Node:
        pass

    node = Node()
    node.itself = node
    known = weakref.ref(node)
    filters.read_index(checked, filters.RUN)
    del node
    filters.read_index(checked, filters.HEADS)
    gc.unfreeze()
    assert known() is None
