"""A page of another name that leads to this machine (DNS rebinding) reaches nothing of the app."""

import http.client
from urllib.parse import urlsplit

import pytest

from zapcls.ui.navigation import PAGES

pytestmark = pytest.mark.slow
HANDSHAKE = {
    "Upgrade": "websocket",
    "Connection": "Upgrade",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
    "Sec-WebSocket-Version": "13",
}


def ask(address, host, method, path, headers):
    """Return the status of a request that the browser believes to send to `host`."""
    server = urlsplit(address)
    connection = http.client.HTTPConnection(server.hostname, server.port, timeout=180)
    connection.request(method, path, headers={"Host": host, "Origin": f"http://{host}", **headers})
    status = connection.getresponse().status
    connection.close()
    return status


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]", "LOCALHOST"])
def test_this_machine_s_own_names_reach_the_app(address, host):
    named = f"{host}:{urlsplit(address).port}"
    for path in ("/", "/classify", "/_stcore/health"):
        assert ask(address, named, "GET", path, {}) == 200
    assert ask(address, named, "GET", "/_stcore/stream", HANDSHAKE) == 101


def test_no_page_fetches_anything_from_elsewhere(address, page):
    """Not even a picture that a name in the data asks for: the browser is told so."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    for name in ("", *PAGES):
        page.goto(f"{address}/{name}")
        page.get_by_role("heading", level=1).wait_for()
        page.wait_for_timeout(500)
    assert [url for url in asked if not url.startswith((address, "data:", "blob:"))] == []

    refused = page.evaluate(
        """() => new Promise(done => {
            document.addEventListener("securitypolicyviolation", e => done(e.blockedURI));
            document.body.append(Object.assign(new Image(), {src: "http://example.com/a.png"}));
        })"""
    )
    assert refused == "http://example.com/a.png"


@pytest.mark.parametrize("host", ["evil.com:8501", "evil.com", "localhost.evil.com", ""])
def test_any_other_name_is_refused(address, host):
    for path in ("/", "/classify", "/_stcore/health", "/_stcore/host-config", "/media/a.png"):
        assert ask(address, host, "GET", path, {}) == 403
    assert ask(address, host, "PUT", "/_stcore/upload_file/a/b", {}) == 403
    assert ask(address, host, "GET", "/_stcore/stream", HANDSHAKE) == 403


@pytest.mark.parametrize("origin", ["http://evil.com", "http://localhost:9", "http://[", "null"])
def test_a_page_of_another_origin_opens_no_session(address, origin):
    """Streamlit lets any page of localhost in, and asks a host on the internet about the others."""
    named = urlsplit(address).netloc
    assert ask(address, named, "GET", "/_stcore/stream", {**HANDSHAKE, "Origin": origin}) == 403
