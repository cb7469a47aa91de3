"""What a model elsewhere said is read from a table, and matched to a catalogue."""

import numpy as np
import pandas as pd
import pytest

from zapcls.data.predictions_file import match_paths, read_predictions

LABELS = {"Women", "Men"}
ROWS = pd.DataFrame({
    "path": ["a/1.jpg", "a/2.jpg", "b/3.jpg"], "Women": [0.9, 0.25, 0.5], "Men": [0.1, 0.75, 0.5],
    "brand": ["Acme", "Acme", "Neil M."],
})  # fmt: skip


def write(table, file):
    if file.suffix == ".parquet":
        table.to_parquet(file)
    else:
        table.to_csv(file, index=False, sep="\t" if file.suffix == ".tsv" else ",")
    return file


@pytest.mark.parametrize("suffix", [".csv", ".tsv", ".parquet"])
def test_probabilities_are_read_from_each_kind_of_table(tmp_path, suffix):
    given = read_predictions(write(ROWS, tmp_path / f"said{suffix}"), LABELS)

    assert given.paths == ["a/1.jpg", "a/2.jpg", "b/3.jpg"]
    assert given.classes == ("Women", "Men")
    assert given.prob.tolist() == [[0.9, 0.1], [0.25, 0.75], [0.5, 0.5]]
    assert given.called.tolist() == ["Women", "Men", "Women"]
    assert given.split is None


def test_a_class_that_the_catalogue_lacks_is_named_by_a_prefix(tmp_path):
    table = ROWS.assign(prob_Cats=[0.0, 0.5, 0.0], Women=[0.9, 0.25, 0.5], Men=[0.1, 0.25, 0.5])
    given = read_predictions(write(table, tmp_path / "said.csv"), LABELS)
    assert given.classes == ("Women", "Men", "Cats")
    assert given.prob.sum(axis=1).tolist() == [1, 1, 1]


def test_only_the_answers_with_a_split(tmp_path):
    table = pd.DataFrame({
        "file": ["1.jpg", "2.jpg", "3.jpg"], "prediction": ["Men", "Women", "Men"],
        "split": ["train", "Test", ""],
    })  # fmt: skip
    given = read_predictions(write(table, tmp_path / "said.csv"), LABELS)
    assert given.prob is None
    assert given.classes == ("Men", "Women")
    assert given.called.tolist() == ["Men", "Women", "Men"]
    assert given.split.tolist() == ["train", "valid", "none"]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"path": None}, ("must have a column of paths", "Women")),
        ({"Women": None, "Men": None}, ("column prediction", "brand")),
        ({"Women": [0.9, 1.25, 0.5]}, ("line 3", "0..1", "1.25")),
        ({"Women": [0.9, "x", 0.5]}, ("line 3", "0..1", "x")),
        ({"Men": [0.1, 0.75, 0.1]}, ("line 4", "sum to 1", "0.6")),
        ({"split": "train"}, ("split", "calls none")),
    ],
)
def test_what_is_no_table_of_predictions_is_refused(tmp_path, refuses, change, words):
    table = ROWS.assign(**{name: values for name, values in change.items() if values is not None})
    table = table.drop(columns=[name for name, values in change.items() if values is None])
    with refuses("said.csv", *words):
        read_predictions(write(table, tmp_path / "said.csv"), LABELS)


@pytest.mark.parametrize(
    ("name", "content", "word"),
    [
        ("said.pkl", b"cos\nsystem\n(S'true'\ntR.", ".csv"),
        ("said.csv", "path,prediction\ncafé,Men".encode("latin-1"), "UTF-8"),
        ("said.csv", b"path,prediction\n", "row"),
        ("said.parquet", b"PAR1", "cannot be read"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path, refuses, name, content, word):
    (tmp_path / name).write_bytes(content)
    with refuses(name, word):
        read_predictions(tmp_path / name, LABELS)


def test_paths_are_matched_from_their_end():
    known = ["Shoes/A/1.jpg", "Shoes/B/1.jpg", "Shoes/B/2.jpg"]
    given = ["/data/zap/Shoes/A/1.jpg", "./Shoes/B/1.jpg", "2.jpg", "1.jpg", "B/9.jpg", ""]
    assert match_paths(given, known).tolist() == [0, 1, 2, -1, -1, -1]
    assert match_paths(["C:\\zap\\Shoes\\B\\2.jpg"], known).tolist() == [2]


def test_a_photo_with_two_rows_is_refused(refuses):
    with refuses("Shoes/B/2.jpg", "line 3"):
        match_paths(["Shoes/B/2.jpg", "2.jpg"], ["Shoes/B/2.jpg"])


def test_rows_that_are_rounded_sum_to_one(tmp_path):
    table = ROWS.assign(Women=[0.9, 0.25, 0.333], Men=[0.1, 0.74, 0.666])
    given = read_predictions(write(table, tmp_path / "said.csv"), LABELS)
    assert given.prob.sum(axis=1) == pytest.approx(np.ones(3), abs=1e-12)
