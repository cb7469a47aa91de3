"""The devices of this machine: one job holds one at a time."""

import contextlib
import os
from collections.abc import Iterator

from zapcls.errors import RunBusy
from zapcls.workspace.layout import Workspace, hold_lock, write_json
from zapcls.workspace.locks import can_take
from zapcls.workspace.tables import read_facts


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

    `auto` is the device that it came to the last time; before that it is not refused here.

    Raises:
        RunBusy: another job holds it; the sentence names that job.
    """
    if wanted == "auto":
        known = workspace.runs_dir / ".device-auto.json"
        wanted = read_facts(known).get("device", "")
    holder = find_holder(workspace, wanted) if wanted else None
    if holder:
        raise RunBusy(describe_busy(wanted, holder))


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
