"""The memory and the processor time of a process, as Linux tells them."""

import os
import threading
import time
from pathlib import Path
from typing import Any

import numpy as np

EVERY_S = 0.5
FIELDS = {"VmRSS": "resident", "RssAnon": "own"}  # own: without files that are mapped


class Gauge:
    """Reads a process's memory twice a second while it is open."""

    def __init__(self, process_id: int) -> None:
        self._file = Path(f"/proc/{process_id}/status")
        self._readings: list[tuple[float, dict[str, float]]] = []
        self._is_closed = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> "Gauge":
        self._readings.append((time.monotonic(), self.read()))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._is_closed.set()
        self._thread.join()

    def read(self) -> dict[str, float]:
        """Read the memory now, MB: `resident`, and `own`."""
        lines = self._file.read_text().splitlines()
        pairs = (line.split(":") for line in lines)
        return {
            FIELDS[name]: round(int(rest.split()[0]) / 1000)
            for name, rest in pairs
            if name in FIELDS
        }

    def summarize(self, begin: float, end: float) -> dict[str, Any]:
        """Return the memory at first, at its peak, and how it grew after the first minute.

        The growth, from `begin` until `end`, is in MB a minute, by least squares.
        """
        resident = [reading["resident"] for _, reading in self._readings]
        late = [(at, reading) for at, reading in self._readings if begin + 60 <= at <= end]
        growth = None
        if len(late) > 60:
            minutes = np.array([at - begin for at, _ in late]) / 60
            growth = round(np.polyfit(minutes, [one["own"] for _, one in late], 1)[0].item(), 2)
        peak = self._readings[int(np.argmax(resident))][1]
        return {"start": self._readings[0][1], "peak": peak, "growth_per_minute": growth}

    def _watch(self) -> None:
        while not self._is_closed.wait(EVERY_S):
            self._readings.append((time.monotonic(), self.read()))


def read_busy_s() -> float:
    """Read how long the processors of this machine have worked so far, for whomever, s."""
    user, nice, system, _idle, _wait, *interrupts = map(
        int, Path("/proc/stat").read_text().splitlines()[0].split()[1:8]
    )
    return (user + nice + system + sum(interrupts)) / os.sysconf("SC_CLK_TCK")


def read_cpu_s(process_id: int) -> float:
    """Read how long a process has worked so far, s."""
    told = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
    return (int(told[11]) + int(told[12])) / os.sysconf("SC_CLK_TCK")
