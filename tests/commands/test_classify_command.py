"""`classify`: photos and folders of them, and what is none."""

import json

import pytest

from zapcls.__main__ import main

pytestmark = pytest.mark.usefixtures("workspace_dir")


def test_photos_are_classified_an_object_a_line(answer, color_run, jpeg, tmp_path):
    for name in ("red", "blue"):
        (tmp_path / f"{name}.jpg").write_bytes(jpeg((20, 20), name))

    out = answer("classify", color_run.run_id, "red.jpg", tmp_path / "blue.jpg", "--json")

    red, blue = map(json.loads, out.splitlines())
    assert (red["file"], red["label"]) == ("red.jpg", "Women")
    assert (blue["file"], blue["label"]) == (str(tmp_path / "blue.jpg"), "Men")
    assert list(red["prob"]) == ["Women", "Men"]
    assert red["prob"]["Women"] == pytest.approx(blue["prob"]["Men"], abs=0.01)
    assert sum(red["prob"].values()) == pytest.approx(1)


def test_a_photo_is_classified_with_a_run_given_by_its_path(answer, color_run, jpeg, tmp_path):
    (tmp_path / "red.jpg").write_bytes(jpeg((20, 20), "red"))

    assert answer("classify", color_run.path, "red.jpg") == "red.jpg: Women, 98 %\n"


def test_a_file_that_is_no_photo_is_a_sentence_and_the_others_are_answered(
    capsys, color_run, jpeg, tmp_path
):
    (tmp_path / "text.jpg").write_text("no picture")
    with (tmp_path / "giant.jpg").open("wb") as file:
        file.truncate(61_000_000)
    (tmp_path / "folder.jpg").mkdir()
    (tmp_path / "good.jpg").write_bytes(jpeg((20, 20), "red"))
    bad = {
        "text.jpg": "is not one or is damaged",
        "giant.jpg": "has 61 MB",
        "folder.jpg": "there is no file",
        "missing.jpg": "there is no file",
    }
    files = [*bad, "good.jpg"]

    assert main(["classify", color_run.run_id, *files, "--json"]) == 2

    out, err = capsys.readouterr()
    lines = [json.loads(line) for line in out.splitlines()]
    assert [line["file"] for line in lines] == files
    for line, words in zip(lines, bad.values(), strict=False):
        assert set(line) == {"file", "error"}
        assert words in line["error"]
    assert lines[-1]["label"] == "Women"
    older, refused = err.splitlines()
    assert f"evaluate {color_run.run_id}" in older
    assert refused == "zapcls: 4 of 5 files could not be classified."
    assert lines[-1]["sure"] is lines[-1]["familiar"] is None
    assert main(["classify", color_run.run_id, "text.jpg"]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert "is not one or is damaged" in err.splitlines()[1]


def test_an_even_prior_of_a_run_that_knows_no_shares_is_refused(
    color_run, tmp_path, monkeypatch, capsys, jpeg
):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "red.jpg").write_bytes(jpeg((20, 20), "red"))

    assert main(["classify", color_run.run_id, "red.jpg", "--prior", "even"]) == 2

    out, err = capsys.readouterr()
    assert out == ""
    assert "does not know them. Evaluate the run again" in err


def test_a_terminal_obeys_no_file_name(color_run, tmp_path, monkeypatch, capsys, jpeg):
    monkeypatch.chdir(tmp_path)
    names = ["a\n\x1b[31mb.jpg", "bad\r.jpg", "d\udc80.jpg"]
    (tmp_path / names[0]).write_bytes(jpeg((20, 20), "red"))

    assert main(["classify", color_run.run_id, *names]) == 2

    out, err = capsys.readouterr()
    assert out.startswith(r"a\n\x1b[31mb.jpg: Women")
    assert out.count("\n") == 1
    assert all(name in err for name in (r"bad\r.jpg", r"d\udc80.jpg"))


def test_a_folder_is_classified_into_a_csv(answer, refused, color_run, tmp_path, jpeg):
    (tmp_path / "photos").mkdir()
    for name, content in (("red.jpg", jpeg((20, 20), "red")), ("notes.txt", b"no picture")):
        (tmp_path / "photos" / name).write_bytes(content)

    said = answer("classify", color_run.run_id, "photos", "--csv", "out.csv")

    assert (
        said
        == "Classified in out.csv: 1 photo; 1 could not be classified (see the error column).\n"
    )
    header, notes, red = (tmp_path / "out.csv").read_text().splitlines()
    assert header == "file,label,prob,sure,familiar,error"
    assert notes.startswith("notes.txt,,,,,")
    assert red.startswith("red.jpg,Women,0.9")
    counts = answer("classify", color_run.run_id, "photos", "--csv", "out.csv", "--json")
    assert json.loads(counts) == {"csv": "out.csv", "classified": 1, "errors": 1}
