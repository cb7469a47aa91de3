"""Which photos of another catalogue a run was trained on: by content, and by named products."""

from types import SimpleNamespace

import pytest

from zapcls.data.sources import read_catalogue
from zapcls.data.task import Task
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_store
from zapcls.workspace.run_tables import find_trained
from zapcls.workspace.runs import Run, write_task


@pytest.fixture
def folders(tmp_path, jpeg):
    """Return a function that opens class folders of photos {path: color}, below a place."""
    workspace = Workspace(tmp_path / "workspace")

    def open_folders(place, photos):
        for number, (path, color) in enumerate(photos.items()):
            file = tmp_path / place / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(jpeg((40 + 8 * number, 40), color))
        return open_store(workspace, read_catalogue(tmp_path / place))

    return SimpleNamespace(open=open_folders, workspace=workspace, path=tmp_path)


def add_run(folders, store, parts):
    """Add a run whose split puts the photos of a store, in order, in these parts."""
    run = Run(folders.path / "run")
    catalog = store.read_catalog()
    split = catalog[["image_id", "product_id"]].assign(target="class", split=parts)
    run.path.mkdir()
    split.to_parquet(run.path / "split.parquet")
    write_task(run, Task("class", ("a", "b")))
    write_json(run.path / "config.json", {"kind": "train", "train": {}, "data_dir": ""})
    facts = dict.fromkeys(("arch", "device", "torch", "fastai"), "any")
    facts |= {"classes": ["a", "b"], "side": store.side, "is_drawn": False}
    write_json(run.path / "model.json", facts | {"catalogue_id": store.catalogue_id})
    return run


def find_paths(run, folders, store):
    is_trained = find_trained(run, folders.workspace, store)
    return store.read_catalog().loc[is_trained, "image_path"].tolist()


def test_photos_without_names_of_products_are_known_by_their_content(folders):
    own = folders.open("own", {"a/0.jpg": "red", "a/1.jpg": "green", "b/0.jpg": "blue"})
    run = add_run(folders, own, ["train", "valid", "tune"])

    deeper = {f"more/{place}": color for place, color in (("a/0.jpg", "red"), ("a/1.jpg", "green"))}
    other = folders.open("other", deeper | {"more/b/0.jpg": "blue", "new/0.jpg": "white"})
    assert find_paths(run, folders, other) == ["more/a/0.jpg", "more/b/0.jpg"]

    unlike = folders.open("unlike", {"a/0.jpg": "black", "b/0.jpg": "yellow"})
    assert find_paths(run, folders, unlike) == []


def test_products_that_have_names_are_known_by_them(write_catalogue, folders, jpeg):
    def open_shoes(place, colors):
        rows = [
            {"CID": f"{100 + n}-{color}", "photo": jpeg((40 + n, 40), color)}
            for n, color in enumerate(colors)
        ]
        return open_store(
            folders.workspace, read_catalogue(write_catalogue(folders.path / place, rows))
        )

    own, other = open_shoes("own", ("red", "blue")), open_shoes("other", ("black", "white", "red"))
    run = add_run(folders, own, ["train", "valid"])
    paths = other.read_catalog()["image_path"].tolist()

    assert find_paths(run, folders, other) == paths[:1]  # product 100, in black
    for file in own.path.iterdir():
        file.unlink()
    assert find_paths(run, folders, other) == paths[:1]
