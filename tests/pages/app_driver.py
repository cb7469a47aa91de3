"""The app under test: opened without a browser, and read by what it says."""

import gc
import json

from streamlit.components.v2.component_manager import BidiComponentManager
from streamlit.runtime.pages_manager import PagesManager
from streamlit.runtime.scriptrunner.script_cache import ScriptCache
from streamlit.testing.v1 import AppTest

# The sections of Color bias, all open.
OPEN = {
    f"open_{name}": "true"
    for name in (
        "claim", "groups", "pairs", "odds", "recolor", "association", "directions", "remedies"
    )
}  # fmt: skip
SCRIPTS = ScriptCache()  # the pages are compiled once, not at each run


class App(AppTest):
    """The app as a person meets it; no run of it may end in a traceback."""

    def run(self, *, timeout=None):
        super().run(timeout=timeout)
        assert not self.exception, self.exception[0].value
        self._page_hash = ""  # stay on the page that a click led to
        return self

    @property
    def said(self):
        """All that the page says, but for the labels of its fields."""
        kinds = ("title", "subheader", "markdown", "caption", "error", "info", "success", "warning")
        said = [element.value for kind in kinds for element in getattr(self, kind)]
        said += [button.label for button in self.button] + [link.value for link in self.page_link]
        said += [f"{metric.label}: {metric.value}" for metric in self.metric]
        said += [bar.text for bar in self.progress] + [code.value for code in self.code]
        return "\n".join([*said, *(expander.label for expander in self.expander)])

    def click(self, key):
        self.button(key=key).click()
        return self.run()

    def choose(self, key, value):
        """Set the widget of this key, whatever its kind."""
        kinds = ("selectbox", "multiselect", "text_input", "number_input", "button_group")
        widget = next(w for kind in kinds for w in getattr(self, kind) if w.key == key)
        widget.set_value(value)
        return self.run()

    def field(self, key):
        """The field of this key, whatever its kind."""
        fields = [*self.selectbox, *self.number_input, *self.text_input]
        return next(field for field in fields if field.key == key)

    def list_keys(self, prefix="open-"):
        """List what follows a prefix in the keys of buttons: the images of cards, in order."""
        keys = (button.key or "" for button in self.button)
        return [key.removeprefix(prefix) for key in keys if key.startswith(prefix)]

    def charts(self):
        """The traces of each chart, in order."""
        return [json.loads(c.proto.spec)["data"] for c in self.get("plotly_chart")]

    def link(self, label):
        """Where a link leads: page?query."""
        link = next(link for link in self.page_link if link.value == label)
        return f"{link.proto.page}?{link.proto.query_string}"


class WarmPagesManager(PagesManager):
    """As on a server whose Overview was opened before: the folder `pages` is not navigation."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        PagesManager.uses_pages_directory = False


def lighten(monkeypatch):
    """Take from Streamlit's own test harness what would be slow or is not so on a real server."""
    harness = "streamlit.testing.v1.app_test"
    monkeypatch.setattr(f"{harness}.PagesManager", WarmPagesManager)
    monkeypatch.setattr(f"{harness}.ScriptCache", lambda: SCRIPTS)
    # Garbage is collected after each script, of all that the tests have loaded.
    monkeypatch.setattr(gc, "collect", lambda *generation: 0)
    monkeypatch.setattr(gc, "freeze", lambda: None)
    # A scan of all installed packages at each opening; the app uses no component.
    monkeypatch.setattr(
        BidiComponentManager, "discover_and_register_components", lambda *args, **kwargs: None
    )
