"""Several visitors at once meet no error, and a visitor of `benchmarks.load` is as a browser's."""

import os
import signal
import time

import pytest
from playwright.sync_api import expect
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

from benchmarks.load import send_visitors, serving
from benchmarks.memory import Gauge
from benchmarks.visitor import EARLY, Visitor, read_delta

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def served(several):
    with serving(several.run, several.workspace, "demo") as (port, server):
        yield port, server


@pytest.fixture(scope="module")
def photos(several):
    return sorted(several.data_dir.rglob("*.jpg"))[:3]


def test_visitors_who_come_at_once_meet_no_error(served, photos):
    port, server = served
    with Gauge(server) as gauge:
        rows, problems = send_visitors(port, 4, photos, seconds=4, pause_s=0)
        os.kill(server, signal.SIGUSR1)
        time.sleep(0.5)
        assert gauge.read()["resident"] <= gauge.summarize(0, 0)["peak"]["resident"]

    assert problems == []
    assert {what.partition(":")[0] for _, what, _ in rows} == {"Errors", "Color bias", "Classify"}


def test_what_is_wrong_is_told(served, tmp_path):
    port, _ = served
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is no picture")
    with Visitor(port) as visitor:
        visitor.open("classify")
        visitor.upload("photos", broken)

    [problem] = visitor.problems
    assert "A photo must be a whole picture file" in problem


def test_a_browser_is_shown_what_a_visitor_is_shown(served, page):
    port, _ = served
    with Visitor(port) as visitor:
        visitor.open("errors")
        opened = visitor.list_keys("open-")[0]
        visitor.change(opened, trigger_value=True)

    received = []
    page.on(
        "websocket", lambda socket: socket.on("framereceived", lambda one: received.append(one))
    )
    page.goto(f"http://127.0.0.1:{port}/errors")
    page.locator(f".st-key-{opened} button").click()
    expect(page.get_by_text("counts against it")).to_be_visible()
    wait_until(page, lambda: list_runs(received)[-1])
    assert list_runs(received)[-1] == {
        place: type(element).__name__ for place, element in visitor.shown.items()
    }


def list_runs(frames):
    """List what each run of the script that has ended showed: place -> kind of element."""
    ended, shown = [{}], {}
    for frame in frames:
        message = ForwardMsg()
        message.ParseFromString(frame)
        kind = message.WhichOneof("type")
        if kind == "new_session":
            shown = {}
        elif kind == "delta" and message.delta.WhichOneof("type") != "new_transient":
            place, _, element = read_delta(message)
            shown[place] = type(element).__name__
        elif kind == "script_finished":
            ended.append(shown if message.script_finished != EARLY else {})
    return ended


def wait_until(page, is_so):
    give_up = time.monotonic() + 180
    while not is_so():
        assert time.monotonic() < give_up
        page.wait_for_timeout(100)
