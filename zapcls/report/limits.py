"""What cannot be said of a run, with the figures that say how far it can."""

from collections.abc import Iterator
from dataclasses import replace

import pandas as pd

from zapcls.blocks import Section, Text, numbers
from zapcls.evidence import Evidence
from zapcls.findings import claim, groups
from zapcls.findings.ask import Ask
from zapcls.findings.verdict import FEW_PRODUCTS

LIMITS_OF_SPLIT = {
    "product": "**One run.** These are the answers of one training with one seed. The intervals "
    "say how the figures vary with the products, not with the training: another seed would answer "
    "some photos differently.",
    "random": "**A split that leaks.** Other colors of the valid products were trained on, so the "
    "rates are too optimistic and differences between the colors of a product are muted. It is "
    "also one run with one seed; the intervals say how the figures vary with the products "
    "only.",
    "imported": "**Trained elsewhere.** It is not known here what the model was trained on. If it "
    "saw photos that are counted, the rates are too optimistic.",
}
LIMITS = [
    "**Names of colors.** Colors are named by a program. On 300 photos of UT Zappos50K that were "
    "named by eye it agrees on 88 % (Cohen's kappa 0.84). Where it errs, shoes are in the wrong "
    "group, which usually makes differences between groups look smaller.",
    "**What comes with a color.** Holding the sub-category constant removes what goes with the "
    "kind of shoe, but not everything else that goes with a color: brand, heel, material, the "
    "season. The same product in two colors comes closest to the color alone; a recolored photo "
    "shows no shoe that anybody made.",
]
LABELS = {
    True: "**Labels.** The label is the department of one shop at one time. A label that is itself "
    "wrong counts as an error of the run.",
    False: "**Labels.** A label that is itself wrong counts as an error of the run.",
}
MANY_LOOKS = (
    "**Many looks.** The claim came before the data. All other groups were looked at because they "
    "are there; p-values are corrected for their number within a table, not over all tables."
)


def build_limits(evidence: Evidence, ask: Ask) -> Section:
    """List what cannot be said: the split, small groups, colors, labels, many looks."""
    split = "imported" if evidence.run.is_imported else evidence.run.train_config.split
    texts = [LIMITS_OF_SPLIT[split], *_count_small(evidence, ask)]
    texts += [*LIMITS, LABELS[evidence.task.is_department], MANY_LOOKS]
    return Section("limits", "What cannot be said", tuple(map(Text, texts)))


def _count_small(evidence: Evidence, ask: Ask) -> Iterator[str]:
    """Count the small groups of each source, and what could be found in the claim's."""
    for source in evidence.sources:
        one = replace(ask, source=source)
        known = groups.find(evidence, one).groups
        known = known[known["n"] > 0]
        mine = known[(known[ask.by] == ask.group) & (known["label"] == ask.label)]
        reach = ""
        if len(mine) and not pd.isna(mine.iloc[0]["detectable"]):
            reach = (
                f" {claim.describe_reach(mine.iloc[0])}, before the correction; a smaller one may "
                "go unseen."
            )
        yield (
            f"**Small groups.** {numbers.begin(one.source_name)}: {int(known['is_small'].sum()):,} "
            f"of {len(known):,} groups of a {ask.word} and a label have fewer than {FEW_PRODUCTS} "
            f"products.{reach}"
        )
