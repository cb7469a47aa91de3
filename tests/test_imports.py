"""What a model elsewhere says becomes a run: its tables work, and what it lacks is said."""

import json
import math

import numpy as np
import pandas as pd
import pytest
from onnx import TensorProto, helper, numpy_helper

from zapcls.__main__ import main
from zapcls.answer.foreign import build_resizing
from zapcls.api import list_findings, open_run
from zapcls.progress import silent
from zapcls.workspace import jobs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_data
from zapcls.workspace.runs import list_runs

SIZE = 16
STD = (0.5, 0.25, 0.2)


@pytest.fixture(scope="module")
def home(drawn, tmp_path_factory):
    """A workspace in which the drawn catalogue is read."""
    workspace = Workspace(tmp_path_factory.mktemp("imports") / "workspace")
    open_data(workspace, drawn, silent)
    return workspace


@pytest.fixture(scope="module")
def catalog(home, drawn):
    return open_data(home, drawn, silent).read_catalog()


@pytest.fixture
def take(home, drawn, capsys):
    """Return a function that imports, and returns the code, the answer and what was said."""

    def run(*words):
        where = ["--data", str(drawn), "--workspace", str(home.path), "--json"]
        code = main(["import", *map(str, words), *where])
        out, err = capsys.readouterr()
        return code, json.loads(out) if code == 0 else None, err

    return run


@pytest.fixture(scope="module")
def said(catalog):
    """Probabilities for all photos but ten: a third of the labels is called the other."""
    known = catalog[10:].reset_index(drop=True)
    is_women = (known["gender"] == "Women") ^ (np.arange(len(known)) % 3 == 0)
    women = np.where(is_women, 0.8, 0.3)
    return pd.DataFrame({"path": known["image_path"], "Women": women, "Men": 1 - women})


@pytest.fixture(scope="module")
def write(tmp_path_factory):
    """Return a function that writes a table and returns its file."""

    def write(table, name="said.csv"):
        file = tmp_path_factory.mktemp("given") / name
        table.to_csv(file, index=False)
        return file

    return write


def test_probabilities_become_a_run(take, home, said, write, catalog):
    stranger = pd.DataFrame({"path": ["x/y.jpg"], "Women": [0.5], "Men": [0.5]})
    code, facts, _ = take("--predictions", write(pd.concat([said, stranger])))

    assert code == 0
    assert facts["given"] == {
        "rows": len(said) + 1, "unmatched_rows": 1, "photos_without_row": 10,
    }  # fmt: skip
    run = open_run(facts["run"], home.path)
    assert run.run.is_imported
    known = run.predictions.merge(said, left_on="image_path", right_on="path")
    assert len(known) == len(said)
    assert known["prob"].to_numpy() == pytest.approx(known[["Women", "Men"]].max(axis=1), abs=1e-6)
    labelled = catalog[10:][catalog[10:]["gender"].isin(["Women", "Men"])]
    assert facts["n_valid"] == len(labelled)
    called = np.where(known["Women"] > 0.5, "Women", "Men")
    is_wrong = (known["label"] != "") & (known["label"] != called)
    assert facts["error_rate"] == pytest.approx(is_wrong.sum() / len(labelled))


def test_a_split_says_what_is_valid(take, home, said, write):
    parts = np.where(np.arange(len(said)) % 2, "test", "train")
    _, facts, _ = take("--predictions", write(said.assign(split=parts)))
    table = open_run(facts["run"], home.path).predictions
    labelled = table[table["label"] != ""]
    assert set(labelled["split"]) == {"train", "valid"}
    assert facts["n_valid"] == (labelled["split"] == "valid").sum()


def test_answers_alone_say_what_they_lack_and_every_finding_stands(take, home, said, write):
    answers = said[["path"]].assign(prediction=np.where(said["Women"] > 0.5, "Women", "Men"))
    _, facts, _ = take("--predictions", write(answers))
    run = open_run(facts["run"], home.path)
    assert run.predictions[["prob", "loss"]].isna().all(axis=None)
    found = {name: run.describe(name) for name, _ in list_findings()}
    assert found["calibration"] == (
        "This run was imported without probabilities: calibration needs them."
    )
    assert "without its training" in found["remedies"]
    assert "without a model" in found["recolor"]
    assert "nan" not in "\n".join(found.values())
    assert not math.isnan(run.find("rates")["by_class"]["rate"].iloc[0])


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"path": ["x.jpg"], "prediction": ["Men"]}, ("paths", "none of its 1", "x.jpg")),
        ({"path": [None], "prediction": ["Cats"]}, ("values of gender",)),
        ({"path": [None], "score": [0.5]}, ("column prediction",)),
    ],
)
def test_predictions_that_fit_no_photo_are_refused(take, write, catalog, table, words):
    paths = [path or catalog["image_path"].iloc[0] for path in table["path"]]
    options = ["--classes", "Cats,Dogs"] if "Cats" in str(table) else []
    code, _, err = take("--predictions", write(pd.DataFrame(table | {"path": paths})), *options)
    assert code == 2
    [sentence] = [line for line in err.splitlines() if line.startswith("zapcls: ")]
    assert all(word in sentence for word in words)
    assert "Traceback" not in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--model", "absent.onnx", "--classes", "A,B"), "must exist"),
        (("--model", "weights.pt"), "Pickled models"),
        (("--model", "broken.onnx", "--classes", "Women,Men"), "cannot be read as one"),
        (("--model", "broken.onnx"), "--classes A,B"),
        (("--model", "broken.onnx", "--classes", "A,B", "--mean", "1"), "three numbers"),
        (("--predictions", "weights.pt"), ".parquet"),
    ],
)
def test_what_cannot_be_imported_is_one_sentence(take, tmp_path, monkeypatch, words, said):
    monkeypatch.chdir(tmp_path)
    for name in ("weights.pt", "broken.onnx"):
        (tmp_path / name).write_bytes(b"\x80\x04not a model")
    code, _, err = take(*words)
    assert code == 2
    assert said in err
    assert err.count("zapcls: ") == 1


