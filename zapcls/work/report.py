"""Writes a run's report into the run."""

from pathlib import Path

from zapcls.progress import Progress
from zapcls.report.document import build_page
from zapcls.report.files import KIND, find_browser, print_pdf
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace
from zapcls.workspace.run_tables import write_derived
from zapcls.workspace.runs import find_job_run


def write_report(job: Job, workspace: Workspace, progress: Progress) -> None:
    """Write a run's report into the run: report.html, and report.pdf where a Chromium is."""
    run = find_job_run(workspace, job)
    page = build_page(run, workspace, progress)

    def write(folder: Path) -> None:
        (folder / "report.html").write_text(page, encoding="utf-8")
        if find_browser():
            progress("Printing the PDF", 0, 0)
            print_pdf(folder / "report.html", folder / "report.pdf")

    write_derived(run, KIND, write)
