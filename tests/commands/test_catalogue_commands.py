"""`catalog` and `sample`: a data set counted, a catalogue drawn."""

import errno
import json
import os

import pytest
from filelock import FileLock

from zapcls.__main__ import main

pytestmark = pytest.mark.usefixtures("workspace_dir")


def build_rows(n_women=10, n_men=10):
    genders = ["Women"] * n_women + ["Men"] * n_men
    return [{"CID": f"{number + 1}-1", "Gender": gender} for number, gender in enumerate(genders)]


def test_a_catalogue_is_counted(answer, drawn, workspace_dir):
    facts = json.loads(answer("catalog", "--data", drawn, "--json"))

    assert set(facts) == {"rows", "kept", "classes", "products", "dropped"}
    assert facts["rows"] == 140
    assert facts["kept"] == sum(facts["classes"].values())
    assert facts["kept"] + sum(facts["dropped"].values()) == 140
    assert list(facts["classes"]) == ["Women", "Men"]
    assert set(facts["dropped"]) == {"another gender", "several genders", "blank gender"}
    assert workspace_dir.is_dir()


def test_another_target(answer, write_catalogue, tmp_path):
    rows = build_rows()
    for number, row in enumerate(rows):
        row["Closure"] = ("Buckle", "Zipper")[number % 2]
    folder = write_catalogue(tmp_path / "z", rows)

    options = ["--target", "closure", "--classes", " Zipper, Buckle", "--json"]
    facts = json.loads(answer("catalog", "--data", folder, *options))

    assert facts["classes"] == {"Zipper": 10, "Buckle": 10}


def test_the_counts_as_a_table(answer, write_catalogue, tmp_path):
    out = answer("catalog", "--data", write_catalogue(tmp_path / "z", build_rows(12, 10)))

    assert [line.split() for line in out.splitlines()] == [
        ["rows", "22"],
        ["kept", "22"],
        ["Women", "12"],
        ["Men", "10"],
        ["products", "kept", "22"],
    ]


def test_an_unreadable_photo_is_told_and_counted(capsys, write_catalogue, tmp_path):
    rows = build_rows(11, 10)
    rows[0]["photo"] = b"<html>not found</html>"
    folder = write_catalogue(tmp_path / "z", rows)

    assert main(["catalog", "--data", str(folder), "--json"]) == 0

    out, err = capsys.readouterr()
    assert json.loads(out)["dropped"] == {"image unreadable": 1}
    assert err.count("zapcls: ") == 1
    assert "1 photo cannot be read" in err
    assert "Shoes/Heels/Acme/1.1.jpg" in err


def test_a_catalogue_that_cannot_be_trained_on(refused, write_catalogue, tmp_path):
    folder = write_catalogue(tmp_path / "z", build_rows(20, 9))

    assert "Men has 9" in refused("catalog", "--data", folder, "--json")


def test_the_drawings_are_drawn_by_one_process_at_a_time(refused, workspace_dir):
    (workspace_dir / "data").mkdir(parents=True)

    with FileLock(workspace_dir / "data" / ".drawings.lock"):
        assert "another is drawing them" in refused("catalog", code=1)

    assert not (workspace_dir / "data" / "drawings").exists()


def test_sample_draws_a_catalogue(answer, tmp_path):
    out = answer("sample", "--dest", tmp_path / "s", "--n", 60, "--seed", 3)

    assert out == f"{tmp_path / 's'}\n"
    assert (tmp_path / "s" / "drawn.txt").read_text().endswith("60 images, seed 3.\n")
    assert len(list((tmp_path / "s").rglob("*.jpg"))) == 60


def test_a_drawn_catalogue_is_replaced_only_where_that_is_asked(refused, answer):
    answer("sample", "--dest", "shoes", "--n", 60)

    assert "already" in refused("sample", "--dest", "shoes", "--n", 61)
    answer("sample", "--dest", "shoes", "--n", 61, "--replace")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS])
def test_a_disk_that_takes_nothing_is_a_sentence(refused, monkeypatch, tmp_path, number):
    def refuse(*_, **__):
        raise OSError(number, os.strerror(number), str(tmp_path / "shoes"))

    monkeypatch.setattr("pathlib.Path.mkdir", refuse)

    sentence = refused("sample", "--dest", "shoes", code=1)

    assert str(tmp_path / "shoes") in sentence
    assert "no room" in sentence or "read-only disk" in sentence
