"""The sections on what was trained: the photos, the run, its error rate."""

import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls.blocks import Block, Section, Table, Text
from zapcls.config import DEFAULT_PRESET, build_config
from zapcls.data import labels
from zapcls.data.download import TERMS
from zapcls.evidence import Evidence
from zapcls.findings.training import write_setting
from zapcls.workspace.runs import Run

ZAPCLS = "python -m zapcls"


def build_data(evidence: Evidence) -> Section:
    """Count what the catalogue holds and what was left out and why, and name its terms."""
    run, store, task = evidence.run, evidence.store, evidence.task
    counts = labels.summarize(labels.label_rows(store.read_catalog(), task))
    classes = ", ".join(
        f"{counts['classes'].get(name, 0):,} {task.describe(name)}" for name in task.classes
    )
    rows = [{"rows of the catalogue": "kept", "photos": f"{counts['kept']:,}"}]
    rows += [
        {"rows of the catalogue": f"left out: {reason}", "photos": f"{n:,}"}
        for reason, n in counts["dropped"].items()
    ]
    name = "of drawings" if store.is_drawn else run.data_dir.name  # not where it lies
    label = (
        " The label is the department that the shop sold a shoe in, not who wears it."
        if task.is_department
        else ""
    )
    blocks: list[Block] = [
        Text(
            f"The catalogue **{name}** lists {counts['rows']:,} rows. "
            f"**{counts['kept']:,}** are kept, of {counts['products']:,} products: {classes}."
            f"{label}"
        ),
        Table(pd.DataFrame(rows), f"What was kept, and why the rest was not ({task.target})."),
        Text(
            "The photos are drawings that zapcls made, under no terms."
            if store.is_drawn
            else f"Terms of the data. {TERMS}",
            "note",
        ),
    ]
    if run.parent_id:
        blocks.append(
            Text(f"Trained with {run.config['corrected']:,} corrections, split of {run.parent_id}.")
        )
    return Section("data", "The data", tuple(blocks))


def list_commands(run: Run, missing: dict[str, str]) -> str:
    """Write the commands that make such a run and this report, one below the other."""
    if run.is_imported:
        return _list_import(run, missing)
    start = build_config(DEFAULT_PRESET).to_json()
    given = run.config["train"]
    options = [
        f"--{name.replace('_', '-')} {_quote(value)}"
        for name, value in given.items()
        if value != start.get(name) and name not in ("device", "weights")
    ]
    if given["weights"] != start["weights"]:
        is_file = Path(given["weights"]).suffix == ".safetensors"
        options.append(f"--weights {'WEIGHTS' if is_file else given['weights']}")
    data = [] if run.facts["is_drawn"] else ["--data DIR"]
    train = " \\\n    ".join([f"{ZAPCLS} train --preset {DEFAULT_PRESET}", *data, *options])
    return "\n".join([train, *_list_steps(missing)])


def _list_import(run: Run, missing: dict[str, str]) -> str:
    origin, target = run.origin, run.task.target
    option = "predictions" if origin["kind"] == "predictions" else "model"
    given = f"--{option} {shlex.quote(origin['name'])} --target {target}"
    take = f"{ZAPCLS} import {'' if run.facts['is_drawn'] else '--data DIR '}{given}"
    return "\n".join([take, *_list_steps(missing)])


def _list_steps(missing: dict[str, str]) -> list[str]:
    done = {
        "oof": f"{ZAPCLS} label-issues RUN",
        "recolor": f"{ZAPCLS} color-bias RUN --recolor",
        "trade": f"{ZAPCLS} trade RUN",
    }
    steps = [command for part, command in done.items() if part not in missing]
    return [*steps, f"{ZAPCLS} report RUN -o report.html"]


def _quote(value: Any) -> str:
    return shlex.quote(write_setting(value).replace(", ", ","))
