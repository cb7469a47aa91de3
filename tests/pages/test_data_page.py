"""Data: what is in the catalogue, what was left out and why, where it comes from."""

import fake_run
import pytest
from filelock import FileLock

from zapcls.config import build_config
from zapcls.data.download import TERMS
from zapcls.errors import BadInput
from zapcls.ui import messages
from zapcls.workspace import bodies, jobs, worker
from zapcls.workspace.layout import read_chosen_data, write_json
from zapcls.workspace.store import Store, find_store_of, read_split
from zapcls.workspace.worker import Reporter


@pytest.fixture
def table(workspace):
    store = find_store_of(workspace, workspace.drawings_dir)
    return store.read_catalog().merge(store.read_colors(), on="image_id")


def test_counts_what_is_kept_and_each_reason_to_leave_out(table, open_page):
    app = open_page("data")
    kept = table[table["gender"].isin(["Women", "Men"]) & (table["image_problem"] == "")]
    assert f"**{len(kept)} of {len(table)} shoes are kept**" in app.said
    counts = {metric.label: metric.value for metric in app.metric}
    assert counts == {
        "Women's": str((kept["gender"] == "Women").sum()),
        "Men's": str((kept["gender"] == "Men").sum()),
        "Products": str(kept["product_id"].nunique()),
        "Left out": str(len(table) - len(kept)),
    }
    whole = table[table["image_problem"] == ""]
    several = whole["gender"].str.contains(";").sum()
    blank = (whole["gender"] == "").sum()
    another = whole["gender"].isin(["Girls", "Boys"]).sum()
    reasons = [expander.label for expander in app.expander if " · " in expander.label]
    assert sorted(reasons) == [
        f"another gender · {another}",
        f"blank gender · {blank}",
        "image missing · 1",
        "image unreadable · 1",
        f"several genders · {several}",
    ]
    missing = next(e for e in app.expander if e.label == "image missing · 1")
    assert list(missing.dataframe[0].value.columns) == ["image_id", "image_path"]
    assert not missing.get("image")  # there is none to show


def test_the_split_and_the_leak_of_a_random_one_are_counted(workspace, open_page):
    store = find_store_of(workspace, workspace.drawings_dir)
    by_product, random = (
        read_split(store, build_config(split=mode)) for mode in ("product", "random")
    )
    groups = random.groupby("split")["product_id"].apply(set)
    leaked = groups["valid"] & (groups["train"] | groups["tune"])
    app = open_page("data")
    assert f"show **{len(leaked)} of {len(groups['valid'])}** valid products" in app.said
    shown = app.dataframe[-1].value.set_index("split")
    assert list(shown.index) == ["train", "tune", "valid"]
    for name, rows in by_product[by_product["split"] != "none"].groupby("split"):
        counts = rows["label"].value_counts()
        expected = [counts["Women"], counts["Men"], rows["product_id"].nunique()]
        assert list(shown.loc[name, ["Women", "Men", "products"]]) == expected


def test_drawings_are_named_so_and_photos_come_with_their_terms(workspace, open_page, monkeypatch):
    drawn = open_page("data")
    assert [warning.value for warning in drawn.warning] == [messages.DRAWN_NOTE]
    assert TERMS not in drawn.said
    monkeypatch.setattr(Store, "is_drawn", False)
    photos = open_page("data")
    assert TERMS in photos.said
    assert not photos.warning


def test_a_folder_that_is_not_there_is_one_sentence(workspace, open_page, launched):
    app = open_page("data").choose("source", "folder").choose("folder", "/no/such/folder")
    app.click("open_folder")
    assert [error.value for error in app.error] == [
        "The data folder must exist on this machine, got /no/such/folder. Check the path."
    ]
    assert launched == []
    assert read_chosen_data(workspace) == workspace.drawings_dir


def test_a_folder_is_read_by_a_job_and_watched(workspace, tmp_path, open_page, launched):
    folder = tmp_path / "photos"
    folder.mkdir()
    app = open_page("data").choose("source", "folder").choose("folder", str(folder))
    app.click("open_folder")
    [job] = launched
    assert (job.kind, job.config["data_dir"]) == ("build_store", str(folder))
    assert read_chosen_data(workspace) == folder
    assert "Starting" in app.said
    Reporter(job)("Reading photos", 1_200, 4_000)
    assert "1,200 of 4,000" in app.run().said


def refuse(progress):
    raise BadInput("The folder must hold meta-data.csv, but it does not. Fetch it.")


def test_a_reading_that_failed_says_why(bare, open_page):
    job = jobs.create(bare.jobs_dir, "build_store", {"data_dir": "/somewhere"})
    with pytest.raises(BadInput):
        worker.perform(job, refuse)
    app = open_page("data")
    assert [error.value for error in app.error] == [jobs.read_status(job).message]


