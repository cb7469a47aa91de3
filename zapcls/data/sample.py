"""Draws a seeded catalogue of shoes in the format of UT Zappos50K, with known truths planted.

Newcomers and tests run on it what runs on the real photos. `truth.csv` says what was planted.
"""

import csv
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import mat4py
import numpy as np

from zapcls.data.drawing.painting import Last, paint_shoe
from zapcls.data.drawing.palette import build_palette
from zapcls.data.drawing.shapes import build_parts
from zapcls.data.sources.drawings import MARKER
from zapcls.data.sources.zappos import METADATA
from zapcls.errors import BadInput
from zapcls.progress import Progress, silent

# What is planted. Shares are of all products; each has one at least.
SHARES = {
    "Women": 0.55,
    "Men": 0.30,
    "Girls": 0.04,
    "Boys": 0.03,
    "Boys;Girls": 0.01,
    "": 0.04,  # drawn as women's or men's, the label left blank
    "Men;Women": 0.03,  # drawn between women's and men's: the ambiguous ones
}
WRONG_LABEL_SHARE = 0.03  # of the women's and men's products: sold under the other label
# Of the ambiguous: labelled Men;Women; the rest are Women or Men by a coin.
AMBIGUOUS_UNISEX_SHARE = 0.4
# The look that the shapes follow, from 1 (women's) to -1 (men's): mean and standard deviation.
LOOK = {
    "Women": (1.0, 0.55), "Men": (-1.0, 0.55),
    "Girls": (0.6, 0.4), "Boys": (-0.6, 0.4),
    "Boys;Girls": (0.0, 0.4), "Men;Women": (0.0, 0.15),
}  # fmt: skip
# How often a product comes in each color: pink, purple and red lean to women's shoes, brown,
# blue and grey to men's; a model that learns this calls pink men's shoes women's.
COLOR_WEIGHTS: dict[str, tuple[float, float, float]] = {  # women's, men's, all others
    "black": (22, 26, 14),
    "white": (8, 7, 9),
    "grey": (7, 14, 10),
    "red": (11, 4, 12),
    "orange": (4, 3, 6),
    "yellow": (4, 2, 6),
    "green": (5, 6, 8),
    "blue": (8, 15, 15),
    "purple": (8, 1.5, 7),
    "pink": (13, 2.5, 10),
    "brown": (13, 24, 12),
}
# Of each kind: category, subcategory, closure, thickness of the sole, and how often women's,
# men's and children's shoes are of it.
KINDS: dict[str, tuple[str, str, str, float, tuple[float, float, float]]] = {
    "oxford": ("Shoes", "Oxfords", "Lace up", 3.2, (7, 19, 4)),
    "loafer": ("Shoes", "Loafers", "Slip-On", 3.0, (10, 18, 8)),
    "trainer": ("Shoes", "Sneakers and Athletic Shoes", "Lace up", 4.6, (15, 29, 40)),
    "pump": ("Shoes", "Heels", "Slip-On", 2.2, (17, 0, 0)),
    "flat": ("Shoes", "Flats", "Slip-On", 2.0, (11, 0, 10)),
    "ankle boot": ("Boots", "Ankle", "Lace up", 3.4, (12, 15, 12)),
    "mid-calf boot": ("Boots", "Mid-Calf", "Zipper", 3.4, (7, 6, 6)),
    "knee-high boot": ("Boots", "Knee High", "Pull-on", 3.2, (6, 1, 0)),
    "flat sandal": ("Sandals", "Flat", "Buckle", 3.2, (8, 7, 14)),
    "heeled sandal": ("Sandals", "Heel", "Ankle Strap;Buckle", 2.4, (4, 0, 0)),
    "slipper": ("Slippers", "Slipper Flats", "Slip-On", 3.4, (3, 5, 6)),
}
SHARED_KINDS = ("oxford", "loafer", "trainer", "ankle boot", "flat sandal")
# All made up. One ends in a period, which unpackers write as %2E, as in the real set.
BRANDS = (
    "Pond & Finch Co.",
    "Brindle & Osk",
    "Lumenrow",
    "Tallowick",
    "Quillon & Thrush",
    "Wrenfold & Daughters",
)
HEADER = ("CID", *METADATA)  # the official columns
TRUTH = ("image_id", "product_id", "true_label", "color", "wrong_label", "ambiguous")
HEEL_HEIGHTS = ("Under 1in", *(f"{i}in - {i} 3/4in" for i in range(1, 5)), "5in & over")
BLANK_SHARE = 0.2  # of the metadata other than Gender
OWN_NAMES = {MARKER, "truth.csv", "ut-zap50k-data", "ut-zap50k-images"}


@dataclass(frozen=True)
class Product:
    """One shoe in its colors; `gender` is what the catalogue says, `true_label` what is drawn."""

    product_id: int
    true_label: str
    gender: str
    wrong_label: bool
    ambiguous: bool
    brand: str
    last: Last
    colors: dict[int, str]  # color id -> color
    metadata: dict[str, str]  # the columns after SubCategory but Gender


