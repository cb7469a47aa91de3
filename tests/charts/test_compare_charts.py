"""Charts of two runs: each keeps its color, and what is drawn is what the tables say."""

import math

import pandas as pd
import pytest

from zapcls import charts
from zapcls.charts import compare as compare_charts
from zapcls.charts.compare import RUN_COLORS
from zapcls.data.color import SWATCHES

NAN = math.nan


def build_summary(*rows):
    columns = ["images", "labels", "n", "difference", "low", "high"]
    return pd.DataFrame(rows, columns=columns)


def test_differences_are_drawn_with_intervals_and_n():
    summary = build_summary(
        ("not reviewed", "old", 1301, -0.008, -0.019, 0.003),
        ("reviewed", "old", 0, NAN, NAN, NAN),
        ("all", "corrected", 1400, 0.02, 0.01, 0.03),
    )
    figure = compare_charts.differences(summary)
    [marks] = figure.data

    names = ["not reviewed, old labels", "reviewed, old labels", "all, corrected labels"]
    assert list(marks.y) == names
    assert list(marks.x) == pytest.approx([-0.008, NAN, 0.02], nan_ok=True)
    assert list(marks.error_x.array) == pytest.approx([0.011, NAN, 0.01], nan_ok=True)
    assert list(marks.error_x.arrayminus) == pytest.approx([0.011, NAN, 0.01], nan_ok=True)
    notes = [(note.y, note.text) for note in figure.layout.annotations]
    said = ["n = 1,301", "no such shoes", "n = 1,400"]
    assert notes == list(zip(names, said, strict=True))
    assert {note.xref for note in figure.layout.annotations} == {"paper"}  # in a column
    low, high = figure.layout.xaxis.range
    assert low < -0.03
    assert high > 0.03
    assert low == -high  # zero stands in the middle
    few = build_summary(*summary.itertuples(index=False), ("reviewed", "new", 2, 0.0, -1.0, 1.0))
    assert compare_charts.differences(few).layout.xaxis.range == (low, high)
    assert figure.layout.shapes[0].x0 == figure.layout.shapes[0].x1 == 0


def test_differences_of_nothing_are_still_a_figure():
    figure = compare_charts.differences(build_summary(("all", "old", 0, NAN, NAN, NAN)))

    assert [note.text for note in figure.layout.annotations] == ["no such shoes"]
    assert list(figure.layout.xaxis.range) == [-1, 1]


def build_history(*rates):
    return pd.DataFrame(
        {
            "epoch": range(1, len(rates) + 1),
            "tune_error_rate": rates,
            "tune_loss": rates,
        }
    )


def test_error_curves_lie_over_each_other_in_the_runs_colors():
    figure = compare_charts.error_curves(build_history(0.3, 0.2), build_history(0.4, 0.1, 0.2))
    first, best_first, second, best_second = figure.data

    assert (first.name, second.name) == ("first", "second")
    assert list(first.y) == [0.3, 0.2]
    assert list(second.y) == [0.4, 0.1, 0.2]
    assert (list(best_first.x), list(best_second.x)) == ([2], [2])
    assert best_first.marker.symbol == best_second.marker.symbol == "star"
    colors = [trace.line.color for trace in (first, second)]
    assert colors == list(RUN_COLORS.values())
    assert [trace.marker.color for trace in figure.data] == [colors[0]] * 2 + [colors[1]] * 2
    assert [bool(trace.showlegend) for trace in figure.data] == [True, False, True, False]
    assert figure.layout.xaxis.dtick == 1


def test_a_run_without_epochs_has_an_empty_curve():
    figure = compare_charts.error_curves(build_history(), build_history(*[0.2] * 25))

    assert [len(trace.x) for trace in figure.data] == [0, 25, 1]
    assert [trace.marker.color for trace in figure.data][1] == RUN_COLORS["second"]
    assert figure.layout.xaxis.dtick is None


