"""What is tried on purpose, and what came of it: survived, or lost with the reason."""

import contextlib
import faulthandler
import time
import traceback
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import hypothesis
from hypothesis import HealthCheck, Phase, strategies

from zapcls.errors import ZapError

MOST_SECONDS = 20.0  # of one attempt, on a processor of its own
MOST_BYTES = 1_200_000_000  # that one attempt may add to the memory of the process
HANGS_S = 300  # an attempt that takes so long ends the process, and tells where it stood
_STATUS, _PEAK = Path("/proc/self/status"), Path("/proc/self/clear_refs")


@dataclass(frozen=True)
class Tried:
    """One attempt. `said` is the sentence that it was refused with, "" where it was not."""

    what: str  # enough to do it again
    fault: str = ""  # why it was lost, "" where it was survived
    said: str = ""


def attempt(what: str, act: Callable[[], object]) -> Tried:
    """Do something that may be refused in a sentence, and may do nothing worse.

    A traceback, an empty sentence, too much time and too much memory are faults. A text that `act`
    returns is a sentence too.
    """
    cost: dict[str, str] = {}
    try:
        with _watching(cost):
            said = act()
        tried = Tried(what, said=said if isinstance(said, str) else "")
    except ZapError as error:
        said = str(error).strip()
        tried = Tried(what, "" if said else "an error without a sentence", said)
    except Exception as error:
        tried = Tried(what, describe(error))
    return replace(tried, fault=tried.fault or cost.get("fault", ""))


def list_lost(lost: list[Tried]) -> str:
    """List what was lost, a line each."""
    return "\n".join(f"{one.what}: {one.fault}" for one in lost)


def describe(error: BaseException) -> str:
    """Describe an error in a line: its kind, what it says, and where in the product it came up."""
    frames = traceback.extract_tb(error.__traceback__)
    frame = next((one for one in reversed(frames) if "/zapcls/" in one.filename), frames[-1])
    said = (str(error).splitlines() or [""])[0][:200]
    return f"{type(error).__name__}: {said} ({Path(frame.filename).name}:{frame.lineno})"


@contextlib.contextmanager
def _watching(cost: dict[str, str]) -> Iterator[None]:
    """Write into `cost` what took too long or too much; a hang ends the process."""
    faulthandler.dump_traceback_later(HANGS_S, exit=True)
    before, started = _read_memory("VmRSS"), time.process_time()
    try:
        yield
    finally:
        faulthandler.cancel_dump_traceback_later()
        took, grew = time.process_time() - started, _read_memory("VmHWM") - before
        if took > MOST_SECONDS:
            cost["fault"] = f"took {took:.0f} s"
        elif grew > MOST_BYTES:
            cost["fault"] = f"took {grew / 1e6:,.0f} MB"


def _read_memory(name: str) -> int:
    """Read the resident memory, bytes, or (VmHWM) its peak since VmRSS was asked last."""
    if not _STATUS.is_file():
        return 0
    if name == "VmRSS":
        with contextlib.suppress(OSError):
            _PEAK.write_text("5")
    lines = _STATUS.read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


def try_each(
    strategy: strategies.SearchStrategy, act: Callable[[object], Tried], n: int, seed: int
) -> list[Tried]:
    """Try `n` generated examples, the same for a seed."""
    tried: list[Tried] = []

    @hypothesis.seed(seed)
    @hypothesis.settings(
        max_examples=n, database=None, deadline=None, phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )  # fmt: skip
    @hypothesis.given(strategy)
    def each(example: object) -> None:
        tried.append(act(example))

    each()
    return tried
