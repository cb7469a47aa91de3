"""Pairs and odds: no more is said than p, interval and n allow; examples; what cannot be held."""

from dataclasses import replace

import pandas as pd
import pytest
from hand_made import GENDER, HandMade, list_texts, pick

from zapcls.analysis.adjusted import fit_adjusted
from zapcls.blocks import Chart, Photos, Table
from zapcls.data.task import Task
from zapcls.findings import groups, odds, pairs
from zapcls.findings.ask import Ask

PINK = Ask(GENDER, "color", "pink", "Women", "Men")


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "said"),
    [
        (-0.14, -0.03, 0.04, "wrong less often in pink"),
        (-0.14, -0.03, 0.06, "could be chance"),
        (-0.14, 0.01, 0.04, "could be chance"),
    ],
)
def test_a_difference_is_told_by_p_and_interval_together(low, high, p_holm, said):
    row = {"label": "Women", "color": "pink", "n_products": 87, "rate": 0.05, "rate_other": 0.13}
    row |= {"difference": -0.08, "low": low, "high": high, "p": 0.002, "p_holm": p_holm}

    told = pairs.describe(pairs.Found(pd.DataFrame([row]), (), 0), PINK)

    assert told.startswith(
        "**87** women's products have photos in pink and in another color. 5.0 % are wrong in "
        "pink, 13.0 % in another color, −8.0 ("
    )
    assert f"points: **{said}** (p = 0.002, {p_holm} corrected for the colors tried)." in told


def test_groups_are_named_by_p_and_interval_together():
    table = pd.DataFrame(
        {
            "color": ["pink", "red", "black"], "label": ["Women", "Men", "Men"], "n": 40,
            "difference": [-0.05, 0.2, 0.1], "difference_low": [-0.08, -0.01, 0.02],
            "difference_high": [-0.02, 0.41, 0.18], "p": [0.01, 0.01, 0.06],
            "p_holm": [0.03, 0.03, 0.06],
        }
    )  # fmt: skip

    said = groups.describe(table, PINK)

    assert said.startswith("**1 of 3** groups differ from the other colors of their label")
    assert said.endswith(" They are: pink women's shoes (−5.0 points wrong).")


def test_products_whose_answer_changes_are_shown_as_pairs_of_photos(build_table):
    rows = [
        {"product_id": f"p{place // 2}", "brand": f"b{place // 2}"}
        | {"color": ("pink", "red")[place % 2]}
        | ({"prediction": "Men"} if place in (0, 3, 5) else {})
        for place in range(8)
    ]  # fmt: skip
    evidence = HandMade(build_table(rows).assign(row=range(8)))

    section = pairs.section(pairs.find(evidence, PINK), PINK)

    [photos] = pick(section, Photos)
    assert "Of 3 such products, the 3 whose answer changes most" in photos.caption
    for mine, other in photos.pairs:
        assert mine.lines[0] == other.lines[0]  # one product, one brand
        assert mine.lines[1].startswith("pink, called ")
        assert mine.uri.startswith("data:image/jpeg;base64,")
    [chart] = pick(section, Chart)
    assert list(chart.figure.layout.yaxis.ticktext) == ["red", "pink"]  # as colors are ordered
    [table] = pick(section, Table)
    assert table.cells["products"].tolist() == [4, 4]
    brand = replace(PINK, by="brand", group="b0")
    [alone] = pairs.section(pairs.find(evidence, brand), brand).blocks
    assert "no women's product has photos of two brands" in alone.text


@pytest.fixture
def fitted(build_table):
    """Pink: odds four times those of black; no red shoe is answered wrong."""
    rows = [{"color": "pink", "prediction": "Men"}] * 20 + [{"color": "pink"}] * 20
    rows += [{"prediction": "Men"}] * 20 + [{}] * 80 + [{"color": "red"}] * 30
    return fit_adjusted(build_table(rows), "valid", "Women")


def show(fit, ask=PINK):
    return odds.section(odds.Found({ask.label: fit}), ask)


def test_the_odds_are_told_drawn_and_listed(fitted):
    section = show(fitted)

    said = list_texts(section)
    assert "for pink women's shoes the odds of an error are **4.00 (" in said
    assert "times** those of black ones" in said
    assert "same sub-category: **wrong more often** (p =" in said
    assert "against black, women's shoes; 140 of 170 photos (140 products) could be used." in said
    assert "Without overlap: 0 of 170 women's photos" in said
    [chart] = pick(section, Chart)
    assert [trace.name for trace in chart.figure.data] == [
        "color alone",
        "sub-category held constant",
    ]
    assert [list(trace.x) for trace in chart.figure.data] == [[pytest.approx(4)]] * 2
    [table] = pick(section, Table)
    cells = table.cells.set_index("color")
    assert cells.loc["red", ["sub-category held constant", "note"]].tolist() == ["–", "no error"]


def test_odds_are_no_difference_without_both_p_and_interval(fitted):
    is_pink = fitted.odds["color"] == "pink"
    fitted.odds.loc[is_pink, "adjusted_low"] = 0.9

    assert "**could be chance**" in list_texts(show(fitted))


def test_a_color_without_odds_says_why_and_a_disagreement_is_named(fitted):
    for group, said in {
        "red": "no odds ratio for red women's shoes: no error.",
        "black": "the others are compared with it. Against all other colors of the same",
        "green": "no such shoes: there are no green women's shoes.",
    }.items():
        assert said in list_texts(show(fitted, replace(PINK, group=group)))
    assert "say different things" not in list_texts(show(fitted))
    fitted.odds.loc[fitted.odds["color"] == "pink", "disagrees"] = True
    assert (
        "held constant say different things about pink. The odds ratios differ by a factor over 1.5"
    ) in (list_texts(show(fitted)))


@pytest.mark.parametrize(
    ("by", "target", "why"),
    [
        ("sub_category", "gender", "photos are grouped by sub-category"),
        ("category", "gender", "photos are grouped by category"),
        ("color", "sub_category", "it is the label"),
    ],
)
def test_what_cannot_be_held_is_one_sentence(build_table, by, target, why):
    ask = Ask(Task(target, ("Women", "Men")), by, "pink", "Women", "Men")
    found = odds.find(HandMade(build_table([{}, {}]), task=ask.task), ask)

    [text] = odds.section(found, ask).blocks
    assert why in text.text
    assert odds.tables(found, ask)["adjusted"].empty
