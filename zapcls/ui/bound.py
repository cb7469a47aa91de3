"""Choices that are kept in the URL: one of some options, a page of a table, what is unfolded."""

import math
from collections.abc import Iterable
from typing import Any

import pandas as pd
import streamlit as st


def pick_one(label: str, options: Iterable[str], key: str, **look: Any) -> str:
    """Choose one of some options, at first the first of them."""
    names = list(options)
    picked = st.segmented_control(
        label, names, default=names[0], required=True, key=key, bind="query-params", **look
    )
    return str(picked)


def pick_counted(label: str, options: dict[str, pd.Series], key: str, **look: Any) -> pd.Series:
    """Choose one of some conditions on rows, each with its count; one that fits none is hidden.

    The choice is kept in the URL by hand, as a bound widget would write its counts there too.
    """
    counts = {name: int(is_in.sum()) for name, is_in in options.items()}
    first = next(iter(options))
    shown = [name for name, n in counts.items() if n or name == first]
    asked = st.query_params.get(key, st.session_state.get(key, first))
    st.session_state[key] = asked if asked in shown else first
    picked = st.segmented_control(
        label, shown, required=True, key=key, on_change=put_in_url, args=(key, key),
        format_func=lambda name: f"{name} {counts[name]:,}", **look,
    )  # fmt: skip
    return options[str(picked)]


def pick_rows(table: pd.DataFrame, size: int, key: str) -> pd.DataFrame:
    """Choose a page of a table, `size` rows long; a short table has one, and no choice."""
    pages = math.ceil(len(table) / size)
    page = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    return table.iloc[(min(page, pages) - 1) * size :].head(size)


def fold(title: str, key: str) -> Any:
    """Fold a part of the page; fill it only where its `open` is true, so that closed it is free."""
    return st.expander(title, key=key, on_change="rerun", bind="query-params")


def put_in_url(name: str, key: str) -> None:
    """Put a widget's value in the URL by hand: a bound widget could not be linked to."""
    st.query_params[name] = st.session_state[key]