def test_the_drawings_and_the_download_are_jobs_too(bare, open_page, launched):
    open_page("data").click("use_drawings")
    app = open_page("data").choose("source", "download")
    assert TERMS in app.said  # before anything is fetched
    app.click("download")
    assert [job.kind for job in launched] == ["build_store", "download"]
    assert launched[0].config["data_dir"] == str(bare.drawings_dir)
    assert launched[1].config["dest"] == str(bare.download_dir)


def test_the_pixel_store_says_how_it_came_about(own_store, open_page):
    rows, side = own_store.facts["rows"], own_store.side
    place = messages.escape(own_store.facts["data_dir"])
    size = f"{rows} photos of {side} px · {rows * side**2 * 3 / 1e6:.0f} MB"

    def say(**facts):
        write_json(own_store.path / "pixels.json", own_store.facts | facts)
        return open_page("data").said.splitlines()

    made = "all decoded at 1,234 images/s"
    assert f"{size} · {made} · read from {place}" in say(decoded=rows, images_per_s=1234.4)
    made = f"40 decoded at 812 images/s, {rows - 40} copied from what had been read before"
    assert f"{size} · {made} · read from {place}" in say(decoded=40, images_per_s=812.0)
    made = "all copied from what had been read before"
    assert f"{size} · {made} · read from {place}" in say(decoded=0, images_per_s=0.0)


def test_kept_features_are_listed_and_deleted(own_store, open_page):
    assert "Features of frozen networks" not in open_page("data").said
    folder = fake_run.add_features(own_store)
    other = fake_run.add_features(own_store, "resnet50-224-ba9876543210")
    (other / "speed.json").unlink()  # it was killed before it knew how fast it was
    for place in (folder, other):
        with (place / "maps-plain.npy").open("wb") as file:
            file.truncate(80_000_000)  # sparse: it takes no room
    taken = sum(path.stat().st_blocks for path in folder.iterdir()) * 512 / 1e6
    app = open_page("data")
    said = app.said.splitlines()
    facts = f"mobilenet_v2 · 128 px · weights 0123456789ab · {taken:.0f} MB"
    assert f"{facts} · computed at 236 images/s" in said
    assert f"resnet50 · 224 px · weights ba9876543210 · {taken:.0f} MB" in said

    app.click(f"delete-{folder.name}")
    assert not folder.exists()
    assert other.is_dir()
    assert "mobilenet_v2" not in app.said


def test_photos_recolored_for_training_are_listed_last_and_deleted(own_store, open_page):
    fake_run.add_features(own_store, "resnet50-224-ba9876543210")
    folder = fake_run.add_features(own_store, bodies.RECOLORED)
    app = open_page("data")
    listed = [line for line in app.said.splitlines() if " MB · computed at " in line]
    assert [line.split(" · ")[0] for line in listed] == ["resnet50", "training photos, recolored"]

    app.click(f"delete-{bodies.RECOLORED}")
    assert not folder.exists()
    assert "training photos, recolored" not in app.said


def test_features_are_not_deleted_while_a_job_is_active(own_store, workspace, open_page):
    folder = fake_run.add_features(own_store)
    jobs_at_work = [
        fake_run.add_run(workspace, minute=1),
        fake_run.add_finder(workspace),
        jobs.create(workspace.jobs_dir, "evaluate", {}),
    ]
    for job in jobs_at_work:
        with fake_run.hold_running(job):
            app = open_page("data")
            assert "mobilenet_v2 · 128 px" in app.said
            assert "Delete these features" not in app.said
    app = open_page("data")
    with FileLock(folder / "lock"):  # one that came between the look and the click
        app.click(f"delete-{folder.name}")
    [error] = app.error
    assert error.value.startswith("Features are deleted while no job uses them")
    assert (folder / "pooled-plain.npy").is_file()


def test_photos_whose_colors_are_not_named_yet(own_store, open_page, launched):
    (own_store.path / "colors.parquet").unlink()
    name = "The drawn catalogue"
    assert f"{name}, its colors are not named yet." in open_page("overview").said
    app = open_page("data")
    assert f"{name} is read, but its colors are not named yet." in app.said
    assert "shoes are kept" not in app.said
    app.click("read_now")
    [job] = launched
    assert (job.kind, job.config["data_dir"]) == ("build_store", own_store.facts["data_dir"])


def test_colors_can_be_named_after_a_reading_that_failed(own_store, workspace, open_page):
    (own_store.path / "colors.parquet").unlink()
    job = jobs.create(workspace.jobs_dir, "build_store", {"data_dir": "/somewhere"})
    with pytest.raises(BadInput):
        worker.perform(job, refuse)
    assert "Name the colors" in open_page("data").said
