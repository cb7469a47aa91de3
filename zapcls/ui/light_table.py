"""A table of photos of which several can be chosen: by click, Shift, Ctrl+A and keys."""

import base64
from collections.abc import Sequence
from importlib import resources
from typing import Any, NamedTuple

import streamlit as st


class Cell(NamedTuple):
    """A photo of the table (JPEG), a word below it, and what is told of it."""

    id: str
    product: str
    photo: bytes
    why: str
    alt: str
    title: str


class Group(NamedTuple):
    """Photos under a title; those of one product stand beside each other."""

    title: str
    cells: Sequence[Cell]


def show_light_table(groups: Sequence[Group], key: str) -> tuple[list[str], str | None]:
    """Show the table and return the ids that are chosen, and the one that was opened, if any."""
    files = resources.files("zapcls.ui")
    table = st.components.v2.component(
        "zapcls.light_table",
        html='<div class="light-table"></div>',
        css=files.joinpath("light_table.css").read_text(),
        js=files.joinpath("light_table.js").read_text(),
    )
    data = {"groups": [{"title": one.title, "cells": _encode(one.cells)} for one in groups]}
    result: Any = table(
        data=data, key=key, default={"chosen": []}, on_chosen_change=lambda: None,
        on_opened_change=lambda: None,
    )  # fmt: skip
    shown = {cell.id for group in groups for cell in group.cells}
    return [one for one in result.chosen or [] if one in shown], result.opened


def _encode(cells: Sequence[Cell]) -> list[dict[str, str]]:
    return [
        cell._asdict()
        | {"photo": f"data:image/jpeg;base64,{base64.b64encode(cell.photo).decode()}"}
        for cell in cells
    ]
