"""Charts: what a figure holds is what its table says."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls import charts, schema
from zapcls.analysis.lr_curves import summarize
from zapcls.data.color import SWATCHES

CLASSES = ["Women", "Men"]
NAN = math.nan


@pytest.fixture
def by_color() -> pd.DataFrame:
    """As `color_bias.error_by_color` gives it; there are no pink men's shoes."""
    columns = ["color", "label", "n", "n_products", "hits", "rate", "low", "high"]
    rows = [
        ("black", "Women", 40, 30, 4, 0.1, 0.04, 0.23),
        ("black", "Men", 20, 20, 5, 0.25, 0.11, 0.47),
        ("pink", "Women", 4, 4, 1, 0.25, 0.05, 0.7),
        ("pink", "Men", 0, 0, 0, NAN, NAN, NAN),
    ]
    return pd.DataFrame(rows, columns=columns)


def test_each_class_keeps_its_color() -> None:
    colors = charts.class_colors(CLASSES)
    assert list(colors) == CLASSES
    assert charts.class_colors([*CLASSES, "Girls"]).items() > colors.items()
    assert len(set(charts.class_colors("abcdefg").values())) == 7


def test_error_by_color_has_a_bar_a_cell_that_knows_its_images(by_color: pd.DataFrame) -> None:
    figure = charts.error_by_color(by_color, CLASSES)
    women, men = figure.data
    assert [bar.name for bar in (women, men)] == CLASSES
    assert list(women.x) == list(men.x) == ["black", "pink"]
    assert list(women.y) == [0.1, 0.25]
    assert [tuple(data[:4]) for data in women.customdata] == [
        ("black", "Women", 40, 4),
        ("pink", "Women", 4, 1),
    ]
    assert list(women.error_y.array) == pytest.approx([0.13, 0.45])
    assert list(women.error_y.arrayminus) == pytest.approx([0.06, 0.2])
    assert list(women.marker.opacity) == [1.0, 0.45]  # under 20 photos is pale
    assert {bar.marker.color for bar in (women, men)} == set(charts.class_colors(CLASSES).values())


def test_error_by_color_draws_no_bar_where_there_are_no_such_shoes(
    by_color: pd.DataFrame,
) -> None:
    figure = charts.error_by_color(by_color, CLASSES)
    men = figure.data[1]
    assert men.y[0] == 0.25
    assert math.isnan(men.y[1])  # not 0
    assert math.isnan(men.error_y.array[1])
    assert figure.layout.yaxis.range[0] == 0
    assert figure.layout.yaxis.range[1] >= 0.7  # no interval is cut off
    assert [shape.fillcolor for shape in figure.layout.shapes] == [
        SWATCHES["black"],
        SWATCHES["pink"],
    ]


def test_error_by_color_of_nothing_is_a_figure(by_color: pd.DataFrame) -> None:
    empty = by_color[by_color["n"] == 0]
    figure = charts.error_by_color(empty, CLASSES)
    assert list(figure.layout.yaxis.range) == [0, 1]


def test_rates_draw_the_interval_and_write_n(by_color: pd.DataFrame) -> None:
    figure = charts.rates(by_color, ["a", "b", "c", "d"], ["#111"] * 4)
    [points] = figure.data
    assert list(points.y) == ["a", "b", "c", "d"]
    np.testing.assert_allclose(points.x, [0.1, 0.25, 0.25, NAN])
    np.testing.assert_allclose(points.error_x.array, [0.13, 0.22, 0.45, NAN])
    np.testing.assert_allclose(points.error_x.arrayminus, [0.06, 0.14, 0.2, NAN])
    notes = ["4 of 40", "5 of 20", "1 of 4", "no such shoes"]
    assert [note.text for note in figure.layout.annotations] == notes
    assert [note.x for note in figure.layout.annotations] == [0.23, 0.47, 0.7, 0]
    assert [data[0] for data in points.customdata] == notes


def test_rates_of_nothing_say_so(by_color: pd.DataFrame) -> None:
    figure = charts.rates(by_color[by_color["n"] == 0], ["pink men's"], ["#111"])
    assert [note.text for note in figure.layout.annotations] == ["no such shoes"]
    assert list(figure.layout.xaxis.range) == [0, 1.3]


def test_confusions_know_label_and_prediction() -> None:
    counts = pd.DataFrame([[90, 10], [5, 0]], index=CLASSES, columns=CLASSES)
    [squares] = charts.confusions(counts).data
    assert [tuple(data) for data in squares.customdata] == [
        ("Women", "Women"),
        ("Women", "Men"),
        ("Men", "Women"),
        ("Men", "Men"),
    ]
    assert list(squares.x) == ["Women", "Men", "Women", "Men"]  # called
    assert list(squares.y) == ["Women", "Women", "Men", "Men"]  # sold as
    assert list(squares.text) == [
        "<b>90</b><br>90.0%",
        "<b>10</b><br>10.0%",
        "<b>5</b><br>100.0%",
        "<b>0</b><br>0.0%",
    ]


def test_confusions_of_a_class_without_photos() -> None:
    counts = pd.DataFrame([[3, 1], [0, 0]], index=CLASSES, columns=CLASSES)
    [squares] = charts.confusions(counts).data
    assert squares.text[3] == "<b>0</b><br>0.0%"


RATES = [1e-4, 1e-3, 1e-2, 1e-1]


def build_curves(*losses: list[float]) -> pd.DataFrame:
    """Curves of a phase, a seed each list; a seed whose loss exploded has no further rows."""
    rows = [
        ("frozen", seed, rate, loss)
        for seed, curve in enumerate(losses)
        for rate, loss in zip(RATES, curve, strict=False)
    ]
    return pd.DataFrame(rows, columns=list(schema.LR_CURVE))


