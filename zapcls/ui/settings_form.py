"""The settings of the next training, shared by the Train and the Learning rate pages."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from zapcls.blocks import numbers
from zapcls.config import (
    DEFAULT_PRESET,
    DEVICES,
    PARTS,
    PRESETS,
    SECTIONS,
    SETTINGS,
    Setting,
    TrainConfig,
    build_config,
    choose_classes,
    choose_weights,
)
from zapcls.config.kinds import read_names
from zapcls.data.sources import drawings
from zapcls.errors import BadInput
from zapcls.ui import cache, job_view
from zapcls.ui.setting_fields import PICKERS
from zapcls.workspace import devices
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import read_chosen_data

_KEY = "training_settings"
COLUMNS = 3  # as many sections stand side by side, and as many fields in a folded one


def read_settings() -> dict[str, Any]:
    """Read the settings as they stand: those of the fitting preset until a person changes one."""
    if _KEY not in st.session_state:
        workspace = cache.workspace()
        folder = read_chosen_data(workspace)
        is_newcomer = folder == workspace.drawings_dir or drawings.recognizes(folder)
        use_preset("first-try" if is_newcomer else DEFAULT_PRESET)
    return st.session_state[_KEY]


def use_preset(name: str) -> None:
    """Replace all settings by a preset's; the target is what the data in use are about."""
    store = cache.chosen_store()
    target = {"target": store.target} if store else {}
    st.session_state[_KEY] = {"preset": name, **build_config(name, **target).to_json()}


def follow_data() -> None:
    """Take the target of the data in use, once they are others that lack the chosen one."""
    store, chosen = cache.chosen_store(), read_names(read_settings()["target"])
    if store and not set(chosen) <= {attribute.name for attribute in store.attributes}:
        change_setting("target", store.target)


def change_setting(name: str, value: Any) -> None:
    """Change one setting; the preset is then only where they came from.

    Another target has other classes, another network may have no bundled weights.
    """
    before = read_settings()
    changed = {name: value}
    if name == "target" and value != before["target"]:
        changed["classes"] = list(choose_classes(value))
    if name == "arch" and before["weights"] != choose_weights(value, before["weights"]):
        changed["weights"] = choose_weights(value, before["weights"])
        st.session_state.pop(_widget_key("weights"), None)
    st.session_state[_KEY] = before | changed


def build_chosen_config() -> TrainConfig:
    """Build the config of the settings as they stand.

    Raises:
        BadInput: one of them is outside its range, or the weights file is not there.
    """
    chosen = {key: value for key, value in read_settings().items() if key != "preset"}
    built = build_config(**chosen)
    if built.weights.endswith(".safetensors") and not Path(built.weights).is_file():
        raise BadInput(
            f"The weights file must exist on this machine, got {built.weights}. Check the path."
        )
    return built


def name_phase(settings: Mapping[str, Any], phase: str) -> str:
    """Name a phase by what it trains: the head, the whole network or its last stage."""
    part = "head only" if phase == "frozen" else PARTS[settings["unfrozen_part"]]
    return f"{part} ({phase})"


def title_setting(setting: Setting, settings: Mapping[str, Any]) -> str:
    """Title a setting's field, which may name what other settings are."""
    titles = {
        name: row.kind.list_titles()[settings[name]]
        for name, row in SETTINGS.items()
        if row.kind.options
    }
    return setting.title.format(**titles)


def describe_settings(settings: Mapping[str, Any]) -> str:
    """Describe the settings in one line."""
    return " · ".join(
        setting.say(settings[name])
        for name, setting in SETTINGS.items()
        if setting.line and not (setting.is_quiet and settings[name] == setting.default)
    )


def compare_settings(taken: Mapping[str, Any], chosen: Mapping[str, Any], phase: str) -> list[str]:
    """Find where a phase's curve was taken under other settings than the form's.

    Returns:
        A clause each: "taken at 128 px, the form says 224 px". Each names a setting that the
        curve depends on; the seed is none of them, as it is taken over seeds.
    """
    taken = TrainConfig().to_json() | dict(taken)
    clauses = []
    for name, setting in SETTINGS.items():
        before, now, curve = taken[name], chosen[name], setting.curve
        if curve is None or before == now or not curve.concerns(taken, phase):
            continue
        if setting.kind.field == "file" and Path(before).name != Path(now).name:
            before, now = Path(before).name, Path(now).name
        said, form_says = (setting.say(value, curve.words) for value in (before, now))
        clauses.append(f"taken {curve.before} {said}, the form says {form_says}")
    return clauses


