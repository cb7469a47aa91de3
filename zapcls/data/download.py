"""Fetches the official files of UT Zappos50K, resuming what broke off, and unpacks them safely."""

import json
import lzma
import re
import shutil
import stat
import struct
import time
import zipfile
import zlib
from pathlib import Path, PurePosixPath, PureWindowsPath

import requests
from requests.adapters import HTTPAdapter
from urllib3.util import Retry

from zapcls.errors import BadInput, ZapError
from zapcls.progress import Progress, silent

OFFICIAL_URL = "https://vision.cs.utexas.edu/projects/finegrained/utzap50k/"
ARCHIVES = ("ut-zap50k-data", "ut-zap50k-images-square")
TERMS = """\
UT Zappos50K is for academic, non-commercial use only. Work that uses it cites:
A. Yu and K. Grauman, "Fine-Grained Visual Comparisons with Local Learning", CVPR 2014.
A. Yu and K. Grauman, "Semantic Jitter: Dense Supervision for Visual Comparisons via \
Synthetic Images", ICCV 2017."""

MAX_UNPACKED_BYTES = 4_000_000_000  # of one zip; the official ones are well below
TIMEOUT_S = (10.0, 30.0)  # to connect, and between two pieces of an answer
RETRIES = 3
BACKOFF_S = 0.5
CHUNK_BYTES = 64 * 1024  # small, so that a slow line still reports and can be stopped
REPORT_EVERY_S = 0.25
BLOCK_BYTES = 4096  # what a file takes on disk is rounded up to this
# What zipfile raises on a damaged, encrypted or exotic archive, or one where a file is a folder.
_ZIP_ERRORS = (
    *(zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError),
    *(RuntimeError, ValueError),
    *(OverflowError, FileExistsError, IsADirectoryError, NotADirectoryError),
)


class _BrokenZipError(Exception):
    """The archive cannot be used; the message says why."""


def download_zappos(dest: Path, progress: Progress = silent, base_url: str = OFFICIAL_URL) -> Path:
    """Fetch and unpack the two official zips; `dest` then holds the `ARCHIVES` folders.

    A folder that is there is left alone, so a second call asks the network nothing. A zip laid
    in `dest` by hand is used instead of fetching. A zip is removed once it is unpacked. What a
    broken or stopped transfer left (`.zip.part`) is continued by the next call, as long as the
    server still has the same file. Two calls at once must not share a `dest`.

    Raises:
        BadInput: a zip is damaged or unsafe; it is moved to `.zip.broken`, nothing is unpacked.
        ZapError: the server, the network or the disk does not play along.
        Stopped: from `progress`.
    """
    progress = _throttle(progress)
    try:
        dest.mkdir(parents=True, exist_ok=True)
        for name in ARCHIVES:
            folder, zip_path = dest / name, dest / f"{name}.zip"
            if folder.is_dir() and any(folder.iterdir()):
                continue  # it gets this name only when whole
            if not zip_path.exists():
                _fetch(f"{base_url.rstrip('/')}/{zip_path.name}", zip_path, progress)
            _unpack(zip_path, folder, progress)
            zip_path.unlink()
    except OSError as error:
        raise ZapError(
            f"The dataset must be written to {dest}, but the system said: {error}. "
            "Choose another folder or make room, then run again."
        ) from error
    return dest


def _throttle(progress: Progress) -> Progress:
    due = 0.0

    def report(phase: str, done: int, total: int, **detail: object) -> None:
        nonlocal due
        now = time.monotonic()
        if now >= due or done == total:
            due = now + REPORT_EVERY_S
            progress(phase, done, total, **detail)

    return report


def _check_space(folder: Path, needed: int, purpose: str) -> None:
    free = shutil.disk_usage(folder).free
    if free < needed:
        raise ZapError(
            f"{purpose} needs {needed / 1e6:,.0f} MB of free disk space, but {folder} has "
            f"{free / 1e6:,.0f} MB. Make room or choose another folder, then run again."
        )


