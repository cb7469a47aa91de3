"""The side of the process that does a job: it holds the job's lock, reports, and obeys STOP."""

import contextlib
import signal
import time
import traceback
from collections.abc import Callable, Iterator

from zapcls.errors import Stopped, ZapError, explain_system_error, is_disk_full
from zapcls.workspace import jobs
from zapcls.workspace.job_logs import bound_log
from zapcls.workspace.jobs import Job, Status
from zapcls.workspace.layout import hold_lock, overwrite_json, write_json

_REPORT_EVERY_S = 0.3


class Reporter:
    """The `Progress` of a job: writes its status a few times a second and obeys STOP."""

    def __init__(self, job: Job, watch: Callable[[Status], None] | None = None) -> None:
        self._job = job
        self._watch = watch
        self._written_at = 0.0
        self._status = vars(jobs.read_stored(job)) | {"state": "running", "started_at": time.time()}
        self._write()

    def __call__(self, phase: str, done: int, total: int, **detail: object) -> None:
        """Report; raises `Stopped` once STOP is there."""
        is_new_phase = phase != self._status.get("phase")
        self._status |= {"phase": phase, "done": done, "total": total, "detail": detail or None}
        if is_new_phase or time.monotonic() - self._written_at >= _REPORT_EVERY_S:
            self._write()
        if self._job.stop_path.exists():
            raise Stopped("Stopped as asked.")

    def finish(self, state: str, message: str = "") -> None:
        """Report how the job ended.

        Raises:
            ZapError: the job's folder was deleted.
        """
        self._status |= {"state": state, "message": message, "finished_at": time.time()}
        self._write()

    def _write(self) -> None:
        self._written_at = time.monotonic()
        path = self._job.path / "status.json"
        if not self._job.path.is_dir():  # writing would make it anew, with nothing else in it
            raise ZapError(
                f"The folder of {self._job.job_id} was deleted while it was at work, so it has "
                "nowhere to write to. Start it again."
            )
        try:
            write_json(path, self._status)
        except OSError as error:
            if not is_disk_full(error):
                raise
            overwrite_json(path, self._status)
        bound_log(self._job.log_path)
        if self._watch:
            self._watch(Status(**self._status))


def perform(
    job: Job, work: Callable[[Reporter], None], watch: Callable[[Status], None] | None = None
) -> None:
    """Do the job's work in this process, holding its lock, and record how it ended.

    Ctrl-C and SIGTERM ask for a stop as the button does; a second Ctrl-C interrupts at once.

    Raises:
        RunBusy: another process is doing this very job.
        ZapError: whatever the work raised, after it was recorded. Any other error is
            recorded with its traceback in the log and raised as it is.
    """
    busy = f"One process does a job, and another is doing {job.job_id}. Wait until it is done."
    # Ten seconds, as a reader may try the lock for an instant.
    with hold_lock(job.path / "lock", lambda: busy, timeout_s=10), _stop_on_signal(job):
        reporter = Reporter(job, watch)
        try:
            work(reporter)
        except (Stopped, KeyboardInterrupt):
            reporter.finish("stopped")
            raise
        except ZapError as error:
            reporter.finish("failed", str(error))
            raise
        except OSError as error:
            explained = _explain(job, error)
            if explained is None:
                _record_crash(job, reporter, error)
                raise
            reporter.finish("failed", str(explained))
            raise explained from error
        except BaseException as error:
            _record_crash(job, reporter, error)
            raise
        reporter.finish("done")


def _explain(job: Job, error: OSError) -> ZapError | None:
    if is_disk_full(error):
        return ZapError(
            f"The disk of {job.path.parent} is full. Free some space and start it again; "
            "a training can be resumed."
        )
    return explain_system_error(error)


def _record_crash(job: Job, reporter: Reporter, error: BaseException) -> None:
    # On a full disk the log may take no more, but its status is still told.
    with contextlib.suppress(OSError), job.log_path.open("a", encoding="utf-8") as log:
        traceback.print_exception(error, file=log)
    last = str(error).strip().splitlines() or ["no message"]
    reporter.finish("failed", f"{type(error).__name__}: {last[0]}")


@contextlib.contextmanager
def _stop_on_signal(job: Job) -> Iterator[None]:
    def ask(signum: int, frame: object) -> None:
        if job.stop_path.exists() and signum == signal.SIGINT:
            raise KeyboardInterrupt
        jobs.request_stop(job)

    previous = {name: signal.signal(name, ask) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in previous.items():
            signal.signal(name, handler)
