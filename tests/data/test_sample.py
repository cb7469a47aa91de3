"""The drawn catalogue: its format is the official one, and its plants are what it says."""

import csv
import filecmp
from pathlib import Path

import mat4py
import pandas as pd
import pytest
from PIL import Image

from zapcls.data.sample import draw_catalogue, name_on_disk, plan_products
from zapcls.data.sources import drawings
from zapcls.data.sources.zappos import METADATA
from zapcls.errors import BadInput, Stopped

N = 80


@pytest.fixture(scope="module")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    dest = tmp_path_factory.mktemp("drawn") / "shoes"
    draw_catalogue(dest, N)
    return dest


def read_metadata(dest: Path) -> list[dict[str, str]]:
    with (dest / "ut-zap50k-data" / "meta-data.csv").open(newline="") as stream:
        return list(csv.DictReader(stream))


def read_truth(dest: Path) -> pd.DataFrame:
    return pd.read_csv(dest / "truth.csv", dtype=str, keep_default_na=False)


def read_paths(dest: Path) -> list[str]:
    return mat4py.loadmat(str(dest / "ut-zap50k-data" / "image-path.mat"))["imagepath"]


def list_files(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def test_reads_back_in_the_official_format(drawn: Path) -> None:
    rows = read_metadata(drawn)
    paths = read_paths(drawn)
    assert list(rows[0]) == ["CID", *METADATA]
    assert len(rows) == len(paths) == N
    for row, path in zip(rows, paths, strict=True):
        category, sub_category, _, name = path.split("/")
        assert (category, sub_category) == (row["Category"], row["SubCategory"])
        assert name == row["CID"].replace("-", ".") + ".jpg"
    assert len({row["CID"] for row in rows}) == N


def test_each_listed_photo_is_on_disk(drawn: Path) -> None:
    paths = read_paths(drawn)
    for path in paths:
        with Image.open(drawn / "ut-zap50k-images" / name_on_disk(path)) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (136, 102))
            assert min(image.getpixel((0, 0))) > 250  # the ground is white
            assert min(low for low, _ in image.getextrema()) < 200  # and something stands on it
    assert len(list_files(drawn / "ut-zap50k-images")) == N


def test_a_brand_that_ends_in_a_period_lies_under_another_name(drawn: Path) -> None:
    assert name_on_disk("a/b/Co./1.2.jpg") == "a/b/Co%2E/1.2.jpg"
    assert name_on_disk("a/b/Co/1.2.jpg") == "a/b/Co/1.2.jpg"
    assert any("Co./" in path for path in read_paths(drawn))


def test_truth_tells_which_labels_are_wrong(drawn: Path) -> None:
    truth = read_truth(drawn)
    gender = pd.Series([row["Gender"] for row in read_metadata(drawn)])
    assert list(truth["image_id"]) == [row["CID"] for row in read_metadata(drawn)]
    wrong = truth["wrong_label"] == "True"
    ambiguous = truth["ambiguous"] == "True"
    assert wrong.any()
    assert ambiguous.any()
    assert not (wrong & ambiguous).any()
    assert (gender[wrong] != truth["true_label"][wrong]).all()
    assert set(gender[wrong]) <= {"Women", "Men"}
    sound = ~wrong & ~ambiguous & (gender != "")
    assert (gender[sound] == truth["true_label"][sound]).all()


def test_a_product_has_one_label_and_one_color_of_a_kind(drawn: Path) -> None:
    truth = read_truth(drawn)
    truth["gender"] = [row["Gender"] for row in read_metadata(drawn)]
    facts = ["gender", "true_label", "wrong_label", "ambiguous"]
    assert (truth.groupby("product_id")[facts].nunique() == 1).all(axis=None)
    assert not truth.duplicated(["product_id", "color"]).any()


def test_shares_and_color_bias_are_as_planted() -> None:
    products = plan_products(4000, seed=1)
    assert sum(len(product.colors) for product in products) == 4000
    share = pd.Series([product.gender for product in products]).value_counts(normalize=True)
    assert share["Women"] == pytest.approx(0.55, abs=0.03)
    assert share["Men"] == pytest.approx(0.31, abs=0.03)
    pink = pd.Series([p.true_label for p in products if "pink" in p.colors.values()]).value_counts()
    assert pink["Women"] > 6 * pink["Men"] > 0


def test_the_same_seed_gives_the_same_bytes(drawn: Path, tmp_path: Path) -> None:
    draw_catalogue(tmp_path / "again", N)
    files = list_files(drawn)
    assert list_files(tmp_path / "again") == files
    same, _, _ = filecmp.cmpfiles(drawn, tmp_path / "again", files, shallow=False)
    assert same == files


def test_another_seed_gives_other_shoes() -> None:
    first, second = plan_products(N, seed=0), plan_products(N, seed=1)
    assert first == plan_products(N, seed=0)
    assert first[0].last != second[0].last


@pytest.mark.parametrize("n", [59, 20_001])
def test_refuses_a_number_out_of_range(n: int, tmp_path: Path) -> None:
    with pytest.raises(BadInput, match=f"60..20,000 images, got {n:,}"):
        draw_catalogue(tmp_path / "shoes", n)


def test_refuses_a_seed_out_of_range(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="got -1"):
        draw_catalogue(tmp_path / "shoes", seed=-1)


@pytest.mark.parametrize("name", ["shoes", "shoes.part"])
def test_leaves_a_foreign_folder_alone(name: str, tmp_path: Path) -> None:
    letter = tmp_path / name / "letter.txt"
    letter.parent.mkdir()
    letter.write_text("mine")
    with pytest.raises(BadInput, match="something else"):
        draw_catalogue(tmp_path / "shoes", 60)
    assert letter.read_text() == "mine"


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def stop_at_five(phase: str, done: int, total: int, **detail: object) -> None:
        assert (phase, total) == ("Drawing shoes", 60)
        if done == 5:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        draw_catalogue(tmp_path / "shoes", 60, progress=stop_at_five)
    assert list(tmp_path.iterdir()) == []


def test_a_drawn_catalogue_is_known_and_replaced(drawn: Path, tmp_path: Path) -> None:
    dest = tmp_path / "shoes"
    dest.mkdir()
    assert not drawings.recognizes(dest)
    draw_catalogue(dest, 60)
    assert drawings.recognizes(dest)
    draw_catalogue(dest, 61)
    assert len(read_metadata(dest)) == 61
    (dest / "letter.txt").write_text("mine")
    with pytest.raises(BadInput, match="something else"):
        draw_catalogue(dest, 60)
