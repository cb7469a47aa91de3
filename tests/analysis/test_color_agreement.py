"""Names and a person's labels: rates, kappa and the draw, on hand-counted tables."""

import pandas as pd
import pytest
from sklearn.metrics import cohen_kappa_score

from zapcls.analysis.color_agreement import (
    agreement,
    compare_names,
    count_differences,
    draw_photos,
)

# (the person's color, also fair, the program's name); each photo is a product of its own.
TEN = [
    ("black", "", "black"), ("black", "", "black"), ("black", "", "black"), ("black", "", "black"),
    ("grey", "", "grey"), ("grey", "black brown", "black"), ("grey", "", "black"),
    ("white", "", "white"), ("white", "", ""), ("", "", "pink"),
]  # fmt: skip


def build(rows):
    """Return labels and names of photos i0, i1, ..."""
    table = pd.DataFrame(rows, columns=["color", "also_fair", "named"], dtype="str")
    table = table.assign(image_id=[f"i{i}" for i in table.index], product_id=table.index)
    named = table[["image_id", "product_id", "named"]].rename(columns={"named": "color"})
    return table[["image_id", "color", "also_fair"]], named


def test_rates_are_of_the_photos_that_both_name():
    labels, named = build(TEN)
    strange = pd.DataFrame([("x", "red", ""), ("y", "", "")], columns=labels.columns)
    found = agreement(pd.concat([labels, strange]), named)
    assert (found.exact["hits"], found.exact["n"]) == (6, 9)
    assert (found.fair["hits"], found.fair["n"]) == (7, 9)
    assert found.cannot_tell == 1
    assert found.exact["low"] < 6 / 9 < found.exact["high"]


def test_kappa_is_the_agreement_beyond_chance():
    labels, named = build(TEN)
    found = agreement(labels, named)
    chance = (4 * 6 + 3 * 1 + 2 * 1) / 81
    assert found.kappa == pytest.approx((6 / 9 - chance) / (1 - chance))
    both = compare_names(labels, named)
    assert found.kappa == pytest.approx(cohen_kappa_score(both["color"], both["named"]))
    low, high = found.exact["low"], found.exact["high"]
    assert found.kappa_low == pytest.approx((low - chance) / (1 - chance))
    assert found.kappa_high == pytest.approx((high - chance) / (1 - chance))


def test_full_agreement_has_an_interval_too():
    found = agreement(*build([("black", "", "black")] * 10 + [("red", "", "red")] * 10))
    assert (found.kappa, found.kappa_high) == (1, 1)
    assert 0.5 < found.kappa_low < 0.9


def test_photos_of_one_product_count_little_more_than_one():
    rows = [("black", "", "black"), ("red", "", "red"), ("grey", "", "black")] * 10
    labels, named = build(rows * 3)
    alone = agreement(*build(rows))
    tripled = agreement(labels, named.assign(product_id=named["product_id"] % len(rows)))
    assert tripled.kappa == pytest.approx(alone.kappa)
    width = tripled.kappa_high - tripled.kappa_low
    assert width == pytest.approx(alone.kappa_high - alone.kappa_low, rel=0.05)


def test_kappa_of_a_single_color_is_not_defined():
    found = agreement(*build([("black", "", "black")] * 5))
    assert pd.isna([found.kappa, found.kappa_low, found.kappa_high]).all()
    assert found.exact["rate"] == 1


def test_no_label_at_all_gives_no_rate():
    labels, named = build(TEN)
    found = agreement(labels.head(0), named)
    assert found.exact["n"] == 0
    assert pd.isna(found.kappa)
    assert compare_names(labels.head(0), named).empty


def test_differences_come_most_often_first():
    found = count_differences(compare_names(*build(TEN)))
    assert found.to_numpy().tolist() == [["grey", "black", 2, 1], ["white", "", 1, 0]]


@pytest.fixture
def catalogue():
    """Forty photos of twenty products, the last product not kept."""
    return pd.DataFrame(
        {
            "image_id": [f"i{i}" for i in range(40)],
            "product_id": [f"p{i // 2}" for i in range(40)],
            "kept": [True] * 38 + [False] * 2,
        }
    )


def test_each_kept_product_is_drawn_once_in_an_order_of_the_seed(catalogue):
    drawn = draw_photos(catalogue, [])
    assert sorted(drawn["product_id"]) == sorted(f"p{i}" for i in range(19))
    assert list(drawn["image_id"]) == list(draw_photos(catalogue, [])["image_id"])
    assert list(drawn["image_id"]) != list(draw_photos(catalogue, [], seed=1)["image_id"])
    assert list(drawn["product_id"]) != list(catalogue["product_id"].unique()[:19])
    # Not always the first photo of a product.
    assert 0 < drawn["image_id"].str[1:].astype(int).mod(2).sum() < 19


def test_labelled_products_are_not_drawn_and_the_rest_stays_in_order(catalogue):
    drawn = list(draw_photos(catalogue, [])["image_id"])
    assert list(draw_photos(catalogue, drawn[:3])["image_id"]) == drawn[3:]
    other = f"i{int(drawn[0][1:]) ^ 1}"  # the other photo of the first one's product
    assert list(draw_photos(catalogue, [other, "no-such"])["image_id"]) == drawn[1:]
