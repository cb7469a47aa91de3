"""All of this as one file: the job that writes the report, and the buttons that hand it out."""

import time

import streamlit as st

from zapcls.report.files import KIND, find_report
from zapcls.ui import job_view
from zapcls.workspace import permissions
from zapcls.workspace.runs import Run

FORMATS = {
    ".html": ("Report, HTML", "text/html", ":material/description:"),
    ".pdf": ("Report, PDF", "application/pdf", ":material/picture_as_pdf:"),
}


def show_report(run: Run) -> None:
    """Show the run's report as downloads, or offer to write it."""
    st.subheader("Report", anchor="report")
    may_write = permissions.may("start")
    if may_write and job_view.is_at_work(KIND, run):
        return
    written = {suffix: path for suffix in FORMATS if (path := find_report(run, suffix))}
    if not written:
        st.markdown(
            "Everything known about this run and color in one file: answer, charts, tables, method "
            "and limits. It needs neither this app nor the internet."
        )
        if not may_write:
            st.caption(job_view.NOT_IN_DEMO)
        elif st.button("Write the report", key="write_report", icon=":material/description:"):
            job_view.start_about(KIND, run)
        return
    with st.container(horizontal=True):
        for suffix, path in written.items():
            title, mime, icon = FORMATS[suffix]
            st.download_button(
                title, path.read_bytes, f"{run.run_id}{suffix}", mime, key=f"download{suffix}",
                on_click="ignore", icon=icon,
            )  # fmt: skip
        if may_write and st.button("Write it again", key="write_report", icon=":material/refresh:"):
            job_view.start_about(KIND, run)
    when = time.localtime(next(iter(written.values())).stat().st_mtime)
    missing = "" if ".pdf" in written else " There is no PDF: no Chromium was found to print it."
    st.caption(
        f"Written {time.strftime('%Y-%m-%d %H:%M', when)}. To include what was found out later, "
        f"write it again.{missing}"
    )
