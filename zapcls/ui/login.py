"""Who may come in: everybody, or who logs in where the secrets name an identity provider.

The provider says who somebody is (Streamlit's own login, OpenID Connect); $ZAPCLS_USERS says who of
them may come in.
"""

import os

import streamlit as st
from streamlit.errors import StreamlitSecretNotFoundError

USERS_ENVIRONMENT = "ZAPCLS_USERS"  # mail addresses, a comma between them; all who log in without


def is_asked_for() -> bool:
    """Whether `.streamlit/secrets.toml` has a section [auth]."""
    try:
        return "auth" in st.secrets
    except StreamlitSecretNotFoundError:
        return False


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
        st.error("This account may not come in. Ask who runs this app.")
        st.text(mail)
        st.button("Log out", icon=":material/logout:", on_click=st.logout, key="logout")
        st.stop()
    st.sidebar.button("Log out", icon=":material/logout:", on_click=st.logout, key="logout")
