"""The devices of this machine: one job holds one at a time."""

import contextlib
import os
import time
from collections.abc import Iterator

from zapcls.errors import RunBusy
from zapcls.progress import Progress
from zapcls.workspace.layout import Workspace, hold_lock, write_json
from zapcls.workspace.locks import can_take
from zapcls.workspace.tables import read_facts

# Jobs that the app starts by itself after a training: they take seconds, and others wait for them.
FOLLOWING = ("check_labels", "map")
_LOOK_EVERY_S = 0.5


@contextlib.contextmanager
def hold(workspace: Workspace, device: str, holder: str) -> Iterator[None]:
    """Hold a device for one job at a time.

    Raises:
        RunBusy: another job holds it; the sentence names that job.
    """
    workspace.runs_dir.mkdir(parents=True, exist_ok=True)
    named = workspace.runs_dir / f".device-{device}.json"

    def describe() -> str:
        return describe_busy(device, read_facts(named).get("holder", "another job"))

    with hold_lock(workspace.runs_dir / f".device-{device}.lock", describe):
        write_json(named, {"holder": holder, "pid": os.getpid()})
        yield


def remember_auto(workspace: Workspace, device: str) -> None:
    """Remember which device `auto` came to on this machine, so that the next job knows at once."""
    write_json(workspace.runs_dir / ".device-auto.json", {"device": device})


def refuse_busy(workspace: Workspace, wanted: str) -> None:
    """Refuse a device that is held, before a job spends seconds on loading what it needs.

    `auto` is the device that it came to the last time; before that it is not refused here. What
    only follows a training does not keep a device from anyone: see `wait_for_following`.

    Raises:
        RunBusy: another job holds it; the sentence names that job.
    """
    device = _resolve(workspace, wanted)
    holder = find_rival(workspace, device) if device else None
    if holder:
        raise RunBusy(describe_busy(device, holder))


def wait_for_following(workspace: Workspace, wanted: str, progress: Progress) -> None:
    """Wait while a job that only follows a training holds a device; `wanted` as for `refuse_busy`.

    Raises:
        Stopped: a person asked to stop.
    """
    device = _resolve(workspace, wanted)
    while device and find_holder(workspace, device) and not find_rival(workspace, device):
        progress("Waiting for the checks after the last training", 0, 0)
        time.sleep(_LOOK_EVERY_S)


def _resolve(workspace: Workspace, wanted: str) -> str:
    """Return a device's name; of `auto` what it came to the last time, "" before that."""
    if wanted != "auto":
        return wanted
    return read_facts(workspace.runs_dir / ".device-auto.json").get("device", "")


def describe_busy(device: str, holder: str) -> str:
    """Describe who holds a device, and what to do about it."""
    return (
        f"One job uses {device} at a time, and {holder} is using it. Wait until it is done, or "
        "stop it."
    )


def find_holder(workspace: Workspace, device: str) -> str | None:
    """Name the job that holds a device now, None when it is free."""
    if can_take(workspace.runs_dir / f".device-{device}.lock"):
        return None
    named = workspace.runs_dir / f".device-{device}.json"
    # The name is written an instant after the lock is taken.
    return read_facts(named).get("holder", "another job")


def find_rival(workspace: Workspace, device: str) -> str | None:
    """Name the job that holds a device now, None where it is free or a job holds it that follows.

    A job that follows a training is known by the kind in its name (FOLLOWING).
    """
    holder = find_holder(workspace, device)
    is_following = holder and any(f"-{kind}-" in holder for kind in FOLLOWING)
    return None if is_following else holder
