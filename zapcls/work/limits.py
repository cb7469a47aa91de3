"""What an evaluation leaves so that a run's answers know their limits: how sure, how familiar."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from scipy.special import softmax

from zapcls.analysis import abstention, ranking
from zapcls.analysis.balance import assign_groups, weigh_drawn
from zapcls.analysis.familiarity import fit_reference
from zapcls.analysis.metrics import labelled
from zapcls.answer.limits import LIMITS, NETWORK, REFERENCE, find_limits
from zapcls.config.risks import RISKS
from zapcls.data.framing import Closeness
from zapcls.data.task import Task
from zapcls.progress import Progress
from zapcls.workspace.layout import write_json
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store

MOST_PHOTOS = 1000  # of tune, which the temperature is fitted on


def choose_photos(is_one: np.ndarray, seed: int, most: int = MOST_PHOTOS) -> np.ndarray:
    """Choose `most` of the rows of a mask, in order; all where there are no more."""
    rows = np.flatnonzero(is_one)
    if len(rows) <= most:
        return rows
    return np.sort(np.random.default_rng(seed).choice(rows, most, replace=False))


def cool(
    network: Any, logits: np.ndarray, codes: np.ndarray, tasks: Sequence[Task]
) -> dict[str, float]:
    """Divide a network's last layer by the temperatures that fit its logits best; return them.

    `logits` has the classes of the tasks side by side, `codes` is as `split.align_targets` returns
    it for the same photos.
    """
    parts, columns = _list_parts(logits, codes, tasks)
    found = {
        task.target: abstention.fit_temperature(part, column)
        for task, part, column in zip(tasks, parts, columns, strict=True)
    }
    _divide(network, found, tasks)
    return found


def set_thresholds(
    tasks: Sequence[Task],
    logits: np.ndarray,
    codes: np.ndarray,
    temperatures: Mapping[str, float],
) -> tuple[Task, ...]:
    """Return the tasks with the threshold of each label; those of other targets as they are.

    `logits` and `codes` are as `cool` takes them, before it divides.
    """
    parts, columns = _list_parts(logits, codes, tasks)
    return tuple(
        replace(task, threshold=_choose_threshold(part / temperatures[task.target], column))
        if task.labels_of
        else task
        for task, part, column in zip(tasks, parts, columns, strict=True)
    )


def _choose_threshold(logits: np.ndarray, codes: np.ndarray) -> float:
    prob = softmax(logits[codes >= 0].astype(np.float64), axis=1)[:, 0]
    return ranking.find_threshold(prob, codes[codes >= 0] == 0)


def _list_parts(
    logits: np.ndarray, codes: np.ndarray, tasks: Sequence[Task]
) -> tuple[list[np.ndarray], np.ndarray]:
    """List the logits (n, classes) and the codes (n) of each task."""
    ends = np.cumsum([len(task.classes) for task in tasks])[:-1]
    return np.split(logits, ends, axis=1), codes.reshape(len(codes), -1).T


def cool_again(network: Any, run: Run) -> None:
    """Divide a network's last layer as the run's own evaluation did; not where it did not."""
    limits = find_limits(run)
    if limits:
        found = {task.target: limits.temperature(task.target) for task in run.tasks}
        _divide(network, found, run.tasks)


def _divide(network: Any, temperatures: Mapping[str, float], tasks: Sequence[Task]) -> None:
    from zapcls.model.temperature import divide_last_layer

    divide_last_layer(network, [temperatures[task.target] for task in tasks for _ in task.classes])


def write_limits(
    folder: Path,
    tables: Mapping[str, pd.DataFrame],
    tasks: Sequence[Task],
    temperatures: Mapping[str, float],
    is_even: bool,
    closeness: Closeness | None,
    colors: pd.Series | None = None,
) -> None:
    """Write `answer.json`: of each target its temperature, and from where on answers are sure.

    `thresholds` has a probability by class for each share that can be allowed to be wrong, null
    where no answer of the class is sure. `shares` are how frequent each class was in training,
    all the same where that `is_even`; a label among several has none. `colors`, by image id, are
    given where the last layer was fitted again on even draws of color and label: the shares are
    those of a draw then.
    `closeness` is that of the training photos.
    """
    targets = {}
    for task in tasks:
        tune = labelled(tables[task.target], "tune")
        thresholds = {
            f"{risk:g}": abstention.find_thresholds(tune, task.classes, risk) for risk in RISKS
        }
        targets[task.target] = {
            "temperature": temperatures[task.target], "thresholds": thresholds,
        }  # fmt: skip
        if not task.labels_of:
            shares = _count_shares(tables[task.target], task, is_even, colors)
            targets[task.target]["shares"] = shares
    known = closeness and closeness._asdict()
    write_json(folder / LIMITS, {"targets": targets, "closeness": known})


def _count_shares(
    table: pd.DataFrame, task: Task, is_even: bool, colors: pd.Series | None
) -> dict[str, float]:
    """Count the share of each class in what was learned from; {} where one has no photo."""
    train = labelled(table, "train")
    counts = train["label"].value_counts().reindex(task.classes, fill_value=0)
    if not counts.all():
        return {}
    if colors is not None:
        groups = assign_groups(train["label"].to_numpy(), colors[train["image_id"]].to_numpy())
        drawn = pd.Series(weigh_drawn(groups)).groupby(train["label"].to_numpy()).sum()
        counts = drawn.reindex(task.classes)
    elif is_even:
        counts[:] = 1
    return (counts / counts.sum()).to_dict()


def write_familiarity(
    folder: Path, table: pd.DataFrame, rows: np.ndarray, store: Store, progress: Progress
) -> None:
    """Write what the training photos look like, and how strange photos of tune and valid are.

    `table` are predictions of the store's `rows`; of each split at most MOST_PHOTOS are looked at,
    of train twice as many.
    """
    from zapcls.model.thousand import export_thousand, look

    export_thousand(store.side, folder / NETWORK)
    seen, asked = {}, []
    for name, most in (("train", 2 * MOST_PHOTOS), ("tune", MOST_PHOTOS), ("valid", MOST_PHOTOS)):
        chosen = choose_photos((table["split"] == name).to_numpy(), 0, most)
        seen[name] = look(folder / NETWORK, store.pixels, rows[chosen], progress)
        asked.append(table.iloc[chosen])
    reference = fit_reference(seen["train"], seen["tune"])
    np.savez(folder / REFERENCE, **asdict(reference))
    known = pd.concat(asked[1:])[["image_id", "product_id", "split"]]
    strangeness = np.concatenate([reference.measure(*seen[name]) for name in ("tune", "valid")])
    known = known.assign(strangeness=strangeness, familiar=strangeness <= reference.limit)
    known.to_parquet(folder / "familiar.parquet")
