"""Folders and zips of photos: a row each, and a sentence for what is no photo or no honest zip."""

import csv
import io
import zipfile

import numpy as np
import pytest

from zapcls.answer.classify import Answer
from zapcls.answer.many import COLUMNS, answer_all, list_columns, list_photos, write_csv
from zapcls.data import photo
from zapcls.data.task import DEFAULT_TASK, Task, build_label
from zapcls.progress import silent


def call_men(content, name):
    """Answer as a model would that opens what it is given."""
    photo.decode_image(content, name)
    return {"gender": Answer("Men", {"Women": 0.25, "Men": 0.75}, np.zeros((8, 8, 3)), True, False)}


@pytest.fixture
def pack(tmp_path):
    """Return a function that packs contents by name into a zip."""

    def build(contents, **options):
        with zipfile.ZipFile(tmp_path / "all.zip", "w", **options) as archive:
            for name, content in contents.items():
                archive.writestr(name, content)
        return tmp_path / "all.zip"

    return build


def answer(source, out):
    rows = list(answer_all(list_photos(source), call_men, DEFAULT_TASK, [DEFAULT_TASK], silent))
    write_csv(out, list_columns(DEFAULT_TASK, [DEFAULT_TASK]), iter(rows))
    with out.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


RIGHT = {"label": "Men", "prob": "0.7500", "sure": "no", "familiar": "yes", "error": ""}


@pytest.mark.parametrize("is_zip", [False, True])
def test_each_file_of_a_folder_or_zip_is_a_row(is_zip, tmp_path, jpeg, pack):
    nested = io.BytesIO()
    zipfile.ZipFile(nested, "w").close()
    contents = {
        "b/red.jpg": jpeg((20, 20)), "=a.jpg": jpeg((20, 20)), "notes.txt": b"no picture",
        "b/.hidden": b"", "__MACOSX/x.jpg": b"", "in.zip": nested.getvalue(),
    }  # fmt: skip
    folder = tmp_path / "photos"
    for name, content in contents.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)

    rows = answer(pack(contents) if is_zip else folder, tmp_path / "out.csv")

    assert [row["file"] for row in rows] == ["'=a.jpg", "b/red.jpg", "in.zip", "notes.txt"]
    assert rows[0] == {"file": "'=a.jpg", **RIGHT}
    assert rows[1] == {"file": "b/red.jpg", **RIGHT}
    assert "A zip in a zip" in rows[2]["error"] if is_zip else "whole picture" in rows[2]["error"]
    assert "notes.txt is not one" in rows[3]["error"]
    assert rows[3]["label"] == rows[3]["sure"] == ""


@pytest.mark.parametrize(
    ("contents", "words"),
    [
        ({"../a.jpg": b""}, ["stay within it", "'../a.jpg'"]),
        ({"/etc/a.jpg": b""}, ["stay within it"]),
        ({"C:\\a.jpg": b""}, ["stay within it"]),
        ({}, ["1 to 20,000 photos", "0 files"]),
        ({"bomb.jpg": bytes(20_000_000)}, ["may unpack to", "20 MB", "fewer photos"]),
    ],
)
def test_a_zip_that_is_none_to_classify_is_refused(contents, words, pack, refuses):
    with refuses(*words):
        list_photos(pack(contents, compression=zipfile.ZIP_DEFLATED))


def test_a_damaged_zip_and_an_empty_folder_are_refused(tmp_path, pack, refuses):
    whole = pack({"a.jpg": bytes(5000)})
    whole.write_bytes(whole.read_bytes()[:3000])
    (tmp_path / "empty").mkdir()

    with refuses("all.zip is neither or is damaged"):
        list_photos(whole)
    with refuses("0 files"):
        list_photos(tmp_path / "empty")


def test_a_damaged_photo_in_a_zip_is_its_own_row(tmp_path, pack, jpeg):
    path = pack({"bad.jpg": bytes(range(256)), "good.jpg": jpeg((20, 20))})
    path.write_bytes(path.read_bytes().replace(bytes(range(256)), bytes(256)))

    bad, good = answer(path, tmp_path / "out.csv")

    assert "bad.jpg in the zip is damaged" in bad["error"]
    assert good["label"] == "Men"


def test_a_photo_is_not_unpacked_beyond_what_a_photo_may_have(tmp_path, pack, monkeypatch):
    monkeypatch.setattr("zapcls.answer.many.MAX_FILE_BYTES", 1000)
    monkeypatch.setattr(photo, "MAX_FILE_BYTES", 1000)

    [row] = answer(pack({"large.jpg": bytes(5000)}), tmp_path / "out.csv")

    assert "0 MB or less" in row["error"]


def test_a_csv_that_cannot_be_written_is_a_sentence(tmp_path, refuses):
    with refuses("file that can be written", "nowhere"):
        write_csv(tmp_path / "nowhere" / "a.csv", COLUMNS, iter([]))


def test_what_a_run_says_under_its_other_targets_stands_beside(tmp_path, jpeg):
    category = Task("category", ("Boots", "Shoes"))
    materials = [
        build_label("material", name, "shoe", "shoes") for name in ("Suede", "Wool", "Fur")
    ]
    blank, said = np.zeros((8, 8, 3)), {"gender": "Men", "category": "Boots"}

    def classify(content, name):
        photo.decode_image(content, name)
        answers = {key: Answer(label, {label: 0.75}, blank) for key, label in said.items()}
        given = zip(materials, ("Suede", "not Wool", "Fur"), strict=True)
        return answers | {task.target: Answer(label, {label: 0.9}, blank) for task, label in given}

    (tmp_path / "photos").mkdir()
    (tmp_path / "photos" / "a.jpg").write_bytes(jpeg((20, 20)))
    (tmp_path / "photos" / "b.jpg").write_bytes(b"no picture")
    tasks = [DEFAULT_TASK, category, *materials]
    rows = answer_all(list_photos(tmp_path / "photos"), classify, category, tasks, silent)
    write_csv(tmp_path / "out.csv", list_columns(category, tasks), rows)

    with (tmp_path / "out.csv").open(newline="", encoding="utf-8") as file:
        good, bad = csv.DictReader(file)
    assert good == {
        "file": "a.jpg", "label": "Boots", "prob": "0.7500", "sure": "", "familiar": "",
        "gender": "Men", "gender_prob": "0.7500", "material": "Suede;Fur", "error": "",
    }  # fmt: skip
    assert "not one" in bad["error"]
    assert bad["gender"] == bad["material"] == ""
