"""A workspace in which every page has something to show, written by the project's own pipeline."""

import math
import shutil
import zipfile

import fake_run
import pandas as pd

from zapcls import schema, work
from zapcls.analysis.remedies import ALL_SEEDS
from zapcls.answer.many import ZIP
from zapcls.config.priors import LEARNED
from zapcls.data.sources import read_catalogue
from zapcls.workspace import jobs
from zapcls.workspace.color_labels import open_color_labels
from zapcls.workspace.layout import Workspace, choose_data, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.run_tables import find_derived, read_predictions, write_derived
from zapcls.workspace.splits import read_split


def add_finished_workspace(place, data_dir):
    """Fill a workspace and return its newest run: two finished ones, a stopped one, a finder."""
    workspace = Workspace(place)
    shutil.copytree(data_dir, workspace.drawings_dir)
    store = open_store(workspace, read_catalogue(workspace.drawings_dir))
    run, _ = (fake_run.add_finished(workspace, minute=minute) for minute in (30, 2))
    fake_run.add_stopped(workspace, minute=1)
    fake_run.add_curve(workspace)
    fake_run.add_check(run, store)
    fake_run.add_features(store)
    add_findings(run, workspace)
    classify_some(run, workspace)
    choose_data(workspace, workspace.drawings_dir)
    read_split(store, run.train_config)
    image = read_predictions(run, workspace).iloc[0]
    about = run.facts["catalogue_id"], image["image_id"], "gender", image["catalog_label"]
    open_reviews(workspace).mark(*about, "model wrong", reviewer="Ann")
    open_color_labels(store).answer(image["image_id"], "black")
    return run


def add_findings(run, workspace):
    """Add what jobs find out about a run: its map, recolored photos, a trade, folds."""
    fake_run.add_map(run)
    edits = fake_run.ask_recolored(run, workspace)
    write_derived(run, "recolor", lambda folder: edits.to_parquet(folder / "recolor.parquet"))
    unknown = dict.fromkeys(("difference", "difference_low", "difference_high", "p"), math.nan)
    rates = {"rate": 0.1, "low": 0.05, "high": 0.2, "p_holm": math.nan, "color": "", "label": ""}
    rows = [
        {"option": option, "measure": measure, "seed": seed, "n": 40, "n_products": 20}
        | rates | unknown
        for option in ("plain", "gray") for measure in schema.TRADE_MEASURES
        for seed in (ALL_SEEDS, 0, 1)
    ]  # fmt: skip
    trade = schema.conform(pd.DataFrame(rows), schema.TRADE, "trade")
    write_derived(run, "trade", lambda folder: trade.to_parquet(folder / "trade.parquet"))
    valid = {"errors": 12, "n": 100, "error_rate": 0.12, "error_low": 0.07, "error_high": 0.19}
    folds = {"folds": 5, "targets": {"gender": {"splits": {"valid": valid}}}}
    write_json(find_derived(run, "cross-validation") / "metrics.json", folds)


def classify_some(run, workspace):
    """Answer a zip of three photos, as its page does."""

    def pack(folder):
        with zipfile.ZipFile(folder / ZIP, "w") as archive:
            for file in sorted(workspace.drawings_dir.rglob("*.jpg"))[:3]:
                archive.write(file, file.name)

    config = {"run": str(run.path), "target": "gender", "name": "some.zip", "prior": LEARNED}
    work.perform(jobs.create(workspace.jobs_dir, "classify", config, fill=pack), workspace)
