"""The views of a frozen body: which there are, how often, and what each is made of."""

import numpy as np
import pytest
from small import small_config

from zapcls import model
from zapcls.config import Statistics, build_config

pytestmark = pytest.mark.slow


def list_names(**settings):
    return {
        view.name: share for view, share in model.views.list_views(build_config(**settings)).items()
    }


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"views": 4, "augmentation": "none"}, {"plain": 1}),
        ({"views": 1}, {"plain": 1}),
        ({"views": 4}, {"plain": 0.5, "mirrored": 0.5}),
        ({"views": 2, "augmentation": "standard"}, {"plain": 0.5, "mirrored": 0.5}),
        (
            {"views": 4, "augmentation": "standard"},
            dict.fromkeys(["plain", "mirrored", "standard-2", "standard-3"], 0.25),
        ),
        (
            {"views": 3, "augmentation": "wide"},
            dict.fromkeys(["plain", "mirrored", "wide-2"], 1 / 3),
        ),
        (
            {"views": 2, "grayscale_share": 0.4},
            {"plain": 0.3, "mirrored": 0.3, "plain-gray": 0.2, "mirrored-gray": 0.2},
        ),
        (
            {"views": 1, "recolor_share": 0.5, "grayscale_share": 0.25},
            {"plain": 0.25, "plain-gray": 0.25, "plain-recolored": 0.5},
        ),
        (
            {"views": 2, "hue_jitter": 0.1},
            {"plain": 0, "plain-turned-0.1-0": 0.5, "mirrored-turned-0.1-1": 0.5},
        ),
        (
            {"views": 3, "hue_jitter": 0.1, "augmentation": "none", "grayscale_share": 0.4},
            {"plain": 0, **{f"plain-turned-0.1-{k}": 0.2 for k in range(3)}, "plain-gray": 0.4},
        ),
        (
            {"views": 3, "augmentation": "standard", "hue_jitter": 0.5, "recolor_share": 0.7},
            {
                "plain": 0, "plain-turned-0.5-0": 0.1, "mirrored-turned-0.5-1": 0.1,
                "standard-2-turned-0.5-2": 0.1, "plain-recolored": 0.7 / 3,
                "mirrored-recolored": 0.7 / 3, "standard-2-recolored": 0.7 / 3,
            },
        ),
        (
            {"views": 2, "recolor_share": 0.3, "grayscale_share": 0.7, "augmentation": "none"},
            {"plain": 0, "plain-recolored": 0.3, "plain-gray": 0.7},
        ),
    ],
)  # fmt: skip
def test_the_views_and_their_shares(settings, expected):
    names = list_names(**settings)

    assert next(iter(names)) == "plain"
    assert names == pytest.approx(expected)
    assert sum(names.values()) == pytest.approx(1)


def test_views_that_show_the_same_have_one_name_and_no_others():
    """What is kept is found again under other shares, and never taken for something else."""
    gray, more = list_names(grayscale_share=0.1), list_names(grayscale_share=0.9)
    assert set(gray) == set(more)
    little, much = list_names(hue_jitter=0.05), list_names(hue_jitter=0.5)
    assert set(little) & set(much) == {"plain"}
    assert set(list_names(hue_jitter=0.1)) < set(list_names(hue_jitter=0.1, views=5))


@pytest.fixture
def see(draw_pixels, torch):
    """Return a function that shows photos, or another's copy of them, in a view."""
    config = small_config(image_size=40)

    def show(rows, *fields, photos=12):
        view = model.views.View(*fields)
        arrays = draw_pixels(photos), draw_pixels(photos, seed=1)
        return model.views.build_view(view, *arrays, config, torch.device("cpu"))(np.array(rows))

    return show


ROWS = [0, 3, 7, 11]


def test_a_view_changes_color_and_shape_alone_or_together(see, draw_pixels, torch):
    photos, copies = (
        torch.from_numpy(draw_pixels(12, seed=seed)[ROWS]).permute(0, 3, 1, 2) / 255
        for seed in (0, 1)
    )
    gray = model.color_changes.find_luma(photos).repeat(1, 3, 1, 1)
    for fields, images in [
        (("plain",), photos),
        (("mirrored",), photos.flip(3)),
        (("plain", "gray"), gray),
        (("mirrored", "gray"), gray.flip(3)),
        (("plain", "recolored"), copies),
        (("mirrored", "recolored"), copies.flip(3)),
    ]:
        torch.testing.assert_close(
            see(ROWS, *fields), model.preprocess.Normalize(Statistics())(images), atol=1e-5, rtol=0
        )


def test_a_turn_follows_the_view_and_the_row_however_they_are_batched(see, torch):
    together = see(ROWS, "plain", "turned", 1, 0.3)
    torch.manual_seed(5)
    alone = torch.cat([see([row], "plain", "turned", 1, 0.3) for row in ROWS])
    other = see(ROWS, "plain", "turned", 2, 0.3)

    torch.testing.assert_close(together, alone)
    for plain, one, two in zip(see(ROWS, "plain"), together, other, strict=True):
        assert (one - plain).abs().max() > 0.01
        assert (one - two).abs().max() > 0.01


@pytest.mark.parametrize("shape", ["standard", "wide"])
def test_a_random_change_follows_the_view_and_the_row_however_they_are_batched(shape, see, torch):
    """Which rows are missing depends on earlier trainings; what a training sees must not."""
    rows = [0, 3, 31, 32, 40]
    together = see(rows, shape, "", 2, photos=41)
    alone = torch.cat([see([row], shape, "", 2, photos=41) for row in rows])
    other = see(rows, shape, "", 3, photos=41)

    assert torch.equal(together, alone)
    for one, two in zip(together, other, strict=True):
        assert (one - two).abs().max() > 0.01


def test_a_standard_change_is_the_same_in_gray(see, torch):
    own, gray = see(ROWS, "standard", "", 2), see(ROWS, "standard", "gray", 2)
    normalize = model.preprocess.Normalize(Statistics())
    levels = [
        model.color_changes.find_luma(images * normalize.std + normalize.mean).flatten()
        for images in (own, gray)
    ]
    assert float(torch.corrcoef(torch.stack(levels))[0, 1]) > 0.99
