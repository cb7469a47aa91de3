"""How often is the run wrong: over all, by split and by label, and against always guessing?"""

from dataclasses import dataclass

import pandas as pd

from zapcls.analysis import metrics
from zapcls.blocks import Block, Chart, Columns, Section, Table, Text, charts, numbers
from zapcls.blocks.counts import FEW_CLASSES
from zapcls.evidence import Evidence
from zapcls.findings.ask import HEADS, RUN, SPLIT, Ask

NEEDS = ("predictions", "check")
SOURCES = {
    "product": "This run, valid: photos of products it never trained on.",
    "random": "This run, valid, random split: other colors of the same products were trained on, "
    "so the rate is too optimistic for new products. The blog measured this way.",
    "imported": "This run was imported: valid is every labelled photo that it answered, or what "
    "its file calls so. Whether the model was trained on some of them is not known here.",
}
TERMS = (
    "Recall: of a class's photos, the share that are called so. Precision: of the photos called "
    "so, the share that are. F1: their harmonic mean."
)


@dataclass(frozen=True)
class Found:
    """Rates as `intervals.count_rates` gives them.

    `by_class` and `precision` (of what was called a class, the share that is it) are of the asked
    split, in the classes' order; `heads` is the row of the out-of-fold heads, None without them.
    """

    by_split: pd.DataFrame
    by_class: pd.DataFrame
    balanced: dict[str, float]  # the mean over the classes of valid: rate, low, high
    precision: pd.DataFrame
    f1: pd.DataFrame  # of each class in the asked split: label, rate, low, high
    macro_f1: dict[str, float]  # its mean over the classes of valid: rate, low, high
    guess: str  # train's most frequent label
    guess_error_rate: float  # of always answering it, on valid
    split_mode: str  # product, random or imported
    heads: pd.Series | None

    @property
    def valid(self) -> pd.Series:
        """The rate over all of valid."""
        return self.by_split[self.by_split["split"] == SPLIT].iloc[0]


def find(evidence: Evidence, ask: Ask) -> Found:
    """Count the errors of each split, and of each label in the asked one."""
    table, heads = evidence.answers(RUN), evidence.heads
    return Found(
        metrics.error_by_split(table),
        metrics.error_by_class(table, evidence.classes, ask.split),
        metrics.average_classes(table, evidence.classes, SPLIT),
        metrics.precision_by_class(table, evidence.classes, ask.split),
        metrics.f1_by_class(table, evidence.classes, ask.split),
        metrics.macro_f1(table, evidence.classes, SPLIT),
        metrics.find_most_frequent(table, SPLIT),
        metrics.guess_error_rate(table, SPLIT),
        "imported" if evidence.run.is_imported else evidence.run.train_config.split,
        None if heads is None else metrics.error_by_split(heads).iloc[0],
    )


def describe(found: Found) -> str:
    """Return the answer in one sentence, with its n and interval."""
    valid = found.valid
    return (
        f"**{valid['hits']:,} of {valid['n']:,}** valid photos are wrong: "
        f"{numbers.percent(valid['rate'])} (95 % interval "
        f"{numbers.interval(valid['low'], valid['high'])}, {valid['n_products']:,} products)"
        f"{numbers.balanced(found.balanced['rate'])}."
    )


def answer(found: Found, ask: Ask) -> Section:
    """Describe the rate on valid, against always guessing, and what it rests on."""
    valid = found.valid
    about = f"{numbers.begin(ask.task.title)}: " if ask.task.labels_of else ""
    blocks: list[Block] = [
        Text(
            f"{about}{valid['hits']:,} of {valid['n']:,} photos wrong: "
            f"{numbers.percent(valid['rate'])}",
            "lead",
        ),
        Text(
            f"95 % interval {numbers.interval(valid['low'], valid['high'])}, counting "
            f"{valid['n_products']:,} products. {describe_balance(found, ask)} Always answering "
            f"{ask.task.name(found.guess)} would be wrong on "
            f"{numbers.percent(found.guess_error_rate)}."
        ),
        Text(SOURCES[found.split_mode], "note"),
    ]
    return Section("rates", "How often it is wrong", tuple(blocks))


def describe_balance(found: Found, ask: Ask) -> str:
    """Describe the means over the classes, which a frequent class cannot hide."""
    balanced = found.balanced
    return (
        f"With each {ask.task.word} weighted equally, {numbers.percent(balanced['rate'])} are "
        f"wrong ({numbers.interval(balanced['low'], balanced['high'])}); macro-F1 is "
        f"{numbers.percent(found.macro_f1['rate'])} "
        f"({numbers.interval(found.macro_f1['low'], found.macro_f1['high'])})."
    )


