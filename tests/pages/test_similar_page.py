"""Similar: a photo of the catalogue or one's own, picks and rounds, and every state without one."""

import numpy as np
import pytest

from zapcls.ui import messages


@pytest.fixture
def alike(finished, table):
    """The finished run with an embedding a photo, drawn at random."""
    rng = np.random.default_rng(0)
    np.save(finished.path / "embeddings.npy", rng.normal(size=(len(table), 3)).astype("float32"))
    return finished


def test_without_a_photo_some_are_offered_and_one_is_asked_about(alike, open_page):
    app = open_page("similar")
    first = app.list_keys("ask-")[0]
    app.click(f"ask-{first}")
    assert app.query_params["image"] == first
    found = app.list_keys("ask-")
    assert first not in found
    assert len(found) > 12  # more than were offered to begin with


def test_a_card_leads_to_its_errors(alike, open_page, table):
    app = open_page("similar", image=table["image_id"].iloc[0])
    shown = app.list_keys()[0]
    app.click(f"open-{shown}")
    assert app.title[0].value == "Errors"
    assert app.query_params["image"] == shown


def test_an_upload_is_compared_and_one_that_is_none_is_a_sentence(alike, open_page, jpeg):
    app = open_page("similar")
    app.file_uploader(key="similar_file").set_value(
        ("red.jpg", jpeg((40, 30), "red"), "image/jpeg")
    )
    app.run()
    assert messages.escape("red.jpg") in app.said
    assert len(app.list_keys("ask-")) > 12
    app.file_uploader(key="similar_file").set_value(("notes.jpg", b"words", "image/jpeg"))
    app.run()
    assert "notes" in app.error[0].value
    assert app.list_keys("ask-")  # something to go on with


def test_classify_leads_here_with_its_photo(alike, open_page, jpeg):
    app = open_page("classify")
    app.file_uploader(key="photos").set_value([("red.jpg", jpeg((40, 30), "red"), "image/jpeg")])
    app.run()
    app.click("similar-0")
    assert app.title[0].value == "Similar"
    assert messages.escape("red.jpg") in app.said


def test_picks_make_rounds_that_never_repeat(alike, open_page):
    app = open_page("similar", similar_view="Recommended")
    assert app.button(key="next_round").disabled
    first = app.list_keys("like-")
    app.click(f"like-{first[0]}")
    app.click(f"unlike-{first[1]}")
    assert app.list_keys("like-") == first  # the round stays until the next is asked for
    app.click("next_round")
    second = app.list_keys("like-")
    assert second
    assert not set(first) & set(second)
    app.click(f"undo-{first[0]}")
    app.click("start_over")
    assert app.button(key="next_round").disabled


def test_the_frozen_network_is_offered_until_it_has_seen_every_photo(alike, open_page, launched):
    open_page("similar").click("describe")
    assert [job.kind for job in launched] == ["describe"]


def test_nothing_that_counts_is_a_sentence(alike, open_page, table):
    name = table["image_id"].iloc[0]
    app = open_page("similar", image=name, weight_shape="0", weight_color="0")
    assert "above 0" in app.error[0].value


def test_states_without_photos_to_compare(finished, open_page):
    assert "is not among" in open_page("similar", image="nowhere").warning[0].value
    (finished.path / "embeddings.npy").unlink()
    assert "zapcls evaluate" in open_page("similar").error[0].value


def test_without_a_run_a_training_is_offered(workspace, open_page):
    assert open_page("similar").button(key="first_try")
