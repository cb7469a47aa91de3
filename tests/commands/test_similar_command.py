"""The command similar on a small real training: the frozen network sees every photo once."""

import pytest

from zapcls.api import open_run

pytestmark = pytest.mark.slow


@pytest.fixture
def opened(run, workspace):
    return open_run(run.run_id, workspace.path)


def test_a_photo_of_the_catalogue_and_the_same_file_are_seen_alike(opened, run, read_rows):
    image = opened.predictions.iloc[5]
    rows = read_rows("similar", run.run_id, image["image_id"], "--top", 3)
    assert len(rows) == 3
    assert all(row["product_id"] != image["product_id"] for row in rows)
    file = opened.evidence.store.find_image(image["image_path"])
    [itself] = read_rows("similar", run.run_id, file, "--top", 1)
    assert itself["image_id"] == image["image_id"]
    assert itself["like_shape"] > 0.98  # the exported body and Pillow see as the training did


def test_filters_mixes_and_what_cannot_be_asked(opened, run, read_rows, command):
    ids = opened.predictions["image_id"]
    color = opened.predictions["color"].iloc[0]
    words = [ids[0], ids[7], "--unlike", ids[9], "--where", f"color={color}"]
    mixed = read_rows("similar", run.run_id, *words)
    known = opened.predictions.set_index("image_id")["color"]
    assert {known[row["image_id"]] for row in mixed} == {color}
    for words, said in (["nowhere"], "neither"), ([ids[0], "--where", "red"], "ATTRIBUTE=VALUE"):
        code, _, err = command("similar", run.run_id, *words)
        assert code == 2
        assert said in err
