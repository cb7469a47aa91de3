"""What did people decide on the photos, and what would a retraining make of it?"""

from functools import partial
from typing import Any

import pandas as pd
import streamlit as st

from zapcls import schema
from zapcls.analysis.decisions import (
    LABEL_WRONG,
    MODEL_WRONG,
    NOT_A_SHOE,
    build_corrections,
    correct_labels,
    count_changes,
    count_outdated,
    find_conflicts,
)
from zapcls.analysis.metrics import error_by_split
from zapcls.blocks import numbers
from zapcls.ui import cache, job_view, marking, messages, navigation, run_state, settings_form
from zapcls.ui.bound import pick_one, pick_rows
from zapcls.ui.choices import name_marks
from zapcls.ui.exchange import Taken, show_exchange
from zapcls.ui.reviewer import pick_reviewer, reviewer
from zapcls.workspace.imports import find_lack
from zapcls.workspace.new_runs import create_retraining
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.runs import Run
from zapcls.workspace.sheets import check_known, describe_rows, read_csv, write_csv

PAGE_SIZE = 24
CARD_PX = 148
CONFLICTS = 8  # shown at once; the next ones come as these are decided
CONFLICT_PX = 260
HELP = (
    "Label is wrong: the catalogue's label is not the right one. Label is right: the run's answer "
    "is wrong. Can't tell: nobody could. Each reviewer's latest decision counts."
)


def find_reviewed(run: Run) -> pd.DataFrame:
    """Find the photos that somebody decided on, with verdict and facts; the latest first."""
    reviewed = cache.evidence(run).verdicts.merge(cache.evidence(run).predictions, on="image_id")
    return reviewed.iloc[::-1].reset_index(drop=True)


def describe_reviewed(run: Run, reviewed: pd.DataFrame) -> str:
    """Describe in one sentence how much was reviewed, by how many, and with what result."""
    n_valid = int((cache.evidence(run).predictions["split"] == "valid").sum())
    in_valid = int((reviewed["split"] == "valid").sum())
    rest = len(reviewed) - in_valid
    others = f" and {numbers.count(rest, 'other')}" if rest else ""
    people = numbers.count(cache.evidence(run).decisions["reviewer"].nunique(), "person", "people")
    found = reviewed["mark"].value_counts()
    task = cache.evidence(run).task
    one = name_marks(task)
    several = one | {
        LABEL_WRONG: "labels are wrong", MODEL_WRONG: "labels are right",
        NOT_A_SHOE: f"not {task.things}",
    }  # fmt: skip
    marks = [numbers.count(found[m], one[m], several[m]) for m in schema.MARKS if m in found]
    in_conflict = int(reviewed["is_conflict"].sum())
    marks += [f"{in_conflict:,} in conflict"] if in_conflict else []
    return f"**{in_valid:,} of {n_valid:,}** valid photos{others} reviewed by {people}: " + (
        ", ".join(marks) + "."
    )


def take_in(run: Run, files: list[Any]) -> Taken:
    """Import the decisions of uploaded files, all or none, and describe what came of it."""
    facts = run.facts["catalogue_id"], run.task.target
    labels = cache.evidence(run).predictions.set_index("image_id")["catalog_label"].to_dict()
    given = [(file.name, read_csv(file.getvalue(), file.name)) for file in files]
    checked = pd.concat(check_known(table, name, labels, *facts) for name, table in given)
    is_new = open_reviews(cache.workspace()).add_each(checked)
    names = [name for name, table in given for _ in range(len(table))]
    conflicts = find_conflicts(cache.evidence(run).decisions)["image_id"].nunique()
    said = f"{numbers.count(len(checked), 'decision')} read, {sum(is_new):,} new. "
    said += f"The reviewers disagree on {numbers.count(conflicts, 'photo')}."
    return Taken(said, describe_rows(checked, is_new, names))


