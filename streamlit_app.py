"""The app's entry: its pages, the choice of run, and one handler for what goes wrong."""

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from zapcls.ui import widgets

st.set_page_config(page_title="zapcls", page_icon=":material/steps:", layout="wide")


def define_page(name: str, title: str, icon: str) -> StreamlitPage:
    """Define a page; Overview is the one that opens first."""
    is_first = name == "overview"
    return st.Page(widgets.PAGES[name], title=title, icon=f":material/{icon}:", default=is_first)


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

st.html(widgets.STYLE)
widgets.send_back()
with widgets.explain_errors():
    widgets.pick_run()
    page.run()
