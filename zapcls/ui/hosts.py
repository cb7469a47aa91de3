"""Who may ask the app, and from where its pages may fetch: from the app alone.

Any web page can have its own name lead to this machine (DNS rebinding), and would then count as
the app itself. Streamlit checks `server.allowedHosts` for its WebSocket alone; here it holds for
pages, uploads and every other address too. A session is opened by a page of the app's own origin
alone: Streamlit would let in any page of localhost, and ask a host on the internet for this
machine's address to judge the others, while every visitor waits.

A page may load nothing from elsewhere, whatever a name or a note in the data says to a browser.
"""

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send
from starlette.websockets import WebSocketClose
from streamlit import config
from streamlit.web.server.server_util import allowlisted_origins
from streamlit.web.server.starlette.starlette_websocket import is_host_allowed

REFUSED = (
    "The app answers only to the host names in server.allowedHosts of .streamlit/config.toml, and "
    "this is not one of them. Open http://localhost with the app's port."
)
# What Streamlit's pages need, and nothing of another host. Old browsers take 'self' for http only.
POLICY = (
    "default-src 'self' data: blob: 'unsafe-inline' 'unsafe-eval'; "
    "connect-src 'self' data: blob: ws://{host} wss://{host}; "
    "object-src 'none'; base-uri 'self'; frame-ancestors 'self'"
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


class OwnOrigin:
    """An ASGI middleware that refuses a WebSocket of another origin's page with 403.

    Streamlit's settings `server.enableCORS` and `server.corsAllowedOrigins` may let others in.
    """

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "websocket" and not is_own_origin(Headers(scope=scope)):
            await WebSocketClose()(scope, receive, send)
            return
        await self.app(scope, receive, send)


def is_own_origin(headers: Headers) -> bool:
    """Whether a request is of the app's own page, or of a program, which names no origin."""
    origin = headers.get("origin")
    if not config.get_option("server.enableCORS") or origin in allowlisted_origins():
        return True
    return origin is None or origin.partition("://")[2].lower() == headers.get("host", "").lower()


class OwnSources:
    """An ASGI middleware that has pages fetch from the app alone (Content-Security-Policy)."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        policy = POLICY.format(host=Headers(scope=scope).get("host", ""))

        async def send_with_policy(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers["Content-Security-Policy"] = policy
                headers["X-Content-Type-Options"] = "nosniff"
            await send(message)

        await self.app(scope, receive, send_with_policy)