def show_csv(run: Run) -> None:
    """Decisions out and in as CSV, and the latest of one's own taken back."""
    made = cache.evidence(run).decisions
    row = show_exchange(
        f"reviews-{run.facts['catalogue_id']}",
        # With its mark a spreadsheet knows that it is UTF-8.
        lambda: write_csv(made, cache.evidence(run).predictions).encode("utf-8-sig"),
        made.empty, partial(take_in, run), "Files of other reviewers",
        "As downloaded here. Decisions that are already here are skipped.", several=True,
    )  # fmt: skip
    row.button(
        "Undo my last decision", key="undo_last", icon=":material/undo:",
        disabled=reviewer() not in set(made["reviewer"]),
        on_click=marking.take_back, args=(run,),
    )  # fmt: skip


def show_nothing() -> None:
    """Describe how a decision is made."""
    st.info(
        "No photo is reviewed yet. Open a photo that the run got wrong and press a button beside "
        "it: is the label wrong, or the model?"
    )
    with st.container(horizontal=True):
        navigation.show_link("errors", "Errors", icon=":material/image_search:")
        navigation.show_link("errors", "Suspected labels", ":material/fact_check:", view="Suspects")


def describe_changes(changes: pd.DataFrame) -> str:
    """Describe what a retraining changes: how many labels, how many photos, in which splits."""
    said = []
    for column, one, several in (
        ("relabelled", "label is changed", "labels are changed"),
        ("taken_out", "photo is taken out", "photos are taken out"),
    ):
        parts = [
            f"{n:,} {split}" for split, n in changes[["split", column]].itertuples(index=False) if n
        ]
        total = int(changes[column].sum())
        said.append(f"**{total:,}** {one if total == 1 else several}")
        said[-1] += f" ({', '.join(parts)})" if parts else ""
    return " and ".join(said) + "."


def describe_idle(n_valid: int) -> str:
    """Describe why nothing is learned from corrections that are all on valid photos."""
    photos = "a *valid* photo" if n_valid == 1 else "*valid* photos"
    return (
        f"**{numbers.count(n_valid, 'correction')}**, on {photos}: retraining would give the same "
        "network. Labels in *train* change it."
    )


def show_retraining(run: Run) -> None:
    """Describe what the corrections change: the network where it learned, the rate on valid."""
    corrections = build_corrections(cache.evidence(run).verdicts, list(run.task.classes))
    table = cache.evidence(run).predictions
    changes = count_changes(table, corrections)
    outdated = count_outdated(table, corrections)
    per_split = changes.set_index("split").sum(axis=1)
    n_valid = int(per_split["valid"])
    n_learned = int(per_split.sum()) - n_valid
    with st.container(border=True):
        st.subheader("Retrain with these corrections", anchor=False)
        lack = find_lack(run, "training", "a retraining")
        if lack:
            st.caption(lack)
            return
        if outdated:
            st.caption(
                f"{numbers.count(outdated, 'correction')} that this run was trained with "
                f"{'has' if outdated == 1 else 'have'} since been withdrawn, but a retraining "
                f"keeps {'it' if outdated == 1 else 'them'}. To start without, pick "
                f"{run.parent_id}."
            )
        if not n_learned + n_valid:
            st.markdown(
                "No settled decision differs from the labels that this run was trained with."
            )
        elif not n_learned:
            st.markdown(describe_idle(n_valid))
        else:
            st.markdown(describe_changes(changes))
        show_start(run, corrections, is_off=not n_learned)
        if n_valid and st.toggle("Recount with corrected labels", key="recount"):
            st.markdown(describe_recount(table, corrections))


def show_start(run: Run, corrections: pd.DataFrame, is_off: bool) -> None:
    """Show the button that retrains; off, with the way to labels that a network learns from."""
    if is_off:
        with st.container(horizontal=True, vertical_alignment="center"):
            st.button("Retrain", key="retrain", icon=":material/play_arrow:", disabled=True)
            navigation.show_link(
                "errors", "Suspected labels in train", ":material/fact_check:", view="Suspects",
                suspects_in="train",
            )  # fmt: skip
        return
    st.caption(
        "The split, the settings and the network are this run's own; it took "
        f"{numbers.duration(run.metrics['seconds'])}. A photo that is taken out is neither "
        "trained on nor counted. Conflicts change nothing until they are decided."
    )
    if settings_form.show_ready(run.train_config.device) and st.button(
        "Retrain", type="primary", key="retrain", icon=":material/play_arrow:"
    ):
        child = create_retraining(cache.workspace(), run, run.train_config, corrections)
        job_view.launch_run(child)


