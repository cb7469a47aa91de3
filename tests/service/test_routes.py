"""The service asked as a program asks it: what it answers, and what it refuses by which type."""

import pytest
from starlette.applications import Starlette
from starlette.testclient import TestClient

from zapcls.findings import FINDINGS
from zapcls.service import photos
from zapcls.service.routes import build_routes
from zapcls.workspace import permissions
from zapcls.workspace.layout import Workspace


@pytest.fixture
def run(color_run, call_evaluated):
    call_evaluated(color_run, side=8)
    return color_run


@pytest.fixture
def client(run):
    routes = build_routes(Workspace(run.path.parents[1]))
    with TestClient(Starlette(routes=routes), "http://localhost:8501") as client:
        yield client


@pytest.fixture
def refused(client):
    """Return a function that asks what must be refused: the type and the sentence."""

    def ask(method, path, status, **more):
        answer = client.request(method, path, **more)
        assert answer.status_code == status, answer.text
        error = answer.json()["error"]
        assert set(error) == {"type", "message"}
        return error["type"], error["message"]

    return ask


def test_it_says_that_it_answers_and_which_runs_there_are(client, run):
    health = client.get("/api/health").json()
    assert (health["status"], health["mode"]) == ("ok", "local")
    [found] = client.get("/api/runs").json()
    assert (found["run"], found["error_rate"], found["n_valid"]) == (run.run_id, 0.6, 5)


def test_photos_are_answered_in_order_and_a_bad_one_keeps_none_from_it(client, run, jpeg):
    contents = {"red.jpg": jpeg((20, 20), "red"), "no.jpg": b"x", "blue": jpeg((20, 20), "blue")}
    files = [("photos", (name, content)) for name, content in contents.items()]

    answer = client.post("/api/classify", files=files, params={"run": run.run_id}).json()

    assert answer["run"] == run.run_id
    red, bad, blue = answer["answers"]
    assert (red["file"], red["label"]) == ("red.jpg", "Women")
    assert sum(red["prob"].values()) == pytest.approx(1)
    assert (blue["file"], blue["label"]) == ("blue", "Men")
    assert (bad["file"], bad["error"]["type"]) == ("no.jpg", "bad_input")


def test_a_finding_is_its_tables_and_its_sentences(kinds):
    routes = build_routes(kinds.workspace)
    with TestClient(Starlette(routes=routes), "http://localhost:8501") as client:
        assert [row["name"] for row in client.get("/api/findings").json()] == list(FINDINGS)
        for asked in ({"by": "nope"}, {"source": "nope"}, {"source": "oof"}):  # no label check yet
            found = client.get("/api/findings/groups", params=asked)
            assert (found.status_code, found.json()["error"]["type"]) == (400, "bad_input")
        found = client.get("/api/findings/rates").json()
    assert (found["run"], found["name"]) == (kinds.run.run_id, "rates")
    assert found["tables"]
    assert all(isinstance(rows, list) for rows in found["tables"].values())
    assert found["sentences"]


def test_what_is_not_there_or_not_a_photo_has_a_type(refused, monkeypatch, jpeg):
    photo = {"files": [("photos", ("a.jpg", jpeg()))]}
    for method, path in (("GET", "/api/classify"), ("POST", "/api/runs"), ("GET", "/api/nope")):
        assert refused(method, path, 404)[0] == "not_found"
    assert refused("GET", "/api/findings/nope", 404)[0] == "not_found"
    assert refused("POST", "/api/classify?run=nope", 404, **photo)[0] == "not_found"
    assert refused("POST", "/api/classify?run=/etc", 404, **photo)[0] == "not_found"
    assert refused("POST", "/api/classify", 400, content=b"x")[0] == "bad_input"
    assert refused("POST", "/api/classify", 400, files=[("a", (None, "b"))])[0] == "bad_input"
    many = [("photos", (f"{n}.jpg", b"x")) for n in range(photos.MOST_PHOTOS + 1)]
    assert refused("POST", "/api/classify", 413, files=many)[0] == "too_large"
    with monkeypatch.context() as patch:
        patch.setitem(photos.MOST_BYTES, "local", 100)
        assert refused("POST", "/api/classify", 413, **photo)[0] == "too_large"
    monkeypatch.setattr(photos, "MOST_REQUESTS", 0)
    assert refused("POST", "/api/classify", 503, **photo)[0] == "busy"


@pytest.mark.parametrize(
    "origin", ["https://evil.com", "null", "http://localhost:8502", "http://["]
)
def test_a_page_of_another_origin_is_refused(refused, client, jpeg, origin):
    headers, photo = {"origin": origin}, [("photos", ("a.jpg", jpeg()))]
    for method, path in (("GET", "/api/runs"), ("POST", "/api/classify")):
        more = {"files": photo} if method == "POST" else {}
        assert refused(method, path, 403, headers=headers, **more)[0] == "foreign_origin"
    own = {"origin": "http://localhost:8501"}
    assert client.get("/api/runs", headers=own).status_code == 200


def test_a_demo_answers_for_its_runs_alone(client, run, refused, monkeypatch, jpeg):
    monkeypatch.setenv(permissions.ENVIRONMENT, "demo")
    monkeypatch.setenv(permissions.RUNS_ENVIRONMENT, "another")
    assert client.get("/api/runs").json() == []
    named = f"/api/classify?run={run.run_id}"
    assert refused("POST", named, 404, files=[("a", ("a.jpg", jpeg()))])[0] == "not_found"


def test_it_lies_below_the_path_of_the_app_and_is_closed_where_people_log_in(run):
    def ask(path, **more):
        routes = build_routes(Workspace(run.path.parents[1]), "/shoes/", **more)
        with TestClient(Starlette(routes=routes), "http://localhost:8501") as client:
            return client.get(path)

    assert ask("/shoes/api/runs").json()[0]["run"] == run.run_id
    assert ask("/shoes/api/openapi.json").json()["servers"] == [{"url": "/shoes"}]
    assert ask("/shoes/api/nope").json()["error"]["type"] == "not_found"
    assert ask("/api/runs").status_code == 404
    assert ask("/shoes/api/health", is_open=False).json()["status"] == "ok"
    for path in ("runs", "openapi.json", "findings/rates"):
        assert ask(f"/shoes/api/{path}", is_open=False).json()["error"]["type"] == "not_found"


def test_the_document_describes_every_route_and_no_other(client):
    document = client.get("/api/openapi.json").json()
    described = {
        (path, method.upper()) for path, methods in document["paths"].items() for method in methods
    }
    *routes, rest = build_routes()
    assert rest.path == "/api/{rest:path}"
    assert described == {(r.path, method) for r in routes for method in r.methods - {"HEAD"}}
    assert document["openapi"].startswith("3.1")
