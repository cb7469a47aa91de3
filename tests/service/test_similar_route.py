"""Similar asked over HTTP: as the Python face answers, one photo at a time, each refusal typed."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from zapcls.api import Wish, open_run
from zapcls.service import photos
from zapcls.service.routes import build_routes
from zapcls.workspace import permissions


@pytest.fixture(scope="module")
def client(kinds):
    routes = build_routes(kinds.workspace)
    with TestClient(Starlette(routes=routes), "http://localhost:8501") as client:
        yield client


@pytest.fixture(scope="module")
def opened(kinds):
    return open_run(kinds.run.run_id, kinds.workspace.path)


@pytest.fixture(scope="module")
def photo(opened, kinds):
    """A pink photo of the catalogue, as a program sends it."""
    table = opened.predictions
    path = table.loc[table["color"] == "pink", "image_path"].iloc[0]
    return ("photos", ("pink.png", kinds.store.find_image(path).read_bytes()))


def test_the_nearest_photos_are_those_that_python_finds(client, opened, photo):
    asked = {"shape": "0.5", "color": "1", "top": "5", "where": ["brand=Brand 1", "brand=Brand 2"]}

    answer = client.post("/api/similar", files=[photo], params=asked).json()

    wish = Wish({"shape": 0.5, "color": 1}, {"brand": ["Brand 1", "Brand 2"]}, top=5)
    expected = opened.similar(photo[1][1], wish)
    assert (answer["run"], answer["file"]) == (opened.run.run_id, "pink.png")
    assert [row["image_id"] for row in answer["photos"]] == expected["image_id"].to_list()
    scores = [row["score"] for row in answer["photos"]]
    assert scores == pytest.approx(expected["score"].to_list(), abs=1e-6)
    assert set(answer["photos"][0]) >= {"label", "image_path", "like_shape", "like_color"}


def test_several_colors_of_a_product_come_when_asked_for(client, opened, photo):
    once = client.post("/api/similar", files=[photo], params={"top": 100}).json()["photos"]
    every = client.post("/api/similar", files=[photo], params={"top": 100, "colors": 1}).json()
    products = [row["product_id"] for row in once]
    assert len(set(products)) == len(products)
    assert len(every["photos"]) == min(100, len(opened.predictions))
    assert len({row["product_id"] for row in every["photos"]}) < len(every["photos"])


@pytest.mark.parametrize(
    ("asked", "word"),
    [
        ("top=0", "1..100"), ("top=101", "1..100"), ("top=many", "'many'"), ("top=1e999", "1e999"),
        ("shape=nan", "'nan'"), ("shape=-1", "from 0 on"), ("shape=0&color=0", "above 0"),
        ("where=red", "ATTRIBUTE=VALUE"), ("where=mood=good", "'mood'"),
        ("colors=maybe", "'maybe'"), ("by_run=2", "'2'"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_is_bad_input(client, photo, asked, word):
    answer = client.post(f"/api/similar?{asked}", files=[photo])
    assert answer.status_code == 400
    error = answer.json()["error"]
    assert error["type"] == "bad_input"
    assert word in error["message"]


def test_its_photo_has_the_limits_of_the_others(client, photo, monkeypatch):
    def ask(**more):
        answer = client.post("/api/similar", **more)
        return answer.status_code, answer.json()["error"]["type"]

    assert ask(files=[("a", ("a.jpg", b"no photo"))]) == (400, "bad_input")
    assert ask(files=[photo, photo]) == (413, "too_large")
    assert ask(content=b"x") == (400, "bad_input")
    assert ask(files=[photo], params={"run": "nope"}) == (404, "not_found")
    assert ask(files=[photo], headers={"origin": "https://evil.com"}) == (403, "foreign_origin")
    with monkeypatch.context() as patch:
        patch.setitem(photos.MOST_BYTES, "demo", 100)
        patch.setenv(permissions.ENVIRONMENT, "demo")
        assert ask(files=[photo]) == (413, "too_large")
    monkeypatch.setattr(photos, "MOST_REQUESTS", 0)
    assert ask(files=[photo]) == (503, "busy")
