"""The same product in two groups, such as colors: does the answer change? No pixel is edited."""

from dataclasses import dataclass

import pandas as pd
import plotly.graph_objects as go

from zapcls.analysis.natural_pairs import build_pairs, compare_pairs
from zapcls.blocks import Chart, Photo, Photos, Section, Table, Text, charts, encode_photo, numbers
from zapcls.data.color import BASIC_COLORS
from zapcls.evidence import Evidence
from zapcls.findings.ask import SPLIT, Ask, keep_by
from zapcls.findings.groups import DRAWN
from zapcls.findings.verdict import FEW_PRODUCTS, decide_row

NEEDS = ("predictions", "colors", "check", "store")
SHOWN = 4  # pairs of photos


@dataclass(frozen=True)
class Found:
    """What the pairs of one source come to, and examples of the claim.

    `pairs` is `compare_pairs` of all groups and labels. `examples` are photos of products whose
    answer is right in the claim's group and wrong in another, or the other way round; `changed`
    counts such products.
    """

    pairs: pd.DataFrame
    examples: tuple[tuple[Photo, Photo], ...]
    changed: int


@keep_by(NEEDS, "by", "source", "group", "label")
def find(evidence: Evidence, ask: Ask) -> Found:
    """Compare each group with the other groups of the same products, and choose examples."""
    paired, compared = compare(evidence, ask)
    mine = paired[(paired["label"] == ask.label) & (paired[ask.by] == ask.group)]
    gap = (mine["prob_label"] - mine["prob_label_other"]).abs()
    changed = mine.assign(gap=gap)[mine["wrong"] != mine["wrong_other"]]
    changed = changed.sort_values("gap", ascending=False).drop_duplicates("product_id")
    facts = evidence.answers(ask.source).set_index("image_id")
    examples = tuple(
        (
            show_photo(facts.loc[pair.image_id], evidence, ask),
            show_photo(facts.loc[pair.image_id_other], evidence, ask),
        )
        for pair in changed.head(SHOWN).itertuples()
    )
    return Found(compared, examples, len(changed))


@keep_by(NEEDS, "by", "source")
def compare(evidence: Evidence, ask: Ask) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Pair the photos of each product, and compare the groups: `build_pairs`, `compare_pairs`."""
    paired = build_pairs(evidence.answers(ask.source), SPLIT, ask.by)
    return paired, compare_pairs(paired, by=ask.by)


def show_photo(photo: pd.Series, evidence: Evidence, ask: Ask) -> Photo:
    """Take a photo from the store, with its brand, its group and the answer under it."""
    called = f"called {ask.task.name(photo['prediction'])}{numbers.sure(photo['prob'])}"
    lines = tuple(filter(None, (str(photo["brand"]), f"{photo[ask.by]}, {called}")))
    return Photo(encode_photo(evidence.store.pixels[int(photo["row"])]), lines)


def section(found: Found, ask: Ask) -> Section:
    """Describe what pairs show of the claim's label: its group first, then a chart of all."""
    thing = ask.task.thing if ask.by == "color" else "product"
    title = f"The same {thing} {ask.another}"
    rows = take_label(found.pairs, ask)
    source = numbers.begin(ask.source_name)
    if rows.empty:
        product = ask.noun(group="", things="product")
        alone = f"{source}: no {product} has photos of two {ask.words}, so nothing can be paired."
        return Section("pairs", title, (Text(alone, "note"),))
    caption = (
        f"{source}: {ask.noun(group='')} of products with photos of several {ask.words}. Right of "
        f"zero, the {ask.word} is wrong more often than the same products in other {ask.words}. "
        f"Lines are 95 % intervals over products; pale: fewer than {FEW_PRODUCTS} products."
    )
    table = Table(
        write_pairs(rows, ask), f"{source}: {ask.noun(group='')}.",
        tuple(rows["n_products"] < FEW_PRODUCTS),
    )  # fmt: skip
    told = Text(f"{source}: {describe(found, ask)}", help=explain(ask))
    chart = Chart("", draw(rows.head(DRAWN), ask), caption)
    return Section("pairs", title, (told, chart, table, *list_examples(found, ask)))


