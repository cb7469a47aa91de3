"""Color bias, the report: one button writes it, two hand it out."""

from collections.abc import Callable

import pytest
from app_driver import App
from fake_run import hold_running

from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import write_derived
from zapcls.workspace.runs import Run


def write(run: Run, *names: str) -> None:
    write_derived(run, "report", lambda folder: [(folder / n).write_bytes(b"page") for n in names])


def list_downloads(app: App) -> list[str]:
    return [button.label for button in app.get("download_button")]


def test_before_it_is_written_a_button_starts_the_job(
    finished: Run, open_page: Callable[..., App], launched: list[Job]
) -> None:
    app = open_page("color_bias")
    assert not list_downloads(app)

    app.click("write_report")

    [job] = launched
    assert (job.kind, job.config["run"]) == ("report", str(finished.path))


def test_while_it_is_written_there_is_nothing_to_start(
    finished: Run, workspace: Workspace, open_page: Callable[..., App]
) -> None:
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
def test_what_is_written_can_be_taken(
    finished: Run, open_page: Callable[..., App], names: tuple[str, ...], labels: list[str],
    is_told: bool,
) -> None:  # fmt: skip
    write(finished, *names)

    app = open_page("color_bias")

    assert list_downloads(app) == labels
    assert ("no Chromium was found" in app.said) == is_told
    assert app.button(key="write_report").label == "Write it again"
