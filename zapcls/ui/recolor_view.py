"""The finding on recolored photos on a page: its job, which edit is shown, and strips of photos."""

from dataclasses import replace

import streamlit as st

from zapcls.answer.recolored import MOST_PHOTOS
from zapcls.findings import find, recolor
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, navigation
from zapcls.ui.bound import pick_one
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
        job_view.offer_job(
            "recolor", run,
            f"Each {ask.task.thing} on a valid photo is given other colors, its shading kept and "
            "the ground untouched, and the run answers again. Random hues, the same lightness "
            "alone, and the ground alone are the controls.", "Recolor the photos", "palette",
            f"Some minutes; at most {MOST_PHOTOS:,} photos, whole products.",
        )  # fmt: skip
        return
    edit = pick_one("What is moved", recolor.EDITS, "edit", format_func=recolor.EDITS.__getitem__)
    show_blocks(recolor.section(found, replace(ask, edit=edit)))
    show_examples(run, found, ask)


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
