"""The server of the app: what `python -m zapcls serve` runs."""

from starlette.middleware import Middleware
from streamlit.starlette import App

from zapcls.ui.hosts import KnownHosts, OwnSources

app = App("streamlit_app.py", middleware=[Middleware(KnownHosts), Middleware(OwnSources)])
