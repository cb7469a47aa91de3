"""Review: marks are written at one click, files are taken in, conflicts decided, a run started."""

import fake_run
import pandas as pd
import pytest
import streamlit as st
from app_driver import App

from zapcls import schema
from zapcls.data.task import Task
from zapcls.errors import ZapError
from zapcls.evidence import Evidence
from zapcls.ui.choices import list_choices
from zapcls.workspace.reviews import Reviews
from zapcls.workspace.runs import Run, list_runs
from zapcls.workspace.sheets import read_csv, write_csv

OTHER = {"Women": "Men", "Men": "Women"}
WORDS = {"Women": "women's", "Men": "men's"}
# A page of one photo with its marks, and what a test reads of it.
MARKING_PAGE = """
import streamlit as st
from zapcls.ui import cache, marking, run_picker
from zapcls.ui.reviewer import pick_reviewer

pick_reviewer()
run = run_picker.chosen_run()
table = cache.evidence(run).predictions
image = next(table[table["image_id"] == st.session_state["image"]].itertuples())
is_detail = st.session_state.get("shortcuts", False)
marking.show_marking(marking.Card(run, image, "card", is_detail))
"""


def pick(table, split, n):
    """Pick the first n labelled images of a split."""
    return list(table[(table["split"] == split) & (table["label"] != "")].head(n).itertuples())


def list_shown(app):
    """List the images of the cards, in order."""
    return [c.value.split()[1] for c in app.caption if c.value.startswith("image ")]


def upload(app, *files):
    content = [(name, text.encode(), "text/csv") for name, text in files]
    app.file_uploader(key="exchange_files").set_value(content)
    return app.run()


def test_without_a_decision_it_says_how_to_make_one(finished, open_page, workspace):
    app = open_page("review")
    assert "No photo is reviewed yet." in app.said
    assert app.link("Errors") == f"errors?run={finished.run_id}"
    assert app.link("Suspected labels").endswith("view=Suspects")
    assert app.get("download_button")[0].proto.disabled
    assert app.button(key="undo_last").disabled
    assert app.text_input(key="reviewer").value == "Ann"
    app.choose("reviewer", "Bo")  # the name is kept over other pages
    app.switch_page("pages/results.py").run()
    app.switch_page("pages/review.py").run()
    assert app.text_input(key="reviewer").value == "Bo"
    path = workspace.path / "reviews.sqlite"
    assert not path.exists()
    path.write_bytes(b"something else")
    assert "reviews.sqlite must be a file of reviews" in open_page("review").error[0].value


def test_the_first_sentence_counts_photos_people_and_marks(table, decide, open_page):
    valid, train = pick(table, "valid", 6), pick(table, "train", 2)
    for image in valid[:2]:
        decide(image, "label wrong")
    decide(valid[2], "model wrong", by="Bo")
    decide(valid[3], "not a shoe")
    decide(valid[4], "ambiguous")
    decide(valid[4], "model wrong", by="Cy")
    decide(train[0], "label wrong")
    n = (table["split"] == "valid").sum()
    said = open_page("review").said
    assert (
        f"**5 of {n}** valid photos and 1 other reviewed by 3 people: 3 labels are wrong, "
        "1 label is right, 1 not a shoe, 1 in conflict."
    ) in said
    assert "1 conflict to decide" in said


def test_each_photo_shows_old_and_new_label_who_when_and_why(table, decide, open_page):
    first, second, third = pick(table, "valid", 3)
    decide(first, "label wrong", note="clearly *not*")
    decide(second, "ambiguous", by="")
    decide(third, "label wrong", right="another")
    app = open_page("review")
    assert list_shown(app) == [third.image_id, second.image_id, first.image_id]  # latest first
    old = WORDS[first.catalog_label]
    assert f"{old} → **{WORDS[OTHER[first.catalog_label]].replace('-', '')}**" in app.said
    assert f"{WORDS[second.catalog_label]}: **can't tell**" in app.said
    assert f"{WORDS[third.catalog_label]} → **another**" in app.said
    assert "without a name · 20" in app.said
    assert "“clearly \\*not\\*”" in app.said
    assert len(app.image) == 3
    # Only one's own can be taken back.
    undo = [button.key for button in app.button if button.label == "Undo"]
    assert undo == [f"decided-{image.image_id}-undo" for image in (third, first)]
    assert list_shown(open_page("review", mark="can't tell")) == [second.image_id]
    assert "No decisions match" in app.choose("mark", "not a shoe").said
    assert len(list_shown(app.choose("mark", "all"))) == 3


