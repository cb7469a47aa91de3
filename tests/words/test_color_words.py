"""Sentences and written tables on color: no more is said than p, interval and n allow."""

import pandas as pd
import pytest

from zapcls import charts
from zapcls.analysis.color_adjusted import Adjusted, fit_adjusted
from zapcls.words.colors import (
    describe_groups,
    describe_odds,
    describe_overlap,
    describe_pairs,
    describe_reach,
    explain_odds,
    warn_of_disagreement,
    write_odds,
    write_rate,
)


@pytest.mark.parametrize(
    ("low", "high", "p_holm", "said"),
    [
        (-0.14, -0.03, 0.04, "wrong less often for the color"),
        (-0.14, -0.03, 0.06, "not to be told from chance"),
        (-0.14, 0.01, 0.04, "not to be told from chance"),
    ],
)
def test_a_difference_is_claimed_by_p_and_interval_together(
    low: float, high: float, p_holm: float, said: str
) -> None:
    row = {"n_products": 87, "rate": 0.05, "rate_other": 0.13, "difference": -0.08}
    row |= {"low": low, "high": high, "p": 0.002, "p_holm": p_holm}

    assert f"**{said}**" in describe_pairs(row, "pink", "women's")


@pytest.fixture
def fitted(build_table) -> Adjusted:
    """Pink: odds four times those of black; no red shoe is answered wrong."""
    rows = [{"color": "pink", "prediction": "Men"}] * 20 + [{"color": "pink"}] * 20
    rows += [{"prediction": "Men"}] * 20 + [{}] * 80 + [{"color": "red"}] * 30
    return fit_adjusted(build_table(rows), "valid", "Women")


def test_the_odds_are_told_in_a_sentence(fitted: Adjusted) -> None:
    said = describe_odds(fitted, "pink", "women's")

    assert "the odds of an error are **4.00 (" in said
    assert "times** those of black ones" in said
    assert "**wrong more often**" in said


def test_a_color_without_odds_says_why(fitted: Adjusted) -> None:
    assert "No odds ratio for red women's shoes: no error." in describe_odds(
        fitted, "red", "women's"
    )
    black = describe_odds(fitted, "black", "women's")
    assert "the others are compared with it" in black
    assert "of the same sub-category the odds of an error are" in black
    assert describe_odds(fitted, "green", "men's").startswith("No such shoes")


def test_the_chart_draws_both_odds_and_the_table_all_colors(fitted: Adjusted) -> None:
    figure = charts.odds(fitted)

    assert [trace.name for trace in figure.data] == ["color alone", "sub-category held"]
    assert [list(trace.x) for trace in figure.data] == [[pytest.approx(4)], [pytest.approx(4)]]
    assert list(figure.layout.yaxis.ticktext) == ["pink"]
    assert figure.layout.xaxis.type == "log"
    table = write_odds(fitted).set_index("color")
    assert table.loc["red", ["sub-category held", "note"]].tolist() == ["–", "no error"]
    assert table.loc["pink", "color alone"].startswith("4.00 (")


def test_overlap_is_counted_in_a_sentence(fitted: Adjusted) -> None:
    said = describe_overlap(fitted, "pink", "women's")

    assert "0 of 170 women's photos" in said
    assert "170 of all 170 photos" in said
    assert "170 of 170 women's photos" in describe_overlap(fitted, "green", "women's")


def test_colors_whose_odds_disagree_are_named(fitted: Adjusted) -> None:
    assert warn_of_disagreement(fitted) == ""
    fitted.odds.loc[fitted.odds["color"] == "pink", "disagrees"] = True
    said = warn_of_disagreement(fitted)
    assert "say different things of pink: the odds ratios differ by a factor over 1.5" in said


def test_the_chart_says_of_how_many_photos_it_is(fitted: Adjusted) -> None:
    said = explain_odds(fitted, "this run, valid", "women's")
    assert said.startswith("This run, valid: odds of a wrong answer against black, women's shoes;")
    assert "140 of 170 photos (140 products) could be used." in said


def test_an_empty_group_has_no_rate() -> None:
    assert write_rate({"n": 0}) == "no such shoes"
    row = {"n_others": 4, "rate_others": 0.25, "low_others": 0.046, "high_others": 0.699}
    assert write_rate(row, "_others") == "25.0 % (4.6 to 69.9 %)"


def test_a_reach_of_everything_is_said_in_words() -> None:
    assert describe_reach(0.123, "9 red products") == (
        "With 9 red products a rise of 12.3 points is found four times in five"
    )
    assert describe_reach(1.0, "2 red products").startswith("With 2 red products no rise at all is")


def test_groups_that_differ_are_counted_and_named_with_their_difference() -> None:
    rows = {"color": ["pink", "red"], "label": ["Women", "Men"], "difference": [-0.05, 0.2]}
    groups = pd.DataFrame(rows | {"p": [0.01, 0.06], "p_holm": [0.04, 0.06]})
    said = describe_groups(groups)
    assert said.startswith("**1 of 2** groups differ")
    assert said.endswith(" They are: pink women's (−5.0 points wrong).")
    assert describe_groups(groups.assign(p_holm=1.0)).endswith("were tried.")
