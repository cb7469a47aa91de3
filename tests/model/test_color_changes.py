"""Changes of color on pixels: what they keep and which photos they take; tune sees none."""

import colorsys

import numpy as np
import pytest
from small import small_config

from zapcls import model
from zapcls.config import Statistics, build_config

pytestmark = pytest.mark.slow

LUMA = np.array([0.299, 0.587, 0.114])


@pytest.fixture
def images(torch):
    """Eight photos of 40 px, all colors, with a white, a black and a gray corner."""
    images = torch.rand(8, 3, 40, 40, generator=torch.Generator().manual_seed(0))
    images[:, :, :5, :5], images[:, :, :5, -5:], images[:, :, -5:, :5] = 1, 0, 0.4
    return images


def find_luma(images):
    return np.tensordot(LUMA, images.numpy(), (0, 1))


def test_a_turned_hue_keeps_luma_and_what_has_no_hue(images, torch):
    turned = model.color_changes.turn_hue(images, torch.linspace(-0.5, 0.5, 8))

    assert turned.min() >= -1e-6
    assert turned.max() <= 1 + 1e-6
    assert np.abs(find_luma(turned) - find_luma(images)).max() < 2e-3
    for corner, value in ((turned[:, :, :5, :5], 1), (turned[:, :, -5:, :5], 0.4)):
        torch.testing.assert_close(corner, torch.full_like(corner, value))
    assert torch.equal(turned[:, :, :5, -5:], images[:, :, :5, -5:])  # black
    assert ((turned[:, :, :5, :5] * 255).round() == 255).all()  # white in bytes too
    changed = (turned - images).abs().amax(1)[:, 10:30, 10:30]
    assert (changed.mean((1, 2)) > 0.03).all()


def test_a_hue_goes_round_the_circle(torch):
    muted = torch.tensor([0.6, 0.45, 0.45])[:, None, None].repeat(13, 1, 1, 1).clone()
    muted = muted.reshape(13, 3, 1, 1)

    turned = model.color_changes.turn_hue(muted, torch.arange(13) / 12)[:, :, 0, 0]

    hues = np.unwrap([colorsys.rgb_to_hsv(*color)[0] for color in turned.tolist()], period=1)
    steps = np.diff(hues)
    assert (np.sign(steps) == np.sign(steps[0])).all()
    assert abs(hues[-1] - hues[0]) == pytest.approx(1, abs=1e-3)
    torch.testing.assert_close(turned[12], muted[0, :, 0, 0], atol=1e-3, rtol=0)
    # Half a turn is the other side: as far from gray, the other way.
    luma = float(LUMA @ muted[0, :, 0, 0].numpy())
    torch.testing.assert_close(turned[6] - luma, luma - muted[0, :, 0, 0], atol=1e-3, rtol=0)


def test_gray_is_the_luma_in_all_channels(images, torch):
    gray = torch.tensor([True] * 4 + [False] * 4)
    before = images.clone()

    changed = model.color_changes.change_colors(
        images,
        model.color_changes.ColorDraw(gray, torch.zeros(8, dtype=torch.bool), torch.zeros(8)),
    )

    for channel in range(3):
        assert np.abs(changed[:4, channel].numpy() - find_luma(before[:4])).max() < 1e-6
    assert torch.equal(changed[4:], before[4:])


def test_the_shares_are_of_all_photos_and_a_photo_is_changed_in_one_way(torch):
    torch.manual_seed(0)
    config = build_config(hue_jitter=0.2, grayscale_share=0.3, recolor_share=0.25)
    draw = model.color_changes.build_draw(config)(np.arange(20_000))

    assert float(draw.is_gray.float().mean()) == pytest.approx(0.3, abs=0.01)
    assert float(draw.is_recolored.float().mean()) == pytest.approx(0.25, abs=0.01)
    ways = torch.stack([draw.is_gray, draw.is_recolored, draw.turns != 0]).sum(0)
    assert (ways == 1).all()
    turns = draw.turns[draw.turns != 0]
    assert turns.abs().max() <= 0.2
    assert turns.min() < -0.19
    assert float(turns.mean()) == pytest.approx(0, abs=0.01)


def test_without_changes_nothing_is_drawn(torch):
    assert (
        model.color_changes.build_draw(
            build_config(color_weights="balanced", last_layer="balanced")
        )
        is None
    )


def build_loaders(pixels, torch, recolored=None, **settings):
    config = small_config(image_size=32, batch_size=8, augmentation="none", **settings)
    split = np.array(["train"] * 24 + ["tune"] * 6)
    codes = np.arange(30) % 2
    cpu = torch.device("cpu")
    return model.loaders.build_pixel_loaders(
        config, pixels, split, codes, cpu, recolored=recolored
    )[0]


def unnormalize(images, torch):
    mean, std = (torch.tensor(values).view(1, 3, 1, 1) for values in Statistics())
    return images.as_subclass(torch.Tensor) * std + mean


def number_photos(value=0):
    """Thirty colored photos; the blue of photo i is 5 x i, a corner is white."""
    pixels = np.full((30, 32, 32, 3), (200, 60, 0), np.uint8)
    pixels[..., 2] = 5 * np.arange(30)[:, None, None]
    pixels[..., 1] += value
    pixels[:, :4, :4] = 255
    return pixels


def test_train_is_changed_and_tune_never(torch):
    pixels = number_photos()
    dls = build_loaders(pixels, torch, grayscale_share=1)

    for images, _ in dls.train:
        assert float(np.ptp(unnormalize(images, torch).numpy(), axis=1).max()) < 1e-5
    photos = torch.from_numpy(pixels).permute(0, 3, 1, 2) / 255
    seen = torch.cat([unnormalize(images, torch) for images, _ in dls.valid])
    torch.testing.assert_close(seen, photos[24:], atol=1e-5, rtol=0)


def test_recolored_photos_are_the_copy_of_the_very_photo(torch):
    pixels, copy = number_photos(), number_photos(100)
    dls = build_loaders(pixels, torch, copy, recolor_share=0.5)

    greens = []
    for _ in range(3):
        for images, codes in dls.train:
            for image, code in zip(unnormalize(images, torch), codes, strict=True):
                _, green, blue = (image[:, -1, -1] * 255).round().int().tolist()
                assert blue // 5 % 2 == int(code)
                greens.append(green)
    assert set(greens) == {60, 160}
    assert 20 < greens.count(160) < 52


def test_changes_follow_the_seed_phase_and_epoch(torch):
    dls = build_loaders(
        number_photos(), torch, number_photos(100),
        hue_jitter=0.5, grayscale_share=0.2, recolor_share=0.2,
    )  # fmt: skip
    epochs = []
    for numbers in ((0, 1, 2), (0, 1, 2), (0, 1, 3)):
        model.loaders.seed_batches(dls, *numbers)
        epochs.append(torch.cat([images for images, _ in dls.train]))
    assert torch.equal(epochs[0], epochs[1])
    assert not torch.equal(epochs[0], epochs[2])
