"""The commands that train or read a training, on one shared run."""

import json
import warnings
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from zapcls.__main__ import main
from zapcls.config import read_architectures
from zapcls.data.sample import draw_catalogue
from zapcls.workspace import jobs
from zapcls.workspace.jobs import read_status
from zapcls.workspace.layout import read_json
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.store import list_stores

pytestmark = pytest.mark.slow

PHOTOS = Path(__file__).parents[2] / "shared" / "zap50k"
KEYS = [
    "run", "state", "error_rate", "error_low", "error_high", "n_valid", "balanced_error_rate",
    "class_error_rates", "seconds",
]  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def one_thread():
    """Load torch, and let the small networks of these tests compute on one thread."""
    with warnings.catch_warnings(action="ignore"):
        import torch
    torch.set_num_threads(1)


@pytest.fixture
def command(trained, capsys):
    """Return a function that runs a command in the shared workspace: code, stdout, stderr."""

    def run(*words):
        code = main([*map(str, words), "--workspace", str(trained.workspace.path)])
        return code, *capsys.readouterr()

    return run


@pytest.fixture
def read_answer(command):
    """Return a function that runs a command with --json and reads its last line."""

    def run(*words):
        code, out, err = command(*words, "--json")
        assert code == 0, err
        return json.loads(out.splitlines()[-1])

    return run


def test_the_last_line_of_a_training_is_its_summary(trained):
    facts = json.loads(trained.process.stdout.splitlines()[-1])

    assert list(facts) == KEYS
    assert (facts["run"], facts["state"]) == (trained.run.run_id, "done")
    assert 0 <= facts["error_low"] <= facts["error_rate"] <= facts["error_high"] <= 1
    table = read_predictions(trained.run, trained.workspace)
    valid = table[table["split"] == "valid"]
    assert facts["n_valid"] == len(valid)
    assert facts["error_rate"] == pytest.approx(1 - valid["correct"].mean())
    by_class = 1 - valid.groupby("label")["correct"].mean()
    assert facts["class_error_rates"] == pytest.approx(by_class.to_dict())
    assert facts["balanced_error_rate"] == pytest.approx(by_class.mean())
    assert facts["seconds"] > 0


def test_the_progress_of_a_training_goes_to_standard_error(trained):
    out, err = trained.process.stdout, trained.process.stderr

    assert len(out.splitlines()) == 1
    for phase in ("Reading photos", "Training the whole network", "Predicting every photo"):
        assert err.count(f"{phase}\n") == 1
    assert "Warning" not in err
    assert "zapcls: " not in err


def test_runs_lists_the_run_as_the_training_told_it(trained, read_answer, command):
    told = json.loads(trained.process.stdout)

    assert read_answer("runs") == told
    _, out, _ = command("runs")
    assert out.startswith(f"{trained.run.run_id}  done  error rate ")
    assert f"n = {told['n_valid']}" in out


@pytest.fixture(scope="module")
def other(tmp_path_factory):
    """Another drawn catalogue, of another seed."""
    folder = tmp_path_factory.mktemp("other") / "drawings"
    draw_catalogue(folder, 100, seed=77)
    return folder


def read_rows(folder):
    """The rows of a drawn catalogue: CID, product_id, Gender."""
    table = pd.read_csv(folder / "ut-zap50k-data" / "meta-data.csv", keep_default_na=False)
    return table.assign(product_id=table["CID"].str.rsplit("-", n=1).str[0])


def find_seen(run):
    """The products that the run was trained on."""
    split = pd.read_parquet(run.path / "split.parquet")
    return set(split.loc[split["split"].isin(["train", "tune"]), "product_id"])


def test_a_run_is_evaluated_on_another_catalogue_and_stays_as_it_is(trained, other, read_answer):
    before = {path: path.stat().st_mtime_ns for path in trained.run.path.glob("*.*")}

    facts = read_answer("evaluate", trained.run.run_id, "--data", other)
    again = read_answer("evaluate", trained.run.path, "--data", other)

    assert list(facts) == [*KEYS, "excluded_trained", "unknown_label"]
    rows = read_rows(other)
    is_labelled = rows["Gender"].isin(["Women", "Men"])
    was_seen = rows["product_id"].isin(find_seen(trained.run))
    assert facts["n_valid"] == (is_labelled & ~was_seen).sum()
    assert facts["excluded_trained"] == (is_labelled & was_seen).sum()
    assert facts["unknown_label"] == (~is_labelled).sum()
    assert (facts["run"], facts["state"]) == (trained.run.run_id, "done")
    assert 0 <= facts["error_low"] <= facts["error_rate"] <= facts["error_high"] <= 1
    assert facts | {"seconds": 0} == again | {"seconds": 0}
    assert {path: path.stat().st_mtime_ns for path in trained.run.path.glob("*.*")} == before
    store = next(s for s in list_stores(trained.workspace) if s.facts["data_dir"] == str(other))
    derived = trained.run.path / "derived" / f"evaluate-{store.catalogue_id}"
    table = pd.read_parquet(derived / "predictions.parquet")
    assert len(table) == facts["n_valid"]
    assert np.load(derived / "probs" / "gender.npy").shape == (len(table), 2)
    [rates] = read_json(derived / "metrics.json")["targets"].values()
    assert rates["splits"]["valid"]["error_rate"] == facts["error_rate"]
    assert not list(derived.parent.glob(".*"))


