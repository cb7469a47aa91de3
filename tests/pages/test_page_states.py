"""Every page in every state that a run and the data can be in: it says what to do, no traceback."""

import shutil

import fake_run
import pytest
from filelock import FileLock

from zapcls.ui import messages, navigation, run_picker
from zapcls.workspace import jobs
from zapcls.workspace.runs import Run

FIRST_TRY = "Train now"
# These need an evaluated run.
ABOUT_RUNS = ("classify", "results", "errors", "color_bias", "review", "compare")
FAILURE = "The training loss must stay finite, but did not. Choose a smaller rate."
LOST = "Its process ended without a word"


def open_all(open_page, words):
    """Open each page that `words` names, and find its words in what the page says."""
    pages = {}
    for page, expected in words.items():
        app = open_page(page)
        missing = [text for text in expected if text not in app.said]
        assert not missing, f"{page} does not say {missing}, but: {app.said}"
        pages[page] = app
    return pages


def test_nothing_yet(open_page):
    pages = open_all(
        open_page,
        {
            "overview": (FIRST_TRY, "The drawn catalogue, not read yet."),
            "data": ("The drawn catalogue has not been read yet.", "Read it now"),
            "learning_rate": ("No curve yet", "Find the learning rate"),
            "train": ("A training on **the drawn catalogue**", "Start training"),
            **dict.fromkeys(ABOUT_RUNS, ("There is no run yet.", FIRST_TRY)),
        },
    )
    assert not any(app.error for app in pages.values())
    assert not any(app.sidebar.selectbox for app in pages.values())


def test_running(workspace, open_page):
    run = fake_run.add_run(workspace, minute=1)
    progress = ("epoch 2 of 8 · batch 3 of 5 · 120 images/s · 32 s left in this phase",)
    with fake_run.hold_running(run):
        pages = open_all(
            open_page,
            {
                "overview": ("A training is running.", ", the drawn catalogue.", "Watch it"),
                "data": ("shoes are kept", messages.DRAWN_NOTE),
                "learning_rate": (f"{run.run_id} is running; one at a time.",),
                "train": (f"Training {run.run_id}", "Stop", *progress),
                "results": ("This run is still training", "Stop", *progress),
            },
        )
    assert "Start training" not in pages["train"].said
    assert "Find the learning rate" not in pages["learning_rate"].said.splitlines()
    assert f"run={run.run_id}" in pages["overview"].link("Watch it")
    with FileLock(fake_run.add_run(workspace, minute=2).path / "launch.lock"):
        watched = {"train": ("Starting", "Stop"), "results": ("still training", "Starting")}
        open_all(open_page, watched)


def test_stopped_before_the_first_epoch(workspace, open_page):
    fake_run.add_stopped(workspace, weights=False)
    pages = open_all(
        open_page,
        {
            "overview": (FIRST_TRY, "■ stopped"),
            "train": ("; no epoch was finished.", "Start training"),
            "results": ("This run was stopped before it was evaluated.", "nothing to evaluate"),
        },
    )
    assert pages["results"].link("Train again").startswith("train?run=")


def test_stopped_with_weights(workspace, open_page, launched):
    run = fake_run.add_stopped(workspace, weights=True)
    pages = open_all(
        open_page,
        {
            "overview": ("■ stopped", messages.escape(run.run_id)),
            "train": ("its best weights are kept", "Evaluate it on Results"),
            "results": ("Evaluate what it learned", "Resume it on Train"),
        },
    )
    app = pages["results"].click("evaluate")
    [job] = launched
    assert job.config == {"kind": "evaluate", "run": str(run.path), "data_dir": None}
    assert "Starting" in app.said  # the evaluation is watched where it was asked for
    assert "Evaluate what it learned" not in app.said


def test_failed_or_lost(workspace, open_page):
    fake_run.add_failed(workspace)
    log = "line one of the log"
    pages = open_all(
        open_page,
        {
            "overview": ("✕ failed", FAILURE, FIRST_TRY),
            "learning_rate": ("No curve yet",),
            "train": (FAILURE, log, "Start training"),
            "results": (FAILURE, log, "Resume or train again"),
        },
    )
    assert [element.value for element in pages["train"].error] == [FAILURE]
    assert "Traceback" not in pages["train"].said

    fake_run.add_failed(workspace, minute=1, error=RuntimeError("out of luck\nsecond line"))
    app = open_page("train")
    assert [element.value for element in app.error] == ["RuntimeError: out of luck"]
    assert "Traceback" in app.code[0].value  # in the log
    assert "second line" in app.code[0].value

    fake_run.add_lost(workspace, minute=2)
    open_all(
        open_page,
        {
            "overview": ("✕ lost", LOST),
            "train": (LOST, "Start training"),
            "results": (LOST, "Resume or train again"),
        },
    )


