"""Color bias, the report: one button writes it, two hand it out."""

import pytest
from fake_run import hold_running

from zapcls.workspace import jobs
from zapcls.workspace.run_tables import write_derived


def write(run, *names):
    write_derived(run, "report", lambda folder: [(folder / n).write_bytes(b"page") for n in names])


def list_downloads(app):
    return [button.label for button in app.get("download_button")]


def test_before_it_is_written_a_button_starts_the_job(finished, open_page, launched):
    app = open_page("color_bias")
    assert not list_downloads(app)

    app.click("write_report")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("report", str(finished.path))


def test_while_it_is_written_there_is_nothing_to_start(finished, workspace, open_page):
    job = jobs.create(workspace.jobs_dir, "report", {"run": str(finished.path)})
    with hold_running(job):
        app = open_page("color_bias")

    assert not [button for button in app.button if button.key == "write_report"]


@pytest.mark.parametrize(
    ("names", "labels", "is_told"),
    [
        (("report.html",), ["Report, HTML"], True),
        (("report.html", "report.pdf"), ["Report, HTML", "Report, PDF"], False),
    ],
)
def test_what_is_written_can_be_taken(finished, open_page, names, labels, is_told):
    write(finished, *names)

    app = open_page("color_bias")

    assert list_downloads(app) == labels
    assert ("no Chromium was found" in app.said) == is_told
    assert app.button(key="write_report").label == "Write it again"
