"""Choices that are kept in the URL: one of a few options, a page of a long table, any other."""

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


def pick_rows(table: pd.DataFrame, size: int, key: str) -> pd.DataFrame:
    """Choose a page of a table, `size` rows long; a short table has one, and no choice."""
    pages = math.ceil(len(table) / size)
    page = st.pagination(pages, key=key, bind="query-params") if pages > 1 else 1
    return table.iloc[(min(page, pages) - 1) * size :].head(size)


def put_in_url(name: str, key: str) -> None:
    """Put a widget's value in the URL by hand: a bound widget could not be linked to."""
    st.query_params[name] = st.session_state[key]
