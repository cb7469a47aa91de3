"""Flips and shifts of recolored photos: the interval, the control beside it, n written."""

import pandas as pd
import pytest

from zapcls import charts
from zapcls.data.color import SWATCHES


@pytest.fixture
def flips():
    return pd.DataFrame(
        {
            "to": ["red", "pink", "white"],
            "n": [40, 60, 3],
            "n_products": [30, 20, 3],
            "flips": [10, 30, 1],
            "flip_rate": [0.25, 0.5, 1 / 3],
            "low": [0.15, 0.4, 0.05],
            "high": [0.35, 0.6, 0.9],
            "control_rate": [0.2, 0.1, 0.3],
            "shift": [0.1, -0.3, 0.2],
            "shift_low": [0.05, -0.4, -1],
            "shift_high": [0.15, -0.2, 1],
        }
    )


def test_flips_stand_beside_their_control_with_intervals_and_n(flips):
    figure = charts.flips(flips, "a random hue")

    control, dots = figure.data
    assert (control.name, list(control.x)) == ("a random hue", [0.2, 0.1, 0.3])
    assert list(dots.x) == pytest.approx([0.25, 0.5, 1 / 3])
    assert list(dots.error_x.array) == pytest.approx([0.1, 0.1, 0.9 - 1 / 3])
    assert list(dots.error_x.arrayminus) == pytest.approx([0.1, 0.1, 1 / 3 - 0.05])
    assert list(dots.marker.color) == [SWATCHES[color] for color in flips["to"]]
    assert list(dots.marker.opacity) == [1, 1, 0.35]
    assert [note.text for note in figure.layout.annotations] == ["10 of 40", "30 of 60", "1 of 3"]
    assert figure.layout.xaxis.range[1] == pytest.approx(0.6 * 1.03)  # a handful does not set it


def test_no_mark_lies_outside_the_axis(flips):
    few = flips.assign(n_products=[30, 20, 3], flip_rate=[0.25, 0.5, 0.95])
    assert charts.flips(few, "x").layout.xaxis.range[1] == pytest.approx(0.95 * 1.03)
    far = flips.assign(control_rate=[0.2, 0.1, 0.8])
    assert charts.flips(far, "x").layout.xaxis.range[1] == pytest.approx(0.8 * 1.03)


def test_shifts_point_to_the_class_that_they_speak_for(flips):
    figure = charts.shifts(flips, "women's", "men's")

    [dots] = figure.data
    assert list(dots.x) == [0.1, -0.3, 0.2]
    assert list(dots.error_x.array) == pytest.approx([0.05, 0.1, 0.8])
    assert figure.layout.xaxis.range == pytest.approx((-0.44, 0.44))
    title = figure.layout.xaxis.title.text
    assert title.startswith("← men's")
    assert title.endswith("women's →")


def test_small_groups_alone_are_drawn_whole(flips):
    few = flips[flips["n_products"] < 20]
    assert charts.shifts(few, "a", "b").layout.xaxis.range[1] == pytest.approx(1.1)
