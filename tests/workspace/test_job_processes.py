"""Jobs as real processes: finished, stopped, interrupted, killed, crashed, two at once."""

import json
import os
import random
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from small import small_config

from zapcls.config import DEFAULT_CLASSES as CLASSES
from zapcls.data.split import name_split
from zapcls.workspace import devices, jobs
from zapcls.workspace.jobs import read_status, request_stop
from zapcls.workspace.layout import Workspace, read_json
from zapcls.workspace.new_runs import create_run
from zapcls.workspace.run_tables import (
    read_history,
    read_losses,
    read_predictions,
    read_probabilities,
)
from zapcls.workspace.runs import Run, list_runs
from zapcls.workspace.store import find_store, list_stores

pytestmark = [
    pytest.mark.slow,
    # A launched job is meant to outlive whatever Python holds of its process.
    pytest.mark.filterwarnings(r"ignore:subprocess \d+ is still running:ResourceWarning"),
]

PROJECT = Path(__file__).parents[2]
TRAINING = "Training the whole network"
EVALUATION = "Exporting the model"  # the first that is done with the trained network
LONG = 500  # epochs; no test waits for them
LIMIT_S = 900
# What a page does, in a process that is then killed as a server in a closed terminal is.
LAUNCHER = """
import json, sys
from pathlib import Path
from zapcls.config import build_config
from zapcls.workspace import jobs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.new_runs import create_run

workspace = Workspace(Path(sys.argv[1]))
config = build_config(**json.loads(sys.argv[3]))
run = create_run(workspace, config, Path(sys.argv[2]))
jobs.launch(run, workspace)
print(run.path, flush=True)
sys.stdin.read()
"""


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Let each process compute on one thread: the networks are small, and there are several."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("OMP_NUM_THREADS", "1")
        patch.chdir(PROJECT)
        yield


@pytest.fixture(scope="module")
def workspace(tmp_path_factory, drawn, run_command):
    """A workspace in which the store of the drawn catalogue is built."""
    workspace = Workspace(tmp_path_factory.mktemp("processes") / "workspace")
    process = run_command("catalog", "--workspace", workspace.path, "--data", drawn)
    assert process.returncode == 0, process.stderr
    return workspace


@pytest.fixture
def create(workspace, drawn, tiny_settings):
    """Return a function that creates a queued run; the settings are options of its config."""

    def create(**settings):
        config = small_config(**(tiny_settings | settings))
        return create_run(workspace, config, drawn)

    return create


def wait_until(is_so, run, limit_s=LIMIT_S):
    """Wait for a condition, or tell what the job did instead."""
    give_up = time.monotonic() + limit_s
    while not is_so():
        if time.monotonic() > give_up or (read_status(run).is_final and not is_so()):
            raise AssertionError(f"{read_status(run)}\n{jobs.read_log_tail(run)}")
        time.sleep(0.02)


def wait_until_final(run):
    wait_until(lambda: read_status(run).is_final, run)
    return read_status(run)


def wait_for_log(run, text):
    """Wait until a job's log holds `text`: its command prints once the status is final."""
    give_up = time.monotonic() + LIMIT_S
    while text not in jobs.read_log_tail(run):
        assert time.monotonic() < give_up, jobs.read_log_tail(run)
        time.sleep(0.02)


def count_epochs(run):
    return len(read_history(run))


def wait_for_epoch(list_found, process):
    """Wait until a process that trains has ended an epoch, and return its run."""
    give_up = time.monotonic() + LIMIT_S
    while not (found := list_found()) or count_epochs(found[0]) < 1:
        assert time.monotonic() < give_up
        assert process.poll() is None
        time.sleep(0.02)
    assert read_status(found[0]).state == "running"
    return found[0]


