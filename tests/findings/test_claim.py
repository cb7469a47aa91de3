"""The claim is answered by p and interval together, in the words of any group and task."""

from dataclasses import replace

import pandas as pd
import pytest
from hand_made import GENDER, HandMade

from zapcls.blocks import Chart, Text
from zapcls.data.task import Task
from zapcls.findings import answer, claim, directions
from zapcls.findings.ask import Ask, build_ask

PINK = Ask(GENDER, "color", "pink", "Women", "Men")
BOOTS = Ask(Task("category", ("Boots", "Shoes")), "brand", "Acme", "Boots", "Shoes")


@pytest.fixture
def found():
    """Ten points more for a group, clear of chance."""
    way = {
        "n": 60, "n_products": 50, "n_others": 200, "hits_others": 20, "rate_others": 0.1,
        "difference": 0.1, "difference_low": 0.02, "difference_high": 0.18, "p": 0.001,
        "p_holm": 0.02, "detectable": 0.09,
    }  # fmt: skip
    rates = {"side": ["group", "others"], "n": [60, 200], "n_products": [50, 190]}
    rates |= {"hits": [12, 20], "rate": [0.2, 0.1], "low": [0.1, 0.05], "high": [0.3, 0.15]}
    return claim.Found(pd.DataFrame(rates), way, 20)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({}, "**Called men's more often for pink.** With 50 products only a rise of about 9.0 "
         "points would show."),
        ({"difference": -0.1, "difference_low": -0.18, "difference_high": -0.02},
         "**Called men's less often for pink.**"),
        ({"p_holm": 0.06}, "**Too few pink women's shoes to tell.** With 50 products only"),
        ({"difference_low": -0.01, "detectable": 0.03}, "**Could be chance.** With 50 products"),
        ({"detectable": 0.181}, "only a rise of about 18 points would show."),
        ({"detectable": 1.0}, "With 50 products no rise would show"),
        ({"n_others": 0}, "There are no other women's shoes to compare with."),
        ({"n": 0}, ""),
    ],
)  # fmt: skip
def test_the_claim_is_judged_by_both_the_interval_and_p(found, changes, said):
    told = claim.judge(replace(found, way=found.way | changes), PINK)

    assert said in told
    assert bool(told) == bool(said)


def test_a_group_and_a_label_of_any_kind_are_named(found):
    assert claim.describe(found, PINK) == "12 of 60 pink women's shoes are called men's: 20.0 %"
    assert claim.describe(found, BOOTS) == (
        "12 of 60 shoes labelled Boots of brand Acme are called Shoes: 20.0 %"
    )
    said = claim.judge(found, BOOTS)
    assert "Of the other shoes labelled Boots it is 10.0 % (20 of 200)" in said
    assert "**+10.0 (+2.0 to +18.0) points** for Acme; p = 0.001, corrected for the 20" in said


def test_an_empty_claim_is_not_a_rate(build_table):
    evidence = HandMade(build_table([{}, {"label": "Men", "prediction": "Men"}]))
    section = claim.section(claim.find(evidence, PINK), PINK)

    [lead, chart] = section.blocks
    assert lead == Text("No such shoes: valid has no pink women's shoes.", "lead")
    assert isinstance(chart, Chart)
    assert [note.text for note in chart.figure.layout.annotations] == ["no such shoes", "0 of 1"]


@pytest.mark.parametrize("count", [2, 3])
def test_a_group_that_a_source_does_not_have_is_no_such_photos(build_table, count):
    classes = ("Boots", "Sandals", "Shoes")[:count]
    rows = [{"label": label, "prediction": "Boots"} for label in classes for _ in range(3)]
    unlabelled = {"label": "", "brand": "Umbrella"}
    evidence = HandMade(
        build_table([*rows, unlabelled]), build_table(rows), Task("category", classes)
    )
    ask = replace(build_ask(evidence, "brand", "oof"), group="Umbrella")

    section = claim.section(claim.find(evidence, ask), ask)

    assert section.blocks[0].text.startswith("No such shoes: the catalogue has no shoes labelled")
    assert len(section.blocks) == 2
    said = answer.section(answer.find(evidence, ask), ask).blocks[0].text
    assert said.startswith("**Too few to tell.**")


def test_of_two_classes_the_claim_has_the_figures_of_its_group(build_table):
    rows = [{"color": "pink", "prediction": "Men"}] * 3 + [{"color": "pink"}] * 5 + [{}] * 20
    evidence = HandMade(build_table([*rows, {"label": "Men", "prediction": "Women"}]))
    ask = build_ask(evidence)

    found = claim.find(evidence, ask)

    assert (ask.group, ask.label, ask.called) == ("pink", "Women", "Men")
    assert found.tried == 2  # pink and black women's
    assert (found.way["hits"], found.way["n"], found.way["n_others"]) == (3, 8, 20)
    table = claim.tables(found, ask)["claim"]
    assert table[["color", "hits", "n"]].values.tolist() == [["pink", 3, 8], ["not pink", 0, 20]]


def test_a_class_can_be_asked_about_against_all_others(build_table):
    classes = ["Boots", "Sandals", "Shoes"]
    calls = [("black", "Sandals"), ("pink", "Shoes"), ("pink", "Sandals"), ("pink", "Boots")]
    rows = [{"label": "Boots", "color": color, "prediction": called} for color, called in calls * 3]
    rows += [{"label": label, "prediction": label} for label in classes for _ in range(6)]
    evidence = HandMade(build_table(rows), task=Task("category", tuple(classes)))
    ask = replace(build_ask(evidence), label="Boots", called="")

    found = claim.find(evidence, ask)

    assert found.rates[["hits", "n"]].values.tolist() == [[6, 9], [3, 9]]
    assert (found.way["hits"], found.way["n"]) == (6, 9)
    said = claim.describe(found, ask)
    assert said == "6 of 9 pink shoes labelled Boots are called something else: 66.7 %"
    told = directions.section(directions.find(evidence, ask), ask).blocks[0].text
    assert "9 shoes labelled Boots called something else, 0 other shoes called Boots" in told


@pytest.mark.parametrize(
    ("run", "heads", "verdict"),
    [
        ((0.1, 0.02, 0.18, 0.01), (0.1, -0.02, 0.2, 0.01), "Yes."),
        ((-0.1, -0.18, -0.02, 0.01), (0, -0.1, 0.1, 1), "No, less often."),
        ((0.1, 0.02, 0.18, 0.06), (0.1, 0.02, 0.18, 0.06), "Too few to tell."),
        ((0.1, 0.02, 0.18, 0.01), (-0.1, -0.18, -0.02, 0.01), "Too few to tell."),
    ],
)
def test_the_answer_is_told_where_the_sources_do_not_differ(found, run, heads, verdict):
    names = ("difference", "difference_low", "difference_high", "p_holm")
    claims = {
        source: replace(found, way=found.way | dict(zip(names, figures, strict=True)))
        for source, figures in (("run", run), ("oof", heads))
    }

    said = answer.sum_up(answer.Found(claims, None, None, None, None), PINK)

    assert said.startswith(f"**{verdict}** This run, valid: 12 of 60 pink women's shoes are called")
    assert "Label check, all photos: 12 of 60" in said
