"""Near-duplicates: all pairs below the threshold, and none above it."""

import numpy as np
import pytest

from zapcls.data.duplicates import BLOCKS, find_groups, find_pairs, shrink


def test_a_photo_shrinks_to_what_its_blocks_have_on_white():
    side = 2 * BLOCKS
    pixels = np.full((2, side, side, 3), 255, dtype=np.uint8)
    pixels[1, :2, :2, 0] = [
        [255 - 10, 255 - 20],
        [255 - 30, 255 - 40],
    ]  # a red block
    pixels[1, -1, -1, 2] = 255 - 100  # a quarter of the blue of the last one

    [blank, drawn] = shrink(pixels, np.array([0, 1]))

    assert not blank.any()
    assert (len(drawn), np.count_nonzero(drawn)) == (BLOCKS * BLOCKS * 3, 2)
    assert drawn[0] == drawn[-1] == pytest.approx(np.sqrt(0.5))  # 25 levels each


def test_sides_that_are_no_multiple_of_the_blocks_are_read_too():
    pixels = np.full((1, 141, 141, 3), 77, dtype=np.uint8)

    [vector] = shrink(pixels, np.array([0]))

    np.testing.assert_allclose(vector, 1 / np.sqrt(len(vector)), rtol=1e-5)


def test_the_pairs_are_those_that_a_full_comparison_finds():
    rng = np.random.default_rng(0)
    base = rng.uniform(0, 255, size=(40, 300))
    copies = base + rng.normal(size=base.shape) * rng.uniform(1, 25, (40, 1))
    shrunk = np.concatenate([base, copies, np.zeros((2, 300))]).astype(np.float32)
    shrunk /= np.maximum(np.linalg.norm(shrunk, axis=1, keepdims=True), 1)
    apart = np.linalg.norm(shrunk[:, None] - shrunk[None], axis=2)
    near = np.argwhere(np.triu(apart <= 0.08, k=1)[:80, :80])

    pairs = find_pairs(shrunk, 0.08)

    assert {(int(a), int(b)) for a, b, _ in pairs} == {(int(a), int(b)) for a, b in near}
    assert 5 < len(near) < 35
    assert (np.diff(pairs["difference"]) >= 0).all()
    first, second, difference = pairs[-1]
    assert difference == pytest.approx(apart[first, second], rel=1e-4)


def test_a_pair_just_below_the_limit_is_found_and_one_just_above_is_not():
    angle = np.array([0, 0.0799, 0.0799 + 0.0802])  # so near, an arc is as long as its chord
    shrunk = np.column_stack([np.cos(angle), np.sin(angle)]).astype(np.float32)

    [(first, second, difference)] = find_pairs(shrunk, 0.08)

    assert (first, second) == (0, 1)
    assert difference == pytest.approx(0.0799, rel=1e-2)


@pytest.mark.parametrize("count", [0, 1, 3])
def test_blank_photos_have_no_partner(count):
    assert len(find_pairs(np.zeros((count, 12), dtype=np.float32))) == 0


def test_near_duplicates_of_near_duplicates_are_one_group_and_blank_photos_are_none():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 255, (9, 34, 34, 3), dtype=np.uint8)
    pixels[[2, 7]] = pixels[5]  # copies
    pixels[8] = np.clip(pixels[5].astype(int) + 1, 0, 255)  # nearly one
    pixels[[0, 4]] = 255  # blank: nothing says that they are the same
    rows = np.array([0, 2, 3, 4, 5, 7, 8])
    assert find_groups(pixels, rows).tolist() == [0, 2, 3, 4, 2, 2, 2]
