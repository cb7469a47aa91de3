"""The pages on a run about several targets: the one that is chosen, in the sidebar and the URL."""

import shutil

import numpy as np
import pytest

from zapcls.answer import classify
from zapcls.ui import cache
from zapcls.workspace.run_tables import read_predictions


@pytest.fixture
def told(several, bare, monkeypatch):
    """The run about sub-category and gender, in a workspace that the app opens."""
    shutil.copytree(several.workspace.path, bare.path, dirs_exist_ok=True)
    return several.run


def test_the_target_is_chosen_in_the_sidebar_and_kept_in_the_url(told, open_page):
    app = open_page("results")
    assert app.query_params["target"] == "sub_category"
    assert "called men's" not in app.said

    app.choose("target", "gender")

    assert app.query_params["target"] == "gender"
    assert "called men's" in app.said


@pytest.mark.parametrize("page", ["results", "errors", "color_bias", "classify", "review", "train"])
@pytest.mark.parametrize("target", ["sub_category", "gender"])
def test_each_page_is_about_the_target_of_its_url(told, open_page, page, target):
    app = open_page(page, target=target)

    assert app.selectbox(key="target").value == target
    assert not app.error


def test_a_photo_shows_all_targets(told, several, open_page):
    table = read_predictions(told, several.workspace)
    image_id = table.query("split == 'valid' and label != ''")["image_id"].iloc[0]

    app = open_page("errors", image=image_id, target="gender")

    [targets] = [f.value for f in app.dataframe if "Target" in f.value]
    assert list(targets["Target"]) == ["sub-category", "gender"]


def test_the_targets_are_answered_by_one_session(told, monkeypatch):
    opened, build_session = [], classify.build_session
    monkeypatch.setattr(
        classify, "build_session", lambda *given: opened.append(given) or build_session(*given)
    )
    side = cache.classifier(told, for_all=True).side
    photos = np.random.default_rng(0).integers(0, 256, (2, side, side, 3), dtype=np.uint8)
    answers = [
        cache.classifier(told.about(target)).answer(photos)[0]
        for target in ("sub_category", "gender")
    ]
    together = cache.classifier(told, for_all=True).answer(photos)[0]
    assert np.array_equal(np.concatenate(answers, axis=1), together)
    assert len(opened) == 1


def test_a_run_about_one_target_has_no_choice_of_it(finished, open_page):
    app = open_page("results", target="category")

    assert "target" not in app.query_params
    assert all(box.key != "target" for box in app.selectbox)
