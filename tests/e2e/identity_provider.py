"""A tiny identity provider on this machine: OpenID Connect, without passwords."""

import contextlib
import secrets
import threading
import time
from urllib.parse import urlencode

import uvicorn
from app_server import find_port, wait_until_served
from joserfc import jwt
from joserfc.jwk import RSAKey
from starlette.applications import Starlette
from starlette.responses import HTMLResponse, JSONResponse
from starlette.routing import Route

CLIENT_ID = "zapcls"


class Provider:
    """Knows some people by their addresses; whoever comes chooses one of them on its page."""

    def __init__(self, address, people):
        self.address = address
        self._people = people
        self._key = RSAKey.generate_key(2048, {"kid": "the only one"})
        self._promised = {}  # code -> who was chosen, and the nonce of the login

    async def describe(self, request):
        ways = {"authorization": "authorize", "token": "token"}
        ends = {f"{name}_endpoint": f"{self.address}/{path}" for name, path in ways.items()}
        ends |= {"issuer": self.address, "jwks_uri": f"{self.address}/keys"}
        kinds = {"response_types_supported": ["code"], "subject_types_supported": ["public"]}
        return JSONResponse(ends | kinds | {"id_token_signing_alg_values_supported": ["RS256"]})

    async def tell_keys(self, request):
        return JSONResponse({"keys": [self._key.as_dict(private=False)]})

    async def authorize(self, request):
        asked, links = request.query_params, []
        for person in self._people:
            code = secrets.token_hex(8)
            self._promised[code] = person, asked["nonce"]
            query = urlencode({"code": code, "state": asked["state"]})
            links.append(f'<p><a href="{asked["redirect_uri"]}?{query}">{person}</a></p>')
        return HTMLResponse("<h1>Who are you?</h1>" + "".join(links))

    async def give_token(self, request):
        async with request.form() as form:
            person, nonce = self._promised.pop(form["code"])
        now = int(time.time())
        claims = {
            "iss": self.address, "aud": CLIENT_ID, "sub": person, "iat": now, "exp": now + 600,
            "nonce": nonce, "email": person, "email_verified": True,
        }  # fmt: skip
        signed = jwt.encode({"alg": "RS256", "kid": self._key.kid}, claims, self._key)
        return JSONResponse({"access_token": "any", "token_type": "Bearer", "id_token": signed})


@contextlib.contextmanager
def provide(people):
    """Serve a provider that knows these people, and yield its address."""
    port = find_port()
    provider = Provider(f"http://localhost:{port}", people)
    routes = [
        Route("/.well-known/openid-configuration", provider.describe),
        Route("/keys", provider.tell_keys),
        Route("/authorize", provider.authorize),
        Route("/token", provider.give_token, methods=["POST"]),
    ]
    config = uvicorn.Config(Starlette(routes=routes), "localhost", port, log_level="warning")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    try:
        wait_until_served(f"{provider.address}/keys")
        yield provider.address
    finally:
        server.should_exit = True
        thread.join(timeout=60)
