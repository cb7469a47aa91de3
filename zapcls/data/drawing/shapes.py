"""Builds the parts of one shoe from its kind's outlines and its product's shape."""

from dataclasses import replace

import numpy as np

from zapcls.data.drawing.outlines import BOOT, DRAWINGS, FLOOR, SHAFTS, TOE
from zapcls.data.drawing.painting import Last, Part, trace


def build_parts(last: Last) -> list[Part]:
    """Build the parts of a shoe, the farthest first."""
    parts: list[Part] = []
    area = 0
    for line in _choose_lines(last):
        head, _, path = line.partition(":")
        tint, *numbers = head.split()
        if line.startswith("  "):
            detail = last.part(tint, path, *map(float, numbers))
            parts[area] = replace(parts[area], details=(*parts[area].details, detail))
        elif tint == "laces":
            parts += _laces(last, int(numbers[0]), path)
        elif tint == "strap":
            parts.append(_strap(last, path, float(numbers[0]), numbers[1]))
        elif tint == "stand" and last.heel >= 1.5 and last.heel_width < 34:
            parts += _heeled_sole(last)
        elif tint in ("stand", "unit"):
            parts.append(_unit_sole(last, *map(float, numbers)))
        else:
            area = len(parts)
            parts.append(last.part(tint, path, *map(float, numbers)))
    return parts


def _choose_lines(last: Last) -> list[str]:
    """Choose the lines of the drawing that this variant has."""
    text = DRAWINGS.get(last.kind) or _fill_boot(last.kind)
    lines, low, high = [], 0.0, 1.0
    for line in text.splitlines():
        if line.startswith("["):
            low, high = map(float, line.strip("[]").split())
        elif line and low <= last.variant < high:
            lines.append(line)
    return lines


def _fill_boot(kind: str) -> str:
    """Fill the drawing of a boot with this kind's shaft."""
    front, back, (laced, gusset, belted) = SHAFTS[kind]
    left, top = trace(front)[-1]
    right = trace(back)[0][0]
    low = top - 6
    a, b = left + 10, right - 10  # between them the opening is widest
    facing = " ".join(f"{x + 9},{y - 2}" for x, y in trace(f"35,25 45,33.5 {front}")[::8])
    return BOOT.format(
        TOE=TOE,
        FLOOR=FLOOR,
        front=front,
        back=back,
        facing=facing,
        rim=f"{left},{top} {a},{top - 3} {b},{top - 3} {right},{top}",
        inside=f"{left},{top} {a},{top + 3} {b},{top + 3} {right},{top} | {b},{low} {a},{low}",
        hem=f"{left},{top - 5} {a},{low} {b},{low} {right},{top - 5}",
        below=top - 5,
        count=int(6 + top // 25),
        laced=laced,
        gusset=gusset,
        belted=belted,
    )


def _laces(last: Last, count: int, facing: str) -> list[Part]:
    """Lay laces over the facing's edge, each square to it and darker underneath."""
    edge = trace(facing)
    along = np.gradient(edge, axis=0)
    across = np.stack([along[:, 1], -along[:, 0]], axis=1)
    across /= np.linalg.norm(across, axis=1, keepdims=True)
    strokes = []
    for at in np.linspace(1, len(edge) - 2, count).round().astype(int):
        ends = edge[at] + np.array([[-0.8], [3.0], [6.2]]) * across[at] - ((0, 0), (0, 0.2), (0, 1))
        path = " ".join(f"{x},{y}" for x, y in ends)
        strokes += [last.part("seam", path, 2.7), last.part("lace", path, 1.8)]
    return strokes


def _strap(last: Last, path: str, width: float, tint: str) -> Part:
    """Build a strap of even width along a path."""
    middle = last.bend(trace(path))
    along = np.gradient(middle, axis=0)
    across = np.stack([-along[:, 1], along[:, 0]], axis=1)
    across *= width / 2 / np.linalg.norm(across, axis=1, keepdims=True)
    return Part(np.vstack([middle + across, (middle - across)[::-1]]), tint)


def _unit_sole(last: Last, overlap: float = 1.0) -> Part:
    top = last.bend(trace(FLOOR)[::-1])
    top[:, 1] += overlap
    left, right = top[0, 0] - 1.8, top[-1, 0] + 2.0
    front, back = top[0, 1], top[-1, 1]
    ground = (
        f"{left},{front} {left - 0.5},{front * 0.75} {left + 5},1.6 {left + 20},0 {right - 16},0 "
        f"{right - 3},0.8 {right + 0.5},{back * 0.6} {right - 0.5},{back}"
    )
    tread = Part(np.vstack([top * (1, 0.27), (right + 9, 2), (right, -9), (left, -9)]), "tread")
    line = Part(top * (1, 0.62), "tread", width=0.7)
    details = (tread, line) if overlap > 1 else (tread,)
    return Part(np.vstack([top, trace(ground)[::-1]]), "sole", details=details)


def _heeled_sole(last: Last) -> list[Part]:
    seat = last.bend(trace(FLOOR)[::-1])
    under = seat - (0, last.sole)
    welt = np.linspace(-1.5, 1.0, len(seat))[:, None] * (1, 0)
    band = Part(np.vstack([seat + welt + (0, 0.8), (under + welt)[::-1]]), "sole")
    x, y = under.T
    right = x[-1] + 0.6
    breast = right - max(last.heel_width, 20 if last.heel > 12 else 0)
    height = float(np.interp(breast, x, y))
    foot = right - 0.10 * last.heel
    inner = foot - last.heel_width * (0.92 if last.heel < 12 else 1)
    front = f"{breast},{height} {inner},0"
    if last.heel > 12:
        front = (
            f"{breast},{height} {(breast + inner) / 2 + 2},{height * 0.7} "
            f"{inner + 0.6},{height * 0.3} {inner},0"
        )
    back = f"{foot},0 | {foot + 0.3},{height * 0.35} {right - 1},{y[-1] * 0.75} {right},{y[-1]}"
    block = f"{front} | {back}"
    return [Part(np.vstack([trace(block), under[x > breast][::-1]]), "heel"), band]
