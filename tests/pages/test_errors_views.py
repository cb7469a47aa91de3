"""Errors, the other views: suspected labels, slices, the map of embeddings."""

from types import SimpleNamespace

import pandas as pd
import pytest
from fake_run import add_check, add_map
from filelock import FileLock

from zapcls.analysis.metrics import labelled
from zapcls.analysis.slices import MIN_PRODUCTS, find_members, find_slices
from zapcls.data.task import Task
from zapcls.findings import slices
from zapcls.ui import map_view, suspects_view
from zapcls.workspace import jobs
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.worker import Reporter

PAGE_SIZE = 24
OTHER = {"Women": "Men", "Men": "Women"}


def test_before_a_check_one_button_starts_it_and_one_that_failed_says_why(
    finished, own_store, workspace, open_page, launched
):
    job = jobs.create(workspace.jobs_dir, "check_labels", {"run": str(finished.path)})
    with FileLock(job.path / "lock"):
        Reporter(job).finish("failed", "The weights file must exist, got nowhere.")
    app = open_page("errors", view="Suspects")
    assert "The weights file must exist, got nowhere." in app.said
    assert "Check the labels of" in app.said

    app.click("check_labels")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("check_labels", str(finished.path))
    assert "Starting" in app.said


@pytest.fixture
def lay(monkeypatch):
    """Read which suspects the light table shows, and choose some of them."""
    shown = SimpleNamespace(groups=[], chosen=[])

    def show(groups, key):
        shown.groups = groups
        return [name for name in shown.chosen if name in list_laid(shown)], None

    monkeypatch.setattr(suspects_view, "show_light_table", show)
    return shown


def list_laid(shown):
    return [cell.id for group in shown.groups for cell in group.cells]


def sell_as_other(store, table):
    """Let the shop sell one of the two photos of a product under the other class."""
    pair = table[table.groupby("product_id")["image_id"].transform("size") == 2].iloc[0]
    catalog = store.read_catalog()
    catalog.loc[catalog["image_id"] == pair["image_id"], "gender"] = OTHER[pair["label"]]
    catalog.to_parquet(store.path / "catalog.parquet")


def test_the_suspects_lie_by_kind_and_product_and_are_counted(
    checked, own_store, table, lay, open_page
):
    sell_as_other(own_store, table)
    issues = add_check(checked, own_store).read_issues()
    suspects = issues[issues["is_suspect"]]

    app = open_page("errors", view="Suspects")

    assert f"{len(suspects):,} of {len(issues):,}** labels are suspected" in app.said
    assert f"on its {checked.rates['splits']['valid']['n']} valid photos the two give" in app.said
    laid = list_laid(lay)
    assert len(laid) == min(PAGE_SIZE, len(suspects))
    assert set(laid) <= set(suspects["image_id"])
    assert laid[0] == suspects["image_id"].iloc[0]  # the worst is of the first kind
    known = suspects.set_index("image_id")
    products = known.loc[laid, ["label", "suggested_label", "product_id"]].agg("|".join, axis=1)
    assert (products != products.shift()).sum() == products.nunique()
    by_sibling = suspects[suspects["reasons"].str.contains("sibling")]
    assert 0 < len(by_sibling) < len(suspects)
    app.choose("why", "same product")
    assert set(list_laid(lay)) == set(by_sibling["image_id"].head(PAGE_SIZE))
    train = table.loc[table["split"] == "train", "image_id"]
    open_page("errors", view="Suspects", suspects_in="train")
    assert set(list_laid(lay)) <= set(train)


def test_one_click_marks_all_that_are_chosen_and_one_takes_it_back(
    checked, own_store, lay, read_decisions, open_page
):
    add_check(checked, own_store)
    app = open_page("errors", view="Suspects")
    lay.chosen = list_laid(lay)[:3]
    assert app.run().button(key="all-ambiguous").disabled is False
    chosen = list(lay.chosen)
    app.click("all-ambiguous")
    assert set(read_decisions()["image_id"]) == set(chosen)
    assert not set(chosen) & set(list_laid(lay))  # what was reviewed leaves the list
    assert "labels are suspected; 3 reviewed." in app.said
    app.choose("state", "reviewed")
    assert set(list_laid(lay)) == set(chosen)
    app.click("all-undo")
    assert read_decisions().empty


