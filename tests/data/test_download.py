import io
import random
import shutil
import socket
import stat
import threading
import zipfile
from collections import namedtuple
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from zapcls.data import download
from zapcls.data.download import download_zappos
from zapcls.errors import BadInput, Stopped, ZapError

DATA, IMAGES = download.ARCHIVES
RANGE = "bytes="


def build_zip(entries, top="", method=zipfile.ZIP_STORED):
    """Return a zip's bytes; `entries` maps a name or a ZipInfo to bytes."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as archive:
        for entry, content in entries.items():
            archive.writestr(entry if isinstance(entry, zipfile.ZipInfo) else top + entry, content)
    return buffer.getvalue()


def build_data_zip(meta=b"CID\n", seed=0, top="", **more):
    paths = random.Random(seed).randbytes(400_000)
    return build_zip({"meta-data.csv": meta, "image-path.mat": paths} | more, top)


DATA_ZIP = build_data_zip(top=f"{DATA}/")
IMAGES_ZIP = build_zip({"Shoes/Heels/Neil M./1.jpg": b"one", "Boots/2.jpg": b"two"}, f"{IMAGES}/")


@dataclass
class Site:
    """What the server sends, and what it was asked for and has sent."""

    url: str = ""
    files: dict = field(default_factory=dict)
    etags: dict = field(default_factory=dict)
    has_ranges: bool = True
    checks_if_range: bool = True
    cuts: list = field(default_factory=list)  # the next bodies end after so many bytes
    statuses: list = field(default_factory=list)  # the next answers are these errors
    asked: list = field(default_factory=list)  # (file name, Range or None)
    sent: list = field(default_factory=list)  # bytes announced by each answer with a body


def build_handler(site):
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def log_message(self, *args):
            pass

        def do_GET(self):
            name = self.path.rpartition("/")[2]
            wanted = self.headers.get("Range")
            site.asked.append((name, wanted))
            if site.statuses or name not in site.files:
                self.answer(site.statuses.pop(0) if site.statuses else 404, b"")
                return
            body, etag = site.files[name], site.etags.get(name, '"1"')
            matches = not site.checks_if_range or self.headers.get("If-Range") == etag
            headers = {"ETag": etag} if etag else {}
            if not (wanted and site.has_ranges and matches):
                self.answer(200, body, **headers)
                return
            start = int(wanted.removeprefix(RANGE).rstrip("-"))
            if start >= len(body):
                self.answer(416, b"", **{"Content-Range": f"bytes */{len(body)}"})
                return
            headers["Content-Range"] = f"bytes {start}-{len(body) - 1}/{len(body)}"
            self.answer(206, body[start:], **headers)

        def answer(self, status, body, **headers):
            site.sent.append(len(body))  # before the client can go on
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            for key, value in headers.items():
                self.send_header(key, value)
            self.end_headers()
            cut = site.cuts.pop(0) if site.cuts and body else None
            self.wfile.write(body[:cut])
            self.close_connection = cut is not None

    return Handler


@pytest.fixture
def site(monkeypatch):
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")
    monkeypatch.setattr(download, "BACKOFF_S", 0)
    monkeypatch.setattr(download, "REPORT_EVERY_S", 0)
    site = Site(files={f"{DATA}.zip": DATA_ZIP, f"{IMAGES}.zip": IMAGES_ZIP})
    with ThreadingHTTPServer(("127.0.0.1", 0), build_handler(site)) as server:
        server.handle_error = lambda *args: None  # a client that stops hangs up midway
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        site.url = f"http://127.0.0.1:{server.server_port}/utzap50k/"
        yield site
        server.shutdown()
        thread.join()


def stop_at(dest, site, count, phase_start="Downloading"):
    """Download until `done` reaches `count` in that phase, and return the size of what is kept."""

    def progress(phase, done, total, **detail):
        if phase.startswith(phase_start) and done >= count:
            raise Stopped("Stopped by a person.")

    with pytest.raises(Stopped):
        download_zappos(dest, progress, site.url)
    part = dest / f"{DATA}.zip.part"
    return part.stat().st_size if part.exists() else 0


def break_off(dest, site, count):
    """Download until the connection breaks off twice, and return the size of what is kept."""
    site.cuts = [count, 0]
    with pytest.raises(ZapError, match=r"broke off.*0\.1 MB that came are kept.*run again"):
        download_zappos(dest, base_url=site.url)
    return (dest / f"{DATA}.zip.part").stat().st_size


def download_whole(site, dest):
    """Download, and check that all is there."""
    assert download_zappos(dest, base_url=site.url) == dest
    check_whole(dest)


def list_names(folder):
    return sorted(path.name for path in folder.iterdir())


def check_whole(dest):
    assert list_names(dest) == [DATA, IMAGES]
    assert list_names(dest / DATA) == ["image-path.mat", "meta-data.csv"]
    assert (dest / DATA / "image-path.mat").read_bytes() == random.Random(0).randbytes(400_000)
    assert (dest / IMAGES / "Shoes/Heels/Neil M./1.jpg").read_bytes() == b"one"
    assert (dest / IMAGES / "Boots/2.jpg").read_bytes() == b"two"


def test_download_fetches_unpacks_and_reports(site, tmp_path):
    reports = []
    dest = tmp_path / "new" / "data"
    download_zappos(dest, lambda *step, **detail: reports.append((*step, detail)), site.url)
    check_whole(dest)
    assert site.asked == [(f"{DATA}.zip", None), (f"{IMAGES}.zip", None)]
    phase, _, total, detail = next(row for row in reports if row[1] == len(DATA_ZIP))
    assert (phase, total) == (f"Downloading {DATA}.zip", len(DATA_ZIP))
    assert detail["bytes_per_s"] > 0
    assert detail["seconds_left"] == 0
    assert (f"Unpacking {DATA}.zip", 1, 2, {}) in reports
    assert reports[-1][:3] == (f"Unpacking {IMAGES}.zip", 2, 2)


def test_what_is_there_is_left_alone_and_what_only_looks_so_is_not(site, tmp_path):
    (tmp_path / DATA).mkdir()
    (tmp_path / f"{IMAGES}.unpacking").mkdir()
    (tmp_path / f"{IMAGES}.unpacking" / "half.mat").write_bytes(b"")  # of a killed process
    download_whole(site, tmp_path)
    assert not (tmp_path / IMAGES / "half.mat").exists()
    site.asked.clear()
    download_whole(site, tmp_path)
    assert site.asked == []


def test_reports_come_a_few_times_a_second(site, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "REPORT_EVERY_S", 60)
    reports = []
    download_zappos(tmp_path, lambda *args, **detail: reports.append(args), site.url)
    first, *rest = reports
    assert first == (f"Downloading {DATA}.zip", 0, len(DATA_ZIP))
    assert all(done == total for _, done, total in rest)


def test_broken_off_transfer_asks_for_the_rest_by_itself(site, tmp_path):
    site.cuts = [150_000]
    download_whole(site, tmp_path)
    start = int(site.asked[1][1].removeprefix(RANGE).rstrip("-"))
    assert 0 < start <= 150_000
    assert site.sent[:2] == [len(DATA_ZIP), len(DATA_ZIP) - start]


@pytest.mark.parametrize("end_early", [break_off, stop_at])
def test_transfer_that_ended_early_is_resumed_by_the_next_call(site, tmp_path, end_early):
    have = end_early(tmp_path, site, 100_001)
    assert 0 < have < len(DATA_ZIP)
    assert not (tmp_path / f"{DATA}.zip").exists()
    site.asked.clear(), site.sent.clear()
    download_whole(site, tmp_path)
    assert site.asked[0] == (f"{DATA}.zip", f"bytes={have}-")
    assert site.sent[0] == len(DATA_ZIP) - have


@pytest.mark.parametrize("checks_if_range", [True, False])
def test_changed_file_is_fetched_anew(site, tmp_path, checks_if_range):
    site.checks_if_range = checks_if_range
    stop_at(tmp_path, site, 100_000)
    changed = build_data_zip(b"new", seed=1)
    site.files[f"{DATA}.zip"], site.etags[f"{DATA}.zip"] = changed, '"2"'
    download_zappos(tmp_path, base_url=site.url)
    assert (tmp_path / DATA / "meta-data.csv").read_bytes() == b"new"
    assert (tmp_path / DATA / "image-path.mat").read_bytes() == random.Random(1).randbytes(400_000)
    assert len(changed) in site.sent


@pytest.mark.parametrize("etag", ['"1"', 'W/"1"', ""])
def test_server_without_ranges_or_validator_starts_over(site, tmp_path, etag):
    site.etags[f"{DATA}.zip"] = etag
    site.has_ranges = etag != '"1"'
    stop_at(tmp_path, site, 100_000)
    download_whole(site, tmp_path)
    assert site.sent[:2] == [len(DATA_ZIP)] * 2


@pytest.mark.parametrize("more", [b"", b"more"])
def test_whole_part_is_only_renamed_and_a_longer_one_fetched_anew(site, tmp_path, more):
    stop_at(tmp_path, site, len(DATA_ZIP))
    with (tmp_path / f"{DATA}.zip.part").open("ab") as part:
        part.write(more)
    download_whole(site, tmp_path)
    again = [len(DATA_ZIP)] if more else []
    assert site.sent == [len(DATA_ZIP), 0, *again, len(IMAGES_ZIP)]  # 0: the 416


def test_part_of_which_nothing_is_known_starts_over(site, tmp_path):
    (tmp_path / f"{DATA}.zip.part").write_bytes(b"old")
    (tmp_path / f"{DATA}.zip.part.json").write_text("[1", encoding="utf-8")
    site.statuses = [503, 502]  # a busy server is asked again
    download_whole(site, tmp_path)
    assert site.asked[0] == (f"{DATA}.zip", None)


@pytest.mark.parametrize(("status", "asked"), [(404, 1), (403, 1), (503, 1 + download.RETRIES)])
def test_refusal_names_url_answer_and_way_out(site, tmp_path, status, asked):
    site.statuses = [status] * asked
    with pytest.raises(ZapError) as caught:
        download_zappos(tmp_path, base_url=site.url)
    sentence = str(caught.value)
    assert f"{site.url}{DATA}.zip could not be fetched: the server answered {status}" in sentence
    assert f"by hand to {tmp_path / f'{DATA}.zip'} and run again" in sentence
    assert len(site.asked) == asked
    assert list_names(tmp_path) == []


def test_server_that_cannot_be_reached(site, tmp_path, monkeypatch):
    monkeypatch.setattr(download, "TIMEOUT_S", (0.1, 0.05))
    with socket.socket() as refusing, socket.create_server(("127.0.0.1", 0)) as silent:
        refusing.bind(("127.0.0.1", 0))  # and does not listen
        refused, unanswered = (f"http://127.0.0.1:{s.getsockname()[1]}" for s in (refusing, silent))
        for url, words in (
            (refused, f"{refused}/{DATA}.zip .* no server could be reached"),
            (unanswered, "did not answer in time"),
            ("file:///tmp", "could not be fetched: No connection adapters"),
        ):
            with pytest.raises(ZapError, match=words):
                download_zappos(tmp_path, base_url=url)


Usage = namedtuple("Usage", "total used free")


@pytest.mark.parametrize(
    ("free", "laid", "words"),
    [
        (len(DATA_ZIP), False, rf"{DATA}.zip needs 1 MB of free disk space, but .* 0 MB"),
        (400_000, True, f"Unpacking {DATA}.zip needs"),
    ],
)
def test_full_disk_is_told_before_anything_is_written(
    site, tmp_path, monkeypatch, free, laid, words
):
    if laid:
        lay_by_hand(tmp_path, DATA_ZIP)
    before = list_names(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda path: Usage(10**9, 0, free))
    with pytest.raises(ZapError, match=words):
        download_zappos(tmp_path, base_url=site.url)
    assert [name for name in list_names(tmp_path) if ".part" not in name] == before
    assert laid or not any(path.stat().st_size > 1000 for path in tmp_path.iterdir())


def test_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(ZapError, match=r"must be written to .*file, but the system said"):
        download_zappos(tmp_path / "file")


def lay_by_hand(dest, data_zip):
    (dest / f"{DATA}.zip").write_bytes(data_zip)
    (dest / f"{IMAGES}.zip").write_bytes(IMAGES_ZIP)


def test_zips_laid_by_hand_are_used(site, tmp_path):
    # Without a folder at the top, and with what the Finder of a Mac adds.
    lay_by_hand(tmp_path, build_data_zip(**{f"__MACOSX/{DATA}/._x": b""}))
    stop_at(tmp_path, site, 1, "Unpacking")
    assert list_names(tmp_path) == [f"{DATA}.zip", f"{IMAGES}.zip"]
    download_whole(site, tmp_path)
    assert site.asked == []


def damage(content, offset):
    return content[:offset] + bytes([content[offset] ^ 0xFF]) + content[offset + 1 :]


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (DATA_ZIP[:200_000], "not a zip file or is cut off"),
        (b"<html>Sign in to the network</html>", "not a zip file or is cut off"),
        (b"", "not a zip file or is cut off"),
        (damage(DATA_ZIP, 200_000), f"{DATA}/image-path.mat in it is damaged"),
        (build_zip({"a": b"file", "a/b": b"below a file"}), "a/b in it is damaged"),
        (build_zip({"a": b"file"}, method=zipfile.ZIP_LZMA), "contents is .* of another kind"),
        (DATA_ZIP[10:], "contents is damaged"),
        (build_zip({}), "holds no files"),
        (build_zip({f"{DATA}/": b""}), "holds no files"),
    ],
)
def test_broken_zip_is_put_aside_and_fetched_anew(site, tmp_path, content, reason):
    site.files[f"{DATA}.zip"] = content
    with pytest.raises(BadInput, match=f"{DATA}.zip must be the whole .* {reason}.*run again"):
        download_zappos(tmp_path, base_url=site.url)
    assert list_names(tmp_path) == [f"{DATA}.zip.broken"]
    site.files[f"{DATA}.zip"] = DATA_ZIP
    download_zappos(tmp_path, base_url=site.url)
    (tmp_path / f"{DATA}.zip.broken").unlink()
    check_whole(tmp_path)


def build_special(name, kind):
    info = zipfile.ZipInfo(name)
    info.create_system = 3  # Unix
    info.external_attr = (kind | 0o777) << 16
    return info


UNSAFE = {
    "parent": "../outside.txt",
    "parent within": f"{DATA}/../../outside.txt",
    "absolute": "/outside.txt",
    "drive": "C:outside.txt",
    "drive absolute": "C:/outside.txt",
    "backslashes": f"{DATA}\\..\\..\\outside.txt",
    "network share": "//host/share/outside.txt",
    "symlink": build_special(f"{DATA}/link", stat.S_IFLNK),
    "pipe": build_special(f"{DATA}/pipe", stat.S_IFIFO),
}


@pytest.mark.parametrize("entry", [*UNSAFE.values(), None], ids=[*UNSAFE, "bomb"])
def test_unsafe_zip_is_refused_before_anything_is_written(tmp_path, monkeypatch, entry):
    dest = tmp_path / "dest"
    dest.mkdir()
    # The bad entry comes last: a check made on the way would have written the first.
    bad = {f"{DATA}/meta-data.csv": b"CID"} | ({entry: b"../../outside.txt"} if entry else {})
    lay_by_hand(dest, build_zip(bad))
    monkeypatch.setattr(zipfile.ZipFile, "extract", lambda *args: pytest.fail("written"))
    reason = "unsafe entry"
    if not entry:
        monkeypatch.setattr(download, "MAX_UNPACKED_BYTES", 2)
        reason = "unpacks to 3 bytes, over 2"
    with pytest.raises(BadInput, match=f"{DATA}.zip .* {reason}.*run again"):
        download_zappos(dest)
    assert list_names(tmp_path) == ["dest"]
    assert list_names(dest) == [f"{DATA}.zip.broken", f"{IMAGES}.zip"]
