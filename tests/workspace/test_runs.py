import io
import re
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from PIL import Image
from small import small_config

from zapcls import schema
from zapcls.analysis import metrics
from zapcls.config import TrainConfig
from zapcls.data.sources import read_catalogue
from zapcls.errors import Damaged, ZapError
from zapcls.workspace import jobs, new_runs
from zapcls.workspace.answers import write_answers
from zapcls.workspace.layout import read_json, write_json
from zapcls.workspace.new_runs import create_retraining, create_run
from zapcls.workspace.opening import open_store
from zapcls.workspace.run_tables import (
    read_history,
    read_losses,
    read_predictions,
    read_probabilities,
)
from zapcls.workspace.runs import FORMAT, Run, find_run, list_runs
from zapcls.workspace.splits import read_split

CONFIG = small_config(seed=3)
JOINED = ("row", "image_path", "brand", "category", "sub_category", "gender", "color")


def draw_object(color):
    """The bytes of a photo of one object on a white ground."""
    image = Image.new("RGB", (32, 32), "white")
    image.paste(color, (6, 10, 26, 24))
    buffer = io.BytesIO()
    image.save(buffer, "PNG")
    return buffer.getvalue()


@pytest.fixture
def rows(rows):
    """Shows a black and a red object in the first two photos; the others are plain ground."""
    rows[0]["photo"], rows[1]["photo"] = draw_object("black"), draw_object((200, 0, 0))
    return rows


@pytest.fixture
def finished(workspace, data_dir, call_evaluated):
    """A finished run as the pipeline leaves it, its logits made up: each shoe called women's."""
    run = create_run(workspace, CONFIG, data_dir)
    store = open_store(workspace, read_catalogue(data_dir))
    split = read_split(store, CONFIG)
    logits = np.tile([2.0, -1.0], (len(split), 1))
    table, prob = metrics.build_predictions(split, logits, CONFIG.classes, CONFIG.target)
    # In another order than the catalogue's: the join must go by image.
    write_answers(run.path, table.iloc[::-1].reset_index(drop=True), prob[::-1], CONFIG.target)
    call_evaluated(run, catalogue_id=store.catalogue_id)
    return run


def test_a_new_run_is_queued_with_its_settings_and_its_data(workspace, tmp_path, monkeypatch):
    assert list_runs(workspace) == []
    monkeypatch.chdir(tmp_path)

    runs = [create_run(workspace, CONFIG, Path("data")) for _ in range(5)]

    run = runs[0]
    assert run.path == workspace.runs_dir / run.run_id
    assert CONFIG.arch in run.run_id
    assert (run.kind, run.train_config, run.data_dir) == ("train", CONFIG, tmp_path / "data")
    assert (run.parent_id, run.is_evaluated) == ("", False)
    assert jobs.read_stored(run).state == "queued"
    assert set(list_runs(workspace)) == set(runs)
    assert len(set(runs)) == 5  # though they are of the same second


def test_runs_are_listed_the_newest_first(workspace):
    for name in ("20260101-000000-a-0000", "20260301-000000-a-0000", "20260201-000000-a-0000"):
        write_json(workspace.runs_dir / name / "config.json", {"kind": "train"})
    (workspace.runs_dir / "half-made").mkdir()
    (workspace.runs_dir / ".device-cpu.lock").touch()

    listed = [run.run_id for run in list_runs(workspace)]

    assert [run_id[:6] for run_id in listed] == ["202603", "202602", "202601"]


def test_a_run_is_found_by_its_id_and_by_its_path(workspace, data_dir, tmp_path, monkeypatch):
    run = create_run(workspace, CONFIG, data_dir)
    elsewhere = run.path.rename(tmp_path / "elsewhere")
    monkeypatch.chdir(tmp_path)

    assert find_run(workspace, str(elsewhere)) == Run(elsewhere)
    assert find_run(workspace, "elsewhere") == Run(elsewhere)
    assert list_runs(workspace) == []
    back = Run(elsewhere.rename(run.path))
    assert find_run(workspace, run.run_id) == back


