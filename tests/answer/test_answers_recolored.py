"""Asking a model about a shoe in other colors: every edit with its control, on drawn shoes."""

import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.answer.recolored import ask, choose_photos, show_in_colors
from zapcls.data.color import BASIC_COLORS, object_mask
from zapcls.data.task import DEFAULT_TASK
from zapcls.progress import silent

SIDE = 72


def draw_shoe(color, ground=255):
    image = np.full((SIDE, SIDE, 3), ground, dtype=np.uint8)
    y, x = np.mgrid[:SIDE, :SIDE]
    image[((x - 36) / 30) ** 2 + ((y - 36) / 16) ** 2 <= 1] = color
    return image


class Redness:
    """Calls a photo women's whose shoe, or ground, is more red than it is green."""

    def predict(self, images):
        red = images[..., 0].astype(float) - images[..., 1]
        prob = 1 / (1 + np.exp(-(red.mean(axis=(1, 2)) - 5)))
        return np.column_stack([prob, 1 - prob]).astype(np.float32), None


@pytest.fixture(scope="module")
def pixels():
    return np.stack(
        [draw_shoe((90, 60, 40)), draw_shoe((24, 24, 26)), np.full((SIDE, SIDE, 3), 255, np.uint8)]
    )


@pytest.fixture(scope="module")
def found(pixels):
    photos = pd.DataFrame({"image_id": ["brown", "black", "none"], "row": [0, 1, 2],
                           "label": ["Men", "Men", "Women"]})  # fmt: skip
    return ask(Redness(), pixels, photos, DEFAULT_TASK, silent)


def test_every_photo_has_its_identity_and_every_color_is_tried(found):
    assert list(found.columns) == list(schema.RECOLORING)
    identity = found[found["edit"] == "identity"]
    assert identity["image_id"].to_list() == ["brown", "black", "none"]
    tried = found[found["edit"].isin(["hue", "color"])].groupby(["image_id", "edit"])["to"].agg(set)
    for edit in ("hue", "color"):
        assert tried[("brown", edit)] == set(BASIC_COLORS) - {"brown"}
        assert tried[("black", edit)] == set(BASIC_COLORS) - {"black"}
    assert (found[found["image_id"] == "none"]["edit"] == "identity").all()


def test_what_was_reached_has_its_controls_and_nothing_else_an_answer(found):
    reached = found[found["is_reached"]].groupby("edit")["to"].count()
    assert 0 < reached["hue"] < (found["edit"] == "hue").sum()
    assert reached["random"] == reached["ground"] == reached["hue"]
    assert reached["lightness"] == reached["color"]
    missed = found[~found["is_reached"]]
    assert (missed["prediction"] == "").all()
    assert missed["prob_first"].isna().all()
    assert (found[found["is_reached"]]["prediction"] != "").all()


def test_the_answers_are_the_model_s(found):
    hue = found[(found["edit"] == "hue") & (found["image_id"] == "brown")].set_index("to")
    assert hue.loc["red", "prediction"] == "Women"
    assert hue.loc["green", "prediction"] == "Men"
    row = hue.loc["green"]
    assert row["prob_label"] == pytest.approx(1 - row["prob_first"], abs=1e-6)


def test_a_control_changes_as_much_as_its_edit(found):
    reached = found[found["is_reached"]].set_index(["image_id", "to", "edit"])
    sides = reached["delta_e"].unstack()
    assert (sides["ground"] / sides["hue"]).dropna().between(0.5, 1.3).all()
    as_far = (sides["random"] / sides["hue"]).dropna()
    assert as_far.loc["brown"].between(0.9, 1.1).all()
    assert as_far.loc["black"].between(0.5, 1.1).all()  # few hues are vivid in the dark
    lightness = reached["delta_l"].unstack()
    assert (lightness["lightness"] - lightness["color"]).abs().max() < 1
    assert lightness[["hue", "random"]].abs().max().max() < 1


def test_a_random_hue_follows_the_photo_s_id_not_its_place(pixels, found):
    """Two runs with other photos of valid are asked about the same control of each."""
    photos = pd.DataFrame({"image_id": ["black", "brown"], "row": [1, 0], "label": "Men"})
    renamed = photos.assign(image_id=["black", "tan"])
    again, other = (
        ask(Redness(), pixels, asked, DEFAULT_TASK, silent).query("edit == 'random'")
        for asked in (photos, renamed)
    )
    known = found[(found["edit"] == "random") & (found["image_id"] == "brown")]["prob_first"]
    assert again.query("image_id == 'brown'")["prob_first"].to_list() == known.to_list()
    assert other.query("image_id == 'tan'")["prob_first"].to_list() != known.to_list()


def test_photos_are_whole_products_of_valid():
    table = pd.DataFrame(
        {
            "image_id": [f"{place}" for place in range(60)],
            "product_id": [f"{place // 3}" for place in range(60)],
            "split": ["valid"] * 45 + ["train"] * 15,
            "label": "Men",
            "correct": True,
            "color": ["black"] * 59 + [""],
        }
    )
    assert len(choose_photos(table, seed=0)) == 45
    few = choose_photos(table, seed=0, most=20)
    assert len(few) == 18
    assert (few.groupby("product_id").size() == 3).all()
    assert set(few["product_id"]) != set(choose_photos(table, seed=1, most=20)["product_id"])


def test_the_strip_begins_with_the_photo_and_marks_how_a_color_was_reached(pixels):
    versions = show_in_colors(Redness(), pixels[1], DEFAULT_TASK)

    assert (versions[0].color, versions[0].edit) == ("black", "")
    assert {version.color for version in versions} == set(BASIC_COLORS)
    by_color = {version.color: version for version in versions}
    assert (by_color["blue"].edit, by_color["pink"].edit) == ("hue", "color")
    assert by_color["red"].prediction == "Women"
    ground = ~object_mask(pixels[1])
    assert all((version.image[ground] == 255).all() for version in versions)


def test_where_no_shoe_is_found_the_photo_stands_alone(pixels):
    [version] = show_in_colors(Redness(), pixels[2], DEFAULT_TASK)
    assert (version.color, version.edit) == ("", "")
