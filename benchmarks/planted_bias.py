"""Is a color bias that was planted in training found, with the right sign, and rising by dose?

    python -m benchmarks.planted_bias [--data DIR] [--weights FILE] [--workspace DIR]

Without --data the drawings are used, without --weights the bundled ones. Heads on the frozen
network's features (logistic regression) are trained on five splits, without a plant and with 10,
20 and 30 % of it, larger doses holding the smaller ones; photos of valid are left as they are.
`labels`: that share of the women's products in brown is relabelled men's. Brown women's shoes
should then be called men's more often than other women's, and turning a women's shoe brown should
take its probability of women's down.
`tint`: that share of the men's products is shown in green, label unchanged. Turning a women's shoe
green should then take its probability of women's down.
What an edit does is counted beyond its control, a move as far in a random hue.
Writes `benchmarks/results/planted_bias.json` and a table beside it.
"""

import argparse
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import spearmanr
from sklearn.linear_model import LogisticRegression

from benchmarks.machine import describe_machine
from zapcls.analysis.heads import STRENGTH, reduce
from zapcls.commands.terminal import TerminalBar
from zapcls.config import build_config
from zapcls.data.recolor import find_paint, move_color
from zapcls.data.sources import drawings
from zapcls.model.pooled import open_body
from zapcls.work.trade import Describe, edit_photos
from zapcls.workspace.layout import Workspace, write_json
from zapcls.workspace.opening import open_data
from zapcls.workspace.splits import read_split
from zapcls.workspace.store import Store

RESULTS = Path(__file__).parent / "results"
CLASSES = ("Women", "Men")
SEEDS, DOSES = range(5), (0.0, 0.1, 0.2, 0.3)
RELABELLED, TINTED = "brown", "green"
MOST_EDITED = 400  # women's photos whose hue is moved


def draw_products(table: pd.DataFrame, dose: float, seed: int) -> np.ndarray:
    """Draw a share of the products; a larger dose holds a smaller one. Bool, a value a row."""
    products = pd.Series(table["product_id"].unique()).sort_values()
    order = products.sample(frac=1, random_state=seed)
    return table["product_id"].isin(order.iloc[: round(dose * len(order))]).to_numpy()


