"""What `benchmarks.load` found, as tables."""

from pathlib import Path
from typing import Any

NAMES = {"demo": "As a demo", "local": "The whole app"}


def write_report(found: dict[str, Any], place: Path) -> None:
    """Write the tables of all modes, and print them."""
    text = "\n\n".join(
        block for mode in NAMES if mode in found for block in describe_mode(mode, found[mode])
    )
    place.write_text(text + "\n")
    print(text)


def describe_mode(mode: str, facts: dict[str, Any]) -> list[str]:
    """Describe a mode: its pages, its memory, and its service where that was asked."""
    pages, service = facts["pages"], facts["service"]
    cores = pages["cores"]
    told = (
        f"{facts['machine']}; {pages['visitors']} visitors for {pages['seconds']} s, "
        f"{pages['pause_s']:g} s on average from a rerun to the next; {pages['reruns_per_s']} "
        f"reruns a second. Cores taken by the server: {cores['server']}, which is "
        f"{pages['server_ms_per_rerun']} ms a rerun; by the visitors' program: "
        f"{cores['visitors']}; by other programs on the machine: {cores['others']}. "
        f"Errors: {len(pages['problems'])}."
    )
    blocks = [f"## {NAMES[mode]}", told, tell_reruns(pages), tell_memory(pages["memory_mb"])]
    return [*blocks, tell_service(service, facts["session"])] if service else blocks


def tell_reruns(pages: dict[str, Any]) -> str:
    rows = {"one visitor alone": pages["alone"], "together": pages["together"]}
    lines = [
        f"| {what} | {row['n']:,} | {row['median_s']} | {row['p95_s']} |"
        for what, row in (rows | pages["by_step"]).items()
    ]
    return "\n".join(["| rerun | n | median, s | p95, s |", "|---|---|---|---|", *lines])


def tell_memory(memory: dict[str, Any]) -> str:
    names = {
        "start": "at the start", "peak": "at the peak", "left": "after they left",
        "trimmed": "and freed memory given back",
    }  # fmt: skip
    lines = [
        f"| {name} | {memory[key]['resident']:,.0f} | {memory[key]['own']:,.0f} |"
        for key, name in names.items()
    ]
    growth = memory["growth_per_minute"]
    said = "not measured" if growth is None else f"{growth} MB a minute"
    table = ["| memory of the server, MB | resident | its own |", "|---|---|---|", *lines]
    return "\n".join([*table, "", f"Growth of its own memory after the first minute: {said}."])


def tell_service(service: list[dict[str, Any]], session: dict[str, Any]) -> str:
    lines = [
        f"| {row['clients']} | {row['n']:,} | {row['per_s']} | {row['p50_ms']} | {row['p99_ms']} | "
        f"{row['refused'].get('503', 0):,} |"
        for row in service
    ]
    bare = (
        f"| the bare session | {session['n']:,} | | {session['p50_ms']} | {session['p99_ms']} | |"
    )
    head = "| programs that ask | photos | a second | p50, ms | p99, ms | told to wait |"
    return "\n".join([head, "|---|---|---|---|---|---|", *lines, bare])