@pytest.mark.parametrize("name", ["20200101-000000-a-0000", "", ".", "../..", "a/b"])
def test_an_unknown_run_is_a_sentence(workspace, data_dir, name, refuses, tmp_path, monkeypatch):
    create_run(workspace, CONFIG, data_dir)
    monkeypatch.chdir(tmp_path)

    with refuses("RUN must be", repr(name), workspace.path, "python -m zapcls runs"):
        find_run(workspace, name)


def test_predictions_are_joined_with_each_image_by_its_id(workspace, finished):
    table, prob = read_predictions(finished, workspace), read_probabilities(finished)

    assert list(table.columns[: len(schema.PREDICTIONS)]) == list(schema.PREDICTIONS)
    assert set(JOINED) < set(table.columns)
    assert table["image_id"].tolist() == [f"{number + 100}-1" for number in reversed(range(24))]
    for fact in table.itertuples():
        number = int(fact.image_id[:3]) - 100
        assert fact.row == number
        assert fact.image_path == f"Shoes/Heels/Acme/{fact.image_id.replace('-', '.')}.jpg"
        assert (fact.category, fact.sub_category, fact.brand) == ("Shoes", "Heels", "Acme")
        assert fact.gender == fact.label == ("Women" if number % 2 else "Men")
    colors = table.set_index("image_id")["color"]
    assert (colors["100-1"], colors["101-1"], colors["102-1"]) == ("black", "red", "")
    assert (prob.dtype, prob.shape) == (np.float32, (24, 2))
    assert prob[0] == pytest.approx([0.952574, 0.047426], abs=1e-6)
    assert finished.is_evaluated


def test_predictions_that_cannot_be_read_are_a_sentence(workspace, finished, data_dir):
    run = create_run(workspace, CONFIG, data_dir)
    with pytest.raises(ZapError, match=f"{run.run_id} has no predictions yet"):
        read_predictions(run, workspace)
    workspace.store_dir.rename(workspace.path / "elsewhere")
    with pytest.raises(ZapError, match=r"pixel store .* is not in"):
        read_predictions(finished, workspace)


def test_a_run_for_many_classes_has_a_probability_of_each(kinds):
    run, classes = kinds.run, kinds.run.task.classes

    table, prob = read_predictions(run, kinds.workspace), read_probabilities(run)

    assert len(classes) in (4, 21)
    assert prob.shape == (len(table), len(classes))
    assert np.array(classes)[prob.argmax(axis=1)].tolist() == table["prediction"].tolist()
    assert set(table.loc[table["split"] != "none", "label"]) == set(classes)
    rare = pd.read_parquet(run.path / "split.parquet").query("label == ''")
    assert set(rare["drop_reason"]) == {"rare sub-category"}
    assert 0 < run.rates["splits"]["valid"]["error_rate"] < run.rates["guess_error_rate"]


def test_the_labels_of_a_finished_run_are_its_own(
    workspace, finished, data_dir, write_catalogue, rows
):
    before = read_predictions(finished, workspace)
    relabelled = [row | {"Gender": "Girls", "photo": None} for row in rows]

    store = open_store(workspace, read_catalogue(write_catalogue(data_dir, relabelled)))

    assert store.read_catalog()["gender"].unique().tolist() == ["Girls"]
    pd.testing.assert_frame_equal(read_predictions(finished, workspace), before)


def test_a_curve_that_has_not_begun_is_empty(workspace, data_dir):
    run = create_run(workspace, CONFIG, data_dir)
    for read, columns in ((read_history, schema.HISTORY), (read_losses, schema.LOSSES)):
        table = read(run)
        assert list(table.columns) == list(columns)
        assert table.empty
    for header in ("", "pha", "phase,epo", ",".join(schema.LOSSES)):
        (run.path / "losses.csv").write_text(header, encoding="utf-8")
        assert read_losses(run).empty


