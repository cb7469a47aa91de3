"""A run's model to take along: what stands in its way, where it may be written, its zip."""

from pathlib import Path

from zapcls.config import find_timm_name
from zapcls.errors import BadInput
from zapcls.workspace.imports import find_lack
from zapcls.workspace.runs import Run

KIND = "export"
CARD = "README.md"
FILES = (CARD, "config.json", "model.safetensors", "model.onnx")
MARK = "<!-- Written by `zapcls export`. -->"  # stands in the card: the folder is ours to replace


def find_obstacle(run: Run) -> str:
    """Find why timm cannot build a run's network, "" where it can."""
    lack = find_lack(run, "training", "an export to timm")
    if lack:
        return lack.rstrip(".")
    config = run.train_config
    if len(run.tasks) > 1:
        return (
            "timm's networks answer for one target, but this run predicts several. Train again on "
            "one: --target COLUMN"
        )
    if find_timm_name(config.arch) is None:
        return (
            f"timm builds no network that answers as {config.arch} with a head of ours does. "
            "Train tf_efficientnet_lite0 or a ResNet with --head linear"
        )
    if config.head != "linear":
        return (
            "timm's networks answer by one linear layer after the pooling, but this run's head has "
            "a hidden layer. Train again with --head linear"
        )
    return ""


def check_target(folder: Path) -> None:
    """Check that a model can be written there: a new folder, an empty one, or an earlier export.

    Raises:
        BadInput: it is a file, or a folder that holds something else.
    """
    if folder.exists() and not folder.is_dir():
        raise BadInput(f"FOLDER must be a folder, got the file {folder}. Name another.")
    held = {path.name for path in folder.iterdir()} if folder.is_dir() else set()
    if held and not _is_export(folder, held):
        raise BadInput(
            f"FOLDER must be new, empty or an earlier export, but {folder} holds "
            f"{min(held)}. Name another."
        )


def _is_export(folder: Path, held: set[str]) -> bool:
    card = folder / CARD
    is_ours = card.is_file() and MARK in card.read_text(encoding="utf-8", errors="replace")
    return is_ours and held <= set(FILES)


def find_zip(run: Run) -> Path | None:
    """Find the zip of a run's exported model, None before it is written."""
    path = run.path / "derived" / KIND / f"{run.run_id}.zip"
    return path if path.is_file() else None
