"""A trade of training options in words: what is told, and what is left to chance."""

import math

import pandas as pd
import pytest
from zapcls.analysis.trade import ALL_SEEDS

from zapcls import schema
from zapcls.words import trade as said

NAN = math.nan
LOWER = (-0.04, -0.06, -0.02, 0.001)  # difference, its interval, p_holm
HIGHER = (0.04, 0.02, 0.06, 0.001)
CHANCE = (-0.04, -0.09, 0.01, 0.2)
BASE = (NAN, NAN, NAN, NAN)


def build_trade(group=("red", "Men"), **changes):
    """`changes`: option -> measure -> what `LOWER` and the like have; else it may be chance."""
    rows = []
    for option in ("plain", *(name.replace("_", "-") for name in changes)):
        for measure in schema.TRADE_MEASURES:
            is_group = measure == "worst group"
            told = changes.get(option.replace("-", "_"), {}).get(measure, CHANCE)
            change = BASE if option == "plain" else told
            columns = ("difference", "difference_low", "difference_high", "p_holm")
            n = 0 if is_group and not group[0] else 40
            row = {
                "option": option, "measure": measure, "color": group[0] * is_group,
                "label": group[1] * is_group, "n": n, "n_products": n // 2, "rate": 0.1,
                "low": 0.05, "high": 0.2, "p": change[3], **dict(zip(columns, change, strict=True)),
            }  # fmt: skip
            rows += [row | {"seed": seed} for seed in (ALL_SEEDS, 0, 1)]
    return schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")


@pytest.fixture
def found():
    return build_trade(
        gray={"flip": LOWER, "error": HIGHER},
        last_layer={"worst group": LOWER, "flip": LOWER},
        balanced={},
    )


def test_the_answer_names_what_lowers_each_figure(found):
    assert said.describe_answer(found) == (
        "Of 3 options: **Half in gray and Balanced last layer** lower the share of answers that "
        "the hue flips; **Balanced last layer** lowers the error rate of red men's shoes; "
        "**none** lowers the error rate; **Half in gray** raises the error rate."
    )


def test_where_nothing_is_lowered_that_is_one_clause():
    assert said.describe_answer(build_trade(gray={})) == (
        "Of 1 option: **none** lowers the share of answers that the hue flips, the error rate of "
        "red men's shoes or the error rate."
    )


def test_a_figure_is_told_with_what_changes_it_and_what_may_be_chance(found):
    assert said.describe_measure(found, "flip") == (
        "**Share of answers that the hue flips**: 10.0 % (5.0 to 20.0 %) for Plain "
        "(40 edited photos, 20 products). Lower with Half in gray −4.0 (−6.0 to −2.0) and "
        "Balanced last layer −4.0 (−6.0 to −2.0) points. "
        "Not to be told from chance: Balanced weights."
    )
    error = said.describe_measure(found, "error")
    assert "(40 photos, 20 products). Higher with Half in gray +4.0 (+2.0 to +6.0) points." in error
    assert error.endswith("chance: Balanced last layer and Balanced weights.")
    assert "Lower" not in error


def test_without_a_large_group_that_is_said():
    found = build_trade(group=("", ""), gray={"worst group": BASE})

    assert said.describe_measure(found, "worst group") == (
        "**Error rate of the worst color group**: no color group is large enough to be told apart "
        "from the others."
    )
    assert "worst" not in said.describe_answer(found)
    assert (said.write_trade(found)["error rate of the worst color group"] == "no such shoes").all()


def test_flips_are_told_beside_those_of_random_edits(found):
    is_plain = (found["option"] == "plain") & (found["seed"] == ALL_SEEDS)
    found.loc[is_plain & (found["measure"] == "control"), "rate"] = 0.06
    found.loc[is_plain & (found["measure"] == "excess"), ["rate", "low", "high"]] = 0.04, 0.01, 0.07

    assert said.describe_flips(found) == (
        "For Plain a hue edit flips 10.0 % of the answers, a random edit as far 6.0 %: "
        "+4.0 (+1.0 to +7.0) points. "
        "Most of it is unsteadiness at any move of the hue, not at a certain color."
    )
    found.loc[is_plain & (found["measure"] == "control"), "rate"] = 0.03
    assert said.describe_flips(found).endswith("+4.0 (+1.0 to +7.0) points.")


def test_trainings_are_counted(found):
    assert "2 trainings of each option" in said.explain_trainings(found)


def test_the_table_has_a_row_an_option_and_what_it_changes(found):
    table = said.write_trade(found).set_index("option")

    assert list(table.index) == [
        "Plain", "Half in gray", "Balanced last layer", "Balanced weights",
    ]  # fmt: skip
    assert table.loc["Plain", "error rate, change in points"] == "–"
    assert (
        table.loc["Half in gray", "error rate, change in points"] == "+4.0 (+2.0 to +6.0), p 0.001"
    )
    assert table.loc["Half in gray", "error rate"] == "10.0 % (5.0 to 20.0 %)"
    assert table["flips beyond those of random edits, points"].iloc[0] == "+10.0 (+5.0 to +20.0)"
