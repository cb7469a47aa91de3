"""The sections on color: what the data teach, what the answers show, and what may explain it."""

from typing import Any

import pandas as pd

from zapcls import charts, words
from zapcls.analysis.color_association import MIN_PRODUCTS
from zapcls.analysis.natural_pairs import build_pairs
from zapcls.data.color import BASIC_COLORS, SWATCHES
from zapcls.data.task import Task
from zapcls.findings import recolor
from zapcls.findings.ask import Ask
from zapcls.report.blocks import (
    Block,
    Chart,
    Facts,
    Photo,
    Photos,
    Section,
    Table,
    Text,
    encode_photo,
)
from zapcls.report.evidence import SPLIT, Answers, Evidence
from zapcls.words import colors as color_words
from zapcls.words.colors import CHANCE
from zapcls.workspace.store import Store

PLACES = {"run": "valid", "oof": "the catalogue"}
SHOWN_PAIRS = 4


def build_answer(evidence: Evidence) -> Section:
    """The claim as a question, the answer in one paragraph, and what it stands on."""
    color, label, called = evidence.claim
    sold, taken = words.department(label), words.department(called)
    best = evidence.answers[-1]  # of the most photos
    facts = [
        (words.begin(answers.name), judge_claim(answers, evidence.claim))
        for answers in evidence.answers
    ]
    pairs = find_row(best.pairs, color, label)
    if pairs is not None:
        said = color_words.describe_pairs(pairs, color, sold)
        facts.append((f"The same shoe in {color}, {best.name}", said))
    odds = color_words.describe_odds(best.adjusted[label], color, sold)
    facts.append((f"The kind of shoe held, {best.name}", odds))
    if evidence.recolored is not None:
        ask = Ask(Task("gender", tuple(evidence.classes)), label=label)
        said = recolor.describe_target(evidence.recolored.flips, color, "hue", ask)
        facts.append(("The shoe recolored, this run", said))
    groups = f"{color_words.describe_groups(best.groups)}"
    facts.append((f"All colors and labels, {best.name}", groups))
    return Section(
        "answer", f"Are {color} {sold} shoes called {taken} more often than others?",
        [Text(sum_up(evidence), "lead"), Facts(tuple(facts))],
    )  # fmt: skip


def sum_up(evidence: Evidence) -> str:
    """Answer the claim in a paragraph: told only where p and interval agree."""
    color, label, called = evidence.claim
    sold, taken = words.department(label), words.department(called)
    verdicts, said = [], []
    for answers in evidence.answers:
        row, (mine, others) = find_way(answers, evidence.claim), answers.claim.itertuples()
        if not mine.n or not others.n:
            said.append(f"{words.begin(answers.name)}: no such shoes to compare.")
            continue
        is_told = row["p_holm"] < CHANCE and not (
            row["difference_low"] <= 0 <= row["difference_high"]
        )
        verdicts += [row["difference"] > 0] if is_told else []
        said.append(
            f"{words.begin(answers.name)}: {mine.hits:,} of {mine.n:,} {color} {sold} shoes are "
            f"called {taken}, **{words.percent(mine.rate)}** "
            f"({words.interval(mine.low, mine.high)}); of those in other colors "
            f"**{words.percent(others.rate)}** ({words.interval(others.low, others.high)})."
        )
    pairs = find_row(evidence.answers[-1].pairs, color, label)
    if pairs is not None:
        between = words.difference(pairs["difference"], pairs["low"], pairs["high"])
        said.append(
            f"{int(pairs['n_products']):,} {sold} products in {color} and in another color, "
            f"{evidence.answers[-1].name}: in {color} **{between} points** wrong "
            f"(p = {pairs['p']:.2g}, {pairs['p_holm']:.2g} corrected)."
        )
    answer = "Not decidable at this n."
    if verdicts and len(set(verdicts)) == 1:
        answer = "Yes." if verdicts[0] else "No, less often."
    return " ".join([f"**{answer}**", *said])


def find_way(answers: Answers, claim: tuple[str, str, str]) -> Any:
    """Find the claim's row of `compare_ways`."""
    ways = answers.ways
    return ways[(ways[["color", "label", "called"]] == list(claim)).all(axis=1)].iloc[0]


