"""What the sections say: the verdict on the claim, what cannot be said."""

import dataclasses

import pytest
from zapcls.report.blocks import Photos
from zapcls.report.color_sections import build_pairs_section, sum_up
from zapcls.words.colors import describe_reach

from zapcls.report.run_sections import build_limits


@pytest.mark.parametrize(
    ("run", "heads", "verdict"),
    [
        ((0.1, 0.02, 0.18, 0.01), (0.1, -0.02, 0.2, 0.01), "Yes."),
        ((-0.1, -0.18, -0.02, 0.01), (0, -0.1, 0.1, 1), "No, less often."),
        ((0.1, 0.02, 0.18, 0.06), (0.1, 0.02, 0.18, 0.06), "Not decidable at this n."),
        ((0.1, -0.02, 0.18, 0.01), (0.1, -0.02, 0.18, 0.01), "Not decidable at this n."),
        ((0.1, 0.02, 0.18, 0.01), (-0.1, -0.18, -0.02, 0.01), "Not decidable at this n."),
    ],
)
def test_the_claim_is_answered_where_p_and_interval_agree_and_the_sources_do_not_differ(
    full_evidence, run, heads, verdict
):
    columns = ["difference", "difference_low", "difference_high", "p_holm"]
    answers = []
    for found, figures in zip(full_evidence.answers, (run, heads), strict=True):
        ways = found.ways.astype(dict.fromkeys(columns, float))
        is_claim = (ways[["color", "label", "called"]] == ["pink", "Women", "Men"]).all(axis=1)
        ways.loc[is_claim, columns] = figures
        answers.append(dataclasses.replace(found, ways=ways))

    said = sum_up(dataclasses.replace(full_evidence, answers=answers))

    assert said.startswith(f"**{verdict}** This run, valid: ")
    assert "Out-of-fold, all photos: " in said


def test_products_whose_answer_changes_are_shown_as_pairs_of_photos(full_evidence, worked):
    section = build_pairs_section(full_evidence, worked.store)

    [photos] = [block for block in section.blocks if isinstance(block, Photos)]
    table = full_evidence.answers[1].table
    assert 0 < len(photos.pairs) <= 4
    for mine, other in photos.pairs:
        assert mine.lines[0] == other.lines[0]  # one product, one brand
        assert mine.lines[0] in set(table["brand"])
        assert mine.lines[1].startswith("pink, called ")
        called = {photo.lines[1].split(", ")[1] for photo in (mine, other)}
        assert called == {"called women's", "called men's"}


def test_small_groups_and_what_could_be_found_are_counted(full_evidence, worked):
    told = [block.text for block in build_limits(worked.run, full_evidence).blocks]

    for answers, said in zip(full_evidence.answers, told[1:3], strict=True):
        groups = answers.groups[answers.groups["n"] > 0]
        pink = groups[(groups["color"] == "pink") & (groups["label"] == "Women")].iloc[0]
        assert f"{groups['is_small'].sum()} of {len(groups)} groups" in said
        products = f"{pink['n_products']} pink women's products"
        assert describe_reach(pink["detectable"], products) in said
