"""The evidence as one JSON object: the tables' figures, null for what is not known."""

import dataclasses
import json
import math

import pytest
from zapcls.report.listing import build_findings, write_findings

BY_COLOR = ["source", "color", "label", "n", "n_products", "error_rate", "low", "high"]


@pytest.fixture(scope="module")
def findings(full_evidence):
    return json.loads(json.dumps(build_findings(full_evidence), allow_nan=False))


def test_the_object_has_its_parts(findings):
    parts = ["association", "claim", "by_color", "adjusted", "recolor", "controls", "pairs"]
    assert list(findings) == [*parts, "missing"]
    assert list(findings["missing"]) == ["trade"]


def test_the_association_is_the_analysis_s_and_null_where_there_is_none(findings, full_evidence):
    found = full_evidence.association
    told = findings["association"]
    assert told["cramers_v"] == pytest.approx(found.cramers_v)
    assert told["n_products"] == found.n_products
    assert len(told["shares"]) == len(full_evidence.shares)
    unknown = dataclasses.replace(found, cramers_v=math.nan)
    changed = dataclasses.replace(full_evidence, association=unknown)
    assert build_findings(changed)["association"]["cramers_v"] is None


def test_each_color_and_label_has_a_row_a_source(findings, full_evidence):
    rows = findings["by_color"]
    assert all(list(row) == [*BY_COLOR, "p_adjusted"] for row in rows)
    assert [row["source"] for row in rows] == ["run"] * 22 + ["oof"] * 22
    for answers in full_evidence.answers:
        mine = [row for row in rows if row["source"] == answers.source]
        for row, (_, group) in zip(mine, answers.groups.iterrows(), strict=True):
            assert (row["color"], row["label"], row["n"]) == tuple(group[["color", "label", "n"]])
            if group["n"]:
                assert row["error_rate"] == pytest.approx(group["rate"])
                assert row["p_adjusted"] == pytest.approx(group["p_holm"])
            else:
                assert (row["error_rate"], row["low"], row["p_adjusted"]) == (None, None, None)


def test_the_odds_come_with_the_counts_of_their_fit(findings, full_evidence):
    found = full_evidence.answers[1].adjusted["Women"]
    rows = [r for r in findings["adjusted"] if (r["source"], r["label"]) == ("oof", "Women")]
    assert [row["color"] for row in rows] == found.odds["color"].tolist()
    assert rows[0]["fit"]["n_fitted"] == found.n_fitted
    assert rows[0]["fit"]["reference"] == found.reference


def test_recolored_photos_pairs_and_the_claim_are_there(findings, full_evidence):
    hue = next(r for r in findings["recolor"] if (r["to"], r["label"]) == ("red", "Women"))
    assert (hue["edit"], hue["n"], hue["flip_rate"]) == ("hue", 2, 0.5)
    assert hue["shift"] == pytest.approx(-0.2)
    assert {row["edit"]: row["flip_rate"] for row in findings["controls"]} == {
        "identity": 0, "hue": 0.5, "random": 0, "ground": 0,
    }  # fmt: skip
    assert len(findings["pairs"]) == sum(len(a.pairs) for a in full_evidence.answers)
    mine, others, *_ = findings["claim"]
    assert (mine["color"], others["color"], mine["called"]) == ("pink", "not pink", "Men")


def test_what_has_not_been_asked_is_empty_and_says_why(evidence):
    findings = build_findings(evidence)
    assert (findings["recolor"], findings["controls"]) == ([], [])
    assert "No shoe has been recolored" in findings["missing"]["recolor"]
    assert {row["source"] for row in findings["by_color"]} == {"run"}


def test_a_person_reads_the_same_in_tables(evidence, full_evidence):
    text = write_findings(full_evidence)
    assert "**" not in text
    assert "no such shoes" in text
    assert "This run, valid: recolored photos" in text
    assert "No shoe has been recolored" in write_findings(evidence)
