"""A run's model to take along: the job that exports it, and the button that hands out its zip."""

import streamlit as st

from zapcls.blocks import numbers
from zapcls.ui import job_view
from zapcls.workspace import permissions
from zapcls.workspace.exports import KIND, find_obstacle, find_zip
from zapcls.workspace.imports import find_lack
from zapcls.workspace.runs import Run


def show_export(run: Run) -> None:
    """Show the run's model as a download, or offer to write it."""
    st.subheader("Take the model with you", anchor="export")
    lack = find_lack(run, "model", "an export")
    if lack:
        st.caption(lack)
        return
    may_write = permissions.may("start")
    if may_write and job_view.is_at_work(KIND, run):
        return
    obstacle = find_obstacle(run)
    tools = "ONNX Runtime opens" if obstacle else "timm, transformers and ONNX Runtime open"
    st.markdown(f"One zip: the model, which {tools}, and a model card filled in from this run.")
    path = find_zip(run)
    if path is None:
        if not may_write:
            st.caption(job_view.NOT_IN_DEMO)
        elif st.button("Export the model", key="export", icon=":material/package_2:"):
            job_view.start_job(KIND, run=str(run.path))
    else:
        with st.container(horizontal=True):
            st.download_button(
                f"Model, {path.stat().st_size / 1e6:.0f} MB", path.read_bytes, path.name,
                "application/zip", key="download_export", on_click="ignore",
                icon=":material/download:",
            )  # fmt: skip
            if may_write and st.button("Export it again", key="export", icon=":material/refresh:"):
                job_view.start_job(KIND, run=str(run.path))
    if obstacle:
        st.caption(f"As ONNX only. {numbers.begin(obstacle)}.")
