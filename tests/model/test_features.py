"""Features of frozen bodies: a network with a last stage, and one of timm without.

At 64 px the last maps have two by two places: their maximum is not their mean.
"""

import shutil

import numpy as np
import pytest
from filelock import FileLock
from small import small_config

from zapcls import model
from zapcls.errors import Stopped
from zapcls.progress import silent

pytestmark = pytest.mark.slow

STAGED, PLAIN = "mobilenet_v3_small", "lcnet_050"
ALL = np.arange(64)
TRAIN = ALL[:48]


@pytest.fixture
def photos(draw_pixels):
    return draw_pixels(64, 64)


@pytest.fixture
def freeze(photos, weights_file, tmp_path, torch):
    """Return a function that builds the frozen body of a training."""

    def build(arch=STAGED, seed=0, progress=silent, **settings):
        weights = weights_file(arch, seed, photos)
        defaults = {"arch": arch, "image_size": 64, "weights": weights, "augmentation": "none"}
        config = small_config(**(defaults | settings))
        body = model.learner.build_network(arch, weights, 2)[0].eval()
        cpu = torch.device("cpu")
        return body, model.features.FrozenBody(
            config, body, photos, tmp_path / "bodies", cpu, progress
        )

    return build


@pytest.fixture
def see(photos, see_exactly):
    """Return a function that makes of photos what a body sees."""
    return lambda rows: see_exactly(photos[rows], 64)


@pytest.fixture
def small_batches(monkeypatch):
    monkeypatch.setattr(model.features, "_BATCH", {"cpu": 8})


@pytest.fixture
def computed(monkeypatch):
    """The number of photos in each batch that an engine computes."""
    sizes = []
    answer = model.features.OnnxEngine.__call__

    def answer_and_count(self, images):
        if len(images) != 2:  # the probe
            sizes.append(len(images))
        return answer(self, images)

    monkeypatch.setattr(model.features.OnnxEngine, "__call__", answer_and_count)
    return sizes


def pool(maps, torch):
    """As fastai's head does: the maximum and the mean of each channel."""
    return torch.cat([maps.amax((2, 3)), maps.mean((2, 3))], dim=1).numpy()


def is_close(values, expected):
    assert values.shape == expected.shape
    return np.abs(values - expected).max() <= model.features.TOLERANCE * max(
        1.0, np.abs(expected).max()
    )


@pytest.mark.parametrize("arch", [STAGED, PLAIN])
def test_the_first_view_is_what_the_body_makes_of_the_photos(freeze, see, torch, arch):
    body, frozen = freeze(arch)

    [features] = frozen.read(model.features.POOLED, ALL, TRAIN)

    with torch.no_grad():
        expected = pool(body(see(ALL)), torch)
    assert expected.std(axis=0).max() > 0.01
    assert features.dtype == np.float32
    assert is_close(features, expected)


def test_the_maps_are_what_enters_the_last_stage(freeze, see, torch):
    body, frozen = freeze()

    [maps] = frozen.read(model.features.MAPS, ALL, TRAIN)

    front, last = model.architectures.split_stages(body)
    with torch.no_grad():
        expected = front(see(ALL))
        assert maps.dtype == np.float16
        assert is_close(maps, expected.numpy().astype(np.float16))
        [features] = frozen.read(model.features.POOLED, ALL, TRAIN)
        assert is_close(features, pool(last(expected), torch))


def test_maps_that_will_be_needed_come_out_of_the_same_pass(freeze, computed):
    _, frozen = freeze()

    frozen.read(model.features.POOLED, ALL, TRAIN, will_need_maps=True)
    assert sum(computed) == len(ALL)
    [maps] = frozen.read(model.features.MAPS, ALL, TRAIN)
    assert sum(computed) == len(ALL)
    assert maps.any(axis=(1, 2, 3)).all()


def test_the_second_view_is_that_of_mirror_images(freeze, see, torch):
    body, frozen = freeze(augmentation="flip", views=2)

    _, mirrored = frozen.read(model.features.POOLED, ALL, TRAIN)

    with torch.no_grad():
        expected = pool(body(see(TRAIN).flip(3)), torch)
    assert is_close(mirrored[TRAIN], expected)


def test_random_views_differ_from_each_other_and_are_the_same_when_drawn_again(
    freeze, torch, small_batches
):
    _, frozen = freeze(PLAIN, augmentation="standard", views=4)
    first = [np.array(view) for view in frozen.read(model.features.POOLED, ALL, TRAIN)]
    shutil.rmtree(frozen.folder)
    torch.manual_seed(99)

    again = frozen.read(model.features.POOLED, ALL, TRAIN)

    assert len(first) == len(again) == 4
    for number, (one, other) in enumerate(zip(first, again, strict=True)):
        assert np.array_equal(one, other)
        assert all(np.abs(one - earlier)[TRAIN].max() > 0.01 for earlier in first[:number])