def detail(found: Found, ask: Ask) -> Section:
    """Show the rate of each split and of each label of the asked split."""
    split = found.by_split
    by_split = Chart(
        "Error rate by split",
        charts.rates(
            list(split["split"]), split, [charts.NEUTRAL] * len(split),
            [(name,) for name in split["split"]],
        ),
        "The network learned from train, and tune picked the best epoch; only valid is a fair "
        "estimate.",
        {(name,): {"split": name, "answer": "wrong"} for name in split["split"]},
    )  # fmt: skip
    precision = Text(describe_precision(found, ask), "note")
    blocks: list[Block] = [Columns(((by_split,), (_draw_classes(found, ask), precision)))]
    if len(ask.task.classes) > FEW_CLASSES:
        blocks = [_draw_classes(found, ask), precision, by_split]
    blocks.append(Table(write_classes(found, ask), f"{numbers.begin(ask.source_name)}. {TERMS}"))
    if found.heads is not None:
        blocks.append(Text(describe_heads(found.heads)))
    return Section("by-class", "By split and class", tuple(blocks))


def section(found: Found, ask: Ask) -> Section:
    """Show the answer and the rates behind it."""
    told = answer(found, ask)
    return Section(told.name, told.title, told.blocks + detail(found, ask).blocks)


def _draw_classes(found: Found, ask: Ask) -> Chart:
    """Draw the rate of each label; of many labels the worst first."""
    rates, classes = found.by_class, ask.task.classes
    is_few = len(classes) <= FEW_CLASSES
    rates = rates if is_few else rates.sort_values("rate", ascending=False, kind="stable")
    palette = charts.class_colors(classes)
    names = [ask.task.describe(x) if is_few else ask.task.name(x) for x in rates["label"]]
    return Chart(
        f"Error rate by {ask.task.word}, {ask.split}",
        charts.rates(
            names, rates, [palette[name] for name in rates["label"]],
            [(name,) for name in rates["label"]],
        ),
        "Lines are 95 % intervals that count products, not photos.",
        {(name,): ask.view(label=[name], answer="wrong") for name in classes},
    )  # fmt: skip


def describe_precision(found: Found, ask: Ask) -> str:
    """Describe how often a call is right: of each class, of many the worst ones."""
    called = found.precision[found.precision["n"] > 0]
    is_few = len(called) <= 4
    called = called if is_few else called.sort_values("rate", kind="stable").head(3)
    said = " · ".join(
        f"called {ask.task.name(row.prediction)}: right in {numbers.percent(row.rate)} of {row.n:,}"
        for row in called.itertuples()
    )
    return said if is_few else f"The least reliable calls: {said}"


def describe_heads(heads: pd.Series) -> str:
    """Describe how often the label check's heads are wrong over all photos."""
    return (
        "Label check: classifiers that never saw the product answer for every photo. They are not "
        "this run. They are wrong on "
        f"{heads['hits']:,} of {heads['n']:,}, **{numbers.percent(heads['rate'])}** "
        f"({numbers.interval(heads['low'], heads['high'])})."
    )


def write_classes(found: Found, ask: Ask) -> pd.DataFrame:
    """Write out each class: its recall, its precision and its F1, each with its interval."""
    recall = found.by_class.assign(
        rate=1 - found.by_class["rate"], low=1 - found.by_class["high"],
        high=1 - found.by_class["low"],
    )  # fmt: skip
    recalls = [row for _, row in recall.iterrows()]
    calls = [row for _, row in found.precision.iterrows()]
    f1 = [row for _, row in found.f1.assign(n=found.by_class["n"]).iterrows()]
    return pd.DataFrame(
        {
            ask.task.word: found.by_class["label"].map(ask.task.name),
            "photos": found.by_class["n"],
            "products": found.by_class["n_products"],
            "recall": [numbers.rate(row, nobody=ask.nobody) for row in recalls],
            "called so": found.precision["n"],
            "precision": [numbers.rate(row, nobody=ask.nobody) for row in calls],
            "F1": [numbers.rate(row, nobody=ask.nobody) for row in f1],
        }
    )


def tables(found: Found, ask: Ask) -> dict[str, pd.DataFrame]:
    """Return the rates: `by_split` (of the heads too), `by_class`, `balanced`, `macro_f1`,
    `precision`, `f1`."""
    rates = {"by_split": found.by_split.assign(source=RUN)}
    if found.heads is not None:
        heads = found.heads.to_frame().T.assign(source=HEADS)
        rates["by_split"] = pd.concat([rates["by_split"], heads], ignore_index=True)
    balanced, macro_f1 = pd.DataFrame([found.balanced]), pd.DataFrame([found.macro_f1])
    return rates | {
        "by_class": found.by_class, "balanced": balanced, "macro_f1": macro_f1,
        "precision": found.precision, "f1": found.f1,
    }  # fmt: skip
