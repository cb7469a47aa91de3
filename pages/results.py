"""How often is the run wrong, how sure can we be of that, and what does it confuse?"""

from typing import Any

import streamlit as st

from zapcls import schema
from zapcls.blocks import numbers
from zapcls.blocks.counts import VERY_FEW
from zapcls.evidence import Evidence
from zapcls.findings import build_section, find, rates
from zapcls.findings.ask import Ask
from zapcls.ui import cache, job_view, messages, navigation, run_state
from zapcls.ui.bound import pick_one
from zapcls.ui.export_view import show_export
from zapcls.ui.sections import show_blocks, show_section
from zapcls.workspace import lr_files, permissions
from zapcls.workspace.run_tables import list_elsewhere
from zapcls.workspace.runs import Run
from zapcls.workspace.store import name_catalogue

FOLDS = 5


def show(name: str, evidence: Evidence, ask: Ask) -> None:
    """Show a finding under its heading."""
    show_section(build_section(name, evidence, ask))


def show_elsewhere(run: Run) -> None:
    """Show how often the run is wrong on the other catalogues that it was evaluated on."""
    found = list_elsewhere(run)
    if not found:
        return
    st.subheader("On other catalogues", anchor=False)
    for facts in found:
        name = name_catalogue(cache.workspace(), facts["catalogue_id"])
        rates = facts["rates"]
        span = numbers.interval(rates["error_low"], rates["error_high"])
        seen = facts["excluded_trained"]
        st.markdown(
            f"**{messages.escape(name)}**: {rates['errors']:,} of {rates['n']:,} wrong, "
            f"{numbers.percent(rates['error_rate'])} ({span})"
            + (f"; {seen:,} photos that it was trained on are left out." if seen else ".")
        )


def show_cross_validation(run: Run) -> None:
    """Offer the rate over all images, from trainings of their own; their cost is told first."""
    st.subheader("Over all images", anchor=False)
    if job_view.is_at_work("cross_validate", run):
        return
    cost = numbers.duration(FOLDS * run.metrics["seconds"])
    st.markdown(
        f"This run answers only for its valid photos. Cross-validation trains its recipe {FOLDS} "
        f"times, each time on all but a fifth of the products: about **{cost}** on this machine. "
        "You can stop it; finished trainings are kept."
    )
    if st.button("Cross-validate this recipe", key="cross_validate", icon=":material/splitscreen:"):
        job_view.start_about("cross_validate", run, folds=FOLDS)


navigation.enter("results")
st.title("Results", anchor=False)
run = run_state.need_run()
evidence = cache.evidence(run)
task = evidence.task
show_blocks(rates.answer(find("rates", evidence, Ask(task)), Ask(task)))
split = pick_one(
    # A key of its own: a link to Errors cannot set a parameter that is bound here.
    "Split", schema.SPLITS[::-1], "results_split",
    help="The network learned from train, tune picked the best epoch, and valid is only reported.",
)  # fmt: skip
ask = Ask(task, split=split)
if task.labels_of:
    show("labels", evidence, ask)
# More classes need the whole width.
columns: list[Any] = (
    list(st.columns(2, gap="large"))
    if len(task.classes) <= VERY_FEW
    else [st.container(), st.container()]
)
for place, name in zip(columns, ("confusions", "calibration"), strict=True):
    with place:
        show(name, evidence, ask)
show("sure", evidence, ask)
show("familiar", evidence, ask)
show_section(rates.detail(find("rates", evidence, ask), ask))
show("causes", evidence, ask)
show("training", evidence, ask)
show_elsewhere(run)
if lr_files.read_found(run):
    navigation.show_link("learning_rate", "Its learning-rate curves", icon=":material/show_chart:")
if evidence.cross_validation is None and not run.is_imported and permissions.may("start"):
    show_cross_validation(run)
show_export(run)