def test_it_shows_the_groups_of_valid_and_how_many_were_tried(finished, workspace, open_page):
    expected = find_slices(labelled(read_predictions(finished, workspace), "valid"))
    tried = expected.attrs["tried"]
    assert tried > 0

    app = open_page("errors", view="Slices", open_slices="true")

    flagged = int(expected["is_flagged"].sum())
    assert f"**{flagged} of {tried}** named groups" in app.said
    shown = app.dataframe[0].value
    assert shown["wrong"].to_list() == expected["hits"].to_list()
    assert shown["photos"].to_list() == expected["n"].to_list()
    assert len(app.charts()) == 1
    first = expected["where"].iloc[0]
    valid = labelled(read_predictions(finished, workspace), "valid")
    wrong = find_members(valid[valid["wrong"]], first)
    opened = {key.partition("-")[2] for key in app.list_keys() if key.startswith("0-")}
    assert opened <= set(wrong["image_id"])
    assert len(opened) == min(4, wrong["product_id"].nunique())
    image_id = sorted(opened)[0]
    app.click(f"open-0-{image_id}")
    assert app.query_params["image"] == image_id


def test_the_chart_of_the_groups_costs_nothing_while_it_is_folded(finished, open_page):
    assert not open_page("errors", view="Slices").charts()


def test_too_few_products_are_a_sentence(finished, open_page, monkeypatch):
    monkeypatch.setattr(slices, "find_slices", lambda table, columns: find_slices(table.head(4)))

    app = open_page("errors", view="Slices")

    assert f"No group has {MIN_PRODUCTS} products or more in valid" in app.said
    assert not app.charts()


def test_before_a_map_one_button_has_it_drawn(finished, open_page, launched):
    app = open_page("errors", view="Map")
    assert not app.charts()

    app.click("map")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("map", str(finished.path))


def test_the_map_shows_each_valid_photo_once(finished, open_page):
    add_map(finished)
    valid = finished.rates["splits"]["valid"]

    app = open_page("errors", view="Map")

    right, wrong = app.charts()[0]
    assert len(wrong["customdata"]) == valid["errors"]
    assert len(right["customdata"]) == valid["n"] - valid["errors"]
    assert f"**{valid['n']}** valid photos, **{valid['errors']}** wrong" in app.said
    names = [trace["name"].split(" ")[0] for trace in app.choose("tint", "label").charts()[0]]
    assert names == ["Women", "Men"]


def test_what_the_lasso_caught_is_shown_below_the_map_and_opens_in_the_gallery(
    finished, valid, wrong, open_page
):
    add_map(finished)
    caught = [*wrong["image_id"].head(2), valid.loc[~valid["wrong"], "image_id"].iloc[0]]
    app = open_page("errors", view="Map")
    points = [{"customdata": [image_id]} for image_id in caught[::-1]]
    app.session_state["map"] = {"selection": {"points": points}}

    app.run()

    assert "**3 photos**, 2 wrong" in app.said
    assert app.list_keys() == caught  # wrong ones first, the highest loss on top
    app.click("map_gallery")
    assert sorted(app.list_keys()) == sorted(caught)
    assert "3 photos picked" in app.said


def test_each_trace_has_its_own_photos():
    table = pd.DataFrame(
        [("a", "red"), ("b", "blue"), ("c", "red")], columns=["image_id", "color"]
    ).assign(label="Women", prediction="Women", prob=0.9, wrong=False, x=0.0, y=0.0)

    figure = map_view.draw(table, "color", Task("gender", ("Women", "Men")))

    shown = {trace.name: [row[0] for row in trace.customdata] for trace in figure.data}
    assert shown == {"red (2)": ["a", "c"], "blue (1)": ["b"]}
