"""What an error is put down to, of recolored photos of several classes."""

import pandas as pd
import pytest
from hand_made import HandMade

from zapcls.analysis.causes import COLOR, MODEL
from zapcls.data.task import Task
from zapcls.findings.causes import sort_errors

KINDS = Task("category", ("Boots", "Sandals", "Shoes"))


class Recolored(HandMade):
    """Evidence of predictions and of recolored photos, and of nothing else."""

    issues = verdicts = outliers = property(lambda self: None)
    recoloring = property(lambda self: self.recolored)


@pytest.mark.parametrize(
    ("answers", "cause"),
    [
        ({"hue": "Boots"}, COLOR),
        ({"hue": "Shoes"}, MODEL),  # wrong in another color too
        ({"hue": "Boots", "random": "Shoes"}, COLOR),
        ({"hue": "Boots", "random": "Boots"}, MODEL),  # any edit makes it right
        ({"hue": "Boots", "ground": "Boots"}, MODEL),
        ({"hue": ""}, MODEL),  # not reached, so not asked
        ({}, MODEL),
    ],
)
def test_the_color_is_to_blame_where_another_one_alone_makes_it_right(build_table, answers, cause):
    table = build_table([{"label": "Boots", "prediction": "Sandals", "prob": 0.9}])
    evidence = Recolored(table, task=KINDS)
    rows = {"identity": "Sandals"} | answers
    evidence.recolored = pd.DataFrame(
        {"image_id": "i0", "edit": list(rows), "prediction": list(rows.values())}
    )

    assert sort_errors(evidence)["cause"].tolist() == [cause]
