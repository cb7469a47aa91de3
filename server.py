"""The server of the app: what `python -m zapcls serve` runs."""

from starlette.middleware import Middleware
from streamlit.starlette import App

from zapcls.service.routes import build_routes
from zapcls.ui.hosts import KnownHosts, OwnSources
from zapcls.ui.upload_limits import UploadLimit, keep_uploads_in_memory
from zapcls.workspace import permissions

keep_uploads_in_memory()
limits = [Middleware(UploadLimit)] if permissions.read_mode() == "demo" else []
app = App(
    "streamlit_app.py",
    routes=build_routes(),
    middleware=[Middleware(KnownHosts), Middleware(OwnSources), *limits],
)
