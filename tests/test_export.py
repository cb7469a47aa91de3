"""A model is taken along: every tool answers as the run does."""

import json
import shutil
import warnings
from types import SimpleNamespace

import numpy as np
import onnxruntime
import pytest
from PIL import Image, ImageOps
from small import small_config

from zapcls import work
from zapcls.__main__ import main
from zapcls.answer.classify import open_classifier
from zapcls.api import open_run
from zapcls.evidence import open_evidence
from zapcls.workspace.exports import FILES, MARK
from zapcls.workspace.layout import Workspace
from zapcls.workspace.new_runs import create_run

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def linear(drawn, tmp_path_factory):
    """A run with a linear head: `workspace, run`; shared."""
    with warnings.catch_warnings(action="ignore"):
        import torch

        import zapcls.model.export
        import zapcls.model.timm_folder
        import zapcls.model.trainings  # noqa: F401
    torch.set_num_threads(1)
    workspace = Workspace(tmp_path_factory.mktemp("linear") / "workspace")
    run = create_run(workspace, small_config(head="linear", unfrozen_epochs=1), drawn)
    work.perform(run, workspace)
    return SimpleNamespace(workspace=workspace, run=run)


@pytest.fixture(scope="module")
def exported(linear, tmp_path_factory):
    """The folder of that run's model."""
    folder = tmp_path_factory.mktemp("exported") / "model"
    assert export(linear, "-o", folder) == 0
    return folder


def export(known, *words):
    where = ["--workspace", str(known.workspace.path)]
    return main(["export", known.run.run_id, *map(str, words), *where])


@pytest.fixture(scope="module")
def photos(linear, drawn):
    """Files of valid, what the run answers to them, and the pixels that it was given."""
    evidence = open_evidence(linear.run, linear.workspace)
    valid = evidence.predictions.query("split == 'valid'").head(20)
    files = [drawn / "ut-zap50k-images" / path for path in valid["image_path"]]
    pixels = np.asarray(evidence.store.pixels[valid["row"].to_numpy()])
    prob, _ = open_classifier(linear.run).predict(pixels)
    return SimpleNamespace(files=files, pixels=pixels, prob=prob)


def test_timm_answers_as_the_run_from_the_files_on(exported, photos):
    import timm
    import torch

    net = timm.create_model(f"local-dir:{exported}", pretrained=True).eval()
    see = timm.data.create_transform(**timm.data.resolve_model_data_config(net))
    side = photos.pixels.shape[1]
    squares = [
        ImageOps.pad(Image.open(file), (side, side), Image.Resampling.LANCZOS, color="white")
        for file in photos.files
    ]
    with torch.inference_mode():
        prob = net(torch.stack([see(square) for square in squares])).softmax(1).numpy()

    assert net.pretrained_cfg["label_names"] == ["Women", "Men"]
    # Pillow rounds what it resizes to whole levels.
    assert prob == pytest.approx(photos.prob, abs=1e-3)
    assert np.ptp(prob[:, 0]) > 5e-3  # it tells photos apart


def test_timm_answers_as_the_run_on_the_same_numbers(exported, photos):
    import timm
    import torch

    from zapcls.config import Statistics
    from zapcls.model.preprocess import Normalize, Resize
    from zapcls.model.timm_folder import check_answers

    net = timm.create_model(f"local-dir:{exported}", pretrained=True).eval()
    see = torch.nn.Sequential(Resize(photos.pixels.shape[1], 64), Normalize(Statistics()))
    with torch.inference_mode():
        prob = net(see(torch.from_numpy(photos.pixels))).softmax(1).numpy()

    assert prob == pytest.approx(photos.prob, abs=1e-4)
    assert check_answers(exported, 64, Statistics(), photos.pixels, photos.prob) < 1e-4


def test_onnx_runtime_answers_as_the_run(exported, photos):
    session = onnxruntime.InferenceSession(exported / "model.onnx")
    logits, _ = session.run(None, {"pixels": photos.pixels})
    exponents = np.exp(logits)
    assert exponents / exponents.sum(axis=1, keepdims=True) == pytest.approx(photos.prob, abs=1e-6)


