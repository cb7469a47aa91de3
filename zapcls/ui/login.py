"""Who may come in: everybody, or who logs in where the secrets name an identity provider.

The provider says who somebody is (Streamlit's own login, OpenID Connect); $ZAPCLS_USERS says who of
them may come in.
"""

import os
from pathlib import Path

import streamlit as st
from streamlit import config

from zapcls.errors import BadInput

USERS_ENVIRONMENT = "ZAPCLS_USERS"  # mail addresses, a comma between them; all who log in without


def is_asked_for() -> bool:
    """Whether `.streamlit/secrets.toml` has a section [auth].

    Raises:
        BadInput: the file cannot be read, or people are named whom nobody would ask for a login:
            the app must not stand open then.
    """
    is_there = _has_section()
    if not is_there and os.environ.get(USERS_ENVIRONMENT):
        raise BadInput(
            f"{USERS_ENVIRONMENT} names who has access, so .streamlit/secrets.toml must have a "
            "section [auth], but it has none. Write it as docs/deploying.md says, or unset "
            f"{USERS_ENVIRONMENT}."
        )
    return is_there


def _has_section() -> bool:
    try:
        return "auth" in st.secrets
    except OSError as error:  # Streamlit's own error for what is no TOML is one, too
        files = config.get_option("secrets.files")
        if not any(Path(file).exists() for file in files):
            return False
        raise BadInput(
            f"The secrets must be TOML that can be read, but are not ({error}). Fix the file, or "
            "remove it."
        ) from error


def may_enter(mail: str, is_verified: bool) -> bool:
    """Whether somebody of this address may come in, once the provider has said who they are."""
    users = os.environ.get(USERS_ENVIRONMENT, "").lower().split(",")
    allowed = {user.strip() for user in users} - {""}
    return not allowed or (is_verified and mail.lower() in allowed)


def require_login() -> None:
    """Stop the page for who has not logged in, and for who may not come in."""
    if not is_asked_for():
        return
    if not st.user.get("is_logged_in", False):
        st.title("zapcls", anchor=False)
        st.button("Log in", type="primary", icon=":material/login:", on_click=st.login, key="login")
        st.stop()
    mail = str(st.user.get("email", ""))
    # A provider that says nothing of it is trusted; one that says no is not.
    if not may_enter(mail, st.user.get("email_verified", True) is True):
        st.error("This account has no access. Ask the person who runs this app.")
        st.text(mail)
        st.button("Log out", icon=":material/logout:", on_click=st.logout, key="logout")
        st.stop()
    st.sidebar.button("Log out", icon=":material/logout:", on_click=st.logout, key="logout")
