"""The field of a setting, by its kind: each takes what it is and returns what it is then."""

from collections.abc import Callable, Sequence
from typing import Any

import streamlit as st

from zapcls.config import SUGGESTED, name_column
from zapcls.config.kinds import Kind, read_names
from zapcls.ui import cache

Look = dict[str, Any]  # label, key, help and disabled of a Streamlit field


def _pick_choice(kind: Kind, value: str, look: Look, offered: Sequence[str] = ()) -> str:
    titles = kind.list_titles()
    options = [value] if look["disabled"] else list(offered or titles)
    if value not in options:  # a device that torch has not told of yet
        options.append(value)
    return st.selectbox(
        options=options, index=options.index(value),
        format_func=lambda name: titles.get(name, name), **look,
    )  # fmt: skip


def _pick_columns(kind: Kind, value: str, look: Look) -> str:
    """Choose columns of the catalogue in use, each with its counts."""
    store, chosen = cache.chosen_store(), list(read_names(value))
    counts = cache.count_columns(store) if store else {}
    options = [*counts, *(name for name in chosen if name not in counts)]

    def title(name: str) -> str:
        found = f" · {counts[name][0]} classes" if name in counts else ""
        return f"{name_column(name)}{found}"

    picked = st.multiselect(options=options, default=chosen, format_func=title, **look)
    said = (f"{name_column(name)}: {counts[name][1]:,} photos" for name in picked if name in counts)
    st.caption(" · ".join(said))
    return ",".join(picked)


def _pick_device(kind: Kind, value: str, look: Look) -> str:
    return _pick_choice(kind, value, look, ["auto", *cache.devices()])


def _pick_file(kind: Kind, value: str, look: Look) -> str:
    *words, suffix = kind.list_titles()
    picked = _pick_choice(kind, value if value in words else suffix, look)
    if picked != suffix:
        return picked
    return st.text_input(
        "Path of the file", "" if value in words else value, key=f"{look['key']}-path",
        placeholder=f"/path/to/file{suffix}",
    )  # fmt: skip


def _pick_whole(kind: Kind, value: int, look: Look) -> int:
    low, high, step = kind.limits
    return int(st.number_input(value=value, min_value=low, max_value=high, step=step, **look))


def _pick_share(kind: Kind, value: float, look: Look) -> float:
    low, high, step = kind.limits
    picked = st.number_input(
        value=float(value), min_value=low, max_value=high, step=step, format="%.2f", **look
    )
    return round(float(picked), 4)


def _pick_rate(kind: Kind, value: float | str, look: Look) -> float | str:
    """Read a rate; text that is none stays as it is, and the config refuses it at the start."""
    text = st.text_input(value=value if isinstance(value, str) else f"{value:.3g}", **look)
    try:
        return float(text)
    except ValueError:
        if text.strip() != SUGGESTED:
            rule = "A learning rate must be 'suggested' or a number such as 0.002"
            st.error(f"{rule}, got {text!r}.")
        return text.strip()


# The function that draws the field of each kind.
PICKERS: dict[str, Callable[[Kind, Any, Look], Any]] = {
    "choice": _pick_choice,
    "columns": _pick_columns,
    "device": _pick_device,
    "file": _pick_file,
    "whole": _pick_whole,
    "share": _pick_share,
    "rate": _pick_rate,
}
