"""Data: what is in the catalogue, what was left out and why, where it comes from."""

import re
from types import SimpleNamespace

import fake_run
import pytest
from filelock import FileLock

from zapcls import work
from zapcls.config import build_config
from zapcls.data.download import TERMS
from zapcls.errors import BadInput
from zapcls.ui import messages
from zapcls.workspace import bodies, jobs, worker
from zapcls.workspace.contents import recall_columns
from zapcls.workspace.layout import read_chosen_data, write_json
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import Store, find_store_of
from zapcls.workspace.worker import Reporter

OPEN = {"open_left_out": "true", "open_disk": "true"}


@pytest.fixture
def table(workspace):
    store = find_store_of(workspace, workspace.drawings_dir)
    return store.read_catalog().merge(store.read_colors(), on="image_id")


def test_counts_what_is_kept_left_out_and_split(table, workspace, open_page, monkeypatch):
    app = open_page("data", **OPEN)
    kept = table[table["gender"].isin(["Women", "Men"]) & (table["image_problem"] == "")]
    assert f"**{len(kept)} of {len(table)} shoes are kept**" in app.said
    assert {metric.label: metric.value for metric in app.metric} == {
        "Women's": str((kept["gender"] == "Women").sum()),
        "Men's": str((kept["gender"] == "Men").sum()),
        "Products": str(kept["product_id"].nunique()),
        "Left out": str(len(table) - len(kept)),
    }
    gender = table.loc[table["image_problem"] == "", "gender"]
    assert f"Left out: {len(table) - len(kept)}" in [one.label for one in app.expander]
    reasons = [expander.label for expander in app.expander if " · " in expander.label]
    assert sorted(reasons) == [
        f"another gender · {gender.isin(['Girls', 'Boys']).sum()}",
        f"blank gender · {(gender == '').sum()}",
        "image missing · 1",
        "image unreadable · 1",
        f"several genders · {gender.str.contains(';').sum()}",
    ]
    missing = next(e for e in app.expander if e.label == "image missing · 1")
    assert list(missing.dataframe[0].value.columns) == ["image_id", "image_path"]
    assert not missing.get("image")  # there is none to show

    store = find_store_of(workspace, workspace.drawings_dir)
    by_product, random = (read_split(store, build_config(split=m)) for m in ("product", "random"))
    groups = random.groupby("split")["product_id"].apply(set)
    leaked = groups["valid"] & (groups["train"] | groups["tune"])
    assert f"show **{len(leaked)} of {len(groups['valid'])}** valid products" in app.said
    shown = next(one.value for one in app.dataframe if "split" in one.value).set_index("split")
    assert list(shown.index) == ["train", "tune", "valid"]
    for name, rows in by_product[by_product["split"] != "none"].groupby("split"):
        counts = rows["label"].value_counts()
        expected = [counts["Women"], counts["Men"], rows["product_id"].nunique()]
        assert list(shown.loc[name, ["Women", "Men", "products"]]) == expected

    assert [warning.value for warning in app.warning] == [messages.DRAWN_NOTE]
    assert TERMS not in app.said
    monkeypatch.setattr(Store, "is_drawn", False)
    photos = open_page("data")
    assert TERMS in photos.said
    assert not photos.warning


@pytest.fixture
def pets(tmp_path, jpeg):
    """Two class folders, and a table of the same photos beside them."""
    for number, path in enumerate(("cats/1.jpg", "cats/2.jpg", "dogs/1.jpg")):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_bytes(jpeg(color=(0, number, 0)))
    lines = ["photo,kind,home", "cats/1.jpg,cat,A", "cats/2.jpg,cat,B", "dogs/1.jpg,dog,A"]
    (tmp_path / "pets.csv").write_text("\n".join(lines))
    return tmp_path


@pytest.mark.parametrize("named", ["~nosuchuser/x", "x/" * 2500, "a\0b", "/etc", "/nope"])
def test_what_is_no_catalogue_is_one_sentence_and_nobody_s_data(
    named, workspace, open_page, launched
):
    """The same sentence for all: nobody learns from it which folders there are."""
    app = open_page("data").choose("source", "folder").choose("folder", named)
    [error] = app.error
    sentence, _, got = error.value.partition(", got ")
    assert sentence == ("The data must be on this machine and be a catalogue that zapcls can read")
    assert len(got) < 250
    assert launched == []
    assert read_chosen_data(workspace) == workspace.drawings_dir


def test_a_folder_is_looked_at_then_read_by_a_job_and_in_use_once_it_is_read(
    workspace, pets, open_page, launched, monkeypatch
):
    built = SimpleNamespace(catalogue_id="any")
    monkeypatch.setattr("zapcls.work.build_store.open_data", lambda *_: built)
    app = open_page("data").choose("source", "folder").choose("folder", f" {pets} ")
    assert "class folders: 3 photos, cats (2), dogs (1)" in app.said.replace("\\", "")
    assert launched == []
    app.click("open_folder")
    [job] = launched
    assert (job.kind, job.config["data_dir"]) == ("build_store", str(pets))
    assert read_chosen_data(workspace) == workspace.drawings_dir
    assert "Starting" in app.said
    Reporter(job)("Reading photos", 1_200, 4_000)
    assert "1,200 of 4,000" in app.run().said
    work.perform(job, workspace)
    assert read_chosen_data(workspace) == pets


