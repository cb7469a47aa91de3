"""The job `trade` on a small real training: what it writes, what it refuses, how it stops."""

import json
import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest
from small import small_config

from zapcls import schema, work
from zapcls.analysis.remedies import ALL_SEEDS
from zapcls.config import build_config
from zapcls.errors import Stopped
from zapcls.findings.remedy_settings import configure
from zapcls.workspace import jobs, worker
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import read_derived, read_predictions
from zapcls.workspace.runs import find_run

pytestmark = [
    pytest.mark.slow,
    # fastai's finder names NumPy types by their old names, and gives NumPy tensors.
    pytest.mark.filterwarnings("ignore:numpy.core is deprecated:DeprecationWarning"),
    pytest.mark.filterwarnings("ignore:__array_wrap__ must accept:DeprecationWarning"),
]
OPTIONS = ["recolored", "hue-jitter", "last-layer"]


@pytest.fixture(scope="module")
def small(drawn, tiny_settings, tmp_path_factory):
    """A run whose head was trained on a frozen body with weights of a file."""
    with warnings.catch_warnings(action="ignore"):
        import timm
        import torch
        from safetensors.torch import save_file

        import zapcls.model.recipe  # noqa: F401

    torch.set_num_threads(1)
    torch.manual_seed(0)
    folder = tmp_path_factory.mktemp("trade")
    weights = folder / "weights.safetensors"
    save_file(timm.create_model(tiny_settings["arch"]).state_dict(), weights)
    settings = tiny_settings | {"unfrozen_epochs": 0, "frozen_epochs": 1, "weights": str(weights)}
    workspace = Workspace(folder / "workspace")
    run = create_run(workspace, build_config("laptop", **settings), drawn)
    with warnings.catch_warnings(action="ignore"):
        worker.perform(run, lambda progress: work.train.train(run, workspace, progress))
    return SimpleNamespace(workspace=workspace, run=run)


@pytest.fixture
def ours(small, tmp_path):
    """The same in a workspace of the test's own."""
    workspace = Workspace(shutil.copytree(small.workspace.path, tmp_path / "workspace"))
    return SimpleNamespace(workspace=workspace, run=find_run(workspace, small.run.run_id))


def perform(ours, watch=None, **config):
    job = jobs.create(ours.workspace.jobs_dir, "trade", {"run": str(ours.run.path), **config})
    worker.perform(job, lambda progress: work.trade.trade(job, ours.workspace, progress), watch)
    return job


def test_every_option_is_trained_and_summed_up(ours):
    phases = []
    job = perform(ours, lambda status: phases.append(status.phase), options=OPTIONS, seeds=2)

    found = read_derived(ours.run, "trade")
    assert list(found.columns) == list(schema.TRADE)
    names = ["plain", "hue-jitter", "recolored", "last-layer"]
    assert list(dict.fromkeys(found["option"])) == names
    assert set(found["seed"]) == {ALL_SEEDS, 0, 1}
    valid = read_predictions(ours.run, ours.workspace).query("split == 'valid' and label != ''")
    errors = found[found["measure"] == "error"]
    assert set(errors["n"]) == {len(valid)}
    assert set(errors["n_products"]) == {valid["product_id"].nunique()}
    assert (found.loc[found["measure"] == "flip", "n"] > 0).all()
    facts = json.loads((ours.run.path / "derived" / "trade" / "trade.json").read_text())
    assert facts["options"] == names
    assert (facts["seeds"], facts["settings"]["unfrozen_epochs"]) == (2, 0)
    assert "Plain, training 1 of 8: Training the head" in phases
    assert any(phase.startswith("Balanced last layer, training 8 of 8") for phase in phases)
    assert not (job.path / "training").exists()


def split_at_gap(values):
    """The middle of the widest gap in the inner half of some values: no rounding crosses it."""
    inner = np.sort(values)[len(values) // 4 : -len(values) // 4]
    widest = np.diff(inner).argmax()
    return inner[widest : widest + 2].mean()


def test_a_photo_that_nothing_was_done_to_flips_no_answer(ours, monkeypatch):
    from zapcls.model import pooled

    def leave(image, image_id, kinds):
        for edit in ("identity", "hue", "random"):
            yield {"edit": edit, "to": "red"}, image

    def build_head(network):
        """Answer by one feature, so that photos are answered differently."""
        limits = []  # that of the first photos asked about holds for all

        def answer(features):
            limits.append(split_at_gap(features[:, 0]))
            called = (features[:, 0] > limits[0]).astype(int)
            assert 0 < called.mean() < 1
            return np.stack([1 - called, called], axis=1).astype(np.float32)

        return answer

    monkeypatch.setattr(work.trade, "edit_photo", leave)
    monkeypatch.setattr(pooled, "build_head", build_head)
    perform(ours, options=["gray"], seeds=2)

    found = read_derived(ours.run, "trade")
    flips = found[found["measure"].isin(["flip", "control", "excess"])]
    assert (flips["rate"] == 0).all()
    assert (flips["n"] > 0).all()


def test_a_head_answers_as_its_network_does_from_the_photo_on(ours):
    """What a trade says of the base line is what a run with these settings would say."""
    import torch

    from zapcls.model.preprocess import ShoeClassifier
    from zapcls.model.trainings import build_recipe
    from zapcls.progress import silent
    from zapcls.workspace.store import find_store

    perform(ours, options=["gray"], seeds=2)
    store = find_store(ours.workspace, ours.run.facts["catalogue_id"])
    config = configure(ours.run.train_config, "plain", 1, None)
    split = pd.read_parquet(ours.run.path / "split.parquet")
    folder = ours.workspace.path / "again"
    folder.mkdir()
    network = build_recipe(config, [ours.run.task], folder, store, split, silent).train()
    table = read_predictions(ours.run, ours.workspace).query("split == 'valid' and label != ''")
    images = torch.from_numpy(store.pixels[table["row"].to_numpy()])
    with torch.inference_mode():
        logits, _ = ShoeClassifier(
            network, store.side, config.image_size, config.statistics
        ).eval()(images)
    called = np.array(config.classes)[logits.argmax(dim=1).numpy()]

    found = read_derived(ours.run, "trade").set_index(["option", "measure", "seed"]).sort_index()
    rate = (called != table["label"].to_numpy()).mean()
    # Training resizes bytes, evaluation numbers: an answer on the edge may differ.
    assert found.loc[("plain", "error", 1), "rate"] == pytest.approx(rate, abs=1.5 / len(table))


def test_it_stops_in_a_training_and_leaves_nothing_half_done(ours):
    def stop(status):
        if status.phase.startswith("Half in gray, training 3 of 4"):
            job = jobs.list_jobs(ours.workspace.jobs_dir)[0]
            jobs.request_stop(job)

    with pytest.raises(Stopped):
        perform(ours, stop, options=["gray"], seeds=2)

    job = jobs.list_jobs(ours.workspace.jobs_dir)[0]
    assert jobs.read_status(job).state == "stopped"
    assert read_derived(ours.run, "trade") is None
    assert not (job.path / "training").exists()


def test_a_run_that_started_at_random_is_refused(ours, refuses):
    settings = ours.run.config | {"train": small_config().to_json()}
    write_json(ours.run.path / "config.json", settings)

    with refuses("must start from trained weights", "Choose a run"):
        perform(ours)


def test_unknown_options_and_too_few_seeds_are_refused(ours, refuses):
    with refuses("remedies", "'purple'"):
        perform(ours, options=["purple"])
    with refuses("trainings", "got 1"):
        perform(ours, options=["gray"], seeds=1)
