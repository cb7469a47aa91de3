"""The detail's plain parts: the steps through a list, and the cut of a padded photo."""

import numpy as np
import pytest

from zapcls.ui.detail import find_steps
from zapcls.ui.evidence_view import crop

ORDER = ["a", "b", "c"]


@pytest.mark.parametrize(
    ("image_id", "last_place", "expected"),
    [
        ("a", 0, (None, "b", "**1** of 3")),
        ("b", 0, ("a", "c", "**2** of 3")),
        ("c", 9, ("b", None, "**3** of 3")),
        ("gone", 1, ("a", "b", "not among the 3")),  # b has come to its place
        ("gone", 0, (None, "a", "not among the 3")),
        ("gone", 3, ("c", None, "not among the 3")),
        ("gone", 9, ("c", None, "not among the 3")),  # the list became shorter
    ],
)
def test_the_steps_through_a_list(image_id, last_place, expected):
    assert find_steps(ORDER, image_id, last_place) == expected


def test_there_are_no_steps_in_an_empty_list():
    assert find_steps([], "a", 0)[:2] == (None, None)


@pytest.mark.parametrize(
    ("size", "rows", "columns"),
    [
        ((200, 100), slice(2, 6), slice(0, 8)),
        ((100, 200), slice(0, 8), slice(2, 6)),
        ((50, 50), slice(0, 8), slice(0, 8)),
    ],
)
def test_what_made_a_photo_a_square_is_cut_off(size, rows, columns):
    square = np.arange(64).reshape(8, 8)
    assert np.array_equal(crop(square, size), square[rows, columns])


def test_a_thread_keeps_a_line():
    assert crop(np.zeros((8, 8)), (1000, 1)).shape == (1, 8)
