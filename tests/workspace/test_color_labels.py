"""Color labels: written at once, taken back, taken in from files that are checked."""

import threading
from pathlib import Path

import pandas as pd
import pytest

from zapcls.errors import ZapError
from zapcls.workspace import color_labels
from zapcls.workspace.color_labels import ColorLabels, read_csv, write_csv

SHIPPED = Path(__file__).parents[1] / "data" / "color_labels.csv"


@pytest.fixture
def labels(tmp_path):
    return ColorLabels(tmp_path / "color_labels.csv")


def rows(table):
    return table.to_numpy().tolist()


def test_an_answer_is_on_disk_at_once_and_the_latest_counts(labels):
    assert labels.read().empty
    assert not labels.path.exists()
    for answer in (("a", "red"), ("b", ""), ("a", "grey", "black")):
        labels.answer(*answer)
    assert rows(ColorLabels(labels.path).read()) == [["b", "", ""], ["a", "grey", "black"]]
    assert labels.path.read_text().splitlines() == [
        "image_id,color,also_fair",
        "b,,",
        "a,grey,black",
    ]


def test_undo_takes_back_the_latest(labels):
    assert labels.undo() is None
    labels.answer("a", "grey")
    labels.answer("b", "red")
    assert labels.undo() == "b"
    assert rows(labels.read()) == [["a", "grey", ""]]
    assert [labels.undo(), labels.undo()] == ["a", None]


def test_labels_are_added_where_there_are_none(labels):
    labels.answer("a", "grey")
    given = pd.DataFrame([("a", "red", ""), ("b", "blue", "green")], columns=color_labels.COLUMNS)
    assert labels.add(given) == 1
    assert rows(labels.read()) == [["b", "blue", "green"], ["a", "grey", ""]]
    assert labels.undo() == "a"  # one's own answer, not one of the file


def test_answers_at_the_same_time_are_all_kept(labels):
    threads = [
        threading.Thread(target=labels.answer, args=(f"i{number}", "red")) for number in range(12)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(labels.read()["image_id"]) == sorted(f"i{number}" for number in range(12))


def test_a_write_that_fails_is_a_sentence_and_loses_nothing(labels, monkeypatch):
    labels.answer("a", "grey")

    def fail(path, content):
        raise OSError("No space left on device")

    monkeypatch.setattr(color_labels, "replace_file", fail)
    with pytest.raises(ZapError, match="cannot be written"):
        labels.answer("b", "red")
    assert rows(labels.read()) == [["a", "grey", ""]]


def test_what_is_written_is_read_again():
    table = read_csv(SHIPPED.read_bytes(), "shipped.csv")
    assert len(table) == 300
    again = read_csv(write_csv(table), "again.csv")
    assert rows(again) == rows(table)
    assert (table["also_fair"].str.split().str.len() == 2).any()


def test_an_id_that_a_spreadsheet_would_run_is_quoted():
    table = pd.DataFrame([("=1+1", "red", ""), ("'a", "red", "")], columns=color_labels.COLUMNS)
    assert write_csv(table).decode().splitlines()[1:] == ["'=1+1,red,", "''a,red,"]
    assert rows(read_csv(write_csv(table), "x.csv")) == rows(table)


@pytest.mark.parametrize("separator", [",", ";", "\t"])
def test_what_a_spreadsheet_saves_is_read(separator):
    lines = [["color", "image_id", "seen"], ["grey", " a ", "x"], ["", "b", ""], ["", "", ""]]
    text = "\r\n".join(separator.join(cells) for cells in lines[:3]) + "\r\n\r\n"
    found = read_csv(text.encode("utf-8-sig"), "x.csv")
    assert rows(found) == [["a", "grey", ""], ["b", "", ""]]
    assert list(found.index) == [2, 3]  # lines of the file


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("image_id,name\na,red\n", ["columns image_id and color", "color is not there"]),
        ("", ["columns image_id and color", "image_id is not there"]),
        ("image_id,color\na,red\nb,gray\n", ["line 3", "black, white, grey", "'gray'"]),
        ("image_id,color\na,red\na,blue\n", ["line 3", "once", "'a'"]),
        ("image_id,color\n,red\n", ["line 2", "image_id must not be empty"]),
        ("image_id,color,also_fair\na,red,pink teal\n", ["line 2", "also_fair", "'pink teal'"]),
        ("image_id,color\nä,red\n", ["UTF-8"]),
    ],
)
def test_a_file_that_is_none_is_one_sentence(text, words, refuses):
    with refuses("mine.csv", *words):
        read_csv(text.encode("latin-1"), "mine.csv")
