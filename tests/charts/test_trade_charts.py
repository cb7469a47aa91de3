"""The chart of a trade: points where the table has them, intervals of the differences."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls import charts, schema
from zapcls.analysis.trade import ALL_SEEDS
from zapcls.charts.trade import OPTION_COLORS, spread, trade
from zapcls.color_options import OPTIONS
from zapcls.data.color import SWATCHES

NAN = math.nan


def build_row(option, measure, seed, rate, change=(NAN, NAN, NAN)):
    return {
        "option": option, "measure": measure, "seed": seed, "color": "", "label": "", "n": 100,
        "n_products": 50, "rate": rate, "low": rate / 2, "high": rate * 2, "p": NAN, "p_holm": NAN,
        **dict(zip(("difference", "difference_low", "difference_high"), change, strict=True)),
    }  # fmt: skip


@pytest.fixture
def found():
    rows = [
        build_row("plain", "error", ALL_SEEDS, 0.10),
        build_row("plain", "error", 0, 0.09),
        build_row("plain", "error", 1, 0.11),
        build_row("gray", "error", ALL_SEEDS, 0.12, (0.02, -0.01, 0.05)),
        build_row("gray", "error", 0, 0.12),
        build_row("gray", "error", 1, 0.12),
        build_row("plain", "flip", ALL_SEEDS, 0.20),
        build_row("plain", "flip", 0, 0.18),
        build_row("plain", "flip", 1, 0.22),
        build_row("gray", "flip", ALL_SEEDS, 0.05, (-0.15, -0.18, -0.12)),
        build_row("gray", "flip", 0, 0.04),
        build_row("gray", "flip", 1, 0.06),
    ]
    return schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")


def test_each_option_stands_at_its_rates_with_its_seeds_pale(found):
    figure = trade(found, "flip", "flips")

    seeds, means = figure.data[:2], figure.data[2:]
    assert [trace.name for trace in means] == ["Plain", "Half in gray"]
    assert [(trace.x[0], trace.y[0]) for trace in means] == [(0.10, 0.20), (0.12, 0.05)]
    assert [(list(t.x), list(t.y)) for t in seeds] == [
        ([0.09, 0.11], [0.18, 0.22]),
        ([0.12, 0.12], [0.04, 0.06]),
    ]
    assert all(trace.marker.opacity < 0.5 for trace in seeds)
    assert "5.0% (2.5% to 10.0%), n = 100" in means[1].hovertemplate


def test_the_lines_of_a_point_end_where_its_difference_to_the_base_line_does(found):
    base, gray = trade(found, "flip", "flips").data[2:]

    assert base.error_x.array is None
    assert gray.error_x.array[0] == pytest.approx(0.10 + 0.05 - 0.12)
    assert gray.error_x.arrayminus[0] == pytest.approx(0.12 - (0.10 - 0.01))
    assert gray.error_y.array[0] == pytest.approx(0.20 - 0.12 - 0.05)
    assert gray.error_y.arrayminus[0] == pytest.approx(0.05 - (0.20 - 0.18))


def test_no_line_goes_where_no_rate_can_be(found):
    is_gray = (found["option"] == "gray") & (found["seed"] == ALL_SEEDS)
    found.loc[is_gray, "difference_low"] = -0.5

    gray = trade(found, "flip", "flips").data[3]

    assert gray.error_x.arrayminus[0] == pytest.approx(0.12)
    assert gray.error_y.arrayminus[0] == pytest.approx(0.05)


def test_the_base_line_is_marked_and_all_is_in_sight(found):
    figure = trade(found, "flip", "flips")

    upright, flat = figure.layout.shapes
    assert upright.x0 == upright.x1 == 0.10
    assert flat.y0 == flat.y1 == 0.20
    assert figure.data[2].marker.symbol == "diamond"
    (left, right), (bottom, top) = figure.layout.xaxis.range, figure.layout.yaxis.range
    assert left < 0.09 < 0.15 < right
    assert bottom < 0.02 < 0.22 < top


def test_names_lead_to_their_points(found):
    notes = {note.text: note for note in trade(found, "flip", "flips").layout.annotations}

    assert set(notes) == {"Plain", "Half in gray"}
    assert (notes["Half in gray"].x, notes["Half in gray"].y) == (0.12, 0.05)
    assert notes["Half in gray"].ay < notes["Plain"].ay


def test_names_never_stand_over_each_other_or_outside():
    close = np.array([0.5, 0.5, 0.51, 0.52, 0.9])
    for heights in (close, np.zeros(7), np.ones(7)):
        placed = spread(heights, (0.0, 1.0))
        assert (np.diff(placed) > 0.08).all()
        assert placed[0] > 0
        assert placed[-1] < 1
    apart = np.array([0.2, 0.5, 0.8])
    assert spread(apart, (0.0, 1.0)) == pytest.approx(apart)


def test_every_option_has_a_color_that_no_class_or_swatch_has():
    assert list(OPTION_COLORS) == list(OPTIONS)
    assert len(set(OPTION_COLORS.values())) == len(OPTIONS)
    taken = {*charts.CLASS_COLORS, *SWATCHES.values()}
    assert not taken & set(OPTION_COLORS.values())