def test_lr_curve_marks_each_suggestion_on_the_median() -> None:
    curves = build_curves([0.9, 0.8, 0.5, 2.0])
    figure = charts.lr_curve(summarize(curves), curves, {"valley": 1.1e-3, "steep": 9e-3})
    line, *marks = figure.data
    assert list(line.x) == RATES
    assert not line.showlegend
    assert [mark.name for mark in marks] == ["valley", "steep"]
    assert [(mark.x[0], mark.y[0]) for mark in marks] == [(1.1e-3, 0.8), (9e-3, 0.5)]
    assert figure.layout.xaxis.type == "log"


def test_lr_curve_of_several_seeds_has_a_band_and_faint_lines() -> None:
    curves = build_curves([0.9, 0.8, 0.5, 3.0], [0.7, 0.6, 0.4], [0.8, 0.7, 0.3, 2.0])
    figure = charts.lr_curve(summarize(curves), curves, {"valley": 1.1e-3})
    band, *seeds, median, valley = figure.data
    assert list(median.y) == [0.8, 0.7, 0.4, 3.0]
    assert (valley.x[0], valley.y[0]) == (1.1e-3, 0.7)
    assert list(band.x) == [*RATES, *RATES[::-1]]
    high, low = list(band.y)[:4], list(band.y)[4:][::-1]
    assert (high[:3], low) == ([0.9, 0.8, 0.5], [0.7, 0.6, 0.3, 2.0])
    assert figure.layout.yaxis.range[1] < high[3] < math.inf  # one seed exploded: off the chart
    assert [list(seed.y) for seed in seeds] == [[0.9, 0.8, 0.5, 3.0], [0.7, 0.6, 0.4],
                                                [0.8, 0.7, 0.3, 2.0]]  # fmt: skip
    assert [seed.showlegend for seed in seeds] == [True, False, False]
    assert all(seed.opacity < 1 and seed.line.width < median.line.width for seed in seeds)
    assert figure.layout.yaxis.range[0] < 0.3  # no seed is cut off below


HISTORY = pd.DataFrame(
    {
        "epoch": [1, 2, 3],
        "tune_loss": [0.7, 0.4, 0.5],
        "tune_error_rate": [0.3, 0.2, 0.2],
    }
)
LOSSES = pd.DataFrame(
    {
        "phase": ["frozen", "frozen", "unfrozen"],
        "epoch": [0.5, 1.0, 1.5],
        "train_loss": [0.9, 0.8, 0.6],
    }
)


def test_loss_curves_have_a_line_a_phase_and_the_tune_loss() -> None:
    frozen, unfrozen, tune = charts.loss_curves(LOSSES, HISTORY).data
    assert (frozen.name, unfrozen.name, tune.name) == ("train, frozen", "train, unfrozen", "tune")
    assert list(frozen.x) == [0.5, 1.0]
    assert list(unfrozen.y) == [0.6]
    assert list(tune.y) == [0.7, 0.4, 0.5]
    assert len(charts.loss_curves(LOSSES, HISTORY.head(0)).data) == 2


def test_error_curve_marks_the_epoch_that_is_kept() -> None:
    line, best = charts.error_curve(HISTORY).data
    assert list(line.y) == [0.3, 0.2, 0.2]
    assert (best.x[0], best.y[0]) == (2, 0.2)  # the lower loss wins the tie
    assert len(charts.error_curve(HISTORY.head(0)).data) == 1


def test_calibration_draws_what_was_right_over_how_sure() -> None:
    columns = ["bin", "mean_prob", "n", "rate", "low", "high"]
    table = pd.DataFrame([(0.5, 0.56, 10, 0.4, 0.2, 0.7), (0.9, 0.97, 90, 0.95, 0.9, 0.99)])
    table.columns = columns
    _, points = charts.calibration(table).data
    assert list(points.x) == [0.56, 0.97]
    assert list(points.y) == [0.4, 0.95]
    assert list(points.error_y.array) == pytest.approx([0.3, 0.04])
    assert list(points.error_y.arrayminus) == pytest.approx([0.2, 0.05])
    assert list(points.customdata) == [10, 90]
    assert len(charts.calibration(table.head(0)).data) == 2


def test_counts_by_class_stack_the_labels_most_photos_first() -> None:
    table = pd.DataFrame({"kind": ["a", "b", "b", "b"], "label": ["Men", "Women", "Women", "Men"]})
    women, men = charts.counts_by_class(table, "kind", CLASSES).data
    assert list(women.y) == list(men.y) == ["b", "a"]
    assert (list(women.x), list(men.x)) == ([2, 0], [1, 1])


def test_counts_by_color_are_drawn_in_their_swatches() -> None:
    table = pd.DataFrame({"color": ["pink", "pink", "red"], "label": ["Women", "Men", "Women"]})
    [bar] = charts.counts_by_color(table, ["pink", "red", "blue"], CLASSES).data
    assert list(bar.x) == [2, 1, 0]
    assert list(bar.customdata) == ["Women 1, Men 1", "Women 1, Men 0", "Women 0, Men 0"]
    assert list(bar.marker.color) == [SWATCHES[name] for name in ("pink", "red", "blue")]


def test_probabilities_are_written_at_their_bars() -> None:
    [bar] = charts.probabilities({"Women": 0.873, "Men": 0.127}, CLASSES).data
    assert list(bar.y) == CLASSES
    assert list(bar.x) == [0.873, 0.127]
    assert list(bar.text) == ["87 %", "13 %"] or list(bar.text) == ["87%", "13%"]
