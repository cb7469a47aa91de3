import math
import os
import time
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from zapcls.answer.classify import classify, classify_targets, open_classifier
from zapcls.data.task import Task
from zapcls.errors import ZapError

CLASSES = ["Women", "Men"]
SURE = math.exp(4) / (math.exp(4) + 1)


@pytest.fixture
def classifier(color_run):
    return open_classifier(color_run)


def test_probabilities_and_embeddings_of_a_batch(classifier):
    images = np.zeros((3, 8, 8, 3), dtype=np.uint8)
    images[0, ..., 0] = 255  # red
    images[1, ..., 2] = 255  # blue

    logits, _ = classifier.answer(images)
    prob, embedding = classifier.predict(images)

    assert logits.dtype == np.float32
    assert logits == pytest.approx(np.array([[4, 0], [0, 4], [0, 0]]))
    assert prob.dtype == embedding.dtype == np.float32
    assert prob == pytest.approx(np.array([[SURE, 1 - SURE], [1 - SURE, SURE], [0.5, 0.5]]))
    assert embedding == pytest.approx(np.array([[255, 0, 0], [0, 0, 255], [0, 0, 0]]))


def test_a_photo_of_any_size_is_fitted_into_a_white_square(classifier, jpeg, tmp_path):
    (tmp_path / "red.jpg").write_bytes(jpeg((80, 40), (254, 0, 0)))

    answer = classify(classifier, CLASSES, tmp_path / "red.jpg")

    assert answer.pixels.shape == (8, 8, 3)
    assert (answer.pixels[[0, 1, -2, -1]] == 255).all()
    assert answer.pixels[4].astype(int) == pytest.approx(np.tile([254, 0, 0], (8, 1)), abs=2)
    # Half of the square is white: 4 x (254 + 255) / 2 / 255 and 4 x 255 / 2 / 255.
    assert answer.prob["Women"] == pytest.approx(1 / (1 + math.exp(2 - 4 * 254.5 / 255)), abs=0.01)
    assert list(answer.prob) == CLASSES
    assert answer.label == "Women"


def test_bytes_are_classified_as_the_file_is(classifier, jpeg, tmp_path):
    content = jpeg((20, 20), (0, 0, 254))
    (tmp_path / "blue.jpg").write_bytes(content)

    answer = classify(classifier, CLASSES, content, "blue.jpg")

    assert answer.label == "Men"
    assert answer.prob == classify(classifier, CLASSES, tmp_path / "blue.jpg").prob


def test_bytes_that_are_no_picture_are_named(classifier, refuses):
    with refuses("shoe.jpg", "is not one or is damaged"):
        classify(classifier, CLASSES, b"<html>", "shoe.jpg")


def test_a_run_without_a_model_is_a_sentence(color_run):
    color_run.onnx_path.unlink()

    with pytest.raises(ZapError, match=f"{color_run.run_id} has no exported model yet"):
        open_classifier(color_run)


def test_a_damaged_model_is_a_sentence(color_run):
    color_run.onnx_path.write_bytes(color_run.onnx_path.read_bytes()[:100])
    classifier = open_classifier(color_run)

    with pytest.raises(ZapError, match=r"model\.onnx must be a whole ONNX model.*zapcls evaluate "):
        _ = classifier.side


@pytest.mark.slow
def test_a_photo_of_the_catalogue_gets_the_prediction_of_its_run(trained):
    from zapcls.workspace.run_tables import read_predictions
    from zapcls.workspace.store import find_store

    run = trained.run
    store = find_store(trained.workspace, run.facts["catalogue_id"])
    table = read_predictions(run, trained.workspace).head(12)

    for row in table.itertuples():
        answer = classify(
            open_classifier(run), run.facts["classes"], store.find_image(row.image_path)
        )
        assert answer.prob[row.prediction] == pytest.approx(row.prob, abs=1e-3)
        assert np.array_equal(answer.pixels, store.pixels[row.row])


def test_a_label_is_given_from_its_threshold_on(classifier, jpeg):
    content = jpeg((20, 20), (128, 0, 0))  # 4 x 128 / 255 against 0: 88 %
    labels = [
        Task(f"color: {least}", ("red", "not red"), labels_of="color", threshold=least)
        for least in (0.85, 0.9)
    ]

    low, high = (classify_targets(classifier, [one], content)[one.target] for one in labels)

    assert (low.label, high.label) == ("red", "not red")
    assert low.prob == high.prob
    assert low.prob["red"] == pytest.approx(0.88, abs=0.01)


def test_many_visitors_and_photos_never_take_the_memory_of_all_at_once(classifier):
    """A session keeps the memory of the most that it was ever asked at once."""
    images = np.random.default_rng(0).integers(0, 256, (9, 8, 8, 3), dtype=np.uint8)
    whole = classifier._session.run(None, {"pixels": images})
    session, asked, busy, most = classifier._session, [], [0], [0]

    class Watched:
        get_outputs = session.get_outputs

        def run(self, outputs, given):
            busy[0] += 1
            most[0] = max(most[0], busy[0])
            asked.append(len(given["pixels"]))
            time.sleep(0.01)
            busy[0] -= 1
            return session.run(outputs, given)

    classifier.__dict__["_session"] = Watched()
    with ThreadPoolExecutor(12) as visitors:
        answers = list(visitors.map(classifier.answer, [images] * 12))

    assert max(asked) == 4
    assert most[0] <= os.cpu_count()
    for answer in answers:
        for part, expected in zip(answer, whole, strict=True):
            assert part == pytest.approx(expected)
