"""Errors: each filter, alone and from the URL, shows exactly the rows that it should."""

import re
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from app_driver import App

from zapcls.workspace.layout import Workspace
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store, find_store_of

Rows = Callable[[pd.DataFrame], pd.Series]
PAGE_SIZE = 25


@pytest.fixture
def table(finished: Run, workspace: Workspace) -> pd.DataFrame:
    """The predictions of labelled photos with their facts, joined by hand, worst first."""
    store = find_store_of(workspace, workspace.drawings_dir)
    table = pd.read_parquet(finished.path / "predictions.parquet")
    table = table[table["label"] != ""].assign(wrong=lambda t: t["label"] != t["prediction"])
    catalog = store.read_catalog()[["image_id", "image_path", "brand", "category", "sub_category"]]
    colors = store.read_colors()[["image_id", "color"]]
    return table.merge(catalog, on="image_id").merge(colors, on="image_id").sort_values(
        ["loss", "image_id"], ascending=[False, True]
    )  # fmt: skip


def list_shown(app: App) -> list[str]:
    """List the images of the gallery, in order."""
    found = [re.match(r"image (\S+) · ", caption.value) for caption in app.caption]
    return [match[1] for match in found if match]


def list_ids(rows: pd.DataFrame) -> list[str]:
    return rows["image_id"].head(PAGE_SIZE).to_list()


def test_opens_on_the_wrong_photos_of_valid_the_worst_first(
    table: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    expected = table[(table["split"] == "valid") & table["wrong"]]
    app = open_page("errors")
    assert list_shown(app) == list_ids(expected)
    worst = expected.iloc[0]
    assert f"loss {worst['loss']:.2f} · {worst['color']} · {worst['sub_category']}" in app.said
    assert f"product {worst['product_id']}" in app.said
    assert worst["image_path"] in app.said


FILTERS: dict[str, tuple[dict[str, object], Rows]] = {
    "label": ({"label": ["Men"]}, lambda t: t["wrong"] & (t["label"] == "Men")),
    "prediction": ({"prediction": ["Men"]}, lambda t: t["wrong"] & (t["prediction"] == "Men")),
    "right": ({"answer": "right"}, lambda t: ~t["wrong"]),
    "all": ({"answer": "all"}, lambda t: t["loss"] >= 0),
    "colors": (
        {"answer": "all", "color": ["pink", "brown"]},
        lambda t: t["color"].isin(["pink", "brown"]),
    ),
    "category": ({"answer": "all", "category": ["Boots"]}, lambda t: t["category"] == "Boots"),
    "sub_category": (
        {"answer": "all", "sub_category": ["Oxfords", "Heels"]},
        lambda t: t["sub_category"].isin(["Oxfords", "Heels"]),
    ),
    "text": (
        {"answer": "all", "text": "tallOWick"},
        lambda t: t["brand"].str.lower() == "tallowick",
    ),
    "path": (
        {"answer": "all", "text": "Shoes/Ox"},
        lambda t: t["image_path"].str.contains("Shoes/Ox"),
    ),
    "several": (
        {"answer": "all", "label": ["Women"], "color": ["black"], "text": "boots"},
        lambda t: (t["label"] == "Women") & (t["color"] == "black") & (t["category"] == "Boots"),
    ),
}


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_shows_exactly_its_rows(
    table: pd.DataFrame, open_page: Callable[..., App], name: str
) -> None:
    params, choose = FILTERS[name]
    train = table[table["split"] == "train"]
    expected = train[choose(train)]
    assert 0 < len(expected) < len(train) or name == "all"
    app = open_page("errors", split="train", **params)
    assert list_shown(app) == list_ids(expected)
    assert f"**{len(expected)}** photo" in app.said


def test_a_filter_by_hand_does_as_the_url(
    table: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    app = open_page("errors").choose("answer", "all").choose("label", ["Women"])
    app.choose("color", ["pink"])
    rows = table[(table["split"] == "valid") & (table["label"] == "Women")]
    assert list_shown(app) == list_ids(rows[rows["color"] == "pink"])


@pytest.mark.parametrize(
    ("sort", "column", "ascending"),
    [("prob", "prob", False), ("uncertain", "prob", True), ("product", "product_id", True)],
)
def test_sorts(
    table: pd.DataFrame, open_page: Callable[..., App], sort: str, column: str, ascending: bool
) -> None:
    app = open_page("errors", split="train").choose("sort", sort)
    rows = table[(table["split"] == "train") & table["wrong"]]
    expected = rows.sort_values([column, "image_id"], ascending=[ascending, True])
    assert list_shown(app) == list_ids(expected)


def test_pages_follow_each_other(table: pd.DataFrame, open_page: Callable[..., App]) -> None:
    ids = table[table["split"] == "train"]["image_id"].to_list()
    assert len(ids) > 2 * PAGE_SIZE
    app = open_page("errors", split="train", answer="all", page="2")
    assert list_shown(app) == ids[PAGE_SIZE : 2 * PAGE_SIZE]
    app.get("pagination")[0].set_value(3)
    assert list_shown(app.run()) == ids[2 * PAGE_SIZE : 3 * PAGE_SIZE]
    app.choose("label", ["Men"])  # fewer pages than the one that was open
    men = table[(table["split"] == "train") & (table["label"] == "Men")]["image_id"].to_list()
    assert list_shown(app)
    assert set(list_shown(app)) <= set(men)


def test_values_of_the_url_that_are_not_known_are_ignored(
    table: pd.DataFrame, open_page: Callable[..., App]
) -> None:
    odd = {
        "label": "Aliens", "color": "<b>pink</b>", "answer": "perhaps", "split": "../../etc",
        "sort": "random", "page": "-3", "category": "Hats",
    }  # fmt: skip
    app = open_page("errors", **odd)
    assert list_shown(app) == list_ids(table[(table["split"] == "valid") & table["wrong"]])


def test_nothing_found_says_so(finished: Run, open_page: Callable[..., App]) -> None:
    app = open_page("errors", text="no shoe is called this")
    assert [info.value for info in app.info] == ["No such shoes. Take a filter away."]
    assert list_shown(app) == []


def test_a_photo_that_left_the_disk_is_still_shown_from_the_store(
    finished: Run, open_page: Callable[..., App], monkeypatch: pytest.MonkeyPatch
) -> None:
    app = open_page("errors")
    shown = list_shown(app)
    assert len(app.image) == 2 * len(shown)  # from the store, and the file itself
    monkeypatch.setattr(Store, "find_image", lambda store, path: Path("/no/such/folder") / path)
    app = open_page("errors")
    assert (list_shown(app), len(app.image)) == (shown, len(shown))