def test_undo_takes_back_one_s_own(table, decide, read_decisions, open_page):
    first, second, third, fourth = pick(table, "valid", 4)
    for image, reviewer in ((first, "Ann"), (second, "Ann"), (third, "Ann"), (fourth, "Bo")):
        decide(image, "ambiguous", by=reviewer)
    app = open_page("review").click("undo_last")
    assert list_shown(app) == [fourth.image_id, second.image_id, first.image_id]
    assert "Undone" in app.toast[0].value
    app.click(f"decided-{first.image_id}-undo")  # not the latest
    assert list_shown(app) == [fourth.image_id, second.image_id]
    app.click("undo_last")
    assert app.button(key="undo_last").disabled
    assert read_decisions()["reviewer"].tolist() == ["Bo"]


def test_a_conflict_is_shown_with_both_sides_and_decided_at_one_click(
    table, decide, read_decisions, open_page
):
    image = pick(table, "valid", 1)[0]
    decide(image, "label wrong", by="Bo", note="a boot")
    decide(image, "model wrong", by="Cy")
    app = open_page("review")
    [sides] = [c.value for c in app.caption if c.value.startswith("**In conflict**")]
    right = OTHER[image.catalog_label]
    assert sides.splitlines() == [
        "**In conflict**  ", f"**should be {WORDS[right]}** · Bo · a boot  ",
        "**label is right** · Cy",
    ]  # fmt: skip
    assert "No settled decision differs" in app.said
    assert list_shown(app) == []  # not among the decided
    app.click(f"conflict-{image.image_id}-{right}")
    assert "In conflict" not in app.said
    assert "conflict to decide" not in app.said
    assert list_shown(app) == [image.image_id]
    last = read_decisions().iloc[-1]
    assert (last["reviewer"], last["right_label"], last["settles"]) == ("Ann", right, True)
    assert "**1 correction**, on a *valid* photo" in app.said


def test_a_file_of_another_reviewer_is_taken_in_once(table, decide, read_decisions, open_page):
    first, second = pick(table, "valid", 2)
    decide(first, "model wrong")
    mine = write_csv(read_decisions(), table)
    bad = mine.replace(first.image_id, "no-such")
    app = upload(open_page("review"), ("bo.csv", mine.replace("Ann", "Bo")), ("bad.csv", bad))
    [error] = [error.value.replace("\\", "") for error in app.error]
    assert "bad.csv, line 2: image_id must be of an image of the run's catalogue" in error
    assert "got 'no-such'" in error
    assert read_decisions()["reviewer"].tolist() == ["Ann"]  # nothing of either

    theirs = mine.replace("Ann", "Bo").replace("model wrong", "ambiguous")
    more = theirs.replace(first.image_id, second.image_id)
    app = upload(open_page("review"), ("ann.csv", mine), ("bo.csv", theirs + more.split("\r\n")[1]))
    assert [text.value for text in app.success] == [
        "3 decisions read, 2 new\\. The reviewers disagree on 1 photo\\."
    ]
    assert "1 conflict to decide" in app.said
    assert "by 2 people" in app.said
    assert not app.run().success  # said once
    app = upload(open_page("review"), ("bo.csv", theirs))
    assert "1 decision read, 0 new" in app.success[0].value
    assert len(read_decisions()) == 3


def test_the_download_is_what_can_be_taken_in_and_long_lists_come_in_pages(
    table, decide, open_page, read_decisions, monkeypatch
):
    images = pick(table, "train", 30)
    for image in images:
        decide(image, "model wrong", note="größer")
    given = []
    monkeypatch.setattr(
        st, "download_button", lambda label, data, *args, **options: given.append(data)
    )
    app = open_page("review")
    content = given[0]()
    assert content.startswith("\ufeff".encode())
    back = read_csv(content, "reviews.csv").reset_index(drop=True)
    pd.testing.assert_frame_equal(back, read_decisions())

    latest = [image.image_id for image in images][::-1]
    assert list_shown(app) == latest[:24]
    app.get("pagination")[0].set_value(2)
    assert list_shown(app.run()) == latest[24:]