@pytest.mark.parametrize(
    "rest", ["", "u", "unfrozen", "unfrozen,", "unfrozen,0.2", "unfrozen,0.2,0.5"]
)
def test_a_half_written_last_line_does_no_harm(workspace, data_dir, rest):
    run = create_run(workspace, CONFIG, data_dir)
    lines = [",".join(schema.LOSSES), "frozen,0.05,0.71,33.0", "frozen,0.1,0.70,34.0", rest]
    (run.path / "losses.csv").write_text("\n".join(lines), encoding="utf-8")

    whole = read_losses(run).dropna()

    assert whole["epoch"].tolist()[:2] == [0.05, 0.1]
    assert whole["train_loss"].tolist()[:2] == [0.71, 0.7]
    assert whole.dtypes.drop("phase").astype(str).unique().tolist() == ["float64"]


CUT = (None, "", "{", "[1]", "\xff", "{}", "null")  # None: the file is gone
DAMAGES = [
    *((f"{name}.json", cut) for name in ("config", "status", "model", "metrics") for cut in CUT),
    ("status.json", '{"state": "asleep"}'),
    ("status.json", '{"state": "done", "started_at": "noon"}'),
    ("config.json", '{"kind": "train", "data_dir": 3, "train": {}}'),
    ("config.json", '{"kind": "train", "data_dir": "/", "train": {"classes": 3}}'),
    ("config.json", '{"kind": "train", "data_dir": "/", "train": {"weights": 3}}'),
    ("model.json", '{"classes": "Women"}'),
    ("metrics.json", '{"splits": {"valid": {"error_rate": "high"}}}'),
]


def test_a_damaged_file_makes_a_damaged_run_and_nothing_else(workspace, data_dir, finished):
    write_json(finished.path / "status.json", {"state": "done"})
    other = create_run(workspace, CONFIG, data_dir)
    for name, content in DAMAGES:
        assert jobs.read_status(finished).state == "done"
        file = finished.path / name
        whole = file.read_bytes()
        file.unlink()
        if content is not None:
            file.write_text(content, encoding="latin-1")

        status = jobs.read_status(finished)

        assert status.state == "damaged", (name, content)
        remedy = f"Put the file back, or move the folder {finished.path} away."
        if name == "metrics.json":  # it can be made again
            remedy = f"Evaluate it again: python -m zapcls evaluate {finished.run_id}."
            assert find_run(workspace, finished.run_id, is_to_evaluate=True) == finished
        assert all(part in status.message for part in (finished.run_id, name, remedy))
        assert not finished.is_evaluated
        assert set(list_runs(workspace)) == {finished, other}
        assert find_run(workspace, other.run_id) == other
        with pytest.raises(Damaged, match=re.escape(status.message)):
            find_run(workspace, finished.run_id)
        with pytest.raises(Damaged):
            jobs.reopen(finished)
        file.write_bytes(whole)


def change_config(run, **changes):
    content = read_json(run.path / "config.json") | changes
    write_json(run.path / "config.json", {k: v for k, v in content.items() if v is not None})


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"format": 3}, ("up to format 2", "of format 3")),
        ({"train": {"dropout": 0.5}}, ("setting 'dropout'", "does not have")),
        ({"train": {"arch": "lenet"}}, ("does not take", "got 'lenet'")),
    ],
)
def test_a_run_of_another_version_says_what_to_do(workspace, finished, changes, words):
    change_config(finished, **changes)

    status = jobs.read_status(finished)

    assert status.state == "damaged"
    for part in (*words, "the version that made it", "train again"):
        assert part in status.message
    with pytest.raises(Damaged, match=re.escape(status.message)):
        find_run(workspace, finished.run_id)


def test_a_run_of_before_there_were_formats_opens_with_defaults(workspace, finished):
    assert finished.config["format"] == FORMAT
    old = {"arch": "resnet18", "weights": "imagenet", "seed": 5}
    change_config(finished, format=None, train=old)

    assert find_run(workspace, finished.run_id).train_config == TrainConfig(**old)
    assert finished.is_evaluated


