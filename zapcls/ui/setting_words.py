"""The settings of a training in words: titles, one line, and where two of them differ."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zapcls.config import PARTS, SETTINGS, Setting, TrainConfig


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


def describe(settings: Mapping[str, Any]) -> str:
    """Describe the settings in one line."""
    return " · ".join(
        setting.say(settings[name])
        for name, setting in SETTINGS.items()
        if setting.line and not (setting.is_quiet and settings[name] == setting.default)
    )


def find_differences(taken: Mapping[str, Any], chosen: Mapping[str, Any], phase: str) -> list[str]:
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
