"""The pages on a run about labels of one column: each label, and all of them together."""

import shutil

import pytest

LABELS = ["Leather", "Suede", "Rubber"]
TARGETS = [f"material: {label}" for label in LABELS]


@pytest.fixture
def told(materials, bare):
    """The run about three materials, in a workspace that the app opens."""
    shutil.copytree(materials.workspace.path, bare.path, dirs_exist_ok=True)
    return materials.run


@pytest.mark.parametrize("page", ["overview", "results", "errors", "color_bias", "review", "train"])
def test_each_page_is_about_the_label_of_its_url(told, open_page, page):
    app = open_page(page, target=TARGETS[1])

    assert app.selectbox(key="target").value == TARGETS[1]
    assert not app.error
    assert "labelled not" not in app.said


def test_results_list_every_label_and_open_its_photos(told, open_page):
    app = open_page("results", target=TARGETS[2])

    [table] = [f.value for f in app.dataframe if "average precision" in f.value]
    assert table["material"].to_list() == LABELS
    assert list(table.columns[2:6]) == ["average precision", "precision", "recall", "F1"]
    assert "mean average precision of 3 labels of material" in app.said


def test_classify_asks_about_the_label_and_names_the_others(told, open_page, jpeg):
    app = open_page("classify", target=TARGETS[0])
    app.file_uploader(key="photos").set_value([("red.jpg", jpeg(color="red"), "image/jpeg")])

    said = app.run().said

    assert "Does the material Leather fit this shoe?" in said
    assert "A photo is called Leather at 90 % or more" in said
    assert "Looks like" not in said
    [line] = [line for line in said.splitlines() if line.startswith("Material: ")]
    given = [label for label in LABELS if f"**{label} " in line]
    rest = [label for label in LABELS if label in line and label not in given]
    counted = 3 - len(given) - len(rest)
    assert 0 < len(given) < 3
    others = "1 other" if counted == 1 else f"{counted} others"
    assert (f"; {others} less likely" in line) == (counted > 0)


def test_a_photo_shows_every_label(told, materials, open_page):
    image_id = materials.store.read_catalog().query("material != ''")["image_id"].iloc[0]

    app = open_page("errors", image=image_id, target=TARGETS[0])

    [targets] = [f.value for f in app.dataframe if "Target" in f.value]
    assert list(targets["Target"]) == TARGETS