@pytest.mark.parametrize("name", ["copy of a run", "a-b", "x", "ünd-1-2-3", "run [1](2)"])
def test_a_run_copied_by_hand_is_a_run(workspace, finished, name):
    copy = Run(shutil.copytree(finished.path, workspace.runs_dir / name))

    assert set(list_runs(workspace)) == {finished, copy}
    assert find_run(workspace, name).is_evaluated


@pytest.fixture
def parent(workspace, data_dir, call_evaluated):
    """A run that has begun to train: it has a split and knows its classes."""
    run = create_run(workspace, CONFIG, data_dir)
    store = open_store(workspace, read_catalogue(data_dir))
    split = read_split(store, CONFIG)
    split.to_parquet(run.path / "split.parquet")
    call_evaluated(run, catalogue_id=store.catalogue_id)
    return run


@pytest.fixture
def corrections(parent):
    """Correct one image of train from Women to Men and take one of valid out."""
    women = pd.read_parquet(parent.path / "split.parquet").query("label == 'Women'")
    first = women.drop_duplicates("split").set_index("split")["image_id"]
    rows = [(first["train"], "Men", "label wrong"), (first["valid"], "", "ambiguous")]
    return pd.DataFrame(rows, columns=list(schema.CORRECTIONS))


def test_a_retraining_has_its_parent_s_split_with_the_labels_corrected(
    workspace, parent, corrections
):
    before = pd.read_parquet(parent.path / "split.parquet").set_index("image_id")
    relabelled, taken_out = corrections["image_id"]
    config = small_config(seed=9)

    run = create_retraining(workspace, parent, config, corrections)

    after = pd.read_parquet(run.path / "split.parquet").set_index("image_id")
    assert after["split"].equals(before["split"])
    assert (after.loc[relabelled, "label"], after.loc[taken_out, "label"]) == ("Men", "")
    rest = before.index.drop([relabelled, taken_out])
    assert after.loc[rest].equals(before.loc[rest])
    unchanged = pd.read_parquet(parent.path / "split.parquet").set_index("image_id")
    assert unchanged.equals(before)
    assert pd.read_parquet(run.path / "corrections.parquet").equals(corrections)
    assert (run.kind, run.train_config, run.data_dir) == ("train", config, parent.data_dir)
    assert run.parent_id == parent.run_id
    assert run.config["catalogue_id"] == parent.facts["catalogue_id"]
    assert (run.config["corrected"], run.config["format"]) == (2, FORMAT)
    assert jobs.read_stored(run).state == "queued"
    assert set(list_runs(workspace)) == {run, parent}


def test_a_retraining_is_whole_or_absent(workspace, parent, corrections, monkeypatch):
    seen = []

    def look(*_):
        seen.extend(list_runs(workspace))
        raise OSError("The disk is full.")

    monkeypatch.setattr(new_runs, "correct_split", look)
    with pytest.raises(OSError, match="disk is full"):
        create_retraining(workspace, parent, CONFIG, corrections)

    assert seen == list_runs(workspace) == [parent]
    assert list(workspace.runs_dir.iterdir()) == [parent.path]


@pytest.mark.parametrize(
    "settings", [{"classes": ("Men", "Girls")}, {"target": "closure", "classes": ("Buckle", "Zip")}]
)
def test_a_retraining_keeps_split_and_classes_of_its_parent(
    workspace, parent, corrections, settings, refuses
):
    config = small_config(**settings)
    asked = f"{config.target}: {', '.join(config.classes)}"

    with refuses("keeps its parent's target and classes", "gender: Women, Men", f"got {asked}"):
        create_retraining(workspace, parent, config, corrections)
    (parent.path / "model.json").unlink()
    with refuses("uses its parent's split", f"{parent.run_id} has not begun to train", "Choose"):
        create_retraining(workspace, parent, CONFIG, corrections)

    assert list_runs(workspace) == [parent]
