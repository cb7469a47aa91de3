"""Data: the names of the colors checked by eye, blind, and what that comes to."""

from types import SimpleNamespace

import pandas as pd
import pytest
import streamlit as st

from zapcls.analysis.color_agreement import agreement, draw_photos
from zapcls.data.color import BASIC_COLORS
from zapcls.data.labels import label_rows
from zapcls.data.task import DEFAULT_TASK
from zapcls.ui import cache, color_check_view
from zapcls.ui.color_check_view import EYE, RESULT
from zapcls.workspace.color_labels import open_color_labels, read_csv, write_csv


@pytest.fixture
def labels(own_store):
    return open_color_labels(own_store)


@pytest.fixture
def table(own_store):
    table = label_rows(own_store.read_catalog(), DEFAULT_TASK)
    table = table.merge(own_store.read_colors(), on="image_id")
    return table.assign(row=range(len(table)))


@pytest.fixture
def open_part(labels, open_page):
    """Return a function that opens a part of the check."""
    return lambda part: open_page("data", naming=part)


def name_all(table, n, wrong=0):
    """Labels of n photos: the first of them are called purple, though they are not."""
    chosen = draw_photos(table, [])[lambda t: t["color"] != "purple"].head(n)
    color = ["purple"] * wrong + list(chosen["color"][wrong:])
    also = [chosen["color"].iloc[0]] + [""] * (n - 1)  # fair for the first of them
    return chosen[["image_id"]].assign(color=color, also_fair=also if wrong else "")


def upload(app, content):
    app.get("file_uploader")[0].set_value(("mine.csv", content, "text/csv"))
    return app.run()


def test_nothing_of_it_is_computed_before_it_is_chosen(labels, open_page, monkeypatch):
    parts = []
    monkeypatch.setattr(color_check_view, "show_part", lambda store, part: parts.append(part))
    app = open_page("data")
    assert "How well are the colors named?" in app.said
    assert parts == []
    app.choose("naming", RESULT)
    assert parts == [RESULT]


def test_a_photo_is_shown_blind_and_an_answer_is_written_at_once(
    own_store, labels, table, open_part, monkeypatch
):
    drawn = draw_photos(table, [])
    first, second = drawn["image_id"].head(2)
    before = open_part("").said
    photos = []
    monkeypatch.setattr(st, "image", lambda image, **options: photos.append(image))
    app = open_part(EYE)
    assert any((photo == own_store.pixels[drawn["row"].iloc[0]]).all() for photo in photos)
    answers = [button.label for button in app.button if (button.key or "").startswith("eye-")]
    assert answers == [color.capitalize() for color in BASIC_COLORS]
    known = set(before.splitlines())
    shown = [line for line in app.said.splitlines() if line not in known and line not in answers]
    assert not any(color in line.lower().split() for line in shown for color in BASIC_COLORS)
    app.choose(f"also-{first}", "grey").click("eye-black")
    assert labels.read().to_numpy().tolist() == [[first, "black", "grey"]]
    assert "**1** photo is named; 19 more for a result." in app.said
    app.click("eye-red")
    assert labels.read().to_numpy().tolist()[1:] == [[second, "red", ""]]
    # Another session goes on where this one is.
    assert "**2** photos are named" in open_part(EYE).said


def test_an_answer_can_be_taken_back_and_one_may_not_be_able_to_tell(labels, table, open_part):
    first, second = draw_photos(table, [])["image_id"].head(2)
    app = open_part(EYE)
    assert app.button(key="eye_undo").disabled
    app.click("eye_none").click("eye-blue")
    assert labels.read().to_numpy().tolist() == [[first, "", ""], [second, "blue", ""]]
    assert "**1** photo is named, 1 could not be told; 19 more for a result." in app.said
    # The very photo again; the same name twice is no alternative.
    app.click("eye_undo").choose(f"also-{second}", "green").click("eye-green")
    assert labels.read().to_numpy().tolist() == [[first, "", ""], [second, "green", ""]]


def test_photos_come_to_an_end(labels, table, open_part):
    images = table.loc[table["kept"], ["image_id"]]
    labels.add(images.assign(color="", also_fair=""))
    app = open_part(EYE)
    assert "Every product that is kept has a labelled photo." in app.said
    assert not [button for button in app.button if (button.key or "").startswith("eye-")]