def judge_claim(answers: Answers, claim: tuple[str, str, str]) -> str:
    """Say what one source allows to be said of the claim."""
    said = color_words.describe_claim(answers.claim, *claim, PLACES[answers.source])
    tried = int(answers.ways["p"].notna().sum())
    judged = color_words.judge_claim(find_way(answers, claim), tried, *claim)
    return f"**{said.rstrip('.')}**. {judged}"


def find_row(table: pd.DataFrame, color: str, label: str) -> Any:
    """Find the row of a color and label, None where there is none."""
    rows = table[(table["color"] == color) & (table["label"] == label)]
    return rows.iloc[0] if len(rows) else None


def build_association(evidence: Evidence) -> Section:
    """What the data teach, before any model."""
    label = evidence.claim[1]
    shares = evidence.shares[evidence.shares["label"] == label]
    colors = list(shares["color"])
    kept = evidence.answers[0].table.query("label != '' and color != ''")
    return Section(
        "association", "What the data teach",
        [
            Text(color_words.describe_association(evidence.association)),
            Text(color_words.DATA_HELP, "note"),
            Chart(
                f"Share sold as {words.department(label)}, by color",
                charts.rates(
                    shares, colors, [SWATCHES[color] for color in colors]
                ).update_xaxes(tickvals=[0, 0.25, 0.5, 0.75, 1]),
                "All kept photos of the catalogue, before any model. Lines are 95 % intervals.",
            ),
            Chart(
                "Photos by color",
                charts.counts_by_color(kept, colors, evidence.classes),
                "All kept photos of a known color.",
            ),
        ],
    )  # fmt: skip


def build_groups(evidence: Evidence) -> Section:
    """The claim in two rows a source, and each color and label against the others."""
    color, label, called = evidence.claim
    sold = words.department(label)
    names = [
        f"{who} {sold},<br>{answers.name}"
        for answers in evidence.answers
        for who in (color, "other")
    ]
    swatches = [SWATCHES[color], charts.NEUTRAL] * len(evidence.answers)
    rates = pd.concat([answers.claim for answers in evidence.answers], ignore_index=True)
    blocks: list[Block] = [
        Chart(
            f"{words.begin(sold)} shoes called {words.department(called)}",
            charts.rates(rates, names, swatches),
            "The claim. Lines are 95 % intervals that count products, not photos.",
        )
    ]
    for answers in evidence.answers:
        blocks += list_groups(answers, evidence.classes)
    blocks.append(Text(color_words.GROUP_HELP, "note"))
    return Section("groups", "What the answers show", tell_missing(evidence, "oof") + blocks)


def list_groups(answers: Answers, classes: list[str]) -> list[Block]:
    """The error rate of each color and label in one source."""
    name, groups = words.begin(answers.name), answers.groups
    return [
        Text(f"{name}: {color_words.describe_groups(groups)}"),
        Chart(
            f"Error rate by color and label: {answers.name}",
            charts.error_by_color(groups, classes),
            "Lines are 95 % intervals that count products; pale bars have fewer than 20 photos.",
        ),
        Table(
            color_words.write_groups(groups),
            f"{name}: each color against all other colors of its label. Grey: fewer than "
            f"{MIN_PRODUCTS} products.",
            tuple(groups["is_small"]),
        ),
    ]


def tell_missing(evidence: Evidence, part: str) -> list[Block]:
    """Say that a part's job has not run; nothing where it has."""
    return [Text(evidence.missing[part], "missing")] if part in evidence.missing else []


def build_pairs_section(evidence: Evidence, store: Store) -> Section:
    """The same product in two colors, and some of those whose answer differs."""
    blocks: list[Block] = [Text(color_words.PAIRS_HELP, "note")]
    for answers in evidence.answers:
        for label in evidence.classes:
            blocks += list_pairs(answers, evidence.claim, label)
    blocks += show_pairs(evidence.answers[-1], evidence.claim, store)
    return Section("pairs", "The same shoe in another color", blocks)


