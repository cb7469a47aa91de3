"""The shapes of counts and rates: what a figure holds is what its table says."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls.blocks import charts
from zapcls.blocks.counts import probabilities, squares, stacks

CLASSES = ["Women", "Men"]
MANY = [f"c{number}" for number in range(21)]
NAMES = {"Women": "women's", "Men": "men's"} | {name: name.upper() for name in MANY}


def test_a_class_keeps_its_color_and_more_than_there_are_share_one() -> None:
    colors = charts.class_colors(CLASSES)
    assert charts.class_colors([*CLASSES, "Girls"]).items() > colors.items()
    assert len(set(charts.class_colors("abcdefg").values())) == 7
    assert set(charts.class_colors(MANY).values()) == {charts.NEUTRAL}


def test_rates_draw_the_interval_and_write_n() -> None:
    table = pd.DataFrame(
        [(4, 40, 0.1, 0.04, 0.23), (0, 0, math.nan, math.nan, math.nan)],
        columns=["hits", "n", "rate", "low", "high"],
    )
    figure = charts.rates(["a", "b"], table, ["#111", "#222"], [("a",), ("b",)])
    [points] = figure.data
    np.testing.assert_allclose(points.x, [0.1, math.nan])
    np.testing.assert_allclose(points.error_x.array, [0.13, math.nan])
    assert [note.text for note in figure.layout.annotations] == ["4 of 40", "none"]
    assert [tuple(data) for data in points.customdata] == [("a",), ("b",)]
    assert "10.0 % (4.0 to 23.0 %)" in points.hovertext[0]


@pytest.mark.parametrize("classes", [CLASSES, MANY], ids=["2", "21"])
def test_a_square_knows_label_and_prediction(classes: list[str]) -> None:
    counts = pd.DataFrame(0, index=classes, columns=classes)
    counts.iloc[0, 1], counts.iloc[0, 0] = 10, 90
    figure = squares(counts, NAMES, charts.class_colors(classes), ("called", "sold as"))
    [drawn] = figure.data
    cells = [tuple(data) for data in drawn.customdata]
    assert cells == [(label, called) for label in classes for called in classes]
    assert drawn.x[1] == NAMES[classes[1]]
    assert drawn.y[1] == NAMES[classes[0]]
    small = len(classes) > 7
    assert drawn.text[1] == ("10" if small else "<b>10</b><br>10.0 %")
    assert drawn.text[-1] == ("" if small else "<b>0</b><br>0 %")
    assert (
        f"{NAMES[classes[0]]}, called {NAMES[classes[1]]}: 10 (10.0 % of the row)"
        in (drawn.hovertext[1])
    )
    assert drawn.marker.size * len(classes) < figure.layout.height
    assert len(set(drawn.marker.color)) > 1


def test_stacks_have_a_bar_a_column_or_one_where_colors_repeat() -> None:
    counts = pd.DataFrame({"Women": [2, 0], "Men": [1, 1]}, index=["b", "a"])
    women, men = stacks(counts, charts.class_colors(CLASSES)).data
    assert list(women.y) == list(men.y) == ["b", "a"]
    assert (list(women.x), list(men.x)) == ([2, 0], [1, 1])
    many = pd.DataFrame(0, index=["b"], columns=MANY).assign(c3=5)
    [whole] = stacks(many, charts.class_colors(MANY)).data
    assert list(whole.x) == [5]
    assert list(whole.customdata) == ["c3 5"]


def test_probabilities_keep_few_classes_in_order_and_sum_up_the_rest_of_many() -> None:
    [bar] = probabilities({"Women": 0.127, "Men": 0.873}, NAMES.__getitem__).data
    assert list(bar.y) == ["women's", "men's"]
    assert list(bar.x) == [0.127, 0.873]
    prob = dict.fromkeys(MANY, 0.01) | {"c9": 0.8}
    [bar] = probabilities(prob).data
    assert bar.y[0] == "c9"
    assert bar.y[-1] == "14 others"
    assert bar.x[-1] == pytest.approx(0.14)
