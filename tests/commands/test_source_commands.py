"""--data takes class folders and tables, says what it took them for, and refuses bad ones."""

import json

import pandas as pd
import pytest
from PIL import Image

from zapcls.__main__ import main
from zapcls.data.labels import MIN_PRODUCTS
from zapcls.workspace.layout import ENVIRONMENT, open_workspace
from zapcls.workspace.runs import list_runs
from zapcls.workspace.store import find_store_of

SHOE_WORDS = ("shoe", "women", "men's", "sold as", "product")


@pytest.fixture(autouse=True)
def workspace(tmp_path, monkeypatch):
    monkeypatch.setenv(ENVIRONMENT, str(tmp_path / "workspace"))
    return open_workspace()


@pytest.fixture
def folder(tmp_path):
    """Class folders of two classes, each of as many photos as a class needs, no two alike."""
    folder = tmp_path / "pets"
    for kind, name in enumerate(("cats", "dogs")):
        (folder / name).mkdir(parents=True)
        for number in range(MIN_PRODUCTS):
            photo = Image.new("RGB", (32, 32), "white")
            photo.paste((200 * kind, 20, 60), (number, 2 + number, number + 18, 30))
            photo.save(folder / name / f"{number}.png")
    return folder


@pytest.fixture
def write_table(folder):
    """Return a function that writes a table of the photos, changed by a function, and its file."""

    def write(change=lambda table: table, name="pets.csv"):
        paths = sorted(path.relative_to(folder).as_posix() for path in folder.glob("*/*.png"))
        table = pd.DataFrame({"file": paths, "kind": [path[:3] for path in paths]})
        table["mood"] = ["calm", "wild"] * (len(table) // 2)
        change(table).to_csv(folder / name, index=False)
        return folder / name

    return write


def read_counts(capsys, *words):
    assert main(["catalog", *map(str, words), "--json"]) == 0
    out, err = capsys.readouterr()
    assert not [word for word in SHOE_WORDS if word in err]
    return json.loads(out), err


def refuse(capsys, *words):
    """Run a command that must refuse, and return its one sentence."""
    assert main([str(word) for word in words]) == 2
    [sentence] = [line for line in capsys.readouterr().err.splitlines() if "zapcls: " in line]
    return sentence


def test_class_folders_are_counted_and_said(folder, capsys):
    counts, said = read_counts(capsys, "--data", folder)
    assert (counts["kept"], counts["classes"]) == (20, {"cats": 10, "dogs": 10})
    assert "pets is read as class folders: 20 photos, cats (10), dogs (10)." in said


def test_columns_that_are_set_hold_until_they_are_set_anew(folder, write_table, capsys, workspace):
    file = write_table()
    assert read_counts(capsys, "--data", file)[0]["classes"] == {"cat": 10, "dog": 10}
    counts, said = read_counts(
        capsys, "--data", file, "--label-column", "mood,kind", "--group-column", "file"
    )
    assert counts["classes"] == {"calm": 10, "wild": 10}
    assert "labels in mood: calm (10), wild (10); also in kind; kept together by file" in said
    assert read_counts(capsys, "--data", file)[0]["classes"] == {"calm": 10, "wild": 10}
    assert find_store_of(workspace, file).group == "file"
    assert read_counts(capsys, "--data", file, "--target", "kind")[0]["classes"]["cat"] == 10


def test_a_training_is_about_the_catalogue_s_own_label(folder, monkeypatch, workspace):
    monkeypatch.setattr("zapcls.work.perform", lambda job, workspace, watch: None)
    assert main(["train", "--data", str(folder)]) == 0
    [run] = list_runs(workspace)
    assert (run.train_config.target, run.train_config.classes) == ("class", ())


def test_an_unreadable_photo_is_left_out_and_counted(folder, capsys):
    (folder / "cats" / "broken.jpg").write_bytes(b"no photo")
    counts, said = read_counts(capsys, "--data", folder)
    assert (counts["rows"], counts["kept"]) == (21, 20)
    assert counts["dropped"] == {"image unreadable": 1}
    assert "1 photo cannot be read" in said


def test_near_duplicates_are_one_group(folder, capsys, workspace):
    photo = Image.open(folder / "cats" / "3.png", formats=("PNG",))
    photo.save(folder / "cats" / "again.jpg", quality=95)
    read_counts(capsys, "--data", folder)
    store = find_store_of(workspace, folder)
    groups = store.read_catalog().groupby("product_id")["image_id"].apply(list)
    assert groups[groups.map(len) > 1].to_list() == [["cats/3.png", "cats/again.jpg"]]
    assert store.group == ""


def test_bad_folders_are_one_sentence(folder, capsys, tmp_path):
    (folder / "dogs" / "0.png").replace(folder / "dogs" / "0.txt")
    said = refuse(capsys, "train", "--data", folder)
    assert "two classes of 10 groups of photos or more" in said
    assert "cats has so many" in said

    (folder / "dogs" / "0.txt").replace(folder / "dogs" / "0.png")
    (folder / "dogs" / "same.png").write_bytes((folder / "cats" / "0.png").read_bytes())
    said = refuse(capsys, "catalog", "--data", folder)
    assert "one class only, but cats/0.png and dogs/same.png are the same photo" in said

    (tmp_path / "nothing" / "a" / "b").mkdir(parents=True)
    assert "holds no photo" in refuse(capsys, "train", "--data", tmp_path / "nothing")
    said = refuse(capsys, "train", "--data", folder, "--label-column", "kind")
    assert "Columns are set for a table" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--label-column", "breed"], "no 'breed'"),
        (["--target", "breed"], "got 'breed', which it does not have (kind, mood)"),
        (["--root", "/nope"], "/nope is no folder"),
        (["--label-column", ""], "column of labels"),
    ],
)
def test_bad_columns_are_one_sentence_and_are_not_kept(
    options, words, write_table, capsys, workspace
):
    file = write_table()
    assert words in refuse(capsys, "train", "--data", file, *options)
    assert not list_runs(workspace)
    assert read_counts(capsys, "--data", file)[0]["classes"] == {"cat": 10, "dog": 10}


def test_a_cell_with_several_labels_counts_for_no_class(write_table, capsys):
    file = write_table(lambda table: table.assign(kind=table["kind"].mask(table.index < 1, "a;b")))
    said = refuse(capsys, "catalog", "--data", file)
    assert "of the kinds of this catalogue dog has so many" in said
