"""The command similar on a small real training: the frozen network sees every photo once."""

import json
import shutil
from types import SimpleNamespace

import pytest

from zapcls.api import open_run
from zapcls.workspace.layout import Workspace

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def ask(trained, run_command, tmp_path_factory):
    """Return a function that runs the command on a copy of the trained run."""
    folder = tmp_path_factory.mktemp("similar") / "workspace"
    workspace = Workspace(shutil.copytree(trained.workspace.path, folder))

    def ask(*words):
        process = run_command("similar", trained.run.run_id, *words, "--workspace", folder)
        rows = [json.loads(line) for line in process.stdout.splitlines() if line.startswith("{")]
        return SimpleNamespace(process=process, rows=rows)

    ask.opened = open_run(trained.run.run_id, workspace.path)
    return ask


def test_a_photo_of_the_catalogue_and_the_same_file_are_seen_alike(ask):
    image = ask.opened.predictions.iloc[5]
    first = ask(image["image_id"], "--json", "--top", 3)
    assert len(first.rows) == 3, first.process.stderr
    assert all(row["product_id"] != image["product_id"] for row in first.rows)
    file = ask.opened.evidence.store.find_image(image["image_path"])
    [itself] = ask(file, "--json", "--top", 1).rows
    assert itself["image_id"] == image["image_id"]
    assert itself["like_shape"] > 0.98  # the exported body and Pillow see as the training did


def test_filters_mixes_and_what_cannot_be_asked(ask):
    ids = ask.opened.predictions["image_id"]
    color = ask.opened.predictions["color"].iloc[0]
    mixed = ask(ids[0], ids[7], "--unlike", ids[9], "--where", f"color={color}", "--json").rows
    known = ask.opened.predictions.set_index("image_id")["color"]
    assert {known[row["image_id"]] for row in mixed} == {color}
    for words, said in (["nowhere"], "neither"), ([ids[0], "--where", "red"], "ATTRIBUTE=VALUE"):
        process = ask(*words).process
        assert process.returncode == 2
        assert said in process.stderr
