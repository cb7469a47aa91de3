"""The settings of the next training, shared by the Train and the Learning rate pages."""

from pathlib import Path
from typing import Any

import streamlit as st

from zapcls import config
from zapcls.config import PRESETS, SUGGESTED, TrainConfig, build_config
from zapcls.data.sources import drawings
from zapcls.errors import BadInput
from zapcls.ui import cache, setting_words, widgets
from zapcls.workspace import jobs
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data

_KEY = "training_settings"


def read_settings() -> dict[str, Any]:
    """The settings as they stand: those of the fitting preset until a person changes one."""
    if _KEY not in st.session_state:
        workspace = cache.workspace()
        folder = read_chosen_data(workspace)
        is_newcomer = folder == workspace.drawings_dir or drawings.recognizes(folder)
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
    if built.weights not in setting_words.WEIGHTS and not Path(built.weights).is_file():
        raise BadInput(
            f"The weights file must exist on this machine, got {built.weights}. Check the path."
        )
    return built


def describe_settings() -> str:
    """The settings in one line."""
    return setting_words.describe(read_settings())


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
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _show_network(chosen)
    with middle:
        _show_schedule(read_settings())
    with right:
        _show_data(chosen)
    with st.expander("Less color"):
        _show_color(chosen)
    with st.expander("More"):
        _show_rare(chosen)


