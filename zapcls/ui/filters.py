"""The gallery's filters: which photos are shown and in which order; all but picks is in the URL."""

import gc
import math
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from zapcls import schema
from zapcls.analysis import causes
from zapcls.analysis.mistakes import Filter, Index, build_index, find_rows
from zapcls.blocks.numbers import begin, count
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.evidence import Evidence
from zapcls.findings.causes import sort_errors
from zapcls.ui import cache
from zapcls.ui.bound import pick_one
from zapcls.ui.choices import name_marks
from zapcls.ui.messages import escape
from zapcls.workspace.runs import Run

RUN, HEADS = "this run", "label check"
ANY, REVIEWED, OPEN = "any", "reviewed", "not yet"
LOSS_TOP = 10.0  # of the slider; its end takes all that is above
SORT_NAMES = {
    "loss": "highest loss first",
    "prob": "most sure first",
    "uncertain": "least sure first",
    "product": "by product",
    "quality": "by label quality",
}
# Each filter is a widget of this key, bound to the URL.
FIRST: dict[str, Any] = {
    "source": RUN, "split": "valid", "answer": "wrong", "label": [], "color": [],
}  # fmt: skip
MORE: dict[str, Any] = {
    "text": "", "prediction": [], "category": [], "sub_category": [], "brand": [],
    "sure": (0, 100), "loss": (0.0, LOSS_TOP), "reviewed": ANY, "cause": [],
}  # fmt: skip
LISTS = {"category": "Category", "sub_category": "Sub-category", "brand": "Brand"}
FIRST_LISTS, MORE_LISTS = ("label", "color"), ("prediction", *LISTS)
MOST_COUNTED = 12  # values whose photos are counted below a list
PICKED = "picked"  # in the session: too many ids for a URL


def turn(page: int = 1) -> None:
    """Turn to a page of the gallery, after another filter to the first: a callback."""
    st.session_state["page"] = page


BOUND: dict[str, Any] = {"bind": "query-params", "on_change": turn}


@dataclass(frozen=True)
class Found:
    """What the filters ask for: rows of the index's table, in order."""

    index: Index
    rows: np.ndarray
    source: str
    split: str

    @property
    def ids(self) -> list[str]:
        return self.index.ids[self.rows].to_list()


def pick_photos(run: Run, is_folded: bool = False) -> Found:
    """Show the filters in a line, each kept in the URL, and find what they ask for."""
    _follow_link()
    evidence = cache.evidence(run)
    with (
        st.expander("Filters of the gallery") if is_folded else st.container(),
        st.container(horizontal=True, gap="xsmall", vertical_alignment="center"),
    ):
        index, source, wanted = _pick_answers(run)
        wanted = _pick_lists(index, wanted, FIRST_LISTS, evidence.task)
        wanted, reviewed, chosen = _pick_more(index, source, wanted, evidence.task)
        wanted = _pick_sort(index, wanted)
        _show_picked()
        show_clear()
    wanted = _narrow(run, wanted, reviewed, chosen)
    return Found(index, find_rows(index, wanted), source, wanted.split)


def _follow_link() -> None:
    """Let the filters of a link be all the filters there are.

    Streamlit would add those that were set when the gallery was last open. The button that clears
    them is drawn with them, so it tells whether they were on the page that the link stood on.
    """
    picked = st.session_state.pop("picked_images", None)
    keys = (*FIRST, *MORE, "sort", "page")
    is_link = "clear" not in st.session_state and any(key in st.query_params for key in keys)
    if is_link:
        for key in keys:
            if key in st.session_state and key not in st.query_params:
                del st.session_state[key]
    if picked or is_link:
        st.session_state[PICKED] = [str(image_id) for image_id in picked or ()]


