"""Long work as a process of its own: started, watched and stopped through one directory.

It holds `config.json` (with the kind), `status.json`, `STOP`, a log, and a lock for life.
"""

import os
import secrets
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

from filelock import FileLock

from zapcls.errors import BadInput, Damaged
from zapcls.workspace import integrity, permissions
from zapcls.workspace.job_logs import bound_log
from zapcls.workspace.layout import Stamp, Workspace, stamp_file, stamp_files, write_json
from zapcls.workspace.locks import can_take

FINAL_STATES = ("done", "stopped", "failed", "lost", "damaged")
STORED_STATES = ("queued", "running", "done", "stopped", "failed")
RESUMABLE_STATES = ("stopped", "failed", "lost")
_LAUNCH_TIMEOUT_S = 60
_FILES = ("config.json", "status.json")  # without which a job is damaged
_LOST = (
    "Its process ended without a word: killed, out of memory, or the machine went down. "
    "Start it again, or resume it where it ended."
)


@dataclass(frozen=True)
class Job:
    """A job's directory. Its name is the job's id; a training's directory is its run."""

    path: Path

    @property
    def job_id(self) -> str:
        return self.path.name

    @property
    def log_path(self) -> Path:
        return self.path / "job.log"

    @property
    def stop_path(self) -> Path:
        return self.path / "STOP"

    @property
    def config(self) -> dict[str, Any]:
        return integrity.read_checked(self.path / "config.json", integrity.JOB)

    @property
    def kind(self) -> str:
        return self.config["kind"]

    def check(self) -> None:
        """Check the files that the job cannot be shown without.

        Raises:
            Damaged: one of them is missing or cannot be used.
        """
        _check(self, stamp_files(self.path, *_FILES))


@dataclass(frozen=True)
class Status:
    """What a job says of itself; figures it has not reported are None."""

    state: str  # queued, running, or one of FINAL_STATES
    phase: str = ""  # a few plain words
    done: int = 0
    total: int = 0  # 0: not known
    detail: dict[str, Any] | None = None  # figures in named units, such as images_per_s
    message: str = ""  # why it failed, in one sentence
    created_at: float = 0.0  # seconds since the epoch, as are the next two
    started_at: float | None = None
    finished_at: float | None = None
    seconds_before: float = 0.0  # how long it ran before it was resumed

    @property
    def is_final(self) -> bool:
        return self.state in FINAL_STATES

    @property
    def seconds(self) -> float | None:
        """How long it has been running, or ran, all its starts together."""
        if self.started_at is None:
            return None
        return self.seconds_before + (self.finished_at or time.time()) - self.started_at


def create(
    parent: Path,
    kind: str,
    config: dict[str, Any],
    name: str = "",
    fill: Callable[[Path], object] | None = None,
) -> Job:
    """Create a queued job in a new directory below `parent`, whole or not at all.

    `fill` writes what else the job starts with into the folder that it is given.
    """
    permissions.require("start")
    stamp = time.strftime("%Y%m%d-%H%M%S")
    job = Job(parent / "-".join(filter(None, (stamp, name or kind, secrets.token_hex(2)))))
    aside = parent / f".{job.job_id}.part"
    aside.mkdir(parents=True)
    try:
        write_json(aside / "config.json", {"kind": kind, **config})
        write_json(aside / "status.json", {"state": "queued", "created_at": time.time()})
        if fill:
            fill(aside)
        aside.rename(job.path)
    except BaseException:
        shutil.rmtree(aside, ignore_errors=True)
        raise
    return job


def reopen(job: Job) -> None:
    """Queue a job again that was stopped, failed or lost; what it has done is kept.

    Raises:
        BadInput: it is done, or still at work.
        Damaged: its files cannot be used.
    """
    permissions.require("start")
    status = read_status(job)
    if status.state == "damaged":
        raise Damaged(status.message)
    if status.state not in RESUMABLE_STATES:
        raise BadInput(
            f"A job can be resumed once it was stopped, failed or lost, but {job.job_id} is "
            f"{status.state}."
        )
    worked = 0.0
    if status.started_at is not None:
        # A lost job has not said when it ended; it last said something then.
        ended = status.finished_at or (job.path / "status.json").stat().st_mtime
        worked = max(0.0, ended - status.started_at)
    job.stop_path.unlink(missing_ok=True)
    content = {"state": "queued", "created_at": status.created_at}
    content["seconds_before"] = status.seconds_before + worked
    write_json(job.path / "status.json", content)


def advise(job: Job, has_weights: bool) -> str:
    """Describe what brings a training nearer to its evaluation, by its state."""
    state, name = read_status(job).state, job.job_id
    if state not in FINAL_STATES:
        return "Wait until its training is done."
    if has_weights:
        return f"Evaluate it first: python -m zapcls evaluate {name}."
    return (
        f"It {'was lost' if state == 'lost' else state} before an epoch was done: resume it "
        f"(python -m zapcls train --resume {name}) or delete it (python -m zapcls delete {name})."
    )


