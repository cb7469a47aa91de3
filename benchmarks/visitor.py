"""A visitor without a browser: speaks Streamlit's own protocol, and fetches the pictures shown.

It sends what a browser would: the widget that was changed, the page and the query. A browser also
sends the widgets that were not changed, whose values the server knows.
"""

import contextlib
import time
from pathlib import Path
from typing import Any

import urllib3
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.sync.client import ClientConnection, connect

TIMEOUT_S = 120  # a rerun that takes longer is an error
EARLY = ForwardMsg.FINISHED_EARLY_FOR_RERUN  # the script goes on with another run
XSRF = "_streamlit_xsrf"


def read_delta(message: ForwardMsg) -> tuple[tuple[int, ...], str, Any]:
    """Read what a message puts on the page: its place, its kind, and the element or block."""
    whole = getattr(message.delta, message.delta.WhichOneof("type"))
    name = whole.WhichOneof("type") or ""
    return tuple(message.metadata.delta_path), name, getattr(whole, name) if name else whole


class Visitor:
    """One session of the app on this machine, as from an address of its own below 127.0.0.0/8.

    `shown` is what the page shows by its place, `widgets` those of it that have a key, by that;
    `problems` are all errors so far: of an upload or a picture, or shown on a page.
    """

    def __init__(self, port: int, address: str = "127.0.0.1") -> None:
        self.problems: list[str] = []
        self.shown: dict[tuple[int, ...], Any] = {}
        self.widgets: dict[str, Any] = {}
        host = f"127.0.0.1:{port}"
        self._http = urllib3.HTTPConnectionPool(
            "127.0.0.1", port, source_address=(address, 0), timeout=TIMEOUT_S
        )
        told = self._http.request("GET", "/_stcore/health")
        self._cookie = told.headers["Set-Cookie"].partition(";")[0]
        self._opened = contextlib.ExitStack()
        self._socket: ClientConnection = self._opened.enter_context(
            connect(
                f"ws://{host}/_stcore/stream", origin=f"http://{host}",
                additional_headers={"Cookie": self._cookie}, source_address=(address, 0),
                subprotocols=["streamlit", self._cookie.partition("=")[2]], max_size=None,
                compression=None,
            )
        )  # fmt: skip
        self._pages: dict[str, str] = {}
        self._page, self._query, self._session = "", "", ""
        self._known: set[str] = set()  # pictures in the browser's cache

    def __enter__(self) -> "Visitor":
        return self

    def __exit__(self, *error: object) -> None:
        self._opened.close()
        self._http.close()

    def open(self, page: str, query: str = "") -> float:
        """Open a page by its name, as a link of the sidebar does; return the seconds it took."""
        message = BackMsg()
        message.rerun_script.page_script_hash = self._pages.get(page, "")
        message.rerun_script.page_name = "" if page in self._pages else page
        message.rerun_script.query_string = query
        return self._run(message)

    def change(self, key: str, **value: Any) -> float:
        """Change the widget of this key: `trigger_value=True` clicks it; return the seconds."""
        return self._rerun(WidgetState(id=self.widgets[key].id, **value))

    def choose(self, key: str, word: str) -> float:
        """Choose an option of a list that takes several, and return the seconds."""
        state = WidgetState(id=self.widgets[key].id)
        state.string_array_value.data.append(word)
        return self._rerun(state)

    def upload(self, key: str, photo: Path) -> float:
        """Upload a photo, and return the seconds from then on until all is shown."""
        begin, content = time.perf_counter(), photo.read_bytes()
        request = BackMsg()
        request.file_urls_request.request_id = photo.name
        request.file_urls_request.file_names.append(photo.name)
        request.file_urls_request.session_id = self._session
        self._socket.send(request.SerializeToString())
        [place] = self._wait_for("file_urls_response").file_urls_response.file_urls
        headers = {"Cookie": self._cookie, "X-Xsrftoken": self._cookie.partition("=")[2]}
        self._fetch(
            "PUT", place.upload_url, headers=headers, fields={"file": (photo.name, content)}
        )
        state = WidgetState(id=self.widgets[key].id)
        info = state.file_uploader_state_value.uploaded_file_info.add()
        info.name, info.size, info.file_id = photo.name, len(content), place.file_id
        info.file_urls.CopyFrom(place)
        self._rerun(state)
        return time.perf_counter() - begin

    def list_keys(self, prefix: str) -> list[str]:
        """List the keys of widgets on the page that begin so."""
        return [key for key in self.widgets if key.startswith(prefix)]

    def _rerun(self, state: WidgetState) -> float:
        message = BackMsg()
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.query_string = self._query
        message.rerun_script.widget_states.widgets.append(state)
        return self._run(message)

    def _run(self, message: BackMsg) -> float:
        """Have the script run, take in what it shows, and return the seconds with its pictures."""
        begin = time.perf_counter()
        self._socket.send(message.SerializeToString())
        while self._wait_for("script_finished").script_finished == EARLY:
            pass
        self._look()
        return time.perf_counter() - begin

    def _wait_for(self, kind: str) -> ForwardMsg:
        while True:
            message = ForwardMsg()
            message.ParseFromString(self._socket.recv(TIMEOUT_S))
            self._take(message)
            if message.WhichOneof("type") == kind:
                return message

    def _take(self, message: ForwardMsg) -> None:
        """Take in a message of the server, as a browser does."""
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self._session = message.new_session.initialize.session_id
            self.shown, self.widgets = {}, {}
        elif kind == "page_info_changed":
            self._query = message.page_info_changed.query_string
        elif kind == "navigation":
            pages = message.navigation.app_pages
            self._pages = {page.url_pathname: page.page_script_hash for page in pages}
            self._page = message.navigation.page_script_hash
        elif kind == "delta" and message.delta.WhichOneof("type") != "new_transient":
            self._show(*read_delta(message))

    def _show(self, place: tuple[int, ...], name: str, element: Any) -> None:
        self.shown[place] = element
        # An id ends in the key that the page gave the widget: $$ID-hash-key.
        _, _, key = getattr(element, "id", "").partition("-")[2].partition("-")
        if key:
            self.widgets[key] = element
        if name == "exception":
            self.problems.append(f"a traceback: {element.type}: {element.message}")
        elif name == "alert" and element.format == element.ERROR:
            self.problems.append(f"shown: {element.body}")

    def _look(self) -> None:
        """Fetch the pictures of the page that are not in the browser's cache."""
        for element in self.shown.values():
            for image in getattr(element, "imgs", ()):
                if image.url.startswith("/media/") and image.url not in self._known:
                    self._known.add(image.url)
                    self._fetch("GET", image.url)

    def _fetch(self, method: str, url: str, **more: Any) -> None:
        answer = self._http.request(method, url, **more)
        if answer.status >= 300:
            self.problems.append(f"{method} {url.rpartition('/')[0]}: {answer.status}")
