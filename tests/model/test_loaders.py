import random
from collections import Counter

import numpy as np
import pytest
from small import small_config

from zapcls import model
from zapcls.config import Statistics

pytestmark = pytest.mark.slow

CODES = np.array([0, 1] * 14 + [0, -1])


@pytest.fixture
def numbered():
    """Return 30 photos; the left half of photo i is of the grey i, the right half white."""
    pixels = np.full((30, 32, 32, 3), 255, dtype=np.uint8)
    pixels[:, :, :16] = np.arange(30)[:, None, None, None]
    return pixels


@pytest.fixture
def split():
    return np.array(["train"] * 20 + ["tune"] * 6 + ["valid"] * 3 + ["none"])


@pytest.fixture
def gather_rows(torch):
    """A gather whose photos are their row numbers."""
    return lambda rows: torch.from_numpy(rows)


def build(pixels, split, torch, **settings):
    config = small_config(image_size=32, batch_size=8, **settings)
    return model.loaders.build_pixel_loaders(config, pixels, split, CODES, torch.device("cpu"))[0]


def list_epoch(loader):
    """Each photo of an epoch as (row, code, is mirrored), read from its own grey."""
    seen = []
    for images, codes in loader:
        red = (images[:, 0] * Statistics().std[0] + Statistics().mean[0]) * 255
        for image, code in zip(red, codes, strict=True):
            left, right = round(float(image[0, 0])), round(float(image[0, -1]))
            assert 255 in (left, right)
            seen.append((min(left, right), int(code), right != 255))
    return seen


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("drop_last", [False, True])
def test_the_shares_of_all_processes_are_the_batch(gather_rows, torch, count, drop_last):
    rows = np.arange(100, 130)

    def list_batches(rank, count):
        loader = model.loaders.RowLoader(
            gather_rows, rows, rows % 2, (rank, count), bs=8, shuffle=True, drop_last=drop_last
        )
        loader.rng = random.Random(4)
        return [(seen.tolist(), codes.tolist()) for seen, codes in loader]

    whole = list_batches(0, 1)
    shares = [list_batches(rank, count) for rank in range(count)]

    assert len(whole) == (3 if drop_last else 4)
    once = Counter(row for seen, _ in whole for row in seen)
    assert once.total() == len(once) == (24 if drop_last else 30)
    for number, (seen, _) in enumerate(whole):
        parts = [share[number] for share in shares]
        assert Counter(row for part, _ in parts for row in part) == Counter(seen)
        assert max(len(part) for part, _ in parts) - min(len(part) for part, _ in parts) <= 1
        assert all(codes == [row % 2 for row in part] for part, codes in parts)


def test_all_processes_have_one_order_and_random_changes_of_their_own(
    numbered, split, torch, monkeypatch
):
    orders, draws = [], []
    dls = build(numbered, split, torch)
    for rank, numbers in (("0", (5, 1, 2)), ("1", (5, 1, 2)), ("0", (5, 1, 2)), ("0", (5, 1, 3))):
        monkeypatch.setenv("RANK", rank)
        model.loaders.seed_batches(dls, *numbers)
        draws.append((torch.rand(1).item(), np.random.random()))
        orders.append([row for row, _, _ in list_epoch(dls.train)])

    assert orders[0] == orders[1] == orders[2]
    assert orders[0] != orders[3]
    assert draws[0] == draws[2]
    assert len(set(draws)) == 3


def test_a_mirrored_photo_is_turned_left_to_right_and_is_otherwise_the_same(
    draw_pixels, see_exactly, torch
):
    pixels, rows = draw_pixels(64), np.arange(64)
    photos = see_exactly(pixels, 40)

    images = model.loaders.PixelGather(pixels, 40, torch.device("cpu"), Statistics(), "flip")(rows)

    turned = 0
    for image, photo in zip(images, photos, strict=True):
        is_turned = not torch.allclose(image, photo, atol=1e-5)
        turned += is_turned
        torch.testing.assert_close(image, photo.flip(2) if is_turned else photo)
    assert 10 < turned < 54
    assert np.array_equal(pixels, draw_pixels(64))  # the store is as it was


def test_photos_that_lie_on_a_device_are_gathered_as_those_of_the_store(draw_pixels, torch):
    pixels, rows, cpu = draw_pixels(10), np.array([7, 0, 7, 3]), torch.device("cpu")

    stored = model.loaders.PixelGather(pixels, 32, cpu, Statistics())(rows)
    placed = model.loaders.PixelGather(torch.from_numpy(pixels), 32, cpu, Statistics())(rows)

    assert stored.shape == (4, 3, 32, 32)
    assert torch.equal(placed, stored)


def test_the_size_of_what_is_gathered_can_be_changed(draw_pixels, torch):
    gather = model.loaders.PixelGather(
        draw_pixels(4), 64, torch.device("cpu"), Statistics(), "standard"
    )
    sizes = []

    for gather.size in (32, 64, 32):
        sizes.append(tuple(gather(np.arange(4)).shape))

    assert sizes == [(4, 3, 32, 32), (4, 3, 64, 64), (4, 3, 32, 32)]


