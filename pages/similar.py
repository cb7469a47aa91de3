"""What in the catalogue is like my photo, and what goes with those that I pick?"""

import streamlit as st

from zapcls.errors import BadInput
from zapcls.findings import similar
from zapcls.findings.shelf import Shelf
from zapcls.findings.similar import Wish
from zapcls.ui import navigation, recommend_view, run_state, similar_view
from zapcls.ui.bound import pick_one
from zapcls.ui.messages import escape
from zapcls.ui.picks import read_picks
from zapcls.ui.similar_cards import VIEWS, show_cards
from zapcls.workspace.runs import Run

TOP, BEGIN = 24, 12


def show_similar(run: Run, shelf: Shelf) -> None:
    """Show the photo that is asked about and those like it, or ask for one."""
    asked = similar_view.read_asked(run, shelf)
    if asked is None:
        similar_view.pick_photo(run, shelf)
        found = similar.sample(shelf, Wish(top=BEGIN))
        st.markdown(f"Or begin with one of the catalogue's **{len(shelf.table):,}** photos.")
    else:
        similar_view.show_asked(asked, run, shelf)
        wish = similar_view.pick_wish(run, shelf, TOP, is_upload=asked.image is None)
        found = similar.search(shelf, asked.query, wish)
        st.markdown(
            f"The **{len(found):,}** most similar of {len(shelf.table):,} photos; a score of 1 "
            "means identical."
        )
    picks = read_picks(run)
    recommend_view.show_count(picks)
    show_cards(found, shelf, run, picks)
    similar_view.offer_frozen(run)


navigation.enter("similar")
st.title("Similar", anchor=False)
run = run_state.need_run()
shelf = similar_view.open_chosen(run)
view = pick_one("View", VIEWS, "similar_view", label_visibility="collapsed")
try:
    if view == VIEWS[0]:
        show_similar(run, shelf)
    else:
        recommend_view.show_recommended(run, shelf)
except BadInput as error:
    st.error(escape(str(error)), icon=":material/error:")
