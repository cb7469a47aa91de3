"""The gallery's filters: which photos are shown and in which order; all but picks is in the URL."""

import gc
import math
from collections.abc import Collection
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pandas as pd
import streamlit as st

from zapcls import schema
from zapcls.analysis import causes
from zapcls.analysis.mistakes import Filter, Index, build_index, find_rows
from zapcls.blocks.numbers import begin
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import Task
from zapcls.evidence import Evidence
from zapcls.findings.causes import sort_errors
from zapcls.ui import cache
from zapcls.ui.bound import pick_one
from zapcls.workspace.runs import Run

RUN, HEADS = "this run", "out-of-fold"
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
FIRST = {
    "source": RUN, "split": "valid", "answer": "wrong", "text": "", "label": [], "prediction": [],
    "color": [],
}  # fmt: skip
MORE = {
    "category": [], "sub_category": [], "brand": [], "sure": (0, 100), "loss": (0.0, LOSS_TOP),
    "reviewed": ANY, "cause": [],
}  # fmt: skip
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


def pick_photos(run: Run, aside: Any = None, is_folded: bool = False) -> Found:
    """Show the filters, each kept in the URL, and find what they ask for.

    The choice of source goes into the container `aside`, if given.
    """
    _follow_link()
    with st.expander("Filters of the gallery") if is_folded else st.container():
        index, source = read_index(run, RUN), RUN
        if cache.evidence(run).check.is_done:
            with aside or st.container():
                source = pick_one(
                    "Answers of", (RUN, HEADS), "source", on_change=turn,
                    label_visibility="collapsed",
                )  # fmt: skip
            index = read_index(run, source)
        wanted = _pick_first(index, source, cache.evidence(run).task)
        active = _count_set(MORE, MORE)
        more = f"More filters · {active} active" if active else "More filters"
        with st.container() if is_folded else st.expander(more, key="more"):
            wanted, reviewed, chosen = _pick_more(index, source, wanted)
        _show_picked()
        if is_folded:
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
        disabled=not active, on_click=_clear, help="Put all filters to rest",
    )  # fmt: skip


def _clear() -> None:
    for key, value in (FIRST | MORE | {"page": 1}).items():
        st.session_state[key] = value
    st.session_state[PICKED] = []


def _show_picked() -> None:
    """Describe that only photos picked elsewhere are shown; a click shows the others too."""
    if picked := st.session_state.get(PICKED):
        st.button(
            f"{len(picked):,} photos picked", key="clear_picked", icon=":material/close:",
            icon_position="right", on_click=_unpick,
            help="Picked on the map or in a slice; a click shows the others again.",
        )  # fmt: skip


def _unpick() -> None:
    st.session_state[PICKED] = []
    turn()


def _count_set(keys: Collection[str], defaults: dict[str, Any]) -> int:
    """Count the filters that are not at rest; before the first run only the URL knows."""
    states = (st.session_state.get(key, st.query_params.get(key)) for key in keys)
    pairs = zip(states, (defaults[key] for key in keys), strict=True)
    return sum(value is not None and value != default for value, default in pairs)


def _pick_first(index: Index, source: str, task: Task) -> Filter:
    """The filters of the first screen, and the sort."""
    split = ""
    with st.container(horizontal=True):
        if source == RUN:
            split = pick_one("Split", schema.SPLITS[::-1], "split", on_change=turn)
        answer = pick_one("Answer", ["wrong", "right", "all"], "answer", on_change=turn)
        text = st.text_input(
            "Path, brand, product or image",
            key="text",
            placeholder="Boots/Ankle" if task.thing == "shoe" else "part of a name",
            **BOUND,
        )
        sort = st.selectbox(
            "Sort", list(index.orders), format_func=SORT_NAMES.__getitem__, key="sort", **BOUND
        )
    lists = {
        "label": (begin(task.verb), list(task.classes)),
        "prediction": ("Called", list(task.classes)),
        "color": ("Color", [name for name in BASIC_COLORS if name in index.options["color"]]),
    }
    return Filter(split=split, answer=answer, text=text, sort=str(sort), **_pick_lists(lists))


def _pick_lists(lists: dict[str, tuple[str, list[str]]]) -> dict[str, Any]:
    with st.container(horizontal=True):
        return {
            name: tuple(st.multiselect(title, options, key=name, placeholder="any", **BOUND))
            for name, (title, options) in lists.items()
        }


def _pick_more(index: Index, source: str, wanted: Filter) -> tuple[Filter, str, list[str]]:
    """The filters that are used less, and what takes them all away."""
    names = {"category": "Category", "sub_category": "Sub-category", "brand": "Brand"}
    lists = {
        name: (title, index.options[name])
        for name, title in names.items()
        if index.options[name] != [""]  # this catalogue has some
    }
    wanted = replace(wanted, **_pick_lists(lists))
    explained = (f"**{cause}**: {words}" for cause, words in causes.EXPLANATIONS.items())
    chosen: list[str] = []
    with st.container(horizontal=True, vertical_alignment="bottom"):
        low, high = st.slider("Sure of its answer, %", 0, 100, (0, 100), key="sure", **BOUND)
        least, most = st.slider(
            "Loss", 0.0, LOSS_TOP, (0.0, LOSS_TOP), 0.1, "%.1f", key="loss",
            help="Minus the logarithm of the label's probability; the right end takes all above.",
            **BOUND,
        )  # fmt: skip
        reviewed = st.selectbox(
            "Reviewed", [ANY, REVIEWED, OPEN, *schema.MARKS], key="reviewed", **BOUND
        )
        if source == RUN:
            chosen = st.multiselect(
                "Cause", causes.CAUSES, key="cause", placeholder="any",
                help="\n\n".join(explained), **BOUND,
            )  # fmt: skip
    wanted = replace(
        wanted,
        prob=(low / 100, high / 100),
        loss=(least, most if most < LOSS_TOP else math.inf),
    )
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
    # takes 100 ms and holds up every other thread. What is there now stays; it is left out.
    gc.collect()
    gc.freeze()
    return index


def read_causes(run: Run) -> pd.DataFrame:
    """Each error's cause: image_id, cause, evidence (`analysis.causes`)."""
    return sort_errors(cache.evidence(run))
