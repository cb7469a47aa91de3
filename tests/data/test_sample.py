"""The drawn catalogue: its format is the official one, and its plants are what it says."""

import csv
import filecmp
from pathlib import Path

import mat4py
import pandas as pd
import pytest
from PIL import Image

from zapcls.data.sample import draw_catalogue, plan_products
from zapcls.data.sources import drawings
from zapcls.data.sources.zappos import METADATA
from zapcls.errors import BadInput, Damaged, Stopped

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
    """What was planted, with the labels of the catalogue beside it."""
    truth = pd.read_csv(dest / "truth.csv", dtype=str, keep_default_na=False)
    rows = read_metadata(dest)
    assert list(truth["image_id"]) == [row["CID"] for row in rows]
    return truth.assign(gender=[row["Gender"] for row in rows])


def list_files(folder: Path) -> list[str]:
    return sorted(str(f.relative_to(folder)) for f in folder.rglob("*") if f.is_file())


def test_reads_back_in_the_official_format(drawn: Path) -> None:
    rows = read_metadata(drawn)
    paths = mat4py.loadmat(str(drawn / "ut-zap50k-data" / "image-path.mat"))["imagepath"]
    assert list(rows[0]) == ["CID", *METADATA]
    assert len(rows) == len(paths) == len({row["CID"] for row in rows}) == N
    for row, path in zip(rows, paths, strict=True):
        category, sub_category, brand, name = path.split("/")
        assert (category, sub_category) == (row["Category"], row["SubCategory"])
        assert name == row["CID"].replace("-", ".") + ".jpg"
        if brand.endswith("."):
            path = f"{category}/{sub_category}/{brand[:-1]}%2E/{name}"
        with Image.open(drawn / "ut-zap50k-images" / path) as image:
            assert (image.format, image.mode, image.size) == ("JPEG", "RGB", (136, 102))
            assert min(image.getpixel((0, 0))) > 250  # the ground is white
            assert min(low for low, _ in image.getextrema()) < 200  # and something stands on it
    assert any("Co./" in path for path in paths)
    assert len(list_files(drawn / "ut-zap50k-images")) == N


@pytest.mark.parametrize("cut", ["empty", "half", "end"])
def test_a_damaged_truth_is_a_sentence(drawn: Path, tmp_path: Path, cut: str) -> None:
    whole = (drawn / "truth.csv").read_bytes()
    left = {"empty": 0, "half": len(whole) // 2, "end": len(whole) - 9}[cut]
    (tmp_path / "truth.csv").write_bytes(whole[:left])

    with pytest.raises(Damaged, match=r"truth\.csv must say what was planted"):
        drawings.read_truth(tmp_path)


def test_truth_tells_which_labels_are_wrong(drawn: Path) -> None:
    truth = read_truth(drawn)
    pd.testing.assert_frame_equal(
        drawings.read_truth(drawn).astype(str), truth[list(drawings.read_truth(drawn))]
    )
    gender, true_label = truth["gender"], truth["true_label"]
    wrong, ambiguous = truth["wrong_label"] == "True", truth["ambiguous"] == "True"
    assert wrong.any()
    assert ambiguous.any()
    assert not (wrong & ambiguous).any()
    assert (gender[wrong] != true_label[wrong]).all()
    assert set(gender[wrong]) <= {"Women", "Men"}
    sound = ~wrong & ~ambiguous & (gender != "")
    assert (gender[sound] == true_label[sound]).all()


def test_a_product_has_one_label_and_one_color_of_a_kind(drawn: Path) -> None:
    truth = read_truth(drawn)
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


def test_the_same_seed_gives_the_same_bytes_and_another_other_shoes(
    drawn: Path, tmp_path: Path
) -> None:
    draw_catalogue(tmp_path / "again", N)
    files = list_files(drawn)
    assert list_files(tmp_path / "again") == files
    same, _, _ = filecmp.cmpfiles(drawn, tmp_path / "again", files, shallow=False)
    assert same == files
    assert plan_products(N, seed=0)[0].last != plan_products(N, seed=1)[0].last


@pytest.mark.parametrize(
    ("asked", "words"),
    [({"n": 59}, "got 59"), ({"n": 20_001}, "60..20,000 images, got 20,001"), ({"seed": -1}, "-1")],
)
def test_refuses_a_number_or_seed_out_of_range(
    asked: dict[str, int], words: str, tmp_path: Path
) -> None:
    with pytest.raises(BadInput, match=words):
        draw_catalogue(tmp_path / "shoes", **asked)


def test_an_interruption_leaves_nothing(tmp_path: Path) -> None:
    def stop_at_five(phase: str, done: int, total: int, **detail: object) -> None:
        assert (phase, total) == ("Drawing shoes", 60)
        if done == 5:
            raise Stopped("enough")

    with pytest.raises(Stopped):
        draw_catalogue(tmp_path / "shoes", 60, progress=stop_at_five)
    assert list(tmp_path.iterdir()) == []


def test_a_drawn_catalogue_is_known_and_replaced_and_a_foreign_one_left_alone(
    tmp_path: Path,
) -> None:
    dest, part = tmp_path / "shoes", tmp_path / "shoes.part"
    dest.mkdir()
    assert not drawings.recognizes(dest)
    draw_catalogue(dest, 60)
    assert drawings.recognizes(dest)
    with pytest.raises(BadInput, match=r"already.*--replace"):
        draw_catalogue(dest, 61)
    assert len(read_metadata(dest)) == 60
    draw_catalogue(dest, 61, replace=True)
    assert len(read_metadata(dest)) == 61
    for folder in (dest, part):
        folder.mkdir(exist_ok=True)
        (folder / "letter.txt").write_text("mine")
        with pytest.raises(BadInput, match="something else"):
            draw_catalogue(dest, 60, replace=True)
        assert (folder / "letter.txt").read_text() == "mine"
        (folder / "letter.txt").unlink()