def test_only_what_is_asked_for_is_computed_and_only_once(freeze, computed):
    _, frozen = freeze(augmentation="flip")
    rows, train = np.array([3, 7, 40, 60]), np.array([3, 7, 40])

    plain, mirrored = frozen.read(model.features.POOLED, rows, train)

    assert computed == [4, 3]
    assert np.flatnonzero(plain.any(axis=1)).tolist() == rows.tolist()
    assert np.flatnonzero(mirrored.any(axis=1)).tolist() == train.tolist()
    frozen.read(model.features.POOLED, np.array([2, 3, 4, 5]), train)
    assert computed == [4, 3, 3]

    _, later = freeze(augmentation="flip")
    kept = later.read(model.features.POOLED, rows, train)[0]
    assert np.array_equal(kept[rows], plain[rows])
    assert computed == [4, 3, 3]


def test_an_interrupted_reading_keeps_what_was_done_and_goes_on(
    freeze, computed, small_batches, tmp_path
):
    def stop(phase, done, total, **detail):
        assert phase == f"{model.features.TITLE}, photos as they are"
        if done == 24:
            raise Stopped("Stopped as asked.")

    _, frozen = freeze(progress=stop)
    with pytest.raises(Stopped):
        frozen.read(model.features.POOLED, ALL, TRAIN)
    seen = []

    _, later = freeze(progress=lambda phase, done, total, **_: seen.append((done, total)))
    [features] = later.read(model.features.POOLED, ALL, TRAIN)

    assert computed == [8] * 8
    assert seen == [(8, 40), (16, 40), (24, 40), (32, 40), (40, 40)]
    features = np.array(features)
    shutil.rmtree(later.folder)
    _, undisturbed = freeze()
    assert np.array_equal(undisturbed.read(model.features.POOLED, ALL, TRAIN)[0], features)


def test_other_weights_another_size_and_another_network_have_folders_of_their_own(freeze):
    folders = [
        freeze(*network, **settings)[1].folder
        for network, settings in [
            ((STAGED, 0), {}),
            ((STAGED, 1), {}),
            ((STAGED, 0), {"image_size": 96}),
            ((PLAIN, 0), {}),
        ]
    ]

    assert len(set(folders)) == 4
    assert len({folder.parent for folder in folders}) == 1
    again = freeze(augmentation="flip", views=7, seed=0)[1].folder
    assert again == folders[0]


def test_features_are_those_of_the_weights_that_the_body_began_with(freeze, see, torch):
    body, frozen = freeze(unfrozen_part="last_stage")
    with torch.no_grad():
        expected = pool(body(see(ALL)), torch)
        for parameter in body[-1].parameters():  # as a training that is resumed has changed it
            parameter.add_(1.0)

    frozen.read(model.features.MAPS, ALL, TRAIN)

    assert is_close(frozen.read(model.features.POOLED, ALL, TRAIN)[0], expected)


def test_a_second_job_waits_until_the_first_has_left_the_folder(freeze):
    seen = []

    def watch(phase, done, total, **detail):
        seen.append(phase)
        lock.release()

    _, frozen = freeze(progress=watch)
    frozen.folder.mkdir(parents=True)
    lock = FileLock(frozen.folder / "lock")
    lock.acquire()

    frozen.read(model.features.POOLED, ALL, TRAIN)

    assert seen[0] == "Waiting for another job that computes the same features"
    assert len(seen) > 1


def test_a_job_that_waits_can_be_stopped(freeze):
    def stop(phase, done, total, **detail):
        raise Stopped("Stopped as asked.")

    _, frozen = freeze(progress=stop)
    frozen.folder.mkdir(parents=True)

    with FileLock(frozen.folder / "lock"), pytest.raises(Stopped):
        frozen.read(model.features.POOLED, ALL, TRAIN)

    assert [path.name for path in frozen.folder.iterdir()] == ["lock"]


def test_a_body_that_cannot_be_exported_is_computed_by_torch(freeze, see, torch, monkeypatch):
    def refuse(*_, **__):
        raise torch.onnx.OnnxExporterError("no such operation")

    monkeypatch.setattr(torch.onnx, "export", refuse)
    body, frozen = freeze()

    [features] = frozen.read(model.features.POOLED, ALL, TRAIN)

    assert not list(frozen.folder.glob("*.onnx*"))
    with torch.no_grad():
        assert is_close(features, pool(body(see(ALL)), torch))


def test_an_export_that_answers_otherwise_is_not_used(freeze, see, torch):
    _, other = freeze(seed=1)
    other.read(model.features.POOLED, ALL, TRAIN)
    body, frozen = freeze(seed=0)
    frozen.folder.mkdir(parents=True)
    shutil.copy(other.folder / "body.onnx", frozen.folder)

    [features] = frozen.read(model.features.POOLED, ALL, TRAIN)

    assert not list(frozen.folder.glob("*.onnx*"))
    with torch.no_grad():
        assert is_close(features, pool(body(see(ALL)), torch))


def test_an_export_that_is_cut_is_made_anew(freeze, see, torch):
    body, frozen = freeze()
    frozen.read(model.features.POOLED, TRAIN, TRAIN)
    path = frozen.folder / "body.onnx"
    path.write_bytes(path.read_bytes()[:1000])
    _, again = freeze()

    [features] = again.read(model.features.POOLED, ALL, TRAIN)

    assert path.stat().st_size > 1000
    with torch.no_grad():
        assert is_close(features, pool(body(see(ALL)), torch))