def test_on_its_own_catalogue_exactly_the_trained_rows_are_left_out(trained, drawn, read_answer):
    facts = read_answer("evaluate", trained.run.run_id, "--data", drawn)

    split = pd.read_parquet(trained.run.path / "split.parquet")
    counts = split["split"].value_counts()
    assert facts["excluded_trained"] == counts["train"] + counts["tune"]
    assert facts["n_valid"] == counts["valid"]
    assert facts["unknown_label"] == counts["none"]
    told = json.loads(trained.process.stdout)
    assert facts["error_rate"] == pytest.approx(told["error_rate"])


def test_a_catalogue_of_trained_products_only_is_refused(
    trained, drawn, write_catalogue, command, tmp_path
):
    split = pd.read_parquet(trained.run.path / "split.parquet")
    chosen = split[split["split"] == "train"]
    rows = [{"CID": row.image_id, "Gender": row.label} for row in chosen.itertuples()]

    folder = write_catalogue(tmp_path / "z", rows)
    code, out, err = command("evaluate", trained.run.run_id, "--data", folder, "--json")

    assert code == 2
    assert out == ""
    assert f"{len(rows)} were trained on and none is left" in err
    newest = jobs.list_jobs(trained.workspace.jobs_dir)
    assert any(read_status(job).state == "failed" for job in newest)


def test_a_photo_is_classified_as_the_run_predicted_it(trained, drawn, command):
    table = read_predictions(trained.run, trained.workspace).head(3)
    files = [drawn / "ut-zap50k-images" / path for path in table["image_path"]]

    code, out, _ = command("classify", trained.run.run_id, *files, drawn / "truth.csv", "--json")

    assert code == 2
    lines = [json.loads(line) for line in out.splitlines()]
    for line, file, row in zip(lines, files, table.itertuples(), strict=False):
        assert (line["file"], line["label"]) == (str(file), row.prediction)
        assert line["prob"][row.prediction] == pytest.approx(row.prob, abs=1e-3)
    assert set(lines[3]) == {"file", "error"}


def test_the_finder_tells_four_rates(drawn, read_answer, tiny_settings, list_options):
    where = ["--data", drawn, "--preset", "first-try"]

    facts = read_answer("lr-find", *where, *list_options(tiny_settings))

    rules = ["valley", "slide", "steep", "minimum"]
    assert list(facts) == ["job", "phase", *rules, "seeds", "faults"]
    assert (facts["phase"], facts["seeds"]) == ("unfrozen", 1)  # the phase that is trained
    assert all(0 < facts[name] <= 10 for name in rules)


def test_a_fault_of_the_finders_curve_goes_to_standard_error(
    drawn, command, tiny_settings, list_options
):
    options = ["--data", drawn, "--preset", "first-try", *list_options(tiny_settings)]

    code, out, err = command("lr-find", "--phase", "unfrozen", *options)

    assert code == 0
    assert [line.split()[0] for line in out.splitlines()] == ["valley", "slide", "steep", "minimum"]
    faults = [line for line in err.splitlines() if line.startswith("zapcls: ")]
    assert len(faults) == 1
    assert any(word in faults[0] for word in ("One seed only", "noisy", "flat"))


def test_the_devices_and_the_networks_of_this_machine(read_answer):
    facts = read_answer("devices")

    assert list(facts) == ["devices", "architectures"]
    assert "cpu" in facts["devices"]
    assert facts["architectures"] == read_architectures()


@pytest.mark.skipif(not PHOTOS.is_dir(), reason="the real photos are not on this machine")
def test_the_real_photos_are_counted(run_command, tmp_path):
    process = run_command("catalog", "--data", PHOTOS, "--workspace", tmp_path, "--json")

    assert process.returncode == 0, process.stderr
    facts = json.loads(process.stdout)
    assert (facts["rows"], facts["kept"]) == (10_177, 7_090)
    assert facts["classes"] == {"Women": 4_960, "Men": 2_130}
    assert facts["dropped"]["image missing"] == 1
    assert facts["dropped"]["several genders"] >= 177