def write_classifier(file, ending=(), batch="n", channels=3, size=SIZE, external=False):
    """Write a model that weighs the mean of each channel; `ending` are operators after that."""
    weights = np.array([[2.0, -1.0], [0.5, 0.5], [-1.5, 1.0]], dtype=np.float32)[:channels]
    names = [f"step{place}" for place in range(len(ending))]
    values = ["scores", *names]
    nodes = [
        helper.make_node("ReduceMean", ["images", "axes"], ["means"], keepdims=0),
        helper.make_node("MatMul", ["means", "weights"], ["scores"]),
        *(helper.make_node(kind, [before], [after])
          for kind, before, after in zip(ending, values, names, strict=False)),
    ]  # fmt: skip
    graph = helper.make_graph(
        nodes, "means",
        [helper.make_tensor_value_info("images", TensorProto.FLOAT, [batch, channels, size, size])],
        [helper.make_tensor_value_info(values[-1], TensorProto.FLOAT, [batch, 2])],
        [numpy_helper.from_array(np.array([2, 3]), "axes"),
         numpy_helper.from_array(weights, "weights")],
    )  # fmt: skip
    if external:
        graph.initializer[1].data_location = TensorProto.EXTERNAL
        graph.initializer[1].external_data.add(key="location", value="../secret")
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 18)], ir_version=10)
    file.write_bytes(model.SerializeToString())
    return file


@pytest.mark.slow
@pytest.mark.parametrize("ending", [(), ("Softmax",)])
def test_an_onnx_classifier_becomes_a_run_that_classifies(take, home, drawn, tmp_path, ending):
    file = write_classifier(tmp_path / "means.onnx", ending)
    std = ",".join(map(str, STD))
    code, facts, err = take("--model", file, "--classes", "Women,Men", "--std", std)
    assert code == 0, err
    run = open_run(facts["run"], home.path)
    store = run.evidence.store
    pixels = store.pixels[run.predictions["row"].to_numpy()]
    shrink = build_resizing(store.side, SIZE)
    images = np.einsum("ih,nhwc,jw->ncij", shrink, pixels / 255.0, shrink)
    mean = np.array([0.485, 0.456, 0.406])
    means = (images.mean(axis=(2, 3)) - mean) / np.array(STD)
    scores = means @ np.array([[2.0, -1.0], [0.5, 0.5], [-1.5, 1.0]])
    prob = np.exp(scores[:, 0]) / np.exp(scores).sum(axis=1)
    said = np.where(
        run.predictions["prediction"] == "Women",
        *run.predictions["prob"].to_numpy() * np.array([[1], [-1]]) + np.array([[0], [1]]),
    )
    assert said == pytest.approx(prob, abs=1e-4)
    photo = drawn / "ut-zap50k-images" / run.predictions["image_path"].iloc[0]
    assert run.classify(photo).prob["Women"] == pytest.approx(prob[0], abs=1e-4)


@pytest.mark.parametrize(
    ("model", "options", "words"),
    [
        ({"batch": 1}, (), ("any number", "free first axis")),
        ({"channels": 1}, (), ("(any number, 3, size, size)", "1")),
        ({"external": True}, (), ("names other files",)),
        ({}, ("--size", "32"), ("16 px", "--size 32")),
        ({}, ("--classes", "Women,Men,Boys"), ("each of 3 classes",)),
        ({"ending": ("Neg", "Log")}, (), ("finite",)),
    ],
)
def test_an_onnx_model_of_another_shape_is_refused(take, tmp_path, model, options, words):
    file = write_classifier(tmp_path / "means.onnx", **model)
    code, _, err = take("--model", file, "--classes", "Women,Men", *options)
    assert code == 2
    [sentence] = [line for line in err.splitlines() if line.startswith("zapcls: ")]
    assert all(word in sentence for word in words)


def test_a_run_that_failed_to_import_leaves_no_model(take, home, tmp_path):
    file = write_classifier(tmp_path / "means.onnx", batch=1)
    take("--model", file, "--classes", "Women,Men")
    newest = list_runs(home)[0]
    assert jobs.read_status(newest).state == "failed"
    assert not [path for path in newest.path.iterdir() if "onnx" in path.name]


def test_jobs_that_need_a_training_refuse_an_imported_run(take, home, said, write, capsys):
    _, facts, _ = take("--predictions", write(said))
    for words in (["trade"], ["cross-validate"], ["evaluate"], ["color-bias", "--recolor"]):
        name, *options = words
        code = main([name, facts["run"], *options, "--workspace", str(home.path)])
        err = capsys.readouterr().err
        assert code == 2, (words, err)
        assert "This run was imported" in err
