import pandas as pd
import pytest

from zapcls import schema
from zapcls.analysis.decisions import (
    ANOTHER_LABEL,
    build_corrections,
    count_changes,
    count_outdated,
    find_conflicts,
    settle,
)

WRONG, MODEL, AMBIGUOUS, NO_SHOE = schema.MARKS
CLASSES = ("Women", "Men")


def decide(*rows):
    """Build decisions from (image, reviewer, mark[, right_label[, settles]]), a minute apart."""
    table = []
    for minute, row in enumerate(rows):
        image, reviewer, mark, right_label, settles = (*row, *("", False)[len(row) - 3 :])
        table.append(
            {
                "catalogue_id": "c", "image_id": image, "target": "gender", "label": "Women",
                "mark": mark, "right_label": right_label, "reviewer": reviewer,
                "note": f"{reviewer} on {image}" if reviewer != "Bo" else "",
                "decided_at": f"2026-01-02T10:{minute:02}:00.000000+00:00", "settles": settles,
            }
        )  # fmt: skip
    frame = pd.DataFrame(table, columns=list(schema.DECISIONS))
    return schema.conform(frame, schema.DECISIONS, "decisions")


def read_verdicts(decisions):
    """What each image came to: (mark, right_label), or "conflict"."""
    return {
        row.image_id: "conflict" if row.is_conflict else (row.mark, row.right_label)
        for row in settle(decisions).itertuples()
    }


def test_a_verdict_has_the_facts_of_its_decision():
    verdicts = settle(decide(("i1", "Ann", WRONG, "Men"), ("i0", "Bo", AMBIGUOUS)))

    assert list(verdicts.columns) == list(schema.VERDICTS)
    time = "2026-01-02T10:0{}:00.000000+00:00".format
    assert verdicts.to_numpy().tolist() == [
        ["i1", WRONG, "Men", "Ann on i1", "Ann", time(0), False],
        ["i0", AMBIGUOUS, "", "", "Bo", time(1), False],
    ]


def test_no_decision_is_no_verdict_no_conflict_and_no_correction():
    nothing = decide()

    assert settle(nothing).empty
    assert list(settle(nothing).columns) == list(schema.VERDICTS)
    assert find_conflicts(nothing).empty
    assert list(find_conflicts(nothing).columns) == list(schema.DECISIONS)
    assert list(build_corrections(settle(nothing), CLASSES).columns) == list(schema.CORRECTIONS)


def test_a_reviewer_s_latest_decision_counts_whatever_the_order_of_the_rows():
    decisions = decide(("i0", "Ann", WRONG, "Men"), ("i0", "Ann", MODEL), ("i1", "Ann", MODEL))

    assert read_verdicts(decisions) == {"i0": (MODEL, ""), "i1": (MODEL, "")}
    assert read_verdicts(decisions[::-1]) == read_verdicts(decisions)


def test_reviewers_that_agree_are_both_named():
    verdicts = settle(
        decide(("i0", "Ann", WRONG, "Men"), ("i0", "Bo", WRONG, "Men"), ("i0", "Cy", WRONG, "Men"))
    )

    [verdict] = verdicts.itertuples()
    assert (verdict.mark, verdict.right_label, verdict.is_conflict) == (WRONG, "Men", False)
    assert verdict.reviewers == "Ann, Bo, Cy"
    assert verdict.note == "Ann on i0; Cy on i0"
    assert verdict.decided_at.startswith("2026-01-02T10:02")


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ((WRONG, "Men"), (MODEL,)),
        ((WRONG, "Men"), (WRONG, ANOTHER_LABEL)),
        ((AMBIGUOUS,), (NO_SHOE,)),
    ],
)
def test_reviewers_that_disagree_in_mark_or_label_are_in_conflict(first, second):
    decisions = decide(
        ("i1", "Ann", MODEL), ("i0", "Ann", *first), ("i0", "Bo", *second), ("i1", "Bo", MODEL)
    )

    assert read_verdicts(decisions) == {"i0": "conflict", "i1": (MODEL, "")}
    [verdict] = settle(decisions).query("is_conflict").itertuples()
    assert (verdict.mark, verdict.right_label) == ("", "")
    assert verdict.reviewers == "Ann, Bo"
    conflicts = find_conflicts(decisions)
    assert conflicts["image_id"].tolist() == ["i0", "i0"]
    assert conflicts["reviewer"].tolist() == ["Ann", "Bo"]
    assert build_corrections(settle(decisions), CLASSES).empty


