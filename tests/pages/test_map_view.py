"""Errors, Map: drawn by a job, colored by four things, and a choice of photos opens the gallery."""

import pandas as pd
from fake_run import add_map

from zapcls.data.task import Task
from zapcls.ui import map_view


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
