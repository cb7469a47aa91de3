"""A person logs in at an identity provider: who is named may train, another one sees nothing."""

import pytest
from app_server import find_port, serve
from identity_provider import CLIENT_ID, provide
from playwright.sync_api import expect

from zapcls.ui import login
from zapcls.workspace.layout import Workspace

ANN, EVE = "ann@example.org", "eve@example.org"

pytestmark = pytest.mark.slow


def write_secrets(folder, port, provider):
    """Write the section that docs/deploying.md describes."""
    values = {
        "redirect_uri": f"http://localhost:{port}/oauth2callback",
        "cookie_secret": "a long random text",
        "client_id": CLIENT_ID,
        "client_secret": "any",
        "server_metadata_url": f"{provider}/.well-known/openid-configuration",
    }
    lines = ["[auth]", *(f'{name} = "{value}"' for name, value in values.items())]
    file = folder / "secrets.toml"
    file.write_text("\n".join(lines) + "\n")
    return file


@pytest.fixture
def guarded(tmp_path, monkeypatch):
    """The app, where Ann alone may come in of those whom the provider knows."""
    port = find_port()
    with provide((ANN, EVE)) as provider:
        file = write_secrets(tmp_path, port, provider)
        monkeypatch.setenv("STREAMLIT_SECRETS_FILES", str(file))
        monkeypatch.setenv(login.USERS_ENVIRONMENT, ANN)
        with serve(Workspace(tmp_path / "workspace"), port) as address:
            yield address


def log_in(page, address, person):
    """Open Train, and log in as this person at the provider, which sends the browser back."""
    page.goto(f"{address}/train")
    page.get_by_role("button", name="Log in").click()
    page.get_by_role("link", name=person).click()
    expect(page.get_by_role("button", name="Log out")).to_be_visible()


def test_who_is_named_may_train_and_another_account_may_not_come_in(page, guarded):
    log_in(page, guarded, EVE)
    expect(page.get_by_text("This account has no access.")).to_be_visible()
    expect(page.get_by_text(EVE)).to_be_visible()
    page.goto(f"{guarded}/train")
    expect(page.get_by_text("This account has no access.")).to_be_visible()
    assert page.get_by_role("button", name="Start training").count() == 0
    page.get_by_role("button", name="Log out").click()
    expect(page.get_by_role("button", name="Log in")).to_be_visible()

    log_in(page, guarded, ANN)
    page.goto(f"{guarded}/train")
    expect(page.get_by_role("button", name="Start training")).to_be_visible()
    assert page.request.get(f"{guarded}/api/runs").status == 404  # programs cannot log in
    page.get_by_role("button", name="Log out").click()
