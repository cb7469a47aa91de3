"""Where each thing lies in the workspace, how it is replaced whole, and how a lock is held."""

import contextlib
import json
import os
import secrets
import shutil
import tempfile
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from filelock import FileLock, Timeout

from zapcls.errors import BadInput, RunBusy, ZapError
from zapcls.workspace import permissions

ENVIRONMENT = "ZAPCLS_WORKSPACE"
DATA_ENVIRONMENT = "ZAPCLS_DATA"  # the folder that the app opens on
Stamp = tuple[Hashable, ...]  # what a file is known by: see `stamp_file`


@dataclass(frozen=True)
class Workspace:
    """The one home of everything that zapcls writes."""

    path: Path

    @property
    def store_dir(self) -> Path:
        return self.path / "store"

    @property
    def runs_dir(self) -> Path:
        return self.path / "runs"

    @property
    def jobs_dir(self) -> Path:
        return self.path / "jobs"

    @property
    def archive_dir(self) -> Path:
        """Where archived runs lie until a person brings them back."""
        return self.path / "archive"

    @property
    def trash_dir(self) -> Path:
        """Where deleted runs lie until a person empties it."""
        return self.path / "trash"

    @property
    def drawings_dir(self) -> Path:
        """Where the drawn catalogue is kept."""
        return self.path / "data" / "drawings"

    @property
    def download_dir(self) -> Path:
        """Where the official files are fetched to."""
        return self.path / "data" / "zappos50k"


def open_workspace(path: Path | None = None) -> Workspace:
    """Open `path`, else $ZAPCLS_WORKSPACE, else ./workspace; nothing is written yet.

    Raises:
        BadInput: the path is a file.
    """
    chosen = Path(path or os.environ.get(ENVIRONMENT) or "workspace").expanduser().resolve()
    if chosen.exists() and not chosen.is_dir():
        raise BadInput(f"The workspace must be a folder, got the file {chosen}. Choose another.")
    return Workspace(chosen)


def check_writable(file: Path) -> None:
    """Check that a file can be written where a person wants it, before anything is computed.

    Raises:
        BadInput: its folder is not there, or may not be written.
    """
    try:
        with tempfile.TemporaryFile(dir=file.parent):  # rights alone do not tell of a mount
            pass
    except OSError as error:
        raise BadInput(
            f"FILE must lie in a folder that can be written, got {file} ({error.strerror}). "
            "Choose another."
        ) from error


def replace_file(path: Path, content: bytes | memoryview) -> None:
    """Replace a file atomically: a reader sees the old or the new one, whole.

    Raises:
        Forbidden: nothing may be written in this mode.
    """
    permissions.require("write")
    path.parent.mkdir(parents=True, exist_ok=True)
    # Not mkstemp: its files are their owner's alone, whatever the umask says.
    aside = path.with_name(f".{path.name}-{secrets.token_hex(4)}")
    try:
        aside.write_bytes(content)
        aside.replace(path)
    except BaseException:
        aside.unlink(missing_ok=True)
        raise


def replace_folder(folder: Path, write: Callable[[Path], object]) -> None:
    """Replace a folder by what `write` puts into the empty one that it is given, or leave it."""
    permissions.require("write")
    aside = folder.with_name(f".{folder.name}-{os.getpid()}")
    shutil.rmtree(aside, ignore_errors=True)
    aside.mkdir(parents=True)
    try:
        write(aside)
        shutil.rmtree(folder, ignore_errors=True)
        aside.rename(folder)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise


@contextlib.contextmanager
def hold_lock(path: Path, describe: Callable[[], str], timeout_s: float = 1) -> Iterator[None]:
    """Hold a lock that one process has at a time; it is free again once that process has ended.

    Raises:
        RunBusy: another process holds it; `describe` makes the sentence.
    """
    lock = FileLock(path)
    try:
        lock.acquire(timeout=timeout_s)
    except Timeout:
        raise RunBusy(describe()) from None
    try:
        yield
    finally:
        lock.release()


def write_json(path: Path, content: Any) -> None:
    """Replace a JSON file atomically."""
    replace_file(path, json.dumps(content, indent=1, ensure_ascii=False).encode())


def overwrite_json(path: Path, content: Any) -> None:
    """Write a JSON file over the old one, in the space that it has: for a disk that is full."""
    with path.open("r+b") as file:
        file.write(json.dumps(content, ensure_ascii=False).encode())
        file.truncate()


def read_json(path: Path) -> dict[str, Any]:
    """Read a JSON object.

    Raises:
        ZapError: no such file, or not a JSON object.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise ZapError(f"{path} cannot be read ({error}).") from error
    if not isinstance(content, dict):
        raise ZapError(f"{path} must hold a JSON object.")
    return content


def read_chosen_data(workspace: Workspace) -> Path:
    """Read which data folder the app is about; the drawings until a person chose another."""
    try:
        return Path(read_json(workspace.path / "data.json")["data_dir"])
    except (ZapError, KeyError, TypeError):  # none was chosen, or the file is damaged
        return workspace.drawings_dir


def choose_data(workspace: Workspace, data_dir: Path) -> None:
    """Remember which data folder the app is about."""
    permissions.require("choose")
    write_json(workspace.path / "data.json", {"data_dir": str(data_dir.expanduser().resolve())})


def stamp_file(path: Path | str) -> Stamp:
    """Return a file's identity: path, time of change and size; only the path where it is not."""
    name = str(path)
    try:
        facts = os.stat(name)  # noqa: PTH116 - lists ask it of hundreds of files
    except OSError:
        return (name,)
    return name, facts.st_mtime_ns, facts.st_size


def stamp_files(folder: Path, *names: str) -> tuple[Stamp, ...]:
    """Return the identities of some files of a folder."""
    return tuple(stamp_file(f"{folder}{os.sep}{name}") for name in names)