def build_groups(pink_n):
    """Two colors under one label: black of 40 photos, pink of few or none."""
    rows = [
        ("black", 40, 30, 4, 0.1, 0.05, 0.2, 8, 0.2, 0.1, 0.4, 0.1, 0.02, 0.18),
        ("pink", pink_n, pink_n, 2, 0.5, 0.2, 0.8, 2, 0.5, 0.2, 0.8, 0.6, -0.9, 1),
    ]
    columns = ["color", "n", "n_products"]
    columns += [f"{name}_{run}" for run in RUN_COLORS for name in ("errors", "rate", "low", "high")]
    table = pd.DataFrame(rows, columns=[*columns, "difference", "low", "high"])
    table = table.assign(p_holm=0.5)
    if not pink_n:
        table.loc[1, [c for c in table if c.split("_")[0] in ("rate", "low", "high")]] = NAN
        table.loc[1, ["difference", "p_holm"]] = NAN
    return table


def test_rates_by_color_stand_side_by_side_in_the_runs_colors():
    figure = compare_charts.rates_by_color(build_groups(4))
    first, second = figure.data

    assert (first.name, second.name) == ("first", "second")
    assert list(first.x) == list(second.x) == ["black", "pink"]
    assert list(first.y) == [0.1, 0.5]
    assert list(second.y) == [0.2, 0.5]
    assert list(second.error_y.array) == pytest.approx([0.2, 0.3])
    assert (first.marker.color, second.marker.color) == tuple(RUN_COLORS.values())
    assert list(first.marker.opacity) == [1.0, 0.45]
    swatches = [shape.fillcolor for shape in figure.layout.shapes]
    assert swatches == [SWATCHES["black"], SWATCHES["pink"]]
    assert not figure.layout.annotations
    assert [data[3] for data in second.customdata] == [8, 2]
    assert "wrong" in first.hovertemplate
    assert figure.layout.yaxis.title.text == "error rate"


def test_flips_are_not_called_wrong():
    figure = compare_charts.rates_by_color(build_groups(4), "flip")

    assert figure.layout.yaxis.title.text == "flip rate"
    assert all("flipped" in bar.hovertemplate for bar in figure.data)
    assert not any("wrong" in bar.hovertemplate for bar in figure.data)


def test_rates_by_color_say_where_there_are_no_such_shoes():
    figure = compare_charts.rates_by_color(build_groups(0))

    assert math.isnan(figure.data[0].y[1])
    assert {note.text for note in figure.layout.annotations} == {"no such shoes"}


def test_color_differences_are_drawn_with_the_number_of_products_beside():
    figure = compare_charts.color_differences(build_groups(4))
    [marks] = figure.data

    assert list(marks.y) == ["black", "pink"]
    assert list(marks.x) == [0.1, 0.6]
    assert list(marks.error_x.array) == pytest.approx([0.08, 0.4])
    assert list(marks.marker.opacity) == [1, 0.35]
    notes = [(note.y, note.text, note.xanchor) for note in figure.layout.annotations]
    assert notes == [("black", "n = 30", "left"), ("pink", "n = 4", "left")]
    low, high = figure.layout.xaxis.range
    assert high == -low == pytest.approx(0.66)  # so that every mark is seen
    assert figure.layout.xaxis.title.text == "error rate, second minus first"


def test_a_color_without_shoes_has_a_row_that_says_so():
    figure = compare_charts.color_differences(build_groups(0), "flip")

    notes = [(note.y, note.text, note.xanchor) for note in figure.layout.annotations]
    assert notes == [("black", "n = 30", "left"), ("pink", "no such shoes", "left")]
    assert figure.layout.xaxis.range[1] == pytest.approx(1.2 * 0.18)
    assert figure.layout.xaxis.title.text == "flip rate, second minus first"


def test_a_run_has_a_color_that_no_class_has():
    assert not set(RUN_COLORS.values()) & set(charts.CLASS_COLORS)
    assert len(set(RUN_COLORS.values())) == 2
