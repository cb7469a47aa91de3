"""A table of photos: columns guessed by name and content, or set; bad tables are a sentence."""

import pandas as pd
import pytest

from zapcls import schema
from zapcls.data.catalog import IMAGE_MISSING
from zapcls.data.sources import photo_files, read_catalogue
from zapcls.data.sources.columns import Columns

SIX = [f"img/{n}.jpg" for n in range(6)]


@pytest.fixture
def write_table(tmp_path, jpeg):
    """Return a function that writes a table and the six photos of SIX, and returns its file."""

    def write(columns, name="photos.csv", encoding="utf-8"):
        (tmp_path / "img").mkdir(exist_ok=True)
        for number, path in enumerate(SIX):
            (tmp_path / path).write_bytes(jpeg(color=(number, 9, 9)))
        file = tmp_path / name
        if isinstance(columns, str):
            file.write_text(columns, encoding)
        elif name.endswith(".parquet"):
            pd.DataFrame(columns).to_parquet(file)
        else:
            sep = "\t" if name.endswith(".tsv") else ","
            pd.DataFrame(columns).to_csv(file, index=False, sep=sep, encoding=encoding)
        return file

    return write


GUESSED = {
    "Species": list("aabbab"),
    "Image Path": SIX,
    "Set": ["train"] * 4 + ["test"] * 2,
    "patient_id": ["p", "p", "q", "q", "", "r"],
    "color": ["red", "red", "", "blue", "blue", "red"],
    "tags": ["x;y", "x", "", "y", "x", "y"],
    "url": [f"there/{n}" for n in range(6)],
    "constant": ["k"] * 6,
}


@pytest.mark.parametrize("name", ["t.csv", "t.tsv", "t.parquet"])
def test_columns_are_guessed_by_name_and_content(name, write_table):
    catalogue = read_catalogue(write_table(GUESSED, name))
    table = catalogue.table
    kinds = {attribute.name: attribute.kind for attribute in catalogue.attributes}
    assert kinds == {
        "species": "one", "tags": "several", "given_color": "one", "url": "one",
        schema.GIVEN_SPLIT: "one",
    }  # fmt: skip
    assert (catalogue.target, catalogue.thing, catalogue.group) == (
        "species",
        "photo",
        "patient_id",
    )
    assert list(table["image_id"]) == SIX
    assert list(table["product_id"]) == ["p", "p", "q", "q", SIX[4], "r"]
    assert list(table[schema.GIVEN_SPLIT]) == ["train"] * 4 + ["valid"] * 2
    assert catalogue.notes == (
        "Left out: column constant, which has a single value or nearly one per row.",
    )
    assert (
        "paths in Image Path, labels in Species: a (3), b (3); also in tags" in catalogue.taken_for
    )


def test_parquet_values_are_written_as_a_person_would(write_table):
    columns = {
        "file": SIX,
        "stars": [1.0, 2.0, None, 1.0, 2.0, 1.0],
        "tags": [["a", "b"], [], None, ["a"], [], []],
    }
    columns["picture"] = [b"bytes"] * 6
    table = read_catalogue(write_table(columns, "t.parquet")).table
    assert list(table["stars"]) == ["1", "2", "", "1", "2", "1"]
    assert list(table["tags"]) == ["a;b", "", "", "a", "", ""]
    assert "picture" not in table


def test_columns_that_are_set_replace_the_guess(write_table, tmp_path):
    file = write_table(GUESSED, "sub.csv")
    (tmp_path / "tables").mkdir()
    moved = file.rename(tmp_path / "tables" / "sub.csv")
    asked = Columns("Image Path", ("url", "color"), group="", split="", root=str(tmp_path))
    catalogue = read_catalogue(moved, asked)
    assert (catalogue.target, catalogue.group) == ("url", "")
    assert list(catalogue.table["product_id"]) == SIX
    assert schema.GIVEN_SPLIT not in catalogue.table