def describe_recount(table: pd.DataFrame, corrections: pd.DataFrame) -> str:
    """Describe the rate on valid under the labels before and after the corrections."""
    before, after = (
        error_by_split(rows).set_index("split").loc["valid"]
        for rows in (table, correct_labels(table, corrections))
    )
    return (
        f"Under the corrected labels **{int(after['hits']):,} of {int(after['n']):,}** valid "
        f"photos are wrong, {numbers.rate(after)}; before it was {int(before['hits']):,} of "
        f"{int(before['n']):,}, {numbers.rate(before)}. The answers are the same: correcting "
        "labels that a run got wrong changes its rate by itself."
    )


def show_conflicts(run: Run, disputed: pd.DataFrame) -> None:
    """Show the photos on which reviewers disagree, with the buttons that decide."""
    st.subheader(f"{numbers.count(len(disputed), 'conflict')} to decide", anchor=False)
    st.caption("What you choose here counts, whatever was decided before.")
    store, task = cache.evidence(run).store, cache.evidence(run).task
    with st.container(horizontal=True, gap="medium"):
        for image in disputed.head(CONFLICTS).itertuples():
            with st.container(width=CONFLICT_PX, border=True):
                label = image.catalog_label
                told = task.describe(label) if label else "no label"
                st.image(store.pixels[image.row], width=130, alt=told)
                st.markdown(messages.escape(told))
                card = marking.Card(run, image, f"conflict-{image.image_id}", settles=True)
                marking.show_marking(card)
    if len(disputed) > CONFLICTS:
        st.caption(f"{len(disputed) - CONFLICTS:,} more follow.")


def show_card(image: Any, run: Run, own: set[str]) -> None:
    """One photo with its old and new label, who decided it, when, and why."""
    task, store = cache.evidence(run).task, cache.evidence(run).store
    st.image(store.pixels[image.row], width="stretch", alt=f"{task.thing} {image.image_id}")
    old = messages.escape(task.name(image.catalog_label)) or "no label"
    if image.mark == LABEL_WRONG:
        st.markdown(f"{old} → **{messages.escape(task.name(image.right_label))}**")
    else:
        st.markdown(f"{old}: **{name_marks(task)[image.mark]}**")
    when = image.decided_at[:16].replace("T", " ")
    note = f"  \n“{messages.escape(image.note)}”" if image.note else ""
    who = messages.escape(image.reviewers or "without a name")
    st.caption(f"image {image.image_id} · {image.split}  \n{who} · {when} UTC{note}")
    navigation.show_link("errors", "Open", icon=":material/open_in_full:", image=image.image_id)
    if image.image_id in own:
        marking.show_undo(image.image_id, run, f"decided-{image.image_id}")


def show_decided(run: Run, decided: pd.DataFrame) -> None:
    """Show the photos whose verdict stands, a page at a time."""
    st.subheader("Decided", anchor=False)
    names = name_marks(cache.evidence(run).task)
    wanted = pick_one(
        "Mark", ["all", *schema.MARKS], "mark", format_func=lambda mark: names.get(mark, mark)
    )
    chosen = decided if wanted == "all" else decided[decided["mark"] == wanted]
    if chosen.empty:
        st.info("No decisions match. Choose another mark.")
        return
    shown = pick_rows(chosen, PAGE_SIZE, "review_page")
    made = cache.evidence(run).decisions
    own = set(made.loc[made["reviewer"] == reviewer(), "image_id"])
    with st.container(horizontal=True, gap="small"):
        for image in shown.itertuples():
            with st.container(width=CARD_PX):
                show_card(image, run, own)


navigation.enter("review")
st.title("Review", anchor=False)
run = run_state.need_run()
pick_reviewer()
reviewed = find_reviewed(run)
if reviewed.empty:
    show_nothing()
    show_csv(run)
    st.stop()
st.markdown(describe_reviewed(run, reviewed), help=HELP)
show_csv(run)
disputed = reviewed[reviewed["is_conflict"]]
if not disputed.empty:
    show_conflicts(run, disputed)
show_retraining(run)
show_decided(run, reviewed[~reviewed["is_conflict"]])
