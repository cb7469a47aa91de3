"""Errors, the other views: suspected labels, slices, the map of embeddings."""

import pandas as pd
from fake_run import add_check, add_map
from filelock import FileLock

from zapcls.analysis.metrics import labelled
from zapcls.analysis.slices import MIN_PRODUCTS, find_slices
from zapcls.data.task import Task
from zapcls.findings import slices
from zapcls.ui import map_view
from zapcls.workspace import jobs
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.worker import Reporter

PAGE_SIZE = 12


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


def test_the_suspects_stand_worst_first_with_their_accusers(checked, own_store, open_page):
    issues = add_check(checked, own_store).read_issues()
    suspects = issues[issues["is_suspect"]]

    app = open_page("errors", view="Suspects")

    assert f"{len(suspects):,} of {len(issues):,}** labels are suspected" in app.said
    assert app.list_keys() == suspects["image_id"].head(PAGE_SIZE).to_list()
    assert r"heads\: " in app.said
    assert f"on its {checked.rates['splits']['valid']['n']} valid photos the two give" in app.said
    by_sibling = suspects[suspects["reasons"].str.contains("sibling")]
    app.choose("accuser", "sibling")
    assert app.list_keys() == by_sibling["image_id"].head(PAGE_SIZE).to_list()


def test_what_was_reviewed_leaves_the_list(checked, own_store, table, decide, open_page):
    worst = add_check(checked, own_store).read_issues()["image_id"].iloc[0]
    decide(table[table["image_id"] == worst].iloc[0], "model wrong")

    app = open_page("errors", view="Suspects")

    assert worst not in app.list_keys()
    assert "labels are suspected; 1 reviewed." in app.said
    assert app.choose("state", "reviewed").list_keys() == [worst]


def test_it_shows_the_groups_of_valid_and_how_many_were_tried(finished, workspace, open_page):
    expected = find_slices(labelled(read_predictions(finished, workspace), "valid"))
    tried = expected.attrs["tried"]
    assert tried > 0

    app = open_page("errors", view="Slices")

    flagged = int(expected["is_flagged"].sum())
    assert f"**{flagged} of {tried}** named groups" in app.said
    shown = app.dataframe[0].value
    assert shown["wrong"].to_list() == expected["hits"].to_list()
    assert shown["photos"].to_list() == expected["n"].to_list()
    assert len(app.charts()) == 1


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


def test_each_trace_has_its_own_photos():
    table = pd.DataFrame(
        [("a", "red"), ("b", "blue"), ("c", "red")], columns=["image_id", "color"]
    ).assign(label="Women", prediction="Women", prob=0.9, wrong=False, x=0.0, y=0.0)

    figure = map_view.draw(table, "color", Task("gender", ("Women", "Men")))

    shown = {trace.name: [row[0] for row in trace.customdata] for trace in figure.data}
    assert shown == {"red (2)": ["a", "c"], "blue (1)": ["b"]}