def _fetch(url: str, zip_path: Path, progress: Progress) -> None:
    part = zip_path.with_name(f"{zip_path.name}.part")
    with _open_session() as session:
        while True:
            before = _size(part)
            try:
                _transfer(session, url, part, progress)
                break
            except requests.RequestException as error:
                # A server that breaks off is asked for the rest, as long as each try brings some.
                if _size(part) <= before:
                    raise _explain(error, url, zip_path, _read_part(part, url)[0]) from error
            time.sleep(BACKOFF_S)
    part.replace(zip_path)
    _facts_path(part).unlink(missing_ok=True)


def _open_session() -> requests.Session:
    retry = Retry(
        total=RETRIES,
        backoff_factor=BACKOFF_S,
        status_forcelist=(429, 500, 502, 503, 504),
        raise_on_status=False,
        respect_retry_after_header=False,  # it may say hours, in which nobody could stop the work
    )
    session = requests.Session()
    session.mount("http://", HTTPAdapter(max_retries=retry))
    session.mount("https://", HTTPAdapter(max_retries=retry))
    # Compressed on the way, the length and the ranges would count other bytes.
    session.headers["Accept-Encoding"] = "identity"
    return session


def _transfer(session: requests.Session, url: str, part: Path, progress: Progress) -> None:
    """Bring `part` to its full length, from where it is if the server agrees, else from 0.

    Raises:
        requests.RequestException: refused or broken off; `part` holds what came.
    """
    have, validator = _read_part(part, url)
    headers = {"Range": f"bytes={have}-", "If-Range": validator} if have else {}
    with session.get(url, headers=headers, stream=True, timeout=TIMEOUT_S) as response:
        start, total = _read_range(response)
        status, found = response.status_code, _find_validator(response)
        if have and status == 416 and total == have:
            return  # it was whole, only not renamed yet
        same = start == have and found in (None, validator)
        stale = have > 0 and (status == 416 or (status == 206 and not same))
        if not stale:
            if not have or status != 206:
                response.raise_for_status()
                _start_over(part, url, found)
                length = response.headers.get("Content-Length", "")
                have, total = 0, int(length) if length.isdecimal() else 0
            # JPEGs hardly shrink in a zip: the unpacked copy needs about as much again.
            _check_space(part.parent, 2 * total - have, f"Fetching and unpacking {part.stem}")
            _receive(response, part, total, progress)
    if stale:  # the server offers pieces of another file; without a part none is asked for
        _start_over(part, url, None)
        _transfer(session, url, part, progress)


def _receive(response: requests.Response, part: Path, total: int, progress: Progress) -> None:
    phase, began = f"Downloading {part.stem}", time.monotonic()
    have = done = _size(part)
    progress(phase, done, total)
    with part.open("ab") as file:
        for chunk in response.iter_content(CHUNK_BYTES):
            file.write(chunk)
            done += len(chunk)
            speed = (done - have) / max(time.monotonic() - began, 1e-6)
            left = {"seconds_left": (total - done) / speed} if total else {}
            progress(phase, done, total, bytes_per_s=speed, **left)
    if total and done != total:
        raise requests.ConnectionError(f"{done} of {total} bytes came")


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0


def _facts_path(part: Path) -> Path:
    return part.with_name(f"{part.name}.json")


def _read_part(part: Path, url: str) -> tuple[int, str]:
    """Return the bytes to continue from and the validator; 0 when that would be a guess."""
    try:
        facts = json.loads(_facts_path(part).read_text(encoding="utf-8"))
        known = facts["url"] == url and isinstance(facts["validator"], str)
        return (_size(part), facts["validator"]) if known else (0, "")
    except (FileNotFoundError, ValueError, KeyError, TypeError):
        return 0, ""


def _start_over(part: Path, url: str, validator: str | None) -> None:
    # In this order: old bytes must never lie beside the new file's validator.
    part.unlink(missing_ok=True)
    facts = json.dumps({"url": url, "validator": validator})
    _facts_path(part).write_text(facts, encoding="utf-8")


def _find_validator(response: requests.Response) -> str | None:
    etag = response.headers.get("ETag")
    # If-Range takes no weak ETag: it promises the same meaning, not the same bytes.
    return etag if etag and not etag.startswith("W/") else response.headers.get("Last-Modified")


def _read_range(response: requests.Response) -> tuple[int | None, int]:
    """Return the first byte's offset and the whole length (0: not told) of Content-Range."""
    value = response.headers.get("Content-Range", "").strip()
    match = re.fullmatch(r"bytes (?:(\d+)-\d+|\*)/(\d+)", value)
    start, total = match.groups() if match else (None, "0")
    return int(start) if start else None, int(total)


