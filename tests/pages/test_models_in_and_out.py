"""Pages about a model that is taken along, and about one that was trained elsewhere."""

import re
import zipfile
from pathlib import Path

import numpy as np
import pytest
from app_driver import OPEN

from zapcls import work
from zapcls.config import Statistics
from zapcls.workspace import jobs
from zapcls.workspace.imports import build_origin, create_import
from zapcls.workspace.run_tables import read_predictions


@pytest.fixture
def answers(finished, workspace, tmp_path):
    """A file of the finished run's answers, without probabilities."""
    table = read_predictions(finished, workspace)
    file = tmp_path / "answers.csv"
    columns = {"image_path": "path", "prediction": "prediction"}
    table[list(columns)].rename(columns=columns).to_csv(file, index=False)
    return file


@pytest.fixture
def imported(answers, workspace):
    """A run of them."""
    origin = build_origin(answers, True, (), 0, Statistics())
    run = create_import(workspace, workspace.drawings_dir, "gender", origin)
    work.perform(run, workspace)
    return run


def test_every_page_stands_on_answers_alone(imported, finished, workspace, open_page):
    table = read_predictions(imported, workspace)
    assert np.isnan(table["prob"]).all()
    wrong = table[(table["label"] != "") & ~table["correct"]].iloc[0]
    said = {
        page: open_page(page, run=imported.run_id, **(OPEN if page == "color_bias" else {})).said
        for page in ("results", "errors", "color_bias", "compare", "review", "train", "overview")
    }
    assert "calibration needs them" in said["results"]
    assert "Imported from answers.csv" in said["results"]
    assert "Cross-validate" not in said["results"]
    assert "trying remedies needs that" in said["color_bias"]
    assert "a comparison of trainings needs that" in said["compare"]
    assert "· imported" in said["overview"]
    detail = open_page("errors", run=imported.run_id, image=wrong["image_id"]).said
    assert "how sure it was needs them" in detail
    assert "a map of what it looked at needs one" in detail
    drawn = open_page("errors", run=imported.run_id, view="Map").said
    assert "a map needs them" in drawn
    assert not re.findall(r".*\bnan\b.*", "\n".join([*said.values(), detail]))


def test_the_form_imports_a_file_and_says_what_is_wrong(answers, workspace, open_page, launched):
    app = open_page("train")
    assert app.button(key="import").disabled
    app.choose("import_path", str(answers.with_name("nothing.csv")))
    app.click("import")
    assert "must exist" in app.said
    app.choose("import_path", str(answers))
    app.click("import")
    [job] = launched
    assert job.kind == "import"
    assert job.config["origin"] == {
        "file": str(answers.resolve()), "name": "answers.csv", "classes": [],
        "kind": "predictions",
    }  # fmt: skip
    assert "Importing" in app.said


def test_the_form_asks_what_comes_before_an_onnx_model(tmp_path, workspace, open_page, launched):
    file = tmp_path / "model.onnx"
    file.write_bytes(b"")
    app = open_page("train")
    app.choose("import_kind", "A model")
    app.choose("import_path", str(file))
    app.choose("import_mean", "0.5, x")
    app.choose("import_classes", "Women, Men")
    app.click("import")
    assert "three numbers" in app.said
    app.choose("import_mean", "0.5, 0.5, 0.5")
    app.click("import")
    [job] = launched
    origin = job.config["origin"]
    assert (origin["kind"], origin["classes"]) == ("onnx", ["Women", "Men"])
    assert (origin["size"], origin["mean"]) == (0, [0.5, 0.5, 0.5])


def test_results_export_the_model_and_hand_out_its_zip(finished, open_page, launched):
    app = open_page("results")
    assert "--head linear" in app.said  # the run's head has a hidden layer
    app.click("export")
    [job] = launched
    assert (job.kind, job.config["run"]) == ("export", str(finished.path))


def test_a_written_export_can_be_fetched(finished, workspace, open_page):
    job = jobs.create(workspace.jobs_dir, "export", {"run": str(finished.path)})
    work.perform(job, workspace)
    app = open_page("results")
    [button] = [b for b in app.get("download_button") if "Model" in b.proto.label]
    assert "MB" in button.proto.label
    [file] = finished.path.glob("derived/export/*.zip")
    with zipfile.ZipFile(file) as opened:
        assert {Path(name).name for name in opened.namelist()} >= {"model.onnx", "README.md"}
