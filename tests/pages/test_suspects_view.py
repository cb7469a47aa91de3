"""Errors, Suspects: a check is started, watched and read; each suspect says who accuses it."""

import pytest
from fake_run import add_check
from filelock import FileLock

from zapcls.workspace import jobs
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.worker import Reporter

PAGE_SIZE = 12


@pytest.fixture
def checked(own_store, finished):
    add_check(finished, own_store)
    return finished


def list_opened(app):
    """List the suspects that are shown, by their buttons."""
    return [b.key.removeprefix("open-") for b in app.button if b.key and b.key.startswith("open-")]


def test_before_a_check_one_button_starts_it(finished, own_store, open_page, launched):
    app = open_page("errors", view="Suspects")
    assert "Check the labels of" in app.said

    app.click("check_labels")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("check_labels", str(finished.path))
    assert "Starting" in app.said


def test_a_check_that_failed_says_why_and_can_be_started_again(
    finished, own_store, workspace, open_page
):
    job = jobs.create(workspace.jobs_dir, "check_labels", {"run": str(finished.path)})
    with FileLock(job.path / "lock"):
        Reporter(job).finish("failed", "The weights file must exist, got nowhere.")

    app = open_page("errors", view="Suspects")

    assert "The weights file must exist, got nowhere." in app.said
    assert "Check the labels of" in app.said


def test_the_suspects_stand_worst_first_with_their_accusers(checked, own_store, open_page):
    issues = add_check(checked, own_store).read_issues()
    suspects = issues[issues["is_suspect"]]

    app = open_page("errors", view="Suspects")

    assert f"{len(suspects):,} of {len(issues):,}** labels are suspected" in app.said
    assert list_opened(app) == suspects["image_id"].head(PAGE_SIZE).to_list()
    assert r"heads\: " in app.said
    assert f"on its {checked.rates['splits']['valid']['n']} valid photos the two give" in app.said
    by_sibling = suspects[suspects["reasons"].str.contains("sibling")]
    app.choose("accuser", "sibling")
    assert list_opened(app) == by_sibling["image_id"].head(PAGE_SIZE).to_list()


def test_what_was_reviewed_leaves_the_list(checked, own_store, workspace, open_page):
    issues = add_check(checked, own_store).read_issues()
    worst = issues.iloc[0]
    open_reviews(workspace).mark(
        own_store.catalogue_id, worst["image_id"], "gender", worst["label"], "model wrong"
    )

    app = open_page("errors", view="Suspects")

    assert worst["image_id"] not in list_opened(app)
    assert "labels are suspected; 1 reviewed." in app.said
    app.choose("state", "reviewed")
    assert list_opened(app) == [worst["image_id"]]
