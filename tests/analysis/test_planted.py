"""Planted labels are counted among the labelled photos, and the suspects among them."""

import pandas as pd

from zapcls.analysis.planted import count_planted


def test_planted_labels_are_counted_where_the_photo_is_labelled_and_suspected():
    ids = ["a", "b", "c", "d"]
    table = pd.DataFrame({"image_id": ids, "catalog_label": ["Men", "Men", "", "Women"]})
    truth = pd.DataFrame(
        {"image_id": ids, "true_label": "Women", "wrong_label": [True, True, True, False]}
    )
    issues = pd.DataFrame({"image_id": ["a", "b", "d"], "is_suspect": [True, False, True]})

    planted = count_planted(table, truth, issues)

    assert planted.hidden["image_id"].to_list() == ["a", "b"]
    assert (planted.found, planted.suspects) == (1, 2)