def list_pairs(answers: Answers, claim: tuple[str, str, str], label: str) -> list[Block]:
    """What pairs of one label's shoes say of each color."""
    color, sold, name = claim[0], words.department(label), words.begin(answers.name)
    found = answers.pairs[answers.pairs["label"] == label].set_index("color")
    found = found.reindex([one for one in BASIC_COLORS if one in found.index])
    if found.empty:
        return [Text(f"{name}, {sold} shoes: {color_words.NO_PAIRS}")]
    said: list[Block] = []
    if label == claim[1] and color in found.index:
        said.append(Text(f"{name}: {color_words.describe_pairs(found.loc[color], color, sold)}"))
    return [
        *said,
        Chart(
            f"{words.begin(sold)} shoes: {answers.name}", charts.pairs(found),
            color_words.explain_pairs(answers.name, sold),
        ),
        Table(
            color_words.write_pairs(found), f"{name}, {sold} shoes.",
            tuple(found["n_products"] < MIN_PRODUCTS),
        ),
    ]  # fmt: skip


def show_pairs(answers: Answers, claim: tuple[str, str, str], store: Store) -> list[Block]:
    """Show products of the claim's color whose answer is right in one color, wrong in another."""
    color, label, _ = claim
    pairs = build_pairs(answers.table, SPLIT)
    pairs = pairs[(pairs["label"] == label) & (pairs["color"] == color)]
    gap = (pairs["prob_label"] - pairs["prob_label_other"]).abs()
    changed = pairs.assign(gap=gap)[pairs["wrong"] != pairs["wrong_other"]]
    changed = changed.sort_values("gap", ascending=False).drop_duplicates("product_id")
    facts = answers.table.set_index("image_id")
    shown = tuple(
        (
            build_photo(facts.loc[pair.image_id], store),
            build_photo(facts.loc[pair.image_id_other], store),
        )
        for pair in changed.head(SHOWN_PAIRS).itertuples()
    )
    caption = (
        f"{words.begin(answers.name)}: {words.department(label)} shoes in {color} and in another "
        f"color, one answered right and one wrong. Of {len(changed):,} such products the "
        f"{len(shown)} whose answer changes most: no fair sample."
    )
    return [Photos(shown, caption)] if shown else []


def build_photo(photo: pd.Series, store: Store) -> Photo:
    """A photo of the store with its brand and the answer under it."""
    called = words.department(photo["prediction"])
    lines = (photo["brand"], f"{photo['color']}, called {called}, {words.percent(photo['prob'])}")
    return Photo(encode_photo(store.pixels[int(photo["row"])]), lines)


def build_odds(evidence: Evidence) -> Section:
    """Odds of an error by color, crude beside those with the sub-category held."""
    blocks: list[Block] = [Text(color_words.ODDS_HELP, "note")]
    for answers in evidence.answers:
        for label in evidence.classes:
            blocks += list_odds(answers, evidence.claim, label)
    blocks.append(Text(color_words.ODDS_TABLE_HELP, "note"))
    return Section("odds", "Is it the color, or what comes with it?", blocks)


def list_odds(answers: Answers, claim: tuple[str, str, str], label: str) -> list[Block]:
    """The odds of one label's errors in one source."""
    color, sold, name = claim[0], words.department(label), words.begin(answers.name)
    found = answers.adjusted[label]
    said = f"{name}: {color_words.describe_odds(found, color, sold)}"
    if not found.reference:
        return [Text(said)]
    warning = color_words.warn_of_disagreement(found)
    if warning:
        warning = f"{words.begin(sold)} shoes, {answers.name}. {warning}"
    return [
        *([Text(said)] if label == claim[1] else []),
        *([Text(warning, "warning")] if warning else []),
        Chart(
            f"{words.begin(sold)} shoes: {answers.name}", charts.odds(found),
            color_words.explain_odds(found, answers.name, sold),
        ),
        Table(
            color_words.write_odds(found),
            f"{name}, {sold} shoes. {color_words.describe_overlap(found, color, sold)}",
            tuple(found.odds["n_products"] < MIN_PRODUCTS),
        ),
    ]  # fmt: skip