def draw_catalogue(
    dest: Path, n: int = 1200, seed: int = 0, progress: Progress = silent, replace: bool = False
) -> None:
    """Draw a catalogue of `n` images into the folder `dest`; the same seed, the same bytes.

    It is drawn into `<dest>.part` and renamed when whole. An earlier drawn catalogue at `dest`
    is replaced where that is asked for.

    Raises:
        BadInput: n or seed is out of range, or dest holds anything already.
        Stopped: raised by `progress`; nothing is left behind.
    """
    dest = Path(dest).expanduser().resolve()
    part = dest.with_name(dest.name + ".part")
    _check_request(n, seed, dest, part, replace)
    shutil.rmtree(part, ignore_errors=True)
    part.mkdir(parents=True)
    (part / MARKER).write_text(f"Drawn by zapcls, not photographed: {n} images, seed {seed}.\n")
    try:
        _write_catalogue(part, plan_products(n, seed), seed, progress)
        shutil.rmtree(dest, ignore_errors=True)
        part.rename(dest)
    except BaseException:
        shutil.rmtree(part, ignore_errors=True)
        raise


def _check_request(n: int, seed: int, dest: Path, part: Path, replace: bool) -> None:
    if not 60 <= n <= 20_000:
        raise BadInput(f"A drawn catalogue has 60..20,000 images, got {n:,}. Ask for 1200, say.")
    if not 0 <= seed < 2**32:
        raise BadInput(f"seed must be 0..2**32-1, got {seed}. Choose a number in this range.")
    for folder in (dest, part):
        names = {item.name for item in folder.iterdir()} if folder.is_dir() else set()
        is_own = MARKER in names and names <= OWN_NAMES
        if folder.exists() and not (is_own or (folder.is_dir() and not names)):
            raise BadInput(
                f"Shoes are drawn into a new or empty folder, but {folder} holds something else. "
                "Choose another folder."
            )
        if folder == dest and is_own and not replace:
            raise BadInput(
                f"Shoes are drawn into a new or empty folder, but {folder} holds a drawn catalogue "
                "already. Choose another folder, or have it replaced with --replace."
            )


def plan_products(n: int, seed: int) -> list[Product]:
    """Plan the products of `n` images, by product id; labels and wrong labels fill quotas."""
    rng = np.random.default_rng([seed, 0])
    counts = rng.choice(np.arange(1, 6), size=n, p=(0.42, 0.30, 0.16, 0.08, 0.04))
    counts = counts[: int(np.searchsorted(np.cumsum(counts), n)) + 1]
    counts[-1] -= counts.sum() - n
    total = len(counts)
    ids = np.sort(rng.choice(2_000_000, size=total, replace=False) + 7_000_000)
    labels = rng.permutation(_fill_quotas(total))
    sold = np.flatnonzero(np.isin(labels, ("Women", "Men")))
    wrong = set(rng.choice(sold, size=max(1, round(WRONG_LABEL_SHARE * len(sold))), replace=False))
    return [
        _plan_product(int(ids[i]), str(labels[i]), i in wrong, int(counts[i]), rng)
        for i in range(total)
    ]


def _fill_quotas(total: int) -> list[str]:
    counts = {label: max(1, round(share * total)) for label, share in SHARES.items()}
    counts["Women"] += total - sum(counts.values())
    return [label for label, count in counts.items() for _ in range(count)]


def _plan_product(
    product_id: int, label: str, wrong: bool, count: int, rng: np.random.Generator
) -> Product:
    ambiguous = label == "Men;Women"
    true_label = label or str(rng.choice(["Women", "Men"], p=(0.65, 0.35)))
    gender = label
    if wrong:
        gender = "Men" if label == "Women" else "Women"
    elif ambiguous and rng.random() >= AMBIGUOUS_UNISEX_SHARE:
        gender = str(rng.choice(["Women", "Men"]))
    group = {"Women": 0, "Men": 1}.get(true_label, 2)
    weights = {kind: facts[4][group] for kind, facts in KINDS.items()}
    kind = _choose(dict.fromkeys(SHARED_KINDS, 1) if ambiguous else weights, 1, rng)[0]
    last = plan_last(kind, float(rng.normal(*LOOK[true_label])), group == 2 and not ambiguous, rng)
    colors = _choose({color: row[group] for color, row in COLOR_WEIGHTS.items()}, count, rng)
    color_ids = rng.choice(450_000, size=count, replace=False) + 1
    return Product(
        product_id=product_id,
        true_label=true_label,
        gender=gender,
        wrong_label=wrong,
        ambiguous=ambiguous,
        brand=str(rng.choice(BRANDS)),
        last=last,
        colors=dict(zip(color_ids.tolist(), colors, strict=True)),
        metadata=_describe(last, rng),
    )


def _choose(weights: Mapping[str, float], count: int, rng: np.random.Generator) -> list[str]:
    p = np.array(list(weights.values()), dtype=float)
    return [str(name) for name in rng.choice(list(weights), count, replace=False, p=p / p.sum())]


