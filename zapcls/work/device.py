"""The device of a job that trains or predicts."""

import contextlib
from collections.abc import Iterator
from typing import Any

from zapcls.progress import Progress
from zapcls.workspace import devices
from zapcls.workspace.jobs import Job
from zapcls.workspace.layout import Workspace


@contextlib.contextmanager
def hold_device(
    job: Job, workspace: Workspace, progress: Progress, wanted: str = "auto"
) -> Iterator[Any]:
    """Load torch, and hold a device (a `torch.device`) for a job alone.

    Raises:
        BadInput: this machine has no such device.
        RunBusy: another job holds it.
    """
    devices.refuse_busy(workspace, wanted)
    devices.wait_for_following(workspace, wanted, progress)
    progress("Loading torch and the network", 0, 0)

    from zapcls.model.learner import choose_device

    device = choose_device(wanted)
    if wanted == "auto":
        devices.remember_auto(workspace, device.type)
    devices.wait_for_following(workspace, device.type, progress)
    with devices.hold(workspace, device.type, job.job_id):
        yield device
