"""What is known of a run, made of tables built by hand; nothing is on disk."""

from types import SimpleNamespace

import numpy as np

from zapcls.blocks import Facts, Text
from zapcls.config import build_config
from zapcls.data.task import Task
from zapcls.evidence import MISSING, Evidence

GENDER = Task("gender", ("Women", "Men"))


class HandMade(Evidence):
    """Evidence of one table of predictions, or of two: the run's and the heads'."""

    def __init__(self, table, heads=None, task=GENDER, run=None, store=None):
        self.run = run or SimpleNamespace(train_config=build_config("laptop"), is_imported=False)
        self.task, self._tables = task, {"run": table, "oof": heads}
        self._own = {}
        pixels = np.zeros((len(table), 8, 8, 3), np.uint8)
        self._store = store or SimpleNamespace(pixels=pixels)

    predictions = property(lambda self: self._tables["run"])
    heads = property(lambda self: self._tables["oof"])
    store = property(lambda self: self._store)
    recoloring = property(lambda self: None)
    remedies = property(lambda self: None)
    sources = property(lambda self: ["run"] if self.heads is None else ["run", "oof"])
    missing = property(lambda self: {name: MISSING[name] for name in ("oof", "recolor", "trade")})

    def list_attributes(self):
        return ["color", "brand", "category", "sub_category"]

    def keep(self, key, needs, compute):
        if key not in self._own:
            self._own[key] = compute()
        return self._own[key]


def build_classes(build_table, classes, target="category", photos=6):
    """Photos of several classes: each product black and pink, every fifth photo called the next.

    Brand and sub-category go round among the products.
    """
    rows = [
        {
            "label": label, "color": color, "product_id": f"{label}{product}", "target": target,
            "prediction": classes[(place + (product % 5 == 1)) % len(classes)],
            "brand": f"brand {product % 3}", "sub_category": f"kind {product % 2}",
        }
        for place, label in enumerate(classes)
        for product in range(photos)
        for color in ("black", "pink")
    ]  # fmt: skip
    table = build_table(rows)
    if target in table:
        table[target] = table["label"]
    return table.assign(row=range(len(table)), catalog_label=table["label"])


def list_blocks(section):
    """The blocks of a section, those that stand side by side after the others."""
    blocks = list(section.blocks)
    for block in blocks:
        blocks += [inner for column in getattr(block, "columns", ()) for inner in column]
    return blocks


def list_texts(section):
    """All sentences of a section, those in columns and captions too."""
    blocks = list_blocks(section)
    names = ("text", "help", "caption")
    said = [str(getattr(block, name, "")) for block in blocks for name in names]
    facts = [block.rows for block in blocks if isinstance(block, Facts)]
    said += [part for rows in facts for row in rows for part in row]
    return "\n".join([section.title, *said])


def pick(section, kind):
    """The blocks of one kind."""
    return [block for block in list_blocks(section) if isinstance(block, kind)]


def read_texts(section):
    """Each paragraph of a section."""
    return [block.text for block in pick(section, Text)]
