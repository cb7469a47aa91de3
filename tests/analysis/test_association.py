"""Group and label in the data: hand-counted tables, the figures of two formulas, shares."""

import math

import numpy as np
import pandas as pd
import pytest

from zapcls.analysis.association import count_shares, cramers_v, measure_association

CLASSES = ["Women", "Men"]


def shoes(counts, photos=1):
    """Build products by color and label, `photos` of each."""
    cells = [cell for cell, count in counts.items() for _ in range(count)]
    rows = [
        (color, label, f"p{place}") for place, (color, label) in enumerate(cells)
        for _ in range(photos)
    ]  # fmt: skip
    return pd.DataFrame(rows, columns=["color", "label", "product_id"])


def split_by_color(women, men):
    """Count pink and black shoes: `women` = (pink, black), `men` alike."""
    places = [("pink", "Women"), ("black", "Women"), ("pink", "Men"), ("black", "Men")]
    return dict(zip(places, [*women, *men], strict=True))


def test_independent_color_and_label_tell_nothing():
    found = measure_association(shoes(split_by_color((10, 20), (30, 60))), resamples=50)

    assert (found.cramers_v, found.v_low) == (0, 0)
    assert found.bits == found.bits_low == 0
    assert 0 < found.v_high < 0.3
    assert (found.n, found.n_products) == (120, 120)
    assert found.label_bits == pytest.approx(-(0.25 * math.log2(0.25) + 0.75 * math.log2(0.75)))


def test_a_color_that_tells_the_label_tells_all_of_its_bits():
    found = measure_association(shoes(split_by_color((20, 0), (0, 20))), resamples=50)

    assert found.cramers_v == pytest.approx(1)
    assert found.label_bits == 1
    assert found.bits == pytest.approx(1 - 1 / (2 * 40 * math.log(2)))


def test_cramers_v_is_bergsmas_by_hand():
    # chi2 = 80 (30·30 - 10·10)² / 40⁴ = 20, phi² = 1/4; less 1/79, over 2 - 1/79 - 1
    expected = math.sqrt((0.25 - 1 / 79) / (1 - 1 / 79))

    assert cramers_v(np.array([[30, 10], [10, 30]])) == pytest.approx(expected)


def test_the_interval_counts_products_not_photos():
    counts = split_by_color((30, 10), (10, 30))
    one = measure_association(shoes(counts))
    many = measure_association(shoes(counts, photos=5))

    assert one.v_low < one.cramers_v < one.v_high
    assert many.n == 5 * one.n
    assert many.v_high - many.v_low == pytest.approx(one.v_high - one.v_low, rel=0.1)
    assert many.bits_high - many.bits_low == pytest.approx(one.bits_high - one.bits_low, rel=0.1)


def test_the_interval_of_no_association_reaches_zero_where_products_have_many_photos():
    rng = np.random.default_rng(0)
    lows = []
    for seed in range(20):
        cells = rng.choice(["pink", "black", "red"], 60), rng.choice(CLASSES, 60)
        table = pd.DataFrame({"color": cells[0], "label": cells[1], "product_id": range(60)})
        table = pd.concat([table] * 4)
        lows.append(measure_association(table, resamples=100, seed=seed).v_low)

    assert np.mean(np.array(lows) > 0) < 0.2


def test_without_a_second_color_or_any_row_there_is_no_figure():
    one = measure_association(shoes({("pink", "Women"): 3, ("pink", "Men"): 3}))
    none = measure_association(shoes({("", "Women"): 3, ("pink", ""): 3}))

    assert math.isnan(one.cramers_v)
    assert math.isnan(one.bits_low)
    assert (none.n, none.n_products) == (0, 0)
    assert math.isnan(none.cramers_v)


def test_shares_count_the_labelled_photos_of_every_split(build_table):
    rows = [{"color": "pink"}] * 2 + [{"color": "pink", "split": "train"}]
    rows += [{"color": "pink", "label": "Men"}, {"color": "pink", "label": ""}, {}]
    shares = count_shares(build_table(rows), ["black", "pink", "green"], CLASSES)

    assert shares["label"].tolist() == ["Women", "Women", "Men", "Men"]  # nothing is green
    assert shares["color"].tolist() == ["black", "pink"] * 2
    assert shares["n"].tolist() == [1, 4] * 2
    assert shares["rate"].tolist() == pytest.approx([1, 0.75, 0, 0.25])