def _show_network(chosen: dict[str, Any]) -> None:
    known = config.read_architectures()
    _select("arch", "Network (parameters)", chosen, list(known),
            lambda name: f"{name} · {known[name]['params_m']} M")  # fmt: skip
    titles = setting_words.WEIGHTS
    kind = chosen["weights"] if chosen["weights"] in titles else "file"
    picked = st.selectbox(
        "Start weights", list(titles), list(titles).index(kind), titles.__getitem__,
        key=_widget_key("weights"),
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
    _show_part(read_settings())
    _number("image_size", "Image size (px)", chosen, 32, 512, 32)


def _show_part(chosen: dict[str, Any]) -> None:
    """Choose what unfreezing sets free; without a last stage to cut off, it is everything."""
    can_cut = setting_words.can_train_last_stage(chosen)
    if not can_cut:
        change_setting("unfrozen_part", "all")
    _select(
        "unfrozen_part", "Part to unfreeze", read_settings(),
        config.UNFROZEN_PARTS if can_cut else ["all"], setting_words.PARTS.__getitem__,
        # A field of its own where there is no choice, so that none is kept from before.
        key=_widget_key("unfrozen_part" if can_cut else "only_part"), disabled=not can_cut,
        help="The last stage alone trains many times as fast, because what enters it is computed "
        "once. It takes a network of torchvision with pretrained weights.",
    )  # fmt: skip


def _show_schedule(chosen: dict[str, Any]) -> None:
    for phase in config.PHASES:
        part = setting_words.name_part(chosen, phase)
        _number(f"{phase}_epochs", f"Epochs, {part}", chosen, 0, 1000)
        rate = st.text_input(
            f"Learning rate, {part}",
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


def _show_data(chosen: dict[str, Any]) -> None:
    _number("batch_size", "Batch size (images)", chosen, 2, 4096)
    _select("split", "Split by", chosen, config.SPLIT_MODES, setting_words.SPLITS.__getitem__)
    changes = setting_words.CHANGES
    _select("augmentation", "Random changes", chosen, config.AUGMENTATIONS, changes.__getitem__)
    _number("seed", "Seed", chosen, 0, 2**32 - 1)


def _show_color(chosen: dict[str, Any]) -> None:
    """Draw the settings that keep a network from going by the color of a shoe."""
    st.caption(
        "What may keep the network from going by the color. Only training photos are changed, each "
        "in one way at most."
    )
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _share(
            "hue_jitter", "Hue jitter (of the color circle)", chosen, 0.5,
            "The largest random turn of a photo's hues: at 0.5 red may become any color; 0 is off.",
        )  # fmt: skip
    with middle:
        _share(
            "grayscale_share", "Shown in gray (share)", chosen, 1.0,
            "How many of the training photos are shown without color; 0.5 is every other.",
        )  # fmt: skip
    with right:
        _share(
            "recolor_share", "Shoe recolored (share)", chosen, 1.0,
            "How many of the training photos show their shoe in another color, drawn at random.",
        )  # fmt: skip
    left, right = st.columns(2, gap="medium")
    with left:
        _select(
            "color_weights", "Weights in training", chosen, config.COLOR_WEIGHTS,
            setting_words.COLOR_WEIGHTS.__getitem__,
            help="Balanced, a photo counts for more where its color is rarer among its label than "
            "it is overall, so that the color does not tell the label.",
        )  # fmt: skip
    with right:
        _select(
            "last_layer", "Last layer", chosen, config.LAST_LAYERS,
            setting_words.LAST_LAYERS.__getitem__,
            help="Fitted again, it weighs what the network sees by photos drawn evenly from each "
            "color of each label (Kirichenko and others 2022).",
        )  # fmt: skip


def _show_rare(chosen: dict[str, Any]) -> None:
    """Draw the settings that most trainings leave as they are."""
    left, middle, right = st.columns(3, gap="medium")
    with left:
        _number(
            "views", "Views of each photo", chosen, 0, 16,
            help="How many views of each photo the frozen network is shown, computed once; "
            "0 runs it again each epoch.",
        )  # fmt: skip
        _number(
            "start_size", "First image size (px)", chosen, 0, 512, 32,
            help="Progressive resizing: the whole network begins with images of this side, which "
            "grow to the image size; 0 is off.",
        )  # fmt: skip
    with middle:
        _select("device", "Device", chosen, ["auto", *cache.devices()])
        _select("precision", "Precision", chosen, config.PRECISIONS)
    with right:
        _select(
            "compile", "Compile the network", chosen, config.COMPILE,
            help="torch.compile; only useful for long trainings of the whole network on a GPU.",
        )  # fmt: skip


def _widget_key(name: str) -> str:
    # The preset is part of the key, so that choosing one shows its values in every field.
    return f"{name}-{read_settings()['preset']}"


def _select(
    name: str,
    label: str,
    chosen: dict[str, Any],
    options: Any,
    say: Any = str,
    key: str = "",
    **look: Any,
) -> None:
    options = list(options)
    if chosen[name] not in options:  # a device that torch has not told of yet
        options.append(chosen[name])
    place = options.index(chosen[name])
    key = key or _widget_key(name)
    picked = st.selectbox(label, options, place, format_func=say, key=key, **look)
    change_setting(name, picked)


def _number(
    name: str,
    label: str,
    chosen: dict[str, Any],
    low: int,
    high: int,
    step: int = 1,
    help: str | None = None,
) -> None:
    key = _widget_key(name)
    value = st.number_input(label, low, high, chosen[name], step, key=key, help=help)
    change_setting(name, int(value))


def _share(name: str, label: str, chosen: dict[str, Any], high: float, help: str) -> None:
    key = _widget_key(name)
    value = st.number_input(label, 0.0, high, float(chosen[name]), 0.05, "%.2f", key, help)
    change_setting(name, round(float(value), 4))


def _write_rate(rate: float | str) -> str:
    return rate if isinstance(rate, str) else f"{rate:.3g}"


def _read_rate(text: str) -> float | str:
    """Read a rate; text that is none stays as it is, and the config refuses it at the start."""
    try:
        return float(text)
    except ValueError:
        return text.strip()


def find_busy(device: str) -> str | None:
    """Name the job that keeps a training on `device` from starting now, None when there is none."""
    workspace = cache.workspace()
    active = widgets.find_active(workspace.runs_dir, "train") or widgets.find_active(
        workspace.jobs_dir, "lr_find"
    )
    if active:
        return active.job_id
    devices = config.DEVICES[1:] if device == "auto" else (device,)
    holders = (jobs.find_device_holder(workspace, name) for name in devices)
    return next(filter(None, holders), None)


def show_ready() -> bool:
    """Tell who is using the machine, if anyone is; True when a training can start now."""
    busy = find_busy(read_settings()["device"])
    if busy:
        st.caption(f"{busy} is running; one at a time.")
    return busy is None


def find_differences(job: Job, phase: str) -> list[str]:
    """Find where a curve was taken under other settings than the form's, or on other photos."""
    found = setting_words.find_differences(job.config["train"], read_settings(), phase)
    folder, now = Path(job.config["data_dir"]), read_chosen_data(cache.workspace())
    if folder.resolve() != now.resolve():
        found.append(f"taken on {folder.name}, the data in use is {now.name}")
    return found


def use_rate(phase: str, rate: float) -> None:
    """Take a found learning rate into the form."""
    change_setting(f"{phase}_lr", float(f"{rate:.3g}"))
    st.session_state.pop(_widget_key(f"{phase}_lr"), None)