def test_a_reviewer_who_comes_round_ends_the_conflict():
    decisions = decide(("i0", "Ann", WRONG, "Men"), ("i0", "Bo", MODEL), ("i0", "Bo", WRONG, "Men"))

    assert read_verdicts(decisions) == {"i0": (WRONG, "Men")}
    assert find_conflicts(decisions).empty


CONFLICT = (("i0", "Ann", WRONG, "Men"), ("i0", "Bo", MODEL))


@pytest.mark.parametrize("who", ["Ann", "Cy"])
def test_a_decision_that_settles_overrules_all_before_it(who):
    decisions = decide(*CONFLICT, ("i0", who, AMBIGUOUS, "", True))

    assert read_verdicts(decisions) == {"i0": (AMBIGUOUS, "")}
    assert settle(decisions)["reviewers"].tolist() == [who]
    assert find_conflicts(decisions).empty


def test_what_is_decided_after_a_settlement_counts_again():
    settled = (*CONFLICT, ("i0", "Cy", MODEL, "", True))

    agrees = decide(*settled, ("i0", "Ann", MODEL))
    differs = decide(*settled, ("i0", "Ann", AMBIGUOUS))

    assert read_verdicts(agrees) == {"i0": (MODEL, "")}
    assert read_verdicts(differs) == {"i0": "conflict"}
    assert find_conflicts(differs)["reviewer"].tolist() == ["Cy", "Ann"]
    again = decide(*settled, ("i0", "Ann", AMBIGUOUS), ("i0", "Bo", NO_SHOE, "", True))
    assert read_verdicts(again) == {"i0": (NO_SHOE, "")}


def test_a_settlement_of_one_image_is_none_of_another():
    decisions = decide(*CONFLICT, ("i1", "Cy", MODEL, "", True))

    assert read_verdicts(decisions)["i0"] == "conflict"


def test_corrections_relabel_or_take_out_and_leave_the_rest():
    decisions = decide(
        ("i0", "Ann", WRONG, "Men"),
        ("i1", "Ann", WRONG, ANOTHER_LABEL),
        ("i2", "Ann", AMBIGUOUS),
        ("i3", "Ann", NO_SHOE),
        ("i4", "Ann", MODEL),
        ("i5", "Ann", WRONG, "Men"),
        ("i5", "Bo", MODEL),
    )

    corrections = build_corrections(settle(decisions), CLASSES)

    assert list(corrections.columns) == list(schema.CORRECTIONS)
    assert corrections.to_numpy().tolist() == [
        ["i0", "Men", WRONG],
        ["i1", "", WRONG],
        ["i2", "", AMBIGUOUS],
        ["i3", "", NO_SHOE],
    ]


def correct(*rows):
    return pd.DataFrame([(*row, WRONG) for row in rows], columns=list(schema.CORRECTIONS))


def test_changes_are_counted_by_split_against_what_the_run_was_told(build_table):
    table = build_table(
        [
            {"split": "train"},  # i0: Women
            {"split": "train"},
            {"split": "tune"},
            {"split": "valid"},
            {"split": "valid", "label": "Men"},
            {"split": "valid", "label": ""},  # i5: taken out by an earlier review
            {"split": "none", "label": ""},
        ]
    )
    corrections = correct(
        ("i0", "Men"), ("i1", ""), ("i2", "Men"), ("i3", "Women"), ("i4", ""), ("i5", ""),
        ("i6", "Men"), ("i9", "Men"),
    )  # fmt: skip

    changes = count_changes(table, corrections)

    assert changes.to_numpy().tolist() == [["train", 1, 1], ["tune", 1, 0], ["valid", 0, 1]]
    assert list(changes.columns) == ["split", "relabelled", "taken_out"]
    none = count_changes(table, correct())
    assert none[["relabelled", "taken_out"]].to_numpy().sum() == 0


def test_corrections_of_the_run_that_nobody_decides_any_more_are_counted(build_table):
    told = [{"label": "Men"}, {"label": ""}, {"label": "Women"}, {"label": "Men"}]
    table = build_table(told).assign(catalog_label=["Women", "Women", "Women", "Men"])

    assert count_outdated(table, correct()) == 2  # i0 and i1
    assert count_outdated(table, correct(("i1", ""), ("i2", "Men"))) == 1