def test_the_columns_of_a_table_are_guessed_set_and_kept(workspace, pets, open_page, launched):
    file = pets / "pets.csv"
    app = open_page("data").choose("source", "folder").choose("folder", str(file))
    assert list(app.dataframe[0].value.columns) == ["photo", "kind", "home"]
    key = f"columns-{file}"
    assert app.multiselect(key=f"{key}-labels").value == ["kind"]
    app.multiselect(key=f"{key}-labels").set_value(["home"]).run()
    app.choose(f"{key}-group", "kind")
    said = app.said.replace("\\", "")
    assert "labels in home: A (2), B (1); kept together by kind" in said
    app.click("open_folder")
    kept = recall_columns(workspace, file)
    assert (kept.path, kept.labels, kept.group, kept.split) == ("photo", ("home",), "kind", "")
    assert launched[0].config["data_dir"] == str(file)


def add_failed_reading(workspace):
    """A reading of a folder that failed."""
    job = jobs.create(workspace.jobs_dir, "build_store", {"data_dir": "/somewhere"})
    with pytest.raises(BadInput):
        worker.perform(job, refuse)
    return job


def refuse(progress):
    raise BadInput("The folder must hold meta-data.csv, but it does not. Fetch it.")


def test_the_drawings_and_the_download_are_jobs_too(bare, open_page, launched):
    job = add_failed_reading(bare)
    app = open_page("data")
    assert [error.value for error in app.error] == [jobs.read_status(job).message]
    app.click("use_drawings")
    app = open_page("data").choose("source", "download")
    assert TERMS in app.said  # before anything is fetched
    app.click("download")
    assert [job.kind for job in launched] == ["build_store", "download"]
    assert launched[0].config["data_dir"] == str(bare.drawings_dir)
    assert launched[1].config["dest"] == str(bare.download_dir)


def test_the_pixel_store_says_how_it_came_about(own_store, open_page):
    rows, side = own_store.facts["rows"], own_store.side
    size = f"{rows} photos of {side} px · {rows * side**2 * 3 / 1e6:.0f} MB"
    copied = "copied from what had been read before"
    for decoded, speed, made in (
        (rows, 1234.4, "all decoded at 1,234 images/s"),
        (
            40,
            812.0,
            f"40 decoded at 812 images/s, {rows - 40} copied from what had been read before",
        ),
        (0, 0.0, f"all {copied}"),
    ):
        facts = own_store.facts | {"decoded": decoded, "images_per_s": speed}
        write_json(own_store.path / "pixels.json", facts)
        place = messages.escape(facts["data_dir"])
        assert f"{size} · {made} · read from {place}" in open_page("data", **OPEN).said.splitlines()


def test_kept_features_are_listed_and_deleted(own_store, open_page):
    assert "Features of frozen networks" not in open_page("data", **OPEN).said
    recolored = fake_run.add_features(own_store, bodies.RECOLORED)
    folder = fake_run.add_features(own_store)
    other = fake_run.add_features(own_store, "resnet50-224-ba9876543210")
    (other / "speed.json").unlink()  # it was killed before it knew how fast it was
    with (folder / "maps-plain.npy").open("wb") as file:
        file.truncate(80_000_000)  # sparse: it takes no room
    taken = sum(path.stat().st_blocks for path in folder.iterdir()) * 512 / 1e6
    app = open_page("data", **OPEN)
    listed = [line for line in app.said.splitlines() if re.search(r" · \d+ MB", line)][1:]
    assert listed[0] == (
        f"mobilenet_v2 · 128 px · weights 0123456789ab · {taken:.0f} MB · computed at 236 images/s"
    )
    assert listed[1].startswith("resnet50 · 224 px · weights ba9876543210 · ")
    assert "computed" not in listed[1]
    assert listed[2].startswith("training photos, recolored")

    app.click(f"delete-{folder.name}").click(f"delete-{bodies.RECOLORED}")
    assert not folder.exists()
    assert not recolored.exists()
    assert other.is_dir()
    assert "mobilenet_v2" not in app.said


def test_features_are_not_deleted_while_a_job_is_active(own_store, workspace, open_page):
    folder = fake_run.add_features(own_store)
    jobs_at_work = [
        fake_run.add_run(workspace, minute=1),
        fake_run.add_finder(workspace),
        jobs.create(workspace.jobs_dir, "evaluate", {}),
    ]
    for job in jobs_at_work:
        with fake_run.hold_running(job):
            app = open_page("data", **OPEN)
            assert "mobilenet_v2 · 128 px" in app.said
            assert "Delete these features" not in app.said
    app = open_page("data", **OPEN)
    with FileLock(folder / "lock"):  # one that came between the look and the click
        app.click(f"delete-{folder.name}")
    [error] = app.error
    assert error.value.startswith("Features are deleted while no job uses them")
    assert (folder / "pooled-plain.npy").is_file()


def test_photos_whose_colors_are_not_named_yet(own_store, workspace, open_page, launched):
    add_failed_reading(workspace)  # it stands in the way of nothing
    (own_store.path / "colors.parquet").unlink()
    name = "The drawn catalogue"
    assert f"{name}, its colors are not named yet." in open_page("overview").said
    app = open_page("data")
    assert f"{name} is read, but its colors are not named yet." in app.said
    assert "shoes are kept" not in app.said
    run = fake_run.add_run(workspace, minute=1)
    with fake_run.hold_running(run):  # a training names them at its end
        busy = open_page("data")
        assert not [button for button in busy.button if button.key == "read_now"]
        assert run.run_id in busy.link("Watch it")
    app = open_page("data")
    app.click("read_now")
    [job] = launched
    assert (job.kind, job.config["data_dir"]) == ("build_store", own_store.facts["data_dir"])