def take_label(pairs: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Take the rows of the claim's label: colors in their order, others most products first."""
    rows = pairs[pairs["label"] == ask.label]
    if ask.by == "color":
        order = {color: place for place, color in enumerate(BASIC_COLORS)}
        return rows.sort_values("color", key=lambda colors: colors.map(order), ignore_index=True)
    return rows.sort_values("n_products", ascending=False, kind="stable", ignore_index=True)


def explain(ask: Ask) -> str:
    """Explain what is compared, and by which test."""
    return (
        f"Photos of one product under one label differ in little but their {ask.word}. Each "
        f"{ask.word}'s error rate is compared with that of the same products in other {ask.words}; "
        "a product counts once. p is from flipping, product by product, which of the two answers "
        f"belongs to the {ask.word}; Holm's correction is for all {ask.words} and labels together."
    )


def describe(found: Found, ask: Ask) -> str:
    """Describe what the pairs of the claim's group and label allow to be said."""
    rows = take_label(found.pairs, ask)
    rows = rows[rows[ask.by] == ask.group]
    both = f"{ask.within()} and {ask.another}"
    if rows.empty:
        return f"no {ask.noun(group='', things='product')} has photos {both}."
    row = rows.iloc[0]
    said = decide_row(row).word(
        f"wrong more often {ask.within()}", f"wrong less often {ask.within()}"
    )
    products = ask.noun(group="", things="products")
    return (
        f"**{int(row['n_products']):,}** {products} have photos {both}. "
        f"{numbers.percent(row['rate'])} are wrong {ask.within()}, "
        f"{numbers.percent(row['rate_other'])} {ask.another}, "
        f"{numbers.change(row)} points: **{said}** (p = {row['p']:.2g}, {row['p_holm']:.2g} "
        f"corrected for the {ask.words} tried)."
    )


def draw(rows: pd.DataFrame, ask: Ask) -> go.Figure:
    """Draw the difference of each group with its interval, its number of products beside it."""
    names = rows[ask.by].to_list()
    hover = [
        f"{name}: {numbers.change(row)} points<br>{row['n_products']:,} products<br>"
        f"corrected p {numbers.p_value(row['p_holm'])}"
        for name, (_, row) in zip(names, rows.iterrows(), strict=True)
    ]
    marks = rows.rename(columns={"difference": "middle"}).assign(
        color=[ask.swatch(name) for name in names], pale=rows["n_products"] < FEW_PRODUCTS,
        hover=hover,
    )  # fmt: skip
    axis = charts.Axis(f"error rate, this {ask.word} minus others, points", null=0)
    return charts.rows(
        names, [charts.Dots(marks)], axis, [f"n = {n:,}" for n in rows["n_products"]]
    )


def write_pairs(rows: pd.DataFrame, ask: Ask) -> pd.DataFrame:
    """Write the differences of each group out for reading."""
    return pd.DataFrame(
        {
            ask.word: rows[ask.by],
            "products": rows["n_products"],
            "pairs": rows["n_pairs"],
            "one right, one wrong": rows["discordant"].map(numbers.percent),
            f"wrong in this {ask.word}": rows["rate"].map(numbers.percent),
            "wrong in others": rows["rate_other"].map(numbers.percent),
            "points (95 % interval)": [numbers.change(row) for _, row in rows.iterrows()],
            "probability of the label": rows["shift"].map(numbers.points),
            "p": rows["p"].map(numbers.p_value),
            "p, corrected": rows["p_holm"].map(numbers.p_value),
        }
    )


def list_examples(found: Found, ask: Ask) -> list[Photos]:
    """Show products whose answer is right in one group and wrong in another."""
    if not found.examples:
        return []
    caption = (
        f"{numbers.begin(ask.source_name)}: {ask.noun(group='')} {ask.within()} and {ask.another}, "
        f"one answered right and one wrong. Of {found.changed:,} such products, the "
        f"{len(found.examples)} whose answer changes most: not a fair sample."
    )
    return [Photos(found.examples, caption)]


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return what JSON and the API show: `pairs`, a row a group and label."""
    return {"pairs": found.pairs.assign(source=ask.source)}
