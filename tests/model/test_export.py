import numpy as np
import pytest

from zapcls import model
from zapcls.answer.classify import Classifier
from zapcls.config import Statistics
from zapcls.errors import ZapError

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def classifier(torch, draw_pixels):
    """A small network whose BatchNorm has seen some photos; 40 px in the store, 32 px seen."""
    torch.manual_seed(0)
    network = model.learner.build_network("lcnet_050", "none", 3)
    classifier = model.preprocess.ShoeClassifier(network, 40, 32, Statistics())
    for seed in range(3):
        classifier(torch.from_numpy(draw_pixels(16, seed=seed)))
    return classifier.eval()


@pytest.fixture(scope="module")
def exported(classifier, draw_pixels, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "model.onnx"
    difference = model.export.export_onnx(classifier, draw_pixels(8), path, {"kind": 3})
    return path, difference


def test_the_export_is_one_file_and_says_how_far_it_is_off(exported):
    path, difference = exported

    assert [file.name for file in path.parent.iterdir()] == ["model.onnx"]
    assert 0 <= difference < 1e-5


@pytest.mark.parametrize("n", [1, 2, 7])
def test_onnx_answers_as_torch_at_any_batch_size(classifier, exported, draw_pixels, torch, n):
    pixels = draw_pixels(n, seed=10 + n)

    prob, embedding = Classifier(exported[0]).predict(pixels)

    with torch.no_grad():
        logits, expected = classifier(torch.from_numpy(pixels))
    assert prob.shape == (n, 3)
    assert prob.dtype == embedding.dtype == np.float32
    assert prob == pytest.approx(torch.softmax(logits, dim=1).numpy(), abs=1e-4)
    assert embedding == pytest.approx(expected.numpy(), abs=1e-4)
    assert prob.sum(axis=1) == pytest.approx(np.ones(n), abs=1e-6)


@pytest.mark.parametrize("by_onnx", [False, True])
def test_a_prediction_pass_keeps_the_order_of_the_rows(
    classifier, exported, draw_pixels, torch, monkeypatch, by_onnx
):
    monkeypatch.setattr(model.predict, "_CPU_BATCH", 2)
    pixels, rows, seen = draw_pixels(20), np.array([17, 3, 3, 0, 11]), []

    logits, embeddings = model.predict.predict(
        None if by_onnx else classifier,
        pixels,
        rows,
        torch.device("cpu"),
        exported[0] if by_onnx else None,
        progress=lambda phase, done, total, **_: seen.append((done, total)),
    )

    with torch.no_grad():
        expected, expected_embeddings = classifier(torch.from_numpy(pixels[rows]))
    tolerance = 1e-4 if by_onnx else 1e-5
    assert logits == pytest.approx(expected.numpy(), abs=tolerance)
    assert embeddings == pytest.approx(expected_embeddings.numpy(), abs=tolerance)
    assert logits.dtype == embeddings.dtype == np.float32
    assert seen == [(2, 5), (4, 5), (5, 5)]


def test_an_export_that_answers_otherwise_is_refused(
    classifier, draw_pixels, tmp_path, monkeypatch
):
    answer = Classifier.predict

    def answer_otherwise(self, images):
        prob, embedding = answer(self, images)
        return prob[::-1] + 0.01, embedding

    monkeypatch.setattr(model.export.Classifier, "predict", answer_otherwise)

    with pytest.raises(ZapError, match=r"within 0\.001, but differs by"):
        model.export.export_onnx(classifier, draw_pixels(4), tmp_path / "model.onnx", {"kind": 3})
