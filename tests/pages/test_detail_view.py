"""Errors, one image: what is shown of it, the ways to others and back, and the marks."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from fake_run import add_check
from streamlit.runtime.caching import get_data_cache_stats_provider
from streamlit.runtime.stats import CACHE_MEMORY_FAMILY

from zapcls.analysis.causes import CAUSES, MODEL
from zapcls.blocks import numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.data.task import DEFAULT_TASK
from zapcls.evidence import open_evidence
from zapcls.findings.causes import sort_errors
from zapcls.findings.label_check import describe_reasons
from zapcls.ui import marking, messages
from zapcls.ui.relatives import NEAREST
from zapcls.workspace.run_tables import read_predictions
from zapcls.workspace.runs import Run
from zapcls.workspace.store import Store


def test_a_card_opens_its_image_with_answer_and_facts(wrong, finished, workspace, open_page):
    image = wrong.iloc[1]
    app = open_page("errors", image="../../etc/passwd")
    assert "There is no such image in this run." in app.said
    app.click("back").click(f"open-{image['image_id']}")
    assert app.query_params["image"] == image["image_id"]
    sold, called = (DEFAULT_TASK.name(image[name]) for name in ("label", "prediction"))
    title = f"Sold as {sold}, called {called}, {numbers.probability(image['prob'])}"
    assert [heading.value for heading in app.subheader] == [title]
    for fact in (
        f"valid · loss {image['loss']:.2f}",
        image["category"],
        f"image {messages.escape(image['image_id'])}",
        f"product {messages.escape(image['product_id'])}",
        messages.escape(image["image_path"]).replace("/", "/\u200b"),
        f"**2** of {len(wrong)}",
    ):
        assert fact in app.said
    prob = np.load(finished.path / "probs" / "gender.npy")
    place = read_predictions(finished, workspace)["image_id"].to_list().index(image["image_id"])
    bars = app.charts()[0][0]
    assert sorted(bars["x"]) == pytest.approx(sorted(prob[place].tolist()))
    assert "photos · This run" not in app.said  # the gallery does not run
    assert "Still " in app.said  # the strip of recolored photos
    assert sum(color in app.said for color in BASIC_COLORS) > 5


def test_the_way_back_keeps_the_filters_and_leads_to_the_page_of_the_image(table, open_page):
    ids = table[(table["split"] == "train") & (table["label"] == "Men")]["image_id"].to_list()
    app = open_page("errors", split="train", answer="all", label="Men")
    assert app.list_keys() == ids[:24]
    app.click(f"open-{ids[23]}")
    assert app.query_params["label"] == "Men"
    assert f"**24** of {len(ids)}" in app.said
    assert app.click("next").query_params["image"] == ids[24]
    assert app.click("back").list_keys() == ids[24:48]
    assert "image" not in app.query_params
    assert (app.query_params["split"], app.query_params["label"]) == ("train", "Men")


def test_steps_go_through_the_filtered_order_by_keys(wrong, open_page):
    ids = wrong[wrong["prediction"] == "Men"]["image_id"].to_list()
    app = open_page("errors", prediction="Men", image=ids[0])
    keys = {key: app.button(key=key).proto.shortcut for key in ("back", "previous", "next")}
    assert keys == {"back": "escape", "previous": "left", "next": "right"}
    assert app.button(key="previous").disabled
    assert app.button(key=f"mark-{ids[0]}-model wrong").proto.shortcut == "l"
    for image_id in ids[1:]:
        assert app.click("next").query_params["image"] == image_id
    assert app.button(key="next").disabled
    assert app.click("previous").query_params["image"] == ids[-2]


def test_an_image_marked_while_only_unmarked_ones_are_shown_gives_its_place_to_the_next(
    wrong, read_decisions, open_page
):
    ids = wrong["image_id"].to_list()
    app = open_page("errors", reviewed="not yet", image=ids[1])
    app.click(f"mark-{ids[1]}-model wrong")
    made = read_decisions()
    assert made[["image_id", "mark"]].to_numpy().tolist() == [[ids[1], "model wrong"]]
    assert app.query_params["image"] == ids[2]
    assert f"**2** of {len(ids) - 1}" in app.said
    app.click(f"mark-{ids[2]}-undo")  # nothing is decided here: the mark before is taken back
    assert read_decisions().empty
    assert app.query_params["image"] == ids[1]


def list_kept(app):
    """What the session keeps of each widget that there was, for its callback."""
    kept = app._session_state._state._new_widget_state.widget_metadata.values()
    return [repr(widget.callback_args) for widget in kept if widget.callback_args]


def test_a_photo_that_was_opened_leaves_no_other_photo_in_the_session(wrong, open_page):
    ids = wrong["image_id"].to_list()
    app = open_page("errors", image=ids[0]).click("next")
    kept = [args for args in list_kept(app) if f"'mark-{ids[0]}'" in args]
    assert kept
    for args in kept:
        assert not [name for name in ids[1:] if name in args]
        assert wrong["image_path"].iloc[0] not in args  # nor all that is known of it


def test_the_photo_that_fills_the_window_is_not_kept_in_the_session(wrong, open_page):
    app = open_page("errors", image=wrong["image_id"].iloc[0]).click("large")
    shown = [image.proto.imgs[0].alt for image in app.get("image")]
    assert {"the photo", "the same with its map"} <= set(shown)
    assert not [args for args in list_kept(app) if "PIL." in args]


def test_a_photo_that_was_opened_leaves_few_bytes_in_the_caches(wrong, open_page):
    open_page("errors", image=wrong["image_id"].iloc[0])
    kept = get_data_cache_stats_provider().get_stats()[CACHE_MEMORY_FAMILY]
    assert sum(cache.byte_length for cache in kept) < 100_000  # a strip as pixels has 500,000


def test_a_mark_may_be_for_all_photos_of_a_product(table, wrong, read_decisions, open_page):
    same = table.groupby(["product_id", "catalog_label"])["image_id"].transform("size")
    image = wrong[wrong["image_id"].isin(table.loc[same > 1, "image_id"])].iloc[0]
    of_product = table[
        (table["product_id"] == image["product_id"])
        & (table["catalog_label"] == image["catalog_label"])
    ]
    app = open_page("errors", image=image["image_id"])
    app.toggle(key="whole_product").set_value(True).run()
    app.click(f"mark-{image['image_id']}-model wrong")
    assert set(read_decisions()["image_id"]) == set(of_product["image_id"])
    assert app.query_params["image"] not in set(of_product["image_id"])
    shown = app.query_params["image"]
    app.click(f"mark-{shown}-undo")
    assert read_decisions().empty
    assert app.query_params["image"] == image["image_id"]


def test_a_browser_may_still_hold_the_choice_of_a_photo_before(table, wrong, open_page):
    same = table.groupby(["product_id", "catalog_label"])["image_id"].transform("size")
    is_alone = wrong["image_id"].isin(table.loc[same == 1, "image_id"])
    several, alone = wrong[~is_alone]["image_id"].iloc[0], wrong[is_alone]["image_id"].iloc[0]
    app = open_page("errors", image=several)
    held = app.toggle(key="whole_product").set_value(False)._widget_state
    app.query_params["image"] = alone
    app.run()
    assert not app.toggle
    states = app._tree.get_widget_states()
    states.widgets.append(held)
    app._run(states)
    assert not app.exception


@pytest.mark.parametrize("stepped", ["before", "at once"])
@pytest.mark.parametrize("kind", ["model wrong", "undo", "note-Ann"])
def test_what_is_decided_on_a_photo_that_is_left_is_refused(
    kind, stepped, wrong, read_decisions, open_page
):
    first, second = wrong["image_id"].iloc[:2]
    app = open_page("errors", image=first).click(f"mark-{first}-ambiguous")
    app = open_page("errors", image=first)
    if kind == "note-Ann":
        app.text_input(key=f"mark-{first}-{kind}").set_value("late")
    else:
        app.button(key=f"mark-{first}-{kind}").click()
    if stepped == "before":  # the browser still holds the widgets of the photo before
        app.query_params["image"] = second
    else:
        app.button(key="next").click()
    app.run()
    assert app.query_params["image"] == second
    made = read_decisions()
    if kind == "note-Ann" and stepped == "at once":  # leaving a field sends it, with the click
        assert made["note"].to_list() == ["", "late"]
        return
    assert made[["image_id", "mark"]].to_numpy().tolist() == [[first, "ambiguous"]]
    assert [toast.value for toast in app.toast] == [marking.NOT_SHOWN]
    app.click(f"mark-{second}-model wrong")
    made = read_decisions()
    assert made["image_id"].to_list() == [first, second]


def test_the_nearest_training_photos_with_their_labels(table, finished, workspace, open_page):
    stored = read_predictions(finished, workspace)
    rng = np.random.default_rng(0)
    embeddings = rng.normal(size=(len(stored), 4)).astype(np.float32)
    np.save(finished.path / "embeddings.npy", embeddings)
    unit = embeddings / np.linalg.norm(embeddings, axis=1, keepdims=True)
    place = int(np.flatnonzero(stored["split"] == "valid")[0])
    similarity = pd.Series(unit @ unit[place])[stored["split"] == "train"]
    nearest = stored.loc[similarity.nlargest(NEAREST).index]

    app = open_page("errors", image=stored["image_id"].iloc[place])

    assert app.list_keys("near-") == nearest["image_id"].to_list()
    labels = [button.label for button in app.button if (button.key or "").startswith("near-")]
    first = nearest["label"].iloc[0]
    assert labels[0] == f"{DEFAULT_TASK.name(first)} · {similarity.max():.2f}"
    called = stored["prediction"].iloc[place]
    alike = int((nearest["label"] == called).sum())
    assert f"{alike} of the {NEAREST} nearest training photos" in app.said
    other = nearest["image_id"].iloc[2]
    assert app.click(f"near-{other}").query_params["image"] == other


def test_the_same_product_in_its_other_colors_with_each_answer(table, open_page):
    sizes = table["product_id"].value_counts()
    family = table[table["product_id"] == sizes.index[0]]
    assert len(family) > 1
    image, others = family.iloc[0], family.iloc[1:]
    app = open_page("errors", image=image["image_id"])
    assert set(app.list_keys("sibling-")) == set(others["image_id"])
    right = int(others["correct"].sum())
    assert f"other colors: {right} of {len(others)} answered right" in app.said
    for other in others.itertuples():
        label = app.button(key=f"sibling-{other.image_id}").label
        assert label.startswith(f"{other.color}: {DEFAULT_TASK.name(other.prediction)}")
        assert label.endswith("✓" if other.correct else "✕")
    alone = table[~table["product_id"].duplicated(keep=False)].iloc[0]
    assert "no other photo" in open_page("errors", image=alone["image_id"]).said


def test_this_image_over_all_runs_of_the_same_catalogue_and_target(
    wrong, finished, workspace, open_page
):
    image = wrong.iloc[0]
    shutil.copytree(finished.path, workspace.runs_dir / "20250101-000002-same-0000")
    other = Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000000-other-0000"))
    path = other.path / "predictions.parquet"
    answers = pd.read_parquet(path)
    here = answers["image_id"] == image["image_id"]
    answers.loc[here, ["prediction", "correct", "split"]] = [image["label"], True, "train"]
    answers.to_parquet(path)
    unevaluated = workspace.runs_dir / "20250101-000001-half-0000"
    shutil.copytree(finished.path, unevaluated)
    (unevaluated / "metrics.json").unlink()
    cut = Run(shutil.copytree(finished.path, workspace.runs_dir / "20250101-000003-cut-0000"))
    (cut.path / "predictions.parquet").write_bytes(path.read_bytes()[:-9])

    app = open_page("errors", image=image["image_id"], **{"with": cut.run_id})

    called = DEFAULT_TASK.name(image["prediction"])
    assert f"2 of 3 runs call it {called}" in app.said
    rows = app.dataframe[0].value
    runs = [f"{finished.run_id} (this one)", "20250101-000002-same-0000", other.run_id]
    assert rows["Run"].to_list() == runs
    assert rows["Split"].to_list() == ["valid", "valid", "train"]
    assert rows["Called"].to_list() == [called, called, DEFAULT_TASK.name(image["label"])]


def test_the_cause_and_what_is_held_against_the_label(
    table, finished, own_store, workspace, open_page
):
    wrong = table[table["wrong"]]
    assert "not been checked yet" in open_page("errors", image=wrong["image_id"].iloc[0]).said
    issues = add_check(finished, own_store).read_issues().set_index("image_id")
    accused = issues[issues["reasons"] != ""].index
    image_id = next(name for name in wrong["image_id"] if name in accused)

    said = open_page("errors", image=image_id).said

    assert "The label check says" in said
    for reason in describe_reasons(issues.loc[image_id, "reasons"], DEFAULT_TASK):
        # Of the check itself the photo's own probability is told, not the product's.
        assert "label check" in reason or messages.escape(reason) in said
    assert f"Label quality {issues.loc[image_id, 'label_quality']:.2f}" in said
    cause = sort_errors(open_evidence(finished, workspace)).set_index("image_id").loc[image_id]
    assert cause["cause"] in CAUSES
    assert f"Cause: **{cause['cause']}**" in said
    if cause["cause"] != MODEL:  # which the heading tells
        for reason in describe_reasons(cause["evidence"], DEFAULT_TASK):
            assert messages.escape(reason) in said


def test_an_image_without_a_kept_label_is_shown_too(table, open_page):
    dropped = table[table["label"] == ""].iloc[0]
    app = open_page("errors", image=dropped["image_id"])
    assert app.subheader[0].value.startswith("Not a kept label, called")
    assert "no loss" in app.said
    assert "Cause" not in app.said


def test_the_evidence_is_a_map_with_a_legend(wrong, finished, open_page, monkeypatch):
    image_id = wrong["image_id"].iloc[0]
    app = open_page("errors", image=image_id)
    assert "counts against it" in app.said
    assert "Covering parts of the photo" not in app.said
    # Where the photo has left the disk, that of the store is shown.
    monkeypatch.setattr(Store, "find_image", lambda store, path: Path("/no/such/folder") / path)
    assert len(open_page("errors", image=image_id).image) == len(app.image)
    finished.onnx_path.unlink()
    assert "no exported model" in open_page("errors", image=image_id).said


def test_from_the_suspects_the_steps_are_those_of_the_suspects(finished, own_store, open_page):
    issues = add_check(finished, own_store).read_issues()
    suspects = issues.loc[issues["is_suspect"], "image_id"].to_list()
    app = open_page("errors", view="Suspects", image=suspects[0])
    assert app.query_params["view"] == "Suspects"
    assert f"**1** of {len(suspects)}" in app.said
    assert app.click("next").query_params["image"] == suspects[1]
    app.click("back")
    assert "labels are suspected" in app.said
