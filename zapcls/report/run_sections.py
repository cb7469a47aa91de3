"""The sections on what was trained: the photos, the run, its error rate."""

import shlex
from pathlib import Path
from typing import Any

import pandas as pd

from zapcls import charts, words
from zapcls.analysis import metrics
from zapcls.blocks import Block, Chart, Section, Table, Text
from zapcls.config import build_config
from zapcls.data import clean
from zapcls.data.download import TERMS
from zapcls.evidence import Evidence
from zapcls.findings.ask import HEADS, SPLIT
from zapcls.workspace.runs import Run, read_cross_validation

SPLIT_WORDS = {
    "product": "Photos are split by product, so that no color of a shoe in valid was trained on. "
    "The best epoch is chosen on tune; valid is only reported.",
    "random": "Photos are split at random, as in the blog: other colors of the same products were "
    "trained on, so that every rate here is too good for new products.",
}

ZAPCLS = "python -m zapcls"


def build_data(evidence: Evidence) -> Section:
    """Count what the catalogue holds and what was left out and why, and name its terms."""
    run, store, task = evidence.run, evidence.store, evidence.task
    config = run.train_config
    counts = clean.summarize(clean.label_rows(store.read_catalog(), config.target, config.classes))
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
        Table(pd.DataFrame(rows), f"What was kept, and why the rest was not ({config.target})."),
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


def build_run(evidence: Evidence) -> Section:
    """List seed, settings, split, device and time of the training."""
    run = evidence.run
    facts, config = run.facts, run.train_config
    sizes = metrics.error_by_split(evidence.predictions)
    parts = ", ".join(
        f"{row.split} {row.n:,} photos of {row.n_products:,} products" for row in sizes.itertuples()
    )
    settings = dict(run.config["train"])
    settings["batch_size"] = facts.get("batch_size", config.batch_size)
    used = ("device", "torch", "fastai", "catalogue_id")
    settings |= {name: facts[name] for name in used if name in facts}
    cells = [{"setting": name, "value": write_setting(value)} for name, value in settings.items()]
    half = (len(cells) + 1) // 2
    left, right = pd.DataFrame(cells[:half]), pd.DataFrame(cells[half:])
    right = right.reindex(range(half), fill_value="").add_suffix(" ")
    return Section(
        "run", "The run",
        (
            Text(
                f"**{run.run_id}**, seed {config.seed}, trained and evaluated in "
                f"{words.duration(run.metrics['seconds'])} on {facts['device']}. "
                f"{SPLIT_WORDS[config.split]} {words.begin(parts)}."
            ),
            Table(pd.concat([left, right], axis=1), "All settings."),
        ),
    )  # fmt: skip


def write_setting(value: Any) -> str:
    """Write a setting's value; of a file only the name."""
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    text = str(value)
    return Path(text).name if Path(text).is_absolute() else text


def list_commands(run: Run, missing: dict[str, str]) -> str:
    """Write the commands that make such a run and this report, one below the other."""
    start = build_config("quick").to_json()
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
    train = " \\\n    ".join([f"{ZAPCLS} train --preset quick", *data, *options])
    done = {
        "oof": f"{ZAPCLS} label-issues RUN",
        "recolor": f"{ZAPCLS} color-bias RUN --recolor",
        "trade": f"{ZAPCLS} trade RUN",
    }
    steps = [command for part, command in done.items() if part not in missing]
    return "\n".join([train, *steps, f"{ZAPCLS} report RUN -o report.html"])


def _quote(value: Any) -> str:
    return shlex.quote(write_setting(value).replace(", ", ","))


def build_errors(evidence: Evidence) -> Section:
    """Show the error rate with its interval, what is taken for what, and how sure the run is."""
    run, table, classes = evidence.run, evidence.predictions, evidence.classes
    valid = run.metrics["splits"][SPLIT]
    by_class = metrics.error_by_class(table, classes, SPLIT)
    palette = charts.class_colors(classes)
    return Section(
        "errors", "How often it is wrong",
        (
            Text(
                f"**{valid['errors']:,} of {valid['n']:,} valid photos are answered wrong: "
                f"{words.percent(valid['error_rate'])}** (95 % interval "
                f"{words.interval(valid['error_low'], valid['error_high'])}, counting "
                f"{valid['n_products']:,} products). Always naming the most frequent class would "
                f"err {words.percent(run.metrics['guess_error_rate'])}."
            ),
            *_tell_other_rates(evidence),
            Chart(
                "Error rate by label",
                charts.rates(
                    by_class,
                    [evidence.task.describe(name) for name in classes],
                    [palette[name] for name in classes],
                ),
                "This run, valid. Lines are 95 % intervals.",
            ),
            Chart(
                "What is taken for what",
                charts.confusions(metrics.count_confusions(table, classes, SPLIT)),
                "This run, valid: photos, and their share of the row.",
            ),
            Chart(
                "How sure, how right",
                charts.calibration(metrics.count_calibration(table, SPLIT)),
                "This run, valid. On the dotted line the run is as often right as it is sure.",
            ),
        ),
    )  # fmt: skip


def _tell_other_rates(evidence: Evidence) -> list[Block]:
    """Tell the rates over all photos, from heads or from trainings of their own, where known."""
    told: list[Block] = []
    if HEADS in evidence.sources:
        [heads] = metrics.error_by_split(evidence.answers(HEADS)).itertuples()
        told.append(
            Text(
                "Heads on the frozen network's features answer for every photo out of fold: each "
                "by heads that never saw its product. They are not this run. They are wrong on "
                f"{heads.hits:,} of {heads.n:,}, **{words.percent(heads.rate)}** "
                f"({words.interval(heads.low, heads.high)})."
            )
        )
    crossed = read_cross_validation(evidence.run)
    if crossed:
        told.append(
            Text(
                f"{crossed['folds']} trainings of the same recipe, each on all products but some, "
                f"err on {crossed['errors']:,} of {crossed['n']:,} photos: "
                f"**{words.percent(crossed['error_rate'])}** "
                f"({words.interval(crossed['error_low'], crossed['error_high'])})."
            )
        )
    return told
