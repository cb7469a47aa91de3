"""Class folders: the class, the split and the subfolder follow from where a photo lies."""

import pytest

from zapcls import schema
from zapcls.data.sources import read_catalogue
from zapcls.data.split import build_split


@pytest.fixture
def write_photos(tmp_path, jpeg):
    """Return a function that writes photos to paths, each of its own content, and their folder."""

    def write(*paths):
        for number, path in enumerate(paths):
            file = tmp_path / "data" / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(jpeg(color=(number, 9, 9)))
        return tmp_path / "data"

    return write


def read_places(folder):
    """Read a folder: what each photo's class, subfolder and part of the split is."""
    table = read_catalogue(folder).table.set_index("image_path")
    names = [n for n in ("class", "subfolder", schema.GIVEN_SPLIT) if n in table]
    return {path: "|".join(row) for path, row in zip(table.index, table[names].values, strict=True)}


@pytest.mark.parametrize(
    "places",
    [
        {"ants/1.jpg": "ants", "bees/2.PNG": "bees", "bees/b;c.jpg": "bees", "0.jpg": ""},
        {"in/side/ants/1.jpg": "ants", "in/side/bees/2.jpg": "bees"},
        {"ants/1.jpg": "ants|", "bees/queen/old/2.jpg": "bees|queen/old"},
        {
            "x/train/ants/1.jpg": "ants|train",
            "x/val/ants/a/1.jpg": "ants|a|valid",
            "x/val/bees/1.jpg": "bees||valid",
        },
        {
            "Training/ants/1.jpg": "ants|train",
            "validation/ants/1.jpg": "ants|tune",
            "test/ants/1.jpg": "ants|valid",
            "test/1.jpg": "|valid",
            "more/1.jpg": "|",
        },
        {"ants/train/1.jpg": "ants|train", "bees/test/2.jpg": "bees|valid"},
        {"train/1.jpg": "train", "tracks/2.jpg": "tracks"},  # no split: nothing to measure on
    ],
)
def test_class_and_split_follow_from_the_folders(places, write_photos):
    found = read_places(write_photos(*places))
    width = max(place.count("|") for place in places.values())
    expected = {
        path: place if place.count("|") == width else place.replace("|", "||", 1)
        for path, place in places.items()
    }
    assert found == expected


def test_a_split_of_the_folders_is_kept_and_tune_is_drawn_from_train(write_photos):
    paths = [
        f"{part}/{name}/{n}.jpg" for part in ("train", "val") for name in "ab" for n in range(20)
    ]
    table = read_catalogue(write_photos(*paths)).table
    table = table.assign(target="class", label=table["class"], kept=True, drop_reason="")
    table["product_id"] = table["image_id"].str.replace(r"[01]\.jpg", ".jpg", regex=True)
    split = build_split(table).set_index("image_id")
    parts = split["split"].groupby(split.index.str.split("/").str[0]).agg(set)
    assert parts.to_dict() == {"train": {"train", "tune"}, "val": {"valid"}}
    assert split.groupby("product_id")["split"].nunique().max() == 1
    assert set(build_split(table, "random")["split"]) == {"train", "tune", "valid"}


def test_what_is_no_photo_is_counted_and_hidden_files_are_not(write_photos):
    folder = write_photos("ants/1.jpg", "bees/1.jpg", "ants/readme.txt", ".git/1.jpg")
    (folder / "more").symlink_to(folder / "ants")
    catalogue = read_catalogue(folder)
    assert len(catalogue.table) == 2
    assert catalogue.notes == (
        "Left out: links to folders (1).",
        "Left out: files without a photo's name (1).",
    )
    assert catalogue.taken_for == "class folders: 2 photos, ants (1), bees (1)"


def test_a_folder_without_classes_is_refused(write_photos, refuses, tmp_path):
    (tmp_path / "empty" / "a" / "b").mkdir(parents=True)
    with refuses("folder of photos for each class", "which holds no photo"):
        read_catalogue(tmp_path / "empty")
    with refuses("Each class needs a folder", "the 2 of", "lie in no class folder"):
        read_catalogue(write_photos("1.jpg", "2.jpg"))
    with refuses("must have no ';' in its name", "'ants;bees'"):
        read_catalogue(write_photos("ants;bees/1.jpg", "bees/1.jpg"))


def test_a_link_out_of_the_folder_is_refused(write_photos, refuses, tmp_path):
    folder = write_photos("ants/1.jpg", "bees/1.jpg")
    (tmp_path / "secret.jpg").write_bytes(b"")
    (folder / "ants" / "2.jpg").symlink_to(tmp_path / "secret.jpg")
    with refuses("A photo must lie inside data", "ants/2.jpg", "secret.jpg"):
        read_catalogue(folder)
