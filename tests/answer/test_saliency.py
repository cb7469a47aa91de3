"""The map of what a model looks at: where the model weighs, and changing with its weights."""

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper, numpy_helper
from scipy.stats import spearmanr

from zapcls.answer import saliency
from zapcls.answer.classify import Classifier
from zapcls.answer.saliency import AGAINST, FOR, MIN_REACH, draw, occlusion, prob_covered

SIDE = 24


def build_model(path, weights):
    """Write a model whose logits are weighted sums of the pixels' darkness, 0..1, in each place.

    `weights` is (classes, SIDE, SIDE).
    """
    flat = weights.reshape(len(weights), -1).T.repeat(3, axis=0) / 3
    constants = {
        "white": np.float32(1),
        "scale": np.float32(255),
        "shape": np.array([-1, SIDE * SIDE * 3]),
        "weights": flat.astype(np.float32),
    }
    nodes = [
        helper.make_node("Cast", ["pixels"], ["floats"], to=TensorProto.FLOAT),
        helper.make_node("Div", ["floats", "scale"], ["light"]),
        helper.make_node("Sub", ["white", "light"], ["dark"]),
        helper.make_node("Reshape", ["dark", "shape"], ["embedding"]),
        helper.make_node("MatMul", ["embedding", "weights"], ["logits"]),
    ]
    graph = helper.make_graph(
        nodes,
        "places",
        [helper.make_tensor_value_info("pixels", TensorProto.UINT8, ["batch", SIDE, SIDE, 3])],
        [
            helper.make_tensor_value_info("logits", TensorProto.FLOAT, ["batch", len(weights)]),
            helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["batch", "width"]),
        ],
        [numpy_helper.from_array(np.asarray(value), name) for name, value in constants.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    onnx.save(helper.make_model(graph, opset_imports=opset, ir_version=10), path)
    return Classifier(path)


@pytest.fixture
def photo():
    """White, with a dark square at the upper left and one at the lower right."""
    image = np.full((SIDE, SIDE, 3), 255, dtype=np.uint8)
    image[3:9, 3:9] = 0
    image[15:21, 15:21] = 0
    return image


@pytest.fixture
def model(tmp_path):
    """Dark pixels of the upper half speak for class 0, those of the lower half for class 1."""
    weights = np.zeros((2, SIDE, SIDE))
    weights[0, : SIDE // 2] = 0.1
    weights[1, SIDE // 2 :] = 0.1
    return build_model(tmp_path / "model.onnx", weights)


def test_it_is_positive_where_the_class_is_seen_and_negative_where_the_other_is(model, photo):
    evidence = occlusion(model, photo, 0)

    assert evidence.shape == (SIDE, SIDE)
    assert np.unravel_index(evidence.argmax(), evidence.shape)[0] < SIDE // 2
    assert evidence[3:9, 3:9].min() > 0
    assert evidence[15:21, 15:21].max() < 0
    assert evidence[3:9, 15:21] == pytest.approx(0)  # ground: covering it changes nothing
    np.testing.assert_allclose(evidence, -occlusion(model, photo, 1), atol=1e-5)


@pytest.fixture
def one_window(monkeypatch):
    """Let a window be so large that it covers the whole photo; returns how many are in a row."""
    monkeypatch.setattr(saliency, "WINDOW_SHARE", 4)
    return 1 / 4


def test_a_window_over_the_whole_photo_takes_all_the_evidence(model, photo, one_window):
    evidence = occlusion(model, photo, 0, one_window)

    photo[15:21] = 255  # 36 dark pixels of weight 0.1 remain, log-odds 3.6
    alone = occlusion(model, photo, 0, one_window)
    assert evidence == pytest.approx(0, abs=1e-5)  # before, the two squares balance
    assert alone == pytest.approx(3.6, abs=1e-4)


def test_with_three_classes_it_is_the_log_odds_against_the_two_others(tmp_path, photo, one_window):
    weights = np.zeros((3, SIDE, SIDE))
    weights[0] = 0.1
    model = build_model(tmp_path / "three.onnx", weights)

    evidence = occlusion(model, photo, 0, one_window)
    assert evidence == pytest.approx(7.2, abs=1e-4)  # log-odds 7.2 - log 2 become -log 2


def test_the_ground_may_be_of_any_color(model, photo):
    photo[photo == 255] = 200
    evidence = occlusion(model, photo, 0)

    assert evidence[3:9, 3:9].min() > 0
    assert evidence[3:9, 15:21] == pytest.approx(0)


def test_it_changes_with_the_weights_and_stays_with_the_model(tmp_path):
    """The sanity check of Adebayo et al. (2018)."""
    rng = np.random.default_rng(0)
    image = rng.integers(0, 200, (SIDE, SIDE, 3), dtype=np.uint8)
    image[[0, -1]] = image[:, [0, -1]] = 255
    weights = np.zeros((2, SIDE, SIDE))
    rows, columns = np.mgrid[:SIDE, :SIDE]
    weights[0] = np.sin(rows / 4) * np.cos(columns / 5)
    model = build_model(tmp_path / "model.onnx", weights)
    shuffled = rng.permutation(weights[0].ravel()).reshape(SIDE, SIDE)
    other = build_model(tmp_path / "shuffled.onnx", np.stack([shuffled, weights[1]]))

    first = occlusion(model, image, 0)
    assert np.array_equal(first, occlusion(Classifier(model.path), image, 0))
    rank = abs(spearmanr(first.ravel(), occlusion(other, image, 0).ravel()).statistic)
    assert rank < 0.3
    assert spearmanr(first.ravel(), -weights[0].ravel()).statistic < -0.5  # dark speaks for it


def test_about_170_windows_are_asked_and_those_on_the_ground_are_not(model, photo, monkeypatch):
    asked = []
    answer = Classifier.answer
    monkeypatch.setattr(
        Classifier, "answer", lambda self, images: asked.append(images) or answer(self, images)
    )
    occlusion(model, photo, 0)
    some = sum(map(len, asked)) - 1
    assert len(asked[0]) == 1
    asked.clear()

    photo[1:-1, 1:-1] = 0
    occlusion(model, photo, 0)
    every = sum(map(len, asked)) - 1
    assert 130 <= every <= 200
    assert some < 0.8 * every
    assert all(images.dtype == np.uint8 for images in asked)


def test_a_photo_of_another_size_is_refused(model, refuses):
    with refuses(f"{SIDE} x {SIDE} px", "(8, 8, 3)"):
        occlusion(model, np.zeros((8, 8, 3), dtype=np.uint8), 0)


def test_the_overlay_is_orange_for_and_purple_against_and_the_photo_in_gray_elsewhere():
    image = np.full((2, 2, 3), (255, 0, 0), dtype=np.uint8)
    overlay = draw(image, np.array([[2.0, -2.0], [0.0, 1.0]]))

    gray = np.array([76, 76, 76])
    full = np.rint(0.15 * 0.299 * 255 + 0.85 * np.array([FOR, AGAINST]))
    assert overlay[0].tolist() == full.tolist()
    assert overlay[1, 0].tolist() == gray.tolist()
    assert np.abs(overlay[1, 1] - gray).sum() < np.abs(overlay[0, 0] - gray).sum()


def test_weak_evidence_is_drawn_pale():
    image = np.full((2, 2, 3), 255, dtype=np.uint8)
    strong = draw(image, np.full((2, 2), MIN_REACH))
    weak = draw(image, np.full((2, 2), MIN_REACH / 10))

    assert weak.min() > 220 > strong.min()


def test_the_probability_with_the_strongest_place_covered():
    evidence = np.array([[np.log(9.0), -1.0], [0.0, 0.0]])

    assert prob_covered(0.9, evidence) == pytest.approx(0.5)  # odds 9 to odds 1
    assert prob_covered(0.9, np.full((2, 2), -1.0)) == pytest.approx(0.9)  # nothing speaks for it
    assert 0 < prob_covered(1.0, evidence) < 1