def test_what_it_comes_to(labels, table, open_part):
    labels.add(name_all(table, 25, wrong=3).head(19))
    app = open_part(RESULT)
    assert "**19** photos are named; 1 more for a result." in app.said
    assert "Cohen's kappa" not in app.said
    labels.add(name_all(table, 25, wrong=3))
    labels.answer(draw_photos(table, labels.read()["image_id"])["image_id"].iloc[0], "")
    app = open_part(RESULT)
    found = agreement(labels.read(), table)
    assert "Named as by eye: 88.0 %" in app.said
    assert "With a fair alternative: 92.0 %" in app.said
    assert f"Cohen's kappa: {found.kappa:.2f}" in app.said
    assert f"22 of 25 · {100 * found.exact['low']:.1f} to {100 * found.exact['high']:.1f} %" in (
        app.said
    )
    assert f"{found.kappa_low:.2f} to {found.kappa_high:.2f}" in app.said
    assert "Over 25 photos of 25 products; 1 that could not be told left out" in app.said
    assert "one person's" in app.said
    pairs = [line for line in app.said.splitlines() if line.startswith("By eye **purple**")]
    assert pairs
    assert sum("fair too" in line for line in pairs) == 1


def test_kappa_that_is_not_defined_is_a_dash(labels, table, open_part, monkeypatch):
    monkeypatch.setattr(cache, "catalog", lambda store: table.assign(color="black"))
    labels.add(name_all(table.assign(color="black"), 20))
    app = open_part(RESULT)
    assert "Named as by eye: 100 %" in app.said
    assert "Cohen's kappa: –" in app.said
    assert "needs two colors" in app.said
    assert "Where they differ" not in app.said


def test_a_file_is_taken_in_and_what_is_not_known_is_counted(labels, table, open_part):
    given = name_all(table, 22)
    own = given["image_id"].iloc[0]
    labels.answer(own, "pink")
    content = write_csv(given) + b"no-such,red,\r\nnor-this,red,\r\n"
    app = upload(open_part(EYE), content)
    [said] = [success.value.replace("\\", "") for success in app.success]
    assert said == (
        "24 labels read, 21 new, 1 of photos that had one already, "
        "2 of photos that are not in this catalogue."
    )
    kept = labels.read().set_index("image_id")["color"]
    assert len(kept) == 22
    assert kept[own] == "pink"
    assert not app.run().success  # said once


def test_a_bad_file_is_one_sentence_and_nothing_is_taken_in(labels, open_part):
    for content, words in (
        (b"image_id,color\nno-such,red\n", "must name photos of this catalogue, but none of its 1"),
        (b"image_id,color\nno-such,gray\n", "mine.csv, line 2: color must be empty or one of"),
    ):
        [error] = upload(open_part(EYE), content).error
        assert words in error.value.replace("\\", "")
        assert not labels.path.exists()


def test_the_download_is_what_can_be_taken_in(labels, table, open_part, monkeypatch):
    assert open_part(EYE).get("download_button")[0].proto.disabled
    labels.add(name_all(table, 3))
    given = []
    monkeypatch.setattr(
        st, "download_button", lambda label, data, *args, **options: given.append(data)
    )
    open_part(EYE)
    back = read_csv(given[0](), "mine.csv").reset_index(drop=True)
    pd.testing.assert_frame_equal(back, labels.read())


def test_labels_that_cannot_be_read_or_written_are_a_sentence(labels, open_part, monkeypatch):
    app = open_part(EYE)
    labels.path.write_text("something else")
    app.click("eye-black")
    assert "must have the columns" in app.toast[0].value.replace("\\", "")
    assert "must have the columns" in app.error[0].value
    assert labels.path.read_text() == "something else"


@pytest.mark.parametrize(
    ("pair", "said"),
    [
        (("grey", "black", 3, 0), "named **black**: 3 photos"),
        (("grey", "black", 3, 2), "named **black**: 3 photos, 2 of them fair too"),
        (("grey", "black", 3, 3), "named **black**: 3 photos, all of them fair too"),
        (("white", "", 1, 0), "**no shoe found**: 1 photo"),
    ],
)  # fmt: skip
def test_a_pair_says_how_many_were_fair(pair, said):
    color, named, n, n_fair = pair
    row = SimpleNamespace(color=color, named=named, n=n, n_fair=n_fair)
    assert color_check_view.describe_pair(row) == f"By eye **{color}**, {said}"
