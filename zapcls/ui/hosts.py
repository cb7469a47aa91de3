"""Answers only who asks for the app by a name that the settings allow.

Any web page can have its own name lead to this machine (DNS rebinding), and would then count as
the app itself. Streamlit checks `server.allowedHosts` for its WebSocket alone; here it holds for
pages, uploads and every other address too.
"""

from starlette.datastructures import Headers
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Receive, Scope, Send
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

REFUSED = (
    "The app must be asked for by a name in server.allowedHosts of .streamlit/config.toml, got "
    "another. Open http://localhost with the app's port."
)


class KnownHosts:
    """An ASGI middleware that refuses requests of other hosts with 403."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and not is_host_allowed(Headers(scope=scope).get("host")):
            await PlainTextResponse(REFUSED, status_code=403)(scope, receive, send)
            return
        await self.app(scope, receive, send)