def show_clear() -> None:
    """The button that puts all filters to rest; it is drawn wherever they are."""
    active = _count_set([*FIRST, *MORE], FIRST | MORE) or st.session_state.get(PICKED)
    st.button(
        "Clear", key="clear", icon=":material/filter_alt_off:", type="tertiary",
        disabled=not active, on_click=_clear, help="Clear all filters",
    )  # fmt: skip


def _clear() -> None:
    for key, value in (FIRST | MORE | {"page": 1}).items():
        st.session_state[key] = value
    st.session_state[PICKED] = []


def _show_picked() -> None:
    """Describe that only photos picked elsewhere are shown; a click shows the others too."""
    if picked := st.session_state.get(PICKED):
        st.button(
            f"{count(len(picked), 'photo')} picked", key="clear_picked",
            icon=":material/close:", icon_position="right", on_click=_unpick,
            help="Picked on the map or in a slice. Click to show the others again.",
        )  # fmt: skip


def _unpick() -> None:
    st.session_state[PICKED] = []
    turn()


def _count_set(keys: Collection[str], defaults: dict[str, Any]) -> int:
    """Count the filters that are not at rest; before the first run only the URL knows."""
    states = (st.session_state.get(key, st.query_params.get(key)) for key in keys)
    pairs = zip(states, (defaults[key] for key in keys), strict=True)
    return sum(value is not None and value != default for value, default in pairs)


def _pick_answers(run: Run) -> tuple[Index, str, Filter]:
    """Choose whose answers, of which split, and right or wrong ones."""
    source, split = RUN, ""
    answer = str(_read("answer") or FIRST["answer"])
    with st.popover(begin(answer)):
        if cache.evidence(run).check.is_done:
            source = pick_one("Whose answers", (RUN, HEADS), "source", on_change=turn)
        if source == RUN:
            split = pick_one("Split", schema.SPLITS[::-1], "split", on_change=turn)
        answer = pick_one("Answer", ["wrong", "right", "all"], "answer", on_change=turn)
    return read_index(run, source), source, Filter(split=split, answer=answer)


def _read(key: str) -> Any:
    """Read the value of a filter before its widget is drawn: of the session, else of the URL."""
    if key in st.session_state:
        return st.session_state[key]
    asked = st.query_params.get_all(key)
    return asked if isinstance((FIRST | MORE)[key], list) else next(iter(asked), None)


def _pick_lists(index: Index, wanted: Filter, names: Sequence[str], task: Task) -> Filter:
    """Choose values of some columns, each behind a button that tells what is chosen."""
    found = index.table.iloc[find_rows(index, wanted)]
    for name in names:
        title, options = _list_options(index, name, task)
        counts = found[name].value_counts()
        picked = ", ".join(map(task.name, _read(name) or ()))
        with st.popover(f"{title}: {escape(picked)}" if picked else title):
            values = st.multiselect(
                title, options, key=name, placeholder="any", label_visibility="collapsed", **BOUND
            )
            most = counts[counts > 0].head(MOST_COUNTED).items()
            st.caption(" · ".join(f"{escape(task.name(str(one)))} {n:,}" for one, n in most))
        chosen: dict[str, Any] = {name: tuple(values)}
        wanted = replace(wanted, **chosen)
    return wanted


def _list_options(index: Index, name: str, task: Task) -> tuple[str, list[str]]:
    """List the values of a column that can be chosen, under their title."""
    if name in ("label", "prediction"):
        return begin(task.verb) if name == "label" else "Called", list(task.classes)
    if name == "color":
        return "Color", [color for color in BASIC_COLORS if color in index.options["color"]]
    return LISTS[name], index.options[name]


def _pick_sort(index: Index, wanted: Filter) -> Filter:
    sort = st.selectbox(
        "Sort", list(index.orders), format_func=SORT_NAMES.__getitem__, key="sort", width=170,
        label_visibility="collapsed", **BOUND,
    )  # fmt: skip
    return replace(wanted, sort=str(sort))


