"""The form that makes a run of a model that was trained elsewhere, or of its predictions."""

from pathlib import Path
from typing import Any

import streamlit as st

from zapcls.config import DEFAULT_TARGET, Statistics, name_column
from zapcls.config.kinds import read_names, read_numbers
from zapcls.ui import cache, job_view, messages
from zapcls.workspace.imports import build_origin, create_import
from zapcls.workspace.layout import read_chosen_data

PREDICTIONS, MODEL = "Predictions", "A model"
HELP = {
    PREDICTIONS: "CSV, TSV or Parquet, one row per photo: its `path`, and a column of "
    "probabilities for each class, named after the class; or only `prediction`. A column "
    "`split` may say what the model was trained on.",
    MODEL: "A folder in timm's hub format (`config.json`, `model.safetensors`), or an ONNX "
    "classifier that takes float32 images (n, 3, size, size).",
}


def show_import() -> None:
    """Offer to import, folded."""
    with st.expander("Import a model that was trained elsewhere"), messages.explain_errors():
        kind = st.segmented_control(
            "What you have", [PREDICTIONS, MODEL], default=PREDICTIONS, key="import_kind",
            required=True,
        )  # fmt: skip
        st.caption(HELP[kind])
        left, right = st.columns([3, 1])
        path = left.text_input(
            "File" if kind == PREDICTIONS else "Folder, or ONNX file", key="import_path",
            placeholder="a path on this machine",
        )  # fmt: skip
        store = cache.chosen_store()
        known = [attribute.name for attribute in store.attributes] if store else [DEFAULT_TARGET]
        target = right.selectbox(
            "Predicts", known, known.index(store.target) if store else 0, key="import_target",
            format_func=name_column,
        )  # fmt: skip
        size, *numbers = [0] if kind == PREDICTIONS else show_preprocessing()
        classes = st.text_input(
            "Classes, in the order of the answers", key="import_classes",
            help="Separated by commas. Needed for an ONNX model; others name their own.",
        )  # fmt: skip
        if st.button("Import", key="import", icon=":material/input:", disabled=not path):
            statistics = Statistics(*map(read_numbers, numbers))
            origin = build_origin(
                Path(path), kind == PREDICTIONS, read_names(classes), size, statistics
            )
            workspace = cache.workspace()
            run = create_import(workspace, read_chosen_data(workspace), target, origin)
            job_view.launch_run(run)


def show_preprocessing() -> list[Any]:
    """Pick what comes before an ONNX model: the size in px (0: its own), mean and deviation.

    The last two are as they were written.
    """
    first, *others = st.columns(3)
    size = first.number_input(
        "Size, ONNX (px)", 0, 1024, 0, key="import_size", help="0: the model's own, if it has one."
    )
    values = [
        place.text_input(
            f"{title}, ONNX", ", ".join(map(str, default)), key=f"import_{title.lower()}",
            help="Red, green and blue, in 0..1.",
        )
        for place, title, default in zip(
            others, ("Mean", "Deviation"), Statistics(), strict=True
        )
    ]  # fmt: skip
    return [int(size), *values]
