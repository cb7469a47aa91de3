"""What machine a benchmark ran on."""

import os
import platform
from pathlib import Path

import torch


def describe_machine() -> str:
    """The processor or the GPU, how many cores, and the version of torch."""
    facts = Path("/proc/cpuinfo")
    lines = facts.read_text(encoding="utf-8").splitlines() if facts.is_file() else []
    names = [line.split(":")[1].strip() for line in lines if "model name" in line]
    name = names[0] if names else platform.processor()
    gpu = f"{torch.cuda.get_device_name()}, " if torch.cuda.is_available() else ""
    return f"{gpu}{name}, {os.cpu_count()} cores, torch {torch.__version__}"
