"""Where the secrets name an identity provider, a page shows nothing before the login."""

import pytest
from app_driver import App
from conftest import PROJECT
from streamlit.testing.v1.util import patch_config_options

from zapcls.ui import login, navigation

AUTH = {
    "redirect_uri": "http://localhost:8501/oauth2callback",
    "cookie_secret": "any",
    "client_id": "zapcls",
    "client_secret": "any",
    "server_metadata_url": "http://localhost/.well-known/openid-configuration",
}


@pytest.mark.parametrize("page", ["overview", "errors"])
def test_a_page_asks_for_the_login_first_and_shows_nothing_else(finished, open_page, page):
    assert open_page(page, run=finished.run_id).selectbox(key="run").value == finished.run_id

    app = App(PROJECT / "streamlit_app.py", default_timeout=60)
    app.secrets["auth"] = AUTH
    app.query_params["run"] = finished.run_id
    if page != "overview":
        app.switch_page(navigation.PAGES[page])
    app.run()

    assert [button.key for button in app.button] == ["login"]
    assert finished.run_id not in app.said
    assert not app.selectbox


@pytest.mark.parametrize(
    ("secrets", "users", "said"),
    [("[auth\n", "", "The secrets must be TOML"), (None, "ann@example.org", "a section [auth]")],
)
def test_an_app_that_cannot_ask_for_the_login_shows_nothing(
    finished, open_page, tmp_path, monkeypatch, secrets, users, said
):
    file = tmp_path / "secrets.toml"
    if secrets:
        file.write_text(secrets)
    monkeypatch.setenv(login.USERS_ENVIRONMENT, users)
    with patch_config_options({"secrets.files": [str(file)]}):
        app = open_page("errors", run=finished.run_id)

    assert said in app.error[0].value
    assert finished.run_id not in app.said
    assert not app.selectbox


@pytest.mark.parametrize(
    ("users", "mail", "is_verified", "expected"),
    [
        ("", "any@example.org", False, True),
        ("ann@example.org, Bob@example.org", "bob@example.org", True, True),
        ("ann@example.org", "ANN@example.org", True, True),
        ("ann@example.org", "ann@example.org", False, False),
        ("ann@example.org", "ann@example.org.evil.com", True, False),
        ("ann@example.org", "", True, False),
        (" , ", "any@example.org", True, True),
    ],
)
def test_who_is_named_may_come_in(monkeypatch, users, mail, is_verified, expected):
    monkeypatch.setenv(login.USERS_ENVIRONMENT, users)
    assert login.may_enter(mail, is_verified) is expected