def show_form() -> None:
    """Draw presets and fields; what a person enters is kept over pages."""
    follow_data()
    chosen = read_settings()
    picked = st.segmented_control(
        "Preset", list(PRESETS), format_func=lambda name: PRESETS[name].title,
        default=chosen["preset"], key="preset", required=True,
    )  # fmt: skip
    if picked and picked != chosen["preset"]:
        use_preset(picked)
        st.rerun()
    st.caption(PRESETS[chosen["preset"]].description)
    columns, folded = list(SECTIONS)[:COLUMNS], list(SECTIONS)[COLUMNS:]
    for place, section in zip(st.columns(COLUMNS, gap="medium"), columns, strict=True):
        with place:
            for setting in _list_fields(section):
                _show_field(setting)
    for section in folded:
        with st.expander(section):
            if SECTIONS[section]:
                st.caption(SECTIONS[section])
            _show_in_rows(_list_fields(section))


def _list_fields(section: str) -> list[Setting]:
    return [setting for setting in SETTINGS.values() if setting.section == section]


def _show_in_rows(settings: list[Setting]) -> None:
    for start in range(0, len(settings), COLUMNS):
        places = st.columns(COLUMNS, gap="medium")
        for place, setting in zip(places, settings[start : start + COLUMNS], strict=False):
            with place:
                _show_field(setting)


def _show_field(setting: Setting) -> None:
    """Draw the field of a setting; it is disabled where the others leave it no choice."""
    obstacle = setting.find_obstacle(read_settings())
    if obstacle:
        change_setting(setting.name, setting.default)
    chosen = read_settings()
    reason = f" It cannot be changed here: {obstacle}." if obstacle else ""
    look = {
        "label": title_setting(setting, chosen),
        # A field of its own where there is no choice, so that none is kept from before.
        "key": _widget_key(f"only_{setting.name}" if obstacle else setting.name),
        "help": f"{numbers.begin(setting.help)}.{reason}",
        "disabled": bool(obstacle),
    }
    pick = PICKERS[setting.kind.field]
    change_setting(setting.name, pick(setting.kind, chosen[setting.name], look))


def _widget_key(name: str) -> str:
    # The preset is part of the key, so that choosing one shows its values in every field.
    return f"{name}-{read_settings()['preset']}"


def find_busy(device: str) -> str | None:
    """Name the job that keeps a training on `device` from starting now, None when there is none."""
    workspace = cache.workspace()
    active = job_view.find_active(workspace.runs_dir, "train") or job_view.find_active(
        workspace.jobs_dir, "lr_find"
    )
    if active:
        return active.job_id
    asked = DEVICES[1:] if device == "auto" else (device,)
    holders = (devices.find_rival(workspace, name) for name in asked)
    return next(filter(None, holders), None)


def show_ready(device: str) -> bool:
    """Show who is using the machine, if anyone is; True when a training can start on `device`."""
    busy = find_busy(device)
    if busy:
        st.caption(f"{busy} is running; one at a time.")
    return busy is None


def find_differences(job: Job, phase: str) -> list[str]:
    """Find where a curve was taken under other settings than the form's, or on other photos."""
    found = compare_settings(job.config["train"], read_settings(), phase)
    folder, now = Path(job.config["data_dir"]), read_chosen_data(cache.workspace())
    if folder.resolve() != now.resolve():
        found.append(f"taken on {folder.name}, the data in use is {now.name}")
    return found


def use_rate(phase: str, rate: float) -> None:
    """Take a found learning rate into the form."""
    change_setting(f"{phase}_lr", float(f"{rate:.3g}"))
    st.session_state.pop(_widget_key(f"{phase}_lr"), None)