def test_a_retraining_says_what_it_changes_and_starts(
    finished, table, decide, workspace, open_page, launched
):
    train, valid, tune = pick(table, "train", 3), pick(table, "valid", 2), pick(table, "tune", 1)
    decide(train[0], "label wrong")
    decide(train[1], "not a shoe")
    decide(train[2], "model wrong")
    decide(valid[0], "label wrong")
    decide(valid[1], "ambiguous")
    decide(tune[0], "label wrong", right="another")
    app = open_page("review")
    assert "**2** labels are changed (1 train, 1 valid) and **3** photos are taken out" in app.said
    assert "(1 train, 1 tune, 1 valid)." in app.said
    with fake_run.hold_running(fake_run.add_finder(workspace)) as other:  # it waits for the device
        assert f"{other.job_id} is running; one at a time." in app.run().said
        assert "Retrain" not in list_labels(app)
    app.run().click("retrain")
    [child] = [run for run in list_runs(workspace) if run.run_id != finished.run_id]
    assert [job.path for job in launched] == [child.path]
    assert child.parent_id == finished.run_id
    assert child.train_config == finished.train_config
    corrections = pd.read_parquet(child.path / "corrections.parquet").set_index("image_id")["label"]
    assert corrections.to_dict() == {
        train[0].image_id: OTHER[train[0].label], train[1].image_id: "",
        valid[0].image_id: OTHER[valid[0].label], valid[1].image_id: "", tune[0].image_id: "",
    }  # fmt: skip
    assert app.title[0].value == "Train"
    assert f"Training {child.run_id}" in app.said
    assert app.query_params["run"] == child.run_id


def test_corrections_of_valid_alone_teach_nothing_and_are_recounted(table, decide, open_page):
    wrong = table[(table["split"] == "valid") & table["wrong"]]
    image = next(wrong.itertuples())
    decide(image, "label wrong")  # as the run called it
    app = open_page("review")
    assert (
        "**1 correction**, on a *valid* photo: retraining would give the same network." in app.said
    )
    assert app.button(key="retrain").disabled
    assert "suspects_in=train" in app.link("Suspected labels in train")
    n = ((table["split"] == "valid") & (table["label"] != "")).sum()
    app.toggle(key="recount").set_value(True).run()
    assert f"labels **{len(wrong) - 1} of {n}** valid photos are wrong" in app.said
    assert f"before it was {len(wrong)} of {n}" in app.said


def test_a_corrected_run_says_which_corrections_nobody_decides_any_more(
    table, decide, open_page, monkeypatch
):
    first, second = pick(table, "valid", 2)
    told = table["label"].mask(table["image_id"] == first.image_id, OTHER[first.label])
    told = told.mask(table["image_id"] == second.image_id, OTHER[second.label])
    monkeypatch.setattr(Evidence, "predictions", table.assign(label=told))
    monkeypatch.setattr(Run, "parent_id", "the-parent")
    decide(second, "label wrong")
    app = open_page("review")
    assert "1 correction that this run was trained with has since been withdrawn" in app.said
    assert "To start without, pick the-parent." in app.said
    assert "No settled decision differs from the labels" in app.said


# --- the buttons, which other pages show too ---


@pytest.fixture
def card(finished, table, open_page, tmp_path, monkeypatch):
    """Return a function that opens a page with the marks of one photo of valid."""
    image = pick(table, "valid", 1)[0]

    def card(**state):
        page = tmp_path / "card.py"
        page.write_text(MARKING_PAGE)
        app = App(page, default_timeout=200)
        for key, value in {"run": finished.run_id, "image": image.image_id, **state}.items():
            app.session_state[key] = value
        return app.run()

    card.image = image
    return card


def list_labels(app):
    return [button.label for button in app.button]