def tint(pixels: np.ndarray, rows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Show some photos in TINTED: those rows where a shoe is found, and their photos."""
    paints = {row: find_paint(np.asarray(pixels[row])) for row in rows}
    found = {row: paint for row, paint in paints.items() if paint is not None}
    return np.array(list(found)), np.stack([move_color(paint, TINTED) for paint in found.values()])


class Study:
    """One catalogue with the features of its photos, recolored ones among them."""

    def __init__(self, store: Store, describe: Describe, plain: np.ndarray, bar: Callable) -> None:
        colors = store.read_colors().set_index("image_id")["color"]
        table = read_split(store, build_config(classes=CLASSES))
        table = table.assign(row=np.arange(len(table)), color=table["image_id"].map(colors))
        self.table = table[table["label"] != ""].reset_index(drop=True)
        men = self.table[self.table["label"] == "Men"]
        wanted = np.concatenate(
            [men.loc[draw_products(men, max(DOSES), seed), "row"] for seed in SEEDS]
        )
        tinted_rows, tinted = tint(store.pixels, np.unique(wanted))
        women = self.table[(self.table["label"] == "Women") & (self.table["color"] != "")]
        products = women["product_id"].drop_duplicates().sample(frac=1, random_state=0)
        chosen = women[women["product_id"].isin(products[: MOST_EDITED // 2])].head(MOST_EDITED)
        self.edits, edited, control = edit_photos(chosen, store.pixels, describe, 0, bar)
        batches = [tinted[start : start + 64] for start in range(0, len(tinted), 64)]
        tinted_features = np.concatenate([describe(batch) for batch in batches])
        parts = np.cumsum([len(part) for part in (plain, edited, control)])
        all_features = reduce(np.concatenate([plain, edited, control, tinted_features]))
        self.plain, self.edited, self.control, self.tinted = np.split(all_features, parts)
        self.place_tinted = {int(row): place for place, row in enumerate(tinted_rows)}

    def run(self, store: Store, plant: str, dose: float, seed: int) -> dict[str, float]:
        """Train a head under a plant and measure what it shows."""
        split = read_split(store, build_config(classes=CLASSES, seed=seed)).set_index("image_id")[
            "split"
        ]
        table = self.table.assign(split=self.table["image_id"].map(split))
        train = table[table["split"] != "valid"]
        features, labels = self.plain[train["row"]], train["label"].to_numpy()
        if plant == "labels":
            is_in = ((train["label"] == "Women") & (train["color"] == RELABELLED)).to_numpy()
            group = train[is_in]
            labels = labels.copy()
            labels[np.flatnonzero(is_in)[draw_products(group, dose, seed)]] = "Men"
        else:
            men = self.table[self.table["label"] == "Men"]
            rows = set(men.loc[draw_products(men, dose, seed), "row"]) & set(self.place_tinted)
            features = features.copy()
            for place, row in enumerate(train["row"]):
                if row in rows:
                    features[place] = self.tinted[self.place_tinted[row]]
        head = LogisticRegression(C=STRENGTH, max_iter=500).fit(features, labels)
        return self.measure(head, table[table["split"] == "valid"], plant)

    def measure(self, head: LogisticRegression, valid: pd.DataFrame, plant: str) -> dict:
        """Measure the error gap of the planted color, and what its edit does beyond its control."""
        color = RELABELLED if plant == "labels" else TINTED
        first = list(head.classes_).index("Women")
        is_to = ((self.edits["to"] == color)
                 & self.edits["product_id"].isin(valid["product_id"])).to_numpy()  # fmt: skip
        prob = [head.predict_proba(part[is_to])[:, first] for part in (self.edited, self.control)]
        women = valid[valid["label"] == "Women"]
        wrong = head.predict(self.plain[women["row"]]) != "Women"
        is_color = (women["color"] == color).to_numpy()
        return {
            "edits": int(is_to.sum()),
            "shift": float((prob[0] - prob[1]).mean()),
            "gap": float(wrong[is_color].mean() - wrong[~is_color].mean())
            if is_color.any() else float("nan"),
            "n_color": int(is_color.sum()),
            "error_rate": float((head.predict(self.plain[valid["row"]]) != valid["label"]).mean()),
        }  # fmt: skip


def summarize(rows: pd.DataFrame) -> pd.DataFrame:
    """Sum a plant's runs up by dose: means over seeds, their range, and seeds beyond dose 0."""
    base = rows[rows["dose"] == 0].set_index("seed")
    found = []
    for dose, group in rows.groupby("dose"):
        group = group.set_index("seed")
        found.append(
            {
                "dose": dose, "shift": group["shift"].mean(), "shift_low": group["shift"].min(),
                "shift_high": group["shift"].max(), "gap": group["gap"].mean(),
                "gap_low": group["gap"].min(), "gap_high": group["gap"].max(),
                "below": int((group["shift"] < base["shift"]).sum()),
                "above": int((group["gap"] > base["gap"]).sum()),
                "error_rate": group["error_rate"].mean(), "edits": group["edits"].mean(),
            }
        )  # fmt: skip
    return pd.DataFrame(found)


def write_table(summary: pd.DataFrame, plant: str, rows: pd.DataFrame) -> str:
    """Write a plant's summary as markdown, the trend of the single runs under it."""
    lines = [
        "| dose | shift of P(women's) beyond the control (range over seeds) | below dose 0 | error "
        "gap of the color (range) | above dose 0 | error rate on valid |",
        "|---|---|---|---|---|---|",
    ]
    for row in summary.itertuples():
        lines.append(
            f"| {row.dose:.0%} | {row.shift:+.3f} ({row.shift_low:+.3f} to {row.shift_high:+.3f}) "
            f"| {row.below} of {len(SEEDS)} | {100 * row.gap:+.1f} points "
            f"({100 * row.gap_low:+.1f} to {100 * row.gap_high:+.1f}) | {row.above} of "
            f"{len(SEEDS)} | {row.error_rate:.1%} |"
        )
    trends = [spearmanr(rows["dose"], rows[name]).statistic for name in ("shift", "gap")]
    rising = [
        sum((group.sort_values("dose")[name].diff().dropna() * sign > 0).all()
            for _, group in rows.groupby("seed"))
        for name, sign in (("shift", -1), ("gap", 1))
    ]  # fmt: skip
    lines.append(
        f"\nSpearman with the dose over {len(rows)} trainings: shift {trends[0]:+.2f}, gap "
        f"{trends[1]:+.2f}; strictly by dose in {rising[0]} (shift) and {rising[1]} (gap) of "
        f"{len(SEEDS)} seeds; {rows['edits'].mean():.0f} edits and {rows['n_color'].mean():.0f} "
        "valid photos of the color a training."
    )
    return f"### {plant}\n\n" + "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--data", type=Path)
    parser.add_argument("--arch", default="tf_efficientnet_lite0")
    parser.add_argument("--weights", default="bundled")
    parser.add_argument("--workspace", type=Path)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, TerminalBar() as bar:
        workspace = Workspace((arguments.workspace or Path(folder)).resolve())
        data_dir = arguments.data.resolve() if arguments.data else workspace.drawings_dir
        store = open_data(workspace, data_dir, bar.show)
        config = build_config("laptop", arch=arguments.arch, weights=arguments.weights)
        kept = np.flatnonzero(store.read_catalog()["image_problem"] == "")
        plain, describe = open_body(config, store.pixels, kept, store.bodies_dir, bar.show)
        whole = np.zeros((len(store.pixels), plain.shape[1]), np.float32)
        whole[kept] = plain
        study = Study(store, describe, whole, bar.show)
        rows = []
        for plant in ("labels", "tint"):
            for number, (dose, seed) in enumerate((d, s) for d in DOSES for s in SEEDS):
                bar.show(f"Training under planted {plant}", number, len(DOSES) * len(SEEDS))
                found = study.run(store, plant, dose, seed)
                rows.append({"plant": plant, "dose": dose, "seed": seed} | found)
    name = "drawings" if drawings.recognizes(data_dir) else "photos"
    table = pd.DataFrame(rows)
    text = "\n\n".join(
        write_table(summarize(group), f"{name}: {plant}", group)
        for plant, group in table.groupby("plant")
    )
    print(text)
    machine = describe_machine()
    path = RESULTS / f"planted_bias_{name}"
    write_json(path.with_suffix(".json"), {"machine": machine, "rows": rows})
    path.with_suffix(".md").write_text(f"{text}\n\n{machine}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
