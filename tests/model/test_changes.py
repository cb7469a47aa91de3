"""Random changes of whole batches of training photos."""

import pytest

from zapcls import model

pytestmark = pytest.mark.slow


@pytest.fixture
def batch(torch):
    """Four photos of 0..1: a dark square on white."""
    images = torch.ones(4, 3, 32, 32)
    images[:, :, 10:22, 10:22] = 0.2
    return images


def change(torch, name, batch, seed):
    from fastai.torch_core import TensorImage

    torch.manual_seed(seed)
    changes = model.changes.build_changes(name, model.changes.Chance())
    return changes(TensorImage(batch.clone())).as_subclass(torch.Tensor)


@pytest.mark.parametrize("name", ["standard", "wide"])
def test_each_photo_is_changed_in_a_way_of_its_own_that_follows_the_seed(name, batch, torch):
    one, again = (change(torch, name, batch, 0) for _ in range(2))

    assert torch.equal(one, again)
    assert not torch.equal(one, change(torch, name, batch, 1))
    assert not torch.allclose(one[0], one[1], atol=0.05)
    assert one.min() >= -1e-6
    assert one.max() <= 1 + 1e-6


def test_standard_changes_are_fastai_s_in_size_and_number(batch, torch):
    """fastai's own list takes no draws from outside, so its transforms are put together here."""
    from fastai.torch_core import TensorImage
    from fastai.vision.augment import aug_transforms
    from fasttransform import Pipeline

    torch.manual_seed(0)
    theirs = Pipeline(aug_transforms(do_flip=False, pad_mode="border"), split_idx=0)
    photos = batch[:1].repeat(2000, 1, 1, 1)
    changed = theirs(TensorImage(photos.clone())).as_subclass(torch.Tensor)
    own, other = (
        (images - photos).abs().mean(dim=(1, 2, 3)).quantile(torch.tensor([0.1, 0.5, 0.9]))
        for images in (change(torch, "standard", photos, 1), changed)
    )
    torch.testing.assert_close(own, other, rtol=0.1, atol=0)


def test_wide_changes_show_objects_smaller_and_on_gray_too(batch, torch):
    many = torch.cat([change(torch, "wide", batch, seed) for seed in range(50)])
    corners = many[:, :, [0, 0, -1, -1], [0, -1, 0, -1]].mean(dim=1)
    sizes = (many.mean(dim=1) < 0.6 * corners.amax(dim=1)[:, None, None]).float().mean(dim=(1, 2))

    on_gray = (corners.amin(dim=1) < 0.93).float().mean()
    assert 0.25 < on_gray < 0.6  # a plane of gray, where its corners came out dark enough
    whole = 12 * 12 / 32**2
    assert (sizes < 0.6 * whole).any()
    assert (sizes > 0.95 * whole).any()


@pytest.mark.parametrize("name", ["none", "flip"])
def test_an_augmentation_without_changes_has_none(name):
    assert model.changes.build_changes(name, model.changes.Chance()) is None
