"""How numbers are written, where a rounding would say something else."""

import math

import pytest

from zapcls.blocks import numbers


@pytest.mark.parametrize(
    ("p", "written"),
    [
        (0.0497, "0.0497"), (0.04999, "0.04999"), (0.05, "0.05"), (0.0503, "0.05"),
        (0.031, "0.031"), (0.2082, "0.21"), (1.2345e-7, "1.2e-07"), (0, "0"), (1, "1"),
        (math.nan, "–"),
    ],
)  # fmt: skip
def test_a_p_value_never_seems_to_cross_the_line_of_chance(p, written):
    assert numbers.p_value(p) == written
