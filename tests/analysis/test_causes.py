import numpy as np
import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.causes import CAUSES, EXPLANATIONS, count_causes, sort_causes
from zapcls.analysis.intervals import count_rates

LABEL, UNCLEAR, COLOR, ODD, MODEL = CAUSES
WRONG = {"label": "Women", "prediction": "Men", "prob": 0.9}
RIGHT = {"label": "Women", "prediction": "Women", "prob": 0.9}


def build_issues(*rows):
    defaults = {
        "product_id": "p", "label": "Women", "suggested_label": "Men", "label_quality": 0.9,
        "is_suspect": False, "reasons": "",
    }  # fmt: skip
    table = pd.DataFrame([defaults | row for row in rows])
    return schema.conform(table, schema.LABEL_ISSUES, "label issues")


def build_verdicts(*rows):
    defaults = {
        "mark": "", "right_label": "", "note": "", "reviewers": "ann", "decided_at": "",
        "is_conflict": False,
    }  # fmt: skip
    table = pd.DataFrame([defaults | row for row in rows])
    return schema.conform(table, schema.VERDICTS, "verdicts")


SUSPECT = {"is_suspect": True, "reasons": "heads: Men, 97 %"}


def sort(table, **facts):
    """Return {image_id: (cause, evidence)}."""
    rows = sort_causes(table, **facts).itertuples(index=False)
    return {image_id: (cause, evidence) for image_id, cause, evidence in rows}


def test_every_labelled_error_of_every_split_has_a_cause_and_nothing_else_does(build_table):
    table = build_table(
        [RIGHT, WRONG, WRONG | {"split": "train"}, WRONG | {"label": "", "split": "none"}]
    )
    found = sort_causes(table)

    assert found.columns.tolist() == ["image_id", "cause", "evidence"]
    assert found.values.tolist() == [
        ["i1", MODEL, "called Men, 90 %"],
        ["i2", MODEL, "called Men, 90 %"],
    ]
    assert sort_causes(table[:1]).empty
    assert list(EXPLANATIONS) == list(CAUSES)


def test_a_suspect_has_a_label_that_is_probably_wrong_with_its_reasons(build_table):
    table = build_table([WRONG, WRONG])
    issues = build_issues({"image_id": "i1"} | SUSPECT, {"image_id": "i0"})

    assert sort(table, issues=issues) == {
        "i0": (MODEL, "called Men, 90 %"),
        "i1": (LABEL, "heads: Men, 97 %"),
    }


def test_a_reviewer_is_heard_first(build_table):
    table = build_table([WRONG] * 8)
    issues = build_issues(*({"image_id": f"i{number}"} | SUSPECT for number in range(8)))
    verdicts = build_verdicts(
        {"image_id": "i0", "mark": "label wrong", "right_label": "Men"},
        {"image_id": "i1", "mark": "ambiguous"},
        {"image_id": "i2", "mark": "model wrong"},
        {"image_id": "i3", "mark": "not a shoe"},
        {"image_id": "i4", "is_conflict": True},
        {"image_id": "i6", "mark": "label wrong"},  # right is none of the classes
        {"image_id": "i7", "mark": "model wrong"},
    )
    flips = pd.DataFrame({"image_id": ["i7"], "flips": [True]})

    assert sort(table, issues=issues, verdicts=verdicts, flips=flips) == {
        "i0": (LABEL, "reviewed: label wrong, right is Men"),
        "i1": (UNCLEAR, "reviewed: ambiguous"),
        "i2": (MODEL, "called Men, 90 %"),  # the label is right, whatever the heads say
        "i3": (ODD, "reviewed: not a shoe"),
        "i4": (LABEL, "heads: Men, 97 %"),
        "i5": (LABEL, "heads: Men, 97 %"),
        "i6": (LABEL, "reviewed: label wrong"),
        "i7": (COLOR, "another answer when recolored"),
    }


def test_what_was_held_against_a_label_since_corrected_does_not_count(build_table):
    """The run was told what the reviewer says; issues are of the catalogue's label."""
    table = build_table([WRONG | {"label": "Men", "prediction": "Women"}])
    issues = build_issues({"image_id": "i0", "label": "Women"} | SUSPECT)
    verdicts = build_verdicts({"image_id": "i0", "mark": "label wrong", "right_label": "Men"})

    assert sort(table, issues=issues, verdicts=verdicts)["i0"][0] == MODEL
    assert sort(table, issues=issues)["i0"][0] == MODEL
    same = issues.assign(label="Men")
    assert sort(table, issues=same)["i0"][0] == LABEL
    assert sort(table, issues=same, verdicts=verdicts)["i0"][0] == MODEL


def test_a_relative_that_the_shop_sells_under_several_labels_makes_it_unclear(build_table):
    table = build_table([WRONG] * 3)
    reasons = "sibling 7-1: Girls; near-duplicate 7-2 and 1 more: Men;Women"
    issues = build_issues(
        {"image_id": "i0", "reasons": reasons},
        {"image_id": "i1", "reasons": "sibling 7-1: Men; near-duplicate 7-2: Girls"},
        {"image_id": "i2", "reasons": reasons, "is_suspect": True},
    )
    found = sort(table, issues=issues)

    assert found["i0"] == (UNCLEAR, "near-duplicate 7-2 and 1 more: Men;Women")
    assert found["i1"][0] == MODEL
    assert found["i2"] == (LABEL, reasons)


