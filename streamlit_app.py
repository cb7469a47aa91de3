"""The app's entry: its pages, the choice of run, and one handler for what goes wrong."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from zapcls.ui import messages, navigation, run_picker

# Streamlit leaves 6 rem above the first heading; the answer should stand in the first screen.
# In a narrow window a row of choices goes on below instead of out of sight.
STYLE = """<style>
.stMainBlockContainer { padding-top: 2.5rem; padding-bottom: 3rem; }
.stButtonGroup [role=radiogroup] { flex-wrap: wrap; row-gap: 0.25rem; }
</style>"""

# A file of our own: Streamlit fetches the icons that it knows by name from elsewhere.
ICON = Path(navigation.__file__).with_name("icon.png")
st.set_page_config(page_title="zapcls", page_icon=str(ICON), layout="wide")


def define_page(name: str, title: str, icon: str) -> StreamlitPage:
    """Define a page; Overview is the one that opens first."""
    is_first = name == "overview"
    return st.Page(navigation.PAGES[name], title=title, icon=f":material/{icon}:", default=is_first)


page = st.navigation(
    {
        "Start": [
            define_page("overview", "Overview", "home"),
            define_page("classify", "Classify", "photo_camera"),
        ],
        "Learn": [
            define_page("data", "Data", "grid_view"),
            define_page("learning_rate", "Learning rate", "show_chart"),
            define_page("train", "Train", "model_training"),
        ],
        "Understand": [
            define_page("results", "Results", "insights"),
            define_page("errors", "Errors", "image_search"),
            define_page("color_bias", "Color bias", "palette"),
        ],
        "Improve": [
            define_page("review", "Review", "rate_review"),
            define_page("compare", "Compare", "compare_arrows"),
        ],
    },
    expanded=True,
)

st.html(STYLE)
navigation.send_back()
with messages.explain_errors():
    run_picker.pick_run()
    page.run()
