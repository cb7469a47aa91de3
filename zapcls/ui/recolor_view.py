"""The finding on recolored photos on a page: its job, which edit is shown, and strips of photos."""

from dataclasses import replace

import streamlit as st

from zapcls.answer.recolored import MOST_PHOTOS
from zapcls.findings import find, recolor
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, navigation
from zapcls.ui.recolor_strip import show_strip
from zapcls.ui.sections import show_blocks
from zapcls.workspace.runs import Run

STRIPS = 3


def show_recoloring(run: Run, ask: Ask) -> None:
    """Show what recoloring the valid photos does to the answers, or start the job."""
    with st.spinner("Counting flips…"):
        found: recolor.Found = find("recolor", cache.evidence(run), ask)
    section = recolor.section(found, ask)
    st.subheader(section.title, anchor=section.name)
    if not found.photos:
        show_start(run, ask)
        return
    edit = str(
        st.segmented_control(
            "What is moved", list(recolor.EDITS), default="hue", required=True, key="edit",
            bind="query-params", format_func=recolor.EDITS.__getitem__,
        )
    )  # fmt: skip
    show_blocks(recolor.section(found, replace(ask, edit=edit)))
    show_examples(run, found, ask)


def show_start(run: Run, ask: Ask) -> None:
    """Describe what recoloring is, and start it or watch the one at work."""
    st.markdown(
        f"Each {ask.task.thing} on a valid photo is given other colors, its shading kept and the "
        "ground untouched, and the run answers again. Random hues, the same lightness alone, and "
        "the ground alone are the controls."
    )
    if job_view.is_at_work("recolor", run):
        return
    if st.button("Recolor the photos", type="primary", key="recolor", icon=":material/palette:"):
        job_view.start_job("recolor", run)
    st.caption(f"Some minutes; at most {MOST_PHOTOS:,} photos, whole products.")


def show_examples(run: Run, found: recolor.Found, ask: Ask) -> None:
    """Show strips of photos whose answer depends on the hue alone, surest first."""
    flips, table = found.hue_flips, cache.evidence(run).predictions
    chosen = table[table["image_id"].isin(flips.loc[flips["flips"], "image_id"])]
    st.markdown(
        f"**{len(chosen):,} of {len(flips):,}** photos change their answer with the hue of the "
        f"{ask.task.thing}, and with neither a random hue nor the ground."
    )
    shown = chosen[chosen["label"] == ask.label].sort_values("prob", ascending=False).head(STRIPS)
    if shown.empty:
        return
    with st.expander(f"The {len(shown)} surest of the {ask.task.noun(ask.label)} among them"):
        for image in shown.itertuples():
            show_strip(cache.evidence(run).store.pixels[image.row], run)
            navigation.show_link("errors", "Open this photo", image=image.image_id)
