"""What strangers do not get, however the app is served: a traceback, and room for large files."""

import streamlit as st
from streamlit import config

from zapcls.errors import BadInput
from zapcls.workspace import permissions

# Of Streamlit, in a demo: MB of an upload, and no places of the host in what went wrong.
DEMO = {"server.maxUploadSize": 10, "client.showErrorDetails": "none"}


def keep_out() -> None:
    """Set what a demo needs of Streamlit; a mode that is not known ends the page with a sentence.

    The entry file begins with it, so it holds however that is served.
    """
    try:
        is_demo = permissions.read_mode() == "demo"
    except BadInput as error:
        st.error(str(error), icon=":material/error:")
        st.stop()
    for name, value in DEMO.items() if is_demo else ():
        if config.get_option(name) != value:
            config.set_option(name, value)