def start(*words):
    """Start `python -m zapcls ...` as a terminal does, in a session of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "zapcls", *map(str, words)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def kill_all(process):
    if process.poll() is None:
        os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=LIMIT_S)


@pytest.fixture(scope="module")
def stopped(workspace, drawn, tiny_settings):
    """A run whose launcher was killed, and that was stopped after some epochs."""
    settings = json.dumps(tiny_settings | {"unfrozen_epochs": LONG})
    launcher = subprocess.Popen(
        [sys.executable, "-c", LAUNCHER, str(workspace.path), str(drawn), settings],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
        env=os.environ | {"PYTHONPATH": str(PROJECT)},
    )
    try:
        run = Run(Path(launcher.stdout.readline().strip()))
    finally:
        kill_all(launcher)  # and its whole process group
    states = set()

    def has_epochs():
        states.add(read_status(run).state)
        return count_epochs(run) >= 2

    try:
        wait_until(has_epochs, run)
    finally:
        request_stop(run)
    wait_until_final(run)
    return run, states


def test_a_job_outlives_its_launcher_and_a_stop_keeps_the_best_finished_epoch(stopped):
    run, states = stopped

    status = read_status(run)
    assert states == {"running"}
    assert (status.state, status.message) == ("stopped", "")
    assert status.phase == TRAINING
    assert 2 <= count_epochs(run) < LONG
    assert run.weights_path.stat().st_size > 1_000_000
    assert not any(path.name.endswith(".part") for path in run.path.iterdir())
    assert not run.is_evaluated
    assert not run.onnx_path.exists()
    assert status.seconds > 0


def test_a_stopped_training_can_be_evaluated_later(stopped, workspace, run_command):
    run, _ = stopped

    process = run_command("evaluate", run.run_id, "--workspace", workspace.path, "--json")

    assert process.returncode == 0, process.stderr
    answer = json.loads(process.stdout.splitlines()[-1])
    assert (answer["run"], answer["state"]) == (run.run_id, "stopped")
    assert 0 <= answer["error_low"] <= answer["error_rate"] <= answer["error_high"] <= 1
    assert (
        answer["n_valid"] == (pd.read_parquet(run.path / "split.parquet")["split"] == "valid").sum()
    )
    assert run.is_evaluated
    assert run.onnx_path.is_file()
    assert read_status(run).state == "stopped"
    [job] = jobs.list_jobs(workspace.jobs_dir)
    assert (job.kind, read_status(job).state) == ("evaluate", "done")


@pytest.fixture(scope="module")
def two_starts(workspace, drawn, tiny_settings):
    """Two trainings launched at the same instant: the one that won, and the other."""
    config = small_config(**(tiny_settings | {"unfrozen_epochs": 20, "seed": 5}))
    runs = [create_run(workspace, config, drawn) for _ in range(2)]
    threads = [threading.Thread(target=jobs.launch, args=(run, workspace)) for run in runs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(LIMIT_S)
    # Each has said something; one may have been refused already.
    assert not {read_status(run).state for run in runs} & {"queued", "lost"}
    return sorted(runs, key=lambda run: wait_until_final(run).state)


def test_of_two_starts_at_the_same_instant_one_trains(two_starts):
    winner, other = two_starts

    assert [read_status(run).state for run in two_starts] == ["done", "failed"]
    message = read_status(other).message
    assert message.startswith("One job uses cpu at a time")
    assert f"{winner.run_id} is using it" in message
    assert count_epochs(winner) == 20
    assert not other.weights_path.exists()
    assert not (other.path / "history.csv").exists()


def test_a_finished_training_leaves_all_that_the_pages_read(two_starts, workspace):
    run, _ = two_starts

    assert {path.name for path in run.path.iterdir()} == {
        "answer.json", "config.json", "embeddings.npy", "familiar.npz", "familiar.onnx",
        "familiar.parquet", "history.csv", "job.log", "launch.lock", "lock", "losses.csv",
        "metrics.json", "model.json", "model.onnx", "model.safetensors",
        "outliers.parquet", "predictions.parquet", "probs", "split.parquet", "status.json",
        "task.json", "watched.csv",
    }  # fmt: skip
    status = read_status(run)
    assert (status.state, status.message) == ("done", "")
    assert status.created_at < status.started_at < status.finished_at
    history, losses = read_history(run), read_losses(run)
    assert history["epoch"].tolist() == list(range(1, 21))
    assert (history["images_per_s"] > 0).all()
    assert losses["epoch"].is_monotonic_increasing
    facts = run.facts
    assert (facts["classes"], facts["image_size"]) == (["Women", "Men"], 32)
    assert (facts["is_drawn"], facts["weights"]) == (True, "none")
    assert facts["catalogue_id"] == list_stores(workspace)[0].catalogue_id
    assert run.metrics["onnx_max_difference"] < 1e-3
    assert devices.find_holder(workspace, "cpu") is None


def test_every_readable_photo_has_a_prediction(two_starts, workspace):
    run, _ = two_starts
    store = find_store(workspace, run.facts["catalogue_id"])

    table = read_predictions(run, workspace)

    assert table["image_id"].tolist() == store.read_catalog()["image_id"].tolist()
    assert len(table) == 140
    prob = read_probabilities(run)
    assert prob.shape == (140, 2)
    assert prob.sum(axis=1) == pytest.approx(np.ones(140), abs=1e-5)
    assert np.load(run.path / "embeddings.npy").shape == (140, 512)
    assert prob.max(axis=1) == pytest.approx(table["prob"].to_numpy())
    split = pd.read_parquet(run.path / "split.parquet")
    assert table["split"].tolist() == split["split"].tolist()
    assert set(table.loc[table["split"] == "none", "label"]) == {""}
    valid = table[table["split"] == "valid"]
    summary = run.rates["splits"]["valid"]
    assert summary["n"] == len(valid)
    assert summary["errors"] == (valid["label"] != valid["prediction"]).sum()
    assert summary["error_rate"] == summary["errors"] / summary["n"]


def test_ctrl_c_in_the_terminal_stops_as_the_button_does(
    drawn, tiny_settings, list_options, tmp_path
):
    workspace = Workspace(tmp_path / "workspace")
    options = list_options(tiny_settings | {"unfrozen_epochs": LONG})
    where = ["--workspace", workspace.path, "--data", drawn, "--preset", "first-try"]
    process = start("train", *where, *options, "--json")
    try:
        run = wait_for_epoch(lambda: list_runs(workspace), process)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=LIMIT_S)
    finally:
        kill_all(process)

    assert process.returncode == 130
    assert read_status(run).state == "stopped"
    assert run.weights_path.is_file()
    answer = json.loads(out.splitlines()[-1])
    assert (answer["run"], answer["state"], answer["error_rate"]) == (run.run_id, "stopped", None)
    assert err.endswith("zapcls: Stopped as asked.\n")
    assert "Traceback" not in err


def test_a_killed_training_is_lost_and_frees_its_device(create, workspace):
    run = create(unfrozen_epochs=LONG)
    process = start("work", run.path, "--workspace", workspace.path)
    try:
        wait_for_epoch(lambda: [run], process)
        assert devices.find_holder(workspace, "cpu") == run.run_id
        behind = os.getpriority(os.PRIO_PROCESS, process.pid)
        assert behind > os.getpriority(os.PRIO_PROCESS, 0)  # the app's pages come first
    finally:
        kill_all(process)

    status = read_status(run)
    assert (status.state, status.phase) == ("lost", TRAINING)
    assert "killed" in status.message
    assert "resume it" in status.message
    assert read_json(run.path / "status.json")["state"] == "running"  # what it last said itself
    assert devices.find_holder(workspace, "cpu") is None
    assert not run.is_evaluated


def start_again(run, workspace):
    jobs.reopen(run)
    return start("work", run.path, "--workspace", workspace.path)


def time_phases(run, workspace):
    """Let a training end; when it came to train, to evaluate and to its end, in seconds."""
    started, seen = time.monotonic(), {}
    process = start_again(run, workspace)
    try:
        while process.poll() is None:
            assert time.monotonic() - started < LIMIT_S
            seen.setdefault(jobs.read_stored(run).phase, time.monotonic() - started)
            time.sleep(0.02)
        _, err = process.communicate(timeout=LIMIT_S)
    finally:
        kill_all(process)
    assert process.returncode == 0, err
    return seen.get(TRAINING), seen[EVALUATION], time.monotonic() - started


def draw_moments(rng, trains_s, evaluates_s, ends_s):
    """When to kill twenty starts: how many seconds after which phase has begun.

    Seven are killed as they load, eight in a part of the training, five as they evaluate.
    """
    moments = [("", rng.uniform(0, trains_s)) for _ in range(7)]
    part_s = (evaluates_s - trains_s) / 5
    moments += [(TRAINING, rng.uniform(0, part_s)) for _ in range(8)]
    rng.shuffle(moments)
    return moments + [(EVALUATION, rng.uniform(0, 0.8 * (ends_s - evaluates_s))) for _ in range(5)]


def kill_at(run, workspace, phase, delay_s):
    """Start a training again and kill it; the phase it was in, None if it had ended."""
    begun = {"": ("",), TRAINING: (TRAINING, EVALUATION), EVALUATION: (EVALUATION,)}[phase]
    process = start_again(run, workspace)
    try:
        while jobs.read_stored(run).phase not in begun and process.poll() is None:
            time.sleep(0.02)
        process.wait(delay_s)
    except subprocess.TimeoutExpired:
        return jobs.read_stored(run).phase
    finally:
        kill_all(process)
    return None


def read_what_it_came_to(run, workspace):
    """History and predictions of a run, without what depends on the clock."""
    history = read_history(run).drop(columns=["images_per_s", "seconds"])
    return history, read_predictions(run, workspace), read_probabilities(run)


def test_a_training_killed_twenty_times_ends_as_an_undisturbed_one(create, workspace):
    settings = {"unfrozen_epochs": 20, "seed": 8}
    undisturbed = create(**settings)
    moments = draw_moments(random.Random(0), *time_phases(undisturbed, workspace))
    run, phases = create(**settings), []

    for phase, delay_s in moments:
        phases.append(kill_at(run, workspace, phase, delay_s))
        if read_status(run).state == "done":  # this machine was faster than before
            run = create(**settings)
    time_phases(run, workspace)

    assert {"Loading torch and the network", TRAINING, EVALUATION} <= set(phases)
    history, predictions, prob = read_what_it_came_to(undisturbed, workspace)
    assert history["epoch"].tolist() == list(range(1, 21))
    again, same_predictions, same_prob = read_what_it_came_to(run, workspace)
    pd.testing.assert_frame_equal(again, history, check_exact=True)
    pd.testing.assert_frame_equal(same_predictions, predictions, check_exact=True)
    assert np.array_equal(same_prob, prob)
    assert run.weights_path.read_bytes() == undisturbed.weights_path.read_bytes()
    assert read_losses(run)["epoch"].is_monotonic_increasing
    assert not (run.path / "checkpoint.pt").exists()


def test_a_training_whose_photos_are_gone_fails_with_a_sentence(
    drawn, workspace, tiny_settings, tmp_path
):
    folder = shutil.copytree(drawn, tmp_path / "copy")
    run = create_run(workspace, small_config(**tiny_settings), folder)
    shutil.rmtree(folder)

    jobs.launch(run, workspace)

    status = wait_until_final(run)
    assert status.state == "failed"
    assert status.message.startswith(f"The data folder or file must exist, got {folder}")
    wait_for_log(run, status.message)
    assert "Traceback" not in jobs.read_log_tail(run)


def test_a_split_that_is_damaged_is_made_again(create, workspace):
    run = create(seed=99)
    store = list_stores(workspace)[0]
    damaged = store.path / "splits" / f"{name_split('gender', CLASSES, 'product', 99)}.parquet"
    damaged.parent.mkdir(exist_ok=True)
    damaged.write_text("not a table")

    jobs.launch(run, workspace)
    status = wait_until_final(run)

    assert status.state == "done"
    assert damaged.read_bytes().startswith(b"PAR1")


def test_a_process_that_cannot_start_is_lost(workspace, monkeypatch, create):
    run = create()
    monkeypatch.setattr(jobs.sys, "executable", shutil.which("false"))

    jobs.launch(run, workspace)

    assert read_status(run).state == "lost"
