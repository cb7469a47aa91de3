"""What is gathered on color: each source once, with the figures of the analysis."""

import pandas as pd
import pytest
from reported_run import PERMUTATIONS
from zapcls.analysis.color_adjusted import fit_adjusted
from zapcls.analysis.color_bias import compare_color

from zapcls.analysis.groups import compare_groups
from zapcls.analysis.natural_pairs import build_pairs, compare_colors
from zapcls.data.color import BASIC_COLORS
from zapcls.data.labels import label_rows
from zapcls.workspace import checks
from zapcls.workspace.runs import read_predictions


def test_before_any_job_there_is_the_run_alone_and_a_sentence_for_each_job(evidence):
    assert [answers.source for answers in evidence.answers] == ["run"]
    assert evidence.claim == ("pink", "Women", "Men")
    assert list(evidence.missing) == ["oof", "recolor", "trade"]
    assert evidence.recolored is None
    assert evidence.trade is None


def test_the_heads_answer_for_all_photos_once_the_labels_are_checked(full_evidence, worked):
    run, heads = full_evidence.answers
    assert (run.name, heads.name) == ("this run, valid", "out-of-fold, all photos")
    kept = label_rows(worked.store.read_catalog(), worked.run.task)["kept"].sum()
    assert heads.groups["n"].sum() == kept > run.groups["n"].sum() > 0
    assert list(full_evidence.missing) == ["trade"]


@pytest.mark.parametrize("place", [0, 1])
def test_the_tables_are_those_of_the_analysis(full_evidence, worked, place):
    answers = full_evidence.answers[place]
    check = checks.find_check(worked.store, worked.run.train_config)
    table = (
        checks.read_predictions(check, worked.store)
        if place
        else read_predictions(worked.run, worked.workspace)
    )

    pd.testing.assert_frame_equal(answers.claim, compare_color(table, "pink", "Women", "Men"))
    groups = compare_groups(table, "valid", BASIC_COLORS, ["Women", "Men"], PERMUTATIONS)
    pd.testing.assert_frame_equal(answers.groups, groups)
    pd.testing.assert_frame_equal(answers.pairs, compare_colors(build_pairs(table)))
    for label, found in answers.adjusted.items():
        pd.testing.assert_frame_equal(found.odds, fit_adjusted(table, "valid", label).odds)


def test_the_labels_shares_of_a_color_add_up(evidence):
    sums = evidence.shares.groupby("color")["rate"].sum()
    assert sums.to_dict() == pytest.approx({"black": 1, "pink": 1, "brown": 1})
    pink = evidence.shares.set_index(["color", "label"])["rate"]["pink"]
    assert pink.to_dict() == {"Women": 1, "Men": 0}


def test_recolored_photos_are_summed_up(full_evidence):
    recolored = full_evidence.recolored
    first = recolored.flips.iloc[0]
    assert (first["edit"], first["n"], first["flips"]) == ("hue", 2, 1)
    assert set(recolored.controls["edit"]) == {"identity", "hue", "random", "ground"}
    red = recolored.reached.query("edit == 'hue' and to == 'red'").iloc[0]
    assert (red["tried"], red["reached"]) == (3, 2)
