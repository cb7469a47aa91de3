"""A page never shows what a file of the run or of its store held before."""

import numpy as np
import pandas as pd
import pytest

from zapcls.evidence import open_evidence
from zapcls.ui import cache
from zapcls.workspace.layout import write_json
from zapcls.workspace.store import take_fingerprint


def rewrite(path, change):
    """Write a table again as the pipeline does: aside, with as many rows, and renamed."""
    aside = path.with_name(".aside")
    change(pd.read_parquet(path)).to_parquet(aside)
    aside.replace(path)


def test_a_page_that_is_open_shows_the_answers_that_are_there_now(finished, own_store, open_page):
    app = open_page("results")
    wrong = finished.rates["splits"]["valid"]["errors"]
    assert f"{wrong} of " in app.said

    rewrite(
        finished.path / "predictions.parquet",
        lambda table: table.assign(
            prediction=table["label"].where(table["label"] != "", table["prediction"]),
            correct=table["label"] != "",
        ),
    )

    said = app.run().said
    assert "### 0 of " in said
    assert "Nothing is mixed up." in said
    assert "Nothing is wrong in valid." in said
    app.switch_page("pages/errors.py")
    assert "**0** photos" in app.run().said


def test_other_facts_of_the_catalogue_are_shown_but_no_label_of_a_finished_run_changes(
    finished, own_store, open_page
):
    table = pd.read_parquet(finished.path / "predictions.parquet")
    image = table[(table["split"] == "valid") & (table["label"] == "Women")].iloc[0]
    app = open_page("errors", image=image["image_id"])
    heading, rates = app.subheader[0].value, open_page("results").said.splitlines()
    assert "Another brand" not in app.said

    rewrite(
        own_store.path / "catalog.parquet",
        lambda catalog: catalog.assign(
            brand="Another brand",
            gender=catalog["gender"].replace({"Women": "Men", "Men": "Women"}),
        ),
    )

    assert "Another brand" in app.run().said
    assert app.subheader[0].value == heading
    assert "The catalogue says" not in app.said
    assert open_page("results").said.splitlines() == rates


@pytest.mark.parametrize("file", ["pixels.npy", "colors.parquet"])
def test_pixels_and_colors_are_read_anew(finished, own_store, workspace, file):
    evidence = open_evidence(finished, workspace)
    for known in (evidence, cache.evidence(finished)):
        assert set(known.predictions["color"]) != {"pink"}
        assert known.store.pixels[:, 0, 0].max() > 7

    if file == "colors.parquet":
        rewrite(own_store.path / file, lambda colors: colors.assign(color="pink"))
    else:
        aside = own_store.path / "aside.npy"
        np.save(aside, np.full_like(own_store.pixels, 7))
        aside.replace(own_store.path / file)
        pixels = np.load(own_store.path / file, mmap_mode="r")
        fingerprint = take_fingerprint(pixels, own_store.catalogue_id)
        write_json(own_store.path / "pixels.json", own_store.facts | {"fingerprint": fingerprint})

    for known in (evidence, cache.evidence(finished)):
        if file == "pixels.npy":
            assert known.store.pixels.max() == 7
        else:
            assert set(known.predictions["color"]) == {"pink"}
