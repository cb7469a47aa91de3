"""The demo: finished runs to look at and photos to classify, and nothing else, for anybody."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import fake_run
import pytest
from app_driver import OPEN
from streamlit import config

from zapcls.errors import BadInput, Forbidden
from zapcls.ui import navigation
from zapcls.ui.strangers import DEMO
from zapcls.workspace import bodies, jobs, permissions
from zapcls.workspace.bodies import BodyFiles
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import choose_data, write_json
from zapcls.workspace.runs import list_runs
from zapcls.workspace.trash import delete_run

PROJECT = Path(__file__).parents[2]
SHOWN = ["overview", "classify", "similar", "results", "errors", "color_bias", "compare"]
# Opens every page of a demo in a process of its own, and says what that took.
LOOK = """
import sys
from pathlib import Path
sys.path.insert(0, "tests/pages")
from app_driver import App
from zapcls.ui import navigation
from zapcls.ui.strangers import DEMO
for page in navigation.PAGES:
    if navigation.is_there(page):
        app = App("streamlit_app.py", default_timeout=200)
        if page != "overview":
            app.switch_page(navigation.PAGES[page])
        app.run()
print([name for name in ("torch", "fastai", "timm", "torchvision") if name in sys.modules])
status = Path("/proc/self/status").read_text()  # getrusage would count the parent before exec
print(int(status.split("VmHWM:")[1].split()[0]) // 1024)
"""


@pytest.fixture
def demo(checked, workspace, decide, table, monkeypatch):
    """A checked run in the demo, with a decision on a photo, beside runs that are not shown."""
    decide(next(table.itertuples()), "model wrong", note="a boot")
    fake_run.add_map(checked)
    fake_run.add_failed(workspace, minute=1)
    shutil.copytree(checked.path, checked.path.with_name("another"))
    monkeypatch.setenv(permissions.ENVIRONMENT, "demo")
    monkeypatch.setenv(permissions.RUNS_ENVIRONMENT, checked.run_id)
    before = {name: config.get_option(name) for name in DEMO}
    yield checked
    for name, value in before.items():
        config.set_option(name, value)


def test_only_pages_to_look_at_are_there(demo, open_page):
    assert [page for page in navigation.PAGES if navigation.is_there(page)] == SHOWN
    links = {link.proto.page for link in open_page("overview").page_link}
    assert links <= set(SHOWN) | {""}


def test_whoever_serves_it_a_visitor_gets_no_traceback_and_no_room(demo, open_page):
    assert config.get_option("client.showErrorDetails") == "full"
    open_page("overview")
    assert config.get_option("client.showErrorDetails") == "none"
    assert config.get_option("server.maxUploadSize") == 10


def test_an_unknown_mode_ends_the_page_with_a_sentence(bare, open_page, monkeypatch):
    monkeypatch.setenv(permissions.ENVIRONMENT, "Demo")
    app = open_page("overview")
    [error] = app.error
    assert "must be one of local, demo, got 'Demo'" in error.value
    assert not app.title


@pytest.mark.parametrize("page", SHOWN)
def test_a_page_shows_the_demo_s_run_no_place_of_the_host_and_no_way_to_write(
    demo, open_page, workspace, page
):
    app = open_page(page, **(OPEN if page == "color_bias" else {}))
    assert app.sidebar.selectbox(key="run").options == [
        option for option in app.sidebar.selectbox(key="run").options if "another" not in option
    ]
    assert not app.error
    assert str(workspace.path) not in app.said
    keys = {button.key for button in app.button}
    started = {"first_try", "cross_validate", "recolor", "trade", "write_report", "map", "describe"}
    assert not keys & started


@pytest.mark.parametrize("view", ["Suspects", "Map", "Slices"])
def test_photos_are_shown_with_what_was_decided_but_without_marks(demo, open_page, view, table):
    assert not open_page("errors", view=view).error
    app = open_page("errors", image=next(table.itertuples()).image_id)
    assert "a boot" in app.said
    assert not [field for field in app.sidebar.text_input if field.key == "reviewer"]
    assert not [key for key in app.list_keys("") if "model wrong" in key or "undo" in key]


def test_what_is_not_allowed_is_refused_where_it_is_done(demo, own_store, workspace, reviews):
    before = sorted(path for path in workspace.path.rglob("*") if path.suffix != ".lock")
    refused = (
        lambda: jobs.create(workspace.jobs_dir, "train", {}),
        lambda: jobs.reopen(demo),
        lambda: jobs.launch(demo, workspace),
        lambda: jobs.request_stop(demo),
        lambda: choose_data(workspace, PROJECT),
        lambda: reviews.mark(*["any"] * 4, "ambiguous"),
        lambda: reviews.undo("any", "any", "Ann"),
        lambda: open_color_labels(own_store).answer("any", "red"),
        lambda: bodies.delete(BodyFiles(own_store.bodies_dir / "any")),
        lambda: delete_run(workspace, demo.run_id),
        lambda: write_json(workspace.path / "any.json", {}),
    )
    for do in refused:
        with pytest.raises(Forbidden, match="This is a demo, in which nobody may"):
            do()
    assert sorted(path for path in workspace.path.rglob("*") if path.suffix != ".lock") == before


def test_a_demo_without_named_runs_shows_all_that_are_evaluated(demo, workspace, monkeypatch):
    assert [run.run_id for run in list_runs(workspace)] == [demo.run_id]
    monkeypatch.delenv(permissions.RUNS_ENVIRONMENT)
    assert {run.run_id for run in list_runs(workspace)} == {demo.run_id, "another"}


def test_an_unknown_mode_allows_nothing(monkeypatch):
    monkeypatch.setenv(permissions.ENVIRONMENT, "Demo")
    with pytest.raises(BadInput, match="ZAPCLS_MODE must be one of local, demo, got 'Demo'"):
        permissions.may("look")


def test_the_table_of_the_docs_is_that_of_the_code():
    text = (PROJECT / "docs" / "deploying.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (.+?) \| (yes|no) \| (yes|no) \|$", text, re.MULTILINE)
    modes = permissions.MODES.values()
    assert rows == [
        (said, *("yes" if action in allowed else "no" for allowed in modes))
        for action, said in permissions.ACTIONS.items()
    ]


@pytest.mark.slow
def test_a_demo_needs_no_torch(demo, workspace):
    found = subprocess.run(
        [sys.executable, "-c", LOOK], cwd=PROJECT, env=os.environ | {"OMP_NUM_THREADS": "1"},
        capture_output=True, text=True, timeout=600,
    )  # fmt: skip
    assert found.returncode == 0, found.stderr
    loaded, megabytes = found.stdout.splitlines()[-2:]
    assert loaded == "[]"
    assert int(megabytes) < 700