def plan_last(kind: str, look: float, is_kids: bool, rng: np.random.Generator) -> Last:
    """Choose a product's shape: women's (look 1) slimmer, higher, more pointed; men's bulkier."""

    def noise(deviation: float) -> float:
        return float(rng.normal(0, deviation))

    if kind in ("pump", "heeled sandal"):
        heel = 13 + 24 * rng.random()
    else:
        heel = 2.6 + 0.5 * look + noise(0.8)
        if kind.endswith("boot") and not is_kids:
            heel += 7 * max(0.0, look + noise(0.8) - 0.3) ** 1.5
    if kind in ("trainer", "slipper", "flat"):
        heel *= 0.6
    wide = 27.0 if heel < 11 else float(rng.choice([4.5, 7, 13, 19, 36]))
    return Last(
        kind=kind,
        variant=float(rng.random()),
        point=float(np.clip(0.32 + 0.27 * look + noise(0.14), 0, 1)) * (0.4 if is_kids else 1),
        bulk=float(np.clip(1.03 - 0.065 * look + noise(0.035), 0.85, 1.2)) + 0.14 * is_kids,
        sole=KINDS[kind][3] * float(np.exp(-0.2 * look + noise(0.15))),
        heel=float(np.clip(heel, 0.8, 24 if wide > 30 else 38)),
        heel_width=wide,
        shaft=float(np.clip(0.98 + noise(0.09), 0.75, 1.2)) * (0.8 if is_kids else 1),
        girth=float(np.clip(1.0 - 0.07 * look + noise(0.04), 0.82, 1.2)),
        gloss=float(rng.beta(1.2, 2)) if kind not in ("trainer", "slipper") else 0.15,
        grain=float(rng.choice([1.0, 2.0, 4.0])),
    )


def _describe(last: Last, rng: np.random.Generator) -> dict[str, str]:
    inches = (last.heel + last.sole) / 10  # a foot is about ten inches long
    toe = ("Round Toe", "Almond", "Pointed Toe")[int(last.point > 0.4) + int(last.point > 0.65)]
    material = "Suede" if last.grain > 3 else "Leather"
    if last.kind in ("trainer", "slipper"):
        material = str(rng.choice(["Canvas", "Synthetic", "Leather;Rubber", material]))
    facts = {
        "HeelHeight": "Flat" if last.heel < 2.5 else HEEL_HEIGHTS[min(5, int(inches))],
        "Insole": str(rng.choice(["Padded", "Leather", "Removable", "Memory Foam"])),
        "Closure": KINDS[last.kind][2],
        "Material": "Patent Leather" if last.gloss > 0.7 else material,
        "ToeStyle": "Open Toe" if "sandal" in last.kind else f"{toe};Closed Toe",
    }
    return {name: "" if rng.random() < BLANK_SHARE else fact for name, fact in facts.items()}


def _write_catalogue(
    root: Path, products: Sequence[Product], seed: int, progress: Progress
) -> None:
    """Write the images, then the three files that list them, all in the same order."""
    n = sum(len(product.colors) for product in products)
    metadata, truth, paths = [[*HEADER]], [[*TRUTH]], list[str]()
    for number, product in enumerate(products, start=1):
        category, sub_category = KINDS[product.last.kind][:2]
        facts = product.metadata | {"Gender": product.gender}
        rng = np.random.default_rng([seed, number])
        parts = build_parts(product.last)
        trim = rng.random(3).tolist()
        for color_id, color in product.colors.items():
            progress("Drawing shoes", len(paths), n)
            palette = build_palette(color, product.last, trim, rng)
            path = f"{category}/{sub_category}/{product.brand}/{product.product_id}.{color_id}.jpg"
            file = root / "ut-zap50k-images" / name_on_disk(path)
            file.parent.mkdir(parents=True, exist_ok=True)
            paint_shoe(parts, palette, product.last, rng).save(file, quality=92, subsampling=0)
            paths.append(path)
            cid = f"{product.product_id}-{color_id}"
            metadata.append([cid, category, sub_category, *(facts[name] for name in HEADER[3:])])
            flags = [str(product.wrong_label), str(product.ambiguous)]
            truth.append([cid, str(product.product_id), product.true_label, color, *flags])
    _write_mat(root / "ut-zap50k-data" / "image-path.mat", paths)
    _write_csv(root / "ut-zap50k-data" / "meta-data.csv", metadata)
    _write_csv(root / "truth.csv", truth)
    progress("Drawing shoes", n, n)


def name_on_disk(path: str) -> str:
    """Return where a listed path lies: a folder's last period is `%2E` there."""
    folder, _, name = path.rpartition("/")
    return f"{folder[:-1]}%2E/{name}" if folder.endswith(".") else path


def _write_csv(file: Path, rows: list[list[str]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows(rows)


def _write_mat(file: Path, paths: list[str]) -> None:
    file.parent.mkdir(parents=True)
    mat4py.savemat(str(file), {"imagepath": paths})
    # The first 116 bytes are a free text, into which mat4py writes the time of day.
    content = file.read_bytes()
    file.write_bytes(b"MATLAB 5.0 MAT-file, drawn by zapcls".ljust(116) + content[116:])
