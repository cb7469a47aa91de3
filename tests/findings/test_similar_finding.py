"""Similar on planned runs: what may be found, uploads, picks, and what cannot be asked."""

import numpy as np
import pytest

from zapcls.api import Wish, open_run
from zapcls.errors import ZapError
from zapcls.evidence import Evidence
from zapcls.findings.shelf import open_shelf


@pytest.fixture
def opened(kinds):
    return open_run(kinds.run.run_id, kinds.workspace.path)


@pytest.fixture
def table(opened):
    return opened.predictions


@pytest.fixture
def sibling(table):
    """A photo whose product has two others."""
    return table[table.groupby("product_id")["image_id"].transform("size") == 3].iloc[0]


def test_a_product_is_found_once_and_the_query_never(opened, sibling):
    found = opened.similar(sibling["image_id"], Wish(top=1000))
    assert found["product_id"].is_unique
    assert sibling["product_id"] not in set(found["product_id"])
    assert found["score"].is_monotonic_decreasing


def test_other_colors_are_found_when_asked_for(opened, sibling, table):
    found = opened.similar(sibling["image_id"], Wish(top=1000, colors=True))
    assert len(found) == len(table) - 1


def test_weights_decide_what_is_alike(opened, table):
    image = table[table["color"] == "pink"].iloc[0]
    alike = opened.similar(image["image_id"], Wish({"shape": 0, "color": 1}, top=5))
    assert set(alike["color"]) == {"pink"}
    kind = opened.similar(image["image_id"], Wish({"shape": 0, "color": 0, "kind": 1}, top=5))
    assert set(kind["sub_category"]) == {image["sub_category"]}


def test_any_attribute_filters(opened, sibling):
    where = {"brand": ["Brand 1"], "color": ["pink", "brown"]}
    found = opened.similar(sibling["image_id"], Wish(where=where))
    assert set(found["brand"]) == {"Brand 1"}
    assert set(found["color"]) <= {"pink", "brown"}


def test_an_upload_of_a_photo_finds_its_color(opened, kinds, table, tmp_path):
    image = table[table["color"] == "pink"].iloc[0]
    copy = tmp_path / "copy.png"
    copy.write_bytes(kinds.store.find_image(image["image_path"]).read_bytes())
    found = opened.similar(str(copy), Wish({"shape": 0, "color": 1}, top=5))
    assert set(found["color"]) == {"pink"}
    assert "like_kind" not in found  # it is not known of an upload


def test_recommendations_never_come_again(opened, table):
    liked, unliked = (
        table["image_id"].iloc[[0, 9]].to_list(),
        table["image_id"].iloc[[20]].to_list(),
    )
    first = opened.recommend(liked, unliked, Wish(top=6))["image_id"].to_list()
    second = opened.recommend(liked, unliked, Wish(top=6), seen=first)["image_id"].to_list()
    assert len({*liked, *unliked, *first, *second}) == 3 + 12


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"weights": {"mood": 1}}, ["shape, color, kind", "mood"]),
        ({"weights": {"shape": 0, "color": 0}}, ["above 0"]),
        ({"weights": {"shape": -1}}, ["from 0 on", "-1"]),
        ({"top": 0}, ["At least 1", "0"]),
    ],
)
def test_a_wish_that_cannot_be_granted_is_a_sentence(refuses, asked, words):
    with refuses(*words):
        Wish(**asked)


def test_what_is_no_photo_and_no_attribute_is_a_sentence(opened, sibling, refuses):
    with refuses("neither", "'nowhere'"):
        opened.similar("nowhere")
    with refuses("brand", "'mood'"):
        opened.similar(sibling["image_id"], Wish(where={"mood": ["good"]}))


@pytest.mark.parametrize("content", [None, b"broken", "short"])
def test_a_run_without_embeddings_says_what_to_do(kinds, content):
    evidence = Evidence(kinds.run, kinds.workspace)
    path = kinds.run.path / "embeddings.npy"
    kept = path.read_bytes()
    try:
        path.unlink()
        if content == "short":
            np.save(path, np.zeros((3, 2), dtype=np.float32))
        elif content:
            path.write_bytes(content)
        with pytest.raises(ZapError, match="zapcls evaluate"):
            open_shelf(evidence, None)
    finally:
        path.write_bytes(kept)