def _explain(error: requests.RequestException, url: str, zip_path: Path, kept: int) -> ZapError:
    lost = isinstance(error, requests.ConnectionError | requests.Timeout)
    if error.response is not None:
        what = f"the server answered {error.response.status_code} {error.response.reason}"
    elif isinstance(error, requests.exceptions.ChunkedEncodingError):
        what = "the connection broke off"
    elif lost and not isinstance(error, requests.exceptions.SSLError):
        what = "no server could be reached there, or it did not answer in time"
    else:
        what = str(error)
    kept_words = f" The {kept / 1e6:,.1f} MB that came are kept." if kept else ""
    return ZapError(
        f"{url} could not be fetched: {what}.{kept_words} Run again later, or download it by "
        f"hand to {zip_path} and run again."
    )


def _unpack(zip_path: Path, folder: Path, progress: Progress) -> None:
    aside = folder.with_name(f"{folder.name}.unpacking")
    try:
        _extract(zip_path, aside, folder.name, progress)
        if folder.exists():
            folder.rmdir()  # empty; Windows renames onto nothing
        aside.rename(folder)
    except _BrokenZipError as error:
        broken = zip_path.with_name(f"{zip_path.name}.broken")
        zip_path.replace(broken)
        raise BadInput(
            f"{zip_path} must be the whole official zip, but {error}. It was moved to "
            f"{broken.name}: run again to fetch it once more."
        ) from error
    finally:
        shutil.rmtree(aside, ignore_errors=True)


def _extract(zip_path: Path, aside: Path, top: str, progress: Progress) -> None:
    phase = f"Unpacking {zip_path.name}"
    try:
        archive = zipfile.ZipFile(zip_path)
    except _ZIP_ERRORS as error:
        raise _BrokenZipError("it is not a zip file or is cut off") from error
    with archive:
        entries = _check_entries(archive, top)
        needed = sum(info.file_size + BLOCK_BYTES for info in entries)
        _check_space(zip_path.parent, needed, phase)
        shutil.rmtree(aside, ignore_errors=True)  # a killed process left it
        aside.mkdir()
        for count, info in enumerate(entries):
            progress(phase, count, len(entries))
            try:
                archive.extract(info, aside)  # checks the CRC, writes no more than file_size
            except _ZIP_ERRORS as error:
                raise _BrokenZipError(f"{info.orig_filename} in it is damaged") from error
    progress(phase, len(entries), len(entries))


def _check_entries(archive: zipfile.ZipFile, top: str) -> list[zipfile.ZipInfo]:
    """Return what to extract, renamed to lie below the folder `top` and not below `top/top`."""
    infos = archive.infolist()
    if unsafe := [info.orig_filename for info in infos if _is_unsafe(info)]:
        raise _BrokenZipError(f"it holds an unsafe entry: {unsafe[0]!r}")
    if any(info.header_offset < 0 or info.compress_type > zipfile.ZIP_DEFLATED for info in infos):
        raise _BrokenZipError("its table of contents is damaged or of another kind")
    size = sum(info.file_size for info in infos)
    if size > MAX_UNPACKED_BYTES:
        raise _BrokenZipError(f"it unpacks to {size:,} bytes, over {MAX_UNPACKED_BYTES:,}")
    for info in infos:
        info.filename = info.filename.removeprefix(f"{top}/")
    entries = [info for info in infos if info.filename and "__MACOSX/" not in info.filename]
    if all(info.is_dir() for info in entries):
        raise _BrokenZipError("it holds no files")
    return entries


def _is_unsafe(info: zipfile.ZipInfo) -> bool:
    """Whether the entry could land outside its folder on some system, or is not a plain file."""
    name = info.orig_filename  # zipfile cuts the other at a NUL and turns its separators
    return (
        not info.filename
        or "\\" in name
        or "\0" in name
        or bool(PureWindowsPath(name).anchor)
        or ".." in PurePosixPath(name).parts
        or stat.S_IFMT(info.external_attr >> 16) not in (0, stat.S_IFREG, stat.S_IFDIR)
    )
