"""The server of the app: what `python -m zapcls serve` runs."""

import sys

from starlette.middleware import Middleware
from streamlit import config
from streamlit.starlette import App

from zapcls.errors import BadInput
from zapcls.heap import share_heaps
from zapcls.service.routes import build_routes
from zapcls.ui import login
from zapcls.ui.hosts import KnownHosts, OwnOrigin, OwnSources
from zapcls.ui.upload_limits import UploadLimit, keep_uploads_in_memory
from zapcls.workspace import permissions

share_heaps()
keep_uploads_in_memory()
try:
    is_demo = permissions.read_mode() == "demo"
    # Programs cannot log in, so where people must, the service only says that it is there.
    is_open = not login.is_asked_for()
except BadInput as error:
    sys.exit(f"zapcls: {error}")
limits = [Middleware(UploadLimit)] if is_demo else []
app = App(
    "streamlit_app.py",
    routes=build_routes(base=config.get_option("server.baseUrlPath"), is_open=is_open),
    middleware=[Middleware(KnownHosts), Middleware(OwnOrigin), Middleware(OwnSources), *limits],
)
