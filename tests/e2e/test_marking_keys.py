"""A key that marks a photo reaches that photo alone, however fast the photos change."""

import re
import time

import pytest
from playwright.sync_api import expect

from zapcls.workspace.reviews import open_reviews
from zapcls.workspace.run_tables import read_predictions

DELAYS_MS = (0, 50, 150, 400, 800)
TIMEOUT_MS = 180_000

pytestmark = pytest.mark.slow


@pytest.fixture
def order(shelf, finished):
    """The wrong photos of train in the gallery's order, each with a decision on it."""
    table = read_predictions(finished, shelf)
    wrong = table[(table["split"] == "train") & (table["label"] != "") & ~table["correct"]]
    wrong = wrong.sort_values(["loss", "image_id"], ascending=[False, True])
    for image in wrong.head(2 * len(DELAYS_MS) + 2).itertuples():
        open_reviews(shelf).mark(
            finished.facts["catalogue_id"], image.image_id, "gender", image.label, "ambiguous"
        )
    return wrong["image_id"].to_list()


def wait_for_photo(page, n):
    """Wait until nothing runs any more; return the place of the photo that is shown, from 0."""
    shown = page.get_by_text(re.compile(rf"^\d+ of {n}$"))
    expect(shown).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_text("counts against it")).to_be_visible(timeout=TIMEOUT_MS)
    expect(page.get_by_test_id("stStatusWidget")).to_have_count(0, timeout=TIMEOUT_MS)
    return int(shown.inner_text().split()[0]) - 1


def listen(page):
    """Collect what the browser sends to the app from now on; a pressed button is named in it."""
    sent = []
    page.on("websocket", lambda socket: socket.on("framesent", lambda frame: sent.append(frame)))
    return sent


def wait_until(page, is_so):
    give_up = time.monotonic() + TIMEOUT_MS / 1000
    while not is_so():
        assert time.monotonic() < give_up
        page.wait_for_timeout(200)


def test_next_and_a_mark_in_quick_succession_never_mark_the_photo_before(
    page, served, shelf, finished, order
):
    def list_marked():
        made = open_reviews(shelf).read(finished.facts["catalogue_id"], "gender")
        return made.loc[made["mark"] == "model wrong", "image_id"].to_list()

    sent = listen(page)
    page.goto(f"{served}/errors?run={finished.run_id}&split=train&image={order[0]}")
    place = wait_for_photo(page, len(order))
    for delay_ms in DELAYS_MS:
        before = list_marked()
        sent.clear()
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(delay_ms)
        page.keyboard.press("l")
        page.wait_for_timeout(4000)  # for a step or a mark that is still on its way
        now = wait_for_photo(page, len(order))
        made = [image_id for image_id in list_marked() if image_id not in before]
        stepped = any(b"-next" in frame for frame in sent)  # else a busy browser lost the key
        assert made in ([], [order[place + stepped]])  # refused, or on the photo that was shown
        place = now

    before = list_marked()
    page.keyboard.press("l")  # on a photo that stays, the key does mark, and the next one is shown
    wait_until(page, lambda: order[place] in list_marked())
    assert [image_id for image_id in list_marked() if image_id not in before] == [order[place]]
    expect(page.get_by_text(f"{place + 2} of {len(order)}")).to_be_visible(timeout=TIMEOUT_MS)
