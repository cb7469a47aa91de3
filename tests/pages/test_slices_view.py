"""Errors, Slices: the groups are those of the analysis, and too few photos are a sentence."""

from zapcls.analysis.metrics import labelled
from zapcls.analysis.slices import MIN_PRODUCTS, find_slices
from zapcls.findings import slices
from zapcls.workspace.run_tables import read_predictions


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
