"""Catalogues to draw products from, with effects planted in their answers.

A catalogue stands for all shoes there could be: what is true of all its products together is the
truth, and a trial sees as many of them as are drawn, with replacement.
"""

from pathlib import Path

import numpy as np
import pandas as pd
from scipy.stats import norm

from zapcls.analysis.metrics import labelled
from zapcls.workspace import checks, run_tables, runs
from zapcls.workspace.layout import Workspace
from zapcls.workspace.store import find_store

LABEL = "Women"
COLORS = ("black", "pink")
FEWEST = 5  # products of a color that can be drawn from
OWN_SHARE = 0.5  # of the noise's variance, the product's own
COLUMNS = ("image_id", "product_id", "label", "sub_category", "color", "correct", "prob_label")


class Catalogue:
    """Photos that stand for all there could be, in the order of their products."""

    def __init__(self, name: str, table: pd.DataFrame, drawn: int | None = None) -> None:
        self.name = name
        kept = labelled(table).query("color != ''").sort_values(["product_id", "sub_category"])
        kept = kept[[*COLUMNS, "wrong"]].assign(split="valid").reset_index(drop=True)
        words = kept.select_dtypes("str").columns
        self.table = kept.astype(dict.fromkeys(words, object))  # drawn from in half the time
        self.table["product_id"] = product = pd.factorize(kept["product_id"])[0]
        self.starts = np.flatnonzero(np.diff(product, prepend=-1))
        self.sizes = np.bincount(product) if len(product) else product
        self.drawn = drawn or len(self.sizes)  # products that a trial draws
        self.blocks: dict[tuple[str, ...], list[np.ndarray]] = {}

    def keep(self, is_in: pd.Series) -> "Catalogue":
        """Keep some photos; as large a share of the products is drawn."""
        part = Catalogue(self.name, self.table[is_in])
        part.drawn = round(self.drawn * len(part.sizes) / len(self.sizes))
        return part

    @property
    def colors(self) -> list[str]:
        """The colors asked of that have enough products."""
        sold = self.table[self.table["label"] == LABEL]
        products = sold.groupby("color")["product_id"].nunique()
        return [color for color in COLORS if products.get(color, 0) >= FEWEST]

    def count_products(self, is_in: pd.Series) -> int:
        """Count the products of some photos that a trial draws, on average."""
        products = self.table.loc[is_in, "product_id"].nunique()
        return round(self.drawn * products / len(self.sizes))

    def draw(self, products: int, rng: np.random.Generator) -> pd.DataFrame:
        """Draw products with replacement, each a product of its own."""
        chosen = rng.integers(0, len(self.sizes), products)
        sizes = self.sizes[chosen]
        first = np.repeat(self.starts[chosen] - np.cumsum(sizes) + sizes, sizes)
        table = self.table.iloc[first + np.arange(sizes.sum())].reset_index(drop=True)
        table["image_id"] = np.arange(len(table))
        return table.assign(product_id=np.repeat(np.arange(products), sizes))

    def sample(self, rng: np.random.Generator) -> "Catalogue":
        """Draw a catalogue of its own, or take all as they are where that many are drawn."""
        if self.drawn == len(self.sizes):
            return self
        return Catalogue(self.name, self.draw(self.drawn, rng))

    def find_blocks(self, within: tuple[str, ...]) -> list[np.ndarray]:
        """Find the products that may change colors, once: rows (products, photos of one)."""
        if within in self.blocks:
            return self.blocks[within]
        kind = self.table[list(within)].astype(str).agg("|".join, axis=1)
        kinds = kind.groupby(self.table["product_id"]).agg(";".join)  # as many photos, too
        self.blocks[within] = [
            self.starts[places][:, None] + np.arange(self.sizes[places[0]])
            for places in kinds.groupby(kinds).indices.values()
        ]
        return self.blocks[within]

    def move_colors(self, within: tuple[str, ...], rng: np.random.Generator) -> pd.DataFrame:
        """Move the colors of whole products to others of their block, in any order of photos."""
        colors = self.table["color"].to_numpy(dtype=object)
        moved = colors.copy()
        for block in self.find_blocks(within):
            moved[block] = rng.permuted(rng.permutation(colors[block]), axis=1)
        return self.table.assign(color=moved)


def draw_catalogue(products: int, rng: np.random.Generator) -> pd.DataFrame:
    """Draw a table in which products err together, and color goes with the kind of shoe."""
    sizes = np.minimum(1 + rng.poisson(1.2, products), 6)
    product = np.repeat(np.arange(products), sizes)
    kind = rng.choice(["Heels", "Sneakers"], products)
    usual = np.where(kind == "Heels", 0.2, 0.4)
    is_pink = rng.random(len(product)) < usual[product]
    other = rng.choice(["black", "brown"], len(product), p=[0.6, 0.4])
    table = pd.DataFrame(
        {
            "image_id": np.arange(len(product)),
            "product_id": product,
            "label": np.where(rng.random(products) < 0.7, "Women", "Men")[product],
            "sub_category": kind[product],
            "color": np.where(is_pink, "pink", other),
            "prob_label": 0.5,
        }
    )
    rate = np.where(table["sub_category"] == "Heels", 0.1, 0.3)
    return table.assign(correct=~make_errors(product, rate, rng))


def make_errors(product: np.ndarray, rate: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Make errors at each photo's rate; the photos of a product err together."""
    own, other = rng.normal(size=product.max() + 1)[product], rng.normal(size=len(product))
    noise = np.sqrt(OWN_SHARE) * own + np.sqrt(1 - OWN_SHARE) * other
    return np.asarray(noise < norm.ppf(rate))


def read_catalogues(folder: Path | None, name: str) -> list[Catalogue]:
    """Draw a catalogue, and read a run's and its label check's from a workspace."""
    rng = np.random.default_rng(0)
    found = [Catalogue("drawn, 50 products", draw_catalogue(5000, rng), drawn=50)]
    if folder is None:
        return [*found, Catalogue("drawn, 600 products", found[0].table, drawn=600)]
    workspace = Workspace(folder)
    evaluated = [run.run_id for run in runs.list_runs(workspace) if run.is_evaluated]
    run = runs.find_evaluated(workspace, name or evaluated[0])
    table = run_tables.read_predictions(run, workspace)
    found.append(Catalogue("this run, valid", table[table["split"] == "valid"]))
    store = find_store(workspace, run.facts["catalogue_id"])
    check = checks.find_check(store, run.train_config)
    if check.is_done:
        found.append(Catalogue("out-of-fold", checks.read_predictions(check, store)))
    return found


def turn(table: pd.DataFrame, color: str, share: float, rng: np.random.Generator) -> pd.Series:
    """Turn the answers to one color round, in a share of the products."""
    product = table["product_id"].to_numpy()
    is_turned = (rng.random(product.max() + 1) < share)[product] & (table["color"] == color)
    return table["wrong"] ^ is_turned


def expect(table: pd.DataFrame, color: str, share: float) -> pd.Series:
    """Return each photo's chance to be wrong after `turn`."""
    wrong = table["wrong"].astype(float)
    return wrong.where(table["color"] != color, wrong + share * (1 - 2 * wrong))