@pytest.mark.parametrize(
    ("prob_label", "quality", "cause"),
    [
        (0.4, 0.6, UNCLEAR),
        (0.36, 0.36, UNCLEAR),
        (0.34, 0.5, MODEL),
        (0.4, 0.34, MODEL),
        (0.4, 0.66, MODEL),
    ],
)
def test_it_is_unclear_where_neither_the_run_nor_the_heads_can_tell(
    build_table, prob_label, quality, cause
):
    table = build_table([WRONG | {"prob": 1 - prob_label, "prob_label": prob_label}])
    issues = build_issues({"image_id": "i0", "label_quality": quality})
    found = sort(table, issues=issues)["i0"]

    assert found[0] == cause
    if cause == UNCLEAR:
        assert found[1] == (
            f"its label has {100 * prob_label:.0f} % in this run, {100 * quality:.0f} % in the "
            "label check"
        )
    assert sort(table)["i0"][0] == MODEL  # without a label check nothing is known of the heads


def test_a_flip_under_recoloring_is_color_driven(build_table):
    flips = pd.DataFrame({"image_id": ["i1", "i0"], "flips": [True, False]})
    found = sort(build_table([WRONG, WRONG]), flips=flips)

    assert found["i0"][0] == MODEL
    assert found["i1"] == (COLOR, "another answer when recolored")


PINK = WRONG | {"product_id": "a", "color": "pink", "prob_label": 0.1}
BROWN = RIGHT | {"product_id": "a", "color": "brown", "prob_label": 0.75}


def test_a_sibling_in_another_color_that_is_right_makes_it_color_driven(build_table):
    clearest = BROWN | {"color": "black", "prob_label": 0.8}
    found = sort(build_table([BROWN, PINK, clearest]))

    assert found == {"i1": (COLOR, "right in black: its label has 80 % there, 10 % in pink")}


@pytest.mark.parametrize(
    "change",
    [
        {"product_id": "b"},
        {"color": "pink"},
        {"color": ""},
        {"split": "train"},
        {"prob_label": 0.39},
        {"label": "Men", "prediction": "Men"},
        {"prediction": "Men"},
    ],
)
def test_only_a_right_sibling_of_the_same_label_and_split_that_is_far_surer_counts(
    build_table, change
):
    assert sort(build_table([PINK, BROWN | change]))["i0"][0] == MODEL


def test_a_photo_whose_color_is_not_known_is_not_color_driven(build_table):
    assert sort(build_table([PINK | {"color": ""}, BROWN]))["i0"][0] == MODEL


def test_further_than_nearly_all_right_answers_is_out_of_the_ordinary(build_table):
    """Right in valid lie at 0.00 to 1.00 in steps of 0.01: the limit is 0.95."""
    others = [RIGHT | {"split": "train"}] * 50
    table = build_table([RIGHT] * 101 + [WRONG] * 4 + others)
    scores = [*np.arange(101) / 100, 0.94, 0.96, 0.951, *[9.0] * 50]
    ids = [*table["image_id"][:104], *table["image_id"][105:]]  # one has no score
    outlier = pd.DataFrame({"image_id": ids, "outlier": scores})
    found = sort(table, outlier=outlier)

    assert [found[f"i{number}"][0] for number in range(101, 105)] == [MODEL, ODD, ODD, MODEL]
    assert found["i102"][1] == (
        "0.96 from its nearest training photos; 95 % of the right answers are within 0.95"
    )


def test_the_first_cause_that_applies_wins(build_table):
    """One image to which all apply; the causes are taken away one after the other."""
    table = build_table([PINK | {"prob": 0.6, "prob_label": 0.4}, BROWN])
    issues = build_issues({"image_id": "i0", "label_quality": 0.5} | SUSPECT)
    outlier = pd.DataFrame({"image_id": ["i0", "i1"], "outlier": [1.0, 0.0]})
    unsure = issues.assign(is_suspect=False)

    assert sort(table, issues=issues, outlier=outlier)["i0"][0] == LABEL
    assert sort(table, issues=unsure, outlier=outlier)["i0"][0] == UNCLEAR
    assert sort(table, outlier=outlier)["i0"][0] == COLOR
    alone = table.assign(product_id=["a", "b"])
    assert sort(alone, outlier=outlier)["i0"][0] == ODD
    assert sort(alone)["i0"][0] == MODEL


def test_causes_are_counted_by_products_with_intervals():
    causes = pd.DataFrame(
        {
            "product_id": ["a", "a", "b", "c", "d"],
            "cause": [MODEL, MODEL, MODEL, LABEL, COLOR],
        }
    )
    counts = count_causes(causes)
    model = count_rates(causes.assign(hit=causes["cause"] == MODEL), "hit").iloc[0]

    assert counts["cause"].tolist() == list(CAUSES)
    assert counts["n"].tolist() == [1, 0, 1, 0, 3]
    assert counts["share"].tolist() == [0.2, 0, 0.2, 0, 0.6]
    assert counts.loc[4, ["low", "high"]].tolist() == [model["low"], model["high"]]
    assert (counts["high"] > counts["low"]).all()


def test_no_error_at_all_has_no_shares():
    counts = count_causes(pd.DataFrame({"product_id": [], "cause": []}))

    assert counts["n"].tolist() == [0] * 5
    assert counts["share"].isna().all()