def test_a_folder_with_one_table_and_no_classes_is_that_table(write_table):
    file = write_table({"file": SIX, "kind": list("ababab")}, "labels.csv")
    assert read_catalogue(file.parent).taken_for == (
        "a table: 6 rows, paths in file, labels in kind: a (3), b (3)"
    )


def test_rows_that_are_left_out_are_counted(write_table, tmp_path):
    paths = [*SIX, SIX[0], "", str(tmp_path / "img" / "gone.jpg"), "img\\5.jpg"]
    catalogue = read_catalogue(write_table({"path": paths, "label": [*"ababab", *"a", *"aab"]}))
    assert catalogue.notes == (
        "Left out: rows without a path (1).",
        "Left out: rows that repeat a photo (2).",
    )
    problems = catalogue.table.set_index("image_path")["image_problem"]
    assert problems[problems != ""].to_dict() == {"img/gone.jpg": IMAGE_MISSING}


LABELS = list("ababab")
BAD = {
    "a missing column": ({"path": SIX, "label": LABELS}, Columns(labels=("kind",)),
                         ("must be one of the table's (path, label)", "no 'kind'")),
    "one column for two": ({"path": SIX, "label": LABELS}, Columns("path", ("path",)),
                           ("one thing only", "'path'")),
    "no paths": ({"name": list("uvwxyz"), "label": LABELS}, None,
                 ("paths of its photos", "(name, label)", "--path-column")),
    "no labels": ({"path": SIX}, None, ("column of labels", "--label-column")),
    "two labels": ({"path": [*SIX, SIX[0]], "label": [*LABELS, "b"]}, None,
                   ("one class only", f"lists {SIX[0]} as a and b")),
    "outside": ({"path": [*SIX[:5], "../../x.jpg"], "label": LABELS}, None,
                ("inside the root", "'../../x.jpg'", "--root DIR")),
    "absolute outside": ({"path": [*SIX[:5], "/etc/x.jpg"], "label": LABELS}, None,
                         ("inside the root", "'/etc/x.jpg'")),
    "no photo there": ({"path": [f"a{p}" for p in SIX], "label": LABELS}, None,
                       ("none of the 6 is there", "aimg/0.jpg", "--root DIR")),
    "no split": ({"path": SIX, "label": LABELS, "set": LABELS}, Columns(split="set"),
                 ("train and val or test", "'set' says a (3), b (3)", "--split-column")),
    "no root": ({"path": SIX, "label": LABELS}, Columns(root="nowhere"), ("is no folder",)),
    "no rows": ("path,label\n", None, ("must have a row for each photo",)),
    "nothing": ("", None, ("cannot be read",)),
    "a longer row": ("path,label\na.jpg,a,b\n", None, ("as many fields in each row",)),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "asked", "words"), BAD.values(), ids=list(BAD))
def test_a_bad_table_is_refused(columns, asked, words, write_table, refuses):
    with refuses(*words):
        read_catalogue(write_table(columns), asked)


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_table_of_another_encoding_is_refused(encoding, write_table, refuses):
    with refuses("must be text in UTF-8", "CSV UTF-8"):
        read_catalogue(write_table({"path": SIX, "Größe": LABELS}, encoding=encoding))


def test_a_mark_at_the_beginning_and_semicolons_between_fields_are_read(write_table):
    lines = ["Pfad;Art", *(f"{path};{art}" for path, art in zip(SIX, LABELS, strict=True))]
    catalogue = read_catalogue(write_table("\n".join(lines), encoding="utf-8-sig"))
    assert catalogue.target == "art"


def test_no_file_is_taken_for_a_table_by_its_name_alone(write_table, refuses):
    with refuses("must be a table, but cannot be read"):
        read_catalogue(write_table("path,label\n", "t.parquet"))


@pytest.mark.parametrize("name", ["t.csv", "t.parquet"])
def test_a_table_of_too_many_rows_is_refused_before_it_is_read_whole(
    name, write_table, refuses, monkeypatch
):
    monkeypatch.setattr(photo_files, "MAX_PHOTOS", 5)
    with refuses("5 photos or fewer", "has more"):
        read_catalogue(write_table({"path": SIX, "label": LABELS}, name))
