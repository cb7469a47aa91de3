"""The commands on color: a photo's color, and a run's findings and report end to end."""

import json

import pytest
from PIL import Image, ImageDraw

from zapcls.__main__ import main
from zapcls.data.sources import read_catalogue
from zapcls.report.files import find_browser
from zapcls.workspace.layout import Workspace
from zapcls.workspace.opening import open_store

slow = pytest.mark.slow


@pytest.fixture
def shoe(tmp_path):
    """A navy ellipse on white, with a white band."""
    photo = Image.new("RGB", (320, 240), "white")
    draw = ImageDraw.Draw(photo)
    draw.ellipse((30, 50, 290, 190), fill=(25, 35, 90))
    path = tmp_path / "shoe.png"
    photo.save(path)
    return path


def test_a_photo_s_color_is_an_object_a_line(shoe, capsys):
    assert main(["colors", str(shoe), str(shoe), "--json"]) == 0

    first, second = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == second
    assert list(first) == ["file", "color", "share", "color_2", "lab"]
    assert (first["file"], first["color"], first["color_2"]) == (str(shoe), "blue", "")
    assert first["share"] > 0.9
    lightness, a, b = first["lab"]
    assert lightness == pytest.approx(16, abs=4)  # of (25, 35, 90)
    assert b < -25 < 0 < a


def test_a_person_reads_the_finer_name(shoe, capsys):
    assert main(["colors", str(shoe)]) == 0

    assert capsys.readouterr().out.startswith(f"{shoe}: blue (navy) 100 %")


def test_a_photo_without_an_object_has_no_color(tmp_path, capsys):
    path = tmp_path / "blank.png"
    Image.new("RGB", (64, 64), "white").save(path)

    assert main(["colors", str(path), "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {
        "file": str(path), "color": "", "share": None, "color_2": "", "lab": None,
    }  # fmt: skip
    assert main(["colors", str(path)]) == 0
    assert "no object stands out" in capsys.readouterr().out


def test_a_catalogue_s_photos_are_named_as_in_the_store(drawn, tmp_path, capsys):
    catalogue = read_catalogue(drawn)
    store = open_store(Workspace(tmp_path / "workspace"), catalogue)
    shown = store.read_catalog().head(12)
    files = [str(catalogue.image_root / path) for path in shown["image_path"]]

    assert main(["colors", *files, "--json"]) == 0

    named = [json.loads(line)["color"] for line in capsys.readouterr().out.splitlines()]
    assert named == store.read_colors()["color"].head(12).to_list()


@slow
def test_the_findings_of_a_real_run(run, read_rows):
    [before] = read_rows("color-bias", run.run_id)
    [found] = read_rows("color-bias", run.run_id, "--recolor")

    assert before["recolor"] == []
    assert found["recolor"]
    [identity] = [row for row in found["controls"] if row["edit"] == "identity"]
    assert (identity["flip_rate"], identity["delta_e"]) == (0, 0)
    assert list(found["missing"]) == ["oof", "trade"]


@slow
def test_the_report_of_a_real_run(run, command, tmp_path):
    code, _, err = command("report", run.run_id, "-o", tmp_path / "report.html")

    assert code == 0, err
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert page.startswith("<!doctype html>")
    assert "The photos are drawings that zapcls made" in page
    if find_browser() is None:
        pytest.skip("there is no Chromium here to print a PDF")
    code, _, err = command("report", run.run_id, "-o", tmp_path / "report.pdf")
    assert code == 0, err
    assert (tmp_path / "report.pdf").read_bytes().startswith(b"%PDF")