def test_transformers_answers_as_the_run(exported, photos):
    with warnings.catch_warnings(action="ignore"):
        transformers = pytest.importorskip("transformers")
        net = transformers.AutoModelForImageClassification.from_pretrained(exported).eval()
    import torch

    from zapcls.config import Statistics
    from zapcls.model.preprocess import Normalize, Resize

    see = torch.nn.Sequential(Resize(photos.pixels.shape[1], 64), Normalize(Statistics()))
    with torch.inference_mode():
        prob = net(see(torch.from_numpy(photos.pixels))).logits.softmax(1).numpy()
    assert net.config.id2label == {0: "Women", 1: "Men"}
    assert prob == pytest.approx(photos.prob, abs=1e-4)


def test_the_folder_says_what_is_in_it(exported, linear):
    assert {path.name for path in exported.iterdir()} == set(FILES)
    config = json.loads((exported / "config.json").read_text())
    assert config["label_names"] == ["Women", "Men"]
    assert config["pretrained_cfg"]["input_size"] == [3, 64, 64]
    card = (exported / "README.md").read_text()
    valid = linear.run.rates["splits"]["valid"]
    assert MARK in card
    assert f"{valid['errors']} of {valid['n']} photos wrong" in card
    assert "The photos are drawings that zapcls made, under no terms." in card


def test_an_export_is_replaced_and_nothing_else_is(linear, exported, capsys):
    before = (exported / "model.safetensors").read_bytes()
    assert export(linear, "-o", exported) == 0
    assert (exported / "model.safetensors").read_bytes() == before
    other = exported.parent / "other"
    other.mkdir()
    (other / "thesis.txt").write_text("years of work")
    capsys.readouterr()
    assert export(linear, "-o", other) == 2
    assert "holds thesis.txt" in capsys.readouterr().err
    assert [path.name for path in other.iterdir()] == ["thesis.txt"]


def test_a_network_that_timm_cannot_build_goes_along_as_onnx(trained, tmp_path, capsys):
    folder = tmp_path / "model"
    assert export(trained, "-o", folder) == 2
    said = capsys.readouterr().err
    assert said.count("zapcls: ") == 1
    assert "--onnx-only" in said
    assert not folder.exists()
    assert export(trained, "-o", folder, "--onnx-only") == 0
    assert {path.name for path in folder.iterdir()} == {"README.md", "model.onnx"}
    assert "timm" not in (folder / "README.md").read_text()


def test_an_exported_folder_comes_back_as_a_run(exported, linear, drawn, capsys):
    where = ["--data", str(drawn), "--workspace", str(linear.workspace.path), "--json"]
    assert main(["import", "--model", str(exported), *where]) == 0
    again = open_run(json.loads(capsys.readouterr().out)["run"], linear.workspace.path)
    ours = open_evidence(linear.run, linear.workspace).predictions
    both = ours.merge(again.predictions, on="image_id", suffixes=("", "_again"))
    assert len(both) == len(ours) > 0
    assert (both["prediction"] == both["prediction_again"]).all()
    assert both["prob_again"].to_numpy() == pytest.approx(both["prob"], abs=1e-4)
    assert len(np.load(again.run.path / "embeddings.npy")) == len(ours)


def damage(folder, name, content):
    (folder / name).write_bytes(content)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda folder: (folder / "model.safetensors").rename(folder / "pytorch_model.bin"),
         ("no model.safetensors", "not opened")),
        (lambda folder: damage(folder, "model.safetensors", b"\x80\x04K\x01."),
         ("must hold the weights of resnet10t",)),
        (lambda folder: damage(folder, "config.json", b"{"), ("config.json", "cannot be read")),
        (lambda folder: damage(folder, "config.json", b'{"architecture": "os", "num_classes": 2}'),
         ("architecture that timm", "'os'")),
        (lambda folder: damage(folder, "config.json", json.dumps(
            json.loads((folder / "config.json").read_text()) | {"num_classes": 3}).encode()),
         ("3 classes", "does not fit")),
    ],
)  # fmt: skip
def test_a_folder_that_is_no_model_is_one_sentence(
    exported, linear, drawn, tmp_path, capsys, change, words
):
    folder = shutil.copytree(exported, tmp_path / "model")
    change(folder)
    where = ["--data", str(drawn), "--workspace", str(linear.workspace.path)]
    assert main(["import", "--model", str(folder), *where]) == 2
    err = capsys.readouterr().err
    [sentence] = [line for line in err.splitlines() if line.startswith("zapcls: ")]
    assert all(word in sentence for word in words)
    assert "Traceback" not in err
