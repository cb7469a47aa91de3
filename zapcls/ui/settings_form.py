"""The settings of the next training, shared by the Train and the Learning rate pages."""

from pathlib import Path
from typing import Any

import streamlit as st

from zapcls import config
from zapcls.config import PRESETS, SUGGESTED, TrainConfig, build_config
from zapcls.data.sample import is_drawn
from zapcls.errors import BadInput
from zapcls.ui import cache, widgets
from zapcls.workspace import jobs
from zapcls.workspace.layout import read_chosen_data

_KEY = "training_settings"
_SPLIT_TITLES = {"product": "product (no leak)", "random": "image, as the blog"}
_WEIGHT_TITLES = {
    "imagenet": "ImageNet",
    "none": "none (random start)",
    "file": "a .safetensors file",
}
_CHANGES = {"none": "none", "flip": "flip", "standard": "flip, turn, zoom, light"}


def read_settings() -> dict[str, Any]:
    """The settings as they stand: those of the fitting preset until a person changes one."""
    if _KEY not in st.session_state:
        workspace = cache.workspace()
        folder = read_chosen_data(workspace)
        is_newcomer = folder == workspace.drawings_dir or is_drawn(folder)
        use_preset("first-try" if is_newcomer else "quick")
    return st.session_state[_KEY]


def use_preset(name: str) -> None:
    """Replace all settings by a preset's."""
    st.session_state[_KEY] = {"preset": name, **build_config(name).to_json()}


def change_setting(name: str, value: Any) -> None:
    """Change one setting; the preset is then only where they came from."""
    st.session_state[_KEY] = read_settings() | {name: value}


def build_chosen_config() -> TrainConfig:
    """Build the config of the settings as they stand.

    Raises:
        BadInput: one of them is outside its range, or the weights file is not there.
    """
    chosen = {key: value for key, value in read_settings().items() if key != "preset"}
    built = build_config("quick", **chosen)
    if built.weights not in _WEIGHT_TITLES and not Path(built.weights).is_file():
        raise BadInput(
            f"The weights file must exist on this machine, got {built.weights}. Check the path."
        )
    return built


def describe_settings() -> str:
    """The settings in one line."""
    chosen = read_settings()
    weights = {"imagenet": "ImageNet weights", "none": "random weights"}
    return (
        f"{chosen['arch']} · {chosen['image_size']} px · batch {chosen['batch_size']} · "
        f"{weights.get(chosen['weights'], 'weights from a file')} · {chosen['split']} split · "
        f"seed {chosen['seed']}"
    )


def show_form() -> None:
    """Draw presets and fields; what a person enters is kept over pages."""
    chosen = read_settings()
    picked = st.segmented_control(
        "Preset", list(PRESETS), format_func=lambda name: PRESETS[name].title,
        default=chosen["preset"], key="preset", required=True,
    )  # fmt: skip
    if picked and picked != chosen["preset"]:
        use_preset(picked)
        st.rerun()
    st.caption(PRESETS[chosen["preset"]].description)
    left, middle, right = st.columns(3, gap="large")
    with left:
        _show_network(chosen)
    with middle:
        _show_schedule(chosen)
    with right:
        _show_data(chosen)


def _show_network(chosen: dict[str, Any]) -> None:
    known = config.read_architectures()
    _select("arch", "Network", chosen, list(known),
            lambda name: f"{name} · {known[name]['params_m']} M parameters")  # fmt: skip
    _number("image_size", "Image size (px)", chosen, 32, 512, 32)
    kind = chosen["weights"] if chosen["weights"] in _WEIGHT_TITLES else "file"
    picked = st.selectbox(
        "Start weights", list(_WEIGHT_TITLES), list(_WEIGHT_TITLES).index(kind),
        format_func=_WEIGHT_TITLES.__getitem__, key=_widget_key("weights"),
        help="ImageNet weights are fetched at their first use; a file needs no connection.",
    )  # fmt: skip
    if picked == "file":
        path = st.text_input(
            "Weights file", "" if kind != "file" else chosen["weights"],
            key=_widget_key("weights_path"), placeholder="/path/to/weights.safetensors",
        )  # fmt: skip
        change_setting("weights", path)
    else:
        change_setting("weights", picked)


def _show_schedule(chosen: dict[str, Any]) -> None:
    for phase, what in (("frozen", "head only"), ("unfrozen", "whole network")):
        _number(f"{phase}_epochs", f"Epochs, {what}", chosen, 0, 1000)
        rate = st.text_input(
            f"Learning rate, {what}",
            _write_rate(chosen[f"{phase}_lr"]),
            key=_widget_key(f"{phase}_lr"),
            help="A number such as 0.002, or 'suggested': the finder runs first and its valley "
            "is taken.",
        )
        value = _read_rate(rate)
        change_setting(f"{phase}_lr", value)
        if isinstance(value, str) and value != SUGGESTED:
            st.error(
                f"A learning rate must be 'suggested' or a number such as 0.002, got {rate!r}."
            )
    _number("batch_size", "Batch size (images)", chosen, 2, 4096)


def _show_data(chosen: dict[str, Any]) -> None:
    _select("split", "Split by", chosen, config.SPLIT_MODES, _SPLIT_TITLES.__getitem__)
    _select("augmentation", "Random changes", chosen, config.AUGMENTATIONS, _CHANGES.__getitem__)
    _number("seed", "Seed", chosen, 0, 2**32 - 1)
    _select("device", "Device", chosen, ["auto", *cache.devices()])
    _select("precision", "Precision", chosen, config.PRECISIONS)


def _widget_key(name: str) -> str:
    # The preset is part of the key, so that choosing one shows its values in every field.
    return f"{name}-{read_settings()['preset']}"


def _select(name: str, label: str, chosen: dict[str, Any], options: Any, say: Any = str) -> None:
    options = list(options)
    if chosen[name] not in options:  # a device that torch has not told of yet
        options.append(chosen[name])
    place = options.index(chosen[name])
    picked = st.selectbox(label, options, place, format_func=say, key=_widget_key(name))
    change_setting(name, picked)


def _number(
    name: str, label: str, chosen: dict[str, Any], low: int, high: int, step: int = 1
) -> None:
    value = st.number_input(label, low, high, chosen[name], step, key=_widget_key(name))
    change_setting(name, int(value))


def _write_rate(rate: float | str) -> str:
    return rate if isinstance(rate, str) else f"{rate:.3g}"


def _read_rate(text: str) -> float | str:
    """Read a rate; text that is none stays as it is, and the config refuses it at the start."""
    try:
        return float(text)
    except ValueError:
        return text.strip()


def show_ready() -> bool:
    """Tell who is using the machine, if anyone is; True when a training can start now."""
    workspace = cache.workspace()
    active = widgets.find_active(workspace.runs_dir, "train") or widgets.find_active(
        workspace.jobs_dir, "lr_find"
    )
    chosen = read_settings()["device"]
    devices = config.DEVICES[1:] if chosen == "auto" else (chosen,)
    holders = [jobs.find_device_holder(workspace, device) for device in devices]
    busy = active.job_id if active else next(filter(None, holders), None)
    if busy:
        st.caption(f"{busy} is running; one at a time.")
    return busy is None


def use_rate(phase: str, rate: float) -> None:
    """Take a found learning rate into the form."""
    change_setting(f"{phase}_lr", float(f"{rate:.3g}"))
    st.session_state.pop(_widget_key(f"{phase}_lr"), None)