def launch(job: Job, workspace: Workspace) -> None:
    """Start the job's process, and return once it reports itself or has ended.

    The process has its own session, so it outlives the one that started it.
    """
    permissions.require("start")
    command = [sys.executable, "-m", "zapcls", "work", str(job.path)]
    command += ["--workspace", str(workspace.path)]
    # Found there too when zapcls is not installed and the launcher stands in another folder.
    roots = [str(Path(__file__).parents[2]), os.environ.get("PYTHONPATH", "")]
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, roots))}
    bound_log(job.log_path)
    # Held until the process has its own lock: in between, the job is queued, not lost.
    with FileLock(job.path / "launch.lock"), job.log_path.open("ab") as log:
        process = subprocess.Popen(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
        # Waited for, it does not stay as a zombie of a server once it has ended.
        threading.Thread(target=process.wait, daemon=True).start()
        give_up = time.monotonic() + _LAUNCH_TIMEOUT_S
        while read_stored(job).state == "queued" and time.monotonic() < give_up:
            if process.poll() is not None:
                break
            time.sleep(0.02)


def request_stop(job: Job) -> None:
    """Ask the job to stop; it does so within a batch or a file, and keeps what it has."""
    permissions.require("start")
    job.stop_path.touch()


def read_status(job: Job) -> Status:
    """Read a job's status; `lost` when it is not final and its process is gone.

    `damaged`, with a sentence, when its files cannot be used.
    """
    try:
        job.check()
        status = read_stored(job)
        if not status.is_final and not is_held(job):
            status = read_stored(job)  # it may have ended between the two looks
            return status if status.is_final else replace(status, state="lost", message=_LOST)
        return status
    except Damaged as error:
        return Status("damaged", message=str(error))


def is_damaged(job: Job) -> bool:
    """Whether the job's files cannot be used; `read_status` has the sentence."""
    try:
        job.check()
    except Damaged:
        return True
    return False


def list_jobs(parent: Path, *kinds: str) -> list[Job]:
    """List the jobs in a folder, the newest first; of some kinds, those that are not damaged."""
    if not parent.is_dir():
        return []
    names = os.listdir(parent)  # noqa: PTH208 - a name is all it takes
    shown = (name for name in sorted(names, reverse=True) if not name.startswith("."))
    if not kinds:
        return [Job(parent / name) for name in shown if _is_of_job(f"{parent}{os.sep}{name}")]
    listed = (Job(parent / name) for name in shown)
    return [job for job in listed if _find_kind(job) in kinds and not is_damaged(job)]


def _is_of_job(folder: str) -> bool:
    """Whether a folder is a job's; a damaged job may lack either file."""
    return any(os.path.exists(f"{folder}{os.sep}{name}") for name in _FILES)  # noqa: PTH110


def _find_kind(job: Job) -> str:
    """Find the kind of a job, "" where its `config.json` does not tell."""
    return _read_kind(job, stamp_file(f"{job.path}{os.sep}{_FILES[0]}"))


@lru_cache(maxsize=4096)
def _read_kind(job: Job, stamp: Stamp) -> str:
    """Read a job's kind, once for each version of its `config.json`."""
    try:
        return job.kind
    except Damaged:
        return ""


@lru_cache(maxsize=4096)
def _check(job: Job, stamps: tuple[Stamp, ...]) -> None:
    """Check a job's files, once for each version of them."""
    _ = job.config
    read_stored(job)


def read_log_tail(job: Job, lines: int = 40) -> str:
    """Read the end of the log, "" when there is none."""
    if not job.log_path.is_file():
        return ""
    with job.log_path.open("rb") as file:
        file.seek(max(0, job.log_path.stat().st_size - 64_000))
        text = file.read().decode("utf-8", errors="replace")
    return "\n".join(text.splitlines()[-lines:])


def read_stored(job: Job) -> Status:
    """Read what a job last said of itself, whether its process is alive or not.

    Raises:
        Damaged: its `status.json` cannot be used.
    """
    return _read_stored(job, stamp_file(job.path / "status.json"))


@lru_cache(maxsize=4096)
def _read_stored(job: Job, stamp: Stamp) -> Status:
    """Read `status.json`, once for each version of it."""
    path = job.path / "status.json"
    content = integrity.read_checked(path, integrity.STATUS, integrity.STATUS_OPTIONS)
    if content["state"] not in STORED_STATES:
        raise integrity.describe_damage(path, f"names the unknown state {content['state']!r}")
    known = integrity.STATUS | integrity.STATUS_OPTIONS
    return Status(**{name: value for name, value in content.items() if name in known})


def is_held(job: Job) -> bool:
    """Whether a process is at work on the job, or about to be."""
    return not (can_take(job.path / "launch.lock") and can_take(job.path / "lock"))
