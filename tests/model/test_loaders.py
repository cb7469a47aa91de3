import numpy as np
import pytest

from zapcls.config import build_config

pytestmark = pytest.mark.slow


@pytest.fixture
def numbered(draw_pixels):
    """Return 30 photos; the left half of photo i is of the grey i, the right half white."""
    pixels = np.full((30, 32, 32, 3), 255, dtype=np.uint8)
    pixels[:, :, :16] = np.arange(30)[:, None, None, None]
    return pixels


@pytest.fixture
def split():
    return np.array(["train"] * 20 + ["tune"] * 6 + ["valid"] * 3 + ["none"])


CODES = np.array([0, 1] * 14 + [0, -1])


def build(pixels, split, torch, **settings):
    from zapcls.model.loaders import build_loaders

    config = build_config("first-try", image_size=32, batch_size=8, **settings)
    return build_loaders(config, pixels, split, CODES, torch.device("cpu"))


def list_epoch(loader):
    """Each photo of an epoch as (row, code, is mirrored), read from its own grey."""
    from zapcls.model.architectures import MEAN, STD

    seen = []
    for images, codes in loader:
        red = (images[:, 0] * STD[0] + MEAN[0]) * 255
        for image, code in zip(red, codes, strict=True):
            left, right = round(float(image[0, 0])), round(float(image[0, -1]))
            assert 255 in (left, right)
            seen.append((min(left, right), int(code), right != 255))
    return seen


@pytest.mark.parametrize("mirror", [False, True])
def test_an_epoch_has_each_row_once_with_its_own_class(numbered, torch, mirror):
    from zapcls.model.loaders import StoreLoader

    rows = np.array([3, 4, 9, 12, 17, 20, 21])
    loader = StoreLoader(numbered, rows, rows % 2, mirror=mirror, bs=3, shuffle=True)

    for _ in range(2):
        batches = list(loader)
        assert [len(images) for images, _ in batches] == [3, 3, 1]
        pixels = torch.cat([images.as_subclass(torch.Tensor) for images, _ in batches])
        codes = torch.cat([codes.as_subclass(torch.Tensor) for _, codes in batches])
        assert pixels.dtype == torch.uint8
        seen = pixels.amin((1, 2, 3)).tolist()
        assert sorted(seen) == rows.tolist()
        assert codes.tolist() == [row % 2 for row in seen]


def test_a_mirrored_photo_is_turned_left_to_right_and_is_otherwise_the_same(draw_pixels, torch):
    from zapcls.model.loaders import StoreLoader

    pixels = draw_pixels(64)
    rows = np.arange(64)

    images, _ = StoreLoader(pixels, rows, rows, mirror=True, bs=64).one_batch()

    turned = 0
    for image, photo in zip(images.numpy(), pixels, strict=True):
        is_turned = not np.array_equal(image, photo)
        turned += is_turned
        assert np.array_equal(image, photo[:, ::-1] if is_turned else photo)
    assert 10 < turned < 54
    assert np.array_equal(pixels, draw_pixels(64))  # the store is as it was


def test_train_and_tune_hold_their_own_rows(numbered, split, torch):
    dls = build(numbered, split, torch)

    assert sorted(list_epoch(dls.train))[0][0] == 0
    assert {row for row, _, _ in list_epoch(dls.train)} <= set(range(20))
    assert [(row, code) for row, code, _ in list_epoch(dls.valid)] == [
        (row, CODES[row]) for row in range(20, 26)
    ]


def test_tune_is_in_order_and_never_mirrored(numbered, split, torch):
    dls = build(numbered, split, torch)

    for _ in range(2):
        assert [(row, turned) for row, _, turned in list_epoch(dls.valid)] == [
            (row, False) for row in range(20, 26)
        ]


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


def test_the_standard_changes_are_for_train_only(draw_pixels, split, torch):
    from zapcls.model.preprocess import Normalize, Resize

    pixels = draw_pixels(30, 32)
    dls = build(pixels, split, torch, augmentation="standard")

    tune, _ = dls.valid.one_batch()
    expected = Normalize()(Resize(32, 32)(torch.from_numpy(pixels[20:26])))
    torch.testing.assert_close(tune.as_subclass(torch.Tensor), expected)
    train, _ = dls.train.one_batch()
    assert train.shape == (8, 3, 32, 32)
    seen = Normalize()(Resize(32, 32)(torch.from_numpy(pixels[:20]))).flatten(1)
    nearest = torch.cdist(train.as_subclass(torch.Tensor).flatten(1), seen).amin(1)
    assert (nearest > 0.01).any()