def test_a_mark_is_one_click_and_shows_at_once(card, read_decisions):
    image = card.image
    right = OTHER[image.catalog_label]
    app = card()
    assert list_labels(app) == [
        "Label is right", f"Should be {WORDS[right]}", "Another department", "Can't tell",
        "Not a shoe",
    ]  # fmt: skip
    assert not app.caption
    app.click(f"card-{right}")
    assert app.caption[0].value == f"**should be {WORDS[right]}** · Ann"
    assert app.toast[0].value == f"Marked: should be {WORDS[right]}."
    assert list_labels(app)[-1] == "Undo"
    assert [b.label for b in app.button if b.proto.type == "primary"] == [
        f"Should be {WORDS[right]}"
    ]
    [row] = read_decisions().itertuples()
    assert (row.image_id, row.label, row.mark, row.right_label, row.reviewer, row.settles) == (
        image.image_id, image.catalog_label, "label wrong", right, "Ann", False,
    )  # fmt: skip
    app.click("card-undo")
    assert not app.caption
    assert "Undo" not in list_labels(app)
    assert read_decisions().empty


def test_every_button_writes_its_mark(card, read_decisions, monkeypatch):
    app = card()
    assert not any(button.proto.shortcut for button in app.button)
    written = {
        "another": ("label wrong", "another"),
        "model wrong": ("model wrong", ""),
        "ambiguous": ("ambiguous", ""),
        "not a shoe": ("not a shoe", ""),
    }
    for key, expected in written.items():
        app.click(f"card-{key}")
        last = read_decisions().iloc[-1]
        assert (last["mark"], last["right_label"]) == expected
    keys = [button.proto.shortcut for button in card(shortcuts=True).button]
    assert keys == ["l", "1", "o", "t", "n", "u"]

    def fail(*args, **options):
        raise ZapError("The disk is full.")

    said = app.caption[0].value
    monkeypatch.setattr(Reviews, "add", fail)
    app.click("card-ambiguous")
    assert app.toast[0].value == "The disk is full\\."
    assert app.caption[0].value == said


def test_a_note_goes_with_the_mark_or_is_added_later(card, read_decisions):
    app = card().choose("card-note-Ann", " first a note ")
    assert read_decisions().empty  # a note alone decides nothing
    app.click("card-ambiguous")
    app.choose("card-note-Ann", "then another")
    made = read_decisions()
    assert made["note"].tolist() == ["first a note", "then another"]
    assert set(made["mark"]) == {"ambiguous"}
    assert app.caption[0].value == "**can't tell** · Ann · then another"
    assert card().text_input(key="card-note-Ann").value == "then another"


def test_the_name_in_the_sidebar_is_whose_mark_it_is(card, read_decisions):
    app = card().choose("card-note-Ann", "mine").click("card-ambiguous")
    app.choose("reviewer", " Bo ")
    assert "Undo" not in list_labels(app)  # it is Ann's
    app.click("card-model wrong")
    made = read_decisions()
    assert made["reviewer"].tolist() == ["Ann", "Bo"]
    assert made["note"].tolist() == ["mine", ""]  # nobody signs what another one wrote
    assert app.caption[0].value.startswith("**In conflict**")


def test_many_right_labels_are_a_sorted_list(card, read_decisions, monkeypatch):
    label = card.image.catalog_label
    names = [f"Kind *{letter}*" for letter in "zyxwvutsrqponmlkjihg"]
    task = Task("sub_category", (label, *names), "photo", "photos")
    monkeypatch.setattr(Evidence, "task", task)
    app = card(shortcuts=True)
    assert list_labels(app) == [
        "Label is right",
        "Another label",
        "Can't tell",
        "Not a photo",
        "Undo",
    ]
    assert [button.proto.shortcut for button in app.button] == ["l", "o", "t", "n", "u"]
    assert app.selectbox(key="card-right").options == names[::-1]
    app = card().choose("card-right", "Kind *m*")
    assert read_decisions()["right_label"].to_list() == ["Kind *m*"]
    assert app.selectbox(key="card-right").value is None
    assert app.toast[0].value == "Marked: should be Kind \\*m\\*."


def test_a_photo_without_a_label_may_be_of_any_class():
    choices = list_choices("", Task("gender", ("Women", "Men")))
    texts = [choice.text for choice in choices]
    assert texts[:3] == ["Label is right", "Should be women's", "Should be men's"]
    shortcuts = [choice.shortcut for choice in choices]
    assert len(set(shortcuts)) == len(shortcuts)
    assert {choice.mark for choice in choices} == set(schema.MARKS)
