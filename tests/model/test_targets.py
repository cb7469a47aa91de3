"""Several targets on one network: the loss, the error rate, training, resuming and the export."""

from types import SimpleNamespace

import numpy as np
import pytest

import zapcls.model as model
from zapcls.answer.classify import Classifier
from zapcls.config import Statistics
from zapcls.errors import Stopped

SIZES = (2, 3)


@pytest.fixture(scope="module")
def both(halves):
    """The photos of `halves` with a second target: a third are unlabelled, the rest the half too.

    A label of the second target that counted where it is missing would be of class -1.
    """
    second = np.where(np.arange(64) % 3 == 0, -1, halves.codes + 1)
    codes = np.stack([halves.codes, second], axis=1)
    return SimpleNamespace(**(vars(halves) | {"codes": codes, "sizes": SIZES}))


@pytest.fixture
def batch(torch):
    """Logits of four photos, and codes of which the second target lacks two."""
    logits = torch.randn(4, 5, generator=torch.Generator().manual_seed(0)).requires_grad_()
    return logits, torch.tensor([[0, 2], [1, -1], [1, 0], [0, -1]])


def test_the_loss_is_the_mean_over_targets_of_what_is_labelled(torch, batch):
    logits, codes = batch
    cross_entropy = torch.nn.functional.cross_entropy

    found = model.targets.over_targets(cross_entropy, SIZES)(logits, codes)

    first = cross_entropy(logits[:, :2], codes[:, 0])
    second = cross_entropy(logits[[0, 2], 2:], codes[[0, 2], 1])
    assert torch.isclose(found, (first + second) / 2)


def test_a_missing_label_moves_nothing(torch, batch):
    logits, codes = batch

    model.targets.over_targets(torch.nn.functional.cross_entropy, SIZES)(logits, codes).backward()

    assert not logits.grad[[1, 3], 2:].any()
    assert logits.grad[[1, 3], :2].all()


def test_a_batch_without_a_label_has_no_loss(torch, batch):
    logits, codes = batch

    loss = model.targets.over_targets(torch.nn.functional.cross_entropy, SIZES)
    found = loss(logits, torch.full_like(codes, -1))
    found.backward()

    assert found == 0
    assert not logits.grad.any()


def test_the_error_rate_is_the_mean_of_the_targets_over_all_batches(torch):
    metric = model.targets.MeanErrorRate(SIZES)
    metric.reset()
    batches = [  # the predictions of each target, and the codes
        ([[0, 1], [0, 1]], [[0, 1], [1, -1]]),
        ([[1, 2]], [[1, 0]]),
    ]
    for called, codes in batches:
        parts = [torch.eye(size)[[row[t] for row in called]] for t, size in enumerate(SIZES)]
        metric.accumulate(SimpleNamespace(pred=torch.cat(parts, dim=1), yb=(torch.tensor(codes),)))

    assert metric.value == pytest.approx((1 / 3 + 1 / 2) / 2)


@pytest.mark.slow
def test_a_training_learns_every_target(build_recipe, both, read_curves):
    recipe = build_recipe(photos=both, unfrozen_epochs=20, unfrozen_lr=1e-2, augmentation="none")

    recipe.train()

    assert read_curves(recipe.folder)["tune_error_rate"].min() < 0.1


def test_a_stopped_training_of_several_targets_ends_as_an_undisturbed_one(
    build_recipe, build_in, both, read_weights, weights_file, tmp_path, torch
):
    settings = {
        "weights": weights_file("lcnet_050"), "frozen_epochs": 1, "unfrozen_epochs": 2,
        "unfrozen_part": "last_stage",
    }  # fmt: skip
    undisturbed = tmp_path / "undisturbed"
    build_in(undisturbed, photos=both, **settings).train()
    left = iter(range(5))

    def stop(phase, done, total, **detail):
        if phase.startswith("Training") and next(left, None) is None:
            raise Stopped("Stopped as asked.")

    with pytest.raises(Stopped):
        build_recipe(progress=stop, photos=both, **settings).train()
    state = build_recipe(photos=both, **settings).train().state_dict()

    weights = read_weights(undisturbed)
    assert all(torch.equal(state[key], value) for key, value in weights.items())


@pytest.mark.slow
def test_the_exported_model_has_an_output_a_target(torch, draw_pixels, tmp_path):
    torch.manual_seed(0)
    network = model.learner.build_network("lcnet_050", "none", sum(SIZES))
    classifier = model.preprocess.ShoeClassifier(network, 40, 32, Statistics()).eval()
    path, pixels = tmp_path / "model.onnx", draw_pixels(3, seed=1)

    model.export.export_onnx(classifier, draw_pixels(4), path, {"kind": 2, "heel height": 3})

    with torch.no_grad():
        expected = classifier(torch.from_numpy(pixels))[0].numpy()
    for target, part in (("kind", expected[:, :2]), ("heel height", expected[:, 2:])):
        logits, _ = Classifier(path, target).answer(pixels)
        np.testing.assert_allclose(logits, part, atol=1e-4)
    logits, _ = Classifier(path).answer(pixels)
    np.testing.assert_allclose(logits, expected, atol=1e-4)
