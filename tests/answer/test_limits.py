"""Which answers are sure, which photos familiar, as a run's evaluation left it."""

from dataclasses import asdict

import numpy as np
import pytest
from fake_run import weigh_colors, write_onnx

from zapcls.analysis.familiarity import fit_reference
from zapcls.answer.classify import Answer
from zapcls.answer.limits import LIMITS, NETWORK, REFERENCE, describe, find_limits
from zapcls.config.priors import EVEN, LEARNED
from zapcls.data.task import Task
from zapcls.errors import Damaged, ZapError
from zapcls.workspace.layout import write_json
from zapcls.workspace.runs import Run

SIDE = 8
THRESHOLDS = {"0.05": {"Women": 0.7, "Men": None}, "0.2": {"Women": 0.5, "Men": 0.6}}


def paint(red, n=1):
    """Return photos of a red, no two of them alike."""
    reds = np.linspace(red - 20, red + 20, n) if n > 1 else [red]
    return np.array([np.full((SIDE, SIDE, 3), (value, 60, 60)) for value in reds], np.uint8)


def see(photos):
    features = photos.mean(axis=(1, 2), dtype=np.float32)
    return features, features @ weigh_colors()


@pytest.fixture
def run(tmp_path):
    """A run that learned red photos."""
    write_json(tmp_path / "task.json", Task("gender", ("Women", "Men")).to_json())
    write_json(tmp_path / "model.json", {})
    write_json(tmp_path / LIMITS, {"targets": {"gender": {"thresholds": THRESHOLDS}}})
    write_onnx(tmp_path / NETWORK, SIDE, embedding="features")
    reference = fit_reference(see(paint(200, 100)), see(paint(200, 60)))
    np.savez(tmp_path / REFERENCE, **asdict(reference))
    return Run(tmp_path)


def answer(label, prob, red=200):
    other = {"Women": "Men", "Men": "Women"}[label]
    return Answer(label, {label: prob, other: 1 - prob}, paint(red)[0])


def test_an_answer_is_sure_from_its_class_s_threshold_on(run):
    limits = find_limits(run)

    judged = limits.judge(answer("Women", 0.7), "gender")
    assert (judged.sure, judged.familiar, judged.label) == (True, True, "Women")
    assert not limits.judge(answer("Women", 0.69), "gender").sure
    assert limits.judge(answer("Women", 0.69), "gender", 0.2).sure
    assert not limits.judge(answer("Men", 0.99), "gender").sure
    assert describe(judged, run.task) == "sure"


def test_a_prior_changes_the_answers_where_the_shares_are_known(run):
    targets = {"gender": {"thresholds": THRESHOLDS, "shares": {"Women": 0.8, "Men": 0.2}}}
    likely = answer("Women", 0.75)
    assert find_limits(run).expect(likely, "gender", EVEN) == likely  # an older version's
    write_json(run.path / LIMITS, {"targets": targets})
    limits = find_limits(run)

    assert limits.expect(likely, "gender", LEARNED) == likely
    judged = limits.judge_all({"gender": likely}, 0.2, EVEN)["gender"]
    assert (judged.label, judged.sure) == ("Men", False)  # odds of 3 to 1, over 4 to 1
    assert limits.judge_all({"gender": likely}, 0.2)["gender"].sure


def test_a_photo_of_something_else_is_not_familiar_and_never_sure(run):
    judged = find_limits(run).judge(answer("Women", 0.99, red=0), "gender")

    assert (judged.sure, judged.familiar) == (False, False)
    assert describe(judged, run.task) == "this does not look like a shoe"
    photos = Task("kind", ("ant", "bee"), "photo", "photos")
    assert describe(judged, photos).endswith("like the photos that it learned from")


def test_a_run_of_an_older_version_knows_no_limits(run):
    (run.path / LIMITS).unlink()

    assert find_limits(run) is None
    assert describe(answer("Women", 0.9), run.task) == ""


@pytest.mark.parametrize("content", [b"", b"{"])
@pytest.mark.parametrize("file", [LIMITS, REFERENCE, NETWORK])
def test_a_damaged_file_is_a_sentence(run, file, content):
    (run.path / file).write_bytes(content)

    with pytest.raises((Damaged, ZapError), match=file):
        find_limits(run).judge(answer("Women", 0.9), "gender")
