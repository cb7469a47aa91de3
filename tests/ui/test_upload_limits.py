"""Uploads of strangers: so many a minute, and never on the disk."""

import asyncio
import tempfile

import pytest
from starlette.datastructures import Headers
from starlette.formparsers import MultiPartParser

from zapcls.ui import upload_limits
from zapcls.ui.upload_limits import PER_MINUTE, UploadLimit

FORM = (
    b'--x\r\nContent-Disposition: form-data; name="a"; filename="a.jpg"\r\n\r\n'
    + bytes(3_000_000) + b"\r\n--x--\r\n"
)  # fmt: skip


@pytest.fixture
def send(monkeypatch):
    """Return a function that sends a request through the limit, and says its status."""
    clock = [1000.0]
    monkeypatch.setattr(upload_limits.time, "monotonic", lambda: clock[0])

    async def answer(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    limit = UploadLimit(answer)

    def send(address="a", method="PUT", path="/_stcore/upload_file/1/2", after_s=0.0):
        clock[0] += after_s
        told = []

        async def note(message):
            told.append(message)

        scope = {"type": "http", "method": method, "path": path, "client": (address, 1)}
        asyncio.run(limit(scope, None, note))
        return told[0]["status"]

    return send


def test_an_address_has_so_many_uploads_a_minute_and_others_have_theirs(send):
    assert [send() for _ in range(PER_MINUTE)] == [200] * PER_MINUTE
    assert send() == 429
    assert send(method="POST", path="/base/api/classify") == 429
    assert send(address="b") == 200
    assert send(method="GET", path="/api/health") == 200  # no upload
    assert send(after_s=60 / PER_MINUTE) == 200
    assert send() == 429


def test_a_form_is_read_in_memory_whatever_its_size(monkeypatch):
    written = []
    rollover = tempfile.SpooledTemporaryFile.rollover
    monkeypatch.setattr(
        tempfile.SpooledTemporaryFile, "rollover", lambda file: written.append(rollover(file))
    )
    monkeypatch.setattr(MultiPartParser, "spool_max_size", MultiPartParser.spool_max_size)

    async def stream():
        yield FORM

    def parse():
        headers = Headers({"content-type": "multipart/form-data; boundary=x"})
        form = asyncio.run(MultiPartParser(headers, stream()).parse())
        asyncio.run(form.close())
        return len(written)

    assert parse() == 1  # as Starlette comes
    upload_limits.keep_uploads_in_memory()
    assert parse() == 1
