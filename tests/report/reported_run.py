"""A catalogue with a hostile brand, and a run on it whose answers are planned; no network.

All is written by the project's own writers.
"""

import io
from pathlib import Path

import numpy as np
import pandas as pd
from PIL import Image, ImageDraw
from small import small_config

from zapcls import schema
from zapcls.analysis import metrics
from zapcls.analysis.metrics import summarize_splits
from zapcls.workspace import checks
from zapcls.workspace.answers import write_answers
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import write_derived
from zapcls.workspace.runs import Run, write_task
from zapcls.workspace.splits import build_task, read_split
from zapcls.workspace.store import Store

CLASSES = ("Women", "Men")
HOSTILE = "<img src=x onerror=alert(1)>"  # a brand folder's name, and the catalogue's
PAINTS = {"pink": (244, 143, 177), "black": (20, 20, 20), "brown": (120, 70, 30)}
PRODUCTS = 60


def draw_photo(paint: str) -> bytes:
    """A shoe-wide ellipse of one paint on white."""
    photo = Image.new("RGB", (48, 36), "white")
    ImageDraw.Draw(photo).ellipse((5, 8, 43, 28), fill=PAINTS[paint])
    buffer = io.BytesIO()
    photo.save(buffer, "PNG")
    return buffer.getvalue()


def list_rows() -> list[dict]:
    """Every product in black and brown; a third of the women's in pink too. Two rows are blank."""
    rows = [
        {"CID": f"{100 + product}-{place}", "Gender": CLASSES[product % 2], "paint": paint,
         "brand": HOSTILE if product % 4 == 0 else "Acme"}
        for product in range(PRODUCTS)
        for place, paint in enumerate(PAINTS)
        if paint != "pink" or product % 6 in (0, 2)
    ]  # fmt: skip
    return [*rows, *({"CID": f"9{n}-1", "Gender": "", "paint": "black"} for n in range(2))]


def plan_logits(split: pd.DataFrame, every: int) -> np.ndarray:
    """Answer every `every`th photo wrongly, at growing margins."""
    place = np.arange(len(split))
    sign = np.where(place % every == 1, -1, 1) * np.where(split["label"] == CLASSES[1], -1, 1)
    margin = sign * (0.4 + 0.01 * place)
    return np.column_stack([margin, -margin]).astype(np.float32)


def add_run(workspace: Workspace, data_dir: Path, store: Store, **settings) -> Run:
    """An evaluated run: every fifth photo is answered wrongly."""
    run = create_run(workspace, small_config(**settings), data_dir)
    config = run.train_config
    split = read_split(store, config)
    predictions, prob = metrics.build_predictions(
        split, plan_logits(split, 5), config.classes, config.target
    )
    write_answers(run.path, predictions, prob, config.target)
    write_task(run, build_task(store, config))
    splits = summarize_splits(predictions)
    rates = {"splits": splits, "guess_error_rate": 0.5}
    write_json(run.path / "metrics.json", {"targets": {config.target: rates}, "seconds": 83.0})
    facts = {"arch": config.arch, "classes": list(CLASSES), "side": store.side, "device": "cpu"}
    facts |= {
        "catalogue_id": store.catalogue_id,
        "is_drawn": False,
        "torch": "0.0",
        "fastai": "0.0",
    }
    write_json(run.path / "model.json", facts)
    return run


def add_check(run: Run, store: Store) -> None:
    """A label check whose heads err on every fourth photo."""
    config = run.train_config
    split = read_split(store, config)
    table = split[split["label"] != ""].reset_index(drop=True).assign(split="valid")
    predictions, prob = metrics.build_predictions(
        table, plan_logits(table, 4), config.classes, config.target
    )
    facts = {"target": config.target, "classes": list(CLASSES)}
    empty = pd.DataFrame()
    checks.write(
        checks.find_check(store, config), predictions.assign(source="oof"), prob, empty, empty,
        facts,
    )  # fmt: skip


def add_recoloring(run: Run) -> None:
    """Three photos of valid turned red by hue, with their controls: one flips, one is missed."""
    table = pd.read_parquet(run.path / "predictions.parquet")
    valid = table[(table["split"] == "valid") & (table["label"] == "Women")].head(3)
    rows = []
    for place, photo in enumerate(valid.itertuples()):
        other = {"Women": "Men", "Men": "Women"}[photo.prediction]
        known = {"image_id": photo.image_id, "to": "", "is_reached": True, "prob_first": 0.6}
        known |= {"named": "", "delta_e": 0.0, "delta_l": 0.0, "prob_label": 0.6}
        known |= {"edit": "identity", "prediction": photo.prediction}
        rows.append(known)
        if place == 2:
            rows.append(known | {"edit": "hue", "to": "red", "is_reached": False, "prediction": ""})
            continue
        rows += [
            known | {"edit": "hue", "to": "red", "prob_first": 0.4, "prediction": other}
            | ({"prediction": photo.prediction} if place else {}),
            known | {"edit": "random", "to": "red"},
            known | {"edit": "ground", "to": "red"},
        ]  # fmt: skip
    found = schema.conform(pd.DataFrame(rows), schema.RECOLORING, "recoloring")
    write_derived(run, "recolor", lambda folder: found.to_parquet(folder / "recolor.parquet"))
