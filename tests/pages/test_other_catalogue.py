"""A catalogue of another field: pages speak of its classes, and of no shoes."""

import re

import pytest
from PIL import Image

from zapcls.data.labels import MIN_PRODUCTS
from zapcls.progress import silent
from zapcls.workspace.layout import choose_data
from zapcls.workspace.opening import open_data

SHOE_WORDS = re.compile(r"(?i)shoe|women|\bmen\b|men's|sold as|department|zappos|another color")

OTHER_SOURCE = "About 1,200 shoes"  # what the drawings are, offered beside the data in use


@pytest.fixture
def pets(bare, tmp_path):
    """The store of class folders that bring a split along, chosen as the data of the app."""
    folder = tmp_path / "pets"
    for part, photos in (("train", MIN_PRODUCTS), ("val", 3)):
        for kind, name in enumerate(("cats", "dogs")):
            (folder / part / name).mkdir(parents=True)
            for number in range(photos):
                photo = Image.new("RGB", (32, 32), "white")
                right = number + 14 + 2 * (part == "val")
                photo.paste((200 * kind, 20, 60), (number, 2 + number, right, 30))
                photo.save(folder / part / name / f"{number}.png")
    (folder / "val" / "cats" / "broken.png").write_bytes(b"no photo")
    (folder / "notes.txt").write_text("not a photo")
    choose_data(bare, folder)
    return open_data(bare, folder, silent)


def test_pages_name_the_classes_and_speak_of_no_shoes(pets, open_page):
    params = {"data": {"open_left_out": "true"}, "overview": {}, "train": {}}
    said = {name: open_page(name, **asked).said for name, asked in params.items()}
    for name, text in said.items():
        about_data = [line for line in text.splitlines() if not line.startswith(OTHER_SOURCE)]
        assert not SHOE_WORDS.findall("\n".join(about_data)), name
    assert "**26 of 27 photos are kept**: those labelled exactly cats or dogs." in said["data"]
    assert "files without a photo's name (1)" in said["data"].replace("\\", "")
    assert "image unreadable · 1" in said["data"]
    assert "Train on your 26 photos" in said["overview"]
    assert "A training on **pets**: predicts class" in said["train"]


def test_the_split_of_the_folders_and_what_stands_together_are_shown(pets, open_page):
    app = open_page("data")
    split = app.dataframe[-1].value.set_index("split")
    assert split.loc["valid", ["cats", "dogs"]].to_list() == [3, 3]
    assert split.loc[["train", "tune"], "cats"].sum() == MIN_PRODUCTS
    assert "The catalogue's own split" in app.said
    assert "no two photos are near-duplicates" in app.said