def _pick_more(
    index: Index, source: str, wanted: Filter, task: Task
) -> tuple[Filter, str, list[str]]:
    """Choose by what is used less, all behind one button."""
    explained = (f"**{cause}**: {words}" for cause, words in causes.EXPLANATIONS.items())
    chosen: list[str] = []
    active = _count_set(MORE, MORE)
    with st.popover(f"Filter · {active}" if active else "Filter", icon=":material/add:"):
        text = st.text_input(
            "Path, brand, product or image", key="text",
            placeholder="Boots/Ankle" if task.thing == "shoe" else "part of a name", **BOUND,
        )  # fmt: skip
        lists: dict[str, Any] = {}
        for name in MORE_LISTS:
            title, options = _list_options(index, name, task)
            if options != [""]:  # this catalogue has some
                lists[name] = tuple(
                    st.multiselect(title, options, key=name, placeholder="any", **BOUND)
                )
        low, high = st.slider("Sure of its answer, %", 0, 100, (0, 100), key="sure", **BOUND)
        least, most = st.slider(
            "Loss", 0.0, LOSS_TOP, (0.0, LOSS_TOP), 0.1, "%.1f", key="loss",
            help="Minus the logarithm of the label's probability; the right end includes all "
            "higher values.",
            **BOUND,
        )  # fmt: skip
        names = name_marks(task)
        reviewed = st.selectbox(
            "Reviewed", [ANY, REVIEWED, OPEN, *schema.MARKS], key="reviewed",
            format_func=lambda mark: names.get(mark, mark), **BOUND,
        )  # fmt: skip
        if source == RUN:
            chosen = st.multiselect(
                "Cause", causes.CAUSES, key="cause", placeholder="any",
                help="\n\n".join(explained), **BOUND,
            )  # fmt: skip
    wanted = replace(
        wanted, text=text, prob=(low / 100, high / 100),
        loss=(least, most if most < LOSS_TOP else math.inf), **lists,
    )  # fmt: skip
    return wanted, str(reviewed), chosen


def _narrow(run: Run, wanted: Filter, reviewed: str, chosen: list[str]) -> Filter:
    """Turn what is known by image id into ids: picks on the map, verdicts, causes."""
    sets: list[set[str]] = []
    if picked := st.session_state.get(PICKED):
        sets.append(set(picked))
    if reviewed != ANY:
        verdicts = cache.evidence(run).verdicts
        if reviewed in schema.MARKS:
            verdicts = verdicts[verdicts["mark"] == reviewed]
        if reviewed == OPEN:
            wanted = replace(wanted, not_images=set(verdicts["image_id"]))
        else:
            sets.append(set(verdicts["image_id"]))
    if chosen:
        sorted_errors = read_causes(run)
        sets.append(set(sorted_errors.loc[sorted_errors["cause"].isin(chosen), "image_id"]))
    return replace(wanted, images=set.intersection(*sets)) if sets else wanted


def read_index(run: Run, source: str) -> Index:
    """The index of a run's predictions, or of its label check's, with `label_quality` if known."""
    evidence = cache.evidence(run)
    return evidence.keep(
        ("index", source), ("predictions", "check"), lambda: _build_index(evidence, source)
    )


def _build_index(evidence: Evidence, source: str) -> Index:
    with st.spinner("Sorting the photos…"):
        table = evidence.answers("run" if source == RUN else "oof")
        issues = evidence.issues
        if issues is not None:
            quality = issues.set_index("image_id")["label_quality"]
            table = table.assign(label_quality=table["image_id"].map(quality))
        index = build_index(table)
    # Streamlit collects garbage after each script run and looks through all that is loaded, which
    # takes 100 ms and holds up every other thread. What is there now stays; it is left out, but for
    # what was left out before and has since been let go of.
    gc.unfreeze()
    gc.collect()
    gc.freeze()
    return index


def read_causes(run: Run) -> pd.DataFrame:
    """Each error's cause: image_id, cause, evidence (`analysis.causes`)."""
    return sort_errors(cache.evidence(run))
