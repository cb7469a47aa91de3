"""The app's entry: its pages, the choice of run, and one handler for what goes wrong."""

from pathlib import Path

import streamlit as st
from streamlit.navigation.page import StreamlitPage

from zapcls.ui import login, messages, navigation, photos, run_picker, strangers, uploads

# What `.streamlit/config.toml` cannot say; the browser has it only after the first heading.
# In a narrow window a row of choices goes on below instead of out of sight.
STYLE = """<style>
@media (min-width: 1000px) { .stMainBlockContainer { padding-left: 3.4rem; } }
@media (min-width: 1000px) { .stMainBlockContainer { padding-right: 3.4rem; } }
.stButtonGroup [role=radiogroup] { flex-wrap: wrap; row-gap: 0.25rem; }
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] * { opacity: 1; }
[data-testid=stCaptionContainer], [data-testid=stCaptionContainer] p { color: var(--pale); }
.stApp { --pale: light-dark(#565c63, #a9afb5); }
[data-testid^=stBaseButton-primary]:enabled * { color: light-dark(#ffffff, #0d1b1a); }
.js-plotly-plot :is(.xtick, .ytick, .legend, .annotation) text,
.js-plotly-plot :is(.xtitle, .ytitle) { fill: var(--pale) !important; }
.stElementContainer:has([data-testid=stImage]) [data-testid=stElementToolbar] { top: 0.25rem; }
</style>"""

# A file of our own: Streamlit fetches the icons that it knows by name from elsewhere.
ICON = Path(navigation.__file__).with_name("icon.png")
st.set_page_config(page_icon=str(ICON), layout="wide")
strangers.keep_out()


def define_pages(*pages: tuple[str, str, str]) -> list[StreamlitPage]:
    """Define those pages that are there: name, title, icon. Overview opens first."""
    return [
        st.Page(
            navigation.PAGES[name], title=title, icon=f":material/{icon}:",
            default=name == "overview",
        )
        for name, title, icon in pages
        if navigation.is_there(name)
    ]  # fmt: skip


sections = {
    "Start": define_pages(
        ("overview", "Overview", "home"), ("classify", "Classify", "photo_camera"),
        ("similar", "Similar", "view_module"),
    ),
    "Learn": define_pages(
        ("data", "Data", "grid_view"), ("learning_rate", "Learning rate", "show_chart"),
        ("train", "Train", "model_training"),
    ),
    "Understand": define_pages(
        ("results", "Results", "insights"), ("errors", "Errors", "image_search"),
        ("color_bias", "Color bias", "palette"),
    ),
    "Improve": define_pages(
        ("review", "Review", "rate_review"), ("compare", "Compare", "compare_arrows")
    ),
}  # fmt: skip
page = st.navigation({title: pages for title, pages in sections.items() if pages}, expanded=True)

st.set_page_config(page_title=f"{page.title} · zapcls")
st.html(STYLE + photos.STYLE)
with messages.explain_errors():
    login.require_login()
    navigation.send_back()
    run_picker.pick_run()
    uploads.drop_unnamed(page.title)
    page.run()