def test_finished(finished, open_page):
    valid = finished.rates["splits"]["valid"]
    wrong = f"{valid['errors']} of {valid['n']}"
    pages = open_all(
        open_page,
        {
            "classify": (f"of {valid['n']} photos it had never seen", messages.DRAWN_NOTE),
            "train": (f"Done. {wrong} wrong", "Train another network"),
            "errors": (f"**{wrong}** valid photos are wrong", messages.DRAWN_NOTE),
        },
    )
    assert not any(app.error for app in pages.values())
    assert all(app.sidebar.selectbox(key="run").value == finished.run_id for app in pages.values())


def test_finished_but_the_colors_or_the_store_are_gone(own_store, finished, open_page):
    (own_store.path / "colors.parquet").unlink()  # as when photos were written again, and read
    about_photos = ("results", "errors", "color_bias")
    open_all(open_page, dict.fromkeys(about_photos, ("The colors of the photos in", "Data page")))
    shutil.rmtree(own_store.path)
    gone = f"The pixel store {finished.facts['catalogue_id']} is not in {own_store.path.parents[1]}"
    open_all(open_page, dict.fromkeys(about_photos, (gone, "Data page")))
    open_all(open_page, {"classify": ("Photos stay in memory",)})  # it needs the model alone


def test_stopped_before_its_photos_colors_were_named(own_store, workspace, open_page, launched):
    run = fake_run.add_stopped(workspace)
    (own_store.path / "colors.parquet").unlink()
    open_page("results").click("evaluate")
    fake_run.evaluate(launched.pop(), run, workspace)
    open_all(
        open_page,
        {
            "results": ("photos wrong",),
            "errors": ("valid photos are wrong",),
            "data": ("shoes are kept",),
        },
    )


def test_damaged_runs_stop_no_page_and_say_so_where_they_are_chosen(finished, open_page):
    damaged = []
    for file in ("config.json", "status.json", "model.json", "metrics.json"):
        path = finished.path.with_name(f"copy of {file[:-5]}")
        damaged.append(Run(shutil.copytree(finished.path, path)))
        (path / file).write_text("{")
    for page in navigation.PAGES:
        app = open_page(page)
        assert not app.error
        field = app.sidebar.selectbox(key="run")
        assert field.value == finished.run_id
        named = [name for name in field.options if name.startswith("! ")]
        assert sorted(named) == sorted(f"! {run.run_id}" for run in damaged)
    assert "! damaged" in open_page("overview").said
    for run in damaged:
        for page in ("train", "results"):
            [error] = open_page(page, run=run.run_id).error
            assert error.value == messages.escape(jobs.read_status(run).message)


def test_a_run_copied_by_hand_is_shown_by_the_name_of_its_folder(finished, open_page):
    copy = Run(shutil.copytree(finished.path, finished.path.with_name("my *best* run")))
    for page in ("overview", "learning_rate", "train", "results", "compare"):
        app = open_page(page, run=copy.run_id)
        assert not app.error
        [named] = [name for name in app.sidebar.selectbox(key="run").options if "best" in name]
        assert named.startswith("✓ my *best* run · ")


@pytest.mark.parametrize("page", ["train", "results"])
def test_a_link_to_a_run_that_is_gone_says_what_is_shown_instead(
    finished, workspace, open_page, page
):
    other = Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000000-old-0000"))
    app = open_page(page, run="../../etc")
    assert app.sidebar.selectbox(key="run").value == finished.run_id
    [told] = [warning.value for warning in app.warning]
    for words in ("../../etc", "is not in this workspace", run_picker.describe_run(finished)):
        assert messages.escape(words) in told
    assert told in app.run().said  # until another one is chosen
    assert not app.choose("run", other.run_id).warning


def test_a_link_to_a_run_in_an_empty_workspace_says_that_it_is_gone(bare, open_page):
    [told] = [warning.value for warning in open_page("results", run="gone").warning]
    assert "is not in this workspace" in told
    assert "instead" not in told


def test_the_run_of_the_url_is_shown_and_kept_on_the_way(finished, workspace, open_page):
    older = Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000000-old-0000"))
    app = open_page("results", run=older.run_id)
    assert app.sidebar.selectbox(key="run").value == older.run_id
    app.click("cell-Women-Men")
    assert app.title[0].value == "Errors"
    assert app.query_params["run"] == older.run_id
    assert app.sidebar.selectbox(key="run").value == older.run_id