def test_train_and_tune_hold_their_own_rows(numbered, split, torch):
    dls = build(numbered, split, torch)

    train = list_epoch(dls.train)
    assert {row for row, _, _ in train} <= set(range(20))
    assert all(code == CODES[row] for row, code, _ in train)
    for _ in range(2):  # tune is in order and never mirrored
        assert list_epoch(dls.valid) == [(row, CODES[row], False) for row in range(20, 26)]


def test_train_is_shuffled_anew_each_epoch_in_full_batches(numbered, split, torch):
    dls = build(numbered, split, torch)

    first, second = ([row for row, _, _ in list_epoch(dls.train)] for _ in range(2))

    assert len(first) == len(set(first)) == 16  # two batches of 8; the four left over wait
    assert first != sorted(first)
    assert first != second


def test_a_training_smaller_than_a_batch_is_one_batch(numbered, torch):
    split = np.array(["train"] * 5 + ["tune"] * 25)

    assert len(list_epoch(build(numbered, split, torch).train)) == 5


@pytest.mark.parametrize(("augmentation", "turns"), [("none", False), ("flip", True)])
def test_only_an_augmented_training_is_mirrored(numbered, split, torch, augmentation, turns):
    dls = build(numbered, split, torch, augmentation=augmentation)

    seen = [turned for _ in range(3) for _, _, turned in list_epoch(dls.train)]

    assert any(seen) == turns
    assert not all(seen)


def test_the_standard_changes_are_for_train_only(draw_pixels, see_exactly, split, torch):
    pixels = draw_pixels(30, 32)
    dls = build(pixels, split, torch, augmentation="standard")

    tune, _ = dls.valid.one_batch()
    torch.testing.assert_close(tune.as_subclass(torch.Tensor), see_exactly(pixels[20:26], 32))
    train, _ = dls.train.one_batch()
    assert train.shape == (8, 3, 32, 32)
    photos = see_exactly(pixels[:20], 32)
    seen = torch.cat([photos, photos.flip(3)]).flatten(1)  # mirroring alone is no such change
    given = train.as_subclass(torch.Tensor).flatten(1)
    nearest = (given[:, None] - seen[None]).abs().amax(2).amin(1)
    assert (nearest > 0.01).any()


def test_features_are_drawn_from_the_views_of_their_own_row(torch):
    views = [np.arange(6, dtype=np.float16).reshape(3, 2) + 100 * view for view in range(3)]
    gather = model.loaders.FeatureGather(views)
    rows = np.tile([2, 0], 300)

    features = gather(rows)

    assert features.dtype == torch.float32
    assert features.shape == (600, 2)
    drawn = (features[:, 0] // 100).int()
    expected = torch.from_numpy(2.0 * rows).float() + 100 * drawn
    assert torch.equal(features, torch.stack([expected, expected + 1], dim=1))
    assert (torch.bincount(drawn) > 150).all()
    assert not torch.equal(gather(rows), features)


def test_with_one_view_nothing_is_drawn(torch):
    torch.manual_seed(0)
    before = torch.get_rng_state()
    values = np.arange(6, dtype=np.float32).reshape(3, 2)

    features = model.loaders.FeatureGather([values])(np.array([1, 1, 0]))

    assert features.tolist() == [[2, 3], [2, 3], [0, 1]]
    assert torch.equal(torch.get_rng_state(), before)


def test_features_are_drawn_in_the_shares_of_their_views(torch):
    views = [np.full((1, 1), view, np.float32) for view in range(4)]
    torch.manual_seed(0)

    drawn = model.loaders.FeatureGather(views, [0.0, 0.2, 0.2, 0.6])(np.zeros(10_000, int))

    counts = torch.bincount(drawn.flatten().int()) / 10_000
    assert counts.tolist() == pytest.approx([0, 0.2, 0.2, 0.6], abs=0.02)


def test_even_shares_draw_as_no_shares_do(torch):
    views, rows = [np.full((1, 1), view, np.float32) for view in range(2)], np.zeros(50, int)
    drawn = []
    for shares in ((), (0.5, 0.5)):
        torch.manual_seed(0)
        drawn.append(model.loaders.FeatureGather(views, shares)(rows).flatten().tolist())
    assert drawn[0] == drawn[1]


def test_weights_are_those_of_the_very_photos_and_of_train_alone(gather_rows, split, torch):
    weights = np.arange(20, dtype=np.float32) / 10
    cpu = torch.device("cpu")

    dls = model.loaders.build_loaders(gather_rows, gather_rows, split, CODES, 8, cpu, weights)

    for rows, codes, weight in dls.train:
        assert codes.tolist() == CODES[rows].tolist()
        assert torch.equal(weight, rows / 10)
    assert all(len(batch) == 2 for batch in dls.valid)
    assert dls.n_inp == 1
    plain = model.loaders.build_loaders(gather_rows, gather_rows, split, CODES, 8, cpu)
    assert all(len(batch) == 2 for batch in plain.train)
