"""Many photos at once: a zip goes to a job, its answers come back as CSV."""

from pathlib import Path

import pandas as pd
import streamlit as st

from zapcls.answer.many import ANSWERS, COLUMNS, ZIP
from zapcls.blocks import numbers
from zapcls.ui import cache, job_view, messages, uploads
from zapcls.ui.bound import fold
from zapcls.ui.messages import escape
from zapcls.workspace import jobs, permissions
from zapcls.workspace.jobs import Job
from zapcls.workspace.runs import Run
from zapcls.workspace.tables import describe_damage

MAX_ZIP_MB = 500
KIND = "classify"


def show_many(run: Run, prior: str) -> None:
    """Offer to classify a zip of photos, and what the last one came to; not to strangers.

    Its answers expect the classes to be as frequent as `prior` (one of PRIORS) says.
    """
    if not permissions.may("start"):
        return
    part = fold("Many photos at once", "open_many")
    with part:
        if job_view.is_at_work(KIND, run):
            return
        file = st.file_uploader(
            "A zip of photos", ["zip"], key=uploads.MANY, max_upload_size=MAX_ZIP_MB,
            help="The answers are a CSV with one row per photo: its label and probability, whether "
            "the answer is sure, and whether the photo looks like what was learned; or why it "
            "could not be read.",
        )  # fmt: skip
        if file and st.button("Classify all of it", type="primary", key=KIND):
            config = {
                "run": str(run.path), "target": run.task.target, "name": file.name, "prior": prior,
            }  # fmt: skip
            workspace, content = cache.workspace(), file.getvalue()  # no copy
            job = jobs.create(
                workspace.jobs_dir, KIND, config,
                fill=lambda folder: (folder / ZIP).write_bytes(content),
            )  # fmt: skip
            uploads.drop([file.file_id])  # it lies in the job's folder
            jobs.launch(job, workspace)
            st.rerun()
        st.caption("The zip stays on this machine until it is classified; then it is deleted.")
        if part.open and (last := _find_last(run)):
            with messages.explain_errors():
                _show_answers(last)


def _find_last(run: Run) -> Job | None:
    for job in jobs.list_jobs(cache.workspace().jobs_dir, KIND)[:30]:
        if job.config["run"] == str(run.path) and (job.path / ANSWERS).is_file():
            return job
    return None


def _read_answers(path: Path) -> pd.DataFrame:
    """Read the answers of a job, a row a photo.

    Raises:
        Damaged: the file is cut short or damaged.
    """
    try:
        table = pd.read_csv(path, dtype="str", keep_default_na=False).fillna("")
        _ = table[list(COLUMNS)]
        return table
    except (OSError, ValueError, KeyError) as error:
        raise describe_damage(path, error, "Upload the zip again.") from error


def _show_answers(job: Job) -> None:
    path = job.path / ANSWERS
    table = _read_answers(path)
    refused = int((table["error"] != "").sum())
    strange = int((table["familiar"] == "no").sum())
    said = [
        f"**{escape(job.config['name'])}**: "
        f"{numbers.count(len(table) - refused, 'photo')} classified",
        f"{int((table['sure'] == 'yes').sum()):,} of them sure",
        *([f"{strange:,} unlike what was learned"] if strange else []),
        *([f"{refused:,} could not be read"] if refused else []),
    ]
    st.markdown(", ".join(said) + ".")
    st.dataframe(table, hide_index=True, height=240)
    st.download_button(
        "Download as CSV", path.read_bytes, ANSWERS, "text/csv", key="many_csv",
        icon=":material/download:", on_click="ignore",
    )  # fmt: skip
