"""Each way to err by color: the figures of the groups for two classes, one way each for three."""

import pandas as pd
import pytest
from zapcls.analysis.color_ways import compare_ways, name_ways

from zapcls.analysis.groups import compare_groups


def shoes(*rows):
    """A row is (how many, color, label, prediction)."""
    names = ("color", "label", "prediction")
    return [dict(zip(names, row, strict=True)) for count, *row in rows for _ in range(count)]


def test_of_two_classes_an_error_is_the_other_way(build_table):
    table = build_table(
        shoes(
            (6, "pink", "Women", "Men"), (4, "pink", "Women", "Women"),
            (5, "black", "Women", "Men"), (25, "black", "Women", "Women"),
            (3, "pink", "Men", "Women"), (20, "black", "Men", "Men"),
        )
    )  # fmt: skip
    asked = (table, "valid", ["pink", "black"], ["Women", "Men"])
    ways = compare_ways(*asked, permutations=200).set_index(["color", "label"])
    groups = compare_groups(*asked, permutations=200).set_index(["color", "label"])

    named = name_ways(compare_groups(*asked, permutations=200), ["Women", "Men"])
    named = named.set_index(["color", "label"]).loc[ways.index, ways.columns]
    pd.testing.assert_frame_equal(named, ways)
    assert (ways["called"] != ways.index.get_level_values("label")).all()
    for name in ("n", "hits", "hits_others", "difference", "p", "p_holm", "detectable"):
        assert ways[name].to_dict() == pytest.approx(groups[name].to_dict())
    assert ways.loc[("pink", "Women"), "hits"] == 6
    assert ways["p_holm"].min() == pytest.approx(4 * ways["p"].min())


def test_of_three_classes_only_what_is_called_so_counts(build_table):
    table = build_table(
        shoes(
            (2, "pink", "Women", "Men"), (3, "pink", "Women", "Girls"),
            (5, "pink", "Women", "Women"), (1, "black", "Women", "Men"),
            (9, "black", "Women", "Women"), (4, "black", "Girls", "Women"),
        )
    )  # fmt: skip
    ways = compare_ways(table, "valid", ["pink", "black"], ["Women", "Men", "Girls"], 50)

    assert len(ways) == 2 * 3 * 2
    pink = ways[(ways["color"] == "pink") & (ways["label"] == "Women")].set_index("called")
    assert pink["hits"].to_dict() == {"Men": 2, "Girls": 3}
    assert pink["hits_others"].to_dict() == {"Men": 1, "Girls": 0}
    assert pink.loc["Men", "difference"] == pytest.approx(0.2 - 0.1)
    tried = ways["p"].notna()
    assert tried.sum() == 4  # women's of both colors, two ways; all girls' are black
    assert ways["p_holm"].notna().equals(tried)
