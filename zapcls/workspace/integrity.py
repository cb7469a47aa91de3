"""What the JSON files of a job and of a run must hold; one sentence where a file does not."""

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from zapcls.config import TrainConfig
from zapcls.errors import BadInput, Damaged, ZapError
from zapcls.workspace.layout import read_json

NUMBER = (int, float)
NUMBER_OR_NONE = (int, float, type(None))
Types = type | tuple[type, ...]
OTHER_VERSION = "Open it with the version that made it, or train again."

# The values that a file must have; a dot leads into an object.
JOB = {"kind": str}
RUN = {**JOB, "train": dict, "data_dir": str}
STATUS = {"state": str}
FACTS = {
    "arch": str, "classes": list, "side": int, "catalogue_id": str, "is_drawn": bool,
    "device": str, "torch": str, "fastai": str,
}  # fmt: skip
TASK: dict[str, Types] = {"target": str, "classes": list, "thing": str, "things": str}
RATES: dict[str, Types] = {  # of one target
    "guess_error_rate": NUMBER,
    "splits.valid.n": int,
    "splits.valid.n_products": int,
    "splits.valid.errors": int,
    "splits.valid.error_rate": NUMBER,
    "splits.valid.error_low": NUMBER,
    "splits.valid.error_high": NUMBER,
}
Name = str | tuple[str, ...]  # where a value stands; a tuple where a part has dots of its own
# The values that a file may have.
RUN_OPTIONS: dict[str, Types] = {
    "format": int, "parent": str, "catalogue_id": str, "corrected": int, "origin": dict,
}  # fmt: skip
STATUS_OPTIONS: dict[str, Types] = {
    "phase": str,
    "done": int,
    "total": int,
    "detail": (dict, type(None)),
    "message": str,
    "created_at": NUMBER,
    "started_at": NUMBER_OR_NONE,
    "finished_at": NUMBER_OR_NONE,
    "seconds_before": NUMBER,
}


def read_checked(
    path: Path,
    needed: Mapping[str, Types] | Mapping[tuple[str, ...], Types],
    options: Mapping[str, Types] | None = None,
    remedy: str = "",
) -> dict[str, Any]:
    """Read a JSON object whose values have these types.

    Raises:
        Damaged: the file is missing, or is not such an object.
    """
    if not path.exists():
        raise describe_damage(path, "is missing", remedy)
    try:
        content = read_json(path)
    except ZapError as error:
        raise describe_damage(path, "cannot be read as a JSON object", remedy) from error
    for name, types in needed.items():
        if not _has_type(_find_value(content, name), types):
            said = name if isinstance(name, str) else ".".join(name)
            raise describe_damage(path, f"has no usable value for {said!r}", remedy)
    for name, types in (options or {}).items():
        if name in content and not _has_type(content[name], types):
            raise describe_damage(path, f"has no usable value for {name!r}")
    return content


def read_run_config(run_path: Path, newest: int) -> dict[str, Any]:
    """Read a run's `config.json`, of a format up to `newest`; one that names none is of the first.

    Raises:
        Damaged: it is missing, no such object, or of a newer format.
    """
    content = read_checked(run_path / "config.json", RUN, RUN_OPTIONS)
    if content.get("format", 1) > newest:
        raise Damaged(
            f"This version reads runs up to format {newest}, but {run_path.name} is of format "
            f"{content['format']}. {OTHER_VERSION}"
        )
    return content


def read_metrics(path: Path, target: str) -> dict[str, Any]:
    """Read a run's `metrics.json`, which must have the rates of its target.

    Raises:
        Damaged: it is missing, or is not such an object.
    """
    needed = {("targets", target, *name.split(".")): types for name, types in RATES.items()}
    needed[("seconds",)] = NUMBER
    remedy = f"Evaluate it again: python -m zapcls evaluate {path.parent.name}."
    return read_checked(path, needed, remedy=remedy)


def build_settings(run_path: Path, given: Mapping[str, Any]) -> TrainConfig:
    """Build the settings of a run; those that are not given take their defaults.

    Raises:
        Damaged: a setting is unknown today, outside its range, or of a wrong type.
    """
    known = {setting.name for setting in dataclasses.fields(TrainConfig)}
    unknown = sorted(given.keys() - known)
    if unknown:
        raise Damaged(
            f"{run_path.name} was trained with the setting {unknown[0]!r}, which this version does "
            f"not have. {OTHER_VERSION}"
        )
    try:
        return TrainConfig(**given)
    except BadInput as error:
        raise Damaged(
            f"{run_path.name} was trained with a setting that this version does not take: {error} "
            f"{OTHER_VERSION}"
        ) from error
    except (TypeError, AttributeError) as error:  # a number where a text should be, or so
        fault = f"holds a setting of a wrong type ({error})"
        raise describe_damage(run_path / "config.json", fault) from error


def describe_damage(path: Path, fault: str, remedy: str = "") -> Damaged:
    """Build the error about a file of a job's folder; without a remedy it cannot be made again."""
    remedy = remedy or f"Put the file back, or move the folder {path.parent} away."
    return Damaged(f"{path.parent.name} is damaged: its {path.name} {fault}. {remedy}")


def _find_value(content: Mapping[str, Any], name: Name) -> Any:
    found: Any = content
    for part in name.split(".") if isinstance(name, str) else name:
        if not isinstance(found, dict) or part not in found:
            return ...  # of no type that a file can hold
        found = found[part]
    return found


def _has_type(value: Any, types: Types) -> bool:
    if isinstance(value, bool):  # a bool is an int to Python
        return types is bool
    return isinstance(value, types)
